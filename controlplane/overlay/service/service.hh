// The overlay service: a key, a store, replication, connections, and what people and programs can
// ask of it. It lives on an io_context, which whoever made it runs on one thread. Threads: control,
// that of the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "controlplane/overlay/service/archive.hh"
#include "controlplane/overlay/service/broadcasts.hh"
#include "controlplane/overlay/service/client.hh"
#include "controlplane/overlay/service/discovery.hh"
#include "controlplane/overlay/service/feed_readers.hh"
#include "controlplane/overlay/service/hub.hh"
#include "controlplane/overlay/service/link_states.hh"
#include "controlplane/overlay/service/replicator.hh"
#include "controlplane/overlay/service/settings.hh"
#include "controlplane/overlay/service/turns.hh"
#include "controlplane/overlay/wire/identity.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

class service {
public:
    using json = nlohmann::json;
    using tell_function = hub::tell_function;

    // Reads or makes the key file, opens the store, listens and dials. `tell` writes a log.
    [[nodiscard]] static result<std::unique_ptr<service>> open(boost::asio::io_context& io,
                                                               const service_settings& chosen,
                                                               tell_function tell);
    service(const service&) = delete;
    service& operator=(const service&) = delete;

    // Runs the io_context until it is stopped, and measures how long it is busy at a time.
    void run() { run_turns(io_, turns_); }
    [[nodiscard]] const turn_times& turns() const noexcept { return turns_; }
    // Says goodbye to peers, and calls `done`.
    void stop(std::function<void()> done);

    // Link state, if the settings have it: `heard` is called for what others say, and soon for what
    // the store has of it; advertise() is what this node says.
    void on_link_state(link_states::heard_function heard);
    void advertise(topology::advertisement said);

    using client = request_client;
    // Methods and parameters: docs/overlay.md.
    void request(std::string_view method, const json& params, client from);

    [[nodiscard]] const key32& id() const noexcept { return own_.id(); }
    [[nodiscard]] const hub& peers() const noexcept { return hub_; }
    [[nodiscard]] const replicator& feeds() const noexcept { return feeds_; }
    // Null: off.
    [[nodiscard]] const broadcasts* spread() const noexcept { return spread_.get(); }

private:
    service(boost::asio::io_context& io, identity own, store kept, const replicator::known& start,
            const service_settings& chosen, tell_function tell);

    // Hears broadcast messages, until it goes.
    struct listener {
        client to;
        std::uint64_t missed = 0;  // because it did not take what was sent
    };

    void tell_address();
    void tick();
    void heard(const key32& feed, std::int64_t sequence);

    // Requests, one each.
    void follow(const json& params, bool on, const client& from);
    void block(const json& params, bool on, const client& from);
    void publish(const json& params, const client& from);
    void new_feed(const client& from);
    void connect(const json& params, const client& from);
    void disconnect(const json& params, const client& from);
    // requests_show.cc
    void show(const json& params, const client& from);
    void show_feeds(const json& params, const client& from);
    void show_forks(const client& from);
    [[nodiscard]] json self_row() const;
    [[nodiscard]] json peer_rows() const;
    [[nodiscard]] json progress_row() const;
    void show_state(const json& params, const client& from) const;
    [[nodiscard]] json state_tree(std::size_t first, std::size_t count) const;
    [[nodiscard]] json turn_tree() const;
    // requests_broadcast.cc
    void broadcast(const json& params, const client& from);
    void listen(const json& params, const client& from);
    void heard(const heard_broadcast& message);
    [[nodiscard]] json broadcast_tree() const;
    void forget_old_messages();

    boost::asio::io_context& io_;
    turn_times turns_;
    identity own_;
    service_settings settings_;
    archive archive_;
    replicator feeds_;
    std::unique_ptr<broadcasts> spread_;
    hub hub_;
    std::optional<link_states> link_states_;
    std::unique_ptr<discovery> discovery_;
    boost::asio::steady_timer tick_timer_;
    feed_readers readers_;
    std::list<listener> listeners_;
    std::deque<std::pair<std::int64_t, json>> recent_;  // messages, and when they were sent
    std::size_t recent_bytes_ = 0;
    tell_function tell_;
};

}  // namespace rhumb::overlay

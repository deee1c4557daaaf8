// Link state by feeds: this node says in its own feed what the map says of it, and hears in the
// feeds of others what they say of themselves. A feed speaks for the one node that the settings
// name, nobody else does. Broadcast tells early that a link is down, until the node's feed says
// more.
//
//     store ──> pages of a feed ──> assembler ──> latest of its node ──> the map, elsewhere
//     own part of the map ──> differs from what was published ──> own feed
//
// All that is known comes from the store, so that a restart begins where the last run ended.
// Threads: control.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controlplane/overlay/service/archive.hh"
#include "controlplane/overlay/service/broadcasts.hh"
#include "controlplane/overlay/service/link_state.hh"
#include "controlplane/overlay/service/replicator.hh"
#include "controlplane/overlay/service/settings.hh"

namespace rhumb::overlay {

// What has been heard of a node: all that it says of itself, or that a link of it is down.
struct link_state_event {
    std::string node;
    std::uint64_t version = 0;  // of what it says; a link is down as long as this is the latest
    std::optional<topology::advertisement> said;
    std::string down;  // the link, where `said` is not
};

class link_states {
public:
    using json = nlohmann::json;
    using heard_function = std::function<void(const link_state_event&)>;
    using tell_function = std::function<void(const std::string& what, const std::string& peer)>;

    // `spread`: null where there is no broadcast. `patience`: for how long a node whose own feed is
    // empty waits for it to come back from peers, before it begins one.
    link_states(boost::asio::io_context& io, archive& kept, replicator& feeds, broadcasts* spread,
                const key32& own, const link_state_settings& chosen,
                std::chrono::milliseconds patience, tell_function tell);

    // Called for each event from now on, and soon for what the store has.
    void start(heard_function heard);
    void stop();

    // Of this node, from now on; published when it differs from what was.
    void advertise(topology::advertisement said);

    // A message of that feed has become durable.
    void stored(const key32& feed);
    void heard(const heard_broadcast& message);

    [[nodiscard]] json rows() const;

private:
    struct speaker {
        std::string node;  // empty: our own, as long as it is not known
        key32 feed{};
        std::int64_t next = 1;  // message to be read
        bool is_reading = false;
        bool is_behind = false;   // there is more than is being read
        bool has_failed = false;  // the last read; there comes another
        link_state_assembler parts;
        std::optional<topology::advertisement> latest;
        bool is_told = true;  // what is latest
        std::uint64_t taken = 0;
        std::uint64_t refused = 0;
        std::string why;             // of the last one that was refused
        std::set<std::string> told;  // reasons that the log has
        std::set<std::string> down;  // links, since what is latest
    };
    struct page {
        std::vector<std::pair<std::int64_t, std::string>> messages;
        std::int64_t next = 0;
        bool is_last = true;
    };

    [[nodiscard]] static result<page> read_page(store& kept, const key32& feed, std::int64_t next);
    void read_on(speaker& who);
    void read_again_later(speaker& who);
    void take(speaker& who, const page& got);
    void tell_latest(speaker& who);
    void publish_soon();
    void publish_at(std::chrono::steady_clock::time_point when);
    void tell_problem(const std::string& why);
    void publish(std::vector<std::string> contents);
    void publish_next();
    void warn_of_links_down();

    archive& archive_;
    replicator& feeds_;
    broadcasts* const spread_;
    const std::chrono::milliseconds patience_;
    const tell_function tell_;
    heard_function heard_;
    std::list<speaker> speakers_;  // the first one is our own
    std::optional<topology::advertisement> wanted_;
    std::vector<std::string> publishing_;  // parts that are not published yet, from the last on
    bool is_publishing_ = false;
    std::int64_t published_to_ = 0;  // sequence of the last part
    std::set<std::string> warned_;   // links, of which broadcast has told since what is latest
    std::string last_problem_;
    std::chrono::steady_clock::time_point not_before_;
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer retry_timer_;
    bool retry_is_due_ = false;
    bool stopped_ = false;
};

}  // namespace rhumb::overlay

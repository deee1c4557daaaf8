// All connections of this node: it listens, dials its peers and keeps dialling, takes each peer
// once, and says who is let in. Threads: control.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "controlplane/overlay/service/back_off.hh"
#include "controlplane/overlay/service/connection.hh"
#include "controlplane/overlay/service/settings.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

class hub final : private connection_owner, private broadcast_dialler {
public:
    using tcp = boost::asio::ip::tcp;
    // Tells somebody who writes a log.
    using tell_function = std::function<void(const std::string& what, const std::string& peer)>;

    hub(boost::asio::io_context& io, replicator& feeds, const identity& own,
        const service_settings& chosen, tell_function tell, broadcasts* spread = nullptr);
    ~hub() override;

    // Listens on all addresses of the settings, and begins to dial their peers.
    [[nodiscard]] result<void> start();
    // A peer that is to be connected from now on. One that was found and not configured is given up
    // when it cannot be reached.
    void dial(const peer_target& peer, bool is_configured);
    // Closes the connection to a peer; give_up() does not dial it again, either.
    void hang_up(const key32& peer, const std::string& why);
    void give_up(const key32& peer);
    // Says goodbye to all; `done` when the last one has gone.
    void stop(std::function<void()> done);

    // Where it listens.
    [[nodiscard]] const std::vector<host_port>& listening() const noexcept { return listening_; }
    [[nodiscard]] const std::vector<std::shared_ptr<connection>>& connections() const noexcept {
        return connections_;
    }
    // Peers that are dialled and not connected: who, how often it failed, and why the last time.
    struct missing {
        peer_target peer;
        int failures = 0;
        std::string why;
    };
    [[nodiscard]] std::vector<missing> missing_peers() const;
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

private:
    struct listener {
        explicit listener(boost::asio::io_context& io) : acceptor(io), timer(io) {}
        tcp::acceptor acceptor;
        boost::asio::steady_timer timer;  // until it accepts again
    };
    struct target {
        target(boost::asio::io_context& io, const peer_target& whom, bool configured)
            : peer(whom), is_configured(configured), timer(io), resolver(io) {}
        peer_target peer;
        bool is_configured;
        bool is_for_broadcast = false;  // alone: it is tried once, and let go
        bool is_forgotten = false;      // and about to be removed
        bool is_given_up = false;       // somebody said so
        back_off wait;
        int failures = 0;
        std::string why;
        boost::asio::steady_timer timer;
        tcp::resolver resolver;
        std::shared_ptr<tcp::socket> socket;  // while it is being connected
        bool is_busy = false;                 // connected, or about to be
    };

    [[nodiscard]] bool admits(const key32& peer) override;
    [[nodiscard]] bool opened(connection& which) override;
    void closed(connection& which) override;
    [[nodiscard]] bool is_for_broadcast(const connection& which) const override;

    // broadcast_dialler: hub_broadcast.cc
    [[nodiscard]] bool reach(const key32& peer, const std::optional<host_port>& at) override;
    void let_go(const key32& peer) override;
    [[nodiscard]] bool may_speak(const key32& origin) const override;
    [[nodiscard]] std::optional<host_port> address_of(const key32& peer) const override;
    [[nodiscard]] bool is_known(const key32& peer) const;
    [[nodiscard]] std::size_t open_connections() const;

    [[nodiscard]] result<void> listen(const host_port& at);
    void accept(listener& from);
    std::shared_ptr<connection> connection_on(tcp::socket socket,
                                              const std::optional<key32>& dialled);
    [[nodiscard]] bool has_too_many_half_open(const tcp::endpoint& from) const;
    [[nodiscard]] connection* open_to(const key32& peer, const connection* except) const;
    void connect(target& to);
    void connected(target& to, const boost::system::error_code& failed);
    void failed(target& to, const std::string& why);
    void forget(target& which);
    [[nodiscard]] const target* target_of(const key32& peer) const;

    boost::asio::io_context& io_;
    replicator& feeds_;
    broadcasts* const spread_;  // null: none
    const identity& own_;
    const service_settings settings_;
    connection_settings for_connections_;
    tell_function tell_;
    std::mt19937 random_{std::random_device{}()};
    std::list<listener> listeners_;
    std::vector<host_port> listening_;
    std::vector<std::shared_ptr<connection>> connections_;
    std::list<target> targets_;
    std::uint64_t refused_ = 0;
    std::function<void()> stopped_;
    bool stopping_ = false;
};

}  // namespace rhumb::overlay

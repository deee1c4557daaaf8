#include "controlplane/overlay/service/hub.hh"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

namespace rhumb::overlay {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t max_half_open = 8;  // of one address
constexpr std::size_t max_all_half_open = 128;
constexpr std::chrono::seconds connect_timeout{10};
// A connection that held for so long was no failure.
constexpr std::chrono::seconds proven_after{10};
constexpr std::chrono::milliseconds accept_pause{100};
constexpr int most_failures_of_found = 5;
constexpr std::size_t most_targets = 1024;
constexpr std::ptrdiff_t most_found = 64;  // of these, by discovery

}  // namespace

hub::hub(asio::io_context& io, replicator& feeds, const identity& own,
         const service_settings& chosen, tell_function tell, broadcasts* spread)
    : io_(io),
      feeds_(feeds),
      spread_(spread),
      own_(own),
      settings_(chosen),
      tell_(std::move(tell)) {
    for_connections_.network = chosen.network;
    for_connections_.handshake_timeout = std::chrono::milliseconds(chosen.handshake_timeout);
    for_connections_.rates = {chosen.messages_per_second, chosen.verifies_per_second,
                              chosen.bytes_per_second};
    for_connections_.spread = spread;
    if (spread != nullptr) {
        spread->use(*this);
    }
}

hub::~hub() {
    for (const auto& one : connections_) {
        one->cut();
    }
}

result<void> hub::start() {
    for (const host_port& at : settings_.listen) {
        if (auto done = listen(at); !done) {
            return done;
        }
    }
    for (const peer_target& peer : settings_.peers) {
        dial(peer, true);
    }
    return {};
}

// Who comes.

result<void> hub::listen(const host_port& at) {
    const auto fail = [&](const error_code& why) {
        return error{"cannot listen on " + text_of(at) + ": " + why.message(), {}};
    };
    error_code failed;
    const auto address = asio::ip::make_address(at.host, failed);
    if (failed) {
        return error{"cannot listen on " + text_of(at) + ": it must be an address, not a name", {}};
    }
    listener& made = listeners_.emplace_back(io_);
    tcp::acceptor& acceptor = made.acceptor;
    const tcp::endpoint endpoint(address, at.port);
    acceptor.open(endpoint.protocol(), failed);
    if (!failed) {
        acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
    }
    if (!failed && address.is_v6()) {
        acceptor.set_option(asio::ip::v6_only(true), failed);
    }
    if (!failed) {
        acceptor.bind(endpoint, failed);
    }
    if (!failed) {
        acceptor.listen(asio::socket_base::max_listen_connections, failed);
    }
    if (failed) {
        return fail(failed);
    }
    listening_.push_back({at.host, acceptor.local_endpoint(failed).port()});
    accept(made);
    return {};
}

void hub::accept(listener& from) {
    from.acceptor.async_accept([this, &from](error_code failed, tcp::socket socket) {
        if (failed == asio::error::operation_aborted || stopping_) {
            return;
        }
        if (failed) {
            // Without a free file descriptor the peer stays in the queue.
            from.timer.expires_after(accept_pause);
            from.timer.async_wait([this, &from](error_code cancelled) {
                if (!cancelled) {
                    accept(from);
                }
            });
            return;
        }
        error_code ignored;
        if (has_too_many_half_open(socket.remote_endpoint(ignored))) {
            ++refused_;
        } else {
            connection_on(std::move(socket), {})->start();
        }
        accept(from);
    });
}

std::shared_ptr<connection> hub::connection_on(tcp::socket socket,
                                               const std::optional<key32>& dialled) {
    connections_.push_back(std::make_shared<connection>(std::move(socket),
                                                        static_cast<connection_owner&>(*this),
                                                        feeds_, own_, for_connections_, dialled));
    return connections_.back();
}

bool hub::has_too_many_half_open(const tcp::endpoint& from) const {
    const std::string address = from.address().to_string();
    std::size_t half_open = 0;
    std::size_t of_address = 0;
    for (const auto& one : connections_) {
        half_open += one->is_open() ? 0U : 1U;
        of_address += !one->is_open() && one->remote().host == address ? 1U : 0U;
    }
    return of_address >= max_half_open || half_open >= max_all_half_open;
}

bool hub::admits(const key32& peer) {
    const bool known = is_known(peer);
    const bool has_room =
        open_connections() < settings_.max_peers || open_to(peer, nullptr) != nullptr;
    const bool is_let_in =
        known && has_room && !stopping_ && peer != own_.id() && !feeds_.has_blocked(peer);
    if (!is_let_in) {
        ++refused_;
        tell_(!known     ? "refused: not followed"
              : has_room ? "refused: blocked"
                         : "refused: full",
              feed_id_text(peer));
    }
    return is_let_in;
}

// Where both sides have dialled, both keep what the one with the smaller key has dialled. Where one
// side has dialled twice, the older connection is one that it has lost.
bool hub::opened(connection& which) {
    const auto dialler = [&](const connection& c) { return c.is_client() ? own_.id() : c.peer(); };
    if (feeds_.has_blocked(which.peer()) || which.peer() == own_.id()) {
        return false;
    }
    if (connection* const other = open_to(which.peer(), &which)) {
        if (other->is_client() != which.is_client() && dialler(*other) < dialler(which)) {
            return false;
        }
        other->close("there is a newer connection to this peer");
    }
    tell_(which.is_client() ? "connected to" : "connected from", feed_id_text(which.peer()));
    return true;
}

connection* hub::open_to(const key32& peer, const connection* except) const {
    for (const auto& one : connections_) {
        if (one.get() != except && one->is_open() && !one->is_closing() && one->peer() == peer) {
            return one.get();
        }
    }
    return nullptr;
}

void hub::closed(connection& which) {
    const auto at =
        std::ranges::find_if(connections_, [&](const auto& c) { return c.get() == &which; });
    if (at == connections_.end()) {
        return;
    }
    // It may be within one of its own functions.
    asio::post(io_, [last = std::move(*at)] {});
    connections_.erase(at);
    if (which.is_open()) {
        tell_("disconnected: " + which.why(), feed_id_text(which.peer()));
    }
    const auto of = std::ranges::find_if(targets_, [&](const target& t) {
        return t.peer.key == which.peer() && !t.socket && !t.is_forgotten;
    });
    // One for broadcast that gave way to a connection of the peer is of no use any more, either.
    const bool gave_way =
        of != targets_.end() && of->is_for_broadcast && which.is_client() && which.is_open();
    if (of != targets_.end() && (gave_way || open_to(which.peer(), nullptr) == nullptr)) {
        if (which.is_open() && steady_clock::now() - which.since() > proven_after) {
            of->wait.succeeded();
            of->failures = 0;
        }
        if (which.is_open()) {
            of->why = which.why();  // which has been told
        }
        failed(*of, which.why());
    } else if (spread_ != nullptr && open_to(which.peer(), nullptr) == nullptr) {
        spread_->unreached(which.peer());
    }
    if (stopping_ && connections_.empty() && stopped_) {
        asio::post(io_, std::exchange(stopped_, nullptr));
    }
}

// Whom we call.

void hub::dial(const peer_target& peer, bool is_configured) {
    if (peer.key == own_.id() || stopping_) {
        return;
    }
    const auto known = std::ranges::find_if(
        targets_, [&](const target& t) { return !t.is_forgotten && t.peer.key == peer.key; });
    if (known != targets_.end()) {
        known->is_configured = known->is_configured || is_configured;
        known->is_for_broadcast = false;
        known->is_given_up = known->is_given_up && !is_configured;
        // What was configured, or told last, counts; what was only heard does not replace it.
        if (is_configured && known->peer.at != peer.at) {
            known->peer.at = peer.at;
            known->wait.succeeded();
            if (!known->is_busy) {
                connect(*known);
            }
        }
        return;
    }
    // Who was only heard of must be somebody whom we would let in.
    const auto found = std::ranges::count_if(
        targets_, [](const target& t) { return !t.is_configured && !t.is_for_broadcast; });
    if (targets_.size() >= most_targets ||
        (!is_configured &&
         (found >= most_found || (!settings_.admits_anyone && !feeds_.follows(peer.key))))) {
        return;
    }
    targets_.emplace_back(io_, peer, is_configured);
    connect(targets_.back());
}

void hub::connect(target& to) {
    if (stopping_ || to.is_busy) {
        return;
    }
    to.is_busy = true;
    if (open_to(to.peer.key, nullptr) != nullptr || feeds_.has_blocked(to.peer.key)) {
        return failed(to, "");
    }
    to.socket = std::make_shared<tcp::socket>(io_);
    to.timer.expires_after(connect_timeout);
    to.timer.async_wait([&to](error_code cancelled) {
        if (!cancelled && to.socket) {
            error_code ignored;
            to.resolver.cancel();
            to.socket->close(ignored);
        }
    });
    to.resolver.async_resolve(
        to.peer.at.host, std::to_string(to.peer.at.port),
        [this, &to](error_code failure, const tcp::resolver::results_type& found) {
            if (stopping_) {
                return;
            }
            if (failure) {
                return connected(to, failure);
            }
            // A name that was being looked up can no longer be cancelled.
            if (to.timer.expiry() <= steady_clock::now()) {
                return connected(to, asio::error::operation_aborted);
            }
            asio::async_connect(
                *to.socket, found,
                [this, &to, kept = to.socket](error_code why, const tcp::endpoint&) {
                    if (!stopping_) {
                        connected(to, why);
                    }
                });
        });
}

void hub::connected(target& to, const error_code& failure) {
    const auto socket = std::exchange(to.socket, nullptr);
    to.timer.cancel();
    if (failure) {
        return failed(
            to, failure == asio::error::operation_aborted ? "nobody answers" : failure.message());
    }
    connection_on(std::move(*socket), to.peer.key)->start();
}

void hub::failed(target& to, const std::string& why) {
    to.is_busy = false;
    if (!why.empty()) {
        ++to.failures;
        if (to.is_configured && to.why != why) {
            tell_("cannot reach " + text_of(to.peer.at) + " (" + why + "), will try again:",
                  feed_id_text(to.peer.key));
        }
        to.why = why;
    }
    if (stopping_) {
        return;
    }
    if (spread_ != nullptr && open_to(to.peer.key, nullptr) == nullptr) {
        spread_->unreached(to.peer.key);
    }
    if (to.is_for_broadcast) {
        return forget(to);
    }
    if (to.is_given_up || (!to.is_configured && to.failures >= most_failures_of_found)) {
        return forget(to);
    }
    to.timer.expires_after(to.wait.next(random_));
    to.timer.async_wait([this, &to](error_code cancelled) {
        if (!cancelled) {
            connect(to);
        }
    });
}

void hub::forget(target& which) {
    which.is_forgotten = true;
    // Its handlers may still hold on to it.
    asio::post(
        io_, [this, &which] { targets_.remove_if([&](const target& t) { return &t == &which; }); });
}

std::vector<hub::missing> hub::missing_peers() const {
    std::vector<missing> rows;
    for (const target& t : targets_) {
        if (open_to(t.peer.key, nullptr) == nullptr) {
            rows.push_back({t.peer, t.failures, t.why});
        }
    }
    return rows;
}

void hub::hang_up(const key32& peer, const std::string& why) {
    const auto copy = connections_;  // closing takes them off the list
    for (const auto& one : copy) {
        if (one->is_open() && one->peer() == peer) {
            one->close(why);
        }
    }
}

void hub::give_up(const key32& peer) {
    const auto of = std::ranges::find_if(
        targets_, [&](const target& t) { return !t.is_forgotten && t.peer.key == peer; });
    if (of != targets_.end()) {
        // One that is busy is forgotten when its connection has ended.
        of->is_configured = false;
        of->is_given_up = true;
        if (!of->is_busy) {
            of->is_busy = true;  // a retry that is due already must not begin
            of->timer.cancel();
            forget(*of);
        }
    }
    hang_up(peer, "disconnected");
}

void hub::stop(std::function<void()> done) {
    stopping_ = true;
    error_code ignored;
    for (listener& one : listeners_) {
        one.acceptor.close(ignored);
        one.timer.cancel();
    }
    for (target& to : targets_) {
        to.timer.cancel();
        to.resolver.cancel();
        if (to.socket) {
            to.socket->close(ignored);
        }
    }
    stopped_ = std::move(done);
    const auto copy = connections_;
    for (const auto& one : copy) {
        one->close("this node stops");
    }
    if (connections_.empty() && stopped_) {
        asio::post(io_, std::exchange(stopped_, nullptr));
    }
}

}  // namespace rhumb::overlay

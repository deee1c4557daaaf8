#include "controlplane/overlay/service/connection.hh"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "controlplane/overlay/service/now.hh"

namespace rhumb::overlay {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds keep_alive_after{3};  // npm peers hang up after 5 s of silence
constexpr std::chrono::seconds dead_after{30};
constexpr std::chrono::seconds goodbye_timeout{2};
constexpr std::chrono::milliseconds full_pause{5};
constexpr std::chrono::milliseconds clock_pause{1};
constexpr std::size_t most_unsent = std::size_t{1} << 20;  // bytes; a node of ours stays below
constexpr std::size_t most_waiting = 4096;                 // messages; then nothing is read
constexpr std::size_t refill = std::size_t{64} << 10;      // bytes; the queue gets more below that

constexpr const char* manifest =
    R"({"manifest":"async","ebt":{"replicate":"duplex"},"gossip":{"ping":"duplex"}})";

}  // namespace

connection::connection(tcp::socket socket, connection_owner& owner, replicator& feeds,
                       const identity& own, const connection_settings& chosen,
                       const std::optional<key32>& dialled)
    : socket_(std::move(socket)),
      owner_(&owner),
      feeds_(feeds),
      spread_(chosen.spread),
      handshake_timeout_(chosen.handshake_timeout),
      read_timer_(socket_.get_executor()),
      life_timer_(socket_.get_executor()),
      flush_timer_(socket_.get_executor()),
      again_timer_(socket_.get_executor()),
      link_(dialled ? handshake::client(chosen.network, own, *dialled)
                    : handshake::server(chosen.network, own),
            static_cast<session_handler&>(*this), {}, manifest),
      budget_(chosen.rates, steady_clock::now()),
      peer_(dialled.value_or(key32{})),
      is_client_(dialled.has_value()) {
    error_code ignored;
    const auto remote = socket_.remote_endpoint(ignored);
    remote_ = {remote.address().to_string(ignored), remote.port()};
    socket_.set_option(tcp::no_delay(true), ignored);
}

void connection::start() {
    life_timer_.expires_after(handshake_timeout_);
    life_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled && !self->is_open_) {
            self->shut("the handshake took too long");
        }
    });
    write();
    read();
}

void connection::read() {
    socket_.async_read_some(
        asio::buffer(input_), [self = shared_from_this()](error_code failed, std::size_t count) {
            if (self->owner_ == nullptr) {
                return;
            }
            if (failed) {
                const bool is_early = self->link_.now() == peer_link::state::connecting;
                self->link_.hang_up();
                return self->shut(failed == asio::error::eof || is_early
                                      ? std::string(self->link_.why())
                                      : failed.message());
            }
            self->take(count);
        });
}

void connection::take(std::size_t count) {
    // Silence is the peer's only where it was read from.
    heard_ = steady_clock::now();
    if (count != 0) {
        bytes_received_ += count;
        budget_.spend(budget::bytes, count);
        link_.feed(std::span(input_).first(count));
    }
    if (owner_ != nullptr && link_.now() == peer_link::state::wants_answer) {
        owner_->admits(link_.remote()) ? link_.accept() : link_.refuse();
    }
    become_open();
    if (owner_ == nullptr) {
        return;
    }
    if (link_.now() == peer_link::state::failed) {
        return shut(std::string(link_.why()));
    }
    write_soon();
    if (link_.now() == peer_link::state::ended) {
        return;
    }
    auto pause = budget_.wait(steady_clock::now());
    if (is_busy_ || (replication_ && !feeds_.is_ready(*replication_))) {
        pause = std::max(pause, clock_pause);  // notes that come too early would be lost
    }
    // Who makes us say more than it takes, or more than can be verified and stored, is not heard.
    if (feeds_.waiting() > most_waiting || unsent() > most_unsent ||
        (spread_ != nullptr && spread_->is_busy())) {
        pause = std::max(pause, full_pause);
    }
    if (pause.count() == 0) {
        return read();
    }
    read_timer_.expires_after(pause);
    read_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled && self->owner_ != nullptr) {
            self->take(0);
        }
    });
}

// Once, when the handshake is done; also where the peer's first call comes with its last message.
void connection::become_open() {
    if (is_open_ || owner_ == nullptr || link_.now() != peer_link::state::open) {
        return;
    }
    is_open_ = true;
    peer_ = link_.remote();
    wait_for_life();
    if (!owner_->opened(*this)) {
        return close("there is another connection to this peer");
    }
    if (is_client_) {
        call_replication();
        if (spread_ != nullptr && is_open_ && !is_closing_) {
            call_broadcast();
        }
    }
}

// Calls.

bool connection::on_call(session& /*by*/, const incoming_call& call) {
    become_open();
    if (is_closing_) {
        return false;
    }
    if (call.name == "ebt.replicate" && call.type == call_type::duplex) {
        answer_replicate(call);
        return true;
    }
    if (call.name == "rhumb.broadcast" && call.type == call_type::duplex && spread_ != nullptr) {
        answer_broadcast(call);
        return true;
    }
    if (call.name == "gossip.ping" && call.type == call_type::duplex) {
        return true;
    }
    return false;
}

void connection::on_data(session& by, stream_id id, body_type type, std::string_view body) {
    if (id == ebt_ && replication_) {
        return take_replication(type, body);
    }
    if (id == broadcast_) {
        return take_broadcast(type, body);
    }
    // gossip.ping: a time for each time.
    if (unsent() < refill) {
        by.send(id, body_type::json, std::to_string(system_ms()));
    }
}

void connection::on_end(session& /*by*/, stream_id id, std::optional<std::string_view> error) {
    if (id == broadcast_) {
        knows_no_broadcast_ = error && says_no_broadcast(*error);
        stop_broadcast();
        return broadcast_ended();
    }
    if (id != ebt_) {
        return;
    }
    if (error && says_no_ebt(*error)) {
        why_ = "the peer does not speak EBT";
        return stop_replication();
    }
    stream_ended();
}

// Writing.

std::size_t connection::unsent() const { return sending_.size() + link_.bytes_pending(); }

void connection::write_soon() {
    if (!sending_.empty() || std::exchange(write_is_due_, true)) {
        return;
    }
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        self->write_is_due_ = false;
        self->write();
    });
}

void connection::write() {
    if (!sending_.empty() || owner_ == nullptr) {
        return;
    }
    const auto bytes = link_.output();
    if (bytes.empty()) {
        if (link_.now() == peer_link::state::ended) {
            shut(link_.why().empty() ? "the peer has said goodbye" : std::string(link_.why()));
        }
        return;
    }
    // A copy: the link may move its bytes before the socket has taken them.
    sending_.assign(bytes.begin(), bytes.end());
    link_.sent(bytes.size());
    asio::async_write(socket_, asio::buffer(sending_),
                      [self = shared_from_this()](error_code failed, std::size_t count) {
                          self->sending_.clear();
                          if (self->owner_ == nullptr) {
                              return;
                          }
                          if (failed) {
                              return self->shut(failed.message());
                          }
                          self->written(count);
                      });
}

void connection::written(std::size_t count) {
    bytes_sent_ += count;
    if (replication_ && unsent() < refill) {
        feeds_.flush(*replication_);
    }
    write();
}

// The end.

void connection::wait_for_life() {
    life_timer_.expires_after(keep_alive_after);
    life_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (cancelled || self->owner_ == nullptr || self->is_closing_) {
            return;
        }
        const auto silence = steady_clock::now() - self->heard_;
        if (silence > dead_after) {
            return self->shut("the peer is silent");
        }
        if (silence > keep_alive_after / 2) {
            self->link_.calls().keep_alive();
            self->write_soon();
        }
        self->wait_for_life();
    });
}

void connection::close(std::string why) {
    if (owner_ == nullptr) {
        return;
    }
    if (!is_open_ || link_.calls().now() != session::state::open) {
        return shut(std::move(why));
    }
    why_ = std::move(why);
    is_closing_ = true;
    stop_replication();
    stop_broadcast();
    link_.close();
    write_soon();
    life_timer_.expires_after(goodbye_timeout);
    life_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled) {
            self->shut(self->why_);
        }
    });
}

void connection::cut() {
    owner_ = nullptr;
    error_code ignored;
    socket_.close(ignored);
    read_timer_.cancel();
    life_timer_.cancel();
    flush_timer_.cancel();
    again_timer_.cancel();
}

void connection::shut(std::string why) {
    if (owner_ == nullptr) {
        return;
    }
    if (why_.empty()) {
        why_ = std::move(why);
    }
    stop_replication();
    stop_broadcast();
    connection_owner* const owner = owner_;
    cut();
    owner->closed(*this);
}

}  // namespace rhumb::overlay

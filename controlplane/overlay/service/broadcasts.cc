#include "controlplane/overlay/service/broadcasts.hh"

#include <sodium.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <chrono>

#include "controlplane/overlay/service/now.hh"

namespace rhumb::overlay {

namespace asio = boost::asio;
using broadcast::action;
using broadcast::action_kind;
using std::chrono::steady_clock;

namespace {

// Bytes, of all streams of a peer: that of feeds fills no more than a quarter of it.
constexpr std::size_t most_unsent = std::size_t{1} << 20;
constexpr std::size_t most_waiting_peers = 32;
constexpr std::size_t most_waiting_frames = 32;  // for one of them
// Of our own messages: peers drop what comes faster than their limits, which relays share.
constexpr double own_per_second = 100;
constexpr double own_at_once = 200;

broadcast::address address_bytes(const std::optional<host_port>& at) {
    if (!at) {
        return {};
    }
    const std::string text = text_of(*at);
    const auto* const bytes = reinterpret_cast<const byte*>(text.data());
    return broadcast::address::of({bytes, text.size()}).value_or(broadcast::address());
}

// Only addresses: a stranger must not make us look up names.
std::optional<host_port> address_in(std::span<const byte> bytes) {
    const auto at = parse_host_port({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (!at) {
        return std::nullopt;
    }
    boost::system::error_code failed;
    static_cast<void>(asio::ip::make_address(at.value().host, failed));
    return failed ? std::nullopt : std::optional(at.value());
}

}  // namespace

broadcast::options broadcasts::options_of(const broadcast_settings& chosen) {
    broadcast::options made;
    made.way = chosen.way;
    made.gossip_fanout = chosen.fanout;
    made.retransmission.on = chosen.retransmit;
    made.order.on = chosen.in_order;
    // From the request to the answer a dial and a handshake may lie; that there is nobody, the
    // dialler says.
    made.membership.neighbour_timeout = std::chrono::milliseconds(chosen.neighbour_timeout);
    // Who lost its last neighbour, or has just come, is told what was said a moment ago.
    made.tree.announce_recent = 128;
    // Names must be remembered for as long as a message can be fresh.
    made.memory.id_age = std::chrono::seconds(2 * chosen.lifetime);
    made.memory.payload_age =
        std::min<broadcast::duration>(made.memory.payload_age, made.memory.id_age);
    // What one read of a socket brings must find room: what is refused does not come again.
    made.memory.unverified = 2048;
    made.memory.unverified_per_peer = 1024;
    made.memory.unverified_bytes = std::size_t{4} << 20;
    randombytes_buf(&made.key, sizeof made.key);
    made.first_sequence = static_cast<std::uint64_t>(system_ms()) * 1000;
    return made;
}

broadcasts::broadcasts(asio::io_context& io, const identity& own, const network_key& network,
                       const broadcast_settings& chosen, const broadcast::options& with)
    : own_(own),
      network_(network),
      settings_(chosen),
      node_(with, {own.id(), address_bytes(chosen.address)}),
      allowance_(own_at_once),
      timer_(io),
      pool_(
          1,
          [](candidate& one) {
              one.is_valid = verify_signature(one.origin, one.text, one.signature);
          },
          [&io](std::function<void()> what) { asio::post(io, std::move(what)); },
          [this](const std::vector<candidate>& done) {
              for (const candidate& one : done) {
                  --verifying_;
                  node_.verified(one.ticket, one.is_valid, steady_clock::now(), out_);
              }
              settle();
          }) {}

void broadcasts::tell_address(const host_port& at) {
    if (!settings_.address) {
        node_.tell_address(address_bytes(at));
    }
}

void broadcasts::stop() {
    stopped_ = true;
    timer_.cancel();
}

// Streams.

bool broadcasts::is_wanted(const key32& peer) const {
    return node_.peers().slot_of(peer) != broadcast::no_slot || node_.peers().awaits(peer);
}

void broadcasts::opened(const key32& peer, broadcast_link& link, bool is_caller) {
    if (const auto old = links_.find(peer); old != links_.end()) {
        // What was under way there may be lost: both sides begin anew.
        drop_link(peer, "reconnected to peer");
        settle();
    }
    links_[peer] = &link;
    if (const auto frames = waiting_.find(peer); frames != waiting_.end()) {
        for (const auto& bytes : frames->second) {
            link.send_frame(bytes);
        }
        waiting_.erase(frames);
    } else if (is_caller) {
        dialler_->let_go(peer);  // made for broadcast alone, and not waited for any more?
        if (links_.contains(peer)) {
            node_.meet({peer, address_bytes(dialler_->address_of(peer))}, steady_clock::now(),
                       out_);
        }
    }
    settle();
}

void broadcasts::frame(const key32& peer, broadcast_link& link, std::span<const byte> bytes) {
    const auto found = links_.find(peer);
    if (stopped_ || found == links_.end() || found->second != &link) {
        return;
    }
    node_.receive(peer, bytes, steady_clock::now(), out_);
    settle();
}

void broadcasts::closed(const key32& peer, broadcast_link& link) {
    const auto found = links_.find(peer);
    if (found == links_.end() || found->second != &link) {
        return;
    }
    links_.erase(found);
    if (is_wanted(peer)) {
        lost_.push_back(peer);
    }
    settle();
}

void broadcasts::unreached(const key32& peer) {
    if (waiting_.erase(peer) != 0) {
        lost_.push_back(peer);
        settle();
    }
}

// Ends a stream; the node is told with the next settle().
void broadcasts::drop_link(const key32& peer, std::string_view why) {
    const auto found = links_.find(peer);
    if (found == links_.end()) {
        return;
    }
    broadcast_link* const link = found->second;
    links_.erase(found);
    lost_.push_back(peer);
    link->end_broadcast(why);
}

// What the node wants done.

void broadcasts::settle() {
    if (std::exchange(settling_, true)) {
        return;
    }
    while (!stopped_ && (!out_.actions().empty() || !lost_.empty())) {
        std::swap(out_, doing_);
        for (const action& what : doing_.actions()) {
            perform(what, doing_.bytes(what));
        }
        doing_.clear();
        for (const key32& peer : std::exchange(lost_, {})) {
            node_.lost(peer, steady_clock::now(), out_);
        }
    }
    settling_ = false;
    if (!to_verify_.empty()) {
        pool_.push(std::exchange(to_verify_, {}));
    }
    wait();
}

void broadcasts::perform(const action& what, std::span<const byte> bytes) {
    switch (what.kind) {
        case action_kind::dial: dial(what.peer, bytes); break;
        case action_kind::send: send_frame(what.peer, bytes); break;
        case action_kind::release: release(what.peer); break;
        case action_kind::verify: verify(what, bytes); break;
        case action_kind::deliver: deliver(what, bytes); break;
        case action_kind::misbehaved:
            drop_link(what.peer,
                      broadcast::drop_texts[static_cast<std::size_t>(what.why)].sentence);
            break;
    }
}

void broadcasts::dial(const key32& peer, std::span<const byte> at) {
    if (links_.contains(peer)) {
        return;
    }
    const bool has_room = waiting_.size() < most_waiting_peers || waiting_.contains(peer);
    if (has_room) {
        waiting_[peer];  // before: it may turn out at once that there is nobody
        if (dialler_->reach(peer, address_in(at))) {
            return;
        }
        waiting_.erase(peer);
    }
    lost_.push_back(peer);
}

void broadcasts::send_frame(const key32& peer, std::span<const byte> bytes) {
    if (const auto found = links_.find(peer); found != links_.end()) {
        found->second->send_frame(bytes);
        if (found->second->unsent() > most_unsent) {
            ++overflows_;
            drop_link(peer, "what is sent is not taken");
        }
        return;
    }
    const auto frames = waiting_.find(peer);
    if (frames == waiting_.end() || frames->second.size() >= most_waiting_frames) {
        ++unsendable_;
        return;
    }
    frames->second.emplace_back(bytes.begin(), bytes.end());
}

void broadcasts::release(const key32& peer) {
    waiting_.erase(peer);
    dialler_->let_go(peer);
}

void broadcasts::verify(const action& what, std::span<const byte> bytes) {
    const auto payload = bytes.subspan(broadcast::signature_size);
    const auto said = read_envelope(payload);
    if (!said) {
        // Nobody who looks passes such a message on.
        node_.verified(what.ticket, false, steady_clock::now(), out_);
        return;
    }
    if (!dialler_->may_speak(what.peer) ||
        !is_fresh(said->sent_ms, system_ms(), std::int64_t{settings_.lifetime} * 1000)) {
        node_.unwanted(what.ticket, steady_clock::now(), out_);
        return;
    }
    candidate& one = to_verify_.emplace_back();
    one.ticket = what.ticket;
    one.origin = what.peer;
    std::copy_n(bytes.begin(), one.signature.size(), one.signature.begin());
    one.text = broadcast::signed_bytes(network_, {what.peer, what.sequence}, payload);
    ++verifying_;
}

void broadcasts::deliver(const action& what, std::span<const byte> payload) {
    const auto said = read_envelope(payload);
    if (said && heard_) {
        heard_({what.peer, what.sequence, what.hops, *said});
    }
}

void broadcasts::wait() {
    const auto due = node_.deadline();
    if (stopped_ || due == broadcast::time_point::max()) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(due);
    timer_.async_wait([this](boost::system::error_code cancelled) {
        if (!cancelled && !stopped_) {
            node_.tick(steady_clock::now(), out_);
            settle();
        }
    });
}

result<std::uint64_t> broadcasts::send(broadcast_kind kind, std::span<const byte> content) {
    const auto now = steady_clock::now();
    const double passed = std::chrono::duration<double>(now - allowed_at_).count();
    allowed_at_ = now;
    allowance_ = std::min(allowance_ + passed * own_per_second, own_at_once);
    if (allowance_ < 1) {
        return error{"too many messages: a node broadcasts 100 a second at most", {}};
    }
    std::vector<byte> payload;
    append_envelope(payload, {static_cast<std::uint8_t>(kind), system_ms(), content});
    if (!read_envelope(payload)) {
        return error{"a text to broadcast must be UTF-8", {}};
    }
    const broadcast::message_id id{own_.id(), node_.next_sequence()};
    auto sent = node_.broadcast(own_.sign(broadcast::signed_bytes(network_, id, payload)), payload,
                                now, out_);
    if (sent) {
        allowance_ -= 1;
    }
    settle();
    return sent;
}

}  // namespace rhumb::overlay

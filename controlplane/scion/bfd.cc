#include "controlplane/scion/bfd.hh"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

namespace rhumb::bfd {

namespace {

// The state that follows a packet which says `heard` (RFC 5880 section 6.8.6).
state after(state own, state heard) {
    switch (own) {
        case state::admin_down: return own;
        case state::down:
            return heard == state::down ? state::init : heard == state::init ? state::up : own;
        case state::init:
            return heard >= state::init ? state::up
                                        : (heard == state::admin_down ? state::down : own);
        case state::up: break;
    }
    return heard >= state::init ? own : state::down;
}

result<void> check_interval(microseconds interval, const char* name) {
    if (interval < microseconds(1) ||
        interval.count() > std::numeric_limits<std::uint32_t>::max()) {
        return error{std::string(name) + " must be 1 us to 4294 s", {}};
    }
    return {};
}

}  // namespace

result<void> check(const settings& wanted) {
    if (wanted.discriminator == 0) {
        return error{"a BFD discriminator must not be 0", {}};
    }
    if (wanted.detect_multiplier == 0) {
        return error{"detect_mult must not be 0", {}};
    }
    if (auto done = check_interval(wanted.desired_min_tx, "desired_min_tx_interval"); !done) {
        return done;
    }
    return check_interval(wanted.required_min_rx, "required_min_rx_interval");
}

session::session(const settings& wanted, random_source random, time_point now)
    : random_(std::move(random)) {
    status_.own = wanted;
    status_.since = now;
    set_interval(now);
}

outcome session::received(const control_packet& packet, time_point now) {
    ++status_.received;
    if (packet.your_discriminator != 0 && packet.your_discriminator != status_.own.discriminator) {
        ++status_.foreign;
    }
    learn(packet, now);
    const state next = after(status_.state, packet.state);
    // INIT keeps what ended the session before, so that the peer may know.
    const auto why = next == state::down ? diagnostic::neighbor_signaled_down
                     : next == state::up ? diagnostic::none
                                         : status_.diagnostic;
    const auto change = go(next, why, now);
    set_interval(now);
    return tell(change, now);
}

outcome session::tick(time_point now) {
    std::optional<state_change> change;
    if (now >= detect_at_) {
        forget_peer();
        if (status_.state >= state::init) {
            change = go(state::down, diagnostic::detection_time_expired, now);
        }
        set_interval(now);
    }
    return tell(change, now);
}

time_point session::next_deadline() const noexcept {
    return std::min({send_at_, tell_at_, detect_at_});
}

outcome session::disable(time_point now) {
    const auto change = go(state::admin_down, diagnostic::administratively_down, now);
    set_interval(now);
    return tell(change, now);
}

outcome session::enable(time_point now) {
    if (status_.state != state::admin_down) {
        return {};
    }
    const auto change = go(state::down, diagnostic::none, now);
    set_interval(now);
    return tell(change, now);
}

std::optional<state_change> session::go(state to, diagnostic why, time_point now) {
    if (to == status_.state) {
        return std::nullopt;
    }
    const state_change change{status_.state, to, why};
    status_.state = to;
    status_.diagnostic = why;
    status_.since = now;
    ++status_.state_changes;
    return change;
}

void session::learn(const control_packet& packet, time_point now) {
    status_.peer = {.discriminator = packet.my_discriminator,
                    .state = packet.state,
                    .diagnostic = packet.diagnostic,
                    .detect_multiplier = packet.detect_multiplier,
                    .desired_min_tx = microseconds(packet.desired_min_tx),
                    .required_min_rx = microseconds(packet.required_min_rx)};
    status_.detection_time =
        packet.detect_multiplier *
        std::max(status_.own.required_min_rx, microseconds(packet.desired_min_tx));
    detect_at_ = now + status_.detection_time;
}

void session::forget_peer() {
    status_.peer = {};
    status_.detection_time = microseconds(0);
    detect_at_ = time_point::max();
}

// What we say that we want to send at: fast only while there is somebody who listens.
microseconds session::desired_min_tx() const noexcept {
    return status_.state >= state::init ? status_.own.desired_min_tx
                                        : std::max(status_.own.desired_min_tx, slow_interval);
}

// RFC 5880 section 6.8.7: a quarter less at most; with a multiplier of one, a tenth less at least.
microseconds session::jittered(microseconds interval) {
    const std::int64_t spread = status_.own.detect_multiplier == 1 ? 15 : 25;
    const std::int64_t least = interval.count() * 75 / 100;
    // Below 2^32 * 2^30: it fits. Never nothing, or time would stand still.
    const std::int64_t more = interval.count() * spread / 100 * random_() >> 32;
    return microseconds(std::max<std::int64_t>(least + more, 1));
}

// Sets the time of the next packet anew if the interval has changed; a shorter one counts from the
// last packet on (RFC 5880 section 6.8.3).
void session::set_interval(time_point now) {
    const bool wanted = status_.peer.required_min_rx > microseconds(0);
    const microseconds interval =
        wanted ? std::max(desired_min_tx(), status_.peer.required_min_rx) : microseconds(0);
    if (interval == status_.tx_interval) {
        return;
    }
    status_.tx_interval = interval;
    send_at_ = !wanted    ? time_point::max()
               : sent_at_ ? std::max(now, *sent_at_ + jittered(interval))
                          : now;
}

// Sends what is due, and a change of state as soon as may be.
outcome session::tell(std::optional<state_change> change, time_point now) {
    if (change) {
        tell_at_ = sent_at_ ? std::max(now, *sent_at_ + shortest_gap) : now;
    }
    if (now < std::min(send_at_, tell_at_)) {
        return {change, std::nullopt};
    }
    sent_at_ = now;
    tell_at_ = time_point::max();
    send_at_ = status_.tx_interval > microseconds(0) ? now + jittered(status_.tx_interval)
                                                     : time_point::max();
    return {change, packet_now()};
}

control_packet session::packet_now() {
    ++status_.sent;
    return {.state = status_.state,
            .diagnostic = status_.diagnostic,
            .detect_multiplier = status_.own.detect_multiplier,
            .my_discriminator = status_.own.discriminator,
            .your_discriminator = status_.peer.discriminator,
            .desired_min_tx = static_cast<std::uint32_t>(desired_min_tx().count()),
            .required_min_rx = static_cast<std::uint32_t>(status_.own.required_min_rx.count())};
}

std::string_view to_string(state of) noexcept {
    constexpr std::array<std::string_view, 4> names{"admin-down", "down", "init", "up"};
    return names[static_cast<std::size_t>(of) & 3];
}

std::string_view to_string(diagnostic of) noexcept {
    constexpr std::array<std::string_view, 9> names{
        "none",
        "detection time expired",
        "echo failed",
        "neighbor signaled down",
        "forwarding plane reset",
        "path down",
        "concatenated path down",
        "administratively down",
        "reverse concatenated path down",
    };
    const auto at = static_cast<std::size_t>(of);
    return at < names.size() ? names[at] : "reserved";
}

}  // namespace rhumb::bfd

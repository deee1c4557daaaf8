// A BFD session (RFC 5880 sections 6.2 and 6.8) over one link of a SCION border router, as a state
// machine in asynchronous mode: packets and times come in, packets to send and changes of state
// come out. No clock, no I/O, no timer of its own. Threads: one at a time (control).
//
//                +------+ DOWN or timeout        INIT, UP: what the packet received says.
//                | DOWN | <----------------+     Timeout: nothing for the detection time.
//                +------+                  |     AdminDown received: DOWN, from INIT and UP.
//         DOWN  /        \ INIT            |
//              v          v                |
//        +------+  INIT  +----+            |
//        | INIT | -----> | UP | -----------+
//        +------+  or UP +----+
//
// As the reference implementation has it, and this with it, because both ends must agree:
//   - INIT has the intervals that are configured already, not the second of RFC 5880 section 6.8.3
//   - a change of intervals needs no poll sequence
//   - Your Discriminator of what comes in selects nothing: the link does. The reference keeps that
//     of a peer which restarted until it hears nothing for the detection time; to insist on ours
//     would keep such a session down for good. Packets with a foreign one are counted.
// Otherwise than there: a peer's AdminDown means DOWN (RFC 5880 section 6.8.6), a peer's new
// discriminator is taken over at once, every DOWN has the slow interval, and a change of state is
// told at once (RFC 5880 section 6.8.7).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "rhumb/result.hh"
#include "rhumb/wire/bfd.hh"

namespace rhumb::bfd {

using time_point = std::chrono::steady_clock::time_point;
using microseconds = std::chrono::microseconds;

// While a session is down, packets are no closer than this (RFC 5880 section 6.8.3).
inline constexpr microseconds slow_interval{1'000'000};
// A change of state is told at once, but not more often than this.
inline constexpr microseconds shortest_gap{10'000};

struct settings {
    std::uint32_t discriminator = 0;  // of this router's own sessions, each has another; not zero
    std::uint8_t detect_multiplier = 3;
    microseconds desired_min_tx{200'000};
    microseconds required_min_rx{200'000};
};

// Whether a session can be made of these: nothing is zero, intervals fit in 32 bits.
[[nodiscard]] result<void> check(const settings& wanted);

struct state_change {
    state from = state::down;
    state to = state::down;
    diagnostic why = diagnostic::none;

    friend bool operator==(const state_change&, const state_change&) = default;
};

// What follows from an event: at most one of each.
struct outcome {
    std::optional<state_change> change;
    std::optional<control_packet> send;
};

// What is known of the peer, from its packets; all of it is forgotten when the detection time ends.
struct peer {
    std::uint32_t discriminator = 0;  // 0: unknown
    bfd::state state = state::down;
    bfd::diagnostic diagnostic = diagnostic::none;
    std::uint8_t detect_multiplier = 0;
    microseconds desired_min_tx{0};
    microseconds required_min_rx{1};  // 0: wants no periodic packets
};

// Everything there is to show.
struct status {
    bfd::state state = state::down;
    bfd::diagnostic diagnostic = diagnostic::none;
    time_point since;                // of the last change of state
    microseconds tx_interval{0};     // before jitter; 0: none are sent
    microseconds detection_time{0};  // 0: nothing was heard
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t foreign = 0;  // of those, with another discriminator of ours
    std::uint64_t state_changes = 0;
    settings own;
    bfd::peer peer;
};

class session {
public:
    // 32 random bits, evenly distributed: asked once for each time to send that is set.
    using random_source = std::function<std::uint32_t()>;

    // Precondition: check(wanted). The first packet is due at `now`.
    session(const settings& wanted, random_source random, time_point now);

    // A packet that parse() let pass. Hand over all that have come before calling tick(): after a
    // pause of the whole process, a packet that waits is no reason to end a session.
    outcome received(const control_packet& packet, time_point now);

    // What is due at `now`: call it when next_deadline() has come. However late it is called, one
    // packet is sent, not those that were missed.
    outcome tick(time_point now);
    [[nodiscard]] time_point next_deadline() const noexcept;

    // By the operator's hand. The peer is told AdminDown. Mind that the reference implementation
    // never comes back from hearing that until it is restarted: not for a router that just ends.
    outcome disable(time_point now);
    outcome enable(time_point now);

    [[nodiscard]] bool is_up() const noexcept { return status_.state == state::up; }
    [[nodiscard]] const bfd::status& status() const noexcept { return status_; }

private:
    std::optional<state_change> go(state to, diagnostic why, time_point now);
    void learn(const control_packet& packet, time_point now);
    void forget_peer();
    void set_interval(time_point now);
    outcome tell(std::optional<state_change> change, time_point now);
    control_packet packet_now();
    [[nodiscard]] microseconds desired_min_tx() const noexcept;
    [[nodiscard]] microseconds jittered(microseconds interval);

    random_source random_;
    bfd::status status_;
    // When what is due, the end of time: never.
    time_point send_at_ = time_point::max();  // the next periodic packet
    time_point tell_at_ = time_point::max();  // a change of state that the peer has not been told
    time_point detect_at_ = time_point::max();
    std::optional<time_point> sent_at_;  // the last packet
};

[[nodiscard]] std::string_view to_string(state of) noexcept;
[[nodiscard]] std::string_view to_string(diagnostic of) noexcept;  // "reserved" from 9 on

}  // namespace rhumb::bfd

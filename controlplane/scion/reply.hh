// What the slow path sends for a packet that a worker could not answer: SCMP errors and traceroute
// replies (SCMP specification of the reference router). Pure. Threads: control.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/packet/slow_request.hh"
#include "rhumb/table/scion_table.hh"

namespace rhumb::scion {

struct reply_options {
    // The packet authenticator option, with the reference's stand-in for a key (16 zero bytes):
    // on every error, and on traceroute replies to requests that carry a valid one.
    bool authenticate = false;
    std::uint64_t now_ns = 0;                     // since 1970
    std::uint64_t epoch_ns = 86'400'000'000'000;  // how long a key is good
    std::uint64_t window_ns = 300'000'000'000;    // how much older or newer a request may be
};

// The reply, from its IP header on, to `packet`, from its IP header on, about which a worker asked
// `what`. None: there is no way back, or the packet does not want one.
[[nodiscard]] std::optional<std::vector<byte>> make_reply(const table& own,
                                                          const slow_request& what,
                                                          std::span<const byte> packet,
                                                          const reply_options& how);

// An IP packet of a link's, around `payload`, complete with checksums. `to`: on the internal link,
// where it goes.
[[nodiscard]] std::vector<byte> underlay_packet(const link& by, const endpoint* to,
                                                std::span<const byte> payload);

// The sender of an IP packet with a UDP header.
[[nodiscard]] endpoint sender_of(std::span<const byte> packet);

}  // namespace rhumb::scion

// What a label may stand for (a FEC), and which of several that claim one label at a node gets it:
// RFC 8660 2.5 and 2.6. The outcome depends on the claims alone, never on who came first.
// Threads: any (values).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "rhumb/table/prefix.hh"

namespace rhumb::labels {

// RFC 8660 2.5.1: the lower one wins.
enum class fec_type : std::uint8_t {
    prefix = 120,
    adjacency = 130,
    parallel = 140,  // a set of adjacencies
    policy = 150,    // a binding SID
    mirror = 160,
};

// Members stand in the order in which the RFC compares them; those that a type does not have are 0.
struct fec {
    fec_type type = fec_type::prefix;
    family af = family::ipv4;        // IPv4 before IPv6
    std::uint8_t length = 0;         // prefix, mirror
    std::array<byte, 16> address{};  // prefix; adjacency: next hop; policy: endpoint
    std::uint32_t instance = 0;      // prefix: of the routing protocol
    std::uint16_t topology = 0;      // prefix
    std::uint8_t algorithm = 0;      // prefix
    std::uint32_t interface = 0;     // adjacency
    std::uint32_t color = 0;         // policy
    friend auto operator<=>(const fec&, const fec&) = default;
};

struct claim {
    fec what;
    std::uint8_t administrative_distance = 115;  // of the protocol that brings it
    bool is_explicit = false;                    // somebody chose this label, no range gave it
};

// Who gets the label: its number in `claims`, of which there is at least one. Explicit ones come
// before those of protocols, these by administrative distance, then binding SIDs; among equals the
// lowest FEC.
[[nodiscard]] std::size_t winner_of(std::span<const claim> claims);

// "198.51.100.1/32"
[[nodiscard]] std::string to_text(const ip_prefix& prefix);

}  // namespace rhumb::labels

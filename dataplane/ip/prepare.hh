// Checks the IPv4 headers of a whole burst and lowers their TTLs, eight at once. Threads: worker.
#pragma once

#include <array>
#include <cstdint>

#include "rhumb/isa.hh"
#include "rhumb/packet/burst.hh"

namespace rhumb::ip {

// For each packet of a burst the word of its header with TTL, protocol and checksum as the packet
// is to leave, as on the wire. 0 where the header wants a closer look: options, something wrong, an
// expired TTL, an address that may be a martian. No packet leaves with a TTL of 0, so 0 is free.
struct prepared {
    alignas(64) std::array<std::uint32_t, burst::capacity> ttl_word;
};

// Every front of the burst is an IPv4 header, of whatever length. Where the word is not 0, the
// header has been checked as the stage checks it, and `end` is the packet's own, without padding.
// Reads no byte beyond a packet's end and writes none.
using prepare_function = void (*)(burst& b, prepared& out) noexcept;

// Null where the processor is better off with one packet after the other.
[[nodiscard]] prepare_function prepare_for(isa which) noexcept;

}  // namespace rhumb::ip

// What a worker asks of the slow path for a packet that it cannot deal with itself. Threads: any.
#pragma once

#include <cstdint>

namespace rhumb {

enum class slow_task : std::uint8_t {
    none,
    scmp_error,  // send `type`/`code` with `pointer` or `interface` to the packet's source
    traceroute,  // answer for `interface`
    bfd,         // a session's packet
    other,       // not SCION: STUN, or nothing that is known
    resolve,     // find the neighbour that is the packet's destination, then send it there
    neighbour,   // a frame that says something about neighbours; `link` is the port
};

struct slow_request {
    slow_task task = slow_task::none;
    std::uint8_t type = 0;        // of SCMP
    std::uint8_t code = 0;        // of SCMP
    std::uint16_t pointer = 0;    // bytes from the SCION header on; 2/0: the MTU
    std::uint16_t interface = 0;  // 5/0, 6/0: the egress; traceroute: the one that answers
    std::uint16_t link = 0;       // by which the packet came
    friend bool operator==(const slow_request&, const slow_request&) = default;
};

}  // namespace rhumb

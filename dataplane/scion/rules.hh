// Rules that a packet's path and addresses keep, in the order in which the reference router has
// them; what follows from a broken one is the stage's to say. Threads: worker.
#pragma once

#include <cstdint>

#include "dataplane/scion/packet.hh"
#include "rhumb/table/scion_table.hh"

namespace rhumb::scion {

// PathMeta and the flags agree with each other. Notes whether the current hop is a peering one.
[[nodiscard]] bool has_good_shape(packet& p) noexcept;

// In transit from inside: whether the router that the packet came from is the one where it entered
// the AS. That was at the hop before, if a switch of segments has been done since. Precondition:
// has_good_shape(), and not the first hop.
[[nodiscard]] bool came_from_its_entry(const packet& p, const table& own) noexcept;

// Source and destination AS fit the place on the path and the side that the packet came by, and a
// source of this AS is a host. none: they do; else the code of the SCMP error, with its pointer.
struct address_fault {
    std::uint8_t code = 0;  // 0: none
    std::uint16_t pointer = 0;
};
[[nodiscard]] address_fault fault_of_addresses(const packet& p, const table& own) noexcept;

// Whether source and destination of a one-hop path are this AS and a neighbour, over the interface
// that the packet came by or names.
[[nodiscard]] bool is_between_neighbours(const packet& p, const table& own) noexcept;

// EPIC (the reference's specification): the validation field of the last two hops, and how old the
// packet is. `tag`: the whole MAC of the hop verified last.
[[nodiscard]] bool epic_holds(const packet& p, const crypto::block& tag,
                              std::uint64_t now_ms) noexcept;

}  // namespace rhumb::scion

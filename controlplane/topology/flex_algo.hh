// Which links an algorithm uses, and at what cost: algorithm 0 (shortest path by IGP metric) and
// flexible algorithms (RFC 9350). Threads: one at a time, with the map.
#pragma once

#include <cstdint>
#include <vector>

#include "controlplane/topology/map.hh"

namespace rhumb::topology {

// The definition that all nodes agree on: of all that are advertised, also by nodes that do not
// take part, that of the highest priority, then of the highest name (RFC 9350 5.3). Null: nobody
// defines it.
[[nodiscard]] const flex_algo_definition* definition_of(const map& m, std::uint8_t algorithm);

// Whether the node takes part in the algorithm. All do in 0.
[[nodiscard]] bool takes_part(const map& m, node_number node, std::uint8_t algorithm);

// RFC 9350 13: links that the definition excludes, or that lack its metric, and nodes that do not
// take part, are not there. For an algorithm that nobody defines, no link is.
[[nodiscard]] plane make_plane(const map& m, std::uint8_t algorithm);

// 0, and the flexible algorithms that somebody defines, in order.
[[nodiscard]] std::vector<std::uint8_t> algorithms(const map& m);

}  // namespace rhumb::topology

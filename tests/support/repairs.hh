// Repairs by the book (RFC 9855), for tests of what comes of them: for each destination a search
// without the link, and its path followed by segments that today's shortest paths carry out
// without the link. Slow and plain. Threads: any.
#pragma once

#include <cstdint>
#include <vector>

#include "controlplane/topology/map.hh"
#include "controlplane/topology/ti_lfa.hh"

namespace rhumb::test {

// For every usable link of the node; link protection.
[[nodiscard]] std::vector<topology::link_repairs> repairs_for(const topology::map& m,
                                                              const topology::plane& view,
                                                              std::uint8_t algorithm,
                                                              topology::node_number own);

}  // namespace rhumb::test

// Suurballe's algorithm: two paths of the least sum that share nodes and links as little as
// possible. A part of disjoint.hh. Threads: any.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "controlplane/topology/graph.hh"

namespace rhumb::paths {

using link_lists =
    std::pair<std::vector<topology::link_number>, std::vector<topology::link_number>>;

// `from` and `to`: one node, or two different ones. nullopt: there are no two paths at all.
[[nodiscard]] std::optional<link_lists> two_paths(const topology::graph& g,
                                                  const topology::plane& view,
                                                  std::span<const topology::node_number> from,
                                                  std::span<const topology::node_number> to,
                                                  bool by_nodes);

}  // namespace rhumb::paths

// All branches of shortest paths: which links they take, and where packets for an anycast prefix
// end up on them. A part of compress.hh. Threads: one at a time, as the engine.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "controlplane/paths/compress_engine.hh"

namespace rhumb::paths {

// Calls f with the last link of each shortest path from the tree's root to a node.
template <class F>
void for_each_last(const topology::graph& g, const topology::plane& view, const shortest_tree& tree,
                   topology::node_number node, const F& f) {
    for (topology::link_number back = g.first[node]; back < g.first[node + 1]; ++back) {
        const topology::link_number l = g.reverse[back];
        if (l == topology::nobody || view.costs[l] == topology::unusable) {
            continue;
        }
        const topology::node_number before = g.from[l];
        if (tree.reaches(before) && (view.no_transit[before] == 0 || before == tree.root) &&
            tree.distances[before] + view.costs[l] == tree.distances[node]) {
            f(l);
        }
    }
}

// Adds the links of all shortest paths from the tree's root to these nodes, each once.
void add_branches(const topology::graph& g, const topology::plane& view, const shortest_tree& tree,
                  std::vector<topology::node_number> ends,
                  std::vector<topology::link_number>& links);

// Where packets at `begin` for the prefix end up, sorted, and the links on the way there. Each
// router sends to the members that are nearest to itself, and the first member that a packet meets
// keeps it. nullopt: none is reached, `begin` is one, or a link on the way is not allowed.
[[nodiscard]] std::optional<std::vector<topology::node_number>> anycast_ends(
    path_engine& engine, std::size_t plane, topology::node_number begin,
    const path_engine::anycast_group& group,
    const std::function<bool(topology::link_number)>& allowed,
    std::vector<topology::link_number>& links);

}  // namespace rhumb::paths

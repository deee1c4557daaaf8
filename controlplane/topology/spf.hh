// Shortest paths with all equal-cost branches (ECMP), from a root to all nodes or from all nodes to
// a root. Links cost at least 1, so that a node's predecessors are always nearer than it is.
//
// After a change trees and first hops are brought up to date instead of being computed anew: the
// work is for the nodes that it concerns and their links. What comes out is what a computation from
// the beginning would give, down to the order of nodes.
// Threads: any; a workspace belongs to one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/topology/graph.hh"
#include "controlplane/topology/radix_queue.hh"

namespace rhumb::topology {

struct tree {
    node_number root = nobody;
    std::vector<distance> distances;  // by node; unreachable
    // Nodes that are reached, nearest first, from the root on; of equal distance by number.
    std::vector<node_number> order;

    [[nodiscard]] bool reaches(node_number node) const { return distances[node] != unreachable; }
};

// Memory that a search needs, to be kept for the next one.
struct spf_workspace {
    radix_queue queue;
    // For updates.
    std::vector<std::uint8_t> state;    // by node
    std::vector<distance> before;       // by node: what it was, of those that moved
    std::vector<node_number> level;     // nodes of one distance
    std::vector<node_number> affected;  // all ways that were the shortest are longer now
    std::vector<node_number> moved;     // whose distance differs
    std::vector<node_number> rerouted;  // whose first hops differ
    std::vector<node_number> kept;
};

// What an update did.
struct tree_update {
    bool complete = false;               // all was computed anew, everything may differ
    std::span<const node_number> nodes;  // otherwise: those that are not as they were. They lie in
                                         // the workspace until it is next used for the same
};

// From `root` along the links.
void shortest_paths_from(const graph& g, const plane& view, node_number root, tree& result,
                         spf_workspace& memory);
// To `root`: distances[x] is that from x to the root.
void shortest_paths_to(const graph& g, const plane& view, node_number root, tree& result,
                       spf_workspace& memory);

// Brings a tree of the function above up to date, `changed` being all in which the plane differs
// from the one for which it was made. Links must have the numbers that they had then. `nodes` of
// the result are those at another distance.
tree_update update_paths_from(const graph& g, const plane& view, const plane_change& changed,
                              tree& result, spf_workspace& memory);
tree_update update_paths_to(const graph& g, const plane& view, const plane_change& changed,
                            tree& result, spf_workspace& memory);

// Links of the root over which shortest paths to each node begin. Sets are bits by position of the
// link at the root: bit i of word i / 64.
class first_hops {
public:
    // For a tree of shortest_paths_from.
    void compute(const graph& g, const plane& view, const tree& from);

    // Right after update_paths_from, with what it was given and what it said. `nodes` of the result
    // are those with other first hops.
    tree_update update(const graph& g, const plane& view, const plane_change& changed,
                       const tree& from, const tree_update& moved, spf_workspace& memory);

    // The links over which a packet for `node` may leave, in order; none for the root itself and
    // for what is unreachable.
    [[nodiscard]] std::span<const std::uint64_t> of(node_number node) const {
        return {bits_.data() + std::size_t{node} * words_, words_};
    }
    [[nodiscard]] std::size_t words() const noexcept { return words_; }

private:
    [[nodiscard]] bool refresh(const graph& g, const plane& view, const tree& from,
                               node_number node);

    std::vector<std::uint64_t> bits_;
    std::vector<std::uint64_t> fresh_;  // one set
    std::size_t words_ = 1;
};

}  // namespace rhumb::topology

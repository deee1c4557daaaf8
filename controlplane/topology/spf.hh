// Shortest paths with all equal-cost branches (ECMP), from a root to all nodes or from all nodes to
// a root. Links cost at least 1, so that a node's predecessors are always nearer than it is. What
// differs without a few links costs less than a search: ti_lfa_failure.hh.
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
};

// From `root` along the links. What is farther than `limit` counts as not reached.
void shortest_paths_from(const graph& g, const plane& view, node_number root, tree& result,
                         spf_workspace& memory, distance limit = unreachable);
// To `root`: distances[x] is that from x to the root.
void shortest_paths_to(const graph& g, const plane& view, node_number root, tree& result,
                       spf_workspace& memory, distance limit = unreachable);

// Links of the root over which shortest paths to each node begin. Sets are bits by position of the
// link at the root: bit i of word i / 64.
class first_hops {
public:
    // For a tree of shortest_paths_from.
    void compute(const graph& g, const plane& view, const tree& from);

    // The links over which a packet for `node` may leave, in order; none for the root itself and
    // for what is unreachable.
    [[nodiscard]] std::span<const std::uint64_t> of(node_number node) const {
        return {bits_.data() + std::size_t{node} * words_, words_};
    }
    [[nodiscard]] std::size_t words() const noexcept { return words_; }

private:
    std::vector<std::uint64_t> bits_;
    std::size_t words_ = 1;
};

}  // namespace rhumb::topology

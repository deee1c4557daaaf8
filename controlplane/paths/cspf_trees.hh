// Shortest paths from one node to all others, one of each: of those with the least cost one with
// the fewest links, of those the one whose last links have the lowest numbers. Beside it, whether
// it is the only one of that cost. And trees that are kept over changes of the map: where links get
// dearer or go, what was behind them is searched again; where they get cheaper or come, trees go in
// which they would be.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "controlplane/topology/graph.hh"

namespace rhumb::paths {

struct shortest_tree {
    // A node that is reached, but from which the search has not gone on.
    struct entry {
        topology::distance at;
        std::uint32_t hops;
        topology::node_number node;
    };

    topology::node_number root = topology::nobody;
    std::vector<topology::distance> distances;   // by node; unreachable
    std::vector<std::uint32_t> hops;             // by node, where reached
    std::vector<topology::link_number> parents;  // the last link, nobody: root, or not reached
    std::vector<std::uint8_t> only;              // 1: no other path has the same cost
    std::vector<entry> open;  // a heap, the nearest first; empty: all is searched

    // What is told of the node is right, however far the search goes on.
    [[nodiscard]] bool is_final(topology::node_number node) const {
        return open.empty() || distances[node] < open.front().at;
    }
    [[nodiscard]] bool reaches(topology::node_number node) const {
        return distances[node] != topology::unreachable;
    }
    // Precondition: the node is reached.
    [[nodiscard]] std::vector<topology::link_number> links_to(const topology::graph& g,
                                                              topology::node_number node) const;
    // Of several nodes the nearest: by distance, links, number. nobody: none is reached.
    [[nodiscard]] topology::node_number nearest(std::span<const topology::node_number> of) const;
};

// To all nodes, or until the nearest one of `stop` is final.
void shortest_tree_from(const topology::graph& g, const topology::plane& view,
                        topology::node_number root, std::span<const topology::node_number> stop,
                        shortest_tree& tree);

class tree_cache {
public:
    // Trees together take about so many bytes at the most. Beyond, those go that were not asked for
    // since the last update, or if that does not help, half of all.
    explicit tree_cache(std::size_t max_bytes = std::size_t{256} << 20) : max_bytes_(max_bytes) {}

    // What is seen from now on. `renumbered`: links have other numbers than before.
    void update(const topology::graph& g, topology::plane view, bool renumbered);
    [[nodiscard]] const topology::plane& view() const noexcept { return view_; }

    // All of a tree, or at least what is needed to know the nearest one of `until`. Valid until the
    // next call.
    [[nodiscard]] const shortest_tree& from(const topology::graph& g, topology::node_number root,
                                            std::span<const topology::node_number> until = {});
    [[nodiscard]] std::size_t tree_count() const noexcept { return trees_in_all_; }
    [[nodiscard]] std::uint64_t computed() const noexcept { return computed_; }

private:
    struct slot {
        std::unique_ptr<shortest_tree> tree;
        std::uint64_t used = 0;  // the update after which it was last asked for
        std::size_t bytes = 0;
    };
    void drop(slot& s);
    void make_room();
    // Makes a tree right for `view` after these links have changed; false: it has to go.
    [[nodiscard]] bool repair(const topology::graph& g, const topology::plane& view,
                              std::span<const topology::link_number> changed, shortest_tree& tree);
    // Collects what is behind links that are dearer now; false: too much.
    [[nodiscard]] bool collect_behind(const topology::graph& g,
                                      std::span<const topology::link_number> dearer,
                                      const shortest_tree& tree);
    void search_again(const topology::graph& g, const topology::plane& view, shortest_tree& tree);

    topology::plane view_;
    std::vector<slot> trees_;  // by root
    std::size_t trees_in_all_ = 0;
    std::size_t bytes_ = 0;  // of these
    std::size_t max_bytes_;
    std::uint64_t generation_ = 1;
    std::uint64_t computed_ = 0;
    std::uint32_t clearings_ = 0;
    // For update(): nodes to be searched again, and whether a node is among them.
    std::vector<topology::node_number> behind_;
    std::vector<std::uint8_t> is_behind_;
    std::vector<topology::link_number> dearer_;
};

}  // namespace rhumb::paths

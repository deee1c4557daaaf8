// The network without one link of this node: how far apart nodes are at most, of which the first
// lies on shortest paths from here that do without the link (computed_loops.cc). One search for all
// of them. Threads: control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "controlplane/topology/graph.hh"
#include "controlplane/topology/spf.hh"

namespace rhumb::publish {

// The network without one own link, for the nodes at which parts of its repairs begin.
class without_link {
public:
    void search(const topology::graph& g, const topology::plane& view, topology::node_number own,
                topology::link_number gone, topology::spf_workspace& memory) {
        topology::plane rest = view;
        rest.costs[gone] = topology::unusable;
        if (g.reverse[gone] != topology::nobody) {
            rest.costs[g.reverse[gone]] = topology::unusable;
        }
        topology::shortest_paths_from(g, rest, own, tree_, memory);
        words_ = starts_.size() / 64 + 1;
        before_.assign(g.node_count() * words_, 0);
        for (const topology::node_number node : tree_.order) {
            std::uint64_t* const mine = &before_[node * words_];
            if (const auto start = starts_.find(node); start != starts_.end()) {
                mine[start->second / 64] |= std::uint64_t{1} << start->second % 64;
            }
            if (rest.no_transit[node] != 0 && node != own) {
                continue;
            }
            for (topology::link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
                if (rest.costs[l] != topology::unusable &&
                    tree_.distances[node] + rest.costs[l] == tree_.distances[g.to[l]]) {
                    for (std::size_t w = 0; w < words_; ++w) {
                        before_[g.to[l] * words_ + w] |= mine[w];
                    }
                }
            }
        }
    }
    void add_start(topology::node_number node) {
        starts_.emplace(node, static_cast<std::uint32_t>(starts_.size()));
    }
    [[nodiscard]] bool is_searched() const { return !tree_.distances.empty(); }
    // The distance from x to y on a shortest path from here that x lies on; unreachable: none.
    [[nodiscard]] topology::distance between(topology::node_number x,
                                             topology::node_number y) const {
        const auto start = starts_.find(x);
        const bool lies_before =
            start != starts_.end() &&
            (before_[y * words_ + start->second / 64] >> start->second % 64 & 1) != 0;
        return lies_before ? tree_.distances[y] - tree_.distances[x] : topology::unreachable;
    }

private:
    topology::tree tree_;
    std::unordered_map<topology::node_number, std::uint32_t> starts_;
    std::size_t words_ = 1;
    std::vector<std::uint64_t> before_;  // by node: bits of starts
};

}  // namespace rhumb::publish

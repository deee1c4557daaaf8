// The network without one link of this node: how far apart nodes are at most, of which the first
// lies on shortest paths from here that do without the link (computed_loops.cc). One search for all
// of them, and only of what lies behind the link. Threads: control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "controlplane/topology/graph.hh"
#include "controlplane/topology/spf.hh"
#include "controlplane/topology/ti_lfa_failure.hh"

namespace rhumb::publish {

// The network without one own link, for the nodes at which parts of its repairs begin.
class without_link {
public:
    // `all` are shortest paths from here with the link; `rest` was started with them.
    void search(const topology::graph& g, const topology::plane& view, const topology::tree& all,
                topology::link_number gone, topology::paths_without& rest) {
        topology::failure what{{gone}, topology::nobody};
        if (g.reverse[gone] != topology::nobody) {
            what.links.push_back(g.reverse[gone]);
        }
        rest.take_out(what);
        distances_ = rest.distances();
        find_order(all, rest);
        words_ = starts_.size() / 64 + 1;
        before_.assign(g.node_count() * words_, 0);
        for (const topology::node_number node : order_) {
            std::uint64_t* const mine = &before_[node * words_];
            if (const auto start = starts_.find(node); start != starts_.end()) {
                mine[start->second / 64] |= std::uint64_t{1} << start->second % 64;
            }
            if (view.no_transit[node] != 0 && node != all.root) {
                continue;
            }
            for (topology::link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
                if (view.costs[l] != topology::unusable && rest.out()[l] == 0 &&
                    distances_[node] + view.costs[l] == distances_[g.to[l]]) {
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
    [[nodiscard]] bool is_searched() const { return !distances_.empty(); }
    // The distance from x to y on a shortest path from here that x lies on; unreachable: none.
    [[nodiscard]] topology::distance between(topology::node_number x,
                                             topology::node_number y) const {
        const auto start = starts_.find(x);
        const bool lies_before =
            start != starts_.end() &&
            (before_[y * words_ + start->second / 64] >> start->second % 64 & 1) != 0;
        return lies_before ? distances_[y] - distances_[x] : topology::unreachable;
    }

private:
    // All that are reached, nearest first.
    void find_order(const topology::tree& all, const topology::paths_without& rest) {
        const auto touched = rest.touched();
        order_.clear();
        std::size_t next = 0;
        for (const topology::node_number node : all.order) {
            if (rest.is_touched(node)) {
                continue;
            }
            while (next < touched.size() && distances_[touched[next]] < distances_[node]) {
                order_.push_back(touched[next++]);
            }
            order_.push_back(node);
        }
        order_.insert(order_.end(), touched.begin() + static_cast<std::ptrdiff_t>(next),
                      touched.end());
    }

    std::vector<topology::distance> distances_;  // by node
    std::vector<topology::node_number> order_;
    std::unordered_map<topology::node_number, std::uint32_t> starts_;
    std::size_t words_ = 1;
    std::vector<std::uint64_t> before_;  // by node: bits of starts
};

}  // namespace rhumb::publish

// Shortest paths by Floyd and Warshall's algorithm, and first hops by their definition: what the
// fast ones are compared with. A node that nothing goes through may begin and end paths only.
// Threads: any (a value).
#pragma once

#include <algorithm>
#include <vector>

#include "controlplane/topology/graph.hh"

namespace rhumb::test {

class slow_paths {
public:
    slow_paths(const topology::graph& g, const topology::plane& view)
        : g_(g),
          view_(view),
          count_(g.node_count()),
          distances_(count_ * count_, topology::unreachable) {
        for (topology::node_number n = 0; n < count_; ++n) {
            at(n, n) = 0;
        }
        for (topology::link_number l = 0; l < g.link_count(); ++l) {
            if (view.costs[l] != topology::unusable) {
                at(g.from[l], g.to[l]) =
                    std::min<topology::distance>(at(g.from[l], g.to[l]), view.costs[l]);
            }
        }
        for (topology::node_number through = 0; through < count_; ++through) {
            for (topology::node_number a = 0; view.no_transit[through] == 0 && a < count_; ++a) {
                for (topology::node_number b = 0; b < count_; ++b) {
                    at(a, b) = std::min(at(a, b), sum(at(a, through), at(through, b)));
                }
            }
        }
    }

    [[nodiscard]] topology::distance operator()(topology::node_number a,
                                                topology::node_number b) const {
        return distances_[a * count_ + b];
    }

    // Positions of the links of `a` that a shortest path to `b` begins with.
    [[nodiscard]] std::vector<std::size_t> first_hops(topology::node_number a,
                                                      topology::node_number b) const {
        std::vector<std::size_t> found;
        for (topology::link_number l = g_.first[a]; l < g_.first[a + 1]; ++l) {
            const topology::node_number next = g_.to[l];
            if (a != b && view_.costs[l] != topology::unusable &&
                (*this)(a, b) != topology::unreachable &&
                (next == b || view_.no_transit[next] == 0) &&
                sum(view_.costs[l], (*this)(next, b)) == (*this)(a, b)) {
                found.push_back(l - g_.first[a]);
            }
        }
        return found;
    }

private:
    static topology::distance sum(topology::distance a, topology::distance b) {
        return a == topology::unreachable || b == topology::unreachable ? topology::unreachable
                                                                        : a + b;
    }
    topology::distance& at(topology::node_number a, topology::node_number b) {
        return distances_[a * count_ + b];
    }

    const topology::graph& g_;
    const topology::plane& view_;
    std::size_t count_;
    std::vector<topology::distance> distances_;
};

}  // namespace rhumb::test

// Packets followed through a network some of whose routers know of a change and others do not:
// every mixture of them, anew at every step. Threads: any.
#pragma once

#include "controlplane/topology/microloop.hh"
#include "tests/unit/ti_lfa_walk.hh"

namespace rhumb::test {

// Follows a packet whichever of the two planes each router goes by, every time anew.
class mixed_walk {
public:
    mixed_walk(const topology::graph& g, const topology::plane& before,
               const topology::plane& after, bool pinning,
               const topology::ti_lfa_options& options = {})
        : g_(g), views_{&before, &after} {
        distances_[0] = all_distances(g, before);
        distances_[1] = all_distances(g, after);
        for (topology::node_number n = 0; n < g.node_count() && pinning; ++n) {
            known_.push_back(avoider_.compute(g, before, after, 0, n, options));
        }
    }
    [[nodiscard]] const topology::pinned_paths& of(topology::node_number own) const {
        return known_[own];
    }
    [[nodiscard]] bool reaches(topology::node_number from, topology::node_number to) const {
        return distances_[1][from][to] != topology::unreachable;
    }

    // From `own`, which knows: whether all that may happen ends at the destination, having gone the
    // length of the new path.
    [[nodiscard]] bool arrives(topology::node_number own, topology::node_number to) {
        length_ = distances_[1][own][to];
        return goes(own, {topology::segment::to_node(to)}, 0, 1);
    }

private:
    // `stack` has what is on top at its end. `knows`: 0 and 1, or 2 for both.
    bool goes(topology::node_number at, topology::segments stack, topology::distance spent,
              int knows) {
        while (!stack.empty() && stack.back().kind == topology::segment_kind::node &&
               stack.back().node == at) {
            stack.pop_back();
        }
        if (stack.empty()) {
            return spent == length_;
        }
        if (spent > length_) {
            return false;
        }
        const topology::segment top = stack.back();
        if (top.kind == topology::segment_kind::adjacency) {
            stack.pop_back();
            return g_.from[top.number] == at && over(top.number, stack, spent);
        }
        for (const int side : {0, 1}) {
            if (knows != 2 && knows != side) {
                continue;
            }
            if (!goes_by(side, at, top.node, stack, spent)) {
                return false;
            }
        }
        return true;
    }
    bool goes_by(int side, topology::node_number at, topology::node_number to,
                 const topology::segments& stack, topology::distance spent) {
        if (side == 1 && !known_.empty() &&
            known_[at].by_node[to] != topology::pinned_paths::none) {
            const topology::repair& path = known_[at].paths[known_[at].by_node[to]];
            topology::segments longer = stack;
            longer.insert(longer.end(), path.segments.rbegin(), path.segments.rend());
            return over(path.out, longer, spent);
        }
        const topology::plane& view = *views_[side];
        const matrix& d = distances_[side];
        bool any = false;
        for (topology::link_number l = g_.first[at]; l < g_.first[at + 1]; ++l) {
            const topology::node_number next = g_.to[l];
            if (view.costs[l] == topology::unusable || d[next][to] == topology::unreachable ||
                (next != to && view.no_transit[next] != 0) ||
                view.costs[l] + d[next][to] != d[at][to]) {
                continue;
            }
            any = true;
            if (!over(l, stack, spent)) {
                return false;
            }
        }
        return any;
    }
    bool over(topology::link_number l, const topology::segments& stack, topology::distance spent) {
        return views_[1]->costs[l] != topology::unusable &&
               goes(g_.to[l], stack, spent + views_[1]->costs[l], 2);
    }

    const topology::graph& g_;
    const topology::plane* views_[2];
    matrix distances_[2];
    topology::microloop_avoider avoider_;
    std::vector<topology::pinned_paths> known_;
    topology::distance length_ = 0;
};

}  // namespace rhumb::test

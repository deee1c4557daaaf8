#include "tests/support/repairs.hh"

#include <algorithm>
#include <map>

#include "controlplane/topology/spf.hh"

namespace rhumb::test {

namespace {

using namespace topology;

class one_link {
public:
    one_link(const topology::map& m, const plane& view, std::uint8_t algorithm, link_number l)
        : g_(m.graph()), view_(view), after_(view), algorithm_(algorithm), link_(l) {
        after_.costs[l] = unusable;
        if (g_.reverse[l] != nobody) {
            after_.costs[g_.reverse[l]] = unusable;
        }
        shortest_paths_from(g_, after_, g_.from[l], post_, memory_);
        shortest_paths_from(g_, view_, g_.from[l], own_, memory_);
        first_.compute(g_, view_, own_);
    }

    [[nodiscard]] link_repairs run() {
        link_repairs made;
        made.link = link_;
        made.by_node.assign(g_.node_count(), link_repairs::none);
        const std::size_t position = link_ - g_.first[g_.from[link_]];
        for (node_number d = 0; d < g_.node_count(); ++d) {
            const auto bits = first_.of(d);
            if (d == g_.from[link_] || !post_.reaches(d) ||
                (bits[position / 64] >> position % 64 & 1) == 0) {
                continue;
            }
            const repair r = repair_to(d);
            const auto known = std::find(made.repairs.begin(), made.repairs.end(), r);
            made.by_node[d] = static_cast<std::uint32_t>(known - made.repairs.begin());
            if (known == made.repairs.end()) {
                made.repairs.push_back(r);
            }
        }
        return made;
    }

private:
    // Links of a post-convergence path.
    [[nodiscard]] std::vector<link_number> path_to(node_number d) const {
        std::vector<link_number> path;
        while (d != post_.root) {
            for (link_number l = g_.first[d]; l < g_.first[d + 1]; ++l) {
                const link_number in = g_.reverse[l];
                if (in == nobody || after_.costs[in] == unusable) {
                    continue;
                }
                const node_number before = g_.from[in];
                if (post_.reaches(before) &&
                    (after_.no_transit[before] == 0 || before == post_.root) &&
                    post_.distances[before] + after_.costs[in] == post_.distances[d]) {
                    path.push_back(in);
                    d = before;
                    break;
                }
            }
        }
        std::reverse(path.begin(), path.end());
        return path;
    }

    [[nodiscard]] const tree& from(node_number x) {
        const auto [at, is_new] = trees_.try_emplace(x);
        if (is_new) {
            shortest_paths_from(g_, view_, x, at->second, memory_);
        }
        return at->second;
    }

    // Whether no shortest path from x to y uses the link, in either direction.
    [[nodiscard]] bool is_safe(node_number x, node_number y) {
        for (const link_number l : {link_, g_.reverse[link_]}) {
            const distance to = from(x).distances[g_.from[l]];
            const distance on = from(g_.to[l]).distances[y];
            if (to != unreachable && on != unreachable && view_.costs[l] != unusable &&
                to + view_.costs[l] + on == from(x).distances[y]) {
                return false;
            }
        }
        return true;
    }

    [[nodiscard]] repair repair_to(node_number d) {
        const std::vector<link_number> path = path_to(d);
        repair r;
        r.out = path.front();
        std::size_t at = 1;  // links of the path that are behind
        const auto node = [&](std::size_t n) { return g_.to[path[n - 1]]; };
        while (node(at) != d && !is_safe(node(at), d)) {
            std::size_t far = path.size() - 1;
            while (far > at && !is_safe(node(at), node(far))) {
                --far;
            }
            if (far > at) {
                r.segments.push_back(segment::to_node(node(far), algorithm_));
                at = far;
            } else {
                r.segments.push_back(segment::over_link(g_, path[at]));
                ++at;
            }
        }
        r.end = node(at);
        r.at_destination = node(at) == d;
        return r;
    }

    const graph& g_;
    const plane& view_;
    plane after_;
    std::uint8_t algorithm_;
    link_number link_;
    tree post_;
    tree own_;
    first_hops first_;
    std::map<node_number, tree> trees_;
    spf_workspace memory_;
};

}  // namespace

std::vector<link_repairs> repairs_for(const topology::map& m, const plane& view,
                                      std::uint8_t algorithm, node_number own) {
    const graph& g = m.graph();
    std::vector<link_repairs> all;
    for (link_number l = g.first[own]; l < g.first[own + 1]; ++l) {
        if (view.costs[l] != unusable) {
            all.push_back(one_link(m, view, algorithm, l).run());
        }
    }
    return all;
}

}  // namespace rhumb::test

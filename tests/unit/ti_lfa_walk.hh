// Repairs followed through a small network by definition: distances by Floyd-Warshall, packets over
// all equal-cost branches of what routers knew before the failure, and all lists of segments that
// would do. Nothing of this is shared with the code that is tested. Threads: any.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/ti_lfa.hh"
#include "tests/support/dice.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::test {

using matrix = std::vector<std::vector<topology::distance>>;

inline matrix all_distances(const topology::graph& g, const topology::plane& view) {
    const std::size_t n = g.node_count();
    matrix d(n, std::vector<topology::distance>(n, topology::unreachable));
    for (std::size_t a = 0; a < n; ++a) {
        d[a][a] = 0;
    }
    for (topology::link_number l = 0; l < g.link_count(); ++l) {
        if (view.costs[l] != topology::unusable) {
            topology::distance& known = d[g.from[l]][g.to[l]];
            known = std::min<topology::distance>(known, view.costs[l]);
        }
    }
    for (std::size_t k = 0; k < n; ++k) {
        for (std::size_t a = 0; a < n && view.no_transit[k] == 0; ++a) {
            for (std::size_t b = 0; b < n; ++b) {
                if (d[a][k] != topology::unreachable && d[k][b] != topology::unreachable) {
                    d[a][b] = std::min(d[a][b], d[a][k] + d[k][b]);
                }
            }
        }
    }
    return d;
}

// What fails: links by number, and a node or nobody.
struct broken {
    std::set<topology::link_number> links;
    topology::node_number node = topology::nobody;
};

inline broken break_link(const topology::map& m, topology::link_number l,
                         topology::protection what) {
    using topology::protection;
    const topology::graph& g = m.graph();
    broken made;
    const auto add = [&](topology::link_number x) {
        made.links.insert(x);
        if (g.reverse[x] != topology::nobody) {
            made.links.insert(g.reverse[x]);
        }
    };
    add(l);
    const bool with_node = what == protection::node || what == protection::node_and_srlg;
    const bool with_srlg = what == protection::srlg || what == protection::node_and_srlg;
    if (with_node) {
        made.node = g.to[l];
    }
    for (topology::link_number x = 0; x < g.link_count(); ++x) {
        if (m.said_of(x) == nullptr) {
            continue;
        }
        const auto& own = m.said_of(l)->srlgs;
        const auto& others = m.said_of(x)->srlgs;
        const bool shares = std::any_of(own.begin(), own.end(), [&](std::uint32_t s) {
            return std::find(others.begin(), others.end(), s) != others.end();
        });
        if ((with_srlg && shares) ||
            (with_node && (g.from[x] == made.node || g.to[x] == made.node))) {
            add(x);
        }
    }
    return made;
}

class repair_walk {
public:
    repair_walk(const topology::map& m, const topology::plane& view)
        : g_(m.graph()), view_(view), before_(all_distances(m.graph(), view)) {}

    void fail(broken what) {
        broken_ = std::move(what);
        topology::plane rest = view_;
        for (const topology::link_number l : broken_.links) {
            rest.costs[l] = topology::unusable;
        }
        after_ = all_distances(g_, rest);
    }
    [[nodiscard]] const matrix& before() const { return before_; }
    [[nodiscard]] const matrix& after() const { return after_; }

    [[nodiscard]] bool is_first_hop(topology::link_number l, topology::node_number to) const {
        return is_next(l, to) && g_.from[l] != to;
    }

    // Whether packets at x for the SID of y arrive over all branches and meet nothing that failed.
    [[nodiscard]] bool arrives(topology::node_number x, topology::node_number y) const {
        if (x == y) {
            return true;
        }
        if (before_[x][y] == topology::unreachable) {
            return false;
        }
        for (topology::link_number l = g_.first[x]; l < g_.first[x + 1]; ++l) {
            if (is_next(l, y) && (broken_.links.contains(l) || !arrives(g_.to[l], y))) {
                return false;
            }
        }
        return true;
    }

    // What is wrong with a repair; empty: nothing.
    [[nodiscard]] std::string wrong(const topology::repair& r, topology::node_number own,
                                    topology::node_number to) const {
        if (r.out == topology::nobody || g_.from[r.out] != own || broken_.links.contains(r.out)) {
            return "leaves over a link that fails, or is another's";
        }
        topology::distance length = view_.costs[r.out];
        topology::node_number at = g_.to[r.out];
        for (const topology::segment& s : r.segments) {
            if (view_.no_transit[at] != 0) {
                return "goes through a node that is overloaded";
            }
            if (s.kind == topology::segment_kind::adjacency) {
                if (s.node != at || g_.from[s.number] != at || broken_.links.contains(s.number) ||
                    view_.costs[s.number] == topology::unusable) {
                    return "has an adjacency that is not there";
                }
                length += view_.costs[s.number];
                at = g_.to[s.number];
            } else if (s.kind == topology::segment_kind::node) {
                if (at == s.node || !arrives(at, s.node)) {
                    return "has a node segment that does not arrive";
                }
                length += before_[at][s.node];
                at = s.node;
            } else {
                return "has a segment of another kind";
            }
        }
        if (at != r.end || r.at_destination != (at == to)) {
            return "does not end where it says";
        }
        if (at != to && view_.no_transit[at] != 0) {
            return "goes through a node that is overloaded";
        }
        if (!arrives(at, to)) {
            return "does not arrive from its end on";
        }
        return length + before_[at][to] == after_[own][to] ? "" : "is not the shortest path";
    }

    // The fewest segments, of lists up to `most`, by trying all.
    [[nodiscard]] std::optional<std::size_t> fewest(topology::node_number own,
                                                    topology::node_number to, std::size_t most,
                                                    const topology::ti_lfa_options& with) const {
        std::set<std::pair<topology::node_number, topology::distance>> now;
        for (topology::link_number l = g_.first[own]; l < g_.first[own + 1]; ++l) {
            if (view_.costs[l] != topology::unusable && !broken_.links.contains(l)) {
                now.emplace(g_.to[l], view_.costs[l]);
            }
        }
        for (std::size_t length = 0; length <= most; ++length) {
            std::set<std::pair<topology::node_number, topology::distance>> next;
            for (const auto& [at, spent] : now) {
                // No shortest path goes through a node that is overloaded, not even in part.
                if ((view_.no_transit[at] == 0 || at == to) && arrives(at, to) &&
                    spent + before_[at][to] == after_[own][to]) {
                    return length;
                }
                if (view_.no_transit[at] == 0) {
                    add_ends(at, spent, with, next);
                }
            }
            now = std::move(next);
        }
        return std::nullopt;
    }

private:
    [[nodiscard]] bool is_next(topology::link_number l, topology::node_number to) const {
        const topology::node_number next = g_.to[l];
        return view_.costs[l] != topology::unusable && before_[next][to] != topology::unreachable &&
               (next == to || view_.no_transit[next] == 0) &&
               view_.costs[l] + before_[next][to] == before_[g_.from[l]][to];
    }
    void add_ends(topology::node_number at, topology::distance spent,
                  const topology::ti_lfa_options& with,
                  std::set<std::pair<topology::node_number, topology::distance>>& ends) const {
        for (topology::node_number y = 0; y < g_.node_count(); ++y) {
            if (y != at && (with.has_node_sid.empty() || with.has_node_sid[y] != 0) &&
                arrives(at, y)) {
                ends.emplace(y, spent + before_[at][y]);
            }
        }
        for (topology::link_number l = g_.first[at]; l < g_.first[at + 1]; ++l) {
            if (view_.costs[l] != topology::unusable && !broken_.links.contains(l) &&
                (with.has_adjacency_sid.empty() || with.has_adjacency_sid[l] != 0)) {
                ends.emplace(g_.to[l], spent + view_.costs[l]);
            }
        }
    }

    const topology::graph& g_;
    const topology::plane& view_;
    matrix before_;
    matrix after_;
    broken broken_;
};

// Small networks: a tree and further links.
struct small_kind {
    std::uint32_t nodes = 6;
    std::uint32_t links = 10;
    topology::cost max_cost = 3;
    bool asymmetric = false;
    bool parallel = false;
    std::uint32_t srlgs = 0;  // of so many numbers each link has up to two
    bool overload = false;
};

inline std::vector<topology::advertisement> make_small_network(const small_kind& kind, dice& roll) {
    std::vector<edge> edges;
    const auto add = [&](std::uint32_t a, std::uint32_t b) {
        edge e{"n" + std::to_string(a), "n" + std::to_string(b)};
        e.there = 1 + roll() % kind.max_cost;
        e.back = kind.asymmetric ? 1 + roll() % kind.max_cost : e.there;
        for (std::uint32_t i = 0; kind.srlgs != 0 && i < roll() % 3; ++i) {
            e.srlgs.push_back(1 + roll() % kind.srlgs);
        }
        edges.push_back(std::move(e));
    };
    std::set<std::pair<std::uint32_t, std::uint32_t>> joined;
    for (std::uint32_t n = 1; n < kind.nodes; ++n) {
        const std::uint32_t other = roll() % n;
        joined.emplace(other, n);
        add(other, n);
    }
    for (std::uint32_t tries = 0; edges.size() < kind.links && tries < 100; ++tries) {
        const std::uint32_t a = roll() % kind.nodes;
        const std::uint32_t b = roll() % kind.nodes;
        if (a != b && (joined.insert(std::minmax(a, b)).second || kind.parallel)) {
            add(a, b);
        }
    }
    auto said = make_advertisements(edges);
    for (topology::advertisement& a : said) {
        a.overload = kind.overload && roll() % 5 == 0;
    }
    return said;
}

}  // namespace rhumb::test

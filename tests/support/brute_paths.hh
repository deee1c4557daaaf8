// Small networks with everything that paths have to heed, and what is true of their paths by
// looking at all of them: what tests compare cleverer code with.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/paths/cspf.hh"
#include "controlplane/topology/map.hh"
#include "tests/support/dice.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::test {

struct small_network {
    std::uint32_t nodes = 6;
    std::uint32_t links = 10;
    topology::cost max_cost = 3;  // small: many equal-cost branches
    bool asymmetric = true;
    bool parallel = true;   // else two nodes have one link at most
    bool overload = false;  // of some nodes
};

// A tree and further links, with affinities, SRLGs, delays, TE metrics, and bandwidth; some links
// lack the latter three.
inline std::vector<topology::advertisement> make_small(const small_network& size, dice& roll) {
    std::vector<edge> edges;
    const auto add = [&](std::uint32_t a, std::uint32_t b) {
        edge e{"n" + std::to_string(a), "n" + std::to_string(b)};
        e.there = 1 + roll() % size.max_cost;
        e.back = size.asymmetric ? 1 + roll() % size.max_cost : e.there;
        e.affinities = roll() % 8;
        if (roll() % 3 != 0) {
            e.srlgs.push_back(1 + roll() % 6);
        }
        e.delay = roll() % 10 == 0 ? 0 : 1 + roll() % 9;
        e.te_metric = roll() % 10 == 0 ? 0 : 1 + roll() % 5;
        edges.push_back(e);
    };
    for (std::uint32_t n = 1; n < size.nodes; ++n) {
        add(roll() % n, n);
    }
    for (std::uint32_t tries = 0; edges.size() < size.links && tries < 100; ++tries) {
        const std::uint32_t a = roll() % size.nodes;
        const std::uint32_t b = roll() % size.nodes;
        const auto joins = [&](const edge& e) {
            const std::string x = "n" + std::to_string(a);
            const std::string y = "n" + std::to_string(b);
            return (e.a == x && e.b == y) || (e.a == y && e.b == x);
        };
        if (a != b && (size.parallel || std::none_of(edges.begin(), edges.end(), joins))) {
            add(a, b);
        }
    }
    auto said = make_advertisements(edges);
    for (topology::advertisement& a : said) {
        a.overload = size.overload && roll() % 6 == 0;
        for (topology::link& l : a.links) {
            l.bandwidth = roll() % 10 == 0 ? 0 : 10 * (1 + roll() % 4);
        }
    }
    return said;
}

// All paths without loops over links that `usable` lets pass, in no order.
template <class F>
std::vector<std::vector<topology::link_number>> all_paths(const topology::graph& g,
                                                          topology::node_number from,
                                                          topology::node_number to,
                                                          const F& usable) {
    std::vector<std::vector<topology::link_number>> found;
    std::vector<topology::link_number> links;
    std::vector<bool> seen(g.node_count());
    const auto go = [&](const auto& again, topology::node_number at) -> void {
        if (at == to) {
            found.push_back(links);
            return;
        }
        if (at != from && g.no_transit[at] != 0) {
            return;
        }
        seen[at] = true;
        for (topology::link_number l = g.first[at]; l < g.first[at + 1]; ++l) {
            if (g.reverse[l] != topology::nobody && !seen[g.to[l]] && usable(l)) {
                links.push_back(l);
                again(again, g.to[l]);
                links.pop_back();
            }
        }
        seen[at] = false;
    };
    go(go, from);
    return found;
}

// Whether a link may be used, by the words of constraints.hh.
inline bool may_use(const topology::map& m, const paths::constraints& c, topology::link_number l) {
    const topology::graph& g = m.graph();
    const topology::link& said = *m.said_of(l);
    const auto has = [](const auto& list, auto x) {
        return std::find(list.begin(), list.end(), x) != list.end();
    };
    const bool metric_known = (c.metric == topology::metric_type::igp) ||
                              (c.metric == topology::metric_type::delay && said.delay != 0) ||
                              (c.metric == topology::metric_type::te && said.te_metric != 0);
    const bool srlg_free =
        std::none_of(said.srlgs.begin(), said.srlgs.end(),
                     [&](std::uint32_t srlg) { return has(c.exclude_srlgs, srlg); });
    return metric_known && srlg_free && (said.affinities & c.exclude_any) == 0 &&
           (c.include_any == 0 || (said.affinities & c.include_any) != 0) &&
           (said.affinities & c.include_all) == c.include_all && !has(c.exclude_links, l) &&
           !has(c.exclude_nodes, g.from[l]) && !has(c.exclude_nodes, g.to[l]) &&
           (c.bandwidth == 0 || said.bandwidth >= c.bandwidth) &&
           (c.max_delay == topology::unreachable || said.delay != 0);
}

inline paths::path measured(const topology::map& m, topology::metric_type metric,
                            std::vector<topology::link_number> links) {
    paths::path p;
    for (const topology::link_number l : links) {
        const topology::link& said = *m.said_of(l);
        p.delay += said.delay;
        p.metric += metric == topology::metric_type::igp     ? said.metric
                    : metric == topology::metric_type::delay ? said.delay
                                                             : said.te_metric;
    }
    p.links = std::move(links);
    return p;
}

// All paths within the constraints, waypoints aside, nearest first.
inline std::vector<paths::path> all_within(const topology::map& m, topology::node_number from,
                                           topology::node_number to, const paths::constraints& c) {
    std::vector<paths::path> found;
    for (auto& links : all_paths(m.graph(), from, to, [&](auto l) { return may_use(m, c, l); })) {
        paths::path p = measured(m, c.metric, std::move(links));
        if (p.metric <= c.max_metric && p.delay <= c.max_delay && p.links.size() <= c.max_hops) {
            found.push_back(std::move(p));
        }
    }
    std::sort(found.begin(), found.end(), paths::nearer);
    return found;
}

// Constraints of any kind, each of them now and then.
inline paths::constraints random_constraints(const topology::map& m, dice& roll) {
    paths::constraints c;
    c.metric = static_cast<topology::metric_type>(roll() % 3);
    const auto now_and_then = [&](std::uint32_t n) { return roll() % n == 0; };
    const auto nodes = static_cast<std::uint32_t>(m.node_count());
    const auto links = static_cast<std::uint32_t>(m.graph().link_count());
    c.exclude_any = now_and_then(4) ? 1U << roll() % 3 : 0;
    c.include_any = now_and_then(4) ? roll() % 8 : 0;
    c.include_all = now_and_then(6) ? 1U << roll() % 3 : 0;
    if (now_and_then(5)) {
        c.exclude_nodes.push_back(roll() % nodes);
    }
    if (now_and_then(4)) {
        c.exclude_links = {roll() % links, roll() % links};
    }
    if (now_and_then(4)) {
        c.exclude_srlgs.push_back(1 + roll() % 6);
    }
    c.bandwidth = now_and_then(4) ? 10 + 10 * (roll() % 3) : 0;
    c.max_metric = now_and_then(4) ? 1 + roll() % 12 : topology::unreachable;
    c.max_delay = now_and_then(2) ? 1 + roll() % 30 : topology::unreachable;
    c.max_hops = now_and_then(3) ? 1 + roll() % 5 : 0xffffffff;
    return c;
}

}  // namespace rhumb::test

#include "controlplane/paths/disjoint.hh"

#include <algorithm>
#include <tuple>

#include "controlplane/paths/disjoint_branches.hh"
#include "controlplane/paths/disjoint_flow.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;

namespace {

template <class T>
std::vector<T> in_both(std::vector<T> a, std::vector<T> b) {
    for (std::vector<T>* const v : {&a, &b}) {
        std::sort(v->begin(), v->end());
        v->erase(std::unique(v->begin(), v->end()), v->end());
    }
    std::vector<T> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
}

std::vector<node_number> nodes_of(const topology::graph& g, const path& p) {
    std::vector<node_number> nodes{g.from[p.links.front()]};
    nodes.reserve(p.links.size() + 1);
    for (const link_number l : p.links) {
        nodes.push_back(g.to[l]);
    }
    return nodes;
}

std::vector<std::uint32_t> srlgs_of(const topology::map& m, const path& p) {
    std::vector<std::uint32_t> srlgs;
    for (const link_number l : p.links) {
        if (const topology::link* const said = m.said_of(l)) {
            srlgs.insert(srlgs.end(), said->srlgs.begin(), said->srlgs.end());
        }
    }
    return srlgs;
}

// A link and its reverse are one thing that fails: it goes by the lower of their numbers.
std::vector<link_number> undirected(const topology::graph& g, const path& p) {
    std::vector<link_number> links;
    links.reserve(p.links.size());
    for (const link_number l : p.links) {
        links.push_back(std::min(l, g.reverse[l]));
    }
    return links;
}

std::optional<no_path> refuse(const topology::map& m, std::span<const node_number> from,
                              std::span<const node_number> to, const constraints& limits) {
    if (from.empty() || to.empty() || from.size() > 2 || to.size() > 2) {
        return no_path{no_path_reason::no_such_node, "a pair has one or two nodes at each end"};
    }
    std::vector<node_number> all(from.begin(), from.end());
    all.insert(all.end(), to.begin(), to.end());
    std::sort(all.begin(), all.end());
    if (all.back() >= m.graph().node_count()) {
        return no_path{no_path_reason::no_such_node, "an end is not on the map"};
    }
    if (std::adjacent_find(all.begin(), all.end()) != all.end()) {
        return no_path{no_path_reason::no_such_node, "the ends of a pair are different nodes"};
    }
    if (limits.has_waypoints()) {
        return no_path{no_path_reason::no_such_node, "pairs of paths have no waypoints"};
    }
    return std::nullopt;
}

// Which end cannot be reached, where there are not even two paths that share everything.
no_path why_no_two(const topology::map& m, std::span<const node_number> from,
                   std::span<const node_number> to, const constraints& limits,
                   const topology::plane& view, const bandwidth_pool& pool) {
    const node_set all_ends(to.begin(), to.end());
    for (const node_number f : from) {
        if (!is_connected(m.graph(), view, {f, {}, all_ends})) {
            return why_none(m, {f, {}, all_ends}, limits, pool);
        }
    }
    for (const node_number t : to) {
        const bool reached = std::any_of(from.begin(), from.end(), [&](node_number f) {
            return is_connected(m.graph(), view, {f, {}, {t}});
        });
        if (!reached) {
            return why_none(m, {from.front(), {}, {t}}, limits, pool);
        }
    }
    return {no_path_reason::disjoint, "no two paths have ends of their own"};
}

}  // namespace

shared_risks shared_by(const topology::map& m, const path& a, const path& b, disjointness kind) {
    const topology::graph& g = m.graph();
    shared_risks shared;
    if (a.links.empty() || b.links.empty()) {
        return shared;
    }
    shared.links = in_both(undirected(g, a), undirected(g, b));
    if (kind == disjointness::nodes || kind == disjointness::nodes_and_srlgs) {
        const auto nodes_a = nodes_of(g, a);
        const auto nodes_b = nodes_of(g, b);
        shared.nodes = in_both(nodes_a, nodes_b);
        std::erase_if(shared.nodes, [&](node_number n) {
            return (n == nodes_a.front() && n == nodes_b.front()) ||
                   (n == nodes_a.back() && n == nodes_b.back());
        });
    }
    if (kind == disjointness::srlgs || kind == disjointness::nodes_and_srlgs) {
        shared.srlgs = in_both(srlgs_of(m, a), srlgs_of(m, b));
    }
    return shared;
}

pair_result disjoint_pair(const topology::map& m, std::span<const node_number> from,
                          std::span<const node_number> to, const constraints& limits,
                          const disjoint_options& options, const reservations* reserved,
                          owner_id owner) {
    if (auto why = refuse(m, from, to, limits)) {
        return *std::move(why);
    }
    const topology::graph& g = m.graph();
    const bandwidth_pool pool{reserved, owner};
    const topology::plane view = prune(m, limits, pool);
    const bool by_nodes =
        options.kind == disjointness::nodes || options.kind == disjointness::nodes_and_srlgs;
    auto flow = two_paths(g, view, from, to, by_nodes);
    if (!flow) {
        return why_no_two(m, from, to, limits, view, pool);
    }
    path_pair pair;
    pair.first = make_path(g, limits.metric, std::move(flow->first));
    pair.second = make_path(g, limits.metric, std::move(flow->second));
    if (from.size() == 1 && nearer(pair.second, pair.first)) {
        std::swap(pair.first, pair.second);
    }
    pair.shared = shared_by(m, pair.first, pair.second, options.kind);
    const bool apart = pair.shared.links.empty() && pair.shared.nodes.empty();
    const pair_search search{m, from, to, limits, options, pool};
    const bool straight = search.is_straight(pair.first);
    pair.disjoint = apart && straight && pair.shared.srlgs.empty();
    const bool keeps = straight && within(pair.first, limits) && within(pair.second, limits);
    // What holds of links and nodes holds all the more with SRLGs and bounds.
    pair.proven = !apart || (pair.disjoint && keeps);
    const bool simple = options.kind == disjointness::links || options.kind == disjointness::nodes;
    pair.least_shared = keeps && (pair.disjoint || (!apart && simple));
    if (!pair.proven) {
        pair = search.disjoint(pair, keeps);
    }
    if (!pair.disjoint && !options.or_least_shared) {
        return pair.proven ? no_path{no_path_reason::disjoint,
                                     "there are paths, but no two that share nothing"}
                           : gave_up("no two paths that share nothing have been found so far");
    }
    if (!pair.disjoint && !pair.least_shared) {
        return search.least_shared(pair);
    }
    return pair;
}

}  // namespace rhumb::paths

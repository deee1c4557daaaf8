#include "controlplane/topology/ti_lfa_spaces.hh"

#include <algorithm>
#include <optional>
#include <span>

namespace rhumb::topology {

namespace {

enum class direction : std::uint8_t { from_root, to_root };

// Nodes on whose side of a tree no shortest path meets the failure.
std::vector<node_number> untouched(const graph& g, const plane& view, const tree& all,
                                   const failure& what, direction which) {
    std::vector<std::uint8_t> touched(g.node_count(), 0);
    std::vector<node_number> rest;
    for (const node_number node : all.order) {
        touched[node] |= node == what.node ? 1 : 0;
        if (touched[node] == 0) {
            rest.push_back(node);
        }
        if (view.no_transit[node] != 0 && node != all.root) {
            continue;
        }
        for (link_number out = g.first[node]; out < g.first[node + 1]; ++out) {
            const link_number l = which == direction::from_root ? out : g.reverse[out];
            const node_number next = g.to[out];
            if (l == nobody || view.costs[l] == unusable ||
                all.distances[node] + view.costs[l] != all.distances[next]) {
                continue;
            }
            if (touched[node] != 0 || std::binary_search(what.links.begin(), what.links.end(), l)) {
                touched[next] = 1;
            }
        }
    }
    std::sort(rest.begin(), rest.end());
    return rest;
}

}  // namespace

std::vector<node_number> p_space(const graph& g, const plane& view, node_number root,
                                 const failure& what) {
    tree all;
    spf_workspace memory;
    shortest_paths_from(g, view, root, all, memory);
    return untouched(g, view, all, what, direction::from_root);
}

std::vector<node_number> q_space(const graph& g, const plane& view, node_number destination,
                                 const failure& what) {
    tree all;
    spf_workspace memory;
    shortest_paths_to(g, view, destination, all, memory);
    return untouched(g, view, all, what, direction::to_root);
}

namespace {

// Adds a shortest path, by the lowest links.
void add_path(const graph& g, const plane& view, node_number from, node_number to,
              std::vector<link_number>& path) {
    tree all;
    spf_workspace memory;
    shortest_paths_to(g, view, to, all, memory);
    while (from != to && all.reaches(from)) {
        for (link_number l = g.first[from]; l < g.first[from + 1]; ++l) {
            const node_number next = g.to[l];
            if (view.costs[l] != unusable && all.reaches(next) &&
                (view.no_transit[next] == 0 || next == to) &&
                all.distances[next] + view.costs[l] == all.distances[from]) {
                path.push_back(l);
                from = next;
                break;
            }
        }
    }
}

std::optional<repair> repair_for(const map& m, const plane& view, std::uint8_t algorithm,
                                 link_number l, node_number destination,
                                 const ti_lfa_options& options) {
    repair_computer computer;
    const auto all = computer.compute(m, view, algorithm, m.graph().from[l], options);
    for (const link_repairs& of : all) {
        if (of.link == l && of.by_node[destination] != link_repairs::none) {
            return of.repairs[of.by_node[destination]];
        }
    }
    return std::nullopt;
}

void describe(const graph& g, const plane& view, node_number destination, const repair& r,
              repair_explanation& made) {
    made.segments = r.segments.size();
    made.path = {r.out};
    node_number at = g.to[r.out];
    for (const segment& s : r.segments) {
        if (s.kind == segment_kind::adjacency) {
            made.path.push_back(s.number);
            at = g.to[s.number];
        } else {
            add_path(g, view, at, s.node, made.path);
            at = s.node;
        }
    }
    add_path(g, view, at, destination, made.path);
}

// Of a repair that there is not: what stands in its way.
repair_outcome why_none(const map& m, const plane& view, std::uint8_t algorithm, link_number l,
                        node_number destination, ti_lfa_options options,
                        std::optional<repair>& unlimited) {
    const failure what = failure_of(m, view, l, options.protects);
    if (options.max_srlg_links < what.links.size()) {
        options.max_srlg_links = what.links.size();
        unlimited = repair_for(m, view, algorithm, l, destination, options);
        if (unlimited) {
            return repair_outcome::srlg_too_large;
        }
    }
    options.max_segments = m.graph().link_count();
    unlimited = repair_for(m, view, algorithm, l, destination, options);
    if (unlimited) {
        return repair_outcome::too_many_segments;
    }
    options.has_node_sid.clear();
    options.has_adjacency_sid.clear();
    unlimited = repair_for(m, view, algorithm, l, destination, options);
    return unlimited ? repair_outcome::no_sids : repair_outcome::no_other_path;
}

}  // namespace

repair_explanation explain_repair(const map& m, const plane& view, std::uint8_t algorithm,
                                  link_number l, node_number destination,
                                  const ti_lfa_options& options) {
    const graph& g = m.graph();
    const node_number own = g.from[l];
    repair_explanation made;
    tree before;
    spf_workspace memory;
    first_hops hops;
    shortest_paths_from(g, view, own, before, memory);
    hops.compute(g, view, before);
    made.before = before.distances[destination];
    const std::size_t position = l - g.first[own];
    if ((hops.of(destination)[position / 64] >> (position % 64) & 1) == 0) {
        return made;
    }
    std::optional<repair> found = repair_for(m, view, algorithm, l, destination, options);
    made.achieved = found ? found->protects : options.protects;
    if (found) {
        made.outcome =
            found->protects == options.protects ? repair_outcome::repaired : repair_outcome::weaker;
    } else {
        made.outcome = why_none(m, view, algorithm, l, destination, options, found);
        made.achieved = found ? found->protects : options.protects;
    }
    made.what = failure_of(m, view, l, made.achieved);
    const failure& what = made.what;
    made.way = found;
    paths_without after;
    after.start(g, view, before);
    after.take_out(what);
    made.after = after.distances()[destination];
    made.p = p_space(g, view, own, what);
    made.q = q_space(g, view, destination, what);
    if (found) {
        describe(g, view, destination, *found, made);
        made.extended_p = p_space(g, view, g.to[found->out], what);
    }
    return made;
}

}  // namespace rhumb::topology

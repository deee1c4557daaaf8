#include "controlplane/paths/cspf.hh"

#include <algorithm>

#include "controlplane/paths/cspf_labels.hh"
#include "controlplane/topology/spf.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;

namespace {

path_result by_labels(const topology::map& m, const route& way, const topology::plane& view,
                      const constraints& limits, const bandwidth_pool& pool) {
    label_search search;
    search.prepare(m.graph(), view, way, limits);
    label_search::start from;
    from.at = search.first();
    std::vector<link_number> links;
    switch (search.run(from, links)) {
        case label_search::outcome::gave_up:
            return gave_up("too many ways come close to the bounds; wider ones may help");
        case label_search::outcome::none: return why_none(m, way, limits, pool);
        case label_search::outcome::found: break;
    }
    path found = make_path(m.graph(), limits.metric, std::move(links));
    if (!has_bandwidth(m, found, limits, pool)) {
        return gave_up("the way takes a link twice that has the bandwidth once");
    }
    return found;
}

}  // namespace

path_result shortest_path(const topology::map& m, const route& asked, const constraints& limits,
                          const reservations* reserved, owner_id owner) {
    const bandwidth_pool pool{reserved, owner};
    route way = asked;
    if (!add_via(m, limits, way)) {
        return no_path{no_path_reason::no_such_node, "a node of the route is not on the map"};
    }
    const topology::plane view = prune(m, limits, pool);
    if (way.through.empty()) {
        shortest_tree tree;
        shortest_tree_from(m.graph(), view, way.from, way.to, tree);
        const node_number end = tree.nearest(way.to);
        if (end == topology::nobody) {
            return why_none(m, way, limits, pool);
        }
        path found = make_path(m.graph(), limits.metric, tree.links_to(m.graph(), end));
        if (within(found, limits)) {
            return found;
        }
    }
    return by_labels(m, way, view, limits, pool);
}

path_result shortest_path(const topology::map& m, node_number from, node_number to,
                          const constraints& limits, const reservations* reserved, owner_id owner) {
    return shortest_path(m, route{from, {}, {to}}, limits, reserved, owner);
}

std::vector<link_number> equal_cost_links(const topology::map& m, node_number from, node_number to,
                                          const constraints& limits, const reservations* reserved,
                                          owner_id owner) {
    std::vector<link_number> links;
    const topology::graph& g = m.graph();
    if (from >= g.node_count() || to >= g.node_count()) {
        return links;
    }
    const topology::plane view = prune(m, limits, {reserved, owner});
    topology::tree toward;
    topology::spf_workspace memory;
    topology::shortest_paths_to(g, view, to, toward, memory);
    if (!toward.reaches(from)) {
        return links;
    }
    std::vector<std::uint8_t> seen(g.node_count());
    node_set queue{from};
    seen[from] = 1;
    for (std::size_t i = 0; i < queue.size(); ++i) {
        const node_number node = queue[i];
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            const node_number next = g.to[l];
            // Who lets nothing through has a distance, but as a beginning only.
            if (view.costs[l] == topology::unusable || !toward.reaches(next) ||
                (view.no_transit[next] != 0 && next != to) ||
                view.costs[l] + toward.distances[next] != toward.distances[node]) {
                continue;
            }
            links.push_back(l);
            if (seen[next] == 0) {
                seen[next] = 1;
                queue.push_back(next);
            }
        }
    }
    std::sort(links.begin(), links.end());
    return links;
}

void path_finder::update(const topology::map& m) {
    const bool renumbered = m.renumberings() != renumberings_;
    renumberings_ = m.renumberings();
    nodes_ = m.node_count();
    if (renumbered) {
        // Links that constraints name are others now.
        computed_before_ = computed();
        kinds_.clear();
    }
    for (kind& k : kinds_) {
        k.trees.update(m.graph(), prune(m, k.limits, {}), false);
        for (auto& [last, trees] : k.partial) {
            trees.update(m.graph(), prune(m, k.limits, {}, last), false);
        }
    }
}

std::uint64_t path_finder::computed() const {
    std::uint64_t sum = computed_before_;
    for (const kind& k : kinds_) {
        sum += k.trees.computed();
    }
    return sum;
}

// What why_none would say, from trees that are remembered.
no_path path_finder::why_not(const topology::map& m, const route& way, kind& k) {
    rule last = rule::link;
    for (const rule r : all_rules) {
        last = says_something(r, k.limits) ? r : last;
    }
    for (const rule r : all_rules) {
        if (r == last) {
            break;  // all rules leave nothing, so if those before do, it is this one
        }
        if (!says_something(r, k.limits)) {
            continue;
        }
        const auto [at, is_new] = k.partial.try_emplace(r);
        if (is_new) {
            at->second.update(m.graph(), prune(m, k.limits, {}, r), true);
        }
        if (at->second.from(m.graph(), way.from, way.to).nearest(way.to) == topology::nobody) {
            return explain(m, way, k.limits, r);
        }
    }
    return explain(m, way, k.limits, last);
}

path_result path_finder::find(const topology::map& m, node_number from,
                              std::span<const node_number> to, const constraints& limits,
                              const reservations* reserved, owner_id owner) {
    const topology::graph& g = m.graph();
    route way{from, {}, {to.begin(), to.end()}};
    const auto known = [&](node_number node) { return node < g.node_count(); };
    // Nor can it remember anything of a map that has grown behind its back.
    const bool is_current = renumberings_ == m.renumberings() && nodes_ == g.node_count();
    if (!is_current || limits.bandwidth != 0 || limits.has_waypoints() || to.empty() ||
        !known(from) || !std::all_of(to.begin(), to.end(), known)) {
        return shortest_path(m, way, limits, reserved, owner);
    }
    // The bound on delay leaves out links whose delay is not known: that is a kind of its own.
    constraints key = limits;
    key.max_metric = topology::unreachable;
    key.max_hops = 0xffffffff;
    key.max_delay =
        limits.max_delay == topology::unreachable ? limits.max_delay : topology::unreachable - 1;
    auto at =
        std::find_if(kinds_.begin(), kinds_.end(), [&](const kind& k) { return k.limits == key; });
    if (at == kinds_.end()) {
        if (kinds_.size() == max_kinds) {
            computed_before_ = computed();
            kinds_.clear();
        }
        kinds_.push_back({key, tree_cache(), {}});
        kinds_.back().trees.update(m.graph(), prune(m, key, {}), true);
        at = kinds_.end() - 1;
    }
    const shortest_tree& tree = at->trees.from(g, from, to);
    const node_number end = tree.nearest(to);
    if (end == topology::nobody) {
        return why_not(m, way, *at);
    }
    path found = make_path(g, limits.metric, tree.links_to(g, end));
    if (within(found, limits)) {
        return found;
    }
    return by_labels(m, way, at->trees.view(), limits, {reserved, owner});
}

}  // namespace rhumb::paths

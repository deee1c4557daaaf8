#include "controlplane/paths/cspf_space.hh"

#include <algorithm>

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;
using topology::unusable;

namespace {

void exclude(const topology::map& m, const constraints& limits, topology::plane& view) {
    const topology::graph& g = m.graph();
    for (const node_number node : limits.exclude_nodes) {
        if (node >= g.node_count()) {
            continue;
        }
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            view.costs[l] = unusable;
            if (g.reverse[l] != topology::nobody) {
                view.costs[g.reverse[l]] = unusable;
            }
        }
    }
    for (const link_number l : limits.exclude_links) {
        if (l < view.costs.size()) {
            view.costs[l] = unusable;
        }
    }
    for (const std::uint32_t srlg : limits.exclude_srlgs) {
        for (const link_number l : m.links_with_srlg(srlg)) {
            view.costs[l] = unusable;
        }
    }
}

void exclude_affinities(const topology::graph& g, const constraints& limits,
                        topology::plane& view) {
    if (limits.exclude_any == 0 && limits.include_any == 0 && limits.include_all == 0) {
        return;
    }
    for (link_number l = 0; l < g.link_count(); ++l) {
        const topology::affinity_set has = g.affinities[l];
        if ((has & limits.exclude_any) != 0 ||
            (limits.include_any != 0 && (has & limits.include_any) == 0) ||
            (has & limits.include_all) != limits.include_all) {
            view.costs[l] = unusable;
        }
    }
}

std::uint64_t free_on(const topology::map& m, const bandwidth_pool& pool, link_number l) {
    return pool.reserved != nullptr ? pool.reserved->available(l, pool.owner)
                                    : m.said_of(l)->bandwidth;
}

void exclude_full(const topology::map& m, const constraints& limits, const bandwidth_pool& pool,
                  topology::plane& view) {
    if (limits.bandwidth == 0) {
        return;
    }
    for (link_number l = 0; l < view.costs.size(); ++l) {
        if (view.costs[l] == unusable) {
            continue;
        }
        if (free_on(m, pool, l) < limits.bandwidth) {
            view.costs[l] = unusable;
        }
    }
}

}  // namespace

topology::plane prune(const topology::map& m, const constraints& limits, const bandwidth_pool& pool,
                      rule last) {
    const topology::graph& g = m.graph();
    const auto metric = last < rule::metric ? topology::metric_type::igp : limits.metric;
    topology::plane view{g.costs(metric), g.no_transit};
    if (last >= rule::exclusions) {
        exclude(m, limits, view);
    }
    if (last >= rule::affinities) {
        exclude_affinities(g, limits, view);
    }
    if (last >= rule::bandwidth) {
        exclude_full(m, limits, pool, view);
    }
    // A sum of which a part is not known cannot be held against a bound.
    if (last >= rule::known_delay && limits.max_delay != topology::unreachable) {
        const auto& delays = g.costs(topology::metric_type::delay);
        for (link_number l = 0; l < g.link_count(); ++l) {
            if (delays[l] == unusable) {
                view.costs[l] = unusable;
            }
        }
    }
    return view;
}

bool is_connected(const topology::graph& g, const topology::plane& view, const route& way) {
    node_set at{way.from};
    for (std::size_t leg = 0; leg <= way.through.size(); ++leg) {
        const bool last = leg == way.through.size();
        std::vector<std::uint8_t> seen(g.node_count());
        node_set next = at;
        for (const node_number node : next) {
            seen[node] = 1;
        }
        for (std::size_t i = 0; i < next.size(); ++i) {
            const node_number node = next[i];
            if (view.no_transit[node] != 0 && node != way.from) {
                continue;
            }
            for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
                if (view.costs[l] != unusable && seen[g.to[l]] == 0) {
                    seen[g.to[l]] = 1;
                    next.push_back(g.to[l]);
                }
            }
        }
        at.clear();
        for (const node_number node : last ? way.to : way.through[leg]) {
            if (seen[node] != 0) {
                at.push_back(node);
            }
        }
    }
    return !at.empty();
}

bool add_via(const topology::map& m, const constraints& limits, route& way) {
    std::vector<node_set> through;
    through.reserve(limits.via.size());
    for (const node_number node : limits.via) {
        through.push_back({node});
    }
    through.insert(through.end(), limits.through.begin(), limits.through.end());
    way.through.insert(way.through.begin(), through.begin(), through.end());
    const auto known = [&](node_number node) { return node < m.graph().node_count(); };
    const auto all_known = [&](const node_set& nodes) {
        return !nodes.empty() && std::all_of(nodes.begin(), nodes.end(), known);
    };
    return known(way.from) && all_known(way.to) &&
           std::all_of(way.through.begin(), way.through.end(), all_known);
}

path make_path(const topology::graph& g, topology::metric_type metric,
               std::vector<link_number> links) {
    path made;
    const auto add = [](topology::distance& sum, topology::cost c) {
        sum += c == unusable ? 0 : c;
    };
    for (const link_number l : links) {
        add(made.metric, g.costs(metric)[l]);
        add(made.delay, g.costs(topology::metric_type::delay)[l]);
    }
    made.links = std::move(links);
    return made;
}

bool within(const path& p, const constraints& limits) {
    return p.metric <= limits.max_metric && p.delay <= limits.max_delay &&
           p.links.size() <= limits.max_hops;
}

bool keeps_to(const topology::map& m, node_number from, node_number to,
              std::span<const link_number> links, const constraints& limits,
              const bandwidth_pool& pool) {
    const topology::graph& g = m.graph();
    const topology::plane view = prune(m, limits, pool);
    node_number at = from;
    route way{from, {}, {to}};
    if (!add_via(m, limits, way)) {
        return false;
    }
    std::size_t passed = 0;  // waypoints
    const auto pass = [&] {
        while (passed < way.through.size() &&
               std::find(way.through[passed].begin(), way.through[passed].end(), at) !=
                   way.through[passed].end()) {
            ++passed;
        }
    };
    pass();
    for (std::size_t i = 0; i < links.size(); ++i) {
        const link_number l = links[i];
        if (l >= g.link_count() || g.from[l] != at || view.costs[l] == unusable ||
            (i != 0 && view.no_transit[at] != 0)) {
            return false;
        }
        at = g.to[l];
        pass();
    }
    const path whole = make_path(g, limits.metric, {links.begin(), links.end()});
    return !links.empty() && at == to && passed == way.through.size() && within(whole, limits) &&
           has_bandwidth(m, whole, limits, pool);
}

bool has_bandwidth(const topology::map& m, const path& p, const constraints& limits,
                   const bandwidth_pool& pool) {
    if (limits.bandwidth == 0) {
        return true;
    }
    std::vector<link_number> links = p.links;
    std::sort(links.begin(), links.end());
    for (auto at = links.begin(); at != links.end();) {
        const auto next = std::upper_bound(at, links.end(), *at);
        if (free_on(m, pool, *at) / static_cast<std::uint64_t>(next - at) < limits.bandwidth) {
            return false;
        }
        at = next;
    }
    return true;
}

}  // namespace rhumb::paths

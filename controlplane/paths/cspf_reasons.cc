// Why there is no path, in words: constraints are put on one after the other until nothing is left.
#include <algorithm>

#include "controlplane/paths/cspf.hh"
#include "controlplane/paths/cspf_labels.hh"

namespace rhumb::paths {

using topology::node_number;

namespace {

std::string named(const topology::map& m, const node_set& nodes) {
    std::string all;
    for (const node_number node : nodes) {
        all += (all.empty() ? "" : " or ") + m.name(node);
    }
    return all;
}

std::string ends(const topology::map& m, const route& way) {
    std::string text = "from " + m.name(way.from);
    for (const node_set& nodes : way.through) {
        text += " through " + named(m, nodes);
    }
    return text + " to " + named(m, way.to);
}

std::string metric_name(topology::metric_type metric) {
    switch (metric) {
        case topology::metric_type::delay: return "delay";
        case topology::metric_type::te: return "TE metric";
        case topology::metric_type::igp: break;
    }
    return "IGP metric";
}

no_path put(rule last, const std::string& way, const constraints& limits) {
    switch (last) {
        case rule::link: return {no_path_reason::unreachable, "there is no way at all " + way};
        case rule::metric:
            return {no_path_reason::metric, "no way " + way + " has links that all give their " +
                                                metric_name(limits.metric)};
        case rule::exclusions:
            return {no_path_reason::exclusions,
                    "every way " + way + " takes a node, a link or an SRLG that is excluded"};
        case rule::affinities:
            return {no_path_reason::affinities, "the affinities leave no way " + way};
        case rule::bandwidth:
            return {no_path_reason::bandwidth,
                    "no way " + way + " has " + std::to_string(limits.bandwidth) + " bit/s free"};
        case rule::known_delay: break;
    }
    return {no_path_reason::bounds,
            "delay has a bound, and no way " + way + " has links that all give theirs"};
}

// The least that can be had of something, nullopt where that is within its bound.
std::optional<std::string> out_of_bound(const topology::map& m, const route& way,
                                        const topology::plane& view, topology::distance bound,
                                        const std::string& what) {
    if (bound == topology::unreachable) {
        return std::nullopt;
    }
    label_search search;
    search.prepare(m.graph(), view, way, {});
    const topology::distance least = search.metric_from(search.first());
    return least <= bound ? std::nullopt
                          : std::optional("the least " + what + " is " + std::to_string(least) +
                                          ", the bound " + std::to_string(bound));
}

std::string explain_bounds(const topology::map& m, const route& way, const topology::plane& view,
                           const constraints& limits) {
    const auto seen_as = [&](const auto& cost_of) {
        topology::plane other = view;
        for (topology::link_number l = 0; l < view.costs.size(); ++l) {
            if (view.costs[l] != topology::unusable) {
                other.costs[l] = cost_of(l);
            }
        }
        return other;
    };
    if (auto text = out_of_bound(m, way, view, limits.max_metric, metric_name(limits.metric))) {
        return *text;
    }
    if (limits.max_delay != topology::unreachable) {
        const auto& delays = m.graph().costs(topology::metric_type::delay);
        const auto by_delay = seen_as([&](topology::link_number l) { return delays[l]; });
        if (auto text = out_of_bound(m, way, by_delay, limits.max_delay, "delay")) {
            return *text;
        }
    }
    if (limits.max_hops != 0xffffffff) {
        const auto by_hops = seen_as([](topology::link_number) { return topology::cost{1}; });
        if (auto text = out_of_bound(m, way, by_hops, limits.max_hops, "number of hops")) {
            return *text;
        }
    }
    return "each of the bounds can be kept, but no path keeps all of them";
}

}  // namespace

bool says_something(rule r, const constraints& limits) {
    switch (r) {
        case rule::link: return true;
        case rule::metric: return limits.metric != topology::metric_type::igp;
        case rule::exclusions:
            return !limits.exclude_nodes.empty() || !limits.exclude_links.empty() ||
                   !limits.exclude_srlgs.empty();
        case rule::affinities:
            return limits.exclude_any != 0 || limits.include_any != 0 || limits.include_all != 0;
        case rule::bandwidth: return limits.bandwidth != 0;
        case rule::known_delay: break;
    }
    return limits.max_delay != topology::unreachable;
}

no_path explain(const topology::map& m, const route& way, const constraints& limits, rule last) {
    return put(last, ends(m, way), limits);
}

no_path gave_up(std::string text) { return {no_path_reason::gave_up, std::move(text)}; }

no_path why_none(const topology::map& m, const route& way, const constraints& limits,
                 const bandwidth_pool& pool) {
    const std::string ends_of_way = ends(m, way);
    for (const rule last : all_rules) {
        if (says_something(last, limits) &&
            !is_connected(m.graph(), prune(m, limits, pool, last), way)) {
            return put(last, ends_of_way, limits);
        }
    }
    return {no_path_reason::bounds,
            ends_of_way + ": " + explain_bounds(m, way, prune(m, limits, pool), limits)};
}

}  // namespace rhumb::paths

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

// Whether there is a way over links that give their bandwidth, but for that.
bool gives_bandwidth(const topology::map& m, const route& way, const constraints& limits) {
    topology::plane view = prune(m, limits, {}, rule::affinities);
    for (topology::link_number l = 0; l < view.costs.size(); ++l) {
        const topology::link* const said = m.said_of(l);
        if (said == nullptr || said->bandwidth == 0) {
            view.costs[l] = topology::unusable;
        }
    }
    return is_connected(m.graph(), view, way);
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

// One thing that is excluded.
struct exclusion {
    std::string what;
    constraints alone;
};

std::vector<exclusion> exclusions_of(const topology::map& m, const constraints& limits,
                                     std::span<const std::string> affinities) {
    const topology::graph& g = m.graph();
    std::vector<exclusion> all;
    const auto add = [&](std::string what) -> constraints& {
        return all.emplace_back(exclusion{std::move(what), {}}).alone;
    };
    for (const node_number n : limits.exclude_nodes) {
        add(n < m.node_count() ? m.name(n) : "?").exclude_nodes = {n};
    }
    for (const std::uint32_t srlg : limits.exclude_srlgs) {
        add("srlg:" + std::to_string(srlg)).exclude_srlgs = {srlg};
    }
    for (unsigned bit = 0; bit < 64; ++bit) {
        if ((limits.exclude_any >> bit & 1) != 0) {
            add(bit < affinities.size() ? affinities[bit] : "links of an affinity").exclude_any =
                topology::affinity_set{1} << bit;
        }
    }
    std::vector<topology::link_number> links = limits.exclude_links;
    std::sort(links.begin(), links.end());
    links.erase(std::unique(links.begin(), links.end()), links.end());
    for (const topology::link_number l : links) {
        const auto back = l < g.link_count() ? g.reverse[l] : topology::nobody;
        const bool both = std::binary_search(links.begin(), links.end(), back);
        const topology::link* const said = l < g.link_count() ? m.said_of(l) : nullptr;
        if (said != nullptr && (!both || l < back)) {
            add(m.name(g.from[l]) + ":" + said->name).exclude_links =
                both ? std::vector{l, back} : std::vector{l};
        }
    }
    return all;
}

constraints together(std::span<const exclusion> all, std::size_t without) {
    const auto append = [](auto& to, const auto& more) {
        to.insert(to.end(), more.begin(), more.end());
    };
    constraints made;
    for (std::size_t n = 0; n < all.size(); ++n) {
        if (n != without) {
            made.exclude_any |= all[n].alone.exclude_any;
            append(made.exclude_nodes, all[n].alone.exclude_nodes);
            append(made.exclude_links, all[n].alone.exclude_links);
            append(made.exclude_srlgs, all[n].alone.exclude_srlgs);
        }
    }
    return made;
}

// Of what is excluded no more than it takes to leave no way. Empty: there is one, or too much is
// excluded to be tried.
std::string exclusions_text(const topology::map& m, const route& way, const constraints& limits,
                            std::span<const std::string> affinities) {
    constexpr std::size_t most_tried = 256;
    constexpr std::size_t most_told = 8;
    if (limits.exclude_nodes.size() + limits.exclude_links.size() + limits.exclude_srlgs.size() >
        most_tried) {
        return {};
    }
    std::vector<exclusion> all = exclusions_of(m, limits, affinities);
    const auto leaves_way = [&](std::size_t without) {
        constraints others = together(all, without);
        others.metric = limits.metric;
        return is_connected(m.graph(), prune(m, others, {}, rule::affinities), way);
    };
    if (leaves_way(all.size())) {
        return {};
    }
    for (std::size_t i = all.size(); i-- > 0;) {
        if (!leaves_way(i)) {
            all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    std::string names;
    for (std::size_t n = 0; n < std::min(most_told, all.size()); ++n) {
        names += (n == 0 ? "" : ", ") + all[n].what;
    }
    if (all.size() > most_told) {
        names += " and " + std::to_string(all.size() - most_told) + " more";
    }
    return "every way " + ends(m, way) + " takes " +
           (all.size() == 1 ? names + ", which is excluded"
                            : "one of " + names + ", which are excluded");
}

// Which of the two rules of affinities to be included leaves no way; empty: only together.
std::string affinities_text(const topology::map& m, const route& way, const constraints& limits) {
    const auto leaves_none = [&](topology::affinity_set constraints::* rule_of) {
        constraints one = limits;
        one.exclude_any = one.include_any = one.include_all = 0;
        one.*rule_of = limits.*rule_of;
        return limits.*rule_of != 0 &&
               !is_connected(m.graph(), prune(m, one, {}, rule::affinities), way);
    };
    if (leaves_none(&constraints::include_any)) {
        return "every way " + ends(m, way) + " takes a link without an affinity to be included";
    }
    if (leaves_none(&constraints::include_all)) {
        return "every way " + ends(m, way) + " takes a link that lacks one of the affinities";
    }
    return {};
}

}  // namespace

std::string in_full(const topology::map& m, route way, const constraints& limits,
                    const no_path& why, std::span<const std::string> affinities) {
    std::string text;
    if (!add_via(m, limits, way)) {
        return why.text;
    }
    if (why.reason == no_path_reason::exclusions || why.reason == no_path_reason::affinities) {
        text = exclusions_text(m, way, limits, affinities);
        text = text.empty() && why.reason == no_path_reason::affinities
                   ? affinities_text(m, way, limits)
                   : text;
    } else if (why.reason == no_path_reason::bandwidth && !gives_bandwidth(m, way, limits)) {
        text = "no way " + ends(m, way) + " has links that all give their bandwidth";
    }
    return text.empty() ? why.text : text;
}

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

// Rules for prefixes: their SIDs' labels by algorithm, and IP at the ingress.
#include <fmt/format.h>

#include <algorithm>

#include "controlplane/config/text.hh"
#include "controlplane/publish/computation.hh"

namespace rhumb::publish {

using mpls::implicit_null;
using topology::nobody;

namespace {

// What the node says of the prefix's SID in the algorithm; null: nothing.
const topology::prefix_sid* sid_of(const topology::prefix_source& source, std::uint8_t algorithm) {
    for (const topology::prefix_sid& sid : source.said->sids) {
        if (sid.algorithm == algorithm) {
            return &sid;
        }
    }
    return nullptr;
}

}  // namespace

void computation::add_prefix_sids(std::size_t view) {
    const std::uint8_t algorithm = from_.algorithms[view].algorithm;
    std::vector<way> ways;
    for (topology::prefix_number p = 0; p < from_.map.prefix_count(); ++p) {
        const topology::prefix_sid* const sid = from_.labels.sid(p, algorithm);
        if (sid == nullptr) {
            continue;
        }
        const auto whose = [&] {
            return fmt::format("{}{}", config::to_string(from_.map.address(p)),
                               algorithm == 0 ? "" : fmt::format(" algorithm {}", algorithm));
        };
        const auto label = from_.labels.prefix_label(p, algorithm, from_.own);
        if (!label) {
            say(note_kind::beyond_srgb,
                fmt::format("index {} of {} is beyond the SRGB of {}", sid->index, whose(),
                            from_.map.name(from_.own)));
            continue;
        }
        // Whoever sends with the node's own SID on top expects it to be taken off, whatever the
        // flags say.
        const auto sources = from_.map.sources(p);
        const bool is_own = std::any_of(sources.begin(), sources.end(), [&](const auto& source) {
            return source.node == from_.own;
        });
        if (!is_own) {
            find_ways(p, view, true, false, ways);
        }
        if ((is_own || !ways.empty()) && is_own_label(*label, is_own ? "this node" : whose())) {
            if (is_own) {
                add_next(*label);
            } else {
                const bool pushes =
                    std::any_of(ways.begin(), ways.end(), [](const way& w) { return w.is_list; });
                add_label(*label, ways, pushes);
            }
        }
    }
}

topology::distance computation::distance_to(const topology::prefix_source& source,
                                            std::size_t view) const {
    const topology::distance to_node = views_[view].tree.distances[source.node];
    return to_node == topology::unreachable ? to_node : to_node + source.said->metric;
}

void computation::find_ways(topology::prefix_number p, std::size_t view, bool labelled,
                            bool imposes, std::vector<way>& ways) {
    ways.clear();
    const std::uint8_t algorithm = from_.algorithms[view].algorithm;
    const auto sources = from_.map.sources(p);
    topology::distance nearest = topology::unreachable;
    std::size_t having = 0;  // nodes that have it
    for (const topology::prefix_source& source : sources) {
        if (!labelled || sid_of(source, algorithm) != nullptr) {
            nearest = std::min(nearest, distance_to(source, view));
            ++having;
        }
    }
    if (nearest == topology::unreachable) {
        return;
    }
    for (const topology::prefix_source& source : sources) {
        if ((labelled && sid_of(source, algorithm) == nullptr) ||
            distance_to(source, view) != nearest) {
            continue;
        }
        if (labelled && having == 1 && find_pinned(p, view, source.node, ways)) {
            return;
        }
        const auto bits = views_[view].hops.of(source.node);
        for (std::uint32_t i = 0; i < links_.size(); ++i) {
            const bool known = std::any_of(ways.begin(), ways.end(),
                                           [&](const way& w) { return w.position == i; });
            if ((bits[i / 64] >> i % 64 & 1) == 0 || known || !is_usable(links_[i])) {
                continue;
            }
            mpls::label out = implicit_null;
            destination to{source.node, nobody, view, implicit_null, false};
            if (labelled) {
                const auto label = label_towards(p, view, source.node, links_[i].to, true);
                const auto last = label_towards(p, view, source.node, source.node, true);
                if (!label || !last) {
                    say(note_kind::beyond_srgb,
                        fmt::format("{} cannot go via {}, whose SRGB has no label for it",
                                    config::to_string(from_.map.address(p)),
                                    from_.map.name(links_[i].to)));
                    continue;
                }
                out = *label;
                to = {source.node, p, view, *last, having > 1};
            }
            ways.push_back({i, out, object_for(i, to, out, 0, imposes), source.node, 1, {}});
        }
    }
    if (ways.size() > max_paths) {
        say(note_kind::too_many_paths,
            fmt::format("{} has {} equal paths; {} are used",
                        config::to_string(from_.map.address(p)), ways.size(), max_paths));
        ways.resize(max_paths);
    }
}

bool computation::find_pinned(topology::prefix_number p, std::size_t view,
                              topology::node_number source, std::vector<way>& ways) {
    const topology::pinned_paths* const pinned = from_.algorithms[view].pinned;
    if (pinned == nullptr || source >= pinned->by_node.size() ||
        pinned->by_node[source] == topology::pinned_paths::none) {
        return false;
    }
    const stack way_there = resolved(pinned->paths[pinned->by_node[source]]);
    const auto last = label_towards(p, view, source, source, true);
    if (!way_there.usable || !last || !is_usable(links_[way_there.out])) {
        return false;
    }
    const auto needed = wanted(way_there, {source, p, view, *last, false});
    if (!needed) {
        return false;
    }
    std::vector<mpls::label> labels = way_there.labels;
    if (*needed != implicit_null) {
        labels.push_back(*needed);
    }
    if (labels.size() > links_[way_there.out].msd) {
        return false;
    }
    way only{way_there.out, implicit_null, way_there.out, source, 1, {}};
    if (!labels.empty()) {
        only.out = labels.front();
        only.rest.assign(labels.begin() + 1, labels.end());
    }
    // The label is the prefix's own where no segments go before it.
    only.is_list = !way_there.labels.empty();
    ways.push_back(std::move(only));
    return true;
}

// What to have on top towards a neighbour, for a prefix at `source` (RFC 8667 2.1.1.1): the last
// hop pops, or sends explicit null, or keeps the label.
std::optional<mpls::label> computation::label_towards(topology::prefix_number p, std::size_t view,
                                                      topology::node_number source,
                                                      topology::node_number neighbour,
                                                      bool mind_family) const {
    const std::uint8_t algorithm = from_.algorithms[view].algorithm;
    if (neighbour == source) {
        const auto sources = from_.map.sources(p);
        const auto at = std::find_if(sources.begin(), sources.end(),
                                     [&](const auto& s) { return s.node == source; });
        const topology::prefix_sid* const sid =
            at == sources.end() ? nullptr : sid_of(*at, algorithm);
        const bool keeps = sid == nullptr || sid->no_php || at->said->readvertised;
        if (!keeps) {
            return implicit_null;
        }
        if (sid != nullptr && sid->explicit_null && !at->said->readvertised) {
            return !mind_family                              ? implicit_null
                   : from_.map.address(p).af == family::ipv4 ? mpls::ipv4_explicit_null
                                                             : mpls::ipv6_explicit_null;
        }
    }
    return from_.labels.prefix_label(p, algorithm, neighbour);
}

// Whether all nodes that have the prefix say its SID of algorithm 0.
bool computation::ends_with_sid(topology::prefix_number p) const {
    const auto sources = from_.map.sources(p);
    return from_.labels.sid(p, 0) != nullptr &&
           std::all_of(sources.begin(), sources.end(),
                       [](const auto& source) { return sid_of(source, 0) != nullptr; });
}

void computation::add_ip_prefixes() {
    const auto view = view_of(0);
    std::vector<way> ways;
    for (topology::prefix_number p = 0; view && p < from_.map.prefix_count(); ++p) {
        const ip_prefix& match = from_.map.address(p);
        const auto sources = from_.map.sources(p);
        const bool is_own = std::any_of(sources.begin(), sources.end(), [&](const auto& source) {
            return source.node == from_.own;
        });
        if (sources.empty() || is_own || steered_.contains(match)) {
            continue;
        }
        find_ways(p, *view, ends_with_sid(p), true, ways);
        if (ways.empty()) {
            continue;
        }
        if (from_.configured.has(match)) {
            say(note_kind::conflict,
                fmt::format("prefix {} of {} has a rule in the configuration, which holds",
                            config::to_string(match), from_.map.name(ways.front().source)));
            continue;
        }
        add_prefix(match, ways);
    }
}

}  // namespace rhumb::publish

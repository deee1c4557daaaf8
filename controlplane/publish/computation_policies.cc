// Rules for adjacency SIDs, and for SR policies: binding SIDs and steered prefixes (RFC 9256 8).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "controlplane/config/text.hh"
#include "controlplane/publish/computation.hh"
#include "controlplane/topology/binding_paths.hh"

namespace rhumb::publish {

using mpls::implicit_null;
using topology::nobody;
using topology::segment_kind;

namespace {

constexpr std::uint32_t most_weight = 256;  // of a path

// Weights in the proportions of these, 1 to most_weight.
void scale(std::vector<double>& shares, std::vector<way>& ways) {
    const double largest = *std::max_element(shares.begin(), shares.end());
    // As they are, where they are whole numbers that fit.
    const double least = *std::min_element(shares.begin(), shares.end());
    double factor = 1 / least;
    for (const double share : shares) {
        const double scaled = share * factor;
        if (scaled > most_weight || std::abs(scaled - std::round(scaled)) > 1e-9) {
            factor = most_weight / largest;
            break;
        }
    }
    for (std::size_t n = 0; n < ways.size(); ++n) {
        ways[n].weight = static_cast<std::uint16_t>(
            std::clamp(std::round(shares[n] * factor), 1.0, double{most_weight}));
    }
}

}  // namespace

std::optional<std::size_t> computation::view_of(std::uint8_t algorithm) const {
    const auto at =
        std::find_if(from_.algorithms.begin(), from_.algorithms.end(),
                     [&](const algorithm_inputs& a) { return a.algorithm == algorithm; });
    return at == from_.algorithms.end()
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(at - from_.algorithms.begin()));
}

// Protected: while the link is down the packet goes to the neighbour another way.
way computation::over_link(std::uint32_t position, bool is_protected, std::uint8_t weight) {
    way made{
        position, implicit_null, position, links_[position].to, std::max<std::uint16_t>(weight, 1),
        {}};
    const auto view = view_of(0);
    if (!is_protected || !view) {
        return made;
    }
    if (const auto p = from_.labels.node_prefix(made.source, 0)) {
        made.object = object_for(position, {made.source, *p, *view, implicit_null, false},
                                 implicit_null, 0, false);
    } else {
        say(note_kind::unprotected,
            fmt::format("{} has no node SID, to which its adjacency could be repaired",
                        from_.map.name(made.source)));
    }
    return made;
}

void computation::add_adjacencies() {
    std::map<mpls::label, std::vector<way>> sets;
    for (std::uint32_t i = 0; i < links_.size(); ++i) {
        own_link& link = links_[i];
        const bool is_up = g_.reverse[link.number] != nobody;
        if (link.said == nullptr || !is_up || link.said->sids.empty() || !is_usable(link)) {
            continue;
        }
        for (const topology::adjacency_sid& sid : link.said->sids) {
            if (!from_.labels.in_force(link.number, sid)) {
                continue;
            }
            const way over = over_link(i, sid.is_protected, sid.weight);
            if (sid.set) {
                sets[sid.label].push_back(over);
            } else if (is_own_label(sid.label, link.said->name)) {
                way alone = over;
                alone.weight = 1;
                add_label(sid.label, std::span(&alone, 1), false);
            }
        }
    }
    for (auto& [label, ways] : sets) {
        if (ways.size() > max_paths) {
            ways.resize(max_paths);
        }
        if (is_own_label(label, "a set of links")) {
            add_label(label, ways, false);
        }
    }
}

std::vector<topology::node_number> computation::ends_of(const topology::segment& s,
                                                        topology::node_number at) const {
    switch (s.kind) {
        case segment_kind::node: return {s.node};
        case segment_kind::adjacency:
        case segment_kind::parallel:
            return s.number < g_.link_count() ? std::vector{g_.to[s.number]}
                                              : std::vector<topology::node_number>{};
        case segment_kind::anycast: {
            std::vector<topology::node_number> ends;
            for (const topology::prefix_source& source : from_.map.sources(s.number)) {
                ends.push_back(source.node);
            }
            return ends;
        }
        case segment_kind::sid: {
            const auto owner = at == nobody ? std::nullopt : from_.labels.prefix_of(s.number, at);
            return owner ? ends_of({segment_kind::anycast, owner->algorithm, nobody, owner->prefix},
                                   at)
                         : std::vector<topology::node_number>{};
        }
        case segment_kind::binding: {
            // A policy's path goes before what the map says.
            const auto end = paths::end_of_offer(from_.offers, s.node, s.number);
            const auto said = end ? end : topology::end_of_binding(from_.map, s.node, s.number);
            return said ? std::vector{*said} : std::vector<topology::node_number>{};
        }
    }
    return {};
}

// Labels of all segments but the first, which ends at one of `from`: the same wherever that is.
bool computation::rest_of(const topology::segments& list,
                          std::span<const topology::node_number> from,
                          std::vector<mpls::label>& rest) const {
    std::vector<topology::node_number> at(from.begin(), from.end());
    for (std::size_t n = 1; n < list.size(); ++n) {
        std::optional<mpls::label> label;
        if (list[n].kind == segment_kind::sid) {
            label = list[n].number;  // given as such, wherever it is looked at
        }
        for (const topology::node_number node : at) {
            const auto here = from_.labels.label(list[n], node, true);
            if (!here || (label && *label != *here)) {
                return false;
            }
            label = here;
        }
        if (!label) {
            return false;
        }
        rest.push_back(*label);
        at = ends_of(list[n], at.empty() ? nobody : at.front());
    }
    return true;
}

// The own link with this adjacency SID.
std::optional<topology::link_number> computation::link_with(mpls::label label) const {
    for (const own_link& link : links_) {
        if (link.said == nullptr) {
            continue;
        }
        for (const topology::adjacency_sid& sid : link.said->sids) {
            if (sid.label == label && from_.labels.in_force(link.number, sid)) {
                return link.number;
            }
        }
    }
    return std::nullopt;
}

// RFC 9256 8.3: where the first segment ends at the next hop, or is a link of this node, its label
// is not pushed.
bool computation::first_ways(const topology::segment& first, std::vector<way>& ways,
                             std::vector<topology::node_number>& ends) {
    ends = ends_of(first, from_.own);
    topology::prefix_number prefix = nobody;
    std::uint8_t algorithm = first.algorithm;
    switch (first.kind) {
        case segment_kind::sid: {
            const auto owner = from_.labels.prefix_of(first.number, from_.own);
            if (!owner) {
                const auto link = link_with(first.number);
                return link && first_ways(topology::segment::over_link(g_, *link), ways, ends);
            }
            prefix = owner->prefix;
            algorithm = owner->algorithm;
            break;
        }
        case segment_kind::anycast: prefix = first.number; break;
        case segment_kind::node:
            prefix = from_.labels.node_prefix(first.node, algorithm).value_or(nobody);
            break;
        case segment_kind::adjacency:
        case segment_kind::parallel:
            for (std::uint32_t i = 0; i < links_.size(); ++i) {
                own_link& link = links_[i];
                const bool is_it =
                    first.kind == segment_kind::adjacency
                        ? link.number == first.number
                        : first.node == from_.own && ends.size() == 1 && link.to == ends.front();
                if (is_it && link.said != nullptr && g_.reverse[link.number] != nobody &&
                    is_usable(link)) {
                    ways.push_back({i, implicit_null, i, link.to, 1, {}});
                }
            }
            return !ways.empty();
        case segment_kind::binding: return false;
    }
    const auto view = view_of(algorithm);
    if (!view || prefix >= from_.map.prefix_count() ||
        from_.labels.sid(prefix, algorithm) == nullptr) {
        return false;
    }
    find_ways(prefix, *view, true, true, ways);
    for (way& w : ways) {  // explicit null tells the family of what is below, which may be any
        w.out = label_towards(prefix, *view, w.source, links_[w.position].to, false)
                    .value_or(implicit_null);
    }
    return !ways.empty();
}

// Gives ways of a policy's list their backups; those that have no room for one do without.
void computation::protect(std::vector<way>& ways, const topology::segment& first) {
    for (way& w : ways) {
        w.object = w.position;
        const topology::link* const said = links_[w.position].said;
        const bool is_link =
            first.kind == segment_kind::adjacency || first.kind == segment_kind::parallel;
        const bool wants =
            !is_link || std::any_of(said->sids.begin(), said->sids.end(),
                                    [](const auto& sid) { return sid.is_protected; });
        const std::uint8_t algorithm = is_link ? 0 : first.algorithm;
        const auto view = view_of(algorithm);
        const auto p = from_.labels.node_prefix(w.source, algorithm);
        if (wants && view && p) {
            w.object = object_for(w.position, {w.source, *p, *view, implicit_null, true}, w.out,
                                  w.rest.size(), true);
        }
    }
}

// Whether a segment's numbers are those of something on the map.
bool computation::is_on_map(const topology::segment& s) const {
    const bool has_node = s.node < from_.map.node_count();
    const bool has_link = s.number < g_.link_count() && has_node && g_.from[s.number] == s.node;
    switch (s.kind) {
        case segment_kind::node:
        case segment_kind::binding: return has_node;
        case segment_kind::adjacency:
        case segment_kind::parallel: return has_link;
        case segment_kind::anycast: return s.number < from_.map.prefix_count();
        case segment_kind::sid: return s.number < mpls::label_count;
    }
    return false;
}

std::vector<way> computation::ways_of(const topology::segments& list, const std::string& whose) {
    std::vector<way> ways;
    std::vector<topology::node_number> ends;
    std::vector<mpls::label> rest;
    if (list.empty() ||
        !std::all_of(list.begin(), list.end(),
                     [&](const topology::segment& s) { return is_on_map(s); }) ||
        !first_ways(list.front(), ways, ends) || !rest_of(list, ends, rest)) {
        say(note_kind::unresolved, whose + " has a segment that no label or no way stands for");
        return {};
    }
    std::erase_if(ways, [&](way& w) {
        w.rest = rest;
        const std::size_t depth = rest.size() + (w.out != implicit_null ? 1 : 0);
        if (depth > links_[w.position].msd) {
            say(note_kind::msd,
                fmt::format("{} needs {} labels; the MSD towards {} is {}", whose, depth,
                            links_[w.position].hop->name, links_[w.position].msd));
            return true;
        }
        return false;
    });
    protect(ways, list.front());
    return ways;
}

std::vector<way> computation::ways_of(const paths::installed_policy& policy) {
    const std::string name = policy_name(policy);
    std::vector<way> all;
    std::vector<double> shares;
    for (const paths::weighted_segments& list : policy.lists) {
        if (coming_back_.contains(&list)) {
            continue;
        }
        const topology::segments none;
        std::vector<way> ways =
            ways_of(list.weight == 0 ? none : list.segments, "a list of the " + name);
        for (way& w : ways) {
            all.push_back(std::move(w));
            shares.push_back(static_cast<double>(list.weight) / static_cast<double>(ways.size()));
        }
    }
    if (all.size() > max_paths) {
        say(note_kind::too_many_paths,
            fmt::format("the {} has {} paths; {} are used", name, all.size(), max_paths));
        all.resize(max_paths);
        shares.resize(max_paths);
    }
    if (!all.empty()) {
        scale(shares, all);
    }
    return all;
}

void computation::add_policies() {
    find_lists_that_come_back();
    std::vector<std::vector<way>> ways;
    for (const paths::installed_policy& policy : from_.policies) {
        ways.push_back(ways_of(policy));
        // A binding SID of an invalid policy is no label: what comes with it is dropped either way.
        if (policy.binding_sid && !ways.back().empty() &&
            is_own_label(*policy.binding_sid, "the " + policy_name(policy))) {
            add_label(*policy.binding_sid, ways.back(), true);
        }
    }
    steer(ways);
}

}  // namespace rhumb::publish

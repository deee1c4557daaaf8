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

// Whether a segment ends where it begins, here: the headend's own node SID at the top of its list.
bool computation::ends_here(const topology::segment& s) const {
    std::optional<labels::prefix_sid_owner> owner;
    if (s.kind == segment_kind::sid) {
        owner = from_.labels.prefix_of(s.number, from_.own);
    } else if (s.kind == segment_kind::anycast) {
        owner = {s.number, s.algorithm};
    }
    const auto sources =
        owner ? from_.map.sources(owner->prefix) : std::span<const topology::prefix_source>();
    return (s.kind == segment_kind::node && s.node == from_.own) ||
           std::any_of(sources.begin(), sources.end(),
                       [&](const auto& source) { return source.node == from_.own; });
}

// What a list is from here on: no own node SIDs at its top, and in place of a binding SID that the
// map says this node has what stands behind it.
topology::segments computation::leading_out(topology::segments list) const {
    topology::binding_paths behind(from_.map);
    constexpr int most = 64;  // should they lead into each other
    for (int n = 0; n < most && !list.empty() && is_on_map(list.front()); ++n) {
        const topology::segment first = list.front();
        const bool may_bind = first.kind == segment_kind::sid ||
                              (first.kind == segment_kind::binding && first.node == from_.own);
        const bool is_policy =
            std::any_of(from_.policies.begin(), from_.policies.end(),
                        [&](const auto& policy) { return policy.binding_sid == first.number; });
        const topology::binding_path* const bound =
            may_bind && !is_policy && from_.labels.in_force(from_.own, first.number) &&
                    !from_.labels.prefix_of(first.number, from_.own) && !link_with(first.number)
                ? behind.find(from_.own, first.number)
                : nullptr;
        if (bound == nullptr && !ends_here(first)) {
            break;
        }
        list.erase(list.begin());
        if (bound != nullptr) {
            list.insert(list.begin(), bound->list.begin(), bound->list.end());
        }
    }
    return list;
}

std::vector<way> computation::ways_of(const topology::segments& whole, const std::string& whose) {
    std::vector<way> ways;
    const topology::segments list = leading_out(whole);
    std::vector<topology::node_number> ends;
    const bool has_first = !list.empty() &&
                           std::all_of(list.begin(), list.end(),
                                       [&](const topology::segment& s) { return is_on_map(s); }) &&
                           first_ways(list.front(), ways, ends);
    const auto rest = has_first ? lists_.read(std::span(list).subspan(1), ends)
                                : result<labels::label_stack>(error{"", {}});
    if (!rest) {
        say(note_kind::unresolved, whose + " has a segment that no label or no way stands for");
        return {};
    }
    std::erase_if(ways, [&](way& w) {
        w.rest = rest.value();
        const std::size_t depth = w.rest.size() + (w.out != implicit_null ? 1 : 0);
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

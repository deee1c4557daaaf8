#include "controlplane/paths/policies_hopeful.hh"

#include <algorithm>

#include "controlplane/paths/policies.hh"
#include "controlplane/topology/flex_algo.hh"

namespace rhumb::paths {

using topology::distance;
using topology::link_number;
using topology::node_number;
using topology::segment;
using topology::segment_kind;
using topology::unreachable;
using topology::unusable;

namespace {

// Searches that are cheaper than to look at all policies.
constexpr std::size_t max_searches = 256;

distance sum(distance a, distance b) {
    return a == unreachable || b == unreachable ? unreachable : a + b;
}

// The cost from one node to another over links that may branch, all of whose branches cost the same
// and meet there; unreachable where they do not lead there.
distance cost_over(const topology::graph& g, const std::vector<topology::cost>& costs,
                   std::span<const link_number> links, node_number from, node_number to) {
    distance cost = 0;
    for (std::size_t steps = 0; from != to; ++steps) {
        const auto next = std::find_if(links.begin(), links.end(),
                                       [&](link_number l) { return g.from[l] == from; });
        if (next == links.end() || steps == links.size()) {
            return unreachable;
        }
        cost += costs[*next];
        from = g.to[*next];
    }
    return cost;
}

}  // namespace

std::size_t improvements::plane_for(std::uint32_t id, const constraints& within) {
    const auto [at, is_new] = numbers_.emplace(id, planes_.size());
    if (!is_new) {
        return at->second;
    }
    const topology::graph& g = map_.graph();
    searched& made = planes_.emplace_back();
    made.view =
        id == igp ? make_plane(map_, 0) : topology::plane{g.costs(within.metric), g.no_transit};
    for (link_number l = 0; l < g.link_count(); ++l) {
        const topology::affinity_set has = g.affinities[l];
        if ((has & within.exclude_any) != 0 ||
            (within.include_any != 0 && (has & within.include_any) == 0) ||
            (has & within.include_all) != within.include_all) {
            made.view.costs[l] = unusable;
        }
    }
    for (const link_number l : within.exclude_links) {
        if (l < g.link_count()) {
            made.view.costs[l] = unusable;
        }
    }
    search(made);
    return at->second;
}

void improvements::search(searched& in) {
    const topology::graph& g = map_.graph();
    for (const link_number l : links_) {
        if (in.view.costs[l] == unusable) {
            continue;
        }
        const auto [before, is_first] = in.to.try_emplace(g.from[l]);
        if (is_first) {
            shortest_paths_to(g, in.view, g.from[l], before->second, memory_);
        }
        const auto [behind, is_new] = in.from.try_emplace(g.to[l]);
        if (is_new) {
            shortest_paths_from(g, in.view, g.to[l], behind->second, memory_);
        }
        in.detours.push_back({in.view.costs[l], &before->second, &behind->second});
    }
}

bool improvements::reach(std::size_t plane, node_number from, node_number to, distance cost) {
    for (const detour& d : planes_[plane].detours) {
        const distance least = sum(d.before->distances[from], d.behind->distances[to]);
        if (least != unreachable && least + d.over <= cost) {
            return true;
        }
    }
    return false;
}

// Whether node SIDs of the present lists may lead elsewhere now.
bool policies::hopes_for_segments(const slot& s, improvements& better) const {
    const topology::graph& g = map_.graph();
    const auto& costs = g.costs(topology::metric_type::igp);
    const auto& links = s.state.links;
    const std::size_t plane = better.plane_for(improvements::igp, {});
    for (const weighted_segments& list : s.state.lists.in_force().lists) {
        node_number at = s.state.key.headend;
        std::size_t next = 0;
        for (const segment& part : list.segments) {
            const bool link = part.kind == segment_kind::adjacency;
            if (!link && (part.kind != segment_kind::node || part.algorithm != 0)) {
                return true;
            }
            const node_number to = link ? g.to[part.number] : part.node;
            const node_number from = at;
            distance cost = 0;
            for (; at != to && next < links.size(); ++next) {
                cost += costs[links[next]];
                at = g.to[links[next]];
            }
            if (at != to || (!link && better.reach(plane, from, to, cost))) {
                return true;
            }
        }
    }
    return false;
}

// The same where the lists may branch.
bool policies::hopes_for_branches(const slot& s, improvements& better) const {
    const topology::graph& g = map_.graph();
    const std::size_t plane = better.plane_for(improvements::igp, {});
    node_number at = s.state.key.headend;
    for (const segment& part : s.state.lists.in_force().lists.front().segments) {
        const node_number from = at;
        if (part.kind == segment_kind::adjacency || part.kind == segment_kind::parallel) {
            at = g.to[part.number];
            continue;
        }
        if (part.kind != segment_kind::node || part.algorithm != 0) {
            return true;
        }
        at = part.node;
        const distance cost =
            cost_over(g, g.costs(topology::metric_type::igp), s.state.links, from, at);
        if (better.reach(plane, from, at, cost)) {
            return true;
        }
    }
    return false;
}

bool policies::hopes(const slot& s, improvements& better) const {
    std::uint32_t number = no_class;
    pairing pair = pairing::none;
    for (std::size_t i = 0; i < s.classes.size(); ++i) {
        if (s.state.active == s.state.candidates[i].key) {
            number = s.classes[i];
            pair = s.state.states[i].pair;
        }
    }
    if (number == no_class || s.state.better_since) {
        return number != no_class;
    }
    if (pair != pairing::none && pair != pairing::single) {
        return hopes_for_pair(s, number, better) || hopes_for_segments(s, better);
    }
    const constraints& within = classes_[number].within;
    const auto& costs = map_.graph().costs(within.metric);
    const bool branches = classes_[number].demands.ecmp;
    distance cost = 0;
    if (branches) {
        cost = cost_over(map_.graph(), costs, s.state.links, s.state.key.headend, s.endpoint);
    }
    for (const link_number l : s.state.links) {
        cost += branches ? 0 : costs[l];
    }
    const std::size_t plane = better.plane_for(number, within);
    return std::any_of(s.endpoints.begin(), s.endpoints.end(),
                       [&](node_number end) {
                           return better.reach(plane, s.state.key.headend, end, cost);
                       }) ||
           (branches ? hopes_for_branches(s, better) : hopes_for_segments(s, better));
}

// Something has become better: dynamic paths may, too, and their segments may lead elsewhere.
void policies::mark_hopeful(std::span<const link_number> better, bool all) {
    improvements found(map_, better);
    const std::size_t kinds = classes_.size() - free_classes_.size() + 1;
    const bool costly = better.size() * kinds * 2 > max_searches;
    for (std::uint32_t number = 0; number < size(); ++number) {
        const slot& s = slots_[number];
        const candidate_path* const active = s.used ? s.state.active_path() : nullptr;
        if (active != nullptr && active->dynamic && !s.marked &&
            (all || costly || hopes(s, found))) {
            mark(number, true);
        }
    }
}

}  // namespace rhumb::paths

#include "controlplane/paths/policies_hopeful.hh"

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
    for (const weighted_segments& list : s.state.lists.intended().lists) {
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

bool policies::hopes(const slot& s, improvements& better) const {
    const std::uint32_t number = [&] {
        for (std::size_t i = 0; i < s.classes.size(); ++i) {
            if (s.state.active == s.state.candidates[i].key) {
                return s.classes[i];
            }
        }
        return no_class;
    }();
    if (number == no_class || s.state.better_since) {
        return number != no_class;
    }
    const constraints& within = classes_[number].within;
    const auto& costs = map_.graph().costs(within.metric);
    distance cost = 0;
    for (const link_number l : s.state.links) {
        cost += costs[l];
    }
    return better.reach(better.plane_for(number, within), s.state.key.headend, s.endpoint, cost) ||
           hopes_for_segments(s, better);
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

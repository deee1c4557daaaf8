#include "controlplane/paths/policy_check.hh"

#include <algorithm>
#include <array>

namespace rhumb::paths {

using topology::link_number;
using topology::nobody;
using topology::node_number;
using topology::segment;
using topology::segment_kind;

std::string_view to_string(list_fault fault) {
    constexpr std::array<std::string_view, 13> words{
        "valid",
        "it has no segments",
        "its weight is 0",
        "a segment is not on the map, or has no SID",
        "a segment cannot be reached from the one before",
        "a link does not begin where the list has come to",
        "it has more labels than the headend can impose (MSD)",
        "no path keeps to the constraints",
        "the endpoint is not on the map",
        "no SIDs spell the path",
        "no two paths keep apart as they have to",
        "its group has more than two paths, or two that differ",
        "it comes back to itself by binding SIDs of policies",
    };
    return words[static_cast<std::size_t>(fault)];
}

bool list_checker::usable(link_number l) const {
    return map_.said_of(l) != nullptr && map_.graph().reverse[l] != nobody;
}

bool list_checker::has_node_sid(node_number node, std::uint8_t algorithm) const {
    const topology::advertisement* const said = map_.said(node);
    return said != nullptr &&
           std::any_of(said->prefixes.begin(), said->prefixes.end(), [&](const auto& p) {
               return p.node && std::any_of(p.sids.begin(), p.sids.end(), [&](const auto& sid) {
                          return sid.algorithm == algorithm;
                      });
           });
}

bool list_checker::has_sid(topology::prefix_number p, std::uint8_t algorithm) const {
    const auto sources = map_.sources(p);
    return std::any_of(sources.begin(), sources.end(), [&](const auto& source) {
        return std::any_of(source.said->sids.begin(), source.said->sids.end(),
                           [&](const auto& sid) { return sid.algorithm == algorithm; });
    });
}

list_checker::resolved list_checker::resolve_link(const hop& h) const {
    const topology::graph& g = map_.graph();
    if (h.node >= g.node_count()) {
        return {list_fault::unresolved, {}};
    }
    if (!h.link.empty()) {
        const auto l = map_.find_link(h.node, h.link);
        return l && usable(*l) ? resolved{list_fault::none, segment::over_link(g, *l)}
                               : resolved{list_fault::unresolved, {}};
    }
    std::optional<link_number> first;
    bool several = false;
    for (link_number l = g.first[h.node]; l < g.first[h.node + 1]; ++l) {
        if (g.to[l] == h.remote && usable(l)) {
            several |= first.has_value();
            first = first.value_or(l);
        }
    }
    if (!first) {
        return {list_fault::unresolved, {}};
    }
    segment made = segment::over_link(g, *first);
    made.kind = several ? segment_kind::parallel : segment_kind::adjacency;
    return {list_fault::none, made};
}

list_checker::resolved list_checker::resolve(const hop& h, const place& at, bool first,
                                             bool verify) {
    switch (h.is) {
        case hop::kind::node:
            return h.node < map_.node_count() && has_node_sid(h.node, h.algorithm)
                       ? resolved{list_fault::none, segment::to_node(h.node, h.algorithm)}
                       : resolved{list_fault::unresolved, {}};
        case hop::kind::link: return resolve_link(h);
        case hop::kind::prefix: {
            const auto p = map_.find(h.address);
            return p && has_sid(*p, h.algorithm)
                       ? resolved{list_fault::none, segment_to(map_, *p, h.algorithm)}
                       : resolved{list_fault::unresolved, {}};
        }
        case hop::kind::label: break;
    }
    // The first SID has to lead out of the headend; the others only where that is asked for.
    const auto meant = at.node != nobody ? sids_.read(at.node, h.label) : std::nullopt;
    const bool needed = first || (verify && at.node != nobody);
    return {needed && !meant ? list_fault::unresolved : list_fault::none,
            {segment_kind::sid, 0, nobody, h.label}};
}

// Goes on from `at` along a SID that may be any, or one that stands for a path of its own.
list_fault list_checker::step_sid(const segment& s, place& at, std::vector<link_number>& links) {
    std::optional<segment> meant = s;
    if (s.kind == segment_kind::sid) {
        meant = at.node != nobody ? sids_.read(at.node, s.number) : std::nullopt;
    }
    if (!meant) {
        at = {nobody, true};  // a label that others give a meaning to: anything may follow
        return list_fault::none;
    }
    if (meant->kind != segment_kind::binding) {
        return step(*meant, at, links);
    }
    // A policy's path goes before what the map says.
    if (const auto end = offers_ == nullptr ? std::nullopt
                                            : end_of_offer(*offers_, meant->node, meant->number)) {
        at = {*end, true};
        return list_fault::none;
    }
    const topology::binding_path* const said = backed_.find(meant->node, meant->number);
    if (said == nullptr) {
        return list_fault::unresolved;
    }
    links.insert(links.end(), said->links.begin(), said->links.end());
    at = {said->end, true};
    return list_fault::none;
}

// Goes on from `at` along a segment.
list_fault list_checker::step(const segment& s, place& at, std::vector<link_number>& links) {
    const topology::graph& g = map_.graph();
    switch (s.kind) {
        case segment_kind::node:
            if (at.node != nobody && !reach_.reaches(at.node, s.node, s.algorithm)) {
                return list_fault::unreachable;
            }
            at = {s.node, true};
            return list_fault::none;
        case segment_kind::anycast: {
            const auto sources = map_.sources(s.number);
            if (at.node != nobody &&
                std::none_of(sources.begin(), sources.end(), [&](const auto& source) {
                    return reach_.reaches(at.node, source.node, s.algorithm);
                })) {
                return list_fault::unreachable;
            }
            at = sources.size() == 1 ? place{sources[0].node, true} : place{nobody, false};
            return list_fault::none;
        }
        case segment_kind::adjacency:
        case segment_kind::parallel:
            if (at.node != s.node && (at.node != nobody || !at.known)) {
                return list_fault::disconnected;
            }
            for (link_number l = g.first[s.node]; l < g.first[s.node + 1]; ++l) {
                if (l == s.number ||
                    (s.kind == segment_kind::parallel && g.to[l] == g.to[s.number])) {
                    links.push_back(l);
                }
            }
            at = {g.to[s.number], true};
            return list_fault::none;
        case segment_kind::sid:
        case segment_kind::binding: return step_sid(s, at, links);
    }
    return list_fault::unresolved;
}

std::vector<node_number> list_checker::ends_of(const segment& s) const {
    switch (s.kind) {
        case segment_kind::node: return {s.node};
        case segment_kind::anycast: {
            std::vector<node_number> ends;
            for (const topology::prefix_source& source : map_.sources(s.number)) {
                ends.push_back(source.node);
            }
            return ends;
        }
        case segment_kind::adjacency:
        case segment_kind::parallel: return {map_.graph().to[s.number]};
        case segment_kind::binding:
        case segment_kind::sid: break;
    }
    const auto end = topology::end_of_binding(map_, s.node, s.number);
    return end ? std::vector{*end} : std::vector<node_number>{};
}

std::vector<node_number> list_checker::ends_of(const hop& h) const {
    if (h.is == hop::kind::node) {
        return {h.node};
    }
    if (h.is == hop::kind::prefix) {
        const auto p = map_.find(h.address);
        return p ? ends_of({segment_kind::anycast, 0, nobody, *p}) : std::vector<node_number>{};
    }
    if (h.remote != nobody || h.node >= map_.graph().node_count()) {
        return {h.remote};
    }
    const auto l = map_.find_link(h.node, h.link);
    return l ? std::vector{map_.graph().to[*l]} : std::vector<node_number>{};
}

// Labels on the way go into `labels`; where it ends.
std::vector<node_number> list_checker::walk(node_number headend, const explicit_list& list,
                                            const policy_ends& end_of_policy,
                                            std::vector<binding_place>& labels) {
    std::vector<node_number> at{headend};
    for (const hop& h : list.hops) {
        if (h.is != hop::kind::label) {
            at = ends_of(h);
            continue;
        }
        std::vector<node_number> next;
        for (const node_number node : at) {
            labels.push_back({node, h.label});
            if (const auto ends = end_of_policy({node, h.label})) {
                next.insert(next.end(), ends->begin(), ends->end());
            } else if (const auto meant = sids_.read(node, h.label)) {
                const auto led = ends_of(*meant);
                next.insert(next.end(), led.begin(), led.end());
            }
        }
        std::sort(next.begin(), next.end());
        next.erase(std::unique(next.begin(), next.end()), next.end());
        at = std::move(next);
    }
    return at;
}

std::vector<binding_place> list_checker::labels_of(node_number headend, const explicit_list& list,
                                                   const policy_ends& end_of_policy) {
    std::vector<binding_place> labels;
    (void)walk(headend, list, end_of_policy, labels);
    return labels;
}

std::vector<node_number> list_checker::ends_of(node_number headend, const explicit_list& list,
                                               const policy_ends& end_of_policy) {
    std::vector<binding_place> labels;
    return walk(headend, list, end_of_policy, labels);
}

bool list_checker::fits(node_number headend, std::span<const segment> segments) const {
    const topology::advertisement* const said = map_.said(headend);
    // Over a link of its own the headend sends without a label for it.
    const bool own_link =
        !segments.empty() && segments[0].node == headend &&
        (segments[0].kind == segment_kind::adjacency || segments[0].kind == segment_kind::parallel);
    return said != nullptr && segments.size() + reserved_ <= said->msd + (own_link ? 1U : 0U);
}

list_verdict list_checker::check(node_number headend, const explicit_list& list) {
    list_verdict verdict;
    if (list.hops.empty() || list.weight == 0) {
        verdict.fault = list.hops.empty() ? list_fault::empty : list_fault::no_weight;
        return verdict;
    }
    place at{headend, true};
    for (const hop& h : list.hops) {
        const resolved found = resolve(h, at, verdict.hop == 0, list.verify);
        verdict.fault =
            found.fault == list_fault::none ? step(found.segment, at, verdict.links) : found.fault;
        if (verdict.fault != list_fault::none) {
            return verdict;
        }
        verdict.segments.push_back(found.segment);
        ++verdict.hop;
    }
    if (!fits(headend, verdict.segments)) {
        verdict.fault = list_fault::too_deep;
    }
    return verdict;
}

list_fault list_checker::check(node_number headend, std::span<const segment> segments) {
    place at{headend, true};
    unused_.clear();
    for (const segment& s : segments) {
        if (s.kind == segment_kind::node && !has_node_sid(s.node, s.algorithm)) {
            return list_fault::unresolved;
        }
        if ((s.kind == segment_kind::adjacency || s.kind == segment_kind::parallel) &&
            (s.number >= map_.graph().link_count() || !usable(s.number))) {
            return list_fault::unresolved;
        }
        if (s.kind == segment_kind::anycast && !has_sid(s.number, s.algorithm)) {
            return list_fault::unresolved;
        }
        if (const list_fault fault = step(s, at, unused_); fault != list_fault::none) {
            return fault;
        }
    }
    return fits(headend, segments) ? list_fault::none : list_fault::too_deep;
}

bool list_checker::refresh(const topology::change& changed) {
    if (changed.renumbered || !changed.nodes.empty() || !changed.prefixes.empty()) {
        sids_.clear();
    }
    backed_.clear();
    return reach_.refresh(changed);
}

std::vector<node_number> endpoint_nodes(const topology::map& m, const ip_prefix& endpoint) {
    std::vector<node_number> nodes;
    const auto p = is_null(endpoint) ? std::nullopt : m.find(endpoint);
    for (const topology::prefix_source& source :
         p ? m.sources(*p) : std::span<const topology::prefix_source>()) {
        nodes.push_back(source.node);
    }
    return nodes;
}

}  // namespace rhumb::paths

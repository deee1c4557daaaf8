// Which policies a change of the map may concern.
#include <algorithm>

#include "controlplane/paths/policies.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;

void policies::mark(std::uint32_t policy, bool may_wait) {
    slot& s = slots_[policy];
    if (!s.used) {
        return;
    }
    s.may_wait = may_wait && (!s.marked || s.may_wait);
    if (!s.marked) {
        s.marked = true;
        marked_.push_back(policy);
        mark_partners(policy);
    }
}

// Policies over the link are looked at again. True where others may have become better by it.
bool policies::mark_link(link_number l) {
    const topology::graph& g = map_.graph();
    const bool gone = g.costs(topology::metric_type::igp)[l] == topology::unusable;
    index_.each(l, [&](std::uint32_t policy) {
        const auto& used = slots_[policy].state.links;
        const bool own = std::find(used.begin(), used.end(), l) != used.end();
        mark(policy, !own);
    });
    return !gone;
}

// Policies over a node that lets nothing pass any more. True where it has become better.
bool policies::mark_node(node_number n) {
    const topology::graph& g = map_.graph();
    const bool passes = g.no_transit[n] == 0;
    const bool passed = seen_no_transit_[n] == 0;
    for (link_number l = g.first[n]; passed && !passes && l < g.first[n + 1]; ++l) {
        index_.each(l, [&](std::uint32_t policy) { mark(policy); });
    }
    return true;  // it may have SIDs, or an algorithm, that it did not have
}

// Lists are looked at again: what they name may be gone, or out of reach.
void policies::mark_doubtful() {
    for (std::uint32_t number = 0; number < size(); ++number) {
        const slot& s = slots_[number];
        const candidate_path* const active = s.used ? s.state.active_path() : nullptr;
        if (active == nullptr || (s.marked && !s.may_wait)) {
            continue;
        }
        if (!active->dynamic) {
            mark(number);
            continue;
        }
        for (const weighted_segments& list : s.state.lists.in_force().lists) {
            if (checker_.check(s.state.key.headend, list.segments) != list_fault::none) {
                mark(number);
            }
        }
        const auto endpoints = endpoint_nodes(map_, s.state.key.endpoint);
        if (endpoints != s.endpoints) {
            mark(number);
        }
    }
}

// Lists that name binding SIDs: what stands behind one, or whether anything does, depends on costs
// elsewhere, and on which policies there are.
void policies::mark_naming() {
    const auto is_one = [](const topology::segment& s) {
        return s.kind == topology::segment_kind::binding || s.kind == topology::segment_kind::sid;
    };
    for (std::uint32_t number = 0; number < size(); ++number) {
        const auto& lists = slots_[number].state.lists.in_force().lists;
        if (std::any_of(lists.begin(), lists.end(), [&](const weighted_segments& list) {
                return std::any_of(list.segments.begin(), list.segments.end(), is_one);
            })) {
            mark(number);
        }
    }
}

void policies::mark_wanting() {
    for (std::uint32_t number = 0; number < size(); ++number) {
        const slot& s = slots_[number];
        if (s.used && (s.wanting || (!s.state.active && !s.erased))) {
            mark(number, s.state.active.has_value());
        }
    }
}

void policies::mark_dependents(const policy_key& key) {
    const auto known = dependents_.find(key);
    if (known == dependents_.end()) {
        return;
    }
    std::erase_if(known->second, [&](std::uint32_t policy) {
        const slot& s = slots_[policy];
        const bool depends =
            s.used && std::any_of(s.state.candidates.begin(), s.state.candidates.end(),
                                  [&](const candidate_path& c) {
                                      return c.dynamic && c.dynamic->disjoint_from == key;
                                  });
        if (depends && s.looks < 2) {  // two that keep apart from each other come to an end
            mark(policy);
        }
        return !depends;
    });
}

void policies::mark_changed(const topology::change& changed) {
    if (changed.empty()) {
        return;
    }
    const bool reach_differs = checker_.refresh(changed);
    names_differ_ |= changed.renumbered || !changed.nodes.empty() || !changed.prefixes.empty();
    if (changed.renumbered) {
        renumbered_ = true;
        index_.clear(map_.graph().link_count());
        for (dynamic_class& c : classes_) {
            resolve_links(c);
        }
        for (std::uint32_t number = 0; number < size(); ++number) {
            mark(number);
        }
        seen_no_transit_ = map_.graph().no_transit;
        return;
    }
    // Nodes that nobody has a link to are new without a renumbering.
    seen_no_transit_.resize(map_.graph().node_count(), 1);
    std::vector<link_number> better;
    for (const link_number l : changed.links) {
        if (mark_link(l)) {
            better.push_back(l);
        }
    }
    bool all = false;
    for (const node_number n : changed.nodes) {
        all |= mark_node(n);
    }
    if (!changed.prefixes.empty()) {
        mark_waypoints();
    }
    if (reach_differs || !changed.nodes.empty() || !changed.prefixes.empty()) {
        mark_doubtful();
    }
    if (all || !better.empty()) {
        mark_hopeful(better, all);
    }
    if (all || !better.empty() || !changed.prefixes.empty()) {
        mark_wanting();
    }
    seen_no_transit_ = map_.graph().no_transit;
}

}  // namespace rhumb::paths

// Which policies a change of the map may concern.
#include <algorithm>

#include "controlplane/paths/policies.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;

void policies::mark(std::uint32_t policy, bool may_wait, bool broken) {
    slot& s = slots_[policy];
    if (!s.used) {
        return;
    }
    s.may_wait = may_wait && (!s.marked || s.may_wait);
    s.broken |= broken;
    if (!s.marked) {
        s.marked = true;
        marked_.push_back(policy);
    }
}

void policies::remember_columns() {
    const topology::graph& g = map_.graph();
    seen_costs_ = g.metrics;
    seen_affinities_ = g.affinities;
    seen_no_transit_ = g.no_transit;
}

// Policies over a link that is worse than it was. True where it may have become better.
bool policies::mark_link(link_number l) {
    const topology::graph& g = map_.graph();
    bool worse = false;
    bool better = false;
    for (std::size_t m = 0; m < topology::metric_types; ++m) {
        worse |= g.metrics[m][l] > seen_costs_[m][l];
        better |= g.metrics[m][l] < seen_costs_[m][l];
    }
    const bool gone = g.costs(topology::metric_type::igp)[l] == topology::unusable;
    // What else differs, such as affinities, risks, capacity and SIDs, may be either.
    if (!worse && !better) {
        worse = better = true;
    }
    if (g.affinities[l] != seen_affinities_[l] && !gone) {
        worse = better = true;
    }
    if (worse) {
        index_.each(l, [&](std::uint32_t policy) {
            const auto& used = slots_[policy].state.links;
            const bool own = std::find(used.begin(), used.end(), l) != used.end();
            mark(policy, !own, own && gone);
        });
    }
    return better && !gone;
}

// The same for what may pass through a node.
bool policies::mark_node(node_number n) {
    const topology::graph& g = map_.graph();
    if (g.no_transit[n] != 0 && seen_no_transit_[n] == 0) {
        for (link_number l = g.first[n]; l < g.first[n + 1]; ++l) {
            index_.each(l, [&](std::uint32_t policy) { mark(policy); });
        }
    }
    return true;
}

// Lists are looked at again: what they name may be gone, or out of reach.
void policies::mark_doubtful() {
    for (std::uint32_t number = 0; number < size(); ++number) {
        const slot& s = slots_[number];
        const candidate_path* const active = s.used ? s.state.active_path() : nullptr;
        if (active == nullptr || s.marked) {
            continue;
        }
        if (!active->dynamic) {
            mark(number);
            continue;
        }
        for (const weighted_segments& list : s.state.lists.intended().lists) {
            if (checker_.check(s.state.key.headend, list.segments) != list_fault::none) {
                mark(number, false, true);
            }
        }
        const auto endpoint = endpoint_node(map_, s.state.key.endpoint);
        if (!endpoint || *endpoint != s.endpoint) {
            mark(number, false, true);
        }
    }
}

// Something has become better: dynamic paths may, too, and their segments may lead elsewhere.
void policies::mark_hopeful() {
    for (std::uint32_t number = 0; number < size(); ++number) {
        const candidate_path* const active =
            slots_[number].used ? slots_[number].state.active_path() : nullptr;
        if (active != nullptr && active->dynamic) {
            mark(number, true);
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
    if (changed.renumbered) {
        renumbered_ = true;
        index_.clear(map_.graph().link_count());
        for (dynamic_class& c : classes_) {
            resolve_links(c);
        }
        for (std::uint32_t number = 0; number < size(); ++number) {
            mark(number, false, true);
        }
        remember_columns();
        return;
    }
    // Nodes that nobody has a link to are new without a renumbering.
    seen_no_transit_.resize(map_.graph().node_count(), 1);
    bool better = false;
    for (const link_number l : changed.links) {
        better |= mark_link(l);
    }
    for (const node_number n : changed.nodes) {
        better |= mark_node(n);
    }
    if (reach_differs || !changed.nodes.empty() || !changed.prefixes.empty()) {
        mark_doubtful();
    }
    if (better) {
        mark_hopeful();
    }
    if (better || !changed.prefixes.empty()) {
        mark_wanting();
    }
    for (const link_number l : changed.links) {
        for (std::size_t m = 0; m < topology::metric_types; ++m) {
            seen_costs_[m][l] = map_.graph().metrics[m][l];
        }
        seen_affinities_[l] = map_.graph().affinities[l];
    }
    seen_no_transit_ = map_.graph().no_transit;
}

}  // namespace rhumb::paths

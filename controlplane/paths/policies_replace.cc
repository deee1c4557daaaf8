// What another path for a policy would have to keep to, for whoever looks for one.
#include <algorithm>
#include <utility>

#include "controlplane/paths/policies.hh"

namespace rhumb::paths {

using topology::node_number;

namespace {

bool names(const std::vector<weighted_segments>& lists, node_number node, mpls::label label) {
    return std::any_of(lists.begin(), lists.end(), [&](const weighted_segments& list) {
        return std::any_of(list.segments.begin(), list.segments.end(), [&](const auto& s) {
            // A label that was given as such may be looked at anywhere.
            return s.number == label &&
                   (s.kind == topology::segment_kind::sid ||
                    (s.kind == topology::segment_kind::binding && s.node == node));
        });
    });
}

}  // namespace

// Whether other policies would have to move with it. All are looked at only where they may name its
// binding SID: an explicit list does, or one that was computed, which takes specified ones only.
bool policies::is_followed(const policy_state& state) const {
    const auto known = dependents_.find(state.key);
    const auto follows = [&](std::uint32_t number) {
        const policy_state* const other = at(number);
        return other != nullptr && other->key != state.key &&
               std::any_of(other->candidates.begin(), other->candidates.end(),
                           [&](const candidate_path& c) {
                               return c.dynamic && c.dynamic->disjoint_from == state.key;
                           });
    };
    if (known != dependents_.end() &&
        std::any_of(known->second.begin(), known->second.end(), follows)) {
        return true;
    }
    if (!state.bound.label || (!state.bound.specified && !named_.contains(*state.bound.label))) {
        return false;
    }
    return std::any_of(slots_.begin(), slots_.end(), [&](const slot& s) {
        return s.used && !s.erased && s.state.key != state.key &&
               names(s.state.lists.in_force().lists, state.key.headend, *state.bound.label);
    });
}

replacement policies::demands_of(const policy_state& policy, std::size_t candidate) const {
    dynamic_class wanted;
    wanted.demands = policy.candidates[candidate].dynamic.value_or(dynamic_path());
    resolve_links(wanted);
    const std::uint32_t number = numbers_.at(policy.key);
    const slot& s = slots_[number];
    return {number, s.endpoint, wanted.demands, apart_from(s, wanted)};
}

std::optional<replacement> policies::replacement_for(const policy_key& key) const {
    const auto known = numbers_.find(key);
    const policy_state* const state = find(key);
    const candidate_path* const active = state == nullptr ? nullptr : state->active_path();
    if (active == nullptr || is_followed(*state)) {
        return std::nullopt;
    }
    // Of an anycast endpoint the member that it has now; where a list leads is not asked.
    const slot& s = slots_[known->second];
    if (s.endpoint == topology::nobody || s.endpoint == key.headend ||
        (s.endpoints.size() > 1 && !active->dynamic)) {
        return std::nullopt;
    }
    const auto number = static_cast<std::size_t>(active - state->candidates.data());
    dynamic_class wanted;
    wanted.demands = active->dynamic.value_or(dynamic_path());
    dynamic_path& demands = wanted.demands;
    demands.pinned.clear();
    if (!demands.group.empty()) {
        demands.group.clear();
        demands.strict = false;
        demands.disjoint_from = state->states[number].with;
    }
    resolve_links(wanted);
    replacement made{known->second, s.endpoint, {}, apart_from(s, wanted)};
    made.demands = std::move(demands);
    return made;
}

std::optional<topology::segments> policies::spell(const replacement& what,
                                                  std::span<const topology::link_number> links,
                                                  std::span<const offered_binding> offers) {
    const slot& s = slots_[what.policy];
    auto segments = services_.encode ? services_.encode(s.state.key.headend, links)
                                     : std::optional<topology::segments>();
    computed_list found{std::move(segments).value_or(topology::segments()),
                        {links.begin(), links.end()}};
    const list_fault fault = found.segments.empty()
                                 ? list_fault::unspelt
                                 : checker_.check(s.state.key.headend, found.segments);
    if (fault != list_fault::none) {
        const bool may_be_spelt = fault == list_fault::unspelt || fault == list_fault::too_deep;
        const bool spelt = may_be_spelt && (what.demands.ecmp ? fits_over_own_link(s, found)
                                                              : fits_with(s, found, {}) ||
                                                                    fits_with(s, found, offers));
        if (!spelt) {
            return std::nullopt;
        }
    }
    return std::move(found.segments);
}

}  // namespace rhumb::paths

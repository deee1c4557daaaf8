// Pairs of paths that keep apart (disjoint associations, RFC 8800). Two paths of different policies
// that name the same group, and are alike in what they demand, are computed at once, so that
// neither takes what the other one needs. What comes out depends on the map alone, not on whose
// path was there first or is active: the policy of the lower key gets the nearer path where the
// ends are the same.
#include <algorithm>
#include <utility>

#include "controlplane/paths/policies.hh"
#include "controlplane/paths/policies_hopeful.hh"

namespace rhumb::paths {

using topology::distance;
using topology::node_number;

void policies::join(std::uint32_t policy, const candidate_path& candidate) {
    specify(policy, candidate, true);
    names_differ_ |= note_names(candidate, true);
    if (!candidate.dynamic || candidate.dynamic->group.empty()) {
        return;
    }
    auto& members = groups_[candidate.dynamic->group];
    const auto by_key = [&](std::uint32_t a, std::uint32_t b) {
        return slots_[a].state.key < slots_[b].state.key;
    };
    members.insert(std::upper_bound(members.begin(), members.end(), policy, by_key), policy);
    ++slots_[policy].paired;
    for (const std::uint32_t member : members) {
        mark(member);
    }
}

void policies::leave(std::uint32_t policy, const candidate_path& candidate) {
    specify(policy, candidate, false);
    names_differ_ |= note_names(candidate, false);
    if (!candidate.dynamic || candidate.dynamic->group.empty()) {
        return;
    }
    const auto group = groups_.find(candidate.dynamic->group);
    group->second.erase(std::find(group->second.begin(), group->second.end(), policy));
    --slots_[policy].paired;
    for (const std::uint32_t member : group->second) {
        mark(member);
    }
    if (group->second.empty()) {
        groups_.erase(group);
    }
}

// What concerns one of a pair concerns the other.
void policies::mark_partners(std::uint32_t policy) {
    if (slots_[policy].paired == 0) {
        return;
    }
    for (const candidate_path& c : slots_[policy].state.candidates) {
        const auto group = c.dynamic ? groups_.find(c.dynamic->group) : groups_.end();
        if (group != groups_.end()) {
            for (const std::uint32_t member : group->second) {
                mark(member);
            }
        }
    }
}

std::uint32_t policies::first_of_groups(std::uint32_t policy) const {
    std::uint32_t first = policy;
    for (const candidate_path& c : slots_[policy].state.candidates) {
        const auto group = c.dynamic ? groups_.find(c.dynamic->group) : groups_.end();
        if (group != groups_.end()) {
            first = std::min(first, *std::min_element(group->second.begin(), group->second.end()));
        }
    }
    return first;
}

// Null where there is no pair to compute, for which the state has the reason.
policies::pair_of_group* policies::pair_for(const request& asked, candidate_state& state,
                                            evaluation& done) {
    const dynamic_class& demands = classes_[asked.demands];
    const std::string& name = demands.demands.group;
    const auto& members = groups_.at(name);
    if (members.size() == 1) {
        state.pair = pairing::single;
        return nullptr;
    }
    // Who demands the same is of the same class.
    const auto& other = slots_[members[members[0] == asked.policy ? 1 : 0]];
    if (members.size() != 2 || members[0] == members[1] ||
        std::find(other.classes.begin(), other.classes.end(), asked.demands) ==
            other.classes.end()) {
        state.fault = list_fault::no_pair;
        return nullptr;
    }
    state.with = other.state.key;
    const auto [at, is_new] = pairs_.try_emplace(name);
    pair_of_group& pair = at->second;
    if (is_new) {
        pair_request wanted{{}, {}, {members[0], members[1]}, demands.demands.disjoint};
        for (std::size_t i = 0; i < 2; ++i) {
            wanted.headends[i] = slots_[members[i]].state.key.headend;
        }
        pair.policies = wanted.policies;
        ++done.computed;
        pair.found = compute_nearest_pair(wanted, demands.within);
        pair.alike =
            wanted.headends[0] == wanted.headends[1] && wanted.endpoints[0] == wanted.endpoints[1];
    }
    return &pair;
}

// True where the policy is settled by its path of the pair, or by what it may have instead.
bool policies::try_pair(const request& asked, microseconds now, evaluation& done) {
    slot& s = slots_[asked.policy];
    candidate_state& state = s.state.states[asked.candidate];
    const bool strict = classes_[asked.demands].demands.strict;
    pair_of_group* const pair = pair_for(asked, state, done);
    if (pair == nullptr) {
        return state.fault == list_fault::none && try_alone(asked, now, done);
    }
    const computed_pair& found = pair->found;
    state.why = found.why;
    state.shared = found.shared;
    const std::size_t which = pair->policies[0] == asked.policy ? 0 : 1;
    if (found.found && (found.disjoint || !strict)) {
        if (try_half(asked, *pair, which, now, done)) {
            return true;
        }
        // Bandwidth that the other one still holds: it may be had the other way round.
        if (state.fault == list_fault::not_computed && pair->alike && !pair->taken) {
            std::swap(pair->found.paths[0], pair->found.paths[1]);
            if (try_half(asked, *pair, which, now, done)) {
                return true;
            }
        }
        if (strict || state.fault != list_fault::not_computed) {
            return false;
        }
        state.why = "the bandwidth of its path of the pair is not free";
    }
    s.wanting = true;
    if (strict) {
        state.fault = list_fault::not_apart;
        return false;
    }
    state.pair = pairing::separate;
    return try_alone(asked, now, done);
}

bool policies::try_half(const request& asked, pair_of_group& pair, std::size_t which,
                        microseconds now, evaluation& done) {
    slot& s = slots_[asked.policy];
    const computed_pair& found = pair.found;
    candidate_state& state = s.state.states[asked.candidate];
    state.pair = found.disjoint ? pairing::disjoint : pairing::sharing;
    const auto& others = found.paths[1 - which].links;
    s.also.insert(s.also.end(), others.begin(), others.end());
    // What shares something, or is not known to be the best, may become better by anything.
    state.pair_cost = found.disjoint && found.proven ? found.paths[0].metric + found.paths[1].metric
                                                     : topology::unreachable;
    computed_list half{{}, found.paths[which].links};
    s.endpoint = map_.graph().to[half.links.back()];
    if (services_.encode) {
        half.segments = services_.encode(asked.headend, half.links).value_or(topology::segments());
    }
    const bool settled = answer(asked, std::move(half), now, done);
    pair.taken |= settled;
    return settled;
}

// A better pair has one of the better links in one of its paths, and neither costs more than both
// do at present.
bool policies::hopes_for_pair(const slot& s, std::uint32_t number, improvements& better) const {
    const std::size_t plane = better.plane_for(number, classes_[number].within);
    const auto reach = [&](const policy_key& key, topology::distance cost) {
        const auto ends = endpoint_nodes(map_, key.endpoint);
        return std::any_of(ends.begin(), ends.end(), [&](node_number end) {
            return better.reach(plane, key.headend, end, cost);
        });
    };
    for (std::size_t i = 0; i < s.classes.size(); ++i) {
        const candidate_state& state = s.state.states[i];
        if (s.classes[i] == number && state.pair == pairing::disjoint && state.with) {
            const topology::distance cost = state.pair_cost;
            return cost == topology::unreachable || reach(s.state.key, cost) ||
                   reach(*state.with, cost);
        }
    }
    return true;
}

}  // namespace rhumb::paths

#include "controlplane/controller/policy_traffic.hh"

#include <algorithm>

#include "controlplane/paths/policy_check.hh"
#include "controlplane/paths/policy_selection.hh"

namespace rhumb::controller {

using paths::candidate_path;

namespace {

void add_candidates(const paths::policy_state& state, paths::list_checker& checker,
                    std::vector<segment_lists>& choices) {
    std::vector<std::uint32_t> order;
    paths::order_of_preference(state.candidates, nullptr, order);
    for (const std::uint32_t i : order) {
        const candidate_path& c = state.candidates[i];
        if (state.active == c.key) {
            continue;
        }
        segment_lists lists;
        for (const paths::explicit_list& list : c.lists) {
            paths::list_verdict verdict = checker.check(state.key.headend, list);
            if (verdict.fault == paths::list_fault::none) {
                lists.push_back({std::move(verdict.segments), list.weight});
            }
        }
        if (!lists.empty()) {
            choices.push_back(std::move(lists));
        }
    }
}

}  // namespace

std::vector<routed_demand> routed_by(const paths::policies& policies, const topology::map& m,
                                     std::span<const demand> demands) {
    paths::list_checker checker(m);
    std::vector<routed_demand> made;
    for (const demand& d : demands) {
        routed_demand& added = made.emplace_back();
        added.from = d.from;
        added.to = d.to;
        added.rate = d.rate;
        const paths::policy_state* const state = d.policy ? policies.find(*d.policy) : nullptr;
        if (state == nullptr) {
            continue;
        }
        if (const auto& lists = state->lists.in_force().lists; !lists.empty()) {
            added.choices.push_back(lists);
            for (paths::weighted_segments& list : added.choices.back()) {
                list.segments = paths::expand_offers(m.graph(), list.segments, policies.offers());
            }
        }
        add_candidates(*state, checker, added.choices);
        added.drop = std::any_of(state->candidates.begin(), state->candidates.end(),
                                 [](const candidate_path& c) { return c.drop_upon_invalid; });
    }
    return made;
}

void name_policies(std::vector<demand>& demands, const paths::policies& policies) {
    for (demand& d : demands) {
        const paths::policy_state* const taken = d.policy ? policies.find(*d.policy) : nullptr;
        d.policy_name = taken == nullptr ? std::string() : taken->settings.name;
    }
}

}  // namespace rhumb::controller

#include "controlplane/controller/policy_traffic.hh"

#include <algorithm>
#include <limits>

#include "controlplane/paths/policy_check.hh"
#include "controlplane/paths/policy_selection.hh"

namespace rhumb::controller {

using paths::candidate_path;
using paths::hop;
using topology::segment;
using topology::segment_kind;

namespace {

// The controller's candidate in a policy, which it replaces at each move.
constexpr std::uint32_t controllers_discriminator = std::numeric_limits<std::uint32_t>::max();
constexpr std::string_view controllers_name = "controller";

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

std::vector<std::uint32_t> movable(const paths::policies& policies,
                                   std::span<const demand> demands) {
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < demands.size(); ++i) {
        if (demands[i].policy && policies.find(*demands[i].policy) != nullptr) {
            found.push_back(i);
        }
    }
    return found;
}

std::optional<std::vector<hop>> hops_of(const topology::map& m, std::span<const segment> segments) {
    std::vector<hop> made;
    for (const segment& s : segments) {
        hop& h = made.emplace_back();
        h.algorithm = s.algorithm;
        const bool link = s.kind == segment_kind::adjacency || s.kind == segment_kind::parallel;
        if (link && (s.number >= m.graph().link_count() || m.said_of(s.number) == nullptr)) {
            return std::nullopt;
        }
        switch (s.kind) {
            case segment_kind::node: h.node = s.node; break;
            case segment_kind::anycast:
                if (s.number >= m.prefix_count()) {
                    return std::nullopt;
                }
                h.is = hop::kind::prefix;
                h.address = m.address(s.number);
                break;
            case segment_kind::adjacency:
                h.is = hop::kind::link;
                h.node = s.node;
                h.link = m.said_of(s.number)->name;
                break;
            case segment_kind::parallel:
                h.is = hop::kind::link;
                h.node = s.node;
                h.remote = m.graph().to[s.number];
                break;
            case segment_kind::sid:
            case segment_kind::binding:
                h.is = hop::kind::label;
                h.label = s.number;
                break;
        }
    }
    return made;
}

std::optional<candidate_path> candidate_for(const topology::map& m,
                                            const paths::policy_state& policy,
                                            const segment_lists& lists) {
    candidate_path made;
    made.name = controllers_name;
    made.key.discriminator = controllers_discriminator;
    for (const candidate_path& c : policy.candidates) {
        if (c.key == made.key) {
            made.preference = std::max(made.preference, c.preference);
        } else if (c.preference != std::numeric_limits<std::uint32_t>::max()) {
            made.preference = std::max(made.preference, c.preference + 1);
        } else {
            made.preference = c.preference;
        }
        made.drop_upon_invalid |= c.drop_upon_invalid;
    }
    if (const candidate_path* const active = policy.active_path()) {
        made.binding_sid = active->binding_sid;
        made.specified_binding_sid_only = active->specified_binding_sid_only;
    }
    for (const paths::weighted_segments& list : lists) {
        auto hops = hops_of(m, list.segments);
        if (!hops) {
            return std::nullopt;
        }
        made.lists.push_back({*std::move(hops), list.weight, false});
    }
    return made;
}

}  // namespace rhumb::controller

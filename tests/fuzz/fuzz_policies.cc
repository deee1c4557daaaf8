// Any bytes as a file of policies: an error with a position, or policies that a small network can
// work with while its links fail and come back and demands move them. Its headends impose few
// labels, so that binding SIDs of others are needed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

#include "controlplane/config/policies_file.hh"
#include "controlplane/controller/policy_moves.hh"
#include "controlplane/controller/policy_traffic.hh"
#include "controlplane/paths/steering.hh"
#include "tests/unit/policies_rig.hh"

namespace {

using namespace rhumb;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

const paths::candidate_state& state_of_active(const paths::policy_state& policy) {
    for (std::size_t n = 0; n < policy.candidates.size(); ++n) {
        if (policy.active == policy.candidates[n].key) {
            return policy.states[n];
        }
    }
    std::abort();
}

// Two paths of a pair that says so share no link in either direction.
void check_pair(const test::policies_rig& rig, const paths::policy_state& one) {
    const paths::candidate_state& said = state_of_active(one);
    const auto* const other = said.with ? rig.all->find(*said.with) : nullptr;
    if (said.pair != paths::pairing::disjoint || other == nullptr || !other->active ||
        state_of_active(*other).pair != paths::pairing::disjoint ||
        state_of_active(*other).with != one.key) {
        return;
    }
    const topology::graph& g = rig.map.graph();
    for (const topology::link_number l : one.links) {
        for (const topology::link_number m : other->links) {
            require(l != m && g.reverse[l] != m);
        }
    }
}

void check(const test::policies_rig& rig) {
    std::set<std::pair<topology::node_number, mpls::label>> bound;
    for (std::uint32_t n = 0; n < rig.all->size(); ++n) {
        const paths::policy_state* const policy = rig.all->at(n);
        if (policy == nullptr) {
            continue;
        }
        const topology::node_number headend = policy->key.headend;
        if (policy->bound.label) {
            require(bound.emplace(headend, *policy->bound.label).second);
            require(rig.taken.contains({headend, *policy->bound.label}));
        }
        require(policy->active.has_value() == !policy->lists.in_force().lists.empty());
        if (!policy->active) {
            continue;
        }
        require(state_of_active(*policy).valid);
        check_pair(rig, *policy);
        for (const paths::weighted_segments& list : policy->lists.in_force().lists) {
            // The first may be over a link of the headend's own.
            require(!list.segments.empty() &&
                    list.segments.size() <= rig.map.said(headend)->msd + 1U);
        }
    }
}

void move_some(const config::resolved_policies& made, test::policies_rig& rig) {
    std::vector<controller::demand> demands;
    for (const config::resolved_demand& d : made.demands) {
        demands.push_back(
            {d.from, d.to, static_cast<controller::bits_per_second>(d.rate), d.policy});
    }
    controller::traffic placed(rig.map, controller::routed_by(*rig.all, rig.map, demands));
    controller::policy_moves moves(rig.map, *rig.all, *rig.reserved, demands);
    const auto plan = controller::reoptimise(placed, moves.movable(), moves.ways());
    require(plan.after <= plan.before + 1e-6);
    paths::microseconds now = 10'000'000;
    std::vector<std::pair<paths::policy_key, paths::candidate_path>> candidates;
    for (const controller::move& one : plan.moves) {
        candidates.emplace_back(*demands[one.demand].policy, moves.candidate_for(one));
    }
    for (const auto& [key, candidate] : candidates) {
        rig.all->set(key, candidate);
        (void)rig.all->update(now += 2'000'000);
        check(rig);
    }
    for (const auto& [key, candidate] : candidates) {
        require(rig.all->remove(key, candidate.key));
    }
    (void)rig.all->update(now += 2'000'000);
    check(rig);
}

void work_with(const config::resolved_policies& made, test::policies_rig& rig) {
    for (const config::resolved_policy& p : made.policies) {
        for (const paths::candidate_path& c : p.candidates) {
            rig.all->set(p.key, c);
        }
        rig.all->configure(p.key, {p.name, p.priority, p.steer});
    }
    paths::steering at_r1(*rig.all, rig.node("r1"));
    for (const config::resolved_route& r : made.routes) {
        std::vector<paths::route_color> colors;
        for (const config::color_entry& c : r.colors) {
            colors.push_back({c.color, paths::color_only_of(c.only)});
        }
        at_r1.set({r.prefix, r.next_hop, colors});
    }
    const auto follow = [&](const paths::evaluation& done) {
        (void)at_r1.update(done.changed);
        (void)at_r1.installed();
        check(rig);
    };
    follow(rig.all->update(0));
    follow(rig.fail("r2", "r3", 1));
    follow(rig.repair("r2", "r3", 2));
    follow(rig.all->update(5'000'000));
    require(rig.all->due() >= 5'000'000);
    move_some(made, rig);
}

std::vector<topology::advertisement> network() {
    auto said = test::make_advertisements({{"r1", "r2"},
                                           {"r2", "r3"},
                                           {"r2", "r3"},
                                           {"r3", "r5"},
                                           {"r1", "r5"},
                                           {"r2", "r4", 30, 30, 1, {7}},
                                           {"r4", "r5", 30, 30}});
    for (topology::advertisement& one : said) {
        one.msd = one.origin == "r1" ? 2 : 3;
        for (topology::link& l : one.links) {
            l.bandwidth = 10'000'000'000;
        }
    }
    return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::vector<std::string> affinities{"red", "blue"};
    const auto file = config::parse_policies(text, "fuzz.toml", affinities);
    if (!file) {
        require(!file.why().message.empty() && file.why().where.line != 0);
        return 0;
    }
    test::policies_rig rig(network(), {}, true);
    config::diagnostics errors("fuzz.toml", 0);
    const auto made = config::resolve_policies(file.value(), rig.map, rig.node("r1"), errors);
    if (!errors.failed()) {
        work_with(made, rig);
    } else {
        require(errors.why().where.line != 0);
    }
    return 0;
}

// Random networks, policies and failures: what is kept up to date step by step is what a fresh
// start would compute, the most preferred valid path is active, and nobody else is disturbed.
#include <gtest/gtest.h>

#include <random>

#include "controlplane/paths/policy_selection.hh"
#include "tests/unit/policies_follower.hh"
#include "tests/unit/policies_rig.hh"

namespace rhumb::paths {
namespace {

using test::policies_rig;

class random_policies {
public:
    random_policies(std::uint64_t seed, bool real)
        : dice_(seed),
          seed_(seed),
          real_(real),
          edges_(test::random_graph(14, 24, 9, seed)),
          rig(said(), {}, real) {}

    std::uint64_t below(std::uint64_t n) { return dice_() % n; }
    std::string name() { return "n" + std::to_string(below(14)); }

    hop random_hop() {
        const auto& e = edges_[below(edges_.size())];
        switch (below(4)) {
            case 0: return rig.over(e.a, e.b);
            case 1: return rig.label(static_cast<std::uint32_t>(16'000 + below(17)));
            case 2: {
                hop h;
                h.is = hop::kind::prefix;
                h.address = rig.address(name());
                return h;
            }
            default: return rig.to(name());
        }
    }
    // Of a group's paths some are alike, others not.
    candidate_path grouped(candidate_path c) {
        const auto group = below(3);
        c.dynamic.emplace();
        c.dynamic->group = "g" + std::to_string(group);
        c.dynamic->within.metric = topology::metric_type::te;  // hardly any two sums are equal
        c.dynamic->within.exclude_any = below(8) == 0 ? 1 : 0;
        c.dynamic->disjoint = static_cast<kept_apart>((group + seed_) % 4);
        // Pairs that share risks are not always the best.
        c.dynamic->strict = c.dynamic->disjoint >= kept_apart::srlg || group == 0;
        return c;
    }
    candidate_path random_candidate() {
        candidate_path c;
        c.preference = static_cast<std::uint32_t>(100 + below(3));
        c.key.discriminator = static_cast<std::uint32_t>(below(3));
        c.drop_upon_invalid = below(8) == 0;
        if (real_ && below(6) == 0) {
            return grouped(c);
        }
        if (below(2) == 0) {
            c.dynamic.emplace();
            c.dynamic->within.metric = static_cast<topology::metric_type>(below(3));
            c.dynamic->within.exclude_any = below(4);
            if (below(4) == 0) {
                c.dynamic->within.exclude_srlgs.push_back(static_cast<std::uint32_t>(below(4)));
            }
            c.dynamic->ecmp = real_ && below(3) == 0;
            return c;
        }
        for (auto lists = 1 + below(2); lists != 0; --lists) {
            auto& list = c.lists.emplace_back();
            list.weight = static_cast<std::uint32_t>(below(4));
            for (auto hops = below(4); hops != 0; --hops) {
                list.hops.push_back(random_hop());
            }
        }
        return c;
    }
    // Some with a binding SID, which no other policy of the headend has.
    void set_random() {
        const policy_key key = random_key();
        candidate_path c = random_candidate();
        if (real_ && key.headend % 3 != 0) {
            c.binding_sid =
                15'000 + key.color * 100 + endpoint_nodes(rig.map, key.endpoint).front();
        }
        rig.all->set(key, c);
    }
    // A policy with a binding SID over a part of a path that has too many labels.
    bool set_helpful() {
        for (std::uint32_t n = 0; n < rig.all->size(); ++n) {
            const policy_state* const state = rig.all->at(n);
            for (std::size_t i = 0; state != nullptr && i < state->states.size(); ++i) {
                const auto& links = state->states[i].too_long;
                if (links.size() < 3 || below(3) == 0) {
                    continue;
                }
                const auto first = 1 + below(links.size() - 2);
                candidate_path c;
                auto& hops = c.lists.emplace_back().hops;
                for (auto at = first; at < links.size() && (at < first + 2 || below(2) != 0);
                     ++at) {
                    hops.push_back(rig.over(rig.map.name(rig.map.graph().from[links[at]]),
                                            rig.map.name(rig.map.graph().to[links[at]])));
                    hops.back().link = rig.map.said_of(links[at])->name;
                }
                const topology::node_number end = hops.back().remote;
                c.binding_sid = 15'300 + end;
                rig.all->set({hops.front().node, 3, rig.address(rig.map.name(end))}, c);
                return true;
            }
        }
        return false;
    }
    policy_key random_key() {
        return rig.key(name(), static_cast<std::uint32_t>(1 + below(2)), name());
    }
    // Something happens.
    evaluation step(microseconds now) {
        const auto& e = edges_[below(edges_.size())];
        switch (below(6)) {
            case 0: return rig.fail(e.a, e.b, now);
            case 1: return rig.repair(e.a, e.b, now);
            case 2: {
                auto& links = rig.of(e.a).links;
                if (!links.empty()) {
                    auto& l = links[below(links.size())];
                    l.metric = static_cast<topology::cost>(1 + below(9));
                    l.affinities = below(4);
                }
                return rig.say({e.a}, now);
            }
            case 3: {
                auto& node = rig.of(e.a);
                if (real_ && below(2) == 0) {
                    node.msd = static_cast<std::uint8_t>(1 + below(4));
                } else {
                    node.overload = !node.overload;
                }
                return rig.say({e.a}, now);
            }
            case 4: {
                auto& node = rig.of(e.a);
                if (node.prefixes.front().sids.empty()) {
                    node.prefixes.front().sids.push_back({rig.node(e.a) + 1, 0, false, false});
                } else {
                    node.prefixes.front().sids.clear();
                }
                return rig.say({e.a}, now);
            }
            default: break;
        }
        if (real_ && below(2) == 0 && set_helpful()) {
            return rig.all->update(now);
        }
        if (below(3) == 0) {
            rig.all->remove(random_key());
        } else {
            set_random();
        }
        return rig.all->update(now);
    }

private:
    std::vector<topology::advertisement> said() {
        for (auto& e : edges_) {
            e.delay = static_cast<topology::cost>(below(3) * 10);
            e.te_metric = static_cast<topology::cost>(1 + below(1'000'000));
            e.affinities = below(4);
            e.srlgs = {static_cast<std::uint32_t>(below(4))};
        }
        auto made = make_advertisements(edges_);
        for (auto& node : made) {
            node.msd = static_cast<std::uint8_t>(real_ ? 1 + below(4) : 10);
        }
        return made;
    }
    std::mt19937_64 dice_;
    std::uint64_t seed_;
    bool real_;
    std::vector<test::edge> edges_;

public:
    policies_rig rig;
};

// Computations for a fresh start.
struct fresh_services {
    fresh_services(policies_rig& rig, bool real) : computes(rig.map) {
        made = computes.services();
        if (!real) {
            made.compute_many = {};
            made.compute = [&rig](auto headend, auto endpoint, const auto& within) {
                return rig.compute(headend, endpoint, within);
            };
        }
    }
    policy_services computes;
    path_services made;
};

// What the random tests have come across.
struct seen {
    std::size_t named = 0;
    std::size_t disjoint = 0;
    std::size_t sharing = 0;
    std::size_t branching = 0;
    std::size_t deep = 0;
};

topology::distance metric_of(const topology::map& m, const policy_state& state) {
    topology::distance sum = 0;
    for (const topology::link_number l : state.links) {
        sum += m.graph().costs(state.active_path()->dynamic->within.metric)[l];
    }
    return sum;
}

// Of equal pairs either may be there.
void compare_pairs(const policies& kept, const policies& fresh, const topology::map& m,
                   const policy_state& was, seen& all) {
    const auto state_of = [](const policy_state& s) {
        std::size_t n = 0;
        while (s.candidates[n].key != *s.active) {
            ++n;
        }
        return s.states[n];
    };
    const policy_state& is = *fresh.find(was.key);
    const candidate_state had = state_of(was);
    const candidate_state has = state_of(is);
    ASSERT_EQ(had.pair, has.pair);
    ASSERT_EQ(had.with, has.with);
    all.disjoint += had.pair == pairing::disjoint ? 1U : 0U;
    all.sharing += had.pair == pairing::sharing ? 1U : 0U;
    if (had.pair == pairing::separate) {
        return;
    }
    ASSERT_EQ(had.shared.links.size(), has.shared.links.size());
    ASSERT_EQ(had.shared.nodes.size(), has.shared.nodes.size());
    const policy_state* const other = had.with ? kept.find(*had.with) : nullptr;
    const policy_state* const others = had.with ? fresh.find(*had.with) : nullptr;
    const auto group = [](const policy_state* s) {
        const candidate_path* const path = s == nullptr ? nullptr : s->active_path();
        return path != nullptr && path->dynamic ? path->dynamic->group : "";
    };
    if (other == nullptr || group(other) != group(&was)) {
        return;
    }
    ASSERT_EQ(metric_of(m, was) + metric_of(m, *other), metric_of(m, is) + metric_of(m, *others));
    if (had.pair == pairing::disjoint) {
        for (const topology::link_number l : was.links) {
            ASSERT_EQ(std::count(other->links.begin(), other->links.end(), l), 0);
        }
    }
}

void compare_policy(random_policies& random, bool real, const policies& fresh,
                    const policy_state& was, seen& all) {
    const policies& kept = *random.rig.all;
    const topology::map& m = random.rig.map;
    const policy_state* const is = fresh.find(was.key);
    ASSERT_NE(is, nullptr);
    ASSERT_EQ(was.active, is->active);
    ASSERT_EQ(was.dropping, is->dropping);
    const auto& lists = was.lists.in_force().lists;
    const candidate_path* const active = was.active_path();
    if (active != nullptr) {
        ASSERT_EQ(was.bound.specified, is->bound.specified);
    }
    if (!real || active == nullptr || !active->dynamic) {
        ASSERT_EQ(random.rig.way(was.key), random.rig.way(*is));
        ASSERT_EQ(was.links, is->links);
        ASSERT_EQ(lists, is->lists.in_force().lists);
        return;
    }
    // What was the shortest spelling of the same path still pins it.
    follower follows(kept, m);
    ASSERT_EQ(lists.size(), 1U);
    if (active->dynamic->ecmp) {
        ASSERT_EQ(was.links, is->links);
        ASSERT_TRUE(follows.stays(was.key.headend, lists[0].segments, was.links));
        all.branching += lists[0].segments.size() < was.links.size() ? 1U : 0U;
        return;
    }
    ASSERT_TRUE(follows.pins(was.key.headend, lists[0].segments, was.links));
    all.named += follows.named;
    if (!active->dynamic->group.empty()) {
        compare_pairs(kept, fresh, m, was, all);
    } else {
        ASSERT_EQ(was.links, is->links);
    }
}

void compare_with_fresh(random_policies& random, bool real, seen& all) {
    const policies& kept = *random.rig.all;
    const fresh_services services(random.rig, real);
    policies fresh(random.rig.map, services.made);
    for (std::uint32_t n = 0; n < kept.size(); ++n) {
        if (const policy_state* const state = kept.at(n)) {
            for (const candidate_path& c : state->candidates) {
                fresh.set(state->key, c);
            }
        }
    }
    (void)fresh.update(0);
    for (std::uint32_t n = 0; n < kept.size() && !testing::Test::HasFatalFailure(); ++n) {
        const policy_state* const was = kept.at(n);
        if (was != nullptr && !was->candidates.empty()) {
            SCOPED_TRACE("policy " + std::to_string(n) + told("kept", *was) +
                         told("fresh", *fresh.find(was->key)));
            compare_policy(random, real, fresh, *was, all);
            all.deep += std::any_of(was->states.begin(), was->states.end(),
                                    [](const auto& s) { return s.fault == list_fault::too_deep; });
        }
    }
}

// By itself each candidate that goes before the active one is not valid.
void expect_most_preferred(random_policies& random, bool real) {
    const policies& kept = *random.rig.all;
    const fresh_services services(random.rig, real);
    for (std::uint32_t n = 0; n < kept.size(); ++n) {
        const policy_state* const state = kept.at(n);
        for (std::size_t i = 0; state != nullptr && i < state->candidates.size(); ++i) {
            const candidate_path& c = state->candidates[i];
            if (c.dynamic && !c.dynamic->group.empty()) {
                continue;  // alone it is no pair
            }
            const candidate_path* const active = state->active_path();
            policies alone(random.rig.map, services.made);
            alone.set(state->key, c);
            (void)alone.update(0);
            // Nobody's binding SIDs help it there.
            const bool helped = state->states[i].valid && !alone.find(state->key)->active;
            if (active == nullptr || goes_before(c, *active)) {
                EXPECT_FALSE(alone.find(state->key)->active);
            } else if (c.key == active->key && !helped) {
                EXPECT_TRUE(alone.find(state->key)->active);
            }
        }
    }
}

class random_policies_test : public testing::TestWithParam<bool> {};

TEST_P(random_policies_test, step_by_step_is_as_good_as_a_fresh_start) {
    seen all;
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
        random_policies random(seed, GetParam());
        for (int n = 0; n < 25; ++n) {
            random.set_random();
        }
        (void)random.rig.all->update(0);
        for (microseconds now = 1; now <= 40; ++now) {
            std::map<policy_key, installed_policy> before;
            for (std::uint32_t n = 0; n < random.rig.all->size(); ++n) {
                if (const auto* const state = random.rig.all->at(n)) {
                    before.emplace(state->key, policies::installed(*state));
                }
            }
            const auto renumberings = random.rig.map.renumberings();
            const evaluation done = random.step(now * 2'000'000);
            SCOPED_TRACE("seed " + std::to_string(seed) + ", step " + std::to_string(now));
            compare_with_fresh(random, GetParam(), all);
            if (testing::Test::HasFatalFailure()) {
                return;
            }
            // Whoever is not named has what it had.
            for (std::uint32_t n = 0; n < random.rig.all->size(); ++n) {
                const auto* const state = random.rig.all->at(n);
                if (state != nullptr && renumberings == random.rig.map.renumberings() &&
                    before.contains(state->key) &&
                    !std::binary_search(done.changed.begin(), done.changed.end(), n)) {
                    EXPECT_EQ(before.at(state->key), policies::installed(*state)) << seed;
                }
            }
            if (now % 20 == 0) {
                expect_most_preferred(random, GetParam());
            }
        }
    }
    if (GetParam()) {
        EXPECT_GT(all.named, 100U);
        EXPECT_GT(all.disjoint, 1000U);
        EXPECT_GT(all.sharing, 100U);
        EXPECT_GT(all.branching, 1000U);
        EXPECT_GT(all.deep, 1000U);
    }
}

INSTANTIATE_TEST_SUITE_P(plain_and_real, random_policies_test, testing::Bool());

}  // namespace
}  // namespace rhumb::paths

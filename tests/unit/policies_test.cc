// Policies as the map changes around them.
#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/policies_rig.hh"

namespace rhumb::paths {
namespace {

using test::policies_rig;

// a square with a diagonal that is dear: a-b, b-d, a-c, c-d, a-d.
std::vector<test::edge> square() {
    return {{"a", "b"}, {"b", "d"}, {"a", "c", 15, 15}, {"c", "d", 15, 15}, {"a", "d", 50, 50}};
}

TEST(policies, a_path_that_fails_hands_over_to_the_next_candidate_and_back) {
    policies_rig rig(square());
    const auto key = rig.key("a", 10, "d");
    rig.all->set(key, rig.explicit_path({rig.over("a", "b"), rig.over("b", "d")}, 200));
    rig.all->set(key, rig.explicit_path({rig.over("a", "c"), rig.over("c", "d")}, 100, 1));
    auto done = rig.all->update(0);
    EXPECT_EQ(done.changed, (std::vector<std::uint32_t>{0}));
    EXPECT_EQ(rig.way(key), "a b d");
    done = rig.fail("b", "d", 1);
    EXPECT_EQ(rig.way(key), "a c d");
    EXPECT_EQ(rig.all->find(key)->states[0].fault, list_fault::unresolved);
    EXPECT_EQ(rig.all->find(key)->states[0].hop, 1U);
    ASSERT_EQ(done.steps.size(), 2U);
    EXPECT_EQ(done.steps[1].step, transition_step::switch_to);
    (void)rig.fail("a", "c", 2);
    EXPECT_FALSE(rig.all->find(key)->active);
    EXPECT_TRUE(policies::installed(*rig.all->find(key)).lists.empty());
    (void)rig.repair("b", "d", 3);
    EXPECT_EQ(rig.way(key), "a b d");
}

TEST(policies, a_failure_elsewhere_is_nobodys_business) {
    policies_rig rig(square());
    rig.all->set(rig.key("a", 10, "d"),
                 rig.explicit_path({rig.over("a", "b"), rig.over("b", "d")}));
    rig.all->set(rig.key("a", 20, "d"), rig.dynamic_path());
    (void)rig.all->update(0);
    const std::size_t before = rig.computations;
    const auto done = rig.fail("c", "d", 1);
    EXPECT_EQ(done.looked_at, 0U);
    EXPECT_TRUE(done.changed.empty());
    EXPECT_EQ(rig.computations, before);
}

TEST(policies, dynamic_paths_follow_the_map) {
    policies_rig rig(square());
    const auto key = rig.key("a", 10, "d");
    rig.all->set(key, rig.dynamic_path());
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(key), "a b d");
    (void)rig.fail("a", "b", 1);
    EXPECT_EQ(rig.way(key), "a c d");
    (void)rig.fail("c", "d", 2);
    EXPECT_EQ(rig.way(key), "a d");
    (void)rig.repair("a", "b", 3);
    EXPECT_EQ(rig.way(key), "a b d");
}

TEST(policies, unsettled_improvements_wait_and_links_that_change_are_spelt_anew) {
    policies_options options;
    options.settle = 100;
    policies_rig rig(square(), options);
    const auto key = rig.key("a", 10, "d");
    rig.all->set(key, rig.dynamic_path());
    (void)rig.all->update(0);
    (void)rig.fail("a", "b", 10);
    EXPECT_EQ(rig.way(key), "a c d");  // at once
    (void)rig.repair("a", "b", 20);
    EXPECT_EQ(rig.way(key), "a c d");
    EXPECT_EQ(rig.all->due(), 120U);
    (void)rig.fail("a", "b", 60);
    (void)rig.repair("a", "b", 70);  // it has to prove itself from the start
    (void)rig.all->update(120);
    EXPECT_EQ(rig.way(key), "a c d");
    (void)rig.all->update(170);
    EXPECT_EQ(rig.way(key), "a b d");
}

TEST(policies, the_weights_of_a_path_are_those_of_its_valid_lists) {
    policies_rig rig(square());
    const auto key = rig.key("a", 10, "d");
    candidate_path both;
    both.lists.push_back({{rig.over("a", "b"), rig.over("b", "d")}, 3, false});
    both.lists.push_back({{rig.over("a", "c"), rig.over("c", "d")}, 1, false});
    both.lists.push_back({{rig.to("d")}, 0, false});
    rig.all->set(key, both);
    (void)rig.all->update(0);
    auto made = policies::installed(*rig.all->find(key));
    ASSERT_EQ(made.lists.size(), 2U);
    EXPECT_EQ(made.lists[0].weight, 3U);
    EXPECT_EQ(made.lists[1].weight, 1U);
    EXPECT_EQ(rig.all->find(key)->states[0].fault, list_fault::no_weight);
    (void)rig.fail("a", "b", 1);
    made = policies::installed(*rig.all->find(key));
    ASSERT_EQ(made.lists.size(), 1U);
    EXPECT_EQ(made.lists[0].weight, 1U);
    (void)rig.repair("a", "b", 2);
    EXPECT_EQ(policies::installed(*rig.all->find(key)).lists.size(), 2U);
}

TEST(policies, binding_sids_come_with_the_active_path) {
    policies_rig rig(square());
    const auto key = rig.key("a", 10, "d");
    auto first = rig.explicit_path({rig.over("a", "b"), rig.over("b", "d")}, 200);
    first.binding_sid = 15'100;
    rig.all->set(key, first);
    rig.all->set(key, rig.explicit_path({rig.to("c")}, 100, 1));
    const auto other = rig.key("a", 20, "d");
    auto rival = rig.explicit_path({rig.to("d")});
    rival.binding_sid = 15'100;
    rig.all->set(other, rival);
    (void)rig.all->update(0);
    EXPECT_EQ(rig.all->find(key)->bound.label, 15'100U);
    EXPECT_EQ(rig.all->find(other)->bound.label, 24'000U);
    EXPECT_EQ(rig.all->find(other)->bound.refused, 15'100U);
    (void)rig.fail("b", "d", 1);  // the path without one keeps the label
    EXPECT_EQ(rig.all->find(key)->bound.label, 15'100U);
    rig.all->remove(key);
    (void)rig.all->update(2);
    EXPECT_EQ(rig.all->find(key), nullptr);
    EXPECT_EQ(rig.all->find(other)->bound.label, 24'000U);
    (void)rig.all->update(
        2'000'000);  // the label is free, and the policy that wants it hears of it
    EXPECT_EQ(rig.all->find(other)->bound.label, 15'100U);
    EXPECT_FALSE(rig.all->find(other)->bound.refused);
}

TEST(policies, a_path_that_may_only_be_used_with_its_own_label_is_passed_over_without) {
    policies_rig rig(square());
    rig.taken.insert({rig.node("a"), 15'100});
    const auto key = rig.key("a", 10, "d");
    auto first = rig.explicit_path({rig.to("b")}, 200);
    first.binding_sid = 15'100;
    first.specified_binding_sid_only = true;
    rig.all->set(key, first);
    rig.all->set(key, rig.explicit_path({rig.to("c")}, 100, 1));
    (void)rig.all->update(0);
    EXPECT_TRUE(rig.all->find(key)->states[0].no_binding_sid);
    EXPECT_EQ(rig.all->find(key)->active_path()->preference, 100U);
    first.binding_sid = 15'200;
    rig.all->set(key, first);
    (void)rig.all->update(1);
    EXPECT_EQ(rig.all->find(key)->active_path()->preference, 200U);
    EXPECT_EQ(rig.all->find(key)->bound.label, 15'200U);
}

TEST(policies, a_policy_drops_when_it_is_told_to_and_else_lets_go) {
    policies_rig rig(square());
    for (const bool drop : {false, true}) {
        const auto key = rig.key("a", drop ? 20 : 10, "d");
        auto c = rig.explicit_path({rig.over("a", "b"), rig.over("b", "d")});
        c.drop_upon_invalid = drop;
        rig.all->set(key, c);
        rig.all->configure(key, {"p", std::nullopt, {test::net(0xcb007100, 24)}});
    }
    (void)rig.all->update(0);
    const auto label = rig.all->find(rig.key("a", 20, "d"))->bound.label;
    (void)rig.fail("b", "d", 1);
    const auto free = policies::installed(*rig.all->find(rig.key("a", 10, "d")));
    EXPECT_FALSE(free.binding_sid);
    EXPECT_TRUE(free.steered.empty());
    const auto dropping = policies::installed(*rig.all->find(rig.key("a", 20, "d")));
    EXPECT_TRUE(dropping.drop_upon_invalid);
    EXPECT_EQ(dropping.binding_sid, label);
    EXPECT_EQ(dropping.steered.size(), 1U);
    EXPECT_TRUE(dropping.lists.empty());
}

TEST(policies, paths_keep_apart_from_anothers) {
    policies_rig rig(square());
    const auto one = rig.key("a", 10, "d");
    const auto two = rig.key("a", 20, "d");
    auto apart = rig.dynamic_path();
    apart.dynamic->disjoint_from = one;
    rig.all->set(two, apart);
    rig.all->set(one, rig.dynamic_path());
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(one), "a b d");
    EXPECT_EQ(rig.way(two), "a c d");
    (void)rig.fail("a", "b", 1);
    EXPECT_EQ(rig.way(one), "a c d");
    EXPECT_EQ(rig.way(two), "a d");
    // Two that keep apart from each other come to an end.
    auto mutual = rig.dynamic_path();
    mutual.dynamic->disjoint_from = two;
    rig.all->set(one, mutual);
    (void)rig.all->update(2);
    (void)rig.repair("a", "b", 3);
    EXPECT_NE(rig.way(one), rig.way(two));
}

TEST(policies, those_of_lower_priority_numbers_are_computed_first) {
    std::vector<topology::node_number> order;
    policies_rig rig(square(), {}, false, [&](path_services& services) {
        services.compute = [&order, inner = services.compute](auto headend, auto endpoint,
                                                              const auto& within) {
            order.push_back(endpoint);
            return inner(headend, endpoint, within);
        };
        services.bandwidth.admit = [](auto, auto, auto) { return true; };
    });
    for (const auto& [name, priority] : {std::pair("b", 200), {"c", 1}, {"d", 128}}) {
        constraints within;
        within.bandwidth = 1;  // one by one
        auto c = rig.dynamic_path(within);
        c.priority = static_cast<std::uint8_t>(priority);
        rig.all->set(rig.key("a", 10, name), c);
    }
    (void)rig.all->update(0);
    EXPECT_EQ(order, (std::vector{rig.node("c"), rig.node("d"), rig.node("b")}));
}

TEST(policies, policies_of_equal_constraints_share_a_computation) {
    policies_rig rig(square());
    for (std::uint32_t color = 1; color <= 20; ++color) {
        rig.all->set(rig.key("a", color, "d"), rig.dynamic_path());
    }
    EXPECT_EQ(rig.all->update(0).computed, 1U);
    EXPECT_EQ(rig.computations, 1U);
}

TEST(policies, a_map_that_grows_renumbers_links_and_nothing_is_lost) {
    policies_rig rig(square());
    const auto fixed = rig.key("c", 10, "d");
    const auto moving = rig.key("c", 20, "b");
    rig.all->set(fixed, rig.explicit_path({rig.over("c", "d")}));
    auto avoiding = rig.dynamic_path();
    avoiding.dynamic->avoid.push_back(rig.over("d", "b"));
    rig.all->set(moving, avoiding);
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(moving), "c a b");
    topology::link extra = rig.of("a").links.front();
    extra.name = "extra";
    extra.remote = "new";
    extra.sids.clear();
    rig.of("a").links.insert(rig.of("a").links.begin(), extra);
    const auto done = rig.say({"a"}, 1);
    EXPECT_EQ(rig.way(fixed), "c d");
    EXPECT_EQ(rig.way(moving), "c a b");
    EXPECT_EQ(done.changed.size(), 2U);  // the same links by other numbers
    (void)rig.fail("c", "d", 2);
    EXPECT_EQ(rig.way(fixed), "");
}

TEST(policies, endpoints_that_go_and_come_back) {
    policies_rig rig(square());
    const auto key = rig.key("a", 10, "d");
    rig.all->set(key, rig.dynamic_path());
    rig.all->set({rig.node("a"), 10, test::host(0)}, rig.dynamic_path());
    rig.all->set({rig.node("a"), 20, test::host(0)}, rig.explicit_path({rig.to("b")}));
    (void)rig.all->update(0);
    EXPECT_EQ(rig.all->at(1)->states[0].fault, list_fault::no_endpoint);
    EXPECT_TRUE(rig.all->at(2)->active);  // explicit lists need no endpoint
    const auto prefixes = std::exchange(rig.of("d").prefixes, {});
    (void)rig.say({"d"}, 1);
    EXPECT_FALSE(rig.all->find(key)->active);
    rig.of("d").prefixes = prefixes;
    (void)rig.say({"d"}, 2);
    EXPECT_TRUE(rig.all->find(key)->active);
}

// What each policy holds, as two reservations at most.
TEST(policies, bandwidth_is_held_for_both_paths_until_the_change_is_done) {
    struct held {
        std::vector<std::vector<topology::link_number>> sets;
    };
    held now;
    policies_options options;
    options.keep_old = 100;
    policies_rig rig(square(), options, false, [&](path_services& services) {
        services.bandwidth = {[&](auto, auto links, auto) {
                                  if (now.sets.size() == 2) {
                                      now.sets.pop_back();
                                  }
                                  now.sets.emplace_back(links.begin(), links.end());
                                  return true;
                              },
                              [&](auto) { now.sets.erase(now.sets.begin()); },
                              [&](auto) { now.sets.pop_back(); }, [&](auto) { now.sets.clear(); }};
    });
    const auto key = rig.key("a", 10, "d");
    constraints within;
    within.bandwidth = 5;
    rig.all->set(key, rig.dynamic_path(within));
    (void)rig.all->update(0);
    EXPECT_EQ(now.sets.size(), 1U);
    rig.of("a").links[0].metric = 100;  // a-b is dear now, but there
    auto done = rig.say({"a"}, 1000);
    EXPECT_EQ(now.sets.size(), 2U);
    EXPECT_EQ(done.steps, (std::vector<transition>{{transition_step::install, 0, 2},
                                                   {transition_step::switch_to, 0, 2}}));
    EXPECT_EQ(done.changed, (std::vector<std::uint32_t>{0}));
    done = rig.all->update(1099);
    EXPECT_TRUE(done.steps.empty());
    EXPECT_EQ(now.sets.size(), 2U);
    done = rig.all->update(1100);
    EXPECT_EQ(done.steps, (std::vector<transition>{{transition_step::remove, 0, 1}}));
    ASSERT_EQ(now.sets.size(), 1U);
    EXPECT_EQ(now.sets[0].front(), *rig.map.find_link(rig.node("a"), "to-c"));
    rig.all->remove(key);
    (void)rig.all->update(2000);
    EXPECT_EQ(now.sets.size(), 1U);
    (void)rig.all->update(2100);
    EXPECT_TRUE(now.sets.empty());
    EXPECT_EQ(rig.all->due(), never);
}

TEST(policies, what_is_installed_is_kept_by_option) {
    for (const bool keep : {false, true}) {
        policies_options options;
        options.keep_installed = keep;
        policies_rig rig(square(), options);
        const auto key = rig.key("a", 10, "d");
        auto north = rig.explicit_path({rig.over("a", "b"), rig.over("b", "d")});
        auto south = rig.explicit_path({rig.over("a", "c"), rig.over("c", "d")});
        north.key = {protocol_origin::bgp, originator_of(65'001, test::host(1)), 0};
        south.key = {protocol_origin::bgp, originator_of(65'001, test::host(2)), 0};
        rig.all->set(key, north);
        rig.all->set(key, south);
        (void)rig.all->update(0);
        EXPECT_EQ(rig.way(key), "a b d");
        (void)rig.fail("a", "b", 1);
        (void)rig.repair("a", "b", 2);
        EXPECT_EQ(rig.way(key), keep ? "a c d" : "a b d");
    }
}

// With the real computation and reservations: a square of links of 10 each.
TEST(policies, bandwidth_that_comes_free_goes_to_whoever_waits_for_it) {
    policies_rig rig(square(), {}, true);
    for (const char* const name : {"a", "b", "c", "d"}) {
        for (auto& l : rig.of(name).links) {
            l.bandwidth = l.metric == 50 ? 1 : 10;
        }
    }
    (void)rig.say({"a", "b", "c", "d"}, 0);
    constraints within;
    within.bandwidth = 6;
    for (const std::uint32_t color : {1U, 2U, 3U}) {
        rig.all->set(rig.key("a", color, "d"), rig.dynamic_path(within));
    }
    (void)rig.all->update(1);
    EXPECT_EQ(rig.way(rig.key("a", 1, "d")), "a b d");
    EXPECT_EQ(rig.way(rig.key("a", 2, "d")), "a c d");
    EXPECT_EQ(rig.way(rig.key("a", 3, "d")), "");
    const auto over = *rig.map.find_link(rig.node("a"), "to-b");
    EXPECT_EQ(rig.reserved->reserved(over), 6U);
    rig.all->remove(rig.key("a", 1, "d"));
    (void)rig.all->update(2);
    EXPECT_EQ(rig.way(rig.key("a", 3, "d")), "");  // the old lists are still there
    (void)rig.all->update(2'000'000);
    EXPECT_EQ(rig.way(rig.key("a", 3, "d")), "a b d");
    EXPECT_EQ(rig.reserved->reserved(over), 6U);
    // Its own reservation is no obstacle to staying where it is.
    rig.of("c").overload = true;
    (void)rig.say({"c"}, 3'000'000);
    EXPECT_EQ(rig.way(rig.key("a", 3, "d")), "a b d");
    EXPECT_EQ(rig.way(rig.key("a", 2, "d")), "");
    (void)rig.all->update(9'000'000);
    EXPECT_EQ(rig.reserved->reserved(*rig.map.find_link(rig.node("a"), "to-c")), 0U);
    EXPECT_EQ(rig.reserved->owner_count(), 1U);
}

}  // namespace
}  // namespace rhumb::paths

// Endpoints and waypoints that several nodes have: paths go to the nearest by what is wanted of
// them, and to another one when that has gone.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/policies_follower.hh"
#include "tests/unit/policies_rig.hh"

namespace rhumb::paths {
namespace {

using test::policies_rig;

const ip_prefix shared = test::host(0x0a090009);

// m1 is the first by number, and far; m2 is near by the IGP metric, m3 by delay.
std::vector<topology::advertisement> network() {
    auto said = test::make_advertisements({
        {.a = "m1", .b = "h", .there = 50, .back = 50, .delay = 900},
        {.a = "h", .b = "x", .delay = 300},
        {.a = "x", .b = "m2", .delay = 300},
        {.a = "h", .b = "y", .there = 20, .back = 20, .delay = 100},
        {.a = "y", .b = "m3", .there = 20, .back = 20, .delay = 100},
    });
    for (topology::advertisement& one : said) {
        if (one.origin.starts_with("m")) {
            topology::prefix p;
            p.address = shared;
            p.sids.push_back({900, 0, false, false});
            one.prefixes.push_back(p);
        }
    }
    return said;
}

class policies_anycast : public ::testing::TestWithParam<bool> {
protected:
    policies_anycast() : rig(network(), {}, GetParam()) { key = {rig.node("h"), 1, shared}; }

    void withdraw(const std::string& name, microseconds now) {
        auto& prefixes = rig.of(name).prefixes;
        std::erase_if(prefixes, [](const topology::prefix& p) { return p.address == shared; });
        (void)rig.say({name}, now);
    }

    policies_rig rig;
    policy_key key;
};

TEST_P(policies_anycast, the_nearest_member_is_the_endpoint) {
    rig.all->set(key, rig.dynamic_path());
    constraints quick;
    quick.metric = topology::metric_type::delay;
    auto by_delay = key;
    by_delay.color = 2;
    rig.all->set(by_delay, rig.dynamic_path(quick));
    constraints around;
    around.exclude_nodes = {rig.node("x")};
    auto without_x = key;
    without_x.color = 3;
    rig.all->set(without_x, rig.dynamic_path(around));
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(key), "h x m2");
    EXPECT_EQ(rig.way(by_delay), "h y m3");
    EXPECT_EQ(rig.way(without_x), "h y m3");
    // One fails, then another one; and they come back.
    (void)rig.fail("x", "m2", 1);
    EXPECT_EQ(rig.way(key), "h y m3");
    withdraw("m3", 2);
    EXPECT_EQ(rig.way(key), "h m1");
    EXPECT_EQ(rig.way(by_delay), "h m1");
    (void)rig.repair("x", "m2", 3);
    EXPECT_EQ(rig.way(key), "h x m2");
    EXPECT_EQ(rig.way(by_delay), "h x m2");
    withdraw("m2", 4);
    EXPECT_EQ(rig.way(key), "h m1");
    withdraw("m1", 5);
    EXPECT_EQ(rig.way(key), "");
    EXPECT_EQ(rig.all->find(key)->states[0].fault, list_fault::no_endpoint);
}

// A better way to a member that is not the present end.
TEST_P(policies_anycast, another_member_may_become_the_nearest) {
    rig.all->set(key, rig.dynamic_path());
    (void)rig.all->update(0);
    for (const char* const name : {"m1", "h"}) {
        for (topology::link& l : rig.of(name).links) {
            l.metric = l.metric == 50 ? 5 : l.metric;
        }
    }
    EXPECT_EQ(rig.all->present_member(key), rig.node("m2"));
    (void)rig.say({"m1", "h"}, 1);
    EXPECT_EQ(rig.way(key), "h m1");
    EXPECT_EQ(rig.all->present_member(key), rig.node("m1"));
}

TEST_P(policies_anycast, who_is_a_member_has_no_path_to_another) {
    key.headend = rig.node("m2");
    rig.all->set(key, rig.dynamic_path());
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(key), "");
}

TEST_P(policies_anycast, bounds_choose_the_member) {
    constraints bounded;
    bounded.max_hops = 1;
    rig.all->set(key, rig.dynamic_path(bounded));
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(key), "h m1");
}

INSTANTIATE_TEST_SUITE_P(with, policies_anycast, ::testing::Values(false, true));

class policies_anycast_real : public ::testing::Test {
protected:
    policies_anycast_real() : rig(network(), {}, true) {}
    policies_rig rig;
};

TEST_F(policies_anycast_real, equal_paths_lead_to_the_nearest_member) {
    const policy_key key{rig.node("h"), 1, shared};
    auto path = rig.dynamic_path();
    path.dynamic->ecmp = true;
    rig.all->set(key, path);
    (void)rig.all->update(0);
    ASSERT_TRUE(rig.all->find(key)->active);
    EXPECT_EQ(rig.all->find(key)->links.size(), 2U);
    EXPECT_EQ(rig.map.graph().to[rig.all->find(key)->links.back()], rig.node("m2"));
}

TEST_F(policies_anycast_real, a_pair_takes_the_members_that_keep_apart) {
    policy_key one{rig.node("h"), 1, shared};
    policy_key other{rig.node("h"), 2, shared};
    for (const policy_key& key : {one, other}) {
        auto path = rig.dynamic_path();
        path.dynamic->group = "g";
        path.dynamic->disjoint = kept_apart::node;
        path.dynamic->strict = true;
        rig.all->set(key, path);
    }
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(one), "h x m2");
    EXPECT_EQ(rig.way(other), "h y m3");
}

// A link that is dear joins x and y, so that both members of a group at x and y can be passed.
TEST_F(policies_anycast_real, a_waypoint_may_be_a_group) {
    const ip_prefix group = test::host(0x0a080008);
    for (const char* const name : {"x", "y"}) {
        topology::prefix p;
        p.address = group;
        p.sids.push_back({901, 0, false, false});
        rig.of(name).prefixes.push_back(p);
    }
    (void)rig.say({"x", "y"}, 0);
    const auto key = rig.key("h", 1, "m1");
    auto path = rig.dynamic_path();
    hop through;
    through.is = hop::kind::prefix;
    through.address = group;
    path.dynamic->via = {through};
    rig.all->set(key, path);
    (void)rig.all->update(1);
    EXPECT_EQ(rig.way(key), "h x h m1");
    rig.of("x").prefixes.pop_back();
    (void)rig.say({"x"}, 2);
    EXPECT_EQ(rig.way(key), "h y h m1");
    rig.of("y").prefixes.pop_back();
    (void)rig.say({"y"}, 3);
    EXPECT_EQ(rig.way(key), "");
}

// Whoever chooses a path has to pass one of a group as well.
TEST_F(policies_anycast_real, a_chosen_path_keeps_to_waypoints) {
    const auto over = [&](const char* from, const char* to) {
        return *rig.map.find_link(rig.node(from), std::string("to-") + to);
    };
    constraints within;
    within.through = {{rig.node("x"), rig.node("y")}};
    const auto keeps = [&](const std::vector<topology::link_number>& links) {
        return keeps_to(rig.map, rig.node("h"), rig.node("m1"), links, within, {});
    };
    EXPECT_TRUE(keeps({over("h", "y"), over("y", "h"), over("h", "m1")}));
    EXPECT_FALSE(keeps({over("h", "m1")}));
    within.through.push_back({});
    EXPECT_FALSE(keeps({over("h", "y"), over("y", "h"), over("h", "m1")}));
}

// Of all members that a path leads to, the nearest; random networks, failures and constraints.
TEST_F(policies_anycast_real, paths_are_the_least_of_those_to_each_member) {
    std::mt19937_64 dice(3);
    std::size_t several = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        auto said = test::make_advertisements(test::random_graph(10, 16, 9, seed));
        std::vector<topology::node_number> members;
        for (topology::node_number n = 1; n < 10; ++n) {
            if (dice() % 3 == 0) {
                topology::prefix p;
                p.address = shared;
                said[n].prefixes.push_back(p);
                members.push_back(n);
            }
        }
        policies_rig net(said, {}, true);
        constraints within;
        within.exclude_nodes = {static_cast<topology::node_number>(1 + dice() % 9)};
        if (seed % 2 == 0) {
            within.max_hops = 3;
        }
        const policy_key key{0, 1, shared};
        net.all->set(key, net.dynamic_path(within));
        (void)net.all->update(0);
        for (microseconds now = 1; now < 8; ++now) {
            const topology::link_number l =
                static_cast<topology::link_number>(dice() % net.map.graph().link_count());
            const std::string a = net.map.name(net.map.graph().from[l]);
            const std::string b = net.map.name(net.map.graph().to[l]);
            (void)(now % 3 == 0 ? net.repair(a, b, now) : net.fail(a, b, now));
            topology::distance least = topology::unreachable;
            for (const topology::node_number m : members) {
                if (const auto to = shortest_path(net.map, 0, m, within)) {
                    least = std::min(least, to->metric);
                }
            }
            const policy_state& state = *net.all->find(key);
            ASSERT_EQ(state.active.has_value(), least != topology::unreachable) << seed << now;
            if (state.active) {
                ASSERT_EQ(make_path(net.map.graph(), within.metric, state.links).metric, least);
                ++several;
            }
        }
    }
    EXPECT_GT(several, 200U);
}

}  // namespace
}  // namespace rhumb::paths

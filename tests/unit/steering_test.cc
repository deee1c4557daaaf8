#include "controlplane/paths/steering.hh"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "tests/unit/policies_rig.hh"

namespace rhumb::paths {
namespace {

using test::host;
using test::net;
using test::policies_rig;

ip_prefix null_six() {
    ip_prefix p;
    p.af = family::ipv6;
    p.length = 128;
    return p;
}

class steering_test : public testing::Test {
protected:
    policies_rig rig{std::vector<test::edge>{{"a", "b"}, {"b", "c"}, {"a", "c"}, {"c", "d"}}};
    steering at_a{*rig.all, rig.node("a")};
    const ip_prefix prefix = net(0xcb007100, 24);

    policy_key add(std::uint32_t color, const ip_prefix& endpoint) {
        const policy_key key{rig.node("a"), color, endpoint};
        rig.all->set(key, rig.explicit_path({rig.over("a", "b")}));
        apply(rig.all->update(0));
        return key;
    }
    void apply(const evaluation& done) { changes = at_a.update(done.changed); }
    void route(std::vector<route_color> colors) {
        at_a.set({prefix, rig.address("c"), std::move(colors)});
        changes = at_a.update({});
    }
    std::optional<policy_key> taken() const {
        const auto policy = at_a.policy_of(prefix);
        return policy ? std::optional(rig.all->at(*policy)->key) : std::nullopt;
    }
    std::vector<steering_change> changes;
};

// RFC 9256 8.4.1: a route with colors 10 and 20, both up.
TEST_F(steering_test, the_highest_color_counts) {
    const auto ten = add(10, rig.address("c"));
    const auto twenty = add(20, rig.address("c"));
    route({{10}, {20}});
    EXPECT_EQ(taken(), twenty);
    rig.all->remove(twenty);
    apply(rig.all->update(1));
    EXPECT_EQ(taken(), ten);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].prefix, prefix);
    apply(rig.fail("a", "b", 2));
    EXPECT_FALSE(taken());
    apply(rig.repair("a", "b", 3));
    EXPECT_EQ(taken(), ten);
}

// 8.8.1, from the narrowest to the widest.
TEST_F(steering_test, color_only_bits_widen_the_choice_step_by_step) {
    for (const unsigned bits : {0U, 1U, 2U, 3U}) {
        route({{10, color_only_of(bits)}});
        EXPECT_FALSE(taken());
    }
    const auto any_six = add(10, [] {
        ip_prefix p = null_six();
        p.address[0] = 0x20;
        return p;
    }());
    route({{10, color_only::null_endpoint}});
    EXPECT_FALSE(taken());
    route({{10, color_only::any_endpoint}});
    EXPECT_EQ(taken(), any_six);
    const auto other = add(10, rig.address("d"));
    EXPECT_EQ(taken(), other);  // of the family of the next hop
    const auto null_of_six = add(10, null_six());
    EXPECT_EQ(taken(), null_of_six);
    const auto null_of_four = add(10, host(0));
    EXPECT_EQ(taken(), null_of_four);
    route({{10, color_only::null_endpoint}});
    EXPECT_EQ(taken(), null_of_four);
    route({{10, color_only_of(3)}});
    EXPECT_FALSE(taken());
    const auto exact = add(10, rig.address("c"));
    EXPECT_EQ(taken(), exact);
    route({{10, color_only::any_endpoint}});
    EXPECT_EQ(taken(), exact);
}

TEST_F(steering_test, a_policy_that_drops_keeps_its_prefixes) {
    const policy_key key{rig.node("a"), 10, rig.address("c")};
    auto c = rig.explicit_path({rig.over("a", "b")});
    c.drop_upon_invalid = true;
    rig.all->set(key, c);
    apply(rig.all->update(0));
    route({{10}});
    apply(rig.fail("a", "b", 1));
    EXPECT_EQ(taken(), key);
    const auto made = at_a.installed();
    ASSERT_EQ(made.size(), 1U);
    EXPECT_TRUE(made[0].drop_upon_invalid);
    EXPECT_EQ(made[0].steered, (std::vector{prefix}));
}

TEST_F(steering_test, configuration_goes_before_routes_and_the_highest_color_before_others) {
    const auto ten = add(10, rig.address("c"));
    const auto twenty = add(20, rig.address("c"));
    route({{20}});
    rig.all->configure(ten, {"ten", std::nullopt, {prefix}});
    apply(rig.all->update(1));
    EXPECT_EQ(taken(), ten);
    EXPECT_TRUE(at_a.conflicts().empty());
    rig.all->configure(twenty, {"twenty", std::nullopt, {prefix}});
    apply(rig.all->update(2));
    EXPECT_EQ(taken(), twenty);
    EXPECT_EQ(at_a.conflicts(), (std::vector<steering_conflict>{{prefix, 1, 0}}));
    rig.all->configure(twenty, {"twenty", std::nullopt, {}});
    rig.all->configure(ten, {"ten", std::nullopt, {}});
    apply(rig.all->update(3));
    EXPECT_EQ(taken(), twenty);  // by the route
    at_a.remove(prefix);
    changes = at_a.update({});
    EXPECT_FALSE(taken());
}

// Step by step it comes to the same as all at once.
TEST_F(steering_test, increments_agree_with_a_fresh_start) {
    std::mt19937_64 dice(5);
    const std::vector<std::string> names{"b", "c", "d"};
    for (int step = 0; step < 600; ++step) {
        const policy_key key{rig.node("a"), static_cast<std::uint32_t>(1 + dice() % 4),
                             dice() % 4 == 0 ? host(0) : rig.address(names[dice() % 3])};
        if (dice() % 2 == 0) {
            rig.all->set(key, rig.explicit_path({rig.over("a", dice() % 2 == 0 ? "b" : "c")}));
        } else if (dice() % 2 == 0) {
            rig.all->remove(key);
        }
        std::vector<route_color> colors;
        for (auto n = dice() % 3; n != 0; --n) {
            colors.push_back({static_cast<std::uint32_t>(1 + dice() % 4),
                              color_only_of(static_cast<unsigned>(dice() % 4))});
        }
        at_a.set({net(0x0a0a0000 + (static_cast<std::uint32_t>(dice() % 8) << 8), 24),
                  rig.address(names[dice() % 3]), colors});
        const auto now = static_cast<microseconds>(step) * 500'000;
        apply(step % 5 == 0   ? rig.fail("a", "b", now)
              : step % 5 == 2 ? rig.repair("a", "b", now)
                              : rig.all->update(now));
        steering fresh(*rig.all, rig.node("a"));
        for (std::uint32_t third = 0; third < 8; ++third) {
            const ip_prefix p = net(0x0a0a0000 + (third << 8), 24);
            if (const auto* const r = at_a.route_of(p)) {
                fresh.set(*r);
            }
        }
        std::vector<std::uint32_t> everyone(rig.all->size());
        std::iota(everyone.begin(), everyone.end(), 0U);
        (void)fresh.update(everyone);
        ASSERT_EQ(fresh.installed(), at_a.installed()) << step;
    }
}

}  // namespace
}  // namespace rhumb::paths

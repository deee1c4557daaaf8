#include <gtest/gtest.h>

#include <set>

#include "controlplane/paths/k_shortest.hh"
#include "tests/support/brute_paths.hh"

namespace rhumb::paths {
namespace {

using test::make_map;
using topology::node_number;

TEST(k_shortest, a_ring_has_two) {
    const auto m = make_map(test::ring(5));
    const auto found = k_shortest_paths(m, *m.find("n0"), *m.find("n2"), 10, {});
    ASSERT_EQ(found.paths.size(), 2U);
    EXPECT_TRUE(found.all);
    EXPECT_EQ(found.paths[0].metric, 20U);
    EXPECT_EQ(found.paths[1].metric, 30U);
    EXPECT_FALSE(k_shortest_paths(m, *m.find("n0"), *m.find("n2"), 2, {}).paths.empty());
}

TEST(k_shortest, none_at_all_has_a_reason) {
    const auto m = make_map(test::ring(5));
    constraints c;
    c.max_hops = 1;
    const auto found = k_shortest_paths(m, *m.find("n0"), *m.find("n2"), 3, c);
    EXPECT_TRUE(found.paths.empty());
    EXPECT_EQ(found.why.reason, no_path_reason::bounds);
}

TEST(k_shortest, they_are_the_nearest_of_all) {
    test::dice roll(11);
    for (int n = 0; n < 1500; ++n) {
        const test::small_network size{4 + roll() % 3, 6 + roll() % 6, 1 + roll() % 5,
                                       true,           true,           roll() % 3 == 0};
        const auto m = make_map(test::make_small(size, roll));
        const auto c = roll() % 3 == 0 ? constraints{} : test::random_constraints(m, roll);
        const auto from = static_cast<node_number>(roll() % m.node_count());
        const auto to = static_cast<node_number>(roll() % m.node_count());
        if (from == to) {
            continue;
        }
        const auto all = test::all_within(m, from, to, c);
        const std::size_t k = 1 + roll() % 40;
        const auto found = k_shortest_paths(m, from, to, k, c);
        ASSERT_EQ(found.paths.size(), std::min(k, all.size())) << n;
        ASSERT_FALSE(found.gave_up);
        ASSERT_TRUE(found.all || k <= all.size()) << n;
        ASSERT_TRUE(!found.all || found.paths.size() == all.size()) << n;
        std::set<std::vector<topology::link_number>> different;
        for (std::size_t i = 0; i < found.paths.size(); ++i) {
            const path& p = found.paths[i];
            different.insert(p.links);
            ASSERT_EQ(p.metric, all[i].metric) << n;
            ASSERT_EQ(p.links.size(), all[i].links.size()) << n;
            ASSERT_TRUE(std::find(all.begin(), all.end(), p) != all.end()) << n;
        }
        ASSERT_EQ(different.size(), found.paths.size()) << n;
        if (!found.paths.empty()) {
            ASSERT_EQ(k_shortest_paths(m, from, to, 1, c).paths.front(),
                      *shortest_path(m, from, to, c));
        }
    }
}

TEST(k_shortest, ways_through_a_waypoint_come_in_order_too) {
    test::dice roll(12);
    for (int n = 0; n < 300; ++n) {
        const auto m = make_map(test::make_small({5, 8, 3, true, true, false}, roll));
        constraints c;
        c.via = {static_cast<node_number>(roll() % 5)};
        const auto from = static_cast<node_number>(roll() % 5);
        const auto to = static_cast<node_number>(roll() % 5);
        const auto found = k_shortest_paths(m, from, to, 12, c);
        for (std::size_t i = 0; i < found.paths.size(); ++i) {
            const path& p = found.paths[i];
            ASSERT_TRUE(i == 0 || !nearer(p, found.paths[i - 1]));
            bool passes = from == c.via.front();
            for (const auto l : p.links) {
                passes |= m.graph().to[l] == c.via.front();
            }
            ASSERT_TRUE(passes);
        }
        ASSERT_EQ(found.paths.front().metric, shortest_path(m, from, to, c)->metric);
    }
}

TEST(k_shortest, many_paths_of_a_large_network) {
    const auto m = make_map(test::grid(20, 20));
    const auto found = k_shortest_paths(m, *m.find("n0"), *m.find("n399"), 500, {});
    ASSERT_EQ(found.paths.size(), 500U);
    for (const path& p : found.paths) {
        EXPECT_EQ(p.metric, 380U);
    }
}

}  // namespace
}  // namespace rhumb::paths

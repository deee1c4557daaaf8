#include <gtest/gtest.h>

#include "controlplane/paths/compress.hh"
#include "tests/support/segment_networks.hh"
#include "tests/support/segment_walk.hh"

namespace rhumb::paths {
namespace {

using test::edge;
using test::make_map;
using topology::link_number;
using topology::node_number;
using topology::segment;
using topology::segment_kind;

TEST(compress_set, all_branches_are_one_segment) {
    const auto m = make_map(test::fat_tree(4));
    path_engine engine(m);
    const node_number from = *m.find("leaf0-0");
    const node_number to = *m.find("leaf3-1");
    const auto wanted = equal_cost_links(m, from, to, {});
    EXPECT_GT(wanted.size(), 10U);
    auto list = compress_set(engine, from, to, wanted);
    ASSERT_TRUE(list.ok());
    EXPECT_EQ(*list, topology::segments{segment::to_node(to)});
}

TEST(compress_set, what_is_not_wanted_is_not_taken) {
    // Two planes of a square; only the upper one is wanted, both of its parallel links.
    const auto m = make_map(
        std::vector<edge>{{"a", "u"}, {"a", "u"}, {"u", "z"}, {"u", "z"}, {"a", "d"}, {"d", "z"}});
    path_engine engine(m);
    constraints c;
    c.exclude_nodes = {*m.find("d")};
    const auto wanted = equal_cost_links(m, *m.find("a"), *m.find("z"), c);
    EXPECT_EQ(wanted.size(), 4U);
    auto list = compress_set(engine, *m.find("a"), *m.find("z"), wanted);
    ASSERT_TRUE(list.ok());
    EXPECT_EQ(*list,
              (topology::segments{segment::to_node(*m.find("u")), segment::to_node(*m.find("z"))}));
    auto one = compress_set(engine, *m.find("a"), *m.find("z"), std::vector{wanted[0]});
    EXPECT_FALSE(one.ok());
}

TEST(compress_set, any_member_of_an_anycast_group_will_do) {
    // Two spines to be passed, beside a direct link that is the shortest.
    auto said = test::make_advertisements(
        {{"a", "s1"}, {"a", "s2"}, {"s1", "z"}, {"s2", "z"}, {"a", "z", 5, 5}});
    topology::prefix both;
    both.address.length = 32;
    both.address.address = {192, 0, 2, 1};
    both.sids.push_back({500, 0, false, false});
    for (auto& a : said) {
        if (a.origin[0] == 's') {
            a.prefixes.push_back(both);
        }
    }
    const auto m = make_map(said);
    path_engine engine(m);
    constraints c;
    c.exclude_links = {*m.find_link(*m.find("a"), "to-z")};
    const auto wanted = equal_cost_links(m, *m.find("a"), *m.find("z"), c);
    auto list = compress_set(engine, *m.find("a"), *m.find("z"), wanted);
    ASSERT_TRUE(list.ok());
    const auto p = *m.find(both.address);
    EXPECT_EQ(*list, (topology::segments{segment{segment_kind::anycast, 0, topology::nobody, p},
                                         segment::to_node(*m.find("z"))}));
}

void compare(std::uint32_t seed, int networks, bool plain) {
    test::dice roll(seed);
    int several = 0;
    int impossible = 0;
    for (int n = 0; n < networks; ++n) {
        const auto m = test::make_segment_network(roll, plain);
        path_engine engine(m);
        if (!plain && roll() % 2 == 0) {
            test::drop_sids(engine, roll);
        }
        const test::segment_walk walk(m, engine);
        for (int i = 0; i < 3; ++i) {
            const auto from = static_cast<node_number>(roll() % m.node_count());
            const auto to = static_cast<node_number>(roll() % m.node_count());
            constraints c;
            c.metric = static_cast<topology::metric_type>(roll() % 3);
            c.exclude_any = roll() % 3 == 0 ? 1 : 0;
            auto wanted = equal_cost_links(m, from, to, c);
            if (roll() % 3 == 0) {
                // No shortest paths of anything.
                wanted.clear();
                for (link_number l = 0; l < m.graph().link_count(); ++l) {
                    if (roll() % 3 != 0) {
                        wanted.push_back(l);
                    }
                }
            }
            const test::segment_walk::link_set set(wanted.begin(), wanted.end());
            const auto fewest = walk.fewest_within(from, to, set);
            auto list = compress_set(engine, from, to, wanted);
            ASSERT_EQ(list.ok(), fewest.has_value()) << n;
            if (!list.ok()) {
                ++impossible;
                continue;
            }
            ASSERT_EQ(list->size(), *fewest) << n;
            ASSERT_TRUE(walk.stays_within(from, to, set, *list)) << n;
            several += list->size() > 1 ? 1 : 0;
        }
    }
    EXPECT_GT(several, networks / 4);
    EXPECT_GT(impossible, 0);
}

TEST(compress_set, no_list_of_all_is_shorter) { compare(51, 2000, true); }

TEST(compress_set, with_algorithms_anycast_and_binding_sids_no_list_is_shorter) {
    compare(52, 2000, false);
}

}  // namespace
}  // namespace rhumb::paths

#include <gtest/gtest.h>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/spf.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::topology {
namespace {

using test::make_advertisements;
using test::make_map;

TEST(map, links_count_when_both_ends_advertise_them) {
    auto said = make_advertisements(test::ring(3));
    map m;
    ASSERT_TRUE(m.apply(said[0]).ok());
    const node_number n0 = *m.find("n0");
    EXPECT_EQ(m.graph().costs(metric_type::igp)[*m.find_link(n0, "to-n1")], unusable);
    auto second = m.apply(said[1]);
    ASSERT_TRUE(second.ok());
    EXPECT_TRUE(second->renumbered);
    EXPECT_EQ(m.graph().costs(metric_type::igp)[*m.find_link(n0, "to-n1")], 10U);
    EXPECT_EQ(m.graph().costs(metric_type::igp)[*m.find_link(n0, "to-n2")], unusable);
}

TEST(map, a_changed_cost_changes_one_link_and_no_number) {
    auto said = make_advertisements(test::ring(4));
    map m = make_map(said);
    said[1].version = 2;
    said[1].links[0].metric = 77;
    auto changed = m.apply(said[1]);
    ASSERT_TRUE(changed.ok());
    EXPECT_FALSE(changed->renumbered);
    ASSERT_EQ(changed->links.size(), 1U);
    EXPECT_EQ(m.graph().costs(metric_type::igp)[changed->links[0]], 77U);
    EXPECT_TRUE(changed->nodes.empty());
    EXPECT_TRUE(changed->prefixes.empty());
}

TEST(map, a_link_that_goes_and_comes_back_keeps_its_number) {
    auto said = make_advertisements(test::ring(4));
    map m = make_map(said);
    const link_number l = *m.find_link(1, "to-n2");
    const link_number back = m.graph().reverse[l];
    auto without = said[1];
    without.version = 2;
    std::erase_if(without.links, [](const link& x) { return x.name == "to-n2"; });
    auto changed = m.apply(without);
    ASSERT_TRUE(changed.ok());
    EXPECT_EQ(changed->links, (std::vector<link_number>{l, back}));
    EXPECT_EQ(m.graph().costs(metric_type::igp)[l], unusable);
    EXPECT_EQ(m.graph().costs(metric_type::igp)[back], unusable);
    said[1].version = 3;
    changed = m.apply(said[1]);
    EXPECT_FALSE(changed->renumbered);
    EXPECT_EQ(m.graph().costs(metric_type::igp)[l], 10U);
    EXPECT_EQ(m.graph().reverse[l], back);
}

TEST(map, old_versions_are_stale) {
    auto said = make_advertisements(test::ring(3));
    map m = make_map(said);
    EXPECT_TRUE(m.apply(said[0])->stale);
    EXPECT_TRUE(m.withdraw("n0", 1).stale);
    EXPECT_FALSE(m.withdraw("n0", 2).stale);
    EXPECT_EQ(m.said(0), nullptr);
    said[0].version = 2;
    EXPECT_TRUE(m.apply(said[0])->stale);
    said[0].version = 3;
    EXPECT_FALSE(m.apply(said[0])->stale);
}

TEST(spf, equal_cost_branches_are_all_first_hops) {
    const map m = make_map(std::vector<test::edge>{{"a", "b"}, {"b", "c"}, {"c", "d"}, {"d", "a"}});
    const plane view = make_plane(m, 0);
    tree from;
    spf_workspace memory;
    shortest_paths_from(m.graph(), view, *m.find("a"), from, memory);
    first_hops hops;
    hops.compute(m.graph(), view, from);
    EXPECT_EQ(from.distances[*m.find("c")], 20U);
    EXPECT_EQ(hops.of(*m.find("c"))[0], 0b11U);
    EXPECT_EQ(hops.of(*m.find("b"))[0], 0b01U);
}

}  // namespace
}  // namespace rhumb::topology

#include <gtest/gtest.h>

#include <algorithm>

#include "controlplane/topology/map.hh"
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

TEST(map, a_node_differs_with_each_thing_that_it_says_of_itself) {
    using edit = void (*)(advertisement&);
    auto said = make_advertisements(test::ring(3))[0];
    map m = make_map(std::vector{said});
    const auto changed_by = [&](edit change_it) {
        ++said.version;
        change_it(said);
        auto changed = m.apply(said);
        return changed.ok() && changed->nodes == std::vector<node_number>{0} &&
               changed->links.empty() && changed->prefixes.empty();
    };
    EXPECT_FALSE(changed_by([](advertisement&) {}));
    EXPECT_TRUE(changed_by([](advertisement& a) { a.srgb[0].count = 7; }));
    EXPECT_TRUE(changed_by([](advertisement& a) { a.srlb.clear(); }));
    EXPECT_TRUE(changed_by([](advertisement& a) { a.msd = 3; }));
    EXPECT_TRUE(changed_by([](advertisement& a) { a.overload = true; }));
    EXPECT_EQ(m.graph().no_transit[0], 1);
    EXPECT_TRUE(changed_by([](advertisement& a) { a.algorithms = {130}; }));
    EXPECT_TRUE(changed_by([](advertisement& a) { a.definitions.push_back({}); }));
    EXPECT_TRUE(changed_by([](advertisement& a) { a.bindings.push_back({99, {"n1"}}); }));
}

TEST(map, a_renumbering_lets_go_of_links_that_are_gone) {
    auto said = make_advertisements(test::ring(4));
    map m = make_map(said);
    said[1].version = 2;
    said[1].links.erase(said[1].links.begin());
    ASSERT_TRUE(m.apply(said[1]).ok());
    EXPECT_FALSE(m.withdraw("n3", 2).stale);
    EXPECT_EQ(m.graph().link_count(), 8U);
    said[0].version = 2;
    said[0].links[0].name = "another";
    ASSERT_TRUE(m.apply(said[0])->renumbered);
    EXPECT_EQ(m.graph().link_count(), 5U);
    EXPECT_FALSE(m.find_link(*m.find("n3"), "to-n0").has_value());
}

TEST(map, many_at_once_are_numbered_once) {
    auto said = make_advertisements(test::ring(50));
    map m;
    auto changed = m.apply(said);
    ASSERT_TRUE(changed.ok());
    EXPECT_TRUE(changed->renumbered);
    EXPECT_EQ(m.renumberings(), 1U);
    EXPECT_EQ(changed->nodes.size(), 50U);
    EXPECT_EQ(changed->prefixes.size(), 50U);
    changed = m.apply(said);
    EXPECT_TRUE(changed->stale);
    EXPECT_TRUE(changed->empty());
}

TEST(map, a_node_without_links_takes_no_link_number_from_others) {
    map m = make_map(test::ring(3));
    advertisement lonely;
    lonely.origin = "lonely";
    auto changed = m.apply(lonely);
    ASSERT_TRUE(changed.ok());
    EXPECT_FALSE(changed->renumbered);
    EXPECT_EQ(changed->nodes, (std::vector<node_number>{3}));
    EXPECT_EQ(m.graph().node_count(), 4U);
}

TEST(map, parallel_links_find_each_other_by_name_or_by_order) {
    const auto a_link = [](const char* name, const char* remote, const char* remote_link) {
        link l;
        l.name = name;
        l.remote = remote;
        l.remote_link = remote_link;
        return l;
    };
    advertisement a;
    a.origin = "a";
    a.links = {a_link("a1", "b", ""), a_link("a2", "b", "b2"), a_link("a3", "b", ""),
               a_link("a4", "b", "b9")};
    advertisement b;
    b.origin = "b";
    b.links = {a_link("b1", "a", ""), a_link("b2", "a", ""), a_link("b3", "a", "a1"),
               a_link("b4", "a", "a2")};
    map m = make_map(std::vector{a, b});
    const auto far_end = [&](const char* name) -> std::string {
        const link_number reverse = m.graph().reverse[*m.find_link(0, name)];
        return reverse == nobody ? "" : m.said_of(reverse)->name;
    };
    EXPECT_EQ(far_end("a1"), "b3");
    EXPECT_EQ(far_end("a2"), "b2");  // b4 names a2, which names another
    EXPECT_EQ(far_end("a3"), "b1");
    EXPECT_EQ(far_end("a4"), "");

    // Which of those without a name belong together is a matter of order.
    for (link& l : a.links) {
        l.remote_link.clear();
    }
    for (link& l : b.links) {
        l.remote_link.clear();
    }
    a.version = b.version = 2;
    std::reverse(a.links.begin(), a.links.end());
    const std::uint64_t numbering = m.renumberings();
    ASSERT_TRUE(m.apply(std::vector{a, b}).ok());
    EXPECT_EQ(m.renumberings(), numbering);
    EXPECT_EQ(far_end("a4"), "b1");
    EXPECT_EQ(far_end("a1"), "b4");
}

TEST(map, srlgs_follow_their_links) {
    auto said = make_advertisements(std::vector<test::edge>{
        {"a", "b", 10, 10, 0, {7, 7}}, {"b", "c", 10, 10, 0, {7, 9}}, {"c", "a"}});
    map m = make_map(said);
    EXPECT_EQ(m.srlgs(), (std::vector<std::uint32_t>{7, 9}));
    EXPECT_EQ(m.links_with_srlg(7).size(), 4U);
    EXPECT_EQ(m.links_with_srlg(9).size(), 2U);
    said[1].version = 2;
    said[1].links[1].srlgs = {8};
    ASSERT_TRUE(m.apply(said[1]).ok());
    EXPECT_EQ(m.srlgs(), (std::vector<std::uint32_t>{7, 8, 9}));
    EXPECT_EQ(m.links_with_srlg(7).size(), 3U);
    EXPECT_FALSE(m.withdraw("c", 2).stale);
    EXPECT_EQ(m.srlgs(), (std::vector<std::uint32_t>{7, 8}));
}

// Hostile, or a very large hub: none of this may take quadratic time (it would be minutes).
TEST(map, the_largest_nodes_are_taken_in_no_time) {
    constexpr std::size_t most = 16'384;
    advertisement hub;
    hub.origin = "hub";
    advertisement other;
    other.origin = "other";
    for (std::size_t n = 0; n < most; ++n) {
        link l;
        l.name = "to-other." + std::to_string(n);
        l.remote = "other";
        hub.links.push_back(l);
        l.name = "to-hub." + std::to_string(n);
        l.remote = "hub";
        other.links.push_back(l);
    }
    map m = make_map(std::vector{hub});
    for (std::uint64_t version = 1; version < 5; ++version) {
        other.version = hub.version = version + 1;
        std::reverse(other.links.begin(), other.links.end());
        hub.links[version].metric = 20;
        ASSERT_TRUE(m.apply(other).ok());
        ASSERT_TRUE(m.apply(hub).ok());
        ASSERT_EQ(std::count(m.graph().reverse.begin(), m.graph().reverse.end(), nobody), 0);
    }
    std::vector<test::edge> spokes;
    spokes.reserve(5000);
    for (std::size_t n = 0; n < 5000; ++n) {
        spokes.push_back({"hub", "n" + std::to_string(n)});
    }
    auto said = make_advertisements(spokes);
    map star = make_map(said);
    for (std::size_t n = 1; n < 1000; ++n) {
        said[n].version = 2;
        said[n].links[0].metric = 77;
        auto changed = star.apply(said[n]);
        ASSERT_TRUE(changed.ok());
        ASSERT_EQ(changed->links.size(), 1U);
    }
}

}  // namespace
}  // namespace rhumb::topology

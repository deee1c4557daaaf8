// The networks that other tests loop over are what they claim to be.
#include <gtest/gtest.h>

#include <set>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/spf.hh"
#include "tests/support/naive_map.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::topology {
namespace {

TEST(shapes, are_connected_maps_without_contradictions) {
    std::set<std::string> names;
    for (const test::shape& one : test::all_shapes()) {
        EXPECT_TRUE(names.insert(one.name).second) << one.name;
        const map m = test::make_map(one.edges);
        EXPECT_EQ(one.large, m.node_count() > 250) << one.name;
        EXPECT_EQ(m.graph().link_count(), 2 * one.edges.size()) << one.name;
        EXPECT_EQ(test::wrong_graph(m.graph()), "") << one.name;
        EXPECT_EQ(std::count(m.graph().reverse.begin(), m.graph().reverse.end(), nobody), 0);
        tree from;
        spf_workspace memory;
        shortest_paths_from(m.graph(), make_plane(m, 0), 0, from, memory);
        EXPECT_EQ(from.order.size(), m.node_count()) << one.name;
    }
    EXPECT_GE(names.size(), 25U);
}

TEST(shapes, published_ones_have_their_numbers_and_no_parallel_links) {
    const auto shapes = test::all_shapes();
    const auto expect = [&](const std::string& name, std::size_t nodes, std::size_t links) {
        const auto at = std::find_if(shapes.begin(), shapes.end(),
                                     [&](const test::shape& s) { return s.name == name; });
        ASSERT_NE(at, shapes.end()) << name;
        std::set<std::string> ends;
        std::set<std::pair<std::string, std::string>> pairs;
        for (const test::edge& e : at->edges) {
            ends.insert({e.a, e.b});
            pairs.insert(std::minmax(e.a, e.b));
        }
        EXPECT_EQ(ends.size(), nodes) << name;
        EXPECT_EQ(at->edges.size(), links) << name;
        EXPECT_EQ(pairs.size(), links) << name;
    };
    expect("like Abilene", 11, 14);
    expect("like Geant2012", 40, 61);
    expect("like Cogentco", 197, 243);
    expect("like Kdl", 754, 895);
    expect("like AS1221 Telstra", 104, 151);
    expect("like AS1239 Sprintlink", 315, 972);
}

TEST(shapes, are_the_same_each_time) {
    const auto once = test::fibre_network(50, 80, 7);
    const auto again = test::fibre_network(50, 80, 7);
    const auto other = test::fibre_network(50, 80, 8);
    const auto same = [](const test::edge& x, const test::edge& y) {
        return x.a == y.a && x.b == y.b && x.there == y.there;
    };
    EXPECT_TRUE(std::equal(once.begin(), once.end(), again.begin(), again.end(), same));
    EXPECT_FALSE(std::equal(once.begin(), once.end(), other.begin(), other.end(), same));
}

}  // namespace
}  // namespace rhumb::topology

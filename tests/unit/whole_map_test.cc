#include "controlplane/routing/whole_map.hh"

#include <gtest/gtest.h>

#include "tests/support/network_maps.hh"

namespace rhumb::routing {
namespace {

using topology::advertisement;
using topology::metric_type;
using topology::unusable;

TEST(whole_map, says_again_only_what_differs) {
    auto network = test::make_advertisements(test::ring(4));
    topology::map m;
    whole_map source("n0");
    ASSERT_TRUE(source.replace(network, m).ok());
    EXPECT_EQ(m.node_count(), 4U);
    const auto numbered = m.renumberings();
    const advertisement* const n2 = m.said(*m.find("n2"));
    network[1].links[0].metric = 99;
    ASSERT_TRUE(source.replace(network, m).ok());
    EXPECT_EQ(m.renumberings(), numbered);
    EXPECT_EQ(m.said(*m.find("n1"))->version, 2U);
    EXPECT_EQ(m.said(*m.find("n2")), n2);
    EXPECT_EQ(m.said(*m.find("n2"))->version, 1U);
}

TEST(whole_map, nodes_go_and_come_back) {
    auto network = test::make_advertisements(test::ring(4));
    topology::map m;
    whole_map source("n0");
    ASSERT_TRUE(source.replace(network, m).ok());
    auto smaller = network;
    smaller.pop_back();
    ASSERT_TRUE(source.replace(smaller, m).ok());
    EXPECT_EQ(m.said(*m.find("n3")), nullptr);
    ASSERT_TRUE(source.replace(network, m).ok());
    ASSERT_NE(m.said(*m.find("n3")), nullptr);
    EXPECT_EQ(m.graph().costs(metric_type::igp)[*m.find_link(*m.find("n3"), "to-n0")], 10U);
}

TEST(whole_map, own_links_follow_their_ports_across_reloads) {
    auto network = test::make_advertisements(test::ring(4));
    topology::map m;
    whole_map source("n0");
    ASSERT_TRUE(source.replace(network, m).ok());
    const topology::link_number l = *m.find_link(0, "to-n1");
    EXPECT_FALSE(source.set_link("to-n1", false, m).empty());
    EXPECT_TRUE(source.set_link("to-n1", false, m).empty());
    EXPECT_EQ(m.graph().costs(metric_type::igp)[l], unusable);
    network[0].links[1].metric = 50;
    ASSERT_TRUE(source.replace(network, m).ok());
    EXPECT_EQ(m.graph().costs(metric_type::igp)[l], unusable);
    EXPECT_FALSE(source.set_link("to-n1", true, m).empty());
    EXPECT_EQ(m.graph().costs(metric_type::igp)[l], 10U);
}

TEST(whole_map, an_error_changes_nothing) {
    auto network = test::make_advertisements(test::ring(4));
    topology::map m;
    whole_map source("n0");
    ASSERT_TRUE(source.replace(network, m).ok());
    auto bad = network;
    bad.pop_back();
    bad[1].links[0].metric = 0;
    EXPECT_FALSE(source.replace(bad, m).ok());
    EXPECT_NE(m.said(*m.find("n3")), nullptr);
    bad = network;
    bad[1].origin = "n0";
    EXPECT_FALSE(source.replace(bad, m).ok());
    EXPECT_EQ(m.said(*m.find("n1"))->version, 1U);
}

}  // namespace
}  // namespace rhumb::routing

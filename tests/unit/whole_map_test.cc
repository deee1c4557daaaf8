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
    EXPECT_EQ(source.said("n3"), nullptr);
    EXPECT_EQ(source.said("n4"), nullptr);
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
    EXPECT_EQ(m.said(0)->links.size(), 1U);
    EXPECT_EQ(source.said("n0")->links, network[0].links);
    EXPECT_EQ(m.graph().costs(metric_type::igp)[l], unusable);
    network[0].links[1].metric = 50;
    ASSERT_TRUE(source.replace(network, m).ok());
    EXPECT_EQ(m.graph().costs(metric_type::igp)[l], unusable);
    EXPECT_FALSE(source.set_link("to-n1", true, m).empty());
    EXPECT_EQ(m.graph().costs(metric_type::igp)[l], 10U);
}

TEST(whole_map, a_node_that_speaks_for_itself_stands_above_the_file) {
    auto network = test::make_advertisements(test::ring(4));
    topology::map m;
    whole_map source("n0");
    ASSERT_TRUE(source.replace(network, m).ok());
    const topology::node_number n2 = *m.find("n2");
    const topology::link_number l = *m.find_link(n2, "to-n3");
    advertisement said = network[2];
    said.version = 700;
    said.links[1].metric = 33;
    const auto done = source.hear(said, m);
    ASSERT_TRUE(done.ok());
    EXPECT_FALSE(done.value().empty());
    EXPECT_EQ(m.said(n2)->links[1].metric, 33U);
    // Not older ones, nor the same again; and what the file says of it does not matter any more.
    EXPECT_TRUE(source.hear(said, m).value().stale);
    said.version = 699;
    EXPECT_TRUE(source.hear(said, m).value().stale);
    network[2].links[1].metric = 44;
    network[1].links[0].metric = 55;
    ASSERT_TRUE(source.replace(network, m).ok());
    EXPECT_EQ(m.said(n2)->links[1].metric, 33U);
    EXPECT_EQ(m.said(*m.find("n1"))->links[0].metric, 55U);
    network.erase(network.begin() + 2);
    ASSERT_TRUE(source.replace(network, m).ok());
    ASSERT_NE(m.said(n2), nullptr);
    EXPECT_EQ(m.said(n2)->links[1].metric, 33U);

    // A link that is said to be down, of the version that is known.
    EXPECT_TRUE(source.hear_down("n2", "to-n3", 699, m).stale);
    EXPECT_TRUE(source.hear_down("n9", "to-n3", 700, m).stale);
    EXPECT_TRUE(source.hear_down("n2", "to-n9", 700, m).empty());
    EXPECT_FALSE(source.hear_down("n2", "to-n3", 700, m).empty());
    EXPECT_TRUE(source.hear_down("n2", "to-n3", 700, m).empty());
    EXPECT_EQ(m.graph().costs(metric_type::igp)[l], unusable);
    said.version = 701;
    EXPECT_FALSE(source.hear(said, m).value().empty());
    EXPECT_EQ(m.graph().costs(metric_type::igp)[*m.find_link(n2, "to-n3")], 33U);
}

TEST(whole_map, takes_new_nodes_but_nothing_of_its_own) {
    auto network = test::make_advertisements(test::ring(4));
    topology::map m;
    whole_map source("n0");
    ASSERT_TRUE(source.replace(network, m).ok());
    advertisement own = network[0];
    own.version = 9;
    own.links.clear();
    EXPECT_TRUE(source.hear(own, m).value().stale);
    EXPECT_FALSE(m.said(0)->links.empty());
    advertisement added;
    added.origin = "n9";
    ASSERT_TRUE(source.hear(added, m).ok());
    ASSERT_TRUE(m.find("n9"));
    ASSERT_TRUE(source.replace(network, m).ok());
    EXPECT_NE(m.said(*m.find("n9")), nullptr);
    added.version = 2;
    added.msd = 3;
    added.links.push_back({});
    EXPECT_FALSE(source.hear(added, m).ok());
    EXPECT_NE(m.said(*m.find("n9"))->msd, 3);
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

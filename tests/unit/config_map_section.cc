// The section [topology].
#include <gtest/gtest.h>

#include "controlplane/config/load.hh"
#include "tests/unit/config_refused.hh"

namespace rhumb::config {
namespace {

TEST(config_topology, every_key) {
    const auto read = parse(R"toml(
[topology]
file = "lab.toml"
node = "R1"
links = { "to-R2" = "r2", "to-R3" = "r3" }
protection = "node+srlg"
fall_back = false
local_delay = 200
microloop_avoidance = 5000
measure = 1
smoothing = 0
policy_settle = 1500
policy_keep_installed = true
policy_reserved_labels = 2
[controller]
demands = "measured"
reoptimise = 300
target = 70
moves = 5
[node]
reserved = { ldp = ["100000-199999", "300000"], rsvp-te = "200000-299999" }
)toml",
                            "r1.toml", "");
    ASSERT_TRUE(read.ok()) << read.why().text();
    ASSERT_TRUE(read.value().topology);
    const topology_section& given = *read.value().topology;
    EXPECT_EQ(given.file, "lab.toml");
    EXPECT_EQ(given.node, "R1");
    ASSERT_EQ(given.adjacencies.size(), 2U);
    EXPECT_EQ(given.adjacencies[1].link, "to-R3");
    EXPECT_EQ(given.adjacencies[1].nexthop, "r3");
    EXPECT_EQ(given.protects, protected_resource::node_and_srlg);
    EXPECT_FALSE(given.fall_back);
    EXPECT_EQ(given.local_delay, 200U);
    EXPECT_EQ(given.microloop_avoidance, 5000U);
    EXPECT_EQ(given.measure, 1U);
    EXPECT_EQ(given.smoothing, 0U);
    EXPECT_EQ(given.policy_settle, 1500U);
    EXPECT_TRUE(given.policy_keep_installed);
    EXPECT_EQ(given.policy_reserved_labels, 2U);
    ASSERT_TRUE(read.value().controller);
    const controller_section& role = *read.value().controller;
    EXPECT_EQ(role.demands, demand_source::measured);
    EXPECT_EQ(role.reoptimise, 300U);
    EXPECT_EQ(role.target, 70U);
    EXPECT_EQ(role.moves, 5U);
    const auto& reserved = read.value().node.reserved;
    ASSERT_EQ(reserved.size(), 3U);
    EXPECT_EQ(reserved[1].owner, "ldp");
    EXPECT_EQ(reserved[1].labels, (label_range{300'000, 300'000}));
    EXPECT_EQ(reserved[2].owner, "rsvp-te");
    EXPECT_EQ(reserved[2].labels, (label_range{200'000, 299'999}));
    EXPECT_EQ(reserved[2].where.line, 21U);
}

TEST(config_topology, a_controller_needs_no_keys) {
    const auto read = parse("[controller]\n[topology]\nfile = \"f\"", "r1.toml", "");
    ASSERT_TRUE(read.ok()) << read.why().text();
    EXPECT_EQ(read.value().controller->demands, demand_source::file);
    EXPECT_EQ(read.value().controller->reoptimise, 0U);
}

TEST(config_topology, only_the_file_is_needed) {
    const auto read = parse("[topology]\nfile = \"lab.toml\"", "r1.toml", "");
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read.value().topology->protects, protected_resource::link);
    EXPECT_TRUE(read.value().topology->fall_back);
    EXPECT_EQ(read.value().topology->local_delay, 0U);
}

const bad_text bad_sections[] = {
    {"[topology]", "1:1: [topology] needs a file, as in file = \"network.toml\""},
    {"[topology]\nfile = \"\"", "2:8: file is empty; give the name of a topology file"},
    {"[topology]\nfile = 1", "2:8: file must be a string, not an integer"},
    {"[topology]\nfile = \"f\"\nprotection = \"all\"",
     "3:14: unknown protection \"all\"; it is one of \"none\", \"link\", \"node\", \"srlg\" or "
     "\"node+srlg\""},
    {"[topology]\nfile = \"f\"\nlinks = [1]",
     "3:9: links must be a table: write links = { LINK = \"NEXTHOP\" }"},
    {"[topology]\nfile = \"f\"\nlinks = { a = 1 }",
     "3:15: links.a must be a string, not an integer"},
    {"[topology]\nfile = \"f\"\nlinks = { a = \"r2\", b = \"r2\" }",
     "3:25: next hop \"r2\" stands for two links"},
    {"[topology]\nfile = \"f\"\nlocal_delay = 60001",
     "3:15: local_delay 60001 is out of range: 0 to 60000"},
    {"[topology]\nfile = \"f\"\nmeasure = 0", "3:11: measure 0 is out of range: 1 to 3600"},
    {"[controller]", "1:1: [controller] needs a map of the network: a section [topology]"},
    {"[topology]\nfile = \"f\"\n[controller]\ndemands = \"guessed\"",
     "4:11: unknown demands \"guessed\"; it is one of \"file\" or \"measured\""},
    {"[topology]\nfile = \"f\"\n[controller]\nmoves = 0",
     "4:9: moves 0 is out of range: 1 to 10000"},
    {"[topology]\nfile = \"f\"\n[controller]\nnetwork = true",
     "4:1: unknown key \"network\" in [controller]; it is one of \"demands\", \"reoptimise\", "
     "\"target\" or \"moves\""},
};

TEST(config_topology, errors) { expect_refused(bad_sections); }

}  // namespace
}  // namespace rhumb::config

// The section [topology].
#include <gtest/gtest.h>

#include "controlplane/config/inline_map.hh"
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
    {"[topology]", "1:1: [topology] needs a map: file = \"network.toml\", or [topology.map]"},
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

constexpr std::string_view map_sections = R"toml(
[M.affinities]
red = 3
[M.defaults]
metric = 20
[M.nodes.z]
loopback = "198.51.100.1"
sid = 1
srgb = ["16000-16999", "18000-18999"]
algorithms = { 128 = 201 }
[M.nodes."a.b"]
loopback = "198.51.100.2"
sid = 2
prefixes = [{ prefix = "203.0.113.0/24", sid = 9, metric = 5 }]
[M.nodes.c]
loopback = "198.51.100.3"
[M.flex_algo.128]
exclude_any = ["red"]
[[M.links]]
ends = ["z", "a.b"]
sids = [[15000], [{ label = 15007, protected = true }]]
[[M.links]]
ends = ["a.b:east", "c:west"]
affinities = ["red"]
delay = "2ms"
[[M.policies]]
name = "gold"
color = 100
endpoint = "c"
headend = "z"
steer = ["192.0.2.0/24"]
[[M.policies.paths]]
segments = ["a.b", { to = "c", algorithm = 128 }]
[[M.routes]]
prefix = "192.0.2.0/25"
next_hop = "c"
headend = "z"
colors = 100
[[M.demands]]
from = "z"
to = "c"
rate = "1G"
)toml";

// `name` instead of M; without one the sections are those of a topology file.
std::string map_text(std::string_view name) {
    std::string text;
    for (std::size_t at = 0; at < map_sections.size(); ++at) {
        if (map_sections.substr(at, 2) == "M.") {
            text += name;
            at += 1;
        } else {
            text += map_sections[at];
        }
    }
    return text;
}

TEST(config_topology, a_map_of_its_own_is_what_a_file_would_say) {
    const auto read = parse("[topology]\nnode = \"z\"" + map_text("topology.map."), "r.toml", "");
    ASSERT_TRUE(read.ok()) << read.why().text();
    ASSERT_NE(read.value().topology->map, nullptr);
    const inline_map& map = *read.value().topology->map;
    policies_file policies;
    const auto file =
        parse_topology(map_text(""), "map.toml", nullptr,
                       [&](value root, const topology_file& network, diagnostics& errors) {
                           read_policies(root["policies"], network.affinities, policies, errors);
                       });
    ASSERT_TRUE(file.ok()) << file.why().text();
    EXPECT_EQ(map.network.nodes, file.value().nodes);
    EXPECT_EQ(map.network.affinities, file.value().affinities);
    EXPECT_EQ(map.network.where[1].line, 12U);
    ASSERT_EQ(map.policies.policies.size(), 1U);
    topology::map network;
    ASSERT_TRUE(network.apply(map.network.nodes).ok());
    diagnostics errors("r.toml", 0);
    const auto resolved = resolve_policies(map.policies, network, {}, errors);
    ASSERT_FALSE(errors.failed()) << errors.why().text();
    EXPECT_EQ(resolved.policies, resolve_policies(policies, network, {}, errors).policies);
    EXPECT_EQ(map.policies.policies[0].endpoint.where.line, 30U);
    EXPECT_EQ(map.policies.routes.size(), 1U);
    EXPECT_EQ(map.policies.demands.size(), 1U);
}

// The same however it is written, in the order in which it was given.
TEST(config_topology, a_map_of_its_own_can_be_written) {
    const auto read = parse(map_text("topology.map."), "r.toml", "");
    ASSERT_TRUE(read.ok()) << read.why().text();
    const inline_map& map = *read.value().topology->map;
    EXPECT_LT(map.text.find("[topology.map.nodes.z]\n"),
              map.text.find("[topology.map.nodes.\"a.b\"]\n"));
    EXPECT_NE(map.text.find("sids = [[15000], [{ label = 15007, protected = true }]]\n"),
              std::string::npos)
        << map.text;
    const auto again = parse(map.text, "again.toml", "");
    ASSERT_TRUE(again.ok()) << again.why().text();
    EXPECT_EQ(again.value().topology->map->network.nodes, map.network.nodes);
    EXPECT_EQ(again.value().topology->map->network.affinities, map.network.affinities);
    EXPECT_EQ(again.value().topology->map->text, map.text);
    const auto others = parse_policies(map.policies_text, "policies.toml", map.network.affinities);
    ASSERT_TRUE(others.ok()) << others.why().text();
    EXPECT_EQ(others.value().policies.size(), 1U);
    EXPECT_EQ(others.value().routes.size(), 1U);
    EXPECT_EQ(others.value().demands.size(), 1U);

    const auto flat = parse(
        "topology = { map = { nodes = { z = {} }, links = [], "
        "policies = [{ color = 1, endpoint = \"z\", paths = [{ segments = [16001] }] }] } }",
        "flat.toml", "");
    ASSERT_TRUE(flat.ok()) << flat.why().text();
    EXPECT_EQ(flat.value().topology->map->text,
              "\n[topology.map.nodes.z]\n\n[[topology.map.policies]]\ncolor = 1\n"
              "endpoint = \"z\"\npaths = [{ segments = [16001] }]\n");
}

const bad_text bad_maps[] = {
    {"[topology]\nfile = \"f\"\n[topology.map.nodes.z]",
     "3:1: the map stands here and, at 2:8, in a file; say one of them"},
    {"[topology]\nmap = \"f\"", "2:7: [topology.map] must be a table, not a string"},
    {"[topology.map]\nnode = 1",
     "2:1: unknown key \"node\" in [topology.map]; did you mean \"nodes\"?"},
    {"[topology.map.nodes.z]\nsid = 1", "2:7: sid needs a loopback"},
    {"[topology.map.nodes.z]\n[[topology.map.links]]\nends = [\"z\", \"y\"]",
     "3:14: ends names \"y\", which is no node; each node needs a table [nodes.NAME]"},
    {"[topology.map.nodes.z]\n[[topology.map.policies]]\ncolor = \"red\"",
     "3:9: color must be an integer, not a string"},
    {"[topology.map.nodes.z]\n[[topology.map.demands]]\nfrom = \"z\"\nto = \"z\"",
     "2:1: [[demands]] needs a rate, as in rate = \"2.5G\""},
};

TEST(config_topology, errors_of_a_map_of_its_own) { expect_refused(bad_maps); }

}  // namespace
}  // namespace rhumb::config

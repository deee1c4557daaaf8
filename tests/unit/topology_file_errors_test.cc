// What topology files are refused for, and where.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/config/topology_file.hh"

namespace rhumb::test {
namespace {

std::vector<std::string> errors_of(std::string_view text) {
    std::vector<error> all;
    const auto made = config::parse_topology(text, "t", &all);
    EXPECT_EQ(made.ok(), all.empty());
    std::vector<std::string> texts;
    for (const error& one : all) {
        texts.push_back(one.text());
    }
    return texts;
}

// A file's only error begins like this.
void expect_error(std::string_view text, std::string_view wanted) {
    const auto all = errors_of(text);
    ASSERT_FALSE(all.empty()) << text;
    EXPECT_EQ(all.size(), 1U) << text << "\n" << all.back();
    EXPECT_EQ(all.front().substr(0, wanted.size()), wanted) << text;
}

const std::string two = "[nodes.a]\n[nodes.b]\n[[links]]\n";  // goes on in line 4

TEST(TopologyErrors, Documents) {
    expect_error("[nodes", "t:1:7: not valid TOML");
    expect_error("a = 1", "t:1:1: unknown key \"a\" in this file");
    expect_error("nodes = 1", "t:1:9: nodes must be tables: write [nodes.NAME]");
    expect_error("links = 1", "t:1:9: links must be an array of tables");
    expect_error("affinities = 1", "t:1:14: affinities must be a table of bits");
    expect_error("flex_algo = 1", "t:1:13: flex_algo must be tables");
    expect_error("[defaults]\nmsd = 0", "t:2:7: msd 0 is out of range: 1 to 255");
    expect_error("[affinities]\nred = 64", "t:2:7: red 64 is out of range: 0 to 63");
    expect_error("[affinities]\nred = 1\nblue = 1", "t:3:8: bit 1 is that of \"red\"");
}

TEST(TopologyErrors, Nodes) {
    expect_error("[nodes.\"a b\"]", "t:1:8: name in [nodes.NAME] \"a b\" has characters");
    expect_error("[nodes.\"a:b\"]", "t:1:8: a node's name must not have \":\"");
    expect_error("[nodes.a]\nsrgb = \"5-20\"", "t:2:8: srgb \"5-20\" is no range of labels");
    expect_error("[nodes.a]\nsrgb = \"15000-16000\"",
                 "t:1:8: node a: SRGB and SRLB blocks overlap");
    expect_error("[nodes.a]\nmsd = 256", "t:2:7: msd 256 is out of range");
    expect_error("[nodes.a]\nsid = 1", "t:2:7: sid needs a loopback");
    expect_error("[nodes.a]\nloopback = \"10.0.0.0/8\"", "t:2:12: a loopback is one address");
    expect_error("[nodes.a]\nloopback = \"10.0.0.1/8\"",
                 "t:2:12: loopback \"10.0.0.1/8\" is no prefix: it has bits behind");
    expect_error("[nodes.a]\nloopback = \"10.0.0.256\"",
                 "t:2:12: loopback \"10.0.0.256\" is no IP address");
    expect_error("[nodes.a]\nloopback = [\"10.0.0.1\"]\nsid = [1, 2]",
                 "t:3:7: there are 1 loopbacks and 2 SIDs");
    expect_error("[nodes.a]\nloopback = \"10.0.0.1\"\nsid = 1048576",
                 "t:3:7: sid 1048576 is out of range: 0 to 1048575");
    expect_error("[nodes.a]\nloopback = \"10.0.0.1\"\nno_php = false\nexplicit_null = true",
                 "t:3:10: explicit_null goes with no_php = true");
    expect_error("[nodes.a]\nalgorithms = [127]", "t:2:15: an algorithm 127 is out of range");
    expect_error("[nodes.a]\nalgorithms = [128, 128]", "t:2:14: an algorithm stands here twice");
    expect_error("[nodes.a]\nalgorithms = { 128 = 1 }",
                 "t:2:14: SIDs of algorithms need a loopback");
    expect_error("[nodes.a]\nloopback = \"10.0.0.1\"\nalgorithms = { 1280 = 1 }",
                 "t:3:16: \"1280\" is no flexible algorithm");
    expect_error("[nodes.a]\nprefixes = [{ sid = 1 }]",
                 "t:2:13: an element of prefixes needs a prefix");
    expect_error("[nodes.a]\nprefixes = [{ prefix = \"10.0.0.0/8\", node = true }]",
                 "t:2:45: node = true is for addresses alone");
    expect_error("[nodes.a]\nprefixes = [{ prefix = \"10.0.0.0/8\" }, { prefix = \"10.0.0.0/8\" }]",
                 "t:1:8: node a: a prefix stands there twice");
    expect_error("[nodes.a]\nbindings = [{ label = 15, nodes = [\"b\"] }]",
                 "t:2:23: label 15 is out of range");
    expect_error("[nodes.a]\nbindings = [{ label = 16, nodes = [] }]",
                 "t:2:35: a binding SID leads through one node or more");
    expect_error("[nodes.a.flex_algo.127]", "t:1:20: \"127\" is no flexible algorithm");
    expect_error("[flex_algo.128]\nexclude_any = [\"red\"]",
                 "t:2:16: there is no affinity \"red\": name its bit in [affinities]");
    expect_error("[affinities]\nred = 1\n[flex_algo.128]\nexclude_any = [\"rad\"]",
                 "t:4:16: there is no affinity \"rad\" in [affinities]; did you mean \"red\"?");
    expect_error("[nodes.a]\n[flex_algo.128]\nnodes = [\"b\"]",
                 "t:3:10: nodes names \"b\", which is no node");
    expect_error("[nodes.a]\n[flex_algo.128]\nnodes = [\"a\", \"a\"]",
                 "t:3:15: nodes names this twice");
    expect_error("[nodes.a]\nloopback=\"10.0.0.1\"\nsid=9\n[flex_algo.128]\nsid_offset = 1048575",
                 "t:4:12: with sid_offset the SID index of a is over 1048575");
}

TEST(TopologyErrors, Links) {
    expect_error("[[links]]", "t:1:1: a link has two ends: write ends = ");
    expect_error(two + "ends = [\"a\"]", "t:4:8: a link has two ends");
    expect_error(two + "ends = [\"a\", \"c\"]", "t:4:14: ends names \"c\", which is no node");
    expect_error("[nodes.router1]\n[nodes.router2]\n[[links]]\nends = [\"router1\", \"ruoter2\"]",
                 "t:4:20: ends names \"ruoter2\", which is no node; did you mean \"router2\"?");
    expect_error(two + "ends = [\"a\", \"a:x\"]", "t:4:8: a link leads from one node to another");
    expect_error(two + "ends = [\"a:\", \"b\"]", "t:4:9: a link is empty");
    expect_error(two + "ends = [\"a:x\", \"b\"]\n[[links]]\nends = [\"a:x\", \"b\"]",
                 "t:6:9: a has two links called \"x\"");
    const std::string link = two + "ends = [\"a\", \"b\"]\n";
    expect_error(link + "metric = 0", "t:5:10: metric 0 is out of range: 1 to 16777214");
    expect_error(link + "metric = [1, 2, 3]", "t:5:10: metric is one value, or two");
    expect_error(link + "one_way = true\nmetric = [1, 2]",
                 "t:6:10: metric of a one-way link is one value");
    expect_error(link + "metric = [1, 16777215]", "t:5:14: metric 16777215 is out of range");
    for (const char* delay : {"\"2h\"", "\"\"", "\"0s\"", "\"1.2.3ms\"", "\"0.0001ms\"", "\"17s\"",
                              "-1", "0", "\"99999999999999999999s\"", "\".\"", "\"ms\""}) {
        expect_error(link + "delay = " + delay, "t:5:9: delay is no number from 1 to 16777214");
    }
    expect_error(link + "reserved = \"1G\"",
                 "t:5:12: reserved is a part of bandwidth, which is missing");
    for (const char* bandwidth : {"\"18446745T\"", "\"10g\"", "\"18446744073709551616\""}) {
        expect_error(link + "bandwidth = " + bandwidth, "t:5:13: bandwidth is no number");
    }
    expect_error(link + "srlg = [1, 1]", "t:5:8: srlg names a group twice");
    expect_error(link + "srlg = 4294967296", "t:5:8: srlg 4294967296 is out of range");
    expect_error(link + "addresses = [\"10.0.0.1\"]", "t:5:13: addresses has one element for each");
    expect_error(link + "addresses = [\"10.0.0.1\", \"x\"]", "t:5:26: address \"x\" is no IP");
    expect_error(link + "sids = \"all\"", "t:5:8: unknown sids \"all\"; it is one of");
    expect_error(link + "sids = [[15]]", "t:5:8: sids has one element for each end: 2");
    expect_error(link + "sids = [[15], []]", "t:5:10: label 15 is out of range");
    expect_error(link + "sids = [[{ protected = true }], []]", "t:5:10: an adjacency SID needs a");
    expect_error(link + "weight = 2", "t:5:10: weight needs set = true");
    expect_error("[nodes.c]\nsrlb = \"300-300\"\n" + two + "ends = [\"a\", \"c\"]",
                 "t:5:1: the SRLB of c has 1 labels, which are too few");
}

TEST(TopologyErrors, AllAreTold) {
    EXPECT_EQ(errors_of("[nodes.a]\nmsd = 0\nspeed = 1\n[nodes.b]\nsid = 1\n[[links]]\n"
                        "ends = [\"a\", \"c\"]\n"),
              (std::vector<std::string>{
                  "t:3:1: unknown key \"speed\" in [nodes.a]; it is one of \"srgb\", \"srlb\", "
                  "\"msd\", \"overload\", \"loopback\", \"sid\", \"no_php\", \"explicit_null\", "
                  "\"algorithms\", \"prefixes\", \"bindings\" or \"flex_algo\"",
                  "t:2:7: msd 0 is out of range: 1 to 255", "t:5:7: sid needs a loopback",
                  "t:7:14: ends names \"c\", which is no node; each node needs a table "
                  "[nodes.NAME]"}));
    std::string many;
    for (int n = 0; n < 1000; ++n) {
        many += "[nodes.n" + std::to_string(n) + "]\nmsd = 0\n";
    }
    EXPECT_EQ(errors_of(many).size(), 100U);
    const auto missing = config::load_topology("/nowhere.toml");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.why().text().substr(0, 41), "/nowhere.toml: cannot read the topology: ");
}

}  // namespace
}  // namespace rhumb::test

// Topology files: what they mean, and that writing them changes nothing.
#include "controlplane/config/topology_file.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>

#include "controlplane/config/text.hh"
#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/map.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::test {
namespace {

using config::topology_file;

topology_file read(std::string_view text) {
    auto made = config::parse_topology(text, "t");
    EXPECT_TRUE(made) << (made ? "" : made.why().text());
    return made ? std::move(made).value() : topology_file{};
}

topology_file load(const std::string& name) {
    auto made = config::load_topology(std::string(RHUMB_ROOT) + "/configs/topology/" + name);
    EXPECT_TRUE(made) << (made ? "" : made.why().text());
    return made ? std::move(made).value() : topology_file{};
}

constexpr std::string_view two = R"(
[nodes.a]
loopback = "10.0.0.1"
sid = 1
[nodes.b]
[[links]]
ends = ["a", "b"]
)";

TEST(TopologyFile, LittleSuffices) {
    const topology_file t = read(two);
    ASSERT_EQ(t.nodes.size(), 2U);
    topology::advertisement a;
    a.origin = "a";
    a.prefixes = {{.address = *config::parse_prefix("10.0.0.1/32"),
                   .metric = 0,
                   .node = true,
                   .readvertised = false,
                   .sids = {{1, 0, false, false}}}};
    topology::link l;
    l.name = "to-b";
    l.remote = "b";
    l.remote_link = "to-a";
    l.sids = {{15'000, false, false, false, 1}, {15'001, true, false, false, 1}};
    a.links = {l};
    EXPECT_EQ(t.nodes[0], a);
    EXPECT_EQ(t.nodes[1].links[0].remote_link, "to-b");
    EXPECT_EQ(t.nodes[1].links[0].metric, 10U);
    EXPECT_EQ(t.where[1].line, 5U);
}

TEST(TopologyFile, EverythingHasAPlace) {
    const topology_file t = read(R"(
[defaults]
srgb = ["100-199", "1000-1099"]
srlb = "300-309"
msd = 4
metric = 7
sids = "unprotected"
[affinities]
red = 0
blue = 63
[nodes.a]
loopback = ["10.0.0.1/32", "2001:db8::1"]
sid = [1, 101]
no_php = true
algorithms = { 128 = 50, 129 = 51 }
overload = true
bindings = [{ label = 301, nodes = ["b", "elsewhere"] }]
[nodes.a.flex_algo.129]
priority = 200
metric = "te"
include_all = ["red", "blue"]
exclude_srlg = 4
[nodes.b]
srgb = []
srlb = []
msd = 12
algorithms = [129]
prefixes = [{ prefix = "10.1.0.0/16", metric = 3, sid = 9, explicit_null = true },
            { prefix = "10.0.0.9/32", node = false, readvertised = true }]
[flex_algo.128]
metric = "delay"
include_any = ["blue"]
[flex_algo.129]
[[links]]
ends = ["a:x", "b"]
metric = [5, 6]
te_metric = 9
delay = ["1.5ms", 20]
bandwidth = "2.5G"
reserved = ["1G", 7]
affinities = ["blue", "red"]
srlg = [4, 4294967295]
addresses = ["192.0.2.1", "2001:db8::2"]
sids = ["both", "none"]
[[links]]
ends = ["a", "b:y"]
bandwidth = [1000, "40M"]
sids = [[{ label = 300, protected = true, persistent = true, set = true, weight = 3 }, 400], []]
[[links]]
ends = ["a", "b:z"]
one_way = true
)");
    ASSERT_EQ(t.nodes.size(), 2U);
    const auto& a = t.nodes[0];
    const auto& b = t.nodes[1];
    EXPECT_EQ(a.srgb, (std::vector<topology::label_block>{{100, 100}, {1000, 100}}));
    EXPECT_TRUE(b.srgb.empty() && b.srlb.empty());
    EXPECT_EQ(std::pair(a.msd, b.msd), std::pair(std::uint8_t{4}, std::uint8_t{12}));
    EXPECT_TRUE(a.overload && !b.overload);
    EXPECT_EQ(a.algorithms, (std::vector<std::uint8_t>{128, 129}));
    EXPECT_EQ(b.algorithms, (std::vector<std::uint8_t>{129}));
    EXPECT_EQ(a.prefixes[0].sids,
              (std::vector<topology::prefix_sid>{
                  {1, 0, true, false}, {50, 128, true, false}, {51, 129, true, false}}));
    EXPECT_EQ(a.prefixes[1].sids.size(), 1U);
    EXPECT_EQ(b.prefixes[0].sids[0], (topology::prefix_sid{9, 0, true, true}));
    EXPECT_TRUE(!b.prefixes[0].node && !b.prefixes[1].node && b.prefixes[1].readvertised);
    EXPECT_EQ(b.prefixes[0].metric, 3U);
    ASSERT_EQ(a.definitions.size(), 2U);
    EXPECT_EQ(a.definitions[0],
              (topology::flex_algo_definition{
                  129, 200, topology::metric_type::te, 0, 0, 1 | std::uint64_t{1} << 63, {4}}));
    EXPECT_EQ(a.definitions[1].include_any, std::uint64_t{1} << 63);
    topology::flex_algo_definition plain;
    plain.algorithm = 129;
    EXPECT_EQ(b.definitions, std::vector{plain});
    EXPECT_EQ(a.bindings[0].nodes[1], "elsewhere");

    const auto& x = a.links[0];
    const auto& back = b.links[0];
    EXPECT_EQ(std::pair(x.metric, back.metric), std::pair(5U, 6U));
    EXPECT_EQ(std::pair(x.delay, back.delay), std::pair(1'500U, 20U));
    EXPECT_EQ(std::pair(x.te_metric, back.te_metric), std::pair(9U, 9U));
    EXPECT_EQ(x.bandwidth, 2'500'000'000U);
    EXPECT_EQ(std::pair(x.reserved, back.reserved),
              (std::pair<std::uint64_t, std::uint64_t>(1'000'000'000, 7)));
    EXPECT_EQ(x.affinities, 1 | std::uint64_t{1} << 63);
    EXPECT_EQ(back.srlgs, (std::vector<std::uint32_t>{4, 4'294'967'295}));
    EXPECT_EQ(config::to_string(*back.address), "2001:db8::2/128");
    EXPECT_EQ(x.remote_link, "to-a");
    EXPECT_EQ(back.remote_link, "x");
    // 300 and 301 are taken by what the file says itself.
    EXPECT_EQ(x.sids[0].label, 302U);
    EXPECT_EQ(x.sids[1], (topology::adjacency_sid{303, true, false, false, 1}));
    EXPECT_TRUE(back.sids.empty());
    EXPECT_EQ(a.links[1].sids, (std::vector<topology::adjacency_sid>{
                                   {300, true, true, true, 3}, {400, false, false, false, 1}}));
    EXPECT_EQ(a.links[1].name, "to-b");
    EXPECT_EQ(b.links[1].bandwidth, 40'000'000U);
    EXPECT_EQ(a.links[2].name, "to-b.2");
    EXPECT_EQ(a.links[2].remote_link, "z");
    EXPECT_EQ(a.links[2].sids.size(), 1U);
    EXPECT_EQ(b.links.size(), 2U);
}

TEST(TopologyFile, ParallelLinksShareASet) {
    const topology_file t = load("provider.toml");
    const topology::map m = make_map(t.nodes);
    const auto& fra = *m.said(m.find("fra-blue").value_or(0));
    std::vector<topology::adjacency_sid> sets;
    for (const auto& l : fra.links) {
        for (const auto& sid : l.sids) {
            if (sid.set) {
                EXPECT_EQ(l.remote, "mil-blue");
                sets.push_back(sid);
            }
        }
    }
    ASSERT_EQ(sets.size(), 2U);
    EXPECT_EQ(sets[0], sets[1]);
    EXPECT_EQ(topology::algorithms(m), (std::vector<std::uint8_t>{0, 128, 129, 130, 131}));
    EXPECT_TRUE(topology::takes_part(m, m.find("pe3").value_or(0), 129));
    EXPECT_FALSE(topology::takes_part(m, m.find("vie-red").value_or(0), 129));
    EXPECT_EQ(m.said(m.find("pe3").value_or(0))->prefixes[0].sids[1].index, 1'023U);
}

void expect_fixpoint(const topology_file& t) {
    const std::string once = config::topology_text(t);
    auto again = config::parse_topology(once, "written");
    ASSERT_TRUE(again) << again.why().text() << '\n' << once;
    ASSERT_EQ(again->nodes.size(), t.nodes.size());
    for (std::size_t n = 0; n < t.nodes.size(); ++n) {
        EXPECT_EQ(again->nodes[n], t.nodes[n]) << once;
    }
    EXPECT_EQ(config::topology_text(*again), once);
}

TEST(TopologyText, WrittenAndReadIsTheSame) {
    expect_fixpoint({});
    expect_fixpoint(read(two));
    expect_fixpoint(load("lab5.toml"));
    expect_fixpoint(load("provider.toml"));
}

TEST(TopologyText, OfMapsThatNoFileMade) {
    // Directions that differ, ends without a name, affinities without one, and links whose order
    // no file can have.
    auto said = make_advertisements({{"a", "b", 1, 2}, {"b", "c", 3, 4}, {"c", "a", 5, 6}});
    said[0].links[0].affinities = 6;
    said[1].links[1].remote_link.clear();
    said[2].links[1].bandwidth = ~std::uint64_t{0};
    said[2].links[0].delay = 7;
    topology_file t;
    t.nodes = said;
    expect_fixpoint(t);
    std::swap(said[0].links[0], said[0].links[1]);
    std::swap(said[1].links[0], said[1].links[1]);
    t.nodes = said;
    expect_fixpoint(t);
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
        topology_file random;
        random.nodes = make_advertisements(random_graph(30, 60, 100, seed, true));
        expect_fixpoint(random);
    }
}

TEST(TopologyFile, PoliciesGoToTheirReader) {
    std::string seen;
    const auto reader = [&](config::value root, const topology_file& network,
                            config::diagnostics& errors) {
        seen = network.nodes[0].origin;
        for (const config::value policy : root["policies"].elements()) {
            seen += ' ' + std::string(policy["name"].string());
            if (policy["bad"]) {
                errors.fail(policy["bad"].where(errors), "this is bad");
            }
        }
    };
    const std::string text = std::string(two) + "[[policies]]\nname = \"p\"\n";
    EXPECT_TRUE(config::parse_topology(text, "t"));
    EXPECT_TRUE(config::parse_topology(text, "t", nullptr, reader));
    EXPECT_EQ(seen, "a p");
    const auto bad = config::parse_topology(text + "bad = 1\n", "t", nullptr, reader);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.why().text(), "t:10:7: this is bad");
}

// The links of a map by names, with what the graph makes of them.
std::vector<std::string> links_of(const topology::map& m) {
    std::vector<std::string> all;
    const topology::graph& g = m.graph();
    for (topology::link_number l = 0; l < g.link_count(); ++l) {
        const auto back = g.reverse[l];
        all.push_back(m.name(g.from[l]) + ':' + m.said_of(l)->name + ' ' + m.name(g.to[l]) + ' ' +
                      std::to_string(g.costs(topology::metric_type::igp)[l]) + ' ' +
                      (back == topology::nobody ? "-" : m.said_of(back)->name));
    }
    std::ranges::sort(all);
    return all;
}

TEST(TopologyMap, ManyAtOnceAreAsOneByOne) {
    auto said = load("provider.toml").nodes;
    said[0].links[0].remote = "unknown";
    const topology::map one_by_one = make_map(said);
    topology::map at_once;
    auto changed = at_once.apply(said);
    ASSERT_TRUE(changed);
    EXPECT_TRUE(changed->renumbered && !changed->stale);
    EXPECT_EQ(changed->nodes.size(), said.size());
    EXPECT_EQ(changed->prefixes.size(), 13U);  // one is of two nodes
    EXPECT_EQ(links_of(at_once), links_of(one_by_one));
    EXPECT_EQ(at_once.node_count(), one_by_one.node_count());
    EXPECT_EQ(at_once.srlgs(), one_by_one.srlgs());
    EXPECT_EQ(topology::algorithms(at_once), topology::algorithms(one_by_one));
    // Nothing new; then one that differs, and one that makes no sense.
    changed = at_once.apply(said);
    EXPECT_TRUE(changed && changed->stale && changed->empty());
    said[3].version = 2;
    said[3].links[0].metric = 77;
    changed = at_once.apply(said);
    EXPECT_TRUE(changed && !changed->stale && !changed->renumbered);
    EXPECT_NE(links_of(at_once), links_of(one_by_one));
    said[4].version = 2;
    said[5].origin.clear();
    EXPECT_FALSE(at_once.apply(said));
    EXPECT_EQ(links_of(at_once), links_of(make_map([&] {
                  auto all = said;
                  all[5].origin = load("provider.toml").nodes[5].origin;
                  return all;
              }())));
}

TEST(TopologyFile, LargeOnesAreReadQuickly) {
    topology_file t;
    t.nodes = make_advertisements(random_graph(10'000, 40'000, 100, 1));
    const std::string text = config::topology_text(t);
    const auto start = std::chrono::steady_clock::now();
    auto again = config::parse_topology(text, "large");
    const auto took = std::chrono::steady_clock::now() - start;
    ASSERT_TRUE(again) << again.why().text();
    EXPECT_EQ(again->nodes.size(), 10'000U);
    std::cout << text.size() / 1'000'000 << " MB, "
              << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms\n";
    EXPECT_EQ(again->nodes[9'999], t.nodes[9'999]);
    topology::map map;
    ASSERT_TRUE(map.apply(std::move(again->nodes)));
    EXPECT_EQ(map.graph().link_count(), 80'000U);
    std::cout << "and with the map of it "
              << std::chrono::duration_cast<std::chrono::milliseconds>(
                     std::chrono::steady_clock::now() - start)
                     .count()
              << " ms\n";
}

}  // namespace
}  // namespace rhumb::test

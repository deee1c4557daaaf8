// Labels for segments, and who keeps a label that several claim (RFC 8660 2.4 to 2.6).
#include "controlplane/labels/sid_labels.hh"

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include "tests/support/network_maps.hh"

namespace rhumb::test {
namespace {

using labels::claim;
using labels::fec;
using labels::fec_type;
using labels::sid_labels;
using topology::advertisement;
using topology::segment;
using topology::segment_kind;

ip_prefix v4(std::uint32_t address, std::uint8_t length = 32) {
    ip_prefix p;
    p.length = length;
    store_be32(p.address.data(), address);
    return p;
}

TEST(SidLabels, IndexesWalkTheBlocks) {
    const std::vector<topology::label_block> srgb{{100, 100}, {1000, 100}, {500, 100}};
    const std::vector<std::pair<std::uint32_t, std::uint32_t>> expected{
        {0, 100}, {99, 199}, {100, 1000}, {199, 1099}, {200, 500}, {299, 599}};
    for (const auto& [index, label] : expected) {
        EXPECT_EQ(labels::label_for(srgb, index), label);
        EXPECT_EQ(labels::index_of(srgb, label), index);
    }
    EXPECT_EQ(labels::label_for(srgb, 300), std::nullopt);
    EXPECT_EQ(labels::label_for(srgb, 0xffffffff), std::nullopt);
    EXPECT_EQ(labels::label_for({}, 0), std::nullopt);
    for (const std::uint32_t none : {99U, 200U, 499U, 600U, 999U, 1100U}) {
        EXPECT_EQ(labels::index_of(srgb, none), std::nullopt);
    }
}

// The examples of RFC 8660 2.5.2 and appendix A, OSPF with distance 50 and IS-IS with 60.
fec prefix_fec(const ip_prefix& p, std::uint32_t instance = 0, std::uint16_t topology = 0) {
    fec made;
    made.af = p.af;
    made.length = p.length;
    made.address = p.address;
    made.instance = instance;
    made.topology = topology;
    return made;
}
fec other_fec(fec_type type) {
    fec made;
    made.type = type;
    return made;
}

TEST(SidConflicts, TheTableOfTheRfc) {
    constexpr std::uint8_t ospf = 50;
    constexpr std::uint8_t isis = 60;
    const auto ospf_prefix = prefix_fec(v4(0xc6336405));  // 198.51.100.5
    ip_prefix v6;
    v6.af = family::ipv6;
    v6.length = 128;
    v6.address = {0x20, 0x01, 0x0d, 0xb8, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11};
    struct {
        claim winner;
        claim loser;
    } const table[] = {
        {{ospf_prefix, ospf}, {prefix_fec(v4(0xcb007169)), isis}},
        {{other_fec(fec_type::adjacency), isis, true}, {ospf_prefix, ospf}},
        {{ospf_prefix, ospf}, {other_fec(fec_type::policy), 10, true}},
        {{prefix_fec(v4(0xcb00716e)), isis}, {other_fec(fec_type::adjacency), isis}},
        {{prefix_fec(v4(0xcb00716f)), isis}, {prefix_fec(v6), isis}},
        {{prefix_fec(v4(0xcb007180, 30)), isis}, {prefix_fec(v4(0xcb007170)), isis}},
        {{prefix_fec(v4(0xcb007171)), isis}, {prefix_fec(v4(0xcb0071d5)), isis}},
        {{prefix_fec(v4(0xcb007172), 1000), isis}, {prefix_fec(v4(0xcb007172), 2000), isis}},
        {{prefix_fec(v4(0xcb007173), 1000, 40), isis},
         {prefix_fec(v4(0xcb007173), 1000, 50), isis}},
        // By type alone.
        {{other_fec(fec_type::adjacency), isis}, {other_fec(fec_type::parallel), isis}},
        {{other_fec(fec_type::mirror), isis}, {other_fec(fec_type::policy), isis}},
        {{other_fec(fec_type::parallel), isis}, {other_fec(fec_type::mirror), isis}},
    };
    for (const auto& [winner, loser] : table) {
        const std::size_t row = static_cast<std::size_t>(&winner - &table[0].winner);
        EXPECT_EQ(labels::winner_of(std::vector{winner, loser}), 0U) << row;
        EXPECT_EQ(labels::winner_of(std::vector{loser, winner}), 1U) << row;
        EXPECT_EQ(labels::winner_of(std::vector{loser, winner, loser}), 1U) << row;
    }
}

// a - b - c; a's SRGB begins at 16000, b's at 20000, c's has two blocks.
std::vector<advertisement> three() {
    auto said = make_advertisements({{"a", "b"}, {"b", "c"}, {"b", "c"}});
    said[0].srgb = {{16'000, 100}};
    said[1].srgb = {{20'000, 100}};
    said[2].srgb = {{30'000, 2}, {40'000, 98}};
    return said;
}

TEST(SidLabels, LabelsForEachKindOfSegment) {
    auto said = three();
    said[1].links[1].sids.push_back({9'000, false, true, false, 1});
    said[1].links[2].sids.push_back({9'000, false, true, false, 1});
    said[1].bindings.push_back({15'500, {"c"}});
    const topology::map m = make_map(said);
    const sid_labels labels(m);
    EXPECT_TRUE(labels.conflicts().empty());
    EXPECT_EQ(labels.label(segment::to_node(2), 0, false), 16'003U);
    EXPECT_EQ(labels.label(segment::to_node(2), 1, false), 20'003U);
    EXPECT_EQ(labels.label(segment::to_node(2), 2, false), 40'001U);
    EXPECT_EQ(labels.label(segment::to_node(2, 128), 0, false), std::nullopt);
    EXPECT_EQ(labels.label({segment_kind::anycast, 0, topology::nobody, 0}, 1, false), 20'001U);
    const auto link = m.find_link(1, "to-c.2").value_or(99);
    EXPECT_EQ(labels.label(segment::over_link(m.graph(), link), 1, false), 4'004U);
    EXPECT_EQ(labels.label(segment::over_link(m.graph(), link), 1, true), 4'005U);
    EXPECT_EQ(labels.label(segment::over_link(m.graph(), link), 0, true), std::nullopt);
    EXPECT_EQ(labels.label({segment_kind::parallel, 0, 1, link}, 1, true), 9'000U);
    EXPECT_EQ(
        labels.label({segment_kind::parallel, 0, 1, m.find_link(1, "to-a").value_or(99)}, 1, true),
        std::nullopt);
    EXPECT_EQ(labels.label({segment_kind::sid, 0, topology::nobody, 777}, 0, true), 777U);
    EXPECT_EQ(labels.label({segment_kind::sid, 0, topology::nobody, 1U << 20}, 0, true),
              std::nullopt);
    EXPECT_EQ(labels.label({segment_kind::binding, 0, 1, 15'500}, 1, true), 15'500U);
    EXPECT_EQ(labels.label({segment_kind::binding, 0, 1, 15'500}, 0, true), std::nullopt);
    EXPECT_EQ(labels.prefix_of(40'001, 2)->prefix, *m.find(v4(0x0a000003)));
    EXPECT_FALSE(labels.prefix_of(30'002, 2));
}

TEST(SidConflicts, OfTwoPrefixesWithOneIndexOneKeepsIt) {
    auto said = three();
    said[2].prefixes[0].sids[0].index = 1;  // 10.0.0.3 claims what 10.0.0.1 has
    const topology::map m = make_map(said);
    const sid_labels labels(m);
    ASSERT_EQ(labels.conflicts().size(), 1U);
    EXPECT_EQ(labels.conflicts()[0].node, topology::nobody);
    EXPECT_EQ(labels.conflicts()[0].label, 1U);
    EXPECT_EQ(labels.conflicts()[0].winner, "prefix 10.0.0.1/32");
    EXPECT_EQ(labels.conflicts()[0].loser, "prefix 10.0.0.3/32");
    const auto loser = *m.find(v4(0x0a000003));
    EXPECT_EQ(labels.sid(loser, 0), nullptr);
    EXPECT_EQ(labels.prefix_label(loser, 0, 0), std::nullopt);
    EXPECT_EQ(labels.node_prefix(2, 0), std::nullopt);
    EXPECT_EQ(labels.label(segment::to_node(2), 0, false), std::nullopt);
    EXPECT_EQ(labels.label(segment::to_node(0), 1, false), 20'001U);
}

TEST(SidConflicts, AnycastIsNone) {
    auto said = three();
    topology::prefix p;
    p.address = v4(0x0a0a0a0a);
    said[0].prefixes.push_back(p);  // without a SID
    p.sids.push_back({50, 0, false, false});
    said[1].prefixes.push_back(p);
    said[2].prefixes.push_back(p);
    const topology::map m = make_map(said);
    const sid_labels labels(m);
    EXPECT_TRUE(labels.conflicts().empty());
    EXPECT_EQ(labels.prefix_label(*m.find(p.address), 0, 0), 16'050U);
    EXPECT_EQ(labels.node_prefix(1, 0), m.find(v4(0x0a000002)));
}

TEST(SidConflicts, DifferentIndexesForOnePrefix) {
    auto said = three();
    topology::prefix p;
    p.address = v4(0x0a0a0a0a);
    p.sids.push_back({51, 0, false, false});
    said[0].prefixes.push_back(p);
    p.sids[0].index = 50;
    said[1].prefixes.push_back(p);
    p.sids[0].index = 49;
    p.readvertised = true;  // does not count beside those that have it themselves
    said[2].prefixes.push_back(p);
    for (const auto& order : {std::vector{0, 1, 2}, std::vector{2, 1, 0}, std::vector{1, 2, 0}}) {
        topology::map m;
        for (const int n : order) {
            ASSERT_TRUE(m.apply(said[static_cast<std::size_t>(n)]));
        }
        const sid_labels labels(m);
        EXPECT_EQ(labels.sid(*m.find(p.address), 0)->index, 50U);
        EXPECT_EQ(labels.conflicts().size(), 2U);
        EXPECT_FALSE(labels.prefix_of(16'051, *m.find("a")));
    }
}

TEST(SidConflicts, LocalLabels) {
    auto said = three();
    said[1].links[0].sids[0].label = 20'002;  // in the SRGB, the label of its own prefix
    said[1].links[0].sids[1].label = 20'077;  // in the SRGB, nobody's
    said[1].links[2].sids[0].label = said[1].links[1].sids[0].label;
    said[1].bindings = {{4'003, {"c"}}, {9'999, {"c"}}, {9'999, {"a"}}};
    said[2].links[0].sids.push_back({4'010, false, true, false, 1});
    said[2].links[1].sids.push_back({4'010, false, true, false, 1});
    const topology::map m = make_map(said);
    const sid_labels labels(m);
    std::vector<std::string> words;
    for (const auto& c : labels.conflicts()) {
        EXPECT_EQ(c.node, 1U);
        words.push_back(std::to_string(c.label) + ": " + c.winner + " | " + c.loser);
    }
    EXPECT_EQ(words,
              (std::vector<std::string>{
                  "4002: the adjacency SID of link to-c to c | the adjacency SID of link to-c.2 "
                  "to c",
                  "4003: the adjacency SID of link to-c to c | the binding SID through c",
                  "9999: the binding SID through c | the binding SID through a",
                  "20002: prefix 10.0.0.2/32 | the adjacency SID of link to-a to a",
              }));
    const auto over = [&](const char* name, bool is_protected) {
        return labels.label(segment::over_link(m.graph(), m.find_link(1, name).value_or(0)), 1,
                            is_protected);
    };
    EXPECT_EQ(over("to-a", false), 20'077U);  // what is left
    EXPECT_EQ(over("to-c", false), 4'002U);
    EXPECT_EQ(over("to-c.2", false), 4'005U);
    EXPECT_EQ(labels.label({segment_kind::binding, 0, 1, 4'003}, 1, true), std::nullopt);
    EXPECT_EQ(labels.label({segment_kind::binding, 0, 1, 9'999}, 1, true), 9'999U);
}

TEST(SidConflicts, IndexesBeyondAnSrgb) {
    auto said = three();
    said[2].srgb = {{30'000, 2}};
    const topology::map m = make_map(said);
    const sid_labels labels(m);
    ASSERT_EQ(labels.conflicts().size(), 1U);
    EXPECT_EQ(labels.conflicts()[0].node, 2U);
    EXPECT_EQ(labels.conflicts()[0].label, 2U);
    EXPECT_EQ(labels.conflicts()[0].winner, "");
    EXPECT_EQ(labels.conflicts()[0].loser, "prefix 10.0.0.2/32, and 1 more");
    EXPECT_EQ(labels.label(segment::to_node(1), 2, false), std::nullopt);
    EXPECT_EQ(labels.label(segment::to_node(0), 2, false), 30'001U);
}

TEST(SidLabels, AlgorithmsCountWhereNodesTakePart) {
    auto said = three();
    for (auto& a : said) {
        a.prefixes[0].sids.push_back({a.prefixes[0].sids[0].index + 50, 128, false, false});
    }
    said[0].algorithms = {128};
    said[1].algorithms = {128};
    const topology::map m = make_map(said);
    const sid_labels labels(m);
    EXPECT_EQ(labels.label(segment::to_node(1, 128), 0, false), 16'052U);
    EXPECT_EQ(labels.label(segment::to_node(2, 128), 0, false), std::nullopt);
    EXPECT_EQ(labels.label(segment::to_node(1, 128), 2, false), std::nullopt);
    EXPECT_FALSE(labels.prefix_of(40'050, 2));
    EXPECT_EQ(labels.prefix_of(20'052, 1)->algorithm, 128);
}

TEST(SidLabels, TenThousandNodes) {
    auto said = make_advertisements(random_graph(10'000, 40'000, 100, 1));
    const std::string last = said[9'999].origin;
    const std::uint32_t index = said[9'999].prefixes[0].sids[0].index;
    topology::map m;
    ASSERT_TRUE(m.apply(std::move(said)));
    const auto start = std::chrono::steady_clock::now();
    const sid_labels labels(m);
    const auto took = std::chrono::steady_clock::now() - start;
    std::cout << std::chrono::duration_cast<std::chrono::microseconds>(took).count() << " us\n";
    EXPECT_TRUE(labels.conflicts().empty());
    EXPECT_EQ(labels.label(segment::to_node(*m.find(last)), 0, false), 16'000U + index);
}

}  // namespace
}  // namespace rhumb::test

// What an advertisement must not say.
#include <gtest/gtest.h>

#include <functional>

#include "controlplane/topology/map.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::topology {
namespace {

struct wrong_case {
    const char* name;
    std::function<void(advertisement&)> spoil;
    const char* message;  // a part of it
};

std::string origin_and(const char* message) { return std::string("node n1: ") + message; }

advertisement good() {
    advertisement said = test::make_advertisements(test::ring(3))[1];
    said.algorithms = {128};
    said.definitions.push_back({});
    said.bindings.push_back({20'000, {"n0"}});
    return said;
}

const std::vector<wrong_case>& cases() {
    static const std::vector<wrong_case> all{
        {"version_0", [](auto& a) { a.version = 0; }, "versions begin at 1"},
        {"empty_block", [](auto& a) { a.srgb[0].count = 0; }, "block is empty"},
        {"special_labels", [](auto& a) { a.srlb[0].first = 15; }, "not within 16"},
        {"beyond_labels", [](auto& a) { a.srgb = {{1'048'575, 2}}; }, "not within 16"},
        {"block_wraps", [](auto& a) { a.srgb = {{17, 0xffffffff}}; }, "not within 16"},
        {"blocks_overlap", [](auto& a) { a.srlb = {{16'001, 1}}; }, "overlap at label 16001"},
        {"nameless_link", [](auto& a) { a.links[0].name.clear(); }, "a link without a name"},
        {"nowhere", [](auto& a) { a.links[0].remote.clear(); }, "a link without a name"},
        {"space", [](auto& a) { a.links[0].name = "a b"; }, "a link without a name"},
        {"not_ascii", [](auto& a) { a.links[0].remote_link = "\xc3\xa4"; }, "a link without a"},
        {"long_name", [](auto& a) { a.links[0].remote.assign(256, 'x'); }, "a link without a"},
        {"to_itself", [](auto& a) { a.links[0].remote = "n1"; }, "leads to its own node"},
        {"same_name", [](auto& a) { a.links[1].name = a.links[0].name; }, "two links are called"},
        {"metric_0", [](auto& a) { a.links[0].metric = 0; }, "metric that is not within"},
        {"metric", [](auto& a) { a.links[0].metric = max_cost + 1; }, "metric that is not within"},
        {"te_metric", [](auto& a) { a.links[0].te_metric = max_cost + 1; }, "metric that is not"},
        {"delay", [](auto& a) { a.links[0].delay = unusable; }, "metric that is not within"},
        {"srlgs", [](auto& a) { a.links[0].srlgs.resize(65); }, "more than 64 shared risk"},
        {"many_sids", [](auto& a) { a.links[0].sids.resize(65); }, "more than 64 adjacency SIDs"},
        {"no_label", [](auto& a) { a.links[0].sids[0].label = 3; }, "adjacency SID that is no"},
        {"wide_label", [](auto& a) { a.links[0].sids[0].label = 1 << 20; }, "adjacency SID that"},
        {"link_prefix", [](auto& a) { a.links[0].address = {family::ipv4, 24, {10}}; },
         "a prefix for an address"},
        {"link_family", [](auto& a) { a.links[0].address = {static_cast<family>(7), 128, {}}; },
         "a prefix for an address"},
        {"many_links", [](auto& a) { a.links.resize(16'385, a.links[0]); },
         "more than 16384 links"},
        {"prefix_length", [](auto& a) { a.prefixes[0].address.length = 33; }, "bits behind its"},
        {"host_bits", [](auto& a) { a.prefixes[0].address.length = 8; }, "bits behind its length"},
        {"prefix_family", [](auto& a) { a.prefixes[0].address.af = static_cast<family>(2); },
         "bits behind its length"},
        {"prefix_twice", [](auto& a) { a.prefixes.push_back(a.prefixes[0]); }, "stands there twic"},
        {"prefix_metric", [](auto& a) { a.prefixes[0].metric = max_cost + 1; }, "a metric over"},
        {"index", [](auto& a) { a.prefixes[0].sids[0].index = 1 << 20; }, "SID index over"},
        {"sid_algorithm", [](auto& a) { a.prefixes[0].sids[0].algorithm = 127; },
         "two SIDs of one"},
        {"two_sids", [](auto& a) { a.prefixes[0].sids.push_back(a.prefixes[0].sids[0]); },
         "two SIDs of one algorithm"},
        {"algorithm", [](auto& a) { a.algorithms.push_back(1); }, "neither 0 nor 128 to 255"},
        {"algorithm_twice", [](auto& a) { a.algorithms.push_back(128); }, "stands there twice"},
        {"defines_0", [](auto& a) { a.definitions[0].algorithm = 0; }, "not within 128 to 255"},
        {"defines_twice", [](auto& a) { a.definitions.push_back(a.definitions[0]); },
         "defined twice"},
        {"metric_type", [](auto& a) { a.definitions[0].metric = static_cast<metric_type>(3); },
         "no metric that is known"},
        {"excludes", [](auto& a) { a.definitions[0].exclude_srlgs.resize(65); },
         "excludes more than 64"},
        {"binding_label", [](auto& a) { a.bindings[0].label = 15; }, "a binding SID is no label"},
        {"binding_nowhere", [](auto& a) { a.bindings[0].nodes.clear(); }, "leads through no node"},
        {"binding_name", [](auto& a) { a.bindings[0].nodes[0] = " "; }, "leads through no node"},
        {"binding_long", [](auto& a) { a.bindings[0].nodes.resize(256, "n"); }, "more than 255"},
    };
    return all;
}

TEST(check, says_what_is_wrong_and_the_map_stays_as_it_is) {
    for (const wrong_case& one : cases()) {
        advertisement said = good();
        ASSERT_TRUE(check(said).ok()) << check(said).why().text();
        one.spoil(said);
        const auto sense = check(said);
        ASSERT_FALSE(sense.ok()) << one.name;
        EXPECT_EQ(sense.why().message.find("node n1: "), 0U) << sense.why().message;
        EXPECT_NE(sense.why().message.find(one.message), std::string::npos)
            << one.name << ": " << sense.why().message;
        map m;
        EXPECT_FALSE(m.apply(said).ok());
        EXPECT_FALSE(m.apply(std::vector{good(), said}).ok());
        EXPECT_EQ(m.node_count(), 0U);
    }
}

TEST(check, wants_a_name_of_the_node) {
    for (const std::string& name :
         {std::string(), std::string(256, 'x'), std::string("a b"), std::string("a\0b", 3)}) {
        advertisement said = good();
        said.origin = name;
        ASSERT_FALSE(check(said).ok());
        EXPECT_EQ(check(said).why().message.find("a node's name"), 0U);
    }
}

TEST(check, takes_the_limits) {
    advertisement said = good();
    said.origin.assign(255, 'x');
    said.srgb = {{16, 1}, {1'048'575, 1}};
    said.srlb = {{17, 3}, {20, 1}};
    said.links[0].metric = max_cost;
    said.links[0].sids[0].label = 16;
    said.links[0].address = {family::ipv6, 128, {0x20, 0x01}};
    said.prefixes[0].metric = max_cost;
    said.prefixes[0].sids[0].index = 1'048'575;
    said.prefixes[0].address = {family::ipv4, 0, {}};
    said.definitions[0].algorithm = 255;
    EXPECT_TRUE(check(said).ok()) << check(said).why().text();
}

TEST(check, names_the_origin) {
    advertisement said = good();
    said.links[0].metric = 0;
    EXPECT_EQ(check(said).why().message,
              origin_and("link to-n0 has a metric that is not within 1 to 16777214"));
}

}  // namespace
}  // namespace rhumb::topology

// Packets over the map by their labels.
#include "controlplane/labels/label_walk.hh"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "controlplane/config/text.hh"
#include "controlplane/config/topology_file.hh"
#include "controlplane/topology/spf.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::test {
namespace {

using labels::label_stack;
using labels::label_walk;
using labels::label_walker;
using labels::sid_labels;
using labels::walk_options;
using labels::walk_outcome;
using topology::segment;
using topology::segment_kind;

struct network {
    topology::map map;
    sid_labels sids;
    label_walker walker;

    explicit network(const std::vector<topology::advertisement>& said)
        : map(make_map(said)), sids(map), walker(map, sids) {}

    [[nodiscard]] topology::node_number node(std::string_view name) const {
        return map.find(name).value_or(topology::nobody);
    }
    [[nodiscard]] topology::link_number link(std::string_view at, std::string_view name) const {
        return map.find_link(node(at), name).value_or(topology::nobody);
    }
    [[nodiscard]] topology::prefix_number prefix(std::string_view text) const {
        return map.find(*config::parse_prefix(text)).value_or(topology::nobody);
    }
};

std::vector<topology::advertisement> load(const std::string& name) {
    auto made = config::load_topology(std::string(RHUMB_ROOT) + "/configs/topology/" + name);
    EXPECT_TRUE(made) << (made ? "" : made.why().text());
    return made ? std::move(made->nodes) : std::vector<topology::advertisement>{};
}

// "r1 - PUSH 16005 > r2 16005 CONTINUE 16005 > ...": the first branch of each visit.
std::string told(const network& in, const label_walk& walk) {
    std::string text;
    std::uint32_t n = 0;
    for (std::size_t steps = 0; steps < 32; ++steps) {
        const labels::visit& v = walk.visits[n];
        text += in.map.name(v.node) + ' ' + labels::to_text(v.before);
        if (v.branches.empty()) {
            return text + (v.outcome == walk_outcome::arrived ? " arrived"
                           : v.outcome == walk_outcome::lost  ? " lost: " + v.why.back()
                                                              : " ?");
        }
        const auto& b = v.branches[0];
        text += fmt::format(" {} {} > ", labels::to_text(b.op), labels::to_text(b.after));
        n = b.to;
    }
    return text + "...";
}

TEST(LabelWalk, PhpNoPhpAndExplicitNull) {
    network in(load("lab5.toml"));
    const auto to = [&](const char* from, const char* prefix) {
        return told(in, in.walker.follow(in.node(from), in.prefix(prefix), 0));
    };
    EXPECT_EQ(to("r1", "198.51.100.3/32"), "r1 - PUSH 16003 > r2 16003 NEXT - > r3 - arrived");
    EXPECT_EQ(to("r1", "198.51.100.5/32"),
              "r1 - PUSH 16005 > r2 16005 CONTINUE 16005 > r3 16005 CONTINUE 16005 > r5 16005 "
              "arrived");
    EXPECT_EQ(to("r2", "198.51.100.4/32"), "r2 - PUSH 16004 > r1 16004 CONTINUE 0 > r4 0 arrived");
    EXPECT_EQ(to("r1", "198.51.100.4/32"), "r1 - PUSH 0 > r4 0 arrived");
    EXPECT_EQ(to("r1", "2001:db8:ff::4/128"), "r1 - FORWARD - > r4 - arrived");
    EXPECT_EQ(to("r1", "198.51.100.2/32"), "r1 - FORWARD - > r2 - arrived");
    EXPECT_EQ(to("r1", "198.51.100.1/32"), "r1 - arrived");
}

TEST(LabelWalk, SegmentLists) {
    network in(load("lab5.toml"));
    const auto& g = in.map.graph();
    const topology::segments list{segment::over_link(g, in.link("r1", "r1-4")),
                                  segment::over_link(g, in.link("r4", "r4-3")),
                                  segment::to_node(in.node("r5"))};
    EXPECT_EQ(in.walker.stack_for(in.node("r1"), list).value(),
              (label_stack{15'005, 15'004, 16'005}));
    EXPECT_EQ(told(in, in.walker.follow(in.node("r1"), list, {})),
              "r1 - PUSH 15004 16005 > r4 15004 16005 NEXT 16005 > r3 16005 CONTINUE 16005 > r5 "
              "16005 arrived");
    // At the ingress the neighbour's own SID is left out, whatever the neighbour wants there.
    for (const segment& first : {segment::to_node(in.node("r4")),
                                 segment{segment_kind::sid, 0, topology::nobody, 16'004}}) {
        EXPECT_EQ(told(in, in.walker.follow(in.node("r1"), {first, list[1], list[2]}, {})),
                  "r1 - PUSH 15004 16005 > r4 15004 16005 NEXT 16005 > r3 16005 CONTINUE 16005 > "
                  "r5 16005 arrived");
    }
    EXPECT_EQ(told(in, in.walker.follow(in.node("r1"), {segment::to_node(in.node("r4"))}, {})),
              "r1 - FORWARD - > r4 - arrived");
    // On the way the node SID of a neighbour that wants an explicit null stays above the others.
    const topology::segments over{segment::to_node(in.node("r4")), segment::to_node(in.node("r3"))};
    EXPECT_EQ(told(in, in.walker.follow(in.node("r2"), over, {})),
              "r2 - PUSH 16004 16003 > r1 16004 16003 CONTINUE 0 16003 > r4 0 16003 CONTINUE 16003 "
              "> r1 16003 CONTINUE 16003 > r2 16003 NEXT - > r3 - arrived");
    // On to a prefix as plain IP.
    EXPECT_EQ(told(in, in.walker.follow(in.node("r1"), {segment::to_node(in.node("r2"))},
                                        in.prefix("198.51.100.5/32"))),
              "r1 - FORWARD - > r2 - FORWARD - > r3 - FORWARD - > r5 - arrived");
    EXPECT_EQ(told(in, in.walker.follow(in.node("r1"),
                                        {{segment_kind::sid, 0, topology::nobody, 15'999}}, {})),
              "r1 - lost: r1 has no entry for label 15999");
    EXPECT_EQ(told(in, in.walker.follow(in.node("r1"), {}, {})), "r1 - arrived");
}

TEST(LabelWalk, SrgbsDiffer) {
    network in(load("provider.toml"));
    const auto walk = in.walker.follow(in.node("pe2"), in.prefix("203.0.113.23/32"), 129);
    EXPECT_EQ(told(in, walk),
              "pe2 - PUSH 18023 > fra-blue 18023 CONTINUE 102023 > vie-blue 102023 NEXT - > pe3 - "
              "arrived");
    EXPECT_TRUE(walk.arrives());
    EXPECT_EQ(told(in, in.walker.follow(in.node("fra-blue"), in.prefix("203.0.113.23/32"), 131)),
              "fra-blue - PUSH 200023 > vie-blue 200023 NEXT - > pe3 - arrived");
}

TEST(LabelWalk, BranchesMeetAgain) {
    network in(make_advertisements(
        {{"a", "b"}, {"a", "c"}, {"b", "d"}, {"c", "d"}, {"d", "e"}, {"d", "e"}}));
    const auto walk = in.walker.follow(in.node("a"), in.prefix("10.0.0.5/32"), 0);
    EXPECT_TRUE(walk.arrives());
    EXPECT_EQ(walk.visits.size(), 5U);
    EXPECT_EQ(walk.visits[0].branches.size(), 2U);
    EXPECT_EQ(walk.visits[0].why[0],
              "shortest path to 10.0.0.5/32 of e, cost 30, 2 "
              "equal-cost branches: to-b and to-c");
    walk_options one;
    one.all_branches = false;
    EXPECT_EQ(in.walker.follow(in.node("a"), in.prefix("10.0.0.5/32"), 0, one).visits.size(), 4U);
    one.max_visits = 2;
    const auto cut = in.walker.follow(in.node("a"), in.prefix("10.0.0.5/32"), 0, one);
    EXPECT_FALSE(cut.complete || cut.arrives());
}

TEST(LabelWalk, SetsAnycastAndBindings) {
    auto said = load("provider.toml");
    for (auto& node : said) {
        if (node.origin == "fra-blue") {
            node.bindings.push_back({15'900, {"fra-red", "vie-red"}});
            node.bindings.push_back({15'901, {"fra-red", "nowhere"}});
        }
    }
    network in(said);
    const auto link = in.link("fra-blue", "to-mil-blue.2");
    const topology::segments set{segment::to_node(in.node("fra-blue")),
                                 {segment_kind::parallel, 0, in.node("fra-blue"), link}};
    const auto both = in.walker.follow(in.node("pe2"), set, {});
    EXPECT_TRUE(both.arrives());
    EXPECT_EQ(both.visits[1].branches.size(), 2U);
    EXPECT_EQ(in.map.name(both.visits[2].node), "mil-blue");

    EXPECT_EQ(told(in, in.walker.follow(in.node("pe4"), in.prefix("203.0.113.53/32"), 0)),
              "pe4 - FORWARD - > mil-red - arrived");
    EXPECT_EQ(told(in, in.walker.follow(in.node("pe1"), in.prefix("203.0.113.53/32"), 0)),
              "pe1 - FORWARD - > ams-red - arrived");
    const topology::segments through{segment::to_node(in.node("fra-blue")),
                                     {segment_kind::binding, 0, in.node("fra-blue"), 15'900},
                                     segment::to_node(in.node("pe3"))};
    EXPECT_EQ(told(in, in.walker.follow(in.node("pe2"), through, {})),
              "pe2 - PUSH 15900 16023 > fra-blue 15900 16023 PUSH 16003 16023 > fra-red 16003 "
              "16023 NEXT 16023 > vie-red 16023 NEXT - > pe3 - arrived");
    EXPECT_NE(
        told(in, in.walker.follow(in.node("fra-blue"),
                                  {{segment_kind::binding, 0, in.node("fra-blue"), 15'901}}, {}))
            .find("lost: nothing stands behind binding SID 15901: it leads through nowhere, "
                  "which is not on the map"),
        std::string::npos);
}

TEST(LabelWalk, SaysWhereAndWhyPacketsAreLost) {
    auto said = load("lab5.toml");
    said[2].srgb = {{16'000, 5}};  // r3 knows 0 to 4
    network in(said);
    EXPECT_EQ(told(in, in.walker.follow(in.node("r1"), in.prefix("198.51.100.5/32"), 0)),
              "r1 - PUSH 16005 > r2 16005 lost: r3 has no label for 198.51.100.5/32 of r5");
    walk_options down;
    down.down = {in.link("r2", "r2-3")};
    EXPECT_EQ(told(in, in.walker.follow(in.node("r1"), in.prefix("198.51.100.3/32"), 0, down)),
              "r1 - PUSH 16003 > r2 16003 lost: link r2-3 is down");
    EXPECT_EQ(told(in, in.walker.follow(in.node("r2"),
                                        {segment::over_link(in.map.graph(), in.link("r2", "r2-3"))},
                                        {}, down)),
              "r2 - lost: link r2-3 is down; its SID is protected, but repairs are not followed "
              "here");
    EXPECT_EQ(told(in, in.walker.follow(in.node("r1"), {segment::to_node(in.node("r5"), 128)}, {})),
              "r1 - lost: r1 has no label for r5 in algorithm 128");
    EXPECT_EQ(told(in, in.walker.follow(in.node("r1"),
                                        {{segment_kind::sid, 0, topology::nobody, 7}}, {})),
              "r1 - lost: label 7 is special-purpose");
}

TEST(LabelWalk, OperationsAtANodeAreBounded) {
    network in(make_advertisements({{"a", "b"}}));
    topology::segments list(100, {segment_kind::sid, 0, topology::nobody, 16'002});
    const auto walk = in.walker.follow(in.node("a"), list, {});  // a hundred times b's own SID
    EXPECT_FALSE(walk.arrives());
    EXPECT_EQ(walk.visits[1].why.back(), "more than 64 operations at one node");
    // A policy that leads into itself.
    const topology::segments loop{{segment_kind::sid, 0, topology::nobody, 15'001}};
    labels::bound_policies policies;
    policies[{in.node("a"), 15'001}] = {{loop, loop}, in.node("b")};
    walk_options options;
    options.policies = &policies;
    const auto lost = in.walker.follow(in.node("a"), loop, {}, options);
    EXPECT_EQ(told(in, lost),
              "a - lost: a list of a cannot begin with 15001, the binding SID of its own policy");
}

// From everywhere to everywhere, along every branch: arrives, and each hop is on a shortest path.
TEST(LabelWalk, ArrivesInRandomNetworks) {
    std::mt19937_64 dice(7);
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        auto said = make_advertisements(random_graph(20, 40, 4, seed, true));
        for (auto& node : said) {
            const auto first = static_cast<std::uint32_t>(20'000 + dice() % 1000 * 100);
            node.srgb = {{first, 10}, {first + 50, 20}};
            auto& sid = node.prefixes[0].sids[0];
            sid.no_php = dice() % 2 == 0;
            sid.explicit_null = sid.no_php && dice() % 2 == 0;
        }
        network in(said);
        ASSERT_TRUE(in.sids.conflicts().empty());
        topology::plane view{in.map.graph().costs(topology::metric_type::igp),
                             in.map.graph().no_transit};
        topology::tree tree;
        topology::spf_workspace memory;
        for (topology::node_number to = 0; to < 20; ++to) {
            const auto prefix = in.sids.node_prefix(to, 0).value_or(topology::nobody);
            topology::shortest_paths_to(in.map.graph(), view, to, tree, memory);
            for (topology::node_number from = 0; from < 20; ++from) {
                const auto walk = in.walker.follow(from, prefix, 0);
                ASSERT_TRUE(walk.arrives());
                for (const labels::visit& v : walk.visits) {
                    for (const auto& b : v.branches) {
                        EXPECT_EQ(tree.distances[v.node],
                                  view.costs[b.link] + tree.distances[walk.visits[b.to].node]);
                    }
                    EXPECT_EQ(v.outcome == walk_outcome::arrived, v.node == to);
                }
            }
        }
        // Random lists of nodes and adjacencies end where the last one ends.
        for (int n = 0; n < 50; ++n) {
            topology::segments list;
            topology::node_number at = static_cast<topology::node_number>(dice() % 20);
            const topology::node_number from = at;
            for (std::uint64_t length = dice() % 5; length != 0; --length) {
                const auto& g = in.map.graph();
                if (dice() % 2 == 0) {
                    at = static_cast<topology::node_number>(dice() % 20);
                    list.push_back(segment::to_node(at));
                } else {
                    const auto l = g.first[at] + static_cast<topology::link_number>(
                                                     dice() % (g.first[at + 1] - g.first[at]));
                    at = g.to[l];
                    list.push_back(segment::over_link(g, l));
                }
            }
            const auto walk = in.walker.follow(from, list, {});
            ASSERT_TRUE(walk.arrives()) << told(in, walk);
            for (const labels::visit& v : walk.visits) {
                if (v.outcome == walk_outcome::arrived) {
                    EXPECT_EQ(v.node, at);
                }
            }
        }
    }
}

}  // namespace
}  // namespace rhumb::test

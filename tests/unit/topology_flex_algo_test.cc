// Flexible algorithms (RFC 9350): which definition counts, and what it leaves of the graph.
#include <gtest/gtest.h>

#include <algorithm>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/spf.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::topology {
namespace {

using test::make_advertisements;
using test::make_map;

// A square a-b-c-d with a diagonal a-c; all take part in 128, a defines it.
struct square {
    std::vector<test::edge> edges{{"a", "b"}, {"b", "c"}, {"c", "d"}, {"d", "a"}, {"a", "c"}};
    flex_algo_definition rule;
    std::vector<advertisement> said;

    void say() {
        said = make_advertisements(edges);
        for (advertisement& one : said) {
            one.algorithms = {128};
        }
        said[0].definitions = {rule};
    }
    // The links that are there, as a text: "ab ba ...".
    [[nodiscard]] std::string links() const {
        const map m = make_map(said);
        const plane view = make_plane(m, 128);
        std::vector<std::string> there;
        for (link_number l = 0; l < m.graph().link_count(); ++l) {
            if (view.costs[l] != unusable) {
                there.push_back(m.name(m.graph().from[l]) + m.name(m.graph().to[l]));
            }
        }
        std::sort(there.begin(), there.end());
        std::string text;
        for (const std::string& one : there) {
            text += (text.empty() ? "" : " ") + one;
        }
        return text;
    }
};

TEST(flex_algo, without_rules_all_links_of_members_are_there) {
    square s;
    s.say();
    EXPECT_EQ(s.links(), "ab ac ad ba bc ca cb cd da dc");
    s.said[1].algorithms.clear();
    EXPECT_EQ(s.links(), "ac ad ca cd da dc");
}

TEST(flex_algo, that_nobody_defines_has_no_links) {
    square s;
    s.say();
    s.said[0].definitions.clear();
    EXPECT_EQ(s.links(), "");
}

TEST(flex_algo, affinities_include_and_exclude) {
    square s;
    s.edges[0].affinities = 0b001;
    s.edges[1].affinities = 0b011;
    s.edges[2].affinities = 0b110;
    s.rule.exclude_any = 0b100;
    s.say();
    EXPECT_EQ(s.links(), "ab ac ad ba bc ca cb da");
    s.rule = {};
    s.rule.include_any = 0b011;
    s.say();
    EXPECT_EQ(s.links(), "ab ba bc cb cd dc");
    s.rule = {};
    s.rule.include_all = 0b011;
    s.say();
    EXPECT_EQ(s.links(), "bc cb");
    s.rule.include_any = 0b100;
    s.say();
    EXPECT_EQ(s.links(), "");
}

// RFC 9350 13: each direction has its own affinities.
TEST(flex_algo, affinities_are_those_of_the_direction) {
    square s;
    s.rule.exclude_any = 1;
    s.say();
    s.said[0].links[0].affinities = 1;
    EXPECT_EQ(s.links(), "ac ad ba bc ca cb cd da dc");
}

TEST(flex_algo, links_of_excluded_risk_groups_are_not_there) {
    square s;
    s.edges[1].srlgs = {5, 6};
    s.edges[3].srlgs = {7};
    s.rule.exclude_srlgs = {6, 7, 99};
    s.say();
    EXPECT_EQ(s.links(), "ab ac ba ca cd dc");
}

TEST(flex_algo, links_without_its_metric_are_not_there) {
    square s;
    s.edges[0].delay = 100;
    s.edges[1].te_metric = 7;
    s.rule.metric = metric_type::delay;
    s.say();
    EXPECT_EQ(s.links(), "ab ba");
    s.rule.metric = metric_type::te;
    s.say();
    EXPECT_EQ(s.links(), "bc cb");
}

TEST(flex_algo, its_metric_is_what_counts) {
    square s;
    for (test::edge& e : s.edges) {
        e.delay = 10;
    }
    s.edges[4].delay = 50;  // a-c: one hop, but slow
    s.rule.metric = metric_type::delay;
    s.say();
    const map m = make_map(s.said);
    tree from;
    spf_workspace memory;
    shortest_paths_from(m.graph(), make_plane(m, 128), *m.find("a"), from, memory);
    EXPECT_EQ(from.distances[*m.find("c")], 20U);
    shortest_paths_from(m.graph(), make_plane(m, 0), *m.find("a"), from, memory);
    EXPECT_EQ(from.distances[*m.find("c")], 10U);
}

TEST(flex_algo, nothing_goes_through_an_overloaded_member) {
    square s;
    s.say();
    s.said[1].overload = true;
    const map m = make_map(s.said);
    const plane view = make_plane(m, 128);
    EXPECT_EQ(view.no_transit[*m.find("b")], 1);
    EXPECT_EQ(view.no_transit[*m.find("a")], 0);
}

// RFC 9350 5.3: the priority, then the node; whether that node takes part does not matter.
TEST(flex_algo, the_definition_of_the_highest_priority_then_name_counts) {
    square s;
    s.say();
    const auto elected = [&] {
        const map m = make_map(s.said);
        const flex_algo_definition* const rule = definition_of(m, 128);
        return rule == nullptr ? -1 : static_cast<int>(rule->exclude_any);
    };
    const auto define = [&](std::size_t node, std::uint8_t priority) {
        flex_algo_definition d;
        d.priority = priority;
        d.exclude_any = node + 1;
        s.said[node].definitions = {d};
    };
    define(0, 10);
    define(1, 20);
    define(2, 15);
    EXPECT_EQ(elected(), 2);
    define(2, 20);
    EXPECT_EQ(elected(), 3);
    s.said[2].algorithms.clear();
    EXPECT_EQ(elected(), 3);
    std::reverse(s.said.begin(), s.said.end());  // numbers do not matter
    EXPECT_EQ(elected(), 3);
    s.said[1].definitions[0].algorithm = 129;
    EXPECT_EQ(elected(), 2);
}

// Whatever a link says counts.
TEST(flex_algo, a_plane_follows_single_links) {
    square s;
    s.rule.metric = metric_type::te;
    s.rule.exclude_srlgs = {6};
    s.rule.exclude_any = 4;
    for (test::edge& e : s.edges) {
        e.te_metric = 5;
    }
    s.say();
    map m = make_map(s.said);
    const link_number ab = *m.find_link(0, "to-b");
    link& said = s.said[0].links[0];
    const auto now = [&]() -> cost {
        ++s.said[0].version;
        auto changed = m.apply(s.said[0]);
        EXPECT_TRUE(changed.ok() && changed->nodes.empty());
        return make_plane(m, 128).costs[ab];
    };
    said.te_metric = 9;
    EXPECT_EQ(now(), 9U);
    said.srlgs = {5, 6};
    EXPECT_EQ(now(), unusable);
    said.srlgs = {5};
    EXPECT_EQ(now(), 9U);
    said.affinities = 4;
    EXPECT_EQ(now(), unusable);
    said.affinities = 2;
    EXPECT_EQ(now(), 9U);
    said.te_metric = 0;
    EXPECT_EQ(now(), unusable);
}

TEST(flex_algo, a_definition_goes_with_its_node) {
    square s;
    s.say();
    map m = make_map(s.said);
    EXPECT_EQ(algorithms(m), (std::vector<std::uint8_t>{0, 128}));
    (void)m.withdraw("a", 2);
    EXPECT_EQ(definition_of(m, 128), nullptr);
    EXPECT_EQ(algorithms(m), (std::vector<std::uint8_t>{0}));
    EXPECT_EQ(make_plane(m, 128).costs, std::vector<cost>(10, unusable));
}

}  // namespace
}  // namespace rhumb::topology

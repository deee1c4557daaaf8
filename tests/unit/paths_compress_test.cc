#include <gtest/gtest.h>

#include "controlplane/paths/compress.hh"
#include "tests/support/segment_networks.hh"
#include "tests/support/segment_walk.hh"

namespace rhumb::paths {
namespace {

using test::edge;
using test::make_map;
using topology::link_number;
using topology::node_number;
using topology::segment;

std::vector<link_number> along(const topology::map& m, const std::vector<std::string>& names) {
    std::vector<link_number> links;
    for (std::size_t i = 1; i < names.size(); ++i) {
        links.push_back(*m.find_link(*m.find(names[i - 1]), "to-" + names[i]));
    }
    return links;
}

topology::segments spelt(path_engine& engine, node_number from,
                         const std::vector<link_number>& links) {
    auto list = compress(engine, from, links);
    EXPECT_TRUE(list.ok());
    return list.ok() ? *list : topology::segments{};
}

TEST(compress, the_only_shortest_path_is_one_segment) {
    const auto m = make_map(test::ring(5));
    path_engine engine(m);
    auto list = compress(engine, 0, along(m, {"n0", "n1", "n2"}));
    ASSERT_TRUE(list.ok());
    EXPECT_EQ(*list, topology::segments{segment::to_node(*m.find("n2"))});
    EXPECT_TRUE(compress(engine, 0, {})->empty());
}

// The brief's lab: r1-r2-r3-r4 with a dear link r3-r4, r1-r4, r3-r5.
TEST(compress, a_dear_link_needs_its_adjacency_segment) {
    const auto m = make_map(std::vector<edge>{
        {"r1", "r2"}, {"r2", "r3"}, {"r3", "r4", 40, 40}, {"r1", "r4"}, {"r3", "r5"}});
    path_engine engine(m);
    const auto r = [&](const char* name) { return *m.find(name); };
    auto list = compress(engine, r("r5"), along(m, {"r5", "r3", "r4", "r1", "r2"}));
    ASSERT_TRUE(list.ok());
    EXPECT_EQ(*list,
              (topology::segments{segment::to_node(r("r3")),
                                  segment::over_link(m.graph(), *m.find_link(r("r3"), "to-r4")),
                                  segment::to_node(r("r2"))}));
}

TEST(compress, of_parallel_links_a_node_segment_pins_only_the_cheapest) {
    const auto m = make_map(
        std::vector<edge>{{"a", "b", 5, 5}, {"a", "b", 6, 6}, {"b", "c", 5, 5}, {"b", "c", 5, 5}});
    path_engine engine(m);
    const link_number cheap = *m.find_link(0, "to-b");
    const link_number dear = *m.find_link(0, "to-b.2");
    const link_number one = *m.find_link(1, "to-c");
    EXPECT_EQ(spelt(engine, 0, std::vector{cheap}), topology::segments{segment::to_node(1)});
    EXPECT_EQ(spelt(engine, 0, std::vector{dear}),
              topology::segments{segment::over_link(m.graph(), dear)});
    EXPECT_EQ(spelt(engine, 0, std::vector{cheap, one}),
              (topology::segments{segment::to_node(1), segment::over_link(m.graph(), one)}));
}

TEST(compress, another_algorithm_reaches_farther) {
    auto edges = test::ring(6);
    for (edge& e : edges) {
        e.te_metric = 10;
    }
    edges[0].te_metric = 100;  // n0 - n1
    auto said = test::make_advertisements(edges);
    for (auto& a : said) {
        a.algorithms = {128};
        a.definitions.push_back({128, 128, topology::metric_type::te, 0, 0, 0, {}});
    }
    const auto m = make_map(said);
    path_engine engine(m);
    const auto round = along(m, {"n0", "n5", "n4", "n3", "n2", "n1"});
    EXPECT_EQ(spelt(engine, 0, round), topology::segments{segment::to_node(*m.find("n1"), 128)});
    compress_options plain;
    plain.planes = 1;
    EXPECT_EQ(compress(engine, 0, round, plain)->size(), 3U);
}

TEST(compress, a_binding_sid_stands_for_its_nodes) {
    auto edges = test::ring(8);
    edges.push_back({"n0", "n2", 1, 1});
    edges.push_back({"n2", "n4", 1, 1});
    edges.push_back({"n4", "n6", 1, 1});
    auto said = test::make_advertisements(edges);
    said[1].bindings.push_back({700, {"n2", "n3", "n4"}});
    const auto m = make_map(said);
    path_engine engine(m);
    const auto path = along(m, {"n0", "n1", "n2", "n3", "n4"});
    auto list = compress(engine, 0, path);
    ASSERT_TRUE(list.ok());
    EXPECT_EQ(list->size(), 2U);
    EXPECT_EQ(list->back(), (segment{topology::segment_kind::binding, 0, *m.find("n1"), 700}));
    compress_options without;
    without.use_bindings = false;
    EXPECT_GT(compress(engine, 0, path, without)->size(), 2U);
}

TEST(compress, links_that_are_no_path_are_refused) {
    const auto m = make_map(test::ring(5));
    path_engine engine(m);
    EXPECT_FALSE(compress(engine, 0, std::vector<link_number>{99}).ok());
    EXPECT_FALSE(compress(engine, 99, {}).ok());
    EXPECT_FALSE(compress(engine, 1, along(m, {"n0", "n1"})).ok());
}

// A random path without loops.
std::vector<link_number> wander(const topology::map& m, node_number from, test::dice& roll) {
    const topology::graph& g = m.graph();
    std::vector<link_number> links;
    std::set<node_number> seen{from};
    for (node_number at = from; links.size() < 7;) {
        std::vector<link_number> on;
        for (link_number l = g.first[at]; l < g.first[at + 1]; ++l) {
            if (!seen.contains(g.to[l])) {
                on.push_back(l);
            }
        }
        if (on.empty()) {
            break;
        }
        links.push_back(on[roll() % on.size()]);
        at = g.to[links.back()];
        seen.insert(at);
    }
    return links;
}

void compare(std::uint32_t seed, int networks, bool plain) {
    test::dice roll(seed);
    int impossible = 0;
    int shorter = 0;
    for (int n = 0; n < networks; ++n) {
        const auto m = test::make_segment_network(roll, plain);
        path_engine engine(m);
        if (!plain && roll() % 2 == 0) {
            test::drop_sids(engine, roll);
        }
        const test::segment_walk walk(m, engine);
        for (int i = 0; i < 4; ++i) {
            const auto from = static_cast<node_number>(roll() % m.node_count());
            const auto links = wander(m, from, roll);
            const auto fewest = walk.fewest(from, links);
            auto list = compress(engine, from, links);
            ASSERT_EQ(list.ok(), fewest.has_value()) << n;
            if (!list.ok()) {
                ++impossible;
                continue;
            }
            ASSERT_EQ(list->size(), *fewest) << n;
            ASSERT_TRUE(walk.pins(from, links, *list)) << n;
            shorter += list->size() < links.size() ? 1 : 0;
        }
    }
    EXPECT_GT(shorter, networks / 2);
    EXPECT_TRUE(plain ? impossible == 0 : impossible > 0);
}

TEST(compress, no_list_of_all_is_shorter) { compare(41, 2000, true); }

TEST(compress, with_algorithms_anycast_and_binding_sids_no_list_is_shorter) {
    compare(42, 2000, false);
}

// An engine that has followed changes spells as a new one.
TEST(compress, an_engine_follows_the_map) {
    test::dice roll(43);
    for (int n = 0; n < 60; ++n) {
        auto said = test::make_small({7, 12, 3, true, true, false}, roll);
        auto m = make_map(said);
        path_engine engine(m);
        for (std::uint64_t version = 2; version < 15; ++version) {
            topology::advertisement& a = said[roll() % said.size()];
            a.version = version;
            if (!a.links.empty()) {
                a.links[roll() % a.links.size()].metric = 1 + roll() % 3;
                a.overload = roll() % 8 == 0;
                if (roll() % 4 == 0) {
                    a.links.pop_back();
                }
            }
            ASSERT_TRUE(m.apply(a).ok());
            engine.update();
            path_engine fresh(m);
            for (int i = 0; i < 10; ++i) {
                const auto from = static_cast<node_number>(roll() % m.node_count());
                const auto found =
                    shortest_path(m, from, static_cast<node_number>(roll() % m.node_count()), {});
                if (found.ok()) {
                    ASSERT_EQ(spelt(engine, from, found->links), spelt(fresh, from, found->links));
                }
            }
        }
    }
}

TEST(compress, an_engine_that_has_not_followed_the_map_refuses) {
    auto said = test::make_advertisements(test::ring(5));
    auto m = make_map(std::vector(said.begin(), said.end() - 1));
    path_engine engine(m);
    path_finder finder(m);
    ASSERT_TRUE(m.apply(said.back()).ok());
    const auto path = along(m, {"n0", "n4"});
    EXPECT_FALSE(compress(engine, *m.find("n0"), path).ok());
    EXPECT_FALSE(compress_set(engine, *m.find("n0"), *m.find("n4"), path).ok());
    EXPECT_EQ(finder.find(m, *m.find("n0"), *m.find("n4"), {})->links, path);
    engine.update();
    EXPECT_TRUE(compress(engine, *m.find("n0"), path).ok());
}

TEST(compress, little_memory_makes_it_slower_only) {
    const auto m = make_map(test::grid(8, 8));
    path_engine small(m, 3'000);  // two trees
    path_engine large(m);
    for (node_number from = 0; from < m.node_count(); ++from) {
        for (node_number to = 0; to < m.node_count(); ++to) {
            const auto p = *shortest_path(m, from, to, {});
            ASSERT_EQ(spelt(small, from, p.links), spelt(large, from, p.links));
        }
    }
    EXPECT_GT(small.computed(), large.computed());
}

}  // namespace
}  // namespace rhumb::paths

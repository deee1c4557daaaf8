// Shortest paths in both directions and their first hops, against Floyd and Warshall's algorithm.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/spf.hh"
#include "tests/support/dice.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/slow_paths.hh"

namespace rhumb::topology {
namespace {

using test::make_advertisements;
using test::make_map;

std::vector<std::size_t> positions(std::span<const std::uint64_t> set) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < set.size() * 64; ++i) {
        if ((set[i / 64] >> (i % 64) & 1) != 0) {
            found.push_back(i);
        }
    }
    return found;
}

// The nodes that are reached, each once, by distance and number.
bool is_the_order(const tree& t) {
    const auto reached = static_cast<std::size_t>(std::count_if(
        t.distances.begin(), t.distances.end(), [](distance at) { return at != unreachable; }));
    return t.order.size() == reached && t.order.front() == t.root &&
           std::adjacent_find(t.order.begin(), t.order.end(), [&](node_number a, node_number b) {
               return std::tuple(t.distances[a], a) >= std::tuple(t.distances[b], b);
           }) == t.order.end();
}

void expect_shortest(const map& m, const plane& view, spf_workspace& memory) {
    const graph& g = m.graph();
    const test::slow_paths slow(g, view);
    tree from;
    tree to;
    first_hops hops;
    for (node_number root = 0; root < g.node_count(); ++root) {
        shortest_paths_from(g, view, root, from, memory);
        shortest_paths_to(g, view, root, to, memory);
        hops.compute(g, view, from);
        ASSERT_TRUE(is_the_order(from));
        ASSERT_TRUE(is_the_order(to));
        for (node_number node = 0; node < g.node_count(); ++node) {
            ASSERT_EQ(from.distances[node], slow(root, node)) << root << " to " << node;
            ASSERT_EQ(to.distances[node], slow(node, root)) << node << " to " << root;
            ASSERT_EQ(positions(hops.of(node)), slow.first_hops(root, node))
                << root << " to " << node;
        }
    }
}

// Nodes of all kinds: with overload, with a flexible algorithm, silent ones.
std::vector<advertisement> random_network(std::uint32_t seed) {
    test::dice dice(seed);
    const std::size_t nodes = 2 + dice() % 11;
    // Few costs make many equal paths; the largest ones must not overflow anything.
    constexpr std::array<cost, 4> costs{1, 3, 50, max_cost};
    auto edges = test::random_graph(nodes, nodes - 1 + dice() % (2 * nodes),
                                    costs[dice() % costs.size()], seed, dice() % 2 == 0);
    for (std::size_t n = dice() % 3; n > 0; --n) {  // parallel links
        edges.push_back(edges[dice() % edges.size()]);
    }
    for (test::edge& e : edges) {
        e.affinities = dice() % 8;
        e.delay = dice() % 3;
        e.te_metric = dice() % 3;
        e.srlgs.assign(dice() % 2, dice() % 4);
    }
    auto said = make_advertisements(edges);
    for (advertisement& a : said) {
        a.overload = dice() % 6 == 0;
        if (dice() % 5 != 0) {
            a.algorithms = {128, 129};
        }
        if (dice() % 3 == 0) {
            flex_algo_definition d;
            d.priority = static_cast<std::uint8_t>(dice() % 3);
            d.metric = static_cast<metric_type>(dice() % 3);
            d.exclude_any = dice() % 3 == 0 ? 1 : 0;
            d.include_any = dice() % 3 == 0 ? 6 : 0;
            d.include_all = dice() % 4 == 0 ? 2 : 0;
            d.exclude_srlgs.assign(dice() % 2, dice() % 4);
            a.definitions.push_back(d);
        }
    }
    if (dice() % 4 == 0) {
        said.erase(said.begin() + static_cast<std::ptrdiff_t>(dice() % said.size()));
    }
    return said;
}

TEST(spf, is_as_floyd_and_warshall_have_it) {
    spf_workspace memory;
    for (std::uint32_t seed = 0; seed < 2500; ++seed) {
        const map m = make_map(random_network(seed));
        for (const std::uint8_t algorithm : std::array<std::uint8_t, 3>{0, 128, 129}) {
            expect_shortest(m, make_plane(m, algorithm), memory);
            ASSERT_FALSE(testing::Test::HasFatalFailure())
                << "seed " << seed << ", algorithm " << int{algorithm};
        }
    }
}

TEST(spf, is_so_on_all_shapes) {
    spf_workspace memory;
    for (const test::shape& one : test::all_shapes()) {
        if (!one.large) {
            const map m = make_map(one.edges);
            expect_shortest(m, make_plane(m, 0), memory);
            ASSERT_FALSE(testing::Test::HasFatalFailure()) << one.name;
        }
    }
}

TEST(spf, equal_cost_branches_are_all_first_hops) {
    const map m = make_map(std::vector<test::edge>{{"a", "b"}, {"b", "c"}, {"c", "d"}, {"d", "a"}});
    const plane view = make_plane(m, 0);
    tree from;
    spf_workspace memory;
    shortest_paths_from(m.graph(), view, *m.find("a"), from, memory);
    first_hops hops;
    hops.compute(m.graph(), view, from);
    EXPECT_EQ(from.distances[*m.find("c")], 20U);
    EXPECT_EQ(hops.of(*m.find("c"))[0], 0b11U);
    EXPECT_EQ(hops.of(*m.find("b"))[0], 0b01U);
    EXPECT_EQ(hops.of(*m.find("a"))[0], 0U);
}

TEST(spf, more_first_hops_than_a_word_has_bits) {
    std::vector<test::edge> edges;
    for (std::size_t n = 0; n < 150; ++n) {
        edges.push_back({"hub", "n" + std::to_string(n)});
        edges.push_back({"n" + std::to_string(n), "far"});
    }
    const map m = make_map(edges);
    const plane view = make_plane(m, 0);
    tree from;
    spf_workspace memory;
    shortest_paths_from(m.graph(), view, *m.find("hub"), from, memory);
    first_hops hops;
    hops.compute(m.graph(), view, from);
    ASSERT_EQ(hops.words(), 3U);
    EXPECT_EQ(positions(hops.of(*m.find("far"))).size(), 150U);
    EXPECT_EQ(positions(hops.of(*m.find("n149"))), (std::vector<std::size_t>{149}));
}

// 5,000 links of the greatest cost in a row: over 36 bits.
TEST(spf, long_distances_do_not_overflow) {
    std::vector<test::edge> edges;
    edges.reserve(5000);
    for (std::size_t n = 0; n < 5000; ++n) {
        edges.push_back({"n" + std::to_string(n), "n" + std::to_string(n + 1), max_cost, max_cost});
    }
    const map m = make_map(edges);
    tree from;
    spf_workspace memory;
    shortest_paths_from(m.graph(), make_plane(m, 0), *m.find("n0"), from, memory);
    EXPECT_EQ(from.distances[*m.find("n5000")], distance{5000} * max_cost);
}

TEST(spf, an_overloaded_root_still_sends) {
    auto said = make_advertisements(std::vector<test::edge>{{"a", "b"}, {"b", "c"}});
    said[0].overload = true;
    const map m = make_map(said);
    tree from;
    spf_workspace memory;
    shortest_paths_from(m.graph(), make_plane(m, 0), 0, from, memory);
    EXPECT_EQ(from.order.size(), 3U);
    shortest_paths_to(m.graph(), make_plane(m, 0), 0, from, memory);
    EXPECT_EQ(from.order.size(), 3U);
}

}  // namespace
}  // namespace rhumb::topology

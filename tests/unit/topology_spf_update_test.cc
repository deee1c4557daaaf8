// Trees, first hops and planes after a change are what a computation from the beginning gives.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/spf.hh"
#include "tests/support/dice.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/random_advertisements.hh"

namespace rhumb::topology {
namespace {

using test::make_map;

// What somebody keeps who computes paths from and to one node.
struct kept {
    tree from;
    tree to;
    first_hops hops;
    spf_workspace memory;
    std::size_t incremental = 0;

    void compute(const graph& g, const plane& view, node_number root) {
        shortest_paths_from(g, view, root, from, memory);
        shortest_paths_to(g, view, root, to, memory);
        hops.compute(g, view, from);
    }
};

bool same(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

template <class Differs>
void expect_nodes(const tree_update& said, std::size_t nodes, const Differs& differs) {
    std::vector<node_number> listed(said.nodes.begin(), said.nodes.end());
    std::sort(listed.begin(), listed.end());
    ASSERT_EQ(std::adjacent_find(listed.begin(), listed.end()), listed.end());
    for (node_number n = 0; n < nodes && !said.complete; ++n) {
        ASSERT_EQ(std::binary_search(listed.begin(), listed.end(), n), differs(n)) << "node " << n;
    }
}

void expect_equal(const tree& a, const tree& b) {
    ASSERT_EQ(a.root, b.root);
    ASSERT_EQ(a.distances, b.distances);
    ASSERT_EQ(a.order, b.order);
}

void update(const graph& g, const plane& view, const plane_change& changed, kept& k) {
    const kept before = {k.from, k.to, k.hops, {}, 0};
    kept fresh;
    fresh.compute(g, view, k.from.root);
    const auto nodes = g.node_count();

    const tree_update to = update_paths_to(g, view, changed, k.to, k.memory);
    expect_equal(k.to, fresh.to);
    expect_nodes(to, nodes,
                 [&](node_number n) { return k.to.distances[n] != before.to.distances[n]; });
    const tree_update from = update_paths_from(g, view, changed, k.from, k.memory);
    expect_equal(k.from, fresh.from);
    expect_nodes(from, nodes,
                 [&](node_number n) { return k.from.distances[n] != before.from.distances[n]; });
    const tree_update hops = k.hops.update(g, view, changed, k.from, from, k.memory);
    ASSERT_EQ(k.hops.words(), fresh.hops.words());
    for (node_number n = 0; n < nodes; ++n) {
        ASSERT_TRUE(same(k.hops.of(n), fresh.hops.of(n))) << "node " << n;
    }
    expect_nodes(hops, nodes,
                 [&](node_number n) { return !same(k.hops.of(n), before.hops.of(n)); });
    k.incremental += from.complete ? 0 : 1;
}

// Costs change on a plane alone, as when somebody asks "what if".
void change_costs(const map& m, std::uint32_t seed, std::size_t most, int steps, cost max,
                  std::size_t& incremental) {
    test::dice dice(seed);
    plane view = make_plane(m, 0);
    kept k;
    k.compute(m.graph(), view, static_cast<node_number>(dice() % m.graph().node_count()));
    for (int n = 0; n < steps; ++n) {
        plane_change changed;
        for (std::size_t count = 1 + dice() % most; count > 0; --count) {
            const auto l = static_cast<link_number>(dice() % m.graph().link_count());
            changed.links.push_back(l);
            view.costs[l] = dice() % 3 == 0 ? unusable : 1 + dice() % max;
            if (dice() % 4 == 0 && m.graph().reverse[l] != nobody) {  // both directions
                changed.links.push_back(m.graph().reverse[l]);
                view.costs[m.graph().reverse[l]] = view.costs[l];
            }
        }
        if (dice() % 4 == 0) {
            const auto node = static_cast<node_number>(dice() % m.graph().node_count());
            changed.nodes.push_back(node);
            view.no_transit[node] ^= 1;
        }
        update(m.graph(), view, changed, k);
        ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed << ", step " << n;
    }
    incremental += k.incremental;
}

TEST(spf_update, is_as_from_the_beginning_on_small_graphs) {
    std::size_t incremental = 0;
    for (std::uint32_t seed = 0; seed < 1500; ++seed) {
        const std::size_t nodes = 2 + seed % 24;
        const map m = make_map(test::random_graph(nodes, 2 * nodes, 1 + seed % 5, seed, true));
        change_costs(m, seed, 1 + seed % 4, 30, 1 + seed % 7, incremental);
        ASSERT_FALSE(HasFatalFailure());
    }
    EXPECT_GT(incremental, 22'000U);
}

TEST(spf_update, is_so_on_larger_ones_and_seldom_from_the_beginning) {
    std::size_t incremental = 0;
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        const map m = make_map(test::random_graph(500, 1500, seed % 2 == 0 ? 3 : 1000, seed, true));
        change_costs(m, seed, 3, 50, seed % 2 == 0 ? 3 : 1000, incremental);
        ASSERT_FALSE(HasFatalFailure());
    }
    EXPECT_GT(incremental, 850U);
}

TEST(spf_update, is_so_on_all_shapes_when_links_fail_and_come_back) {
    for (const test::shape& one : test::all_shapes()) {
        const map m = make_map(one.edges);
        plane view = make_plane(m, 0);
        kept k;
        k.compute(m.graph(), view, 0);
        const auto step = static_cast<link_number>(1 + m.graph().link_count() / 20);
        for (link_number l = 0; l < m.graph().link_count(); l += step) {
            const link_number back = m.graph().reverse[l];
            const auto costs = std::pair(view.costs[l], view.costs[back]);
            view.costs[l] = view.costs[back] = unusable;
            update(m.graph(), view, {false, {l, back}, {}}, k);
            view.costs[l] = costs.first;
            view.costs[back] = costs.second;
            update(m.graph(), view, {false, {back, l, l}, {}}, k);
            ASSERT_FALSE(HasFatalFailure()) << one.name << ", link " << l;
        }
    }
}

// The whole way from advertisements over planes to trees, in algorithm 0 and a flexible one.
TEST(spf_update, follows_the_map) {
    for (std::uint32_t seed = 0; seed < 100; ++seed) {
        test::random_advertisements source(seed, 6);
        map m;
        ASSERT_TRUE(m.apply(source.make("n0", 1)).ok());
        std::array<plane, 2> views;
        std::array<kept, 2> k;
        const std::array<std::uint8_t, 2> algorithms{0, 128};
        for (std::size_t i = 0; i < 2; ++i) {
            views[i] = make_plane(m, algorithms[i]);
            k[i].compute(m.graph(), views[i], 0);
        }
        for (int n = 0; n < 60; ++n) {
            const std::string origin = source.name();
            const auto node = m.find(origin);
            advertisement said = source.make(origin, 1);
            if (node && m.said(*node) != nullptr) {
                said = *m.said(*node);
                source.vary(said);
            }
            if (source.once_in(10)) {
                said.definitions = {{.priority = static_cast<std::uint8_t>(source.below(4)),
                                     .metric = static_cast<metric_type>(source.below(3)),
                                     .exclude_any = source.below(4),
                                     .exclude_srlgs = {source.below(4)}}};
            }
            auto changed = m.apply(said);
            ASSERT_TRUE(changed.ok());
            for (std::size_t i = 0; i < 2; ++i) {
                const plane before = views[i];
                const auto differs = update_plane(m, algorithms[i], *changed, views[i]);
                const plane fresh = make_plane(m, algorithms[i]);
                ASSERT_EQ(views[i].costs, fresh.costs);
                ASSERT_EQ(views[i].no_transit, fresh.no_transit);
                for (link_number l = 0; !differs.complete && l < before.costs.size(); ++l) {
                    ASSERT_EQ(before.costs[l] != fresh.costs[l],
                              std::count(differs.links.begin(), differs.links.end(), l) == 1);
                }
                update(m.graph(), views[i], differs, k[i]);
                ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << ", step " << n;
            }
        }
    }
}

TEST(spf_update, says_nothing_where_nothing_differs) {
    const map m = make_map(test::grid(5, 5));
    plane view = make_plane(m, 0);
    kept k;
    k.compute(m.graph(), view, 0);
    view.costs[10] = view.costs[10];
    const plane_change changed{false, {10, 11}, {3}};
    const tree_update from = update_paths_from(m.graph(), view, changed, k.from, k.memory);
    EXPECT_FALSE(from.complete);
    EXPECT_TRUE(from.nodes.empty());
    EXPECT_TRUE(k.hops.update(m.graph(), view, changed, k.from, from, k.memory).nodes.empty());
}

}  // namespace
}  // namespace rhumb::topology

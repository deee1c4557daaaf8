#include <gtest/gtest.h>

#include <queue>
#include <tuple>

#include "controlplane/paths/disjoint.hh"
#include "tests/support/brute_paths.hh"

namespace rhumb::paths {
namespace {

using test::edge;
using test::make_map;
using topology::link_number;
using topology::node_number;

// The network on which taking the shortest path out leaves nothing: s a b t is the shortest.
std::vector<edge> trap() {
    return {
        {"s", "a", 1, 1}, {"a", "b", 1, 1}, {"b", "t", 1, 1}, {"s", "b", 5, 5}, {"a", "t", 5, 5}};
}

TEST(disjoint, the_shortest_path_is_not_in_the_way) {
    const auto m = make_map(trap());
    const auto pair = disjoint_pair(m, *m.find("s"), *m.find("t"), {});
    ASSERT_TRUE(pair.ok());
    EXPECT_TRUE(pair->disjoint);
    EXPECT_TRUE(pair->proven);
    EXPECT_EQ(pair->first.metric + pair->second.metric, 12U);
}

TEST(disjoint, what_has_to_be_shared_is_named) {
    // Two squares that meet in m; a bridge behind the second.
    const auto m = make_map(std::vector<edge>{{"s", "a"},
                                              {"s", "b"},
                                              {"a", "m"},
                                              {"b", "m"},
                                              {"m", "c"},
                                              {"m", "d"},
                                              {"c", "e"},
                                              {"d", "e"},
                                              {"e", "t"}});
    disjoint_options options;
    auto pair = disjoint_pair(m, *m.find("s"), *m.find("t"), {}, options);
    ASSERT_TRUE(pair.ok());
    EXPECT_FALSE(pair->disjoint);
    EXPECT_TRUE(pair->proven && pair->least_shared);
    const auto bridge = *m.find_link(*m.find("e"), "to-t");
    EXPECT_EQ(pair->shared.links,
              std::vector<link_number>{std::min(bridge, m.graph().reverse[bridge])});
    options.kind = disjointness::nodes;
    pair = disjoint_pair(m, *m.find("s"), *m.find("t"), {}, options);
    ASSERT_TRUE(pair.ok());
    EXPECT_EQ(pair->shared.nodes, (std::vector<node_number>{*m.find("m"), *m.find("e")}));
    options.or_least_shared = false;
    pair = disjoint_pair(m, *m.find("s"), *m.find("t"), {}, options);
    ASSERT_FALSE(pair.ok());
    EXPECT_EQ(pair.why().reason, no_path_reason::disjoint);
}

TEST(disjoint, ends_are_checked) {
    const auto m = make_map(test::ring(4));
    EXPECT_FALSE(disjoint_pair(m, 0, 0, {}).ok());
    EXPECT_FALSE(disjoint_pair(m, 0, 77, {}).ok());
    EXPECT_FALSE(
        disjoint_pair(m, std::vector<node_number>{0, 1, 2}, std::vector<node_number>{3}, {}).ok());
    constraints c;
    c.via = {1};
    EXPECT_FALSE(disjoint_pair(m, 0, 2, c).ok());
}

// Max-flow by single augmenting paths; each node (when `by_nodes`) and each link can be used once.
int max_flow(const topology::map& m, const std::vector<node_number>& from,
             const std::vector<node_number>& to, const constraints& c, bool by_nodes) {
    const topology::graph& g = m.graph();
    const std::size_t n = g.node_count();
    // Vertex v is entered at v and left at n + v; 2n and 2n + 1 are source and sink.
    std::vector<std::vector<int>> left(2 * n + 2, std::vector<int>(2 * n + 2, 0));
    const auto is_end = [](const auto& list, node_number v) {
        return std::find(list.begin(), list.end(), v) != list.end();
    };
    for (node_number v = 0; v < n; ++v) {
        const bool one_of_one =
            (from.size() == 1 && v == from[0]) || (to.size() == 1 && v == to[0]);
        left[v][n + v] = by_nodes && !one_of_one ? 1 : 9;
        if (g.no_transit[v] != 0) {
            left[v][n + v] = 0;  // ends are entered and left from outside
        }
        if (by_nodes && !one_of_one && (is_end(from, v) || is_end(to, v))) {
            left[v][n + v] = 0;  // it is one path's end, and so no other's
        }
        if (is_end(from, v)) {
            left[2 * n][n + v] = from.size() == 1 ? 9 : 1;
        }
        if (is_end(to, v)) {
            left[v][2 * n + 1] = to.size() == 1 ? 9 : 1;
        }
    }
    for (link_number l = 0; l < g.link_count(); ++l) {
        if (g.reverse[l] != topology::nobody && test::may_use(m, c, l)) {
            ++left[n + g.from[l]][g.to[l]];
        }
    }
    for (int flow = 0;; ++flow) {
        const std::size_t source = 2 * n;
        const std::size_t none = 2 * n + 2;
        std::vector<std::size_t> before(none, none);
        std::queue<std::size_t> queue;
        queue.push(source);
        while (!queue.empty()) {
            const std::size_t at = queue.front();
            queue.pop();
            for (std::size_t v = 0; v < none; ++v) {
                if (before[v] == none && v != source && left[at][v] > 0) {
                    before[v] = at;
                    queue.push(v);
                }
            }
        }
        if (before[source + 1] == none || flow == 2) {
            return flow;
        }
        for (std::size_t v = source + 1; v != source; v = before[v]) {
            --left[before[v]][v];
            ++left[v][before[v]];
        }
    }
}

struct best_pair {
    std::size_t nodes = 99;
    std::size_t links = 99;
    std::size_t srlgs = 99;
    topology::distance sum = topology::unreachable;
    friend auto operator<=>(const best_pair&, const best_pair&) = default;
};

// What two paths share, from what their links say: written anew.
best_pair weigh(const topology::map& m, const path& a, const path& b, disjointness kind) {
    const topology::graph& g = m.graph();
    const auto touches = [&](const path& p, node_number v) {
        return std::any_of(p.links.begin(), p.links.end(),
                           [&](link_number l) { return g.from[l] == v || g.to[l] == v; });
    };
    best_pair w{0, 0, 0, a.metric + b.metric};
    for (const link_number l : a.links) {
        w.links += static_cast<std::size_t>(
            std::count_if(b.links.begin(), b.links.end(),
                          [&](link_number o) { return o == l || g.reverse[o] == l; }));
    }
    if (kind == disjointness::nodes || kind == disjointness::nodes_and_srlgs) {
        for (node_number v = 0; v < g.node_count(); ++v) {
            const bool begin = v == g.from[a.links.front()] && v == g.from[b.links.front()];
            const bool end = v == g.to[a.links.back()] && v == g.to[b.links.back()];
            w.nodes += touches(a, v) && touches(b, v) && !begin && !end ? 1U : 0U;
        }
    }
    if (kind == disjointness::srlgs || kind == disjointness::nodes_and_srlgs) {
        for (const std::uint32_t srlg : m.srlgs()) {
            const auto has = [&](const path& p) {
                return std::any_of(p.links.begin(), p.links.end(), [&](link_number l) {
                    const auto& s = m.said_of(l)->srlgs;
                    return std::find(s.begin(), s.end(), srlg) != s.end();
                });
            };
            w.srlgs += has(a) && has(b) ? 1U : 0U;
        }
    }
    return w;
}

best_pair best_of_all(const topology::map& m, const std::vector<node_number>& from,
                      const std::vector<node_number>& to, const constraints& c, disjointness kind) {
    best_pair best;
    const auto look = [&](node_number to_a, node_number to_b) {
        const auto first = test::all_within(m, from.front(), to_a, c);
        const auto second = test::all_within(m, from.back(), to_b, c);
        for (const path& a : first) {
            for (const path& b : second) {
                best = std::min(best, weigh(m, a, b, kind));
            }
        }
    };
    look(to.front(), to.back());
    if (from.size() == 2 && to.size() == 2) {
        look(to.back(), to.front());
    }
    return best;
}

struct tally {
    int disjoint = 0;
    int shared = 0;
    int none = 0;
};

void expect_best(const topology::map& m, const std::vector<node_number>& from,
                 const std::vector<node_number>& to, const constraints& c, disjointness kind,
                 tally& seen) {
    const best_pair best = best_of_all(m, from, to, c, kind);
    disjoint_options options;
    options.kind = kind;
    const auto pair = disjoint_pair(m, from, to, c, options);
    ASSERT_EQ(pair.ok(), best.sum != topology::unreachable);
    if (!pair.ok()) {
        EXPECT_FALSE(pair.why().text.empty());
        ++seen.none;
        return;
    }
    for (const path* const p : {&pair->first, &pair->second}) {
        ASSERT_EQ(*p, test::measured(m, c.metric, p->links));
        ASSERT_TRUE(within(*p, c));
        for (std::size_t i = 0; i < p->links.size(); ++i) {
            ASSERT_TRUE(test::may_use(m, c, p->links[i]));
            ASSERT_TRUE(i == 0 || m.graph().to[p->links[i - 1]] == m.graph().from[p->links[i]]);
        }
    }
    const best_pair got = weigh(m, pair->first, pair->second, kind);
    const bool can = best.nodes == 0 && best.links == 0 && best.srlgs == 0;
    ASSERT_TRUE(pair->proven);
    ASSERT_EQ(pair->disjoint, can);
    ASSERT_EQ(pair->shared.nodes.size(), got.nodes);
    ASSERT_EQ(pair->shared.links.size(), got.links);
    ASSERT_EQ(pair->shared.srlgs.size(), got.srlgs);
    if (pair->disjoint) {
        ASSERT_EQ(got.sum, best.sum);
        ++seen.disjoint;
    } else if (pair->least_shared) {
        ASSERT_EQ(std::tie(got.nodes, got.links, got.sum),
                  std::tie(best.nodes, best.links, best.sum));
        ++seen.shared;
    }
}

// One or two nodes for each end, all different.
std::pair<std::vector<node_number>, std::vector<node_number>> draw_ends(const topology::map& m,
                                                                        bool two,
                                                                        test::dice& roll) {
    std::vector<node_number> all(m.node_count());
    for (node_number n = 0; n < all.size(); ++n) {
        std::swap(all[n] = n, all[roll() % (n + 1)]);
    }
    const std::size_t first = two && roll() % 4 != 0 ? 2 : 1;
    const std::size_t second = two && (first == 1 || roll() % 2 == 0) ? 2 : 1;
    return {{all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first)},
            {all.end() - static_cast<std::ptrdiff_t>(second), all.end()}};
}

tally compare(std::uint32_t seed, int networks, bool two, bool constrained,
              std::vector<disjointness> kinds) {
    test::dice roll(seed);
    tally seen;
    for (int n = 0; n < networks; ++n) {
        const test::small_network size{4 + roll() % 3, 5 + roll() % 5, 1 + roll() % 5,
                                       true,           true,           roll() % 4 == 0};
        const auto m = make_map(test::make_small(size, roll));
        const auto [from, to] = draw_ends(m, two, roll);
        const auto c = constrained ? test::random_constraints(m, roll) : constraints{};
        for (const disjointness kind : kinds) {
            expect_best(m, from, to, c, kind, seen);
            if (testing::Test::HasFatalFailure()) {
                ADD_FAILURE() << "network " << n << ", kind " << static_cast<int>(kind);
                return seen;
            }
        }
    }
    return seen;
}

TEST(disjoint, by_links_and_nodes_no_pair_is_better) {
    const tally seen = compare(31, 2500, false, false, {disjointness::links, disjointness::nodes});
    EXPECT_GT(seen.disjoint, 1000);
    EXPECT_GT(seen.shared, 1000);
}

TEST(disjoint, with_two_ends_no_pair_is_better) {
    const tally seen = compare(32, 2000, true, false, {disjointness::links, disjointness::nodes});
    EXPECT_GT(seen.disjoint, 1000);
    EXPECT_GT(seen.shared, 300);
}

TEST(disjoint, by_srlgs_no_pair_is_better) {
    const tally seen =
        compare(33, 1500, false, false, {disjointness::srlgs, disjointness::nodes_and_srlgs});
    EXPECT_GT(seen.disjoint, 300);
    const tally two =
        compare(34, 1000, true, false, {disjointness::srlgs, disjointness::nodes_and_srlgs});
    EXPECT_GT(two.disjoint, 200);
}

TEST(disjoint, under_constraints_no_pair_is_better) {
    const std::vector<disjointness> all{disjointness::links, disjointness::nodes,
                                        disjointness::srlgs, disjointness::nodes_and_srlgs};
    const tally seen = compare(35, 1500, false, true, all);
    EXPECT_GT(seen.disjoint, 200);
    EXPECT_GT(seen.none, 200);
    compare(36, 700, true, true, all);
}

TEST(disjoint, there_are_pairs_where_max_flow_says_so) {
    test::dice roll(37);
    for (int n = 0; n < 1000; ++n) {
        const std::uint32_t nodes = 6 + roll() % 20;
        const auto m = make_map(test::make_small(
            {nodes, nodes + roll() % nodes, 1 + roll() % 9, true, true, roll() % 4 == 0}, roll));
        const auto [from, to] = draw_ends(m, roll() % 3 == 0, roll);
        constraints c;
        c.exclude_any = roll() % 3 == 0 ? 1 : 0;
        for (const bool by_nodes : {false, true}) {
            disjoint_options options;
            options.kind = by_nodes ? disjointness::nodes : disjointness::links;
            const auto pair = disjoint_pair(m, from, to, c, options);
            const bool can = max_flow(m, from, to, c, by_nodes) == 2;
            ASSERT_EQ(pair.ok() && pair->disjoint, can) << n << " " << by_nodes;
        }
    }
}

// Each of many branches is looked at, or the answer says that it may not be the best.
TEST(disjoint, a_search_that_is_cut_short_says_so) {
    test::dice roll(38);
    int unproven = 0;
    for (int n = 0; n < 300; ++n) {
        const auto m = make_map(test::make_small({7, 12, 4, true, true, false}, roll));
        disjoint_options options;
        options.kind = disjointness::srlgs;
        const auto exact = disjoint_pair(m, 0, 6, {}, options);
        options.max_branches = 1;
        const auto quick = disjoint_pair(m, 0, 6, {}, options);
        ASSERT_TRUE(exact.ok() && quick.ok() && exact->proven);
        unproven += quick->proven ? 0 : 1;
        if (quick->disjoint) {
            ASSERT_TRUE(exact->disjoint);
            ASSERT_GE(quick->first.metric + quick->second.metric,
                      exact->first.metric + exact->second.metric);
        }
        if (quick->proven) {
            ASSERT_EQ(quick->disjoint, exact->disjoint);
        }
    }
    EXPECT_GT(unproven, 20);
}

}  // namespace
}  // namespace rhumb::paths

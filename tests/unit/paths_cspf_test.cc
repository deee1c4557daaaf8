#include <gtest/gtest.h>

#include "controlplane/paths/cspf.hh"
#include "controlplane/paths/cspf_labels.hh"
#include "controlplane/topology/flex_algo.hh"
#include "tests/support/brute_paths.hh"

namespace rhumb::paths {
namespace {

using test::edge;
using test::make_map;
using topology::link_number;
using topology::node_number;

std::string names(const topology::map& m, node_number from, const path& p) {
    std::string text = m.name(from);
    for (const link_number l : p.links) {
        text += " " + m.name(m.graph().to[l]);
    }
    return text;
}

// a - b - d is short and slow, a - c - d long and fast.
std::vector<edge> diamond() {
    std::vector<edge> edges{{"a", "b"}, {"b", "d"}, {"a", "c"}, {"c", "d"}};
    edges[2].there = edges[3].there = 20;
    edges[0].delay = edges[1].delay = 100;
    edges[2].delay = edges[3].delay = 10;
    edges[0].affinities = 1;
    edges[3].srlgs = {7};
    return edges;
}

TEST(cspf, the_least_metric_is_taken) {
    const auto m = make_map(diamond());
    constraints c;
    auto found = shortest_path(m, 0, *m.find("d"), c);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(names(m, 0, *found), "a b d");
    EXPECT_EQ(found->metric, 20U);
    EXPECT_EQ(found->delay, 200U);
    c.metric = topology::metric_type::delay;
    found = shortest_path(m, 0, *m.find("d"), c);
    EXPECT_EQ(names(m, 0, *found), "a c d");
    EXPECT_EQ(found->metric, 20U);
}

TEST(cspf, bounds_lead_to_another_path) {
    const auto m = make_map(diamond());
    constraints c;
    c.max_delay = 199;
    const auto found = shortest_path(m, 0, *m.find("d"), c);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(names(m, 0, *found), "a c d");
    EXPECT_EQ(found->metric, 40U);
}

TEST(cspf, it_says_what_leaves_no_path) {
    auto edges = diamond();
    edges.push_back({"x", "y"});
    const auto m = make_map(edges);
    const node_number d = *m.find("d");
    const auto why = [&](node_number to, const constraints& c) {
        return shortest_path(m, 0, to, c).why();
    };
    EXPECT_EQ(why(99, {}).reason, no_path_reason::no_such_node);
    EXPECT_EQ(why(*m.find("x"), {}).reason, no_path_reason::unreachable);
    EXPECT_EQ(why(*m.find("x"), {}).text, "there is no way at all from a to x");
    constraints c;
    c.metric = topology::metric_type::te;
    EXPECT_EQ(why(d, c).reason, no_path_reason::metric);
    c = {};
    c.include_all = 2;
    EXPECT_EQ(why(d, c).reason, no_path_reason::affinities);
    EXPECT_EQ(why(d, c).text, "the affinities leave no way from a to d");
    c = {};
    c.exclude_srlgs = {7};
    c.exclude_nodes = {*m.find("b")};
    EXPECT_EQ(why(d, c).reason, no_path_reason::exclusions);
    c = {};
    c.bandwidth = 5;
    EXPECT_EQ(why(d, c).reason, no_path_reason::bandwidth);
    c = {};
    c.max_hops = 1;
    EXPECT_EQ(why(d, c).reason, no_path_reason::bounds);
    EXPECT_EQ(why(d, c).text, "from a to d: the least number of hops is 2, the bound 1");
    c = {};
    c.max_metric = 30;
    c.max_delay = 100;
    EXPECT_EQ(why(d, c).text,
              "from a to d: each of the bounds can be kept, but no path keeps all of them");
}

TEST(cspf, anycast_goes_to_the_nearest_and_through_the_best) {
    const auto m = make_map(test::grid(5, 1));  // n0 ... n4 in a row
    const auto at = [&](const char* name) { return *m.find(name); };
    const auto nearest = shortest_path(m, route{at("n1"), {}, {at("n4"), at("n0")}}, {});
    ASSERT_TRUE(nearest.ok());
    EXPECT_EQ(names(m, at("n1"), *nearest), "n1 n0");
    // Through n0 or n3 to n4: n3 is on the way.
    const auto through = shortest_path(m, route{at("n1"), {{at("n0"), at("n3")}}, {at("n4")}}, {});
    ASSERT_TRUE(through.ok());
    EXPECT_EQ(names(m, at("n1"), *through), "n1 n2 n3 n4");
    constraints c;
    c.via = {at("n0")};
    const auto back = shortest_path(m, at("n1"), at("n2"), c);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(names(m, at("n1"), *back), "n1 n0 n1 n2");
}

TEST(cspf, a_link_that_is_taken_twice_needs_its_bandwidth_twice) {
    auto said = test::make_advertisements({{"a", "b"}, {"b", "c"}, {"b", "d"}});
    for (auto& a : said) {
        for (auto& l : a.links) {
            l.bandwidth = 15;
        }
    }
    auto m = make_map(said);
    constraints c;
    c.via = {*m.find("c"), *m.find("a"), *m.find("c")};
    c.bandwidth = 7;
    EXPECT_TRUE(shortest_path(m, 0, *m.find("d"), c).ok());
    c.bandwidth = 8;
    EXPECT_EQ(shortest_path(m, 0, *m.find("d"), c).why().reason, no_path_reason::gave_up);
}

// Row of diamonds; half of each is cheap and slow, half dear and fast: 2^n paths, none of which is
// better than another in both.
TEST(cspf, too_long_a_search_gives_up) {
    std::vector<edge> edges;
    const auto name = [](const char* kind, int n) { return kind + std::to_string(n); };
    for (int n = 0; n < 23; ++n) {
        edge up{name("n", n), name("u", n)};
        edge down{name("n", n), name("d", n)};
        up.there = (1U << n) + 1;
        down.there = 1;
        up.delay = 1;
        down.delay = (1U << n) + 1;
        edges.push_back(up);
        edges.push_back(down);
        edges.push_back({name("u", n), name("n", n + 1), 1, 1, 0, {}, 1});
        edges.push_back({name("d", n), name("n", n + 1), 1, 1, 0, {}, 1});
    }
    const auto m = make_map(edges);
    constraints c;
    c.max_delay = (1U << 22) + 60;
    const auto found = shortest_path(m, *m.find("n0"), *m.find("n23"), c);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.why().reason, no_path_reason::gave_up);
}

void expect_best(const topology::map& m, node_number from, node_number to, const constraints& c,
                 path_finder& finder) {
    const auto all = test::all_within(m, from, to, c);
    const auto found = shortest_path(m, from, to, c);
    const auto remembered = finder.find(m, from, to, c);
    ASSERT_EQ(found.ok(), remembered.ok());
    ASSERT_EQ(found.ok(), !all.empty()) << (found.ok() ? "" : found.why().text);
    if (found.ok()) {
        EXPECT_EQ(found->metric, all.front().metric);
        EXPECT_EQ(found->links.size(), all.front().links.size());
        EXPECT_TRUE(std::find(all.begin(), all.end(), *found) != all.end());
        EXPECT_EQ(*found, *remembered);
    } else {
        EXPECT_EQ(found.why().text, remembered.why().text);
        EXPECT_FALSE(found.why().text.empty());
    }
}

TEST(cspf, no_path_of_all_is_better) {
    test::dice roll(1);
    for (int n = 0; n < 1500; ++n) {
        const test::small_network size{4 + roll() % 4, 6 + roll() % 7, 1 + roll() % 5,
                                       true,           true,           roll() % 3 == 0};
        const auto m = make_map(test::make_small(size, roll));
        path_finder finder(m);
        for (int i = 0; i < 20; ++i) {
            const auto c = test::random_constraints(m, roll);
            const auto from = static_cast<node_number>(roll() % m.node_count());
            const auto to = static_cast<node_number>(roll() % m.node_count());
            if (from != to) {
                expect_best(m, from, to, c, finder);
            }
            if (HasFailure()) {
                FAIL() << "network " << n;
            }
        }
    }
}

// The best of all ways that consist of loop-free legs.
std::pair<topology::distance, std::size_t> best_of_legs(const topology::map& m, const route& way,
                                                        const constraints& c) {
    constraints free = c;
    free.max_metric = topology::unreachable;
    free.max_hops = 0xffffffff;
    if (free.max_delay != topology::unreachable) {
        free.max_delay = topology::unreachable - 1;
    }
    std::pair<topology::distance, std::size_t> best{topology::unreachable, 0};
    const auto go = [&](const auto& again, std::size_t leg, node_number at,
                        const path& so_far) -> void {
        if (leg > 0 && leg <= way.through.size() && m.graph().no_transit[at] != 0 &&
            !so_far.links.empty()) {
            return;  // a waypoint that nothing passes: unless it is the end as well
        }
        if (leg > way.through.size()) {
            if (within(so_far, c)) {
                best = std::min(best, {so_far.metric, so_far.links.size()});
            }
            return;
        }
        for (const node_number to : leg < way.through.size() ? way.through[leg] : way.to) {
            for (const path& p : test::all_within(m, at, to, free)) {
                path longer = so_far;
                longer.metric += p.metric;
                longer.delay += p.delay;
                longer.links.insert(longer.links.end(), p.links.begin(), p.links.end());
                again(again, leg + 1, to, longer);
            }
        }
    };
    go(go, 0, way.from, {});
    return best;
}

TEST(cspf, no_way_through_waypoints_is_better) {
    test::dice roll(2);
    int found_some = 0;
    for (int n = 0; n < 600; ++n) {
        const auto m = make_map(test::make_small({5, 4 + roll() % 5, 3, true, true, false}, roll));
        const auto node = [&] { return static_cast<node_number>(roll() % m.node_count()); };
        auto c = test::random_constraints(m, roll);
        c.bandwidth = 0;
        route way{node(), {}, {node()}};
        for (std::uint32_t i = 0; i < 1 + roll() % 2; ++i) {
            way.through.push_back({node()});
            if (roll() % 2 == 0) {
                way.through.back().push_back(node());
            }
        }
        const auto best = best_of_legs(m, way, c);
        const auto found = shortest_path(m, way, c);
        ASSERT_EQ(found.ok(), best.first != topology::unreachable) << n;
        if (found.ok()) {
            ++found_some;
            ASSERT_EQ(found->metric, best.first) << n;
            ASSERT_EQ(found->links.size(), best.second) << n;
            ASSERT_EQ(*found, test::measured(m, c.metric, found->links));
        }
    }
    EXPECT_GT(found_some, 200);
}

TEST(cspf, equal_cost_links_are_those_of_all_shortest_paths) {
    test::dice roll(3);
    for (int n = 0; n < 500; ++n) {
        const auto m = make_map(test::make_small({6, 12, 2, true, true, roll() % 2 == 0}, roll));
        const auto from = static_cast<node_number>(roll() % m.node_count());
        const auto to = static_cast<node_number>(roll() % m.node_count());
        if (from == to) {
            continue;
        }
        std::vector<link_number> expected;
        const auto all = test::all_within(m, from, to, {});
        for (const path& p : all) {
            if (p.metric == all.front().metric) {
                expected.insert(expected.end(), p.links.begin(), p.links.end());
            }
        }
        std::sort(expected.begin(), expected.end());
        expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
        ASSERT_EQ(equal_cost_links(m, from, to, {}), expected) << n;
    }
}

// What is remembered over changes is what would be computed anew.
TEST(cspf, a_finder_follows_the_map) {
    test::dice roll(4);
    for (int n = 0; n < 20; ++n) {
        auto said = test::make_small({7, 12, 3, true, true, false}, roll);
        auto m = make_map(said);
        path_finder finder(m);
        std::vector<constraints> kinds;
        for (int i = 0; i < 4; ++i) {
            kinds.push_back(test::random_constraints(m, roll));
        }
        for (std::uint64_t version = 2; version < 20; ++version) {
            topology::advertisement& a = said[roll() % said.size()];
            a.version = version;
            if (!a.links.empty()) {
                topology::link& l = a.links[roll() % a.links.size()];
                l.metric = 1 + roll() % 3;
                l.affinities = roll() % 8;
                a.overload = roll() % 8 == 0;
                if (roll() % 5 == 0) {
                    a.links.pop_back();
                }
            }
            ASSERT_TRUE(m.apply(a).ok());
            finder.update(m);
            for (const constraints& c : kinds) {
                for (node_number from = 0; from < m.node_count(); ++from) {
                    for (node_number to = 0; to < m.node_count(); ++to) {
                        const auto anew = shortest_path(m, from, to, c);
                        const auto known = finder.find(m, from, to, c);
                        ASSERT_EQ(anew.ok(), known.ok());
                        ASSERT_TRUE(!anew.ok() || *anew == *known);
                    }
                }
            }
        }
    }
}

// Where not all trees have room, some stay from one round to the next.
TEST(cspf, trees_take_no_more_room_than_they_may) {
    test::dice roll(6);
    const auto m = make_map(test::make_small({60, 120, 4, true, true, true}, roll));
    constexpr std::size_t bytes_of_tree = 60 * 17;
    tree_cache cache(40 * bytes_of_tree);
    cache.update(m.graph(), topology::make_plane(m, 0), true);
    for (int round = 0; round < 4; ++round) {
        for (node_number root = 0; root < m.node_count(); ++root) {
            shortest_tree anew;
            shortest_tree_from(m.graph(), cache.view(), root, {}, anew);
            ASSERT_EQ(cache.from(m.graph(), root).parents, anew.parents);
            ASSERT_LE(cache.tree_count(), 41U);
        }
    }
    EXPECT_GT(cache.computed(), 60U);
    EXPECT_LT(cache.computed(), 220U);
}

// Trees after changes, in every part: of small networks, where much is touched, and of larger ones.
TEST(cspf, trees_that_are_kept_are_what_they_would_be_anew) {
    test::dice roll(5);
    for (int n = 0; n < 80; ++n) {
        const std::uint32_t nodes = n % 2 == 0 ? 8 : 40;
        auto said = test::make_small({nodes, 2 * nodes, 1 + roll() % 4, true, true, true}, roll);
        auto m = make_map(said);
        tree_cache cache;
        cache.update(m.graph(), topology::make_plane(m, 0), true);
        for (std::uint64_t version = 2; version < 20; ++version) {
            for (node_number root = 0; root < m.node_count(); ++root) {
                shortest_tree anew;
                shortest_tree_from(m.graph(), cache.view(), root, {}, anew);
                // Some are only grown as far as somebody asks.
                for (std::uint32_t i = 0; i < roll() % 3; ++i) {
                    const auto to = static_cast<node_number>(roll() % m.node_count());
                    const shortest_tree& part = cache.from(m.graph(), root, std::span(&to, 1));
                    ASSERT_TRUE(part.is_final(to));
                    ASSERT_EQ(part.distances[to], anew.distances[to]);
                    ASSERT_EQ(part.parents[to], anew.parents[to]);
                    ASSERT_EQ(part.only[to], anew.only[to]);
                }
                if (roll() % 2 == 0) {
                    continue;
                }
                const shortest_tree& kept = cache.from(m.graph(), root);
                ASSERT_EQ(kept.distances, anew.distances);
                ASSERT_EQ(kept.hops, anew.hops);
                ASSERT_EQ(kept.parents, anew.parents);
                ASSERT_EQ(kept.only, anew.only);
            }
            topology::advertisement& a = said[roll() % said.size()];
            a.version = version;
            for (std::uint32_t i = 0; i < 1 + roll() % 2 && !a.links.empty(); ++i) {
                topology::link& l = a.links[roll() % a.links.size()];
                l.metric = roll() % 4 == 0 ? 1 + roll() % 4 : l.metric + roll() % 3;
            }
            if (roll() % 3 == 0 && !a.links.empty()) {
                a.links.pop_back();
            }
            ASSERT_TRUE(m.apply(a).ok());
            cache.update(m.graph(), topology::make_plane(m, 0), false);
        }
        EXPECT_LT(cache.computed(), 18 * m.node_count());
    }
}

TEST(cspf, a_finder_keeps_trees_that_a_change_does_not_touch) {
    auto said = test::make_advertisements(test::grid(6, 6));
    auto m = make_map(said);
    path_finder finder(m);
    for (node_number from = 0; from < m.node_count(); ++from) {
        ASSERT_EQ(finder.find(m, from, 35, {}).ok(), true);
    }
    EXPECT_EQ(finder.computed(), 36U);
    // A link on which no shortest path is, as it was dear and becomes dearer, touches nothing.
    said[0].version = 2;
    said[0].links[0].metric = 1000;
    ASSERT_TRUE(m.apply(said[0]).ok());
    finder.update(m);
    for (node_number from = 0; from < m.node_count(); ++from) {
        ASSERT_EQ(finder.find(m, from, 35, {}).ok(), true);
    }
    const std::uint64_t then = finder.computed();
    said[0].version = 3;
    said[0].links[0].metric = 1001;
    ASSERT_TRUE(m.apply(said[0]).ok());
    finder.update(m);
    for (node_number from = 0; from < m.node_count(); ++from) {
        ASSERT_EQ(finder.find(m, from, 35, {}).ok(), true);
    }
    EXPECT_LT(then, 72U);
    EXPECT_EQ(finder.computed(), then);
}

}  // namespace
}  // namespace rhumb::paths

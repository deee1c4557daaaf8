#include <gtest/gtest.h>

#include <functional>

#include "controlplane/paths/compress.hh"
#include "tests/support/segment_networks.hh"
#include "tests/support/segment_walk.hh"

namespace rhumb::paths {
namespace {

using test::make_map;
using topology::link_number;
using topology::node_number;
using topology::segment;
using topology::segment_kind;

// A row of nodes with two equal links from each to the next: each hop needs its adjacency segment.
topology::map row(std::size_t hops, const std::vector<std::uint8_t>& msds) {
    std::vector<test::edge> edges;
    for (std::size_t n = 0; n < hops; ++n) {
        for (int twice = 0; twice < 2; ++twice) {
            edges.push_back({"n" + std::to_string(n), "n" + std::to_string(n + 1)});
        }
    }
    auto said = test::make_advertisements(edges);
    for (std::size_t n = 0; n < said.size(); ++n) {
        said[n].msd = msds[std::min(n, msds.size() - 1)];
    }
    return make_map(said);
}

std::vector<link_number> whole(const topology::map& m) {
    std::vector<link_number> links;
    for (node_number n = 0; n + 1 < m.node_count(); ++n) {
        links.push_back(*m.find_link(n, "to-n" + std::to_string(n + 1)));
    }
    return links;
}

// The list with proposed binding SIDs replaced by what they stand for; each list within its MSD.
topology::segments expand(const path_engine& engine, const split_segments& split,
                          const topology::segments& list) {
    topology::segments all;
    for (const segment& s : list) {
        if (s.kind != segment_kind::binding || s.number < first_proposed) {
            all.push_back(s);
            continue;
        }
        const proposed_binding& b = split.bindings.at(s.number - first_proposed);
        EXPECT_EQ(b.node, s.node);
        EXPECT_LE(b.segments.size(), engine.msd(b.node));
        EXPECT_FALSE(b.segments.empty());
        const auto inner = expand(engine, split, b.segments);
        all.insert(all.end(), inner.begin(), inner.end());
    }
    return all;
}

TEST(compress_to_msd, what_fits_is_not_split) {
    const auto m = row(4, {4});
    path_engine engine(m);
    auto split = compress_to_msd(engine, 0, whole(m));
    ASSERT_TRUE(split.ok());
    EXPECT_EQ(split->segments.size(), 4U);
    EXPECT_TRUE(split->bindings.empty());
    msd_options service;
    service.also = 1;
    auto tighter = compress_to_msd(engine, 0, whole(m), service);
    ASSERT_TRUE(tighter.ok());
    EXPECT_LE(tighter->segments.size(), 3U);
    EXPECT_EQ(tighter->bindings.size(), 1U);
}

TEST(compress_to_msd, a_node_that_can_do_much_takes_the_middle) {
    // 13 segments; the headend imposes 4, n2 10, all others 1: two and n2's ten and one more.
    const auto m = row(13, {4, 1, 10, 1});
    path_engine engine(m);
    auto split = compress_to_msd(engine, 0, whole(m));
    ASSERT_TRUE(split.ok());
    ASSERT_EQ(split->bindings.size(), 1U);
    EXPECT_EQ(split->bindings[0].node, 2U);
    EXPECT_EQ(split->bindings[0].segments.size(), 10U);
    EXPECT_EQ(split->segments.size(), 4U);
    EXPECT_EQ(expand(engine, *split, split->segments).size(), 13U);
}

TEST(compress_to_msd, too_little_everywhere_is_refused) {
    const auto m = row(6, {2, 1});
    path_engine engine(m);
    auto split = compress_to_msd(engine, 0, whole(m));
    ASSERT_FALSE(split.ok());
    EXPECT_EQ(split.why().message,
              "the path needs 6 segments, n0 can impose 2, and the nodes on the way cannot take "
              "enough of them over");
}

TEST(compress_to_msd, long_paths_become_chains) {
    const auto m = row(300, {10});
    path_engine engine(m);
    auto split = compress_to_msd(engine, 0, whole(m));
    ASSERT_TRUE(split.ok());
    EXPECT_FALSE(split->fewest);
    EXPECT_EQ(split->bindings.size(), 33U);  // 9 a list, the last one 10 or fewer
    EXPECT_LE(split->segments.size(), 10U);
    EXPECT_EQ(expand(engine, *split, split->segments).size(), 300U);
}

// Whether lists within their MSDs exist when exactly these parts of the path have binding SIDs.
bool can_do(const std::vector<std::vector<std::size_t>>& steps,
            const std::vector<std::vector<std::size_t>>& own_steps,
            const std::vector<std::pair<std::size_t, std::size_t>>& bound,
            const std::vector<std::size_t>& msds) {
    const std::size_t end = steps.size();
    const auto fits = [&](std::size_t x, std::size_t y) {
        std::vector<std::size_t> count(end + 1, 999);
        count[x] = 0;
        for (std::size_t at = x; at < y; ++at) {
            for (const std::size_t next : at == x ? own_steps[at] : steps[at]) {
                count[next] = std::min(count[next], count[at] + 1);
            }
            for (const auto& [begin, stop] : bound) {
                if (begin == at && at != x) {
                    count[stop] = std::min(count[stop], count[at] + 1);
                }
            }
        }
        return count[y] <= msds[x];
    };
    return fits(0, end) && std::all_of(bound.begin(), bound.end(),
                                       [&](const auto& b) { return fits(b.first, b.second); });
}

TEST(compress_to_msd, no_split_with_fewer_binding_sids_would_do) {
    test::dice roll(61);
    int one = 0;
    int two = 0;
    int refused = 0;
    for (int n = 0; n < 800; ++n) {
        // Mostly adjacency segments, now and then a node segment or a given binding SID.
        const std::size_t hops = 4 + roll() % 4;
        std::vector<test::edge> edges;
        for (std::size_t i = 0; i < hops; ++i) {
            for (std::uint32_t k = 0; k < (roll() % 4 == 0 ? 1U : 2U); ++k) {
                edges.push_back({"n" + std::to_string(i), "n" + std::to_string(i + 1)});
            }
        }
        auto said = test::make_advertisements(edges);
        for (auto& a : said) {
            a.msd = static_cast<std::uint8_t>(roll() % 5);
        }
        said[0].msd = static_cast<std::uint8_t>(1 + roll() % 4);
        const auto m = make_map(said);
        path_engine engine(m);
        const test::segment_walk walk(m, engine);
        const auto links = whole(m);
        const auto steps = walk.pieces(0, links);
        const auto own = walk.pieces(0, links, false);
        std::vector<std::size_t> msds;
        for (const auto& a : said) {
            msds.push_back(a.msd);
        }
        // The fewest parts that need a binding SID, up to two.
        std::size_t fewest = can_do(steps, own, {}, msds) ? 0 : 3;
        std::vector<std::pair<std::size_t, std::size_t>> parts;
        for (std::size_t x = 1; x < hops; ++x) {
            for (std::size_t y = x + 1; y <= hops; ++y) {
                parts.emplace_back(x, y);
            }
        }
        for (std::size_t i = 0; i < parts.size() && fewest > 0; ++i) {
            if (can_do(steps, own, {parts[i]}, msds)) {
                fewest = std::min<std::size_t>(fewest, 1);
            }
            for (std::size_t j = 0; j < i && fewest > 2; ++j) {
                if (can_do(steps, own, {parts[i], parts[j]}, msds)) {
                    fewest = 2;
                }
            }
        }
        auto split = compress_to_msd(engine, 0, links);
        ASSERT_EQ(split.ok() && split->bindings.size() <= 2, fewest <= 2) << n;
        if (!split.ok()) {
            ++refused;
            continue;
        }
        if (fewest <= 2) {
            ASSERT_EQ(split->bindings.size(), fewest) << n;
            ASSERT_TRUE(split->fewest);
        }
        ASSERT_LE(split->segments.size(), engine.msd(0)) << n;
        ASSERT_TRUE(walk.pins(0, links, expand(engine, *split, split->segments))) << n;
        one += fewest == 1 ? 1 : 0;
        two += fewest == 2 ? 1 : 0;
    }
    EXPECT_GT(one, 100);
    EXPECT_GT(two, 25);
    EXPECT_GT(refused, 25);
}

}  // namespace
}  // namespace rhumb::paths

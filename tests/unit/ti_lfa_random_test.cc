// Repairs of random networks, each followed through the network by definition (ti_lfa_walk.hh):
// every link, every destination, every kind of protection.
#include <gtest/gtest.h>

#include "tests/unit/ti_lfa_walk.hh"

namespace rhumb::topology {
namespace {

using test::dice;
using test::repair_walk;
using test::small_kind;

struct tally {
    std::size_t networks = 0;
    std::size_t repairs = 0;
    std::size_t segments = 0;
    std::size_t longest = 0;
    std::size_t compared = 0;  // with all lists that there are
    std::size_t weaker = 0;
};

std::vector<protection> order_of(const ti_lfa_options& options) {
    std::vector<protection> order{options.protects};
    if (options.fall_back && options.protects == protection::node_and_srlg) {
        order.push_back(protection::node);
        order.push_back(protection::srlg);
    }
    if (options.fall_back && options.protects != protection::link) {
        order.push_back(protection::link);
    }
    return order;
}

class network_check {
public:
    network_check(const map& m, const plane& view, tally& counts)
        : map_(m), g_(m.graph()), view_(view), walk_(m, view), counts_(counts) {}

    void run(const ti_lfa_options& options, std::size_t exhaustive) {
        const bool all_sids = options.has_node_sid.empty() && options.has_adjacency_sid.empty();
        for (node_number own = 0; own < g_.node_count(); ++own) {
            const auto made = computer_.compute(map_, view_, 0, own, options);
            std::size_t seen = 0;
            for (link_number l = g_.first[own]; l < g_.first[own + 1]; ++l) {
                if (view_.costs[l] == unusable) {
                    continue;
                }
                ASSERT_LT(seen, made.size());
                ASSERT_EQ(made[seen].link, l);
                check(made[seen++], options, exhaustive, all_sids);
            }
            ASSERT_EQ(seen, made.size());
        }
    }

private:
    void check(const link_repairs& of, const ti_lfa_options& options, std::size_t exhaustive,
               bool all_sids) {
        std::vector<std::uint8_t> done(g_.node_count(), 0);
        bool adjacency_done = false;
        for (const protection what : order_of(options)) {
            walk_.fail(test::break_link(map_, of.link, what));
            for (node_number d = 0; d < g_.node_count(); ++d) {
                if (!walk_.is_first_hop(of.link, d)) {
                    EXPECT_EQ(of.by_node[d], link_repairs::none);
                } else if (done[d] == 0) {
                    done[d] = check(of, of.by_node[d], d, what, options, exhaustive, all_sids);
                }
            }
            if (!adjacency_done) {
                adjacency_done =
                    check(of, of.adjacency, g_.to[of.link], what, options, exhaustive, all_sids);
            }
        }
        for (node_number d = 0; d < g_.node_count(); ++d) {
            if (done[d] == 0) {
                EXPECT_EQ(of.by_node[d], link_repairs::none);
            }
        }
        EXPECT_EQ(adjacency_done, of.adjacency != link_repairs::none);
    }

    // Whether a repair of this kind has to be there.
    bool check(const link_repairs& of, std::uint32_t number, node_number d, protection what,
               const ti_lfa_options& options, std::size_t exhaustive, bool all_sids) {
        const node_number own = g_.from[of.link];
        const bool reached = walk_.after()[own][d] != unreachable;
        const bool given = number != link_repairs::none && of.repairs[number].protects == what;
        const auto fewest = reached && exhaustive != 0 ? walk_.fewest(own, d, exhaustive, options)
                                                       : std::optional<std::size_t>();
        if (!given) {
            EXPECT_FALSE(reached && all_sids && options.max_segments >= 8) << where(of, d, what);
            EXPECT_FALSE(fewest && *fewest <= options.max_segments) << where(of, d, what);
            return false;
        }
        const repair& r = of.repairs[number];
        EXPECT_TRUE(reached) << where(of, d, what);
        EXPECT_EQ(walk_.wrong(r, own, d), "") << where(of, d, what);
        EXPECT_LE(r.segments.size(), options.max_segments);
        EXPECT_TRUE(has_sids(r, options)) << where(of, d, what);
        if (fewest) {
            EXPECT_EQ(r.segments.size(), *fewest) << where(of, d, what);
            ++counts_.compared;
        } else if (exhaustive != 0) {
            EXPECT_GT(r.segments.size(), exhaustive) << where(of, d, what);
        }
        ++counts_.repairs;
        counts_.segments += r.segments.size();
        counts_.longest = std::max(counts_.longest, r.segments.size());
        counts_.weaker += what != options.protects ? 1 : 0;
        return true;
    }

    static bool has_sids(const repair& r, const ti_lfa_options& options) {
        return std::all_of(r.segments.begin(), r.segments.end(), [&](const segment& s) {
            return s.kind == segment_kind::node
                       ? options.has_node_sid.empty() || options.has_node_sid[s.node] != 0
                       : options.has_adjacency_sid.empty() ||
                             options.has_adjacency_sid[s.number] != 0;
        });
    }

    [[nodiscard]] std::string where(const link_repairs& of, node_number d, protection what) const {
        return "network " + std::to_string(counts_.networks) + ", link " +
               map_.name(g_.from[of.link]) + " " + map_.said_of(of.link)->name + ", to " +
               map_.name(d) + ", protection " + std::to_string(static_cast<int>(what));
    }

    const map& map_;
    const graph& g_;
    const plane& view_;
    repair_walk walk_;
    repair_computer computer_;
    tally& counts_;
};

void report(const tally& counts) {
    ::testing::Test::RecordProperty("repairs", static_cast<int>(counts.repairs));
    std::printf(
        "%zu networks, %zu repairs, %.2f segments on average, %zu at most; %zu compared "
        "with all lists, %zu weaker than asked for\n",
        counts.networks, counts.repairs,
        static_cast<double>(counts.segments) / static_cast<double>(counts.repairs), counts.longest,
        counts.compared, counts.weaker);
    EXPECT_GT(counts.repairs, 1'000U);
}

void run_kind(const small_kind& kind, std::size_t networks, std::uint32_t seed,
              const std::vector<protection>& protects, std::size_t exhaustive, bool drop_sids,
              tally& counts) {
    dice roll(seed);
    for (std::size_t n = 0; n < networks && !::testing::Test::HasFailure(); ++n) {
        const map m = test::make_map(test::make_small_network(kind, roll));
        const plane view = make_plane(m, 0);
        ++counts.networks;
        network_check check(m, view, counts);
        for (const protection what : protects) {
            ti_lfa_options options;
            options.protects = what;
            options.fall_back = roll() % 4 != 0;
            if (drop_sids) {
                options.max_segments = 1 + roll() % 8;
                for (node_number x = 0; x < m.graph().node_count(); ++x) {
                    options.has_node_sid.push_back(roll() % 3 == 0 ? 0 : 1);
                }
                for (link_number l = 0; l < m.graph().link_count(); ++l) {
                    options.has_adjacency_sid.push_back(roll() % 4 == 0 ? 0 : 1);
                }
            }
            check.run(options, exhaustive);
        }
    }
}

const std::vector<protection> every_kind{protection::link, protection::node, protection::srlg,
                                         protection::node_and_srlg};

TEST(ti_lfa_random, links_with_symmetric_costs) {
    tally counts;
    run_kind({7, 11, 3}, 1'000, 1, {protection::link}, 3, false, counts);
    run_kind({9, 14, 20}, 500, 2, {protection::link}, 3, false, counts);
    // P and Q overlap or are adjacent then.
    EXPECT_LE(counts.longest, 2U);
    report(counts);
}

TEST(ti_lfa_random, links_with_asymmetric_costs) {
    tally counts;
    run_kind({7, 11, 3, true}, 1'000, 3, {protection::link}, 3, false, counts);
    run_kind({10, 16, 100, true}, 500, 4, {protection::link}, 3, false, counts);
    EXPECT_GT(counts.longest, 2U);  // P and Q that are not adjacent
    report(counts);
}

TEST(ti_lfa_random, parallel_links_and_overloaded_nodes) {
    tally counts;
    run_kind({6, 12, 2, true, true, 0, true}, 600, 5, {protection::link, protection::node}, 3,
             false, counts);
    run_kind({6, 14, 1, false, true}, 150, 6, {protection::link, protection::node}, 3, false,
             counts);
    report(counts);
}

TEST(ti_lfa_random, nodes_and_shared_risks) {
    tally counts;
    run_kind({7, 13, 3, false, true, 5}, 150, 7, every_kind, 3, false, counts);
    run_kind({7, 13, 10, true, true, 4, true}, 150, 8, every_kind, 3, false, counts);
    run_kind({9, 20, 2, true, false, 3}, 60, 9, every_kind, 3, false, counts);
    EXPECT_GT(counts.weaker, 0U);
    report(counts);
}

TEST(ti_lfa_random, nodes_and_links_without_sids) {
    tally counts;
    run_kind({7, 12, 3, true, true, 4, true}, 150, 10, every_kind, 3, true, counts);
    run_kind({8, 12, 10, true, false, 4}, 150, 11, every_kind, 3, true, counts);
    report(counts);
}

// Large enough for links of an SRLG that cannot matter (they are not looked at).
TEST(ti_lfa_random, larger_networks) {
    tally counts;
    run_kind({24, 44, 20, true, false, 16}, 6, 12, every_kind, 1, false, counts);
    run_kind({24, 40, 9, false, true, 12, true}, 6, 13, every_kind, 1, false, counts);
    report(counts);
}

TEST(ti_lfa_random, shapes_of_real_networks) {
    tally counts;
    for (const test::shape& shape : test::all_shapes()) {
        std::vector<test::edge> edges = shape.edges;
        for (std::size_t i = 0; i < edges.size(); ++i) {
            edges[i].srlgs = {static_cast<std::uint32_t>(i % (edges.size() / 3 + 1))};
        }
        const map m = test::make_map(edges);
        if (m.node_count() > 50) {
            continue;
        }
        SCOPED_TRACE(shape.name);
        const plane view = make_plane(m, 0);
        ++counts.networks;
        network_check check(m, view, counts);
        for (const protection what : every_kind) {
            ti_lfa_options options;
            options.protects = what;
            options.max_segments = 100;
            check.run(options, 0);
        }
    }
    report(counts);
}

}  // namespace
}  // namespace rhumb::topology

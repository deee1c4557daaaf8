// Packets in a network some of whose routers know of a change and others do not.
#include "controlplane/topology/microloop.hh"

#include <gtest/gtest.h>

#include "tests/unit/microloop_walk.hh"

namespace rhumb::topology {
namespace {

using test::dice;
using test::mixed_walk;
using test::small_kind;

// One link goes, comes, or costs another amount, perhaps differently in each direction.
void change_link(const graph& g, plane& before, plane& after, dice& roll) {
    link_number l = roll() % static_cast<link_number>(g.link_count());
    while (before.costs[l] == unusable) {
        l = (l + 1) % static_cast<link_number>(g.link_count());
    }
    const link_number back = g.reverse[l];
    switch (roll() % 4) {
        case 0: after.costs[l] = after.costs[back] = unusable; break;
        case 1: before.costs[l] = before.costs[back] = unusable; break;
        case 2: after.costs[l] = after.costs[back] = 1 + roll() % 9; break;
        default: after.costs[l] = 1 + roll() % 9; break;
    }
}

struct totals {
    std::size_t packets = 0;
    std::size_t pinned = 0;
    std::size_t segments = 0;
    std::size_t plain_fails = 0;
};

void check_network(const map& m, const plane& before, const plane& after, totals& counts) {
    const graph& g = m.graph();
    mixed_walk walk(g, before, after, true);
    mixed_walk plain(g, before, after, false);
    for (node_number own = 0; own < g.node_count(); ++own) {
        EXPECT_TRUE(walk.of(own).exposed.empty());
        for (node_number to = 0; to < g.node_count(); ++to) {
            const std::uint32_t number = walk.of(own).by_node[to];
            if (own == to || !walk.reaches(own, to)) {
                EXPECT_EQ(number, pinned_paths::none);
                continue;
            }
            ++counts.packets;
            EXPECT_TRUE(walk.arrives(own, to)) << m.name(own) << " to " << m.name(to);
            const bool loops = !plain.arrives(own, to);
            counts.plain_fails += loops ? 1 : 0;
            if (number != pinned_paths::none) {
                ++counts.pinned;
                counts.segments += walk.of(own).paths[number].segments.size();
            } else {
                EXPECT_FALSE(loops);
            }
        }
    }
}

TEST(microloop, pinned_paths_arrive_whoever_has_converged) {
    totals counts;
    dice roll(1);
    const small_kind kinds[] = {{6, 9, 3}, {7, 11, 9, true}, {6, 11, 2, true, true, 0, true}};
    for (std::size_t n = 0; n < 1'500 && !HasFailure(); ++n) {
        const map m = test::make_map(test::make_small_network(kinds[n % 3], roll));
        plane before = make_plane(m, 0);
        plane after = before;
        change_link(m.graph(), before, after, roll);
        check_network(m, before, after, counts);
    }
    std::printf("%zu packets, %zu pinned with %.2f segments on average; %zu could have been lost\n",
                counts.packets, counts.pinned,
                static_cast<double>(counts.segments) / static_cast<double>(counts.pinned),
                counts.plain_fails);
    EXPECT_GT(counts.plain_fails, 1'000U);
    // Safe by a simple rule, not by looking at all: some are pinned that would not have to be.
    EXPECT_LT(counts.pinned, 4 * counts.plain_fails);
}

TEST(microloop, several_links_and_overload_may_change) {
    totals counts;
    dice roll(2);
    for (std::size_t n = 0; n < 500 && !HasFailure(); ++n) {
        const map m =
            test::make_map(test::make_small_network({6, 10, 4, true, true, 0, true}, roll));
        plane before = make_plane(m, 0);
        plane after = before;
        change_link(m.graph(), before, after, roll);
        change_link(m.graph(), before, after, roll);
        if (roll() % 2 == 0) {
            after.no_transit[roll() % m.graph().node_count()] ^= 1;
        }
        check_network(m, before, after, counts);
    }
    EXPECT_GT(counts.plain_fails, 100U);
}

// A ring whose far link comes up: until it knows, the neighbour sends back.
TEST(microloop, a_link_that_comes_up) {
    const map m = test::make_map(std::vector<test::edge>{
        {"s", "a"}, {"a", "b"}, {"b", "d"}, {"s", "e", 50, 50}, {"e", "d", 50, 50}});
    const plane after = make_plane(m, 0);
    plane before = after;
    const link_number l = *m.find_link(*m.find("b"), "to-d");
    before.costs[l] = before.costs[m.graph().reverse[l]] = unusable;
    microloop_avoider avoider;
    const node_number d = *m.find("d");
    const auto made = avoider.compute(m.graph(), before, after, 0, *m.find("s"), {});
    ASSERT_NE(made.by_node[d], pinned_paths::none);
    const repair& path = made.paths[made.by_node[d]];
    EXPECT_EQ(path.out, *m.find_link(*m.find("s"), "to-a"));
    EXPECT_EQ(path.segments,
              (segments{segment::to_node(*m.find("b")), segment::over_link(m.graph(), l)}));
    EXPECT_TRUE(path.at_destination);
    EXPECT_EQ(made.by_node[*m.find("a")], pinned_paths::none);
    EXPECT_EQ(made.by_node[*m.find("b")], pinned_paths::none);
    // Without adjacency SIDs there is no way to say so.
    ti_lfa_options options;
    options.has_adjacency_sid.assign(m.graph().link_count(), 0);
    const auto bare = avoider.compute(m.graph(), before, after, 0, *m.find("s"), options);
    EXPECT_EQ(bare.by_node[d], pinned_paths::none);
    EXPECT_EQ(bare.exposed, std::vector<node_number>{d});
    // Nor with more changes than are looked at.
    options.max_srlg_links = 1;
    EXPECT_EQ(avoider.compute(m.graph(), before, after, 0, *m.find("s"), options).exposed.size(),
              4U);
    EXPECT_TRUE(avoider.compute(m.graph(), after, after, 0, *m.find("s"), {}).paths.empty());
}

TEST(microloop, what_has_changed) {
    const map m = test::make_map(test::ring(4));
    const plane whole = make_plane(m, 0);
    const link_number l = *m.find_link(1, "to-n2");
    const link_number back = m.graph().reverse[l];
    const auto kind = [&](const plane& before, const plane& after, node_number own) {
        return difference_of(m.graph(), before, after, own).kind;
    };
    plane less = whole;
    less.costs[l] = less.costs[back] = unusable;
    EXPECT_EQ(kind(whole, whole, 0), change_kind::nothing);
    EXPECT_EQ(kind(whole, less, 0), change_kind::one_link);
    EXPECT_EQ(kind(whole, less, 1), change_kind::own_link_down);
    EXPECT_EQ(kind(whole, less, 2), change_kind::own_link_down);
    EXPECT_EQ(difference_of(m.graph(), whole, less, 2).link, std::min(l, back));
    EXPECT_EQ(kind(less, whole, 1), change_kind::one_link);
    plane half = whole;
    half.costs[l] = unusable;
    EXPECT_EQ(kind(whole, half, 1), change_kind::own_link_down);
    EXPECT_EQ(kind(half, less, 1), change_kind::own_link_down);
    less.costs[m.graph().first[0]] = 7;
    EXPECT_EQ(kind(whole, less, 1), change_kind::several);
    plane overloaded = whole;
    overloaded.no_transit[3] = 1;
    EXPECT_EQ(kind(whole, overloaded, 1), change_kind::several);
}

// A link that nobody speaks of any more has no reverse, and is one link all the same.
TEST(microloop, a_link_that_is_gone_from_the_map_is_one) {
    auto said = test::make_advertisements(test::ring(5));
    map m = test::make_map(said);
    const plane before = make_plane(m, 0);
    std::erase_if(said[1].links, [](const link& l) { return l.remote == "n2"; });
    std::erase_if(said[2].links, [](const link& l) { return l.remote == "n1"; });
    said[1].version = said[2].version = 2;
    ASSERT_TRUE(m.apply({said[1], said[2]}).ok());
    const plane after = make_plane(m, 0);
    EXPECT_EQ(difference_of(m.graph(), before, after, 0).kind, change_kind::one_link);
    EXPECT_EQ(difference_of(m.graph(), before, after, 1).kind, change_kind::own_link_down);
    said[3].links.clear();
    said[3].version = 2;
    ASSERT_TRUE(m.apply(said[3]).ok());
    EXPECT_EQ(difference_of(m.graph(), before, make_plane(m, 0), 0).kind, change_kind::several);
}

constexpr plane_difference down{change_kind::own_link_down, 4};
constexpr plane_difference elsewhere{change_kind::one_link, 8};

TEST(convergence_timer, holds_after_a_local_failure) {
    convergence_timer timer({100, 50});
    EXPECT_FALSE(timer.due());
    EXPECT_EQ(timer.on_change(down, 1'000), convergence_phase::holding);
    EXPECT_EQ(timer.due(), 1'100U);
    EXPECT_EQ(timer.advance(1'099), convergence_phase::holding);
    EXPECT_EQ(timer.advance(1'100), convergence_phase::settled);
    EXPECT_FALSE(timer.due());
}

TEST(convergence_timer, pins_after_a_change_elsewhere) {
    convergence_timer timer({100, 50});
    EXPECT_EQ(timer.on_change(elsewhere, 10), convergence_phase::pinned);
    EXPECT_EQ(timer.due(), 60U);
    EXPECT_EQ(timer.advance(60), convergence_phase::settled);
    EXPECT_EQ(timer.on_change(elsewhere, 61), convergence_phase::pinned);
}

TEST(convergence_timer, a_further_change_ends_it) {
    convergence_timer timer({100, 50});
    (void)timer.on_change(down, 0);
    EXPECT_EQ(timer.on_change(down, 10), convergence_phase::holding);  // the other end says so
    EXPECT_EQ(timer.due(), 100U);
    EXPECT_EQ(timer.on_change({}, 11), convergence_phase::holding);
    EXPECT_EQ(timer.on_change(elsewhere, 20), convergence_phase::settled);
    EXPECT_FALSE(timer.due());
    // The link comes back, or another own link fails.
    (void)timer.on_change(down, 30);
    EXPECT_EQ(timer.on_change({change_kind::one_link, 4}, 40), convergence_phase::settled);
    (void)timer.on_change(down, 50);
    EXPECT_EQ(timer.on_change({change_kind::own_link_down, 6}, 60), convergence_phase::settled);
    EXPECT_EQ(timer.on_change({change_kind::several, nobody}, 70), convergence_phase::settled);
    // One that comes when the time is over is not a further one.
    (void)timer.on_change(down, 80);
    EXPECT_EQ(timer.on_change(elsewhere, 180), convergence_phase::pinned);
}

TEST(convergence_timer, times_of_nothing_and_of_for_ever) {
    convergence_timer off({0, 0});
    EXPECT_EQ(off.on_change(down, 5), convergence_phase::settled);
    EXPECT_EQ(off.on_change(elsewhere, 6), convergence_phase::settled);
    convergence_timer ever({~std::uint64_t{0}, 1});
    EXPECT_EQ(ever.on_change(down, 5), convergence_phase::holding);
    EXPECT_EQ(ever.advance(~std::uint64_t{0} - 1), convergence_phase::holding);
}

}  // namespace
}  // namespace rhumb::topology

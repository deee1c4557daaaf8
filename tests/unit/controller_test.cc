// Counters to rates, demands, re-optimisation, reports.
#include <gtest/gtest.h>

#include <set>

#include "controlplane/controller/policy_moves.hh"
#include "controlplane/controller/policy_traffic.hh"
#include "controlplane/controller/rates.hh"
#include "controlplane/controller/reoptimise.hh"
#include "controlplane/controller/report.hh"
#include "tests/unit/controller_rig.hh"
#include "tests/unit/policies_rig.hh"

namespace rhumb::controller {
namespace {

using test::random_network;
using topology::link_number;

constexpr microseconds second = 1'000'000;

TEST(rate_meter, counts_bits_a_second) {
    rate_meter meter;
    const meter_options options{0, 64, 0};
    meter.add({1000, 0}, options);
    EXPECT_FALSE(meter.rate());
    meter.add({2000, second}, options);
    EXPECT_DOUBLE_EQ(*meter.rate(), 8000);
    meter.add({9000, second}, options);  // twice at one time: the first counts
    meter.add({500, second / 2}, options);
    EXPECT_DOUBLE_EQ(*meter.rate(), 8000);
    meter.add({2000, 3 * second}, options);
    EXPECT_DOUBLE_EQ(*meter.rate(), 0);
}

TEST(rate_meter, a_counter_that_starts_again_changes_nothing) {
    rate_meter meter;
    const meter_options options{0, 64, 0};
    meter.add({1000, 0}, options);
    meter.add({2000, second}, options);
    meter.add({100, 2 * second}, options);
    EXPECT_DOUBLE_EQ(*meter.rate(), 8000);
    meter.add({600, 3 * second}, options);
    EXPECT_DOUBLE_EQ(*meter.rate(), 4000);
}

TEST(rate_meter, narrow_counters_wrap_unless_that_cannot_be) {
    rate_meter meter;
    meter_options options{0, 32, 1e6};
    meter.add({0xffffff00, 0}, options);
    meter.add({0x100, second}, options);
    EXPECT_DOUBLE_EQ(*meter.rate(), 512 * 8);
    meter.add({0x50, 2 * second}, options);  // 4 GB in a second: it has started again
    EXPECT_DOUBLE_EQ(*meter.rate(), 512 * 8);
    options.most = 100e9;  // so fast that it may have wrapped several times
    meter.add({0x60, 3 * second}, options);
    EXPECT_DOUBLE_EQ(*meter.rate(), 512 * 8);
}

TEST(rate_meter, smooths_by_time_not_by_samples) {
    const meter_options options{10 * second, 64, 0};
    rate_meter seldom;
    rate_meter often;
    for (auto* const meter : {&seldom, &often}) {
        meter->add({0, 0}, options);
        meter->add({0, second}, options);
    }
    seldom.add({1000, 11 * second}, options);
    for (microseconds n = 1; n <= 10; ++n) {
        often.add({100 * n, (n + 1) * second}, options);
    }
    EXPECT_NEAR(*seldom.rate(), *often.rate(), 1e-9);
    EXPECT_NEAR(*seldom.rate(), 800 * (1 - std::exp(-1.0)), 1e-9);
}

std::vector<counter_report> report(const counter_id& id, std::uint64_t bytes, microseconds at) {
    return {{id, {bytes, at}, 0}};
}

TEST(collector, keeps_links_by_name) {
    const topology::map m = test::make_map(test::ring(3));
    collector all({0, 64, 0});
    const counter_id id = link_counter(*m.find("n1"), "to-n2");
    all.apply(report(id, 0, 0));
    all.apply(report(id, 125, second));
    all.apply(report(link_counter(77, "x"), 0, 0));
    const auto rates = all.link_rates(m);
    EXPECT_DOUBLE_EQ(*rates[*m.find_link(*m.find("n1"), "to-n2")], 1000);
    EXPECT_EQ(std::count(rates.begin(), rates.end(), std::nullopt), 5);
    EXPECT_EQ(all.meters().size(), 2U);
    all.forget_before(*m.find("n1"), second);
    EXPECT_EQ(all.meters().size(), 2U);
    all.forget_before(77, second);
    EXPECT_EQ(all.meters().size(), 1U);
}

TEST(collector, a_sum_grows_by_what_its_sources_gain) {
    counter_sums sums;
    const counter_id id = link_counter(0, "to-n1");
    const auto add = [&](std::initializer_list<std::pair<const char*, std::uint64_t>> sources) {
        for (const auto& [name, bytes] : sources) {
            sums.add(id, name, bytes);
        }
        const auto taken = sums.take(7);
        EXPECT_EQ(taken.size(), 1U);
        EXPECT_EQ(taken.at(0).sample.at, 7U);
        return taken.at(0).sample.bytes;
    };
    EXPECT_EQ(add({{"a", 1000}}), 0U);
    EXPECT_EQ(add({{"a", 1100}}), 100U);
    EXPECT_EQ(add({{"a", 1150}, {"b", 5000}}), 150U);  // what b had counted before is nobody's
    EXPECT_EQ(add({{"a", 20}, {"b", 5005}}), 175U);    // a has started again
    EXPECT_EQ(add({{"b", 5006}}), 176U);               // a is gone
    EXPECT_EQ(add({{"a", 9999}, {"b", 5006}}), 176U);  // and new
    EXPECT_TRUE(sums.take(8).empty());
    EXPECT_EQ(add({{"b", 6000}}), 0U);
    // A source that counts for another from now on takes its past along to nobody.
    sums.add(link_counter(0, "to-n2"), "b", 6010);
    EXPECT_EQ(sums.take(9).at(0).sample.bytes, 10U);
}

// What two readings, a second apart, make of bytes.
collector counted(const std::vector<std::pair<counter_id, std::uint64_t>>& gained) {
    collector all({0, 64, 0});
    for (const auto& [id, bytes] : gained) {
        all.apply(report(id, 0, 0));
        all.apply(report(id, bytes, second));
    }
    return all;
}

TEST(demands, are_estimated_from_counters_at_ingress) {
    const topology::map m = test::make_map(test::ring(4));
    const auto node = [&](const char* name) { return *m.find(name); };
    const auto address = [&](const char* name) {
        return m.said(*m.find(name))->prefixes.front().address;
    };
    const paths::policy_key policy{node("n0"), 10, address("n2")};
    const collector all =
        counted({{policy_counter(node("n0"), 10, address("n2")), 150},
                 {policy_counter(node("n0"), 11, address("n0")), 1000},  // stays
                 {prefix_counter(node("n0"), address("n1")), 10},
                 {prefix_counter(node("n0"), address("n0")), 9},               // stays
                 {prefix_counter(node("n0"), test::net(0xcb007100, 24)), 11},  // leads nowhere
                 {prefix_counter(node("n0"), address("n3")), 0},               // nothing is sent
                 {prefix_counter(99, address("n1")), 5},                       // no node
                 {link_counter(node("n0"), "to-n1"), 77}});
    const std::vector<demand> expected{{node("n0"), node("n1"), 80, std::nullopt},
                                       {node("n0"), node("n2"), 1200, policy}};
    EXPECT_EQ(estimate_demands(m, all), expected);
    // They take the place of what the file says of the same node.
    const std::vector<demand> given{{node("n0"), node("n3"), 1, std::nullopt},
                                    {node("n1"), node("n3"), 2, std::nullopt}};
    std::vector<demand> both{given[1]};
    both.insert(both.end(), expected.begin(), expected.end());
    EXPECT_EQ(with_measured(given, m, all), both);
    EXPECT_EQ(with_measured(given, m, counted({{link_counter(0, "to-n1"), 77}})), given);
}

// Three policies on the short way; the big one alone has to go round for all to be below the
// target.
TEST(reoptimise, moves_one_policy_where_one_is_enough) {
    auto said =
        test::make_advertisements({{"a", "b"}, {"b", "d"}, {"a", "c", 50, 50}, {"c", "d", 50, 50}});
    for (auto& a : said) {
        for (auto& l : a.links) {
            l.bandwidth = 100;
        }
    }
    const topology::map m = test::make_map(said);
    const auto a = *m.find("a");
    const auto d = *m.find("d");
    traffic t(m, {{a, d, 30, {}, false}, {a, d, 60, {}, false}, {a, d, 30, {}, false}});
    const std::vector<std::uint32_t> movable{0, 1, 2};
    const auto others = test::paths_with_room(t);
    const auto found = reoptimise(t, movable, others, {0.7, 0.001, 10});
    EXPECT_DOUBLE_EQ(found.before, 1.2);
    EXPECT_NEAR(found.after, 0.6, 1e-9);
    ASSERT_EQ(found.moves.size(), 1U);
    EXPECT_EQ(found.moves[0].demand, 1U);
    EXPECT_EQ(found.why, stop_reason::target_reached);
    EXPECT_EQ(reoptimise(t, movable, others, {0.1, 0.001, 10}).why, stop_reason::no_move_helps);
    traffic idle(m, {});
    EXPECT_EQ(reoptimise(idle, {}, others, {}).why, stop_reason::no_load);
}

// Step by step, and by fresh computations: the fullest link is never fuller than before.
TEST(reoptimise, never_makes_the_worst_link_worse) {
    std::size_t moves = 0;
    std::size_t better = 0;
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        random_network network(5 + seed % 6, 7 + seed % 12, seed);
        traffic t(network.map, network.demands(12));
        std::vector<std::uint32_t> movable;
        for (std::uint32_t d = 0; d < 12; ++d) {
            if (network.below(3) != 0) {
                movable.push_back(d);
            }
        }
        const auto spelt = test::paths_with_room(t);
        // Good ideas, and bad ones.
        const alternatives others{[&](std::uint32_t d, auto room) {
            auto found = spelt.find(d, room);
            found.push_back(
                {{{network.walk(t.demands()[d].from), 1}, {network.walk(t.demands()[d].from), 2}},
                 {},
                 {}});
            return found;
        }};
        std::vector<routed_demand> demands = t.demands();
        reoptimise_options options;
        options.target = seed % 2 == 0 ? 0 : 0.3;
        options.most_moves = 1 + seed % 9;
        const auto found = reoptimise(t, movable, others, options);
        double worst = worst_utilisation(network.map, traffic(network.map, demands).now().loads);
        EXPECT_NEAR(found.before, worst, 1e-6);
        std::set<std::uint32_t> moved;
        for (const move& one : found.moves) {
            EXPECT_TRUE(std::binary_search(movable.begin(), movable.end(), one.demand));
            EXPECT_TRUE(moved.insert(one.demand).second);
            const traffic before(network.map, demands);
            demands[one.demand].choices.insert(demands[one.demand].choices.begin(), one.to.lists);
            const traffic after(network.map, demands);
            // Both paths at once.
            std::vector<double> both = before.now().loads;
            for (std::size_t l = 0; l < both.size(); ++l) {
                both[l] = std::max(both[l], after.now().loads[l]);
            }
            const double then = worst_utilisation(network.map, after.now().loads);
            ASSERT_LE(then, worst + 1e-6) << seed;
            ASSERT_LE(worst_utilisation(network.map, both), worst + 1e-6) << seed;
            EXPECT_NEAR(one.after, then, 1e-6);
            worst = then;
        }
        ASSERT_NEAR(found.after, worst, 1e-6) << seed;
        ASSERT_NEAR(worst_utilisation(network.map, t.now().loads), worst, 1e-6) << seed;
        ASSERT_LE(found.moves.size(), options.most_moves);
        EXPECT_TRUE(found.why != stop_reason::target_reached ||
                    found.after <= options.target + 1e-6);
        moves += found.moves.size();
        better += found.after < found.before - 1e-6 ? 1U : 0U;
    }
    EXPECT_GT(moves, 500U);
    EXPECT_GT(better, 300U);
}

TEST(controller, policies_become_traffic_and_moves_become_candidates) {
    test::policies_rig rig(
        std::vector<test::edge>{{"a", "b"}, {"b", "d"}, {"a", "c", 50, 50}, {"c", "d", 50, 50}}, {},
        true);
    for (const char* const name : {"a", "b", "c", "d"}) {
        for (auto& l : rig.of(name).links) {
            l.bandwidth = 100;
        }
    }
    (void)rig.say({"a", "b", "c", "d"}, 0);
    const auto key = rig.key("a", 10, "d");
    rig.all->set(key, rig.explicit_path({rig.to("d")}));
    rig.all->set(key, rig.explicit_path({rig.to("c"), rig.to("d")}, 50, 1));
    (void)rig.all->update(0);
    const std::vector<demand> demands{{rig.node("a"), rig.node("d"), 70, key},
                                      {rig.node("b"), rig.node("d"), 40, std::nullopt}};
    traffic t(rig.map, routed_by(*rig.all, rig.map, demands));
    ASSERT_EQ(t.demands()[0].choices.size(), 2U);
    policy_moves moves(rig.map, *rig.all, *rig.reserved, demands);
    const auto can_move = moves.movable();
    EXPECT_EQ(can_move, (std::vector<std::uint32_t>{0}));
    const std::vector<std::optional<bits_per_second>> measured(rig.map.graph().link_count(), 1.0);
    const auto network =
        report::describe(t, demands, what_if(t, single_failures(rig.map), 0.9), measured);
    ASSERT_EQ(network.links.size(), 8U);
    EXPECT_EQ(network.links[0].node, "b");
    EXPECT_NEAR(network.links[0].utilisation, 1.1, 1e-9);
    ASSERT_EQ(network.failures.size(), 8U);
    EXPECT_EQ(network.failures[0].what, "a:to-b");
    EXPECT_EQ(network.failures[0].kind, "link");

    const auto found = reoptimise(t, can_move, moves.ways());
    ASSERT_EQ(found.moves.size(), 1U);
    const auto plan = report::describe(t, demands, found);
    EXPECT_EQ(plan.moves[0].of.policy, "color 10 endpoint 10.0.0.3");
    EXPECT_EQ(plan.moves[0].lists, (std::vector<std::string>{"c, d"}));

    const auto candidate = moves.candidate_for(found.moves[0]);
    rig.all->set(key, candidate);
    (void)rig.all->update(1);
    EXPECT_EQ(rig.way(key), "a c d");
    // The next move replaces it.
    policy_moves later(rig.map, *rig.all, *rig.reserved, demands);
    ASSERT_EQ(later.movable(), can_move);
    const auto next = later.candidate_for(found.moves[0]);
    EXPECT_EQ(next.key, candidate.key);
    EXPECT_EQ(next.preference, candidate.preference);
}

}  // namespace
}  // namespace rhumb::controller

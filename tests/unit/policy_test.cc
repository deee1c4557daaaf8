// One policy at a time: which candidate is preferred, which lists are valid, labels, exchanges.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "controlplane/paths/policy_bindings.hh"
#include "controlplane/paths/policy_check.hh"
#include "controlplane/paths/policy_selection.hh"
#include "controlplane/paths/policy_transition.hh"
#include "tests/unit/policies_rig.hh"

namespace rhumb::paths {
namespace {

using test::host;
using test::policies_rig;

candidate_path candidate(std::uint32_t preference, protocol_origin origin, std::uint32_t asn = 0,
                         std::uint32_t address = 0, std::uint32_t discriminator = 0) {
    candidate_path c;
    c.preference = preference;
    c.key = {origin, originator_of(asn, host(address)), discriminator};
    return c;
}

// RFC 9256 2.9: A (200, PCEP) is not valid, B (100, BGP) and C (100, configuration) are.
TEST(policy_selection, configuration_goes_before_bgp_and_bgp_before_pcep) {
    const auto b = candidate(100, protocol_origin::bgp, 65000);
    const auto c = candidate(100, protocol_origin::config);
    EXPECT_TRUE(goes_before(c, b));
    EXPECT_FALSE(goes_before(b, c));
    EXPECT_TRUE(goes_before(candidate(200, protocol_origin::pcep), c));
    EXPECT_TRUE(goes_before(b, candidate(100, protocol_origin::pcep)));
}

TEST(policy_selection, the_lower_originator_then_the_higher_discriminator) {
    const auto first = candidate(100, protocol_origin::bgp, 65001, 0xc0000201);
    const auto second = candidate(100, protocol_origin::bgp, 65001, 0xc0000202);
    EXPECT_TRUE(goes_before(first, second));
    const auto other_asn = candidate(100, protocol_origin::bgp, 65000, 0xc0000209);
    EXPECT_TRUE(goes_before(other_asn, first));
    const auto later = candidate(100, protocol_origin::bgp, 65001, 0xc0000201, 2);
    EXPECT_TRUE(goes_before(later, first));
    // An IPv4 address is the last 32 of 128 bits: below any global IPv6 address.
    ip_prefix six;
    six.af = family::ipv6;
    six.length = 128;
    six.address[0] = 0x20;
    candidate_path by_six = first;
    by_six.key.from = originator_of(65001, six);
    EXPECT_TRUE(goes_before(second, by_six));
}

TEST(policy_selection, what_is_installed_is_kept_by_option_within_an_origin) {
    const auto first = candidate(100, protocol_origin::bgp, 65001, 1);
    const auto second = candidate(100, protocol_origin::bgp, 65001, 2);
    EXPECT_TRUE(goes_before(second, first, &second.key));
    const auto config = candidate(100, protocol_origin::config);
    EXPECT_TRUE(goes_before(config, second, &second.key));
    EXPECT_TRUE(goes_before(candidate(101, protocol_origin::pcep), second, &second.key));
}

TEST(policy_selection, is_a_total_order_whatever_the_order_of_candidates) {
    std::mt19937_64 dice(7);
    constexpr std::array origins{protocol_origin::pcep, protocol_origin::bgp,
                                 protocol_origin::config};
    for (int round = 0; round < 500; ++round) {
        std::vector<candidate_path> all;
        for (std::size_t n = 0; n < 12; ++n) {
            auto c = candidate(
                static_cast<std::uint32_t>(100 + dice() % 2), origins[dice() % origins.size()],
                static_cast<std::uint32_t>(dice() % 2), static_cast<std::uint32_t>(dice() % 2),
                static_cast<std::uint32_t>(dice() % 3));
            const auto same = [&](const candidate_path& x) { return x.key == c.key; };
            if (std::none_of(all.begin(), all.end(), same)) {
                all.push_back(c);
            }
        }
        const candidate_key installed = all[dice() % all.size()].key;
        std::vector<std::vector<candidate_key>> seen;
        for (int shuffles = 0; shuffles < 4; ++shuffles) {
            std::shuffle(all.begin(), all.end(), dice);
            std::vector<std::uint32_t> order;
            order_of_preference(all, round % 2 == 0 ? &installed : nullptr, order);
            auto& keys = seen.emplace_back();
            for (const std::uint32_t n : order) {
                keys.push_back(all[n].key);
            }
            EXPECT_EQ(keys, seen.front());
        }
    }
}

TEST(policy_selection, the_lowest_priority_that_is_not_the_default_counts) {
    std::vector<candidate_path> all(3);
    EXPECT_EQ(priority_of(all), default_priority);
    all[1].priority = 200;
    EXPECT_EQ(priority_of(all), 200);
    all[2].priority = 3;
    EXPECT_EQ(priority_of(all), 3);
}

class policy_check : public testing::Test {
protected:
    // a - b - c - d in a line, b = c twice; e stands apart.
    policies_rig rig{
        std::vector<test::edge>{{"a", "b"}, {"b", "c"}, {"b", "c"}, {"c", "d"}, {"e", "f"}}};
    list_checker checker{rig.map};

    list_verdict check(std::vector<hop> hops, bool verify = false) {
        return checker.check(rig.node("a"), {std::move(hops), 1, verify});
    }
};

TEST_F(policy_check, lists_that_lead_somewhere_are_valid) {
    const auto good = check({rig.to("b"), rig.over("b", "c"), rig.to("d")});
    EXPECT_EQ(good.fault, list_fault::none);
    ASSERT_EQ(good.segments.size(), 3U);
    EXPECT_EQ(good.segments[0], topology::segment::to_node(rig.node("b")));
    EXPECT_EQ(good.segments[1].kind, topology::segment_kind::parallel);
    EXPECT_EQ(good.links.size(), 2U);
    hop one = rig.over("b", "c");
    one.link = "to-c.2";
    const auto pinned = check({rig.to("b"), one});
    ASSERT_EQ(pinned.segments.size(), 2U);
    EXPECT_EQ(pinned.segments[1].kind, topology::segment_kind::adjacency);
    EXPECT_EQ(pinned.segments[1].number, *rig.map.find_link(rig.node("b"), "to-c.2"));
}

TEST_F(policy_check, each_fault_has_its_name) {
    EXPECT_EQ(check({}).fault, list_fault::empty);
    EXPECT_EQ(checker.check(rig.node("a"), {{rig.to("b")}, 0, false}).fault, list_fault::no_weight);
    EXPECT_EQ(check({rig.to("e")}).fault, list_fault::unreachable);
    EXPECT_EQ(check({rig.over("a", "c")}).fault, list_fault::unresolved);
    const auto apart = check({rig.to("b"), rig.over("c", "d")});
    EXPECT_EQ(apart.fault, list_fault::disconnected);
    EXPECT_EQ(apart.hop, 1U);
    hop unknown;
    unknown.is = hop::kind::prefix;
    unknown.address = test::net(0xcb007100, 24);
    EXPECT_EQ(check({unknown}).fault, list_fault::unresolved);
    unknown.address = rig.address("d");
    EXPECT_EQ(check({unknown}).segments.front(), topology::segment::to_node(rig.node("d")));
}

TEST_F(policy_check, the_msd_counts_what_is_pushed) {
    rig.of("a").msd = 2;
    (void)rig.say({"a"}, 0);
    EXPECT_EQ(check({rig.to("b"), rig.to("c")}).fault, list_fault::none);
    EXPECT_EQ(check({rig.to("b"), rig.to("c"), rig.to("d")}).fault, list_fault::too_deep);
    // The headend's own link takes no label.
    EXPECT_EQ(check({rig.over("a", "b"), rig.to("c"), rig.to("d")}).fault, list_fault::none);
    list_checker careful(rig.map, 1);
    EXPECT_EQ(careful.check(rig.node("a"), {{rig.to("b"), rig.to("c")}, 1, false}).fault,
              list_fault::too_deep);
}

// SRGBs begin at 16000, and node n's index is n + 1: a has 16001.
TEST_F(policy_check, labels_are_read_as_the_nodes_on_the_way_would) {
    const auto good = check({rig.label(16'002), rig.label(16'004)}, true);
    EXPECT_EQ(good.fault, list_fault::none);
    EXPECT_EQ(good.segments[1].kind, topology::segment_kind::sid);
    EXPECT_EQ(good.segments[1].number, 16'004U);
    EXPECT_EQ(check({rig.label(17'000)}).fault, list_fault::unresolved);         // the first one
    EXPECT_EQ(check({rig.to("b"), rig.label(17'000)}).fault, list_fault::none);  // not asked for
    EXPECT_EQ(check({rig.to("b"), rig.label(17'000)}, true).fault, list_fault::unresolved);
    EXPECT_EQ(check({rig.label(16'005)}).fault, list_fault::unreachable);  // e
    // 4000 is the first link of its node: from b back to a.
    const auto back = check({rig.to("b"), rig.label(4'000), rig.over("a", "b")});
    EXPECT_EQ(back.fault, list_fault::none);
    EXPECT_EQ(check({rig.to("b"), rig.label(4'000), rig.over("b", "c")}).fault,
              list_fault::disconnected);
}

TEST_F(policy_check, a_binding_sid_leads_to_where_its_path_ends) {
    rig.of("b").bindings.push_back({15'500, {"c", "d"}});
    (void)rig.say({"b"}, 0);
    (void)checker.refresh({false, false, {}, {rig.node("b")}, {}});
    EXPECT_EQ(check({rig.to("b"), rig.label(15'500), rig.over("d", "c")}, true).fault,
              list_fault::none);
    EXPECT_EQ(check({rig.to("b"), rig.label(15'501)}, true).fault, list_fault::unresolved);
}

// No path through an overloaded node, but to it.
TEST_F(policy_check, nothing_goes_through_an_overloaded_node) {
    rig.of("c").overload = true;
    (void)rig.say({"c"}, 0);
    EXPECT_EQ(check({rig.to("d")}).fault, list_fault::unreachable);
    EXPECT_EQ(check({rig.to("c")}).fault, list_fault::none);
    EXPECT_EQ(check({rig.to("c"), rig.to("d")}).fault, list_fault::none);
}

// What refresh() takes for unchanged is what it was.
TEST(reachability, is_the_same_with_and_without_memory) {
    std::mt19937_64 dice(11);
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        policies_rig rig(test::random_graph(12, 14, 5, seed));
        reachability kept(rig.map);
        std::vector<test::edge> edges = test::random_graph(12, 14, 5, seed);
        std::vector<test::edge> down;
        for (int step = 0; step < 10; ++step) {
            topology::change sum;
            const auto note = [&](const test::edge& e, bool up) {
                const auto before = rig.map.renumberings();
                (void)(up ? rig.repair(e.a, e.b, 0) : rig.fail(e.a, e.b, 0));
                ASSERT_EQ(rig.map.renumberings(), before);
                for (topology::link_number l = 0; l < rig.map.graph().link_count(); ++l) {
                    sum.links.push_back(l);
                }
            };
            if (!down.empty() && dice() % 2 == 0) {
                note(down.back(), true);
                down.pop_back();
            } else {
                down.push_back(edges[dice() % edges.size()]);
                note(down.back(), false);
            }
            (void)kept.refresh(sum);
            reachability fresh(rig.map);
            for (topology::node_number a = 0; a < 12; ++a) {
                for (topology::node_number b = 0; b < 12; ++b) {
                    ASSERT_EQ(kept.reaches(a, b, 0), fresh.reaches(a, b, 0)) << seed;
                }
            }
        }
    }
}

list_generation lists(std::uint64_t number) {
    return {number, {{{topology::segment::to_node(static_cast<std::uint32_t>(number))}, 1}}};
}

using steps = std::vector<transition>;

TEST(list_exchange, installs_then_switches_then_removes) {
    list_exchange exchange;
    steps done;
    exchange.replace(5, lists(1), 100, done);
    EXPECT_EQ(done, (steps{{transition_step::install, 5, 1}, {transition_step::switch_to, 5, 1}}));
    EXPECT_EQ(exchange.due(), never);
    done.clear();
    exchange.replace(5, lists(2), 1110, done);
    EXPECT_EQ(done, (steps{{transition_step::install, 5, 2}, {transition_step::switch_to, 5, 2}}));
    EXPECT_EQ(exchange.in_force().number, 2U);
    EXPECT_EQ(exchange.due(), 1110U);
    done.clear();
    exchange.advance(5, 1109, done);
    EXPECT_TRUE(done.empty());
    exchange.advance(5, 1110, done);
    EXPECT_EQ(done, (steps{{transition_step::remove, 5, 1}}));
    EXPECT_EQ(exchange.due(), never);
    // Without lists it stops; what is still there can go at once.
    done.clear();
    exchange.replace(5, {}, 3000, done);
    exchange.flush(5, done);
    EXPECT_EQ(done, (steps{{transition_step::switch_to, 5, 0}, {transition_step::remove, 5, 2}}));
}

// Whatever happens: switches are to what was installed and not removed, what is in force is never
// removed, and in the end one generation is left.
TEST(list_exchange, never_breaks_before_it_makes) {
    std::mt19937_64 dice(3);
    for (int round = 0; round < 2000; ++round) {
        const microseconds keep = dice() % 9;
        list_exchange exchange;
        steps done;
        microseconds now = 0;
        std::uint64_t number = 0;
        for (int step = 0; step < 12; ++step) {
            now += dice() % 4;
            exchange.advance(0, now, done);
            if (dice() % 3 != 0) {
                exchange.replace(0, dice() % 6 == 0 ? list_generation{} : lists(++number),
                                 now + keep, done);
            }
        }
        exchange.advance(0, now + keep, done);
        std::set<std::uint64_t> there;
        std::uint64_t in_force = 0;
        for (const transition& t : done) {
            if (t.step == transition_step::install) {
                EXPECT_TRUE(there.insert(t.generation).second);
            } else if (t.step == transition_step::switch_to) {
                EXPECT_TRUE(t.generation == 0 || there.contains(t.generation));
                in_force = t.generation;
            } else {
                EXPECT_NE(t.generation, in_force);
                EXPECT_EQ(there.erase(t.generation), 1U);
            }
        }
        EXPECT_EQ(in_force, exchange.in_force().number);
        EXPECT_EQ(there.size(), in_force == 0 ? 0U : 1U);
    }
}

TEST(policy_bindings, specified_labels_belong_to_whoever_came_first) {
    std::set<mpls::label> taken{20'000};
    policy_bindings bindings({[&](auto, auto label) { return taken.insert(label).second; },
                              [&](auto) {
                                  mpls::label l = 30'000;
                                  while (!taken.insert(l).second) {
                                      ++l;
                                  }
                                  return std::optional(l);
                              },
                              [&](auto, auto label) { taken.erase(label); }});
    binding one;
    binding two;
    bindings.bind(1, 0, 15'100, one, 100);
    EXPECT_EQ(one, (binding{15'100, true, std::nullopt}));
    bindings.bind(2, 0, 15'100, two, 100);
    EXPECT_EQ(two, (binding{30'000, false, 15'100}));
    binding elsewhere;
    bindings.bind(3, 1, 20'000, elsewhere, 100);  // in use by something else
    EXPECT_EQ(elsewhere.refused, 20'000U);
    // A label that is given up is the policy's for a while, then anybody's.
    bindings.unbind(1, 0, one, 200);
    EXPECT_FALSE(bindings.available(2, 0, 15'100));
    EXPECT_FALSE(bindings.advance(199));
    EXPECT_EQ(bindings.due(), 200U);
    EXPECT_TRUE(bindings.advance(200));
    EXPECT_TRUE(bindings.available(2, 0, 15'100));
    bindings.bind(2, 0, 15'100, two, 300);
    EXPECT_EQ(two, (binding{15'100, true, std::nullopt}));
    // Its former label is kept where none is specified.
    bindings.bind(2, 0, std::nullopt, two, 300);
    EXPECT_EQ(two, (binding{15'100, false, std::nullopt}));
    bindings.bind(2, 0, 15, two, 300);  // no label of ours
    EXPECT_EQ(two.refused, 15U);
}

}  // namespace
}  // namespace rhumb::paths

// Policies of disjoint pairs, of equal-cost paths, of paths longer than the MSD, and bandwidth that
// others hold.
#include <gtest/gtest.h>

#include <utility>

#include "controlplane/paths/policy_reasons.hh"
#include "tests/unit/policies_rig.hh"

namespace rhumb::paths {
namespace {

using test::policies_rig;

// The field's example: the shortest path a b c d is in the way of both paths of the pair, which are
// a b f d and a e c d.
std::vector<test::edge> trap() {
    return {{"a", "b", 1, 1}, {"b", "c", 1, 1}, {"c", "d", 1, 1}, {"a", "e", 2, 2},
            {"e", "c", 2, 2}, {"b", "f", 2, 2}, {"f", "d", 2, 2}};
}

candidate_path of_group(const std::string& name, kept_apart kind = kept_apart::link,
                        bool strict = false) {
    candidate_path c = policies_rig::dynamic_path({}, 200);
    c.dynamic->group = name;
    c.dynamic->disjoint = kind;
    c.dynamic->strict = strict;
    return c;
}

const candidate_state& first_state(const policies_rig& rig, const policy_key& key) {
    return rig.all->find(key)->states.at(0);
}

TEST(policy_pairs, two_that_name_a_group_are_computed_together) {
    policies_rig rig(trap(), {}, true);
    const auto one = rig.key("a", 1, "d");
    const auto two = rig.key("a", 2, "d");
    rig.all->set(one, of_group("x"));
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(one), "a b c d");
    EXPECT_EQ(first_state(rig, one).pair, pairing::single);
    rig.all->set(two, of_group("x"));
    const auto done = rig.all->update(1);
    EXPECT_EQ(done.computed, 1U);
    EXPECT_EQ(rig.way(one), "a b f d");
    EXPECT_EQ(rig.way(two), "a e c d");
    EXPECT_EQ(first_state(rig, two).pair, pairing::disjoint);
    EXPECT_EQ(pair_text(rig.map, first_state(rig, two)),
              "a pair with a, color 1: they share nothing");
    // Nodes are shared by neither; and without the other one the shortest path is free again.
    EXPECT_TRUE(rig.all->remove(two));
    (void)rig.all->update(2);
    EXPECT_EQ(rig.way(one), "a b c d");
}

TEST(policy_pairs, both_move_at_once_when_one_fails_and_new_lists_come_first) {
    policies_rig rig(trap(), {}, true);
    const auto one = rig.key("a", 1, "d");
    const auto two = rig.key("a", 2, "d");
    rig.all->set(one, of_group("x"));
    rig.all->set(two, of_group("x"));
    (void)rig.all->update(0);
    // The nearer path becomes the longer one: the two change places.
    for (auto& l : rig.of("b").links) {
        l.metric = l.remote == "f" ? 9 : l.metric;
    }
    const auto done = rig.say({"b"}, 10);
    EXPECT_EQ(rig.way(one), "a e c d");
    EXPECT_EQ(rig.way(two), "a b f d");
    EXPECT_EQ(done.changed, (std::vector<std::uint32_t>{0, 1}));
    ASSERT_GE(done.steps.size(), 4U);
    EXPECT_EQ(done.steps[0].step, transition_step::install);
    EXPECT_EQ(done.steps[1].step, transition_step::install);
    EXPECT_EQ(done.steps[2].step, transition_step::switch_to);
    EXPECT_EQ(done.steps[3].step, transition_step::switch_to);
    // Where no pair keeps apart they share as little as they can, and find back.
    (void)rig.fail("a", "e", 20);
    EXPECT_EQ(first_state(rig, one).pair, pairing::sharing);
    EXPECT_EQ(pair_text(rig.map, first_state(rig, one)),
              "a pair with a, color 2: they share link a:to-b");
    (void)rig.repair("a", "e", 30);
    EXPECT_EQ(first_state(rig, one).pair, pairing::disjoint);
    EXPECT_EQ(rig.way(two), "a b f d");
}

TEST(policy_pairs, strict_ones_have_both_or_none) {
    policies_rig rig(trap(), {}, true);
    const auto one = rig.key("a", 1, "d");
    const auto two = rig.key("a", 2, "d");
    rig.all->set(one, of_group("x", kept_apart::node, true));
    rig.all->set(one, rig.dynamic_path({}, 100, 1));
    rig.all->set(two, of_group("x", kept_apart::node, true));
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(one), "a b f d");
    (void)rig.fail("b", "f", 1);
    EXPECT_EQ(rig.way(one), "a b c d");  // its other candidate
    EXPECT_EQ(rig.way(two), "");
    EXPECT_EQ(first_state(rig, two).fault, list_fault::not_apart);
    EXPECT_EQ(pair_text(rig.map, first_state(rig, two)), "there is no pair that keeps apart");
    (void)rig.repair("b", "f", 2);
    EXPECT_EQ(rig.way(two), "a e c d");
}

// a and g are headends, d and h endpoints; m is in the middle.
TEST(policy_pairs, ends_may_differ_on_both_sides) {
    policies_rig rig({{"a", "m", 1, 1},
                      {"g", "m", 1, 1},
                      {"m", "d", 1, 1},
                      {"m", "h", 1, 1},
                      {"g", "h", 9, 9},
                      {"a", "h", 1, 1},
                      {"g", "d", 1, 1}},
                     {}, true);
    const auto one = rig.key("a", 1, "d");
    const auto two = rig.key("g", 1, "h");
    rig.all->set(one, of_group("x", kept_apart::node));
    rig.all->set(two, of_group("x", kept_apart::node));
    (void)rig.all->update(0);
    // Crosswise, a to h and g to d, would be cheaper, but is not what is wanted.
    EXPECT_EQ(rig.way(one), "a m d");
    EXPECT_EQ(rig.way(two), "g h");
    EXPECT_EQ(first_state(rig, one).pair, pairing::disjoint);
    // There and back are no pair: each goes its own way, and that is said.
    const auto back = rig.key("d", 2, "a");
    const auto there = rig.key("a", 2, "d");
    rig.all->set(there, of_group("y"));
    rig.all->set(back, of_group("y"));
    (void)rig.all->update(1);
    EXPECT_EQ(first_state(rig, back).pair, pairing::separate);
    EXPECT_EQ(pair_text(rig.map, first_state(rig, back)),
              "no pair with a, color 2: the ends of a pair are different nodes");
    EXPECT_EQ(rig.way(back), "d m a");
}

TEST(policy_pairs, srlgs_and_groups_that_are_none) {
    auto edges = trap();
    edges[0].srlgs = {7};  // a - b
    edges[3].srlgs = {7};  // a - e
    edges.push_back({"a", "d", 50, 50});
    policies_rig rig(edges, {}, true);
    const auto one = rig.key("a", 1, "d");
    const auto two = rig.key("a", 2, "d");
    const auto three = rig.key("a", 3, "d");
    rig.all->set(one, of_group("x", kept_apart::srlg));
    rig.all->set(two, of_group("x", kept_apart::srlg));
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(one), "a b c d");
    EXPECT_EQ(rig.way(two), "a d");
    rig.all->set(three, of_group("x", kept_apart::srlg));
    (void)rig.all->update(1);
    EXPECT_EQ(first_state(rig, one).fault, list_fault::no_pair);
    rig.all->set(three, of_group("y", kept_apart::srlg));
    rig.all->set(two, of_group("x", kept_apart::node));
    (void)rig.all->update(2);
    EXPECT_EQ(first_state(rig, two).fault, list_fault::no_pair);
    EXPECT_EQ(first_state(rig, three).pair, pairing::single);
}

// To d over g: no node of the path over b, but a risk. Over f: no risk, but node b. Over h:
// neither.
TEST(policy_pairs, nodes_and_srlgs_together) {
    for (const bool as_pair : {true, false}) {
        policies_rig rig({{"a", "b", 1, 1, 0, {7}},
                          {"b", "d", 1, 1},
                          {"b", "d", 2, 2},
                          {"a", "g", 2, 2, 0, {7}},
                          {"g", "d", 2, 2, 0, {8}},
                          {"a", "f", 3, 3},
                          {"f", "b", 3, 3, 0, {8}},
                          {"a", "h", 20, 20},
                          {"h", "d", 20, 20}},
                         {}, true);
        const auto one = rig.key("a", 1, "d");
        const auto two = rig.key("a", 2, "d");
        std::vector<std::string> ways;
        for (const kept_apart kind :
             {kept_apart::link, kept_apart::node, kept_apart::srlg, kept_apart::node_and_srlg}) {
            candidate_path second = of_group("x", kind);
            if (!as_pair) {
                second.dynamic->group.clear();
                second.dynamic->disjoint_from = one;
            }
            rig.all->set(one, as_pair ? of_group("x", kind) : rig.dynamic_path());
            rig.all->set(two, second);
            (void)rig.all->update(0);
            EXPECT_EQ(rig.way(one), "a b d");
            ways.push_back(rig.way(two));
        }
        EXPECT_EQ(ways, (std::vector<std::string>{"a g d", "a g d", "a f b d", "a h d"}));
    }
}

std::vector<topology::advertisement> with_bandwidth(const std::vector<test::edge>& edges) {
    auto said = test::make_advertisements(edges);
    for (auto& node : said) {
        for (auto& l : node.links) {
            l.bandwidth = 10;
        }
    }
    return said;
}

TEST(policy_pairs, bandwidth_of_a_pair_is_held_while_it_changes_places) {
    policies_rig rig(with_bandwidth(trap()), {}, true);
    const auto one = rig.key("a", 1, "d");
    const auto two = rig.key("a", 2, "d");
    candidate_path c = of_group("x");
    c.dynamic->within.bandwidth = 8;
    rig.all->set(one, c);
    rig.all->set(two, c);
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(one), "a b f d");
    EXPECT_EQ(rig.way(two), "a e c d");
    // The other way round would be the order of the lengths; but each holds what the other wants.
    for (auto& l : rig.of("b").links) {
        l.metric = l.remote == "f" ? 9 : l.metric;
    }
    (void)rig.say({"b"}, 10);
    EXPECT_EQ(rig.way(one), "a b f d");
    EXPECT_EQ(rig.way(two), "a e c d");
    EXPECT_EQ(first_state(rig, two).pair, pairing::disjoint);
    const topology::link_number l = *rig.map.find_link(rig.node("a"), "to-b");
    EXPECT_EQ(rig.reserved->reserved(l), 8U);
}

TEST(policies_bandwidth, what_others_have_reserved_is_not_to_be_had) {
    policies_rig rig(with_bandwidth(trap()), {}, true);
    const auto key = rig.key("a", 1, "d");
    constraints within;
    within.bandwidth = 8;
    rig.all->set(key, rig.dynamic_path(within));
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(key), "a b c d");
    for (auto& l : rig.of("b").links) {
        l.reserved = l.remote == "c" ? 3 : 0;  // RSVP-TE
    }
    (void)rig.say({"b"}, 5'000'000);
    EXPECT_EQ(rig.way(key), "a e c d");
    for (auto& l : rig.of("b").links) {
        l.reserved = 0;
    }
    (void)rig.say({"b"}, 10'000'000);
    EXPECT_EQ(rig.way(key), "a b c d");
}

TEST(policies_ecmp, all_paths_of_the_least_cost_are_taken) {
    // a - {b, c} - d - e, and a way around that is dear.
    policies_rig rig({{"a", "b"},
                      {"a", "c"},
                      {"b", "d"},
                      {"c", "d"},
                      {"d", "e"},
                      {"a", "x", 50, 50},
                      {"x", "e", 50, 50}},
                     {}, true);
    const auto key = rig.key("a", 1, "e");
    candidate_path c = rig.dynamic_path();
    c.dynamic->ecmp = true;
    rig.all->set(key, c);
    (void)rig.all->update(0);
    const policy_state& state = *rig.all->find(key);
    EXPECT_EQ(state.links.size(), 5U);
    ASSERT_EQ(state.lists.in_force().lists.size(), 1U);
    EXPECT_EQ(state.lists.in_force().lists[0].segments,
              topology::segments{topology::segment::to_node(rig.node("e"))});
    (void)rig.fail("b", "d", 1);
    EXPECT_EQ(rig.way(key), "a c d e");
    (void)rig.repair("b", "d", 2);
    EXPECT_EQ(state.links.size(), 5U);
    // A path of equal cost that comes along is taken as well, though a better link is no closer.
    for (auto& l : rig.of("x").links) {
        l.metric = l.remote == "e" ? 10 : l.metric;
    }
    for (auto& l : rig.of("a").links) {
        l.metric = l.remote == "x" ? 20 : l.metric;
    }
    (void)rig.say({"a", "x"}, 3);
    EXPECT_EQ(state.links.size(), 7U);
    // Only what the constraints allow.
    c.dynamic->within.exclude_nodes = {rig.node("b"), rig.node("x")};
    rig.all->set(key, c);
    (void)rig.all->update(4);
    EXPECT_EQ(rig.way(key), "a c d e");
}

// A ladder: the cheap side is a b c d e; the paths that are wanted lead over the dear one.
class deep_paths : public testing::Test {
protected:
    deep_paths() : rig(said(), {}, true) {
        within.exclude_nodes = {rig.node("b"), rig.node("c"), rig.node("d")};
    }
    static std::vector<topology::advertisement> said() {
        std::vector<test::edge> edges{{"a", "b", 1, 1}, {"b", "c", 1, 1}, {"c", "d", 1, 1},
                                      {"d", "e", 1, 1}, {"a", "p"},       {"p", "q"},
                                      {"q", "r"},       {"r", "e"},       {"p", "b", 1, 1},
                                      {"q", "c", 1, 1}, {"r", "d", 1, 1}};
        auto made = test::make_advertisements(edges);
        made[0].msd = 2;
        return made;
    }
    policies_rig rig;
    constraints within;
    const policy_key key = rig.key("a", 1, "e");
};

TEST_F(deep_paths, a_binding_sid_on_the_way_takes_over) {
    rig.all->set(key, rig.dynamic_path(within));
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(key), "");
    EXPECT_EQ(first_state(rig, key).fault, list_fault::too_deep);
    const auto wanted = rig.computes->proposal(rig.node("a"), first_state(rig, key).too_long);
    EXPECT_EQ(split_text(rig.map, wanted),
              "a policy with a binding_sid would help: of p over p->q, q->r, r->e");
    // A policy of q over the rest of it, with a label that is known.
    const auto helper = rig.key("q", 7, "e");
    candidate_path c = rig.explicit_path({rig.over("q", "r"), rig.over("r", "e")});
    rig.all->set(helper, c);
    (void)rig.all->update(1);
    EXPECT_EQ(rig.way(key), "");  // one that is allocated is nobody else's to know
    c.binding_sid = 15'007;
    rig.all->set(helper, c);
    (void)rig.all->update(2);
    EXPECT_EQ(rig.way(key), "a p q r e");
    const topology::graph& g = rig.map.graph();
    const auto over = [&](const char* from, const char* to) {
        return topology::segment::over_link(g, *rig.map.find_link(rig.node(from), to));
    };
    const topology::segments expected{over("a", "to-p"),
                                      over("p", "to-q"),
                                      {topology::segment_kind::binding, 0, rig.node("q"), 15'007}};
    EXPECT_EQ(rig.all->find(key)->lists.in_force().lists[0].segments, expected);
    ASSERT_EQ(rig.all->offers().size(), 1U);
    EXPECT_EQ(rig.all->offers()[0].end, rig.node("e"));
    EXPECT_EQ(expand_offers(g, expected, rig.all->offers()),
              (topology::segments{over("a", "to-p"), over("p", "to-q"), over("q", "to-r"),
                                  over("r", "to-e")}));
    // Without it the path is too long again.
    EXPECT_TRUE(rig.all->remove(helper));
    (void)rig.all->update(3);
    EXPECT_EQ(rig.way(key), "");
    EXPECT_TRUE(rig.all->offers().empty());
}

TEST_F(deep_paths, explicit_lists_are_split_where_a_policy_says_the_same) {
    const std::vector<hop> rest{rig.to("c"), rig.over("c", "q"), rig.to("e")};
    std::vector<hop> hops{rig.to("p")};
    hops.insert(hops.end(), rest.begin(), rest.end());
    rig.all->set(key, rig.explicit_path(hops));
    const auto helper = rig.key("p", 7, "e");
    candidate_path c = rig.explicit_path({rig.to("c"), rig.over("c", "q")});
    c.binding_sid = 15'007;
    rig.all->set(helper, c);
    (void)rig.all->update(0);
    EXPECT_EQ(rig.way(key), "");  // p, its binding SID and e are three labels
    EXPECT_EQ(first_state(rig, key).fault, list_fault::too_deep);
    c = rig.explicit_path(rest);
    c.binding_sid = 15'007;
    rig.all->set(helper, c);
    (void)rig.all->update(1);
    const topology::segments expected{topology::segment::to_node(rig.node("p")),
                                      {topology::segment_kind::binding, 0, rig.node("p"), 15'007}};
    ASSERT_TRUE(rig.all->find(key)->active);
    EXPECT_EQ(rig.all->find(key)->lists.in_force().lists[0].segments, expected);
}

TEST_F(deep_paths, explicit_lists_are_split_by_binding_sids_of_the_map) {
    auto& p = rig.of("p");
    p.bindings.push_back({15'100, {"q", "r", "e"}});
    (void)rig.say({"p"}, 0);
    rig.all->set(key, rig.explicit_path({rig.to("p"), rig.over("p", "q"), rig.over("q", "r"),
                                         rig.over("r", "e")}));
    (void)rig.all->update(1);
    ASSERT_TRUE(rig.all->find(key)->active);
    EXPECT_EQ(rig.all->find(key)->lists.in_force().lists[0].segments.back(),
              (topology::segment{topology::segment_kind::binding, 0, rig.node("p"), 15'100}));
}

// What is not used itself can stand in the way of a short spelling.
TEST_F(deep_paths, a_failure_elsewhere_makes_a_list_shorter) {
    rig.all->set(key, rig.dynamic_path(within));
    (void)rig.all->update(0);
    EXPECT_EQ(first_state(rig, key).fault, list_fault::too_deep);
    (void)rig.fail("p", "b", 1);
    EXPECT_EQ(rig.way(key), "");
    (void)rig.fail("q", "c", 2);
    (void)rig.fail("r", "d", 3);
    EXPECT_EQ(rig.way(key), "a p q r e");
    EXPECT_LE(rig.all->find(key)->lists.in_force().lists[0].segments.size(), 3U);
    (void)rig.repair("q", "c", 4);
    (void)rig.repair("p", "b", 4);
    (void)rig.repair("r", "d", 4);
    EXPECT_EQ(rig.way(key), "");
}

}  // namespace
}  // namespace rhumb::paths

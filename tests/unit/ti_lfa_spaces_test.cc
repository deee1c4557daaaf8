// P-space, Q-space and reasons of small networks, by hand.
#include "controlplane/topology/ti_lfa_spaces.hh"

#include <gtest/gtest.h>

#include "tests/unit/ti_lfa_walk.hh"

namespace rhumb::topology {
namespace {

using names = std::vector<std::string>;

struct small_map {
    explicit small_map(const std::vector<test::edge>& edges)
        : all(test::make_map(edges)), view(make_plane(all, 0)) {}

    [[nodiscard]] node_number node(const std::string& name) const { return *all.find(name); }
    [[nodiscard]] link_number link(const std::string& from, const std::string& to) const {
        return *all.find_link(node(from), "to-" + to);
    }
    [[nodiscard]] names named(const std::vector<node_number>& nodes) const {
        names found;
        for (const node_number n : nodes) {
            found.push_back(all.name(n));
        }
        std::sort(found.begin(), found.end());
        return found;
    }
    [[nodiscard]] names path(const std::vector<link_number>& links) const {
        names found;
        for (const link_number l : links) {
            found.push_back(all.name(all.graph().to[l]));
        }
        return found;
    }

    map all;
    plane view;
};

// The laboratory's ring: r1-r2-r3-r4-r1 with r3-r4 at 40, and r5 behind r3.
small_map laboratory() {
    return small_map({{"r1", "r2", 10, 10},
                      {"r2", "r3", 10, 10},
                      {"r3", "r4", 40, 40},
                      {"r1", "r4", 10, 10},
                      {"r3", "r5", 10, 10}});
}

TEST(ti_lfa_spaces, of_the_laboratory) {
    const small_map m = laboratory();
    const graph& g = m.all.graph();
    const failure what = failure_of(m.all, m.view, m.link("r1", "r2"), protection::link);
    EXPECT_EQ(what.links.size(), 2U);
    EXPECT_EQ(m.named(p_space(g, m.view, m.node("r1"), what)), (names{"r1", "r4"}));
    EXPECT_EQ(m.named(q_space(g, m.view, m.node("r2"), what)), (names{"r2", "r3", "r5"}));
    // Of the node: nothing but itself and what does not go through it.
    const failure node = failure_of(m.all, m.view, m.link("r1", "r2"), protection::node);
    EXPECT_EQ(node.links.size(), 4U);
    EXPECT_EQ(m.named(p_space(g, m.view, m.node("r1"), node)), (names{"r1", "r4"}));
    EXPECT_EQ(m.named(q_space(g, m.view, m.node("r3"), node)), (names{"r3", "r5"}));
    EXPECT_EQ(m.named(q_space(g, m.view, m.node("r2"), node)), names{});
}

TEST(ti_lfa_spaces, equal_cost_branches_count) {
    // Two equal ways from a to c: one of them fails.
    const small_map m({{"a", "b"}, {"b", "c"}, {"a", "d"}, {"d", "c"}});
    const failure what = failure_of(m.all, m.view, m.link("a", "b"), protection::link);
    EXPECT_EQ(m.named(p_space(m.all.graph(), m.view, m.node("a"), what)), (names{"a", "d"}));
    EXPECT_EQ(m.named(q_space(m.all.graph(), m.view, m.node("c"), what)), (names{"b", "c", "d"}));
}

TEST(ti_lfa_spaces, a_repair_explained) {
    const small_map m = laboratory();
    const auto told = explain_repair(m.all, m.view, 0, m.link("r1", "r4"), m.node("r4"), {});
    EXPECT_EQ(told.outcome, repair_outcome::repaired);
    EXPECT_EQ(told.before, 10U);
    EXPECT_EQ(told.after, 60U);
    EXPECT_EQ(told.segments, 2U);
    EXPECT_EQ(m.path(told.path), (names{"r2", "r3", "r4"}));
    EXPECT_EQ(m.named(told.p), (names{"r1", "r2", "r3", "r5"}));
    EXPECT_EQ(m.named(told.extended_p), (names{"r1", "r2", "r3", "r5"}));
    EXPECT_EQ(m.named(told.q), names{"r4"});
}

TEST(ti_lfa_spaces, reasons) {
    const small_map m = laboratory();
    const auto outcome = [&](const std::string& from, const std::string& to,
                             const std::string& destination, const ti_lfa_options& options) {
        return explain_repair(m.all, m.view, 0, m.link(from, to), m.node(destination), options)
            .outcome;
    };
    ti_lfa_options options;
    EXPECT_EQ(outcome("r3", "r5", "r5", options), repair_outcome::no_other_path);
    EXPECT_EQ(outcome("r1", "r2", "r4", options), repair_outcome::not_used);
    options.protects = protection::node;
    EXPECT_EQ(outcome("r1", "r2", "r3", options), repair_outcome::repaired);
    EXPECT_EQ(outcome("r1", "r2", "r2", options), repair_outcome::weaker);
    options.fall_back = false;
    EXPECT_EQ(outcome("r1", "r2", "r2", options), repair_outcome::no_other_path);
    options.protects = protection::link;
    options.max_segments = 1;
    EXPECT_EQ(outcome("r1", "r4", "r4", options), repair_outcome::too_many_segments);
    const auto told = explain_repair(m.all, m.view, 0, m.link("r1", "r4"), m.node("r4"), options);
    EXPECT_EQ(told.segments, 2U);
    EXPECT_EQ(m.path(told.path), (names{"r2", "r3", "r4"}));
    options.max_segments = 8;
    options.has_adjacency_sid.assign(m.all.graph().link_count(), 0);
    EXPECT_EQ(outcome("r1", "r4", "r4", options), repair_outcome::no_sids);
}

TEST(ti_lfa_spaces, a_risk_shared_by_too_many) {
    std::vector<test::edge> edges = test::ring(6);
    for (test::edge& e : edges) {
        e.srlgs = {7};
    }
    edges.push_back({"n0", "n1", 90, 90});
    const small_map m(edges);
    ti_lfa_options options;
    options.protects = protection::srlg;
    options.fall_back = false;
    options.max_srlg_links = 11;
    const auto told = [&] {
        return explain_repair(m.all, m.view, 0, m.link("n0", "n1"), m.node("n1"), options);
    };
    EXPECT_EQ(told().outcome, repair_outcome::repaired);
    EXPECT_EQ(m.path(told().path), names{"n1"});
    options.max_srlg_links = 9;
    EXPECT_EQ(told().outcome, repair_outcome::srlg_too_large);
    options.fall_back = true;
    EXPECT_EQ(told().outcome, repair_outcome::weaker);
}

}  // namespace
}  // namespace rhumb::topology

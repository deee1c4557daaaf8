// Repairs by hand: the worked examples of RFC 9855's kinds, and what the options do.
#include "controlplane/topology/ti_lfa.hh"

#include <gtest/gtest.h>

#include "tests/unit/ti_lfa_walk.hh"

namespace rhumb::topology {
namespace {

// A repair in words: "c: node d, adj d-e" leaves over the link to c.
class named_repairs {
public:
    explicit named_repairs(const std::vector<test::edge>& edges)
        : named_repairs(test::make_advertisements(edges)) {}
    explicit named_repairs(const std::vector<advertisement>& said, std::uint8_t algorithm = 0)
        : map_(test::make_map(said)), view_(make_plane(map_, algorithm)), algorithm_(algorithm) {}

    [[nodiscard]] std::string operator()(const std::string& link, const std::string& to,
                                         const ti_lfa_options& options = {}) {
        const link_repairs of = repairs_of(link, options);
        return words(of, of.by_node[node(to)]);
    }
    // Of the adjacency itself.
    [[nodiscard]] std::string adjacency(const std::string& link,
                                        const ti_lfa_options& options = {}) {
        const link_repairs of = repairs_of(link, options);
        return words(of, of.adjacency);
    }
    // `link` is "a-b", or "a-b.2".
    [[nodiscard]] link_number link(const std::string& name) const {
        const std::size_t dash = name.find('-');
        return *map_.find_link(node(name.substr(0, dash)), "to-" + name.substr(dash + 1));
    }
    [[nodiscard]] node_number node(const std::string& name) const { return *map_.find(name); }
    [[nodiscard]] link_repairs repairs_of(const std::string& name, const ti_lfa_options& options) {
        const link_number l = link(name);
        for (link_repairs& of :
             computer_.compute(map_, view_, algorithm_, map_.graph().from[l], options)) {
            if (of.link == l) {
                return of;
            }
        }
        return {};
    }
    [[nodiscard]] const map& all() const { return map_; }
    [[nodiscard]] const plane& view() const { return view_; }

private:
    [[nodiscard]] std::string words(const link_repairs& of, std::uint32_t number) const {
        if (number == link_repairs::none) {
            return "none";
        }
        const repair& r = of.repairs[number];
        std::string text = map_.said_of(r.out)->name.substr(3) + ":";
        for (const segment& s : r.segments) {
            if (s.kind == segment_kind::node) {
                EXPECT_EQ(s.algorithm, algorithm_);
                text += " node " + map_.name(s.node);
            } else {
                text += " adj " + map_.name(s.node) + "-" + map_.said_of(s.number)->name.substr(3);
            }
        }
        switch (r.protects) {
            case protection::link: return text;
            case protection::node: return text + " (node)";
            case protection::srlg: return text + " (srlg)";
            case protection::node_and_srlg: return text + " (both)";
        }
        return text;
    }

    map map_;
    plane view_;
    std::uint8_t algorithm_;
    repair_computer computer_;
};

TEST(ti_lfa, the_laboratory) {
    named_repairs of({{"r1", "r2", 10, 10},
                      {"r2", "r3", 10, 10},
                      {"r3", "r4", 40, 40},
                      {"r1", "r4", 10, 10},
                      {"r3", "r5", 10, 10}});
    EXPECT_EQ(of("r1-r2", "r2"), "r4: adj r4-r3");
    EXPECT_EQ(of("r1-r2", "r3"), "r4: adj r4-r3");
    EXPECT_EQ(of("r1-r2", "r5"), "r4: adj r4-r3");
    EXPECT_EQ(of("r1-r2", "r4"), "none");
    EXPECT_EQ(of("r1-r4", "r4"), "r2: node r3 adj r3-r4");
    EXPECT_EQ(of("r3-r2", "r1"), "r4:");
    EXPECT_EQ(of("r3-r5", "r5"), "none");
    // Equal repairs are one; that for r3 differs in that it ends there.
    const link_repairs all = of.repairs_of("r1-r2", {});
    ASSERT_EQ(all.repairs.size(), 2U);
    EXPECT_EQ(all.by_node[of.node("r2")], all.by_node[of.node("r5")]);
    EXPECT_EQ(all.adjacency, all.by_node[of.node("r2")]);
    for (const std::string to : {"r2", "r3"}) {
        const repair& r = all.repairs[all.by_node[of.node(to)]];
        EXPECT_EQ(r.end, of.node("r3"));
        EXPECT_EQ(r.at_destination, to == "r3");
    }
    const link_repairs last = of.repairs_of("r1-r4", {});
    EXPECT_TRUE(last.repairs[last.by_node[of.node("r4")]].at_destination);
}

TEST(ti_lfa, a_square_and_a_ring_of_five) {
    named_repairs square({{"a", "b"}, {"b", "c"}, {"c", "d"}, {"d", "a"}});
    EXPECT_EQ(square("a-b", "b"), "d: node c");
    EXPECT_EQ(square("a-b", "c"), "d:");  // a first hop that is left
    named_repairs ring({{"a", "b"}, {"b", "c"}, {"c", "d"}, {"d", "e"}, {"e", "a"}});
    EXPECT_EQ(ring("a-b", "b"), "e: node c");  // d would do as well
    EXPECT_EQ(ring("a-b", "c"), "e:");         // e is nearer to c by d than by a
}

TEST(ti_lfa, p_and_q_far_apart) {
    // It costs little to come back: routers on the way do so sooner than go on.
    named_repairs of({{"s", "d", 1, 1},
                      {"s", "a", 10, 1},
                      {"a", "b", 30, 1},
                      {"b", "c", 30, 1},
                      {"c", "d", 10, 10}});
    EXPECT_EQ(of("s-d", "d"), "a: adj a-b adj b-c adj c-d");
    ti_lfa_options options;
    options.max_segments = 2;
    EXPECT_EQ(of("s-d", "d", options), "none");
}

TEST(ti_lfa, parallel_links) {
    named_repairs two({{"a", "b", 10, 10}, {"a", "b", 10, 10}, {"b", "c", 10, 10}});
    EXPECT_EQ(two("a-b", "c"), "b.2:");
    EXPECT_EQ(two("a-b.2", "c"), "b:");
    named_repairs unequal({{"a", "b", 10, 10}, {"a", "b", 20, 20}, {"b", "c", 10, 10}});
    EXPECT_EQ(unequal("a-b", "c"), "b.2:");
    EXPECT_EQ(unequal("a-b.2", "c"), "none");  // nobody goes there
    // Of parallel links that are far away one shares the risk: a node segment might take it.
    std::vector<test::edge> edges{{"s", "d", 1, 1},
                                  {"s", "a", 10, 10},
                                  {"a", "b", 5, 5},
                                  {"a", "b", 5, 5},
                                  {"b", "d", 10, 10}};
    edges[0].srlgs = edges[2].srlgs = {1};
    named_repairs shared(edges);
    ti_lfa_options options;
    options.protects = protection::srlg;
    EXPECT_EQ(shared("s-d", "d", options), "a: adj a-b.2 (srlg)");
}

TEST(ti_lfa, nodes) {
    named_repairs of({{"s", "f", 1, 1},
                      {"f", "d", 1, 1},
                      {"s", "a", 10, 10},
                      {"a", "d", 10, 10},
                      {"a", "f", 1, 1}});
    ti_lfa_options options;
    EXPECT_EQ(of("s-f", "d", options), "a:");  // a sends it through f
    options.protects = protection::node;
    EXPECT_EQ(of("s-f", "d", options), "a: adj a-d (node)");
    EXPECT_EQ(of("s-f", "f", options), "a:");  // it has not failed, or nothing helps
    options.fall_back = false;
    EXPECT_EQ(of("s-f", "f", options), "none");
}

TEST(ti_lfa, shared_risks) {
    std::vector<test::edge> edges{{"s", "d", 1, 1}, {"s", "a", 5, 5},   {"a", "d", 5, 5},
                                  {"s", "b", 9, 9}, {"b", "d", 20, 20}, {"b", "a", 1, 1}};
    edges[0].srlgs = {1, 2};
    edges[1].srlgs = {2, 3};
    edges[2].srlgs = {3};
    named_repairs of(edges);
    ti_lfa_options options;
    EXPECT_EQ(of("s-d", "d", options), "a:");
    options.protects = protection::srlg;
    EXPECT_EQ(of("s-d", "d", options), "b: (srlg)");
    edges[2].srlgs = {1};
    named_repairs closer(edges);
    EXPECT_EQ(closer("s-d", "d", options), "b: adj b-d (srlg)");
    options.protects = protection::node_and_srlg;
    EXPECT_EQ(closer("s-d", "d", options), "b: adj b-d (srlg)");  // d is the node
    edges[4].srlgs = {2};
    named_repairs lost(edges);
    EXPECT_EQ(lost("s-d", "d", options), lost("s-d", "d"));
}

TEST(ti_lfa, overloaded_nodes_are_not_passed) {
    auto said = test::make_advertisements({{"s", "d", 1, 1},
                                           {"s", "a", 1, 1},
                                           {"a", "d", 1, 1},
                                           {"s", "b", 10, 10},
                                           {"b", "d", 10, 10}});
    said[2].overload = true;
    ASSERT_EQ(said[2].origin, "a");
    named_repairs of(said);
    EXPECT_EQ(of("s-d", "d"), "b:");
    EXPECT_EQ(of("s-a", "a"), "d:");
}

TEST(ti_lfa, adjacencies) {
    named_repairs of({{"s", "f", 10, 10}, {"s", "a", 1, 1}, {"a", "f", 1, 1}, {"f", "d", 1, 1}});
    // Shortest paths do not use the link, an adjacency segment may.
    EXPECT_EQ(of("s-f", "f"), "none");
    EXPECT_EQ(of.adjacency("s-f"), "a:");
    EXPECT_EQ(of.adjacency("s-a"), "f:");
    named_repairs bridge({{"s", "f"}, {"f", "d"}});
    EXPECT_EQ(bridge.adjacency("s-f"), "none");
    ti_lfa_options options;
    options.protects = protection::node;
    EXPECT_EQ(of.adjacency("s-f", options), "a:");
    options.fall_back = false;
    EXPECT_EQ(of.adjacency("s-f", options), "none");
}

TEST(ti_lfa, nodes_and_links_without_sids) {
    named_repairs of(
        {{"r1", "r2", 10, 10}, {"r2", "r3", 10, 10}, {"r3", "r4", 40, 40}, {"r1", "r4", 10, 10}});
    ti_lfa_options options;
    options.has_node_sid.assign(of.all().node_count(), 1);
    options.has_node_sid[of.node("r3")] = 0;
    EXPECT_EQ(of("r1-r4", "r4", options), "r2: adj r2-r3 adj r3-r4");
    options.has_adjacency_sid.assign(of.all().graph().link_count(), 1);
    options.has_adjacency_sid[of.link("r2-r3")] = 0;
    EXPECT_EQ(of("r1-r4", "r4", options), "none");
}

TEST(ti_lfa, flexible_algorithms) {
    auto said = test::make_advertisements({{"r1", "r2", 10, 10, 0, {}, 50},
                                           {"r2", "r3", 10, 10, 0, {}, 1},
                                           {"r3", "r4", 40, 40, 0, {}, 2},
                                           {"r1", "r4", 10, 10, 0, {}, 1}});
    for (advertisement& a : said) {
        a.algorithms = {128};
    }
    flex_algo_definition rule;
    rule.metric = metric_type::delay;
    said[0].definitions = {rule};
    named_repairs of(said, 128);
    EXPECT_EQ(of("r1-r4", "r4"), "r2:");
    EXPECT_EQ(of("r4-r1", "r1"), "r3: node r2 adj r2-r1");
    EXPECT_EQ(of("r1-r2", "r2"), "none");
    EXPECT_EQ(of.adjacency("r1-r2"), "r4:");
}

TEST(ti_lfa, an_object_can_be_used_again) {
    const map first = test::make_map(test::grid(4, 4));
    const map second = test::make_map(test::random_graph(40, 90, 10, 3, true));
    repair_computer used;
    ti_lfa_options options;
    options.protects = protection::node;
    for (const map* m : {&first, &second, &first}) {
        const plane view = make_plane(*m, 0);
        for (node_number own = 0; own < m->node_count(); own += 5) {
            repair_computer fresh;
            const auto a = used.compute(*m, view, 0, own, options);
            const auto b = fresh.compute(*m, view, 0, own, options);
            ASSERT_EQ(a.size(), b.size());
            for (std::size_t i = 0; i < a.size(); ++i) {
                EXPECT_EQ(a[i].repairs, b[i].repairs);
                EXPECT_EQ(a[i].by_node, b[i].by_node);
                EXPECT_EQ(a[i].adjacency, b[i].adjacency);
            }
        }
    }
}

}  // namespace
}  // namespace rhumb::topology

// TI-LFA cases that somebody else has computed and checked by simulation: tilfa.json, 458 of them
// on seven networks.
#include <gtest/gtest.h>

#include <map>

#include "controlplane/topology/ti_lfa_spaces.hh"
#include "tests/support/vectors.hh"
#include "tests/unit/ti_lfa_walk.hh"

namespace rhumb::topology {
namespace {

using nlohmann::json;
using test::repair_walk;

// What became of the cases.
struct outcome_counts {
    std::size_t cases = 0;
    std::size_t without = 0;  // no other path
    std::size_t equal = 0;    // the same path, the same segments
    std::map<std::string, std::size_t> different;
};

class vector_network {
public:
    explicit vector_network(const json& given)
        : map_(make(given)), g_(map_.graph()), view_(make_plane(map_, 0)), walk_(map_, view_) {}

    void check(const json& one, outcome_counts& counts) {
        ++counts.cases;
        const node_number s = node(one["S"]);
        const node_number d = node(one["D"]);
        const link_number l = link(one["S"], one["link"][1]);
        ASSERT_EQ(node(one["link"][0]), s);
        const auto made = computer_.compute(map_, view_, 0, s, {});
        const auto of = std::find_if(made.begin(), made.end(),
                                     [&](const link_repairs& r) { return r.link == l; });
        ASSERT_NE(of, made.end());
        if (one.contains("repair")) {
            ++counts.without;
            EXPECT_EQ(of->by_node[d], link_repairs::none) << one;
            EXPECT_EQ(explain_repair(map_, view_, 0, l, d, {}).outcome,
                      repair_outcome::no_other_path);
            return;
        }
        ASSERT_NE(of->by_node[d], link_repairs::none) << one;
        check_spaces(one, l, d);
        compare(one, of->repairs[of->by_node[d]], l, d, counts);
    }

private:
    static map make(const json& given) {
        std::vector<test::edge> edges;
        for (const json& e : given["edges"]) {
            edges.push_back({e[0], e[1], e[2], e[2]});
        }
        return test::make_map(edges);
    }
    [[nodiscard]] node_number node(const json& name) const {
        return *map_.find(name.get<std::string>());
    }
    [[nodiscard]] link_number link(const json& from, const json& to) const {
        return *map_.find_link(node(from), "to-" + to.get<std::string>());
    }
    [[nodiscard]] std::vector<node_number> sorted(const json& names) const {
        std::vector<node_number> found;
        for (const json& name : names) {
            found.push_back(node(name));
        }
        std::sort(found.begin(), found.end());
        return found;
    }
    [[nodiscard]] std::vector<link_number> path_of(const json& one) const {
        std::vector<link_number> path;
        for (std::size_t i = 0; i + 1 < one["path"].size(); ++i) {
            path.push_back(link(one["path"][i], one["path"][i + 1]));
        }
        return path;
    }
    [[nodiscard]] segments segments_of(const json& one) const {
        segments made;
        for (const json& s : one["segs"]) {
            made.push_back(s[0] == "n" ? segment::to_node(node(s[1]))
                                       : segment::over_link(g_, link(s[1], s[2])));
        }
        return made;
    }

    void check_spaces(const json& one, link_number l, node_number d) const {
        const failure what = failure_of(map_, view_, l, protection::link);
        EXPECT_EQ(p_space(g_, view_, node(one["S"]), what), sorted(one["P"])) << one;
        EXPECT_EQ(p_space(g_, view_, node(one["out"]), what), sorted(one["extP"])) << one;
        EXPECT_EQ(q_space(g_, view_, d, what), sorted(one["Q"])) << one;
    }

    // Whether each segment ends no nearer on the path than its counterpart.
    [[nodiscard]] bool reach_as_far(const segments& ours, const segments& theirs,
                                    const std::vector<link_number>& path) const {
        const auto position = [&](const segment& s) {
            const node_number end = s.kind == segment_kind::node ? s.node : g_.to[s.number];
            return std::find_if(path.begin(), path.end(),
                                [&](link_number l) { return g_.to[l] == end; });
        };
        return ours.size() == theirs.size() && !ours.empty() &&
               std::equal(ours.begin(), ours.end(), theirs.begin(),
                          [&](const segment& a, const segment& b) {
                              return position(a) != path.end() && position(a) >= position(b);
                          });
    }

    void compare(const json& one, const repair& ours, link_number l, node_number d,
                 outcome_counts& counts) {
        walk_.fail(test::break_link(map_, l, protection::link));
        const node_number s = g_.from[l];
        EXPECT_EQ(walk_.wrong(ours, s, d), "") << one;
        const std::vector<link_number> their_path = path_of(one);
        distance length = 0;
        for (const link_number x : their_path) {
            length += view_.costs[x];
        }
        EXPECT_EQ(length, walk_.after()[s][d]) << one;
        const segments theirs = segments_of(one);
        EXPECT_LE(ours.segments.size(), theirs.size()) << one;
        const link_number their_out = link(one["S"], one["out"]);
        const repair_explanation told = explain_repair(map_, view_, 0, l, d, {});
        EXPECT_EQ(told.outcome, repair_outcome::repaired);
        EXPECT_EQ(told.segments, ours.segments.size());
        EXPECT_EQ(told.after, length);
        if (ours.out == their_out && ours.segments == theirs) {
            ++counts.equal;
        } else if (ours.segments.size() < theirs.size()) {
            ++counts.different["fewer segments, over another of equally short paths"];
            EXPECT_NE(told.path, their_path) << one;
        } else if (told.path != their_path) {
            ++counts.different["as many segments, over another of equally short paths"];
        } else {
            // Ours go as far as they can, theirs end at the first node that will do, and cross from
            // P to Q by an adjacency where a node segment would get farther.
            ++counts.different["the same path, as many segments, that reach farther"];
            EXPECT_TRUE(reach_as_far(ours.segments, theirs, their_path)) << one;
        }
    }

    map map_;
    const graph& g_;
    plane view_;
    repair_walk walk_;
    repair_computer computer_;
};

TEST(ti_lfa_vectors, cases_that_others_have_simulated) {
    const json given = test::load_vectors("../algo/tilfa.json");
    if (given.is_null()) {
        GTEST_SKIP() << "there are no vectors: algo/tilfa.json";
    }
    outcome_counts counts;
    for (const json& network : given) {
        SCOPED_TRACE(network["name"].get<std::string>());
        vector_network checked(network);
        for (const json& one : network["cases"]) {
            checked.check(one, counts);
        }
    }
    std::printf("%zu cases: %zu without another path, %zu equal\n", counts.cases, counts.without,
                counts.equal);
    std::size_t different = 0;
    for (const auto& [what, n] : counts.different) {
        std::printf("    %4zu %s\n", n, what.c_str());
        different += n;
    }
    EXPECT_EQ(counts.cases, 458U);
    EXPECT_EQ(counts.cases, counts.without + counts.equal + different);
    EXPECT_GE(counts.equal, 390U);
}

}  // namespace
}  // namespace rhumb::topology

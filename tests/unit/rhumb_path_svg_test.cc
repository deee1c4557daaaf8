// Drawings: what is in them, and that nodes do not stand on each other.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/network_maps.hh"
#include "tools/rhumb-path/layout.hh"
#include "tools/rhumb-path/svg.hh"

namespace rhumb::test {
namespace {

using drawing::path_kind;
using drawing::point;

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) {
        ++found;
    }
    return found;
}

TEST(Svg, HasWhatItIsGiven) {
    drawing::drawing of;
    of.title = "\"A & B\"";
    of.nodes = {{"a", "SID 1"}, {"<b>", ""}, {"c", "", true}};
    of.links = {{0, 1, "10", "10"}, {1, 2, "5", "7"}, {2, 1, "9", "9", true}};
    of.paths = {{path_kind::shortest, "one", {{0, true}, {1, true}}},
                {path_kind::backup, "two", {{1, false}}},
                {path_kind::policy, "three", {}},
                {path_kind::other, "four", {{2, true}}}};
    const auto made = drawing::to_svg(of);
    ASSERT_TRUE(made);
    const std::string& text = made.value();
    EXPECT_NE(text.find("&quot;A &amp; B&quot;"), std::string::npos);
    EXPECT_NE(text.find("&lt;b&gt;"), std::string::npos);
    for (const char* cost : {">10<", ">5<", ">7<", ">9<"}) {
        EXPECT_EQ(count(text, cost), 1U) << cost;
    }
    EXPECT_EQ(count(text, "<rect "), 1U + of.nodes.size());
    EXPECT_EQ(count(text, "marker-end"), 4U + of.paths.size());  // hops, and the legend
    for (const char* colour : {"#2563eb", "#ea580c", "#16a34a"}) {
        EXPECT_NE(text.find(colour), std::string::npos);
    }
    EXPECT_EQ(text, drawing::to_svg(of).value());
}

TEST(Svg, RefusesWhatIsNotThere) {
    drawing::drawing of;
    EXPECT_TRUE(drawing::to_svg(of));
    of.nodes = {{"a", ""}};
    EXPECT_TRUE(drawing::to_svg(of));
    of.links = {{0, 1, "", ""}};
    EXPECT_FALSE(drawing::to_svg(of));
    of.links.clear();
    of.paths = {{path_kind::other, "", {{0, true}}}};
    EXPECT_FALSE(drawing::to_svg(of));
    of.paths.clear();
    of.nodes.resize(drawing::max_nodes + 1);
    EXPECT_FALSE(drawing::to_svg(of));
}

TEST(Layout, NodesStandApart) {
    for (const auto& edges : {ring(5), ring(60), grid(8, 8), fat_tree(4), provider(100, 1),
                              random_graph(50, 60, 1, 2), random_graph(120, 119, 1, 3)}) {
        const topology::map m = make_map(edges);
        const topology::graph& g = m.graph();
        std::vector<std::pair<std::size_t, std::size_t>> pairs;
        for (topology::link_number l = 0; l < g.link_count(); ++l) {
            if (g.from[l] < g.to[l]) {
                pairs.emplace_back(g.from[l], g.to[l]);
            }
        }
        const std::vector<double> widths(g.node_count(), 60);
        const auto places = drawing::lay_out(widths, pairs);
        ASSERT_EQ(places.size(), g.node_count());
        std::size_t overlaps = 0;
        for (std::size_t a = 0; a < places.size(); ++a) {
            ASSERT_TRUE(std::isfinite(places[a].x) && std::isfinite(places[a].y));
            for (std::size_t b = a + 1; b < places.size(); ++b) {
                if (std::abs(places[a].x - places[b].x) < 55 &&
                    std::abs(places[a].y - places[b].y) < 30) {
                    ++overlaps;
                }
            }
        }
        EXPECT_LE(overlaps, places.size() / 50);
    }
}

TEST(Layout, TakesAnyGraph) {
    // Nothing, one, none connected, all alike, one edge many times, loops.
    EXPECT_TRUE(drawing::lay_out({}, {}).empty());
    const std::vector<double> widths(20, 50);
    std::vector<std::pair<std::size_t, std::size_t>> edges;
    for (int round = 0; round < 3; ++round) {
        for (const point& p : drawing::lay_out(widths, edges)) {
            EXPECT_TRUE(std::isfinite(p.x) && std::isfinite(p.y));
        }
        for (std::size_t a = 0; a < 20; ++a) {
            for (std::size_t b = 0; round == 1 && b < 20; ++b) {
                edges.emplace_back(a, b);
            }
            edges.emplace_back(0, 1);
        }
    }
}

}  // namespace
}  // namespace rhumb::test

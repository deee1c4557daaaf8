// What binding SIDs of the map stand for: as few segments as lead over the nodes that they name.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/topology/binding_paths.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::topology {
namespace {

// SRLB 4000 to 15999; adjacency SIDs from 4000 on.
class binding : public ::testing::Test {
protected:
    [[nodiscard]] advertisement& of(const std::string& name) {
        return *std::find_if(said.begin(), said.end(),
                             [&](const advertisement& one) { return one.origin == name; });
    }
    // The list of p's binding SID 15100 through these, in words; or why there is none.
    [[nodiscard]] std::string spelt(const std::vector<std::string>& nodes) {
        of("p").bindings = {{15'100, nodes}};
        const map m = test::make_map(said);
        binding_paths paths(m);
        const auto& made = paths.of(*m.find("p"), 15'100);
        if (!made.ok()) {
            EXPECT_EQ(paths.find(*m.find("p"), 15'100), nullptr);
            return made.why().message;
        }
        EXPECT_EQ(m.name(made.value().end), nodes.back());
        std::string text;
        for (const segment& s : made.value().list) {
            const bool is_node = s.kind == segment_kind::node;
            text += (text.empty() ? "" : " ") +
                    (is_node ? m.name(s.node) : m.said_of(s.number)->name) +
                    (s.kind == segment_kind::parallel ? "*" : "");
        }
        return text + ", " + std::to_string(made.value().links.size());
    }

    std::vector<advertisement> said = test::make_advertisements(test::dear_row());
};

TEST_F(binding, leads_over_the_links_between_neighbours) {
    EXPECT_EQ(spelt({"q", "r", "e"}), "to-q to-r to-e, 3");
    EXPECT_EQ(spelt({"b", "q", "c", "r"}), "r, 4");
    EXPECT_EQ(spelt({"b", "q", "r", "d"}), "q to-r d, 4");
    EXPECT_EQ(spelt({"q", "c", "r", "e"}), "to-q r to-e, 4");
}

TEST_F(binding, leads_along_shortest_paths_between_others) {
    EXPECT_EQ(spelt({"r"}), "r, 0");
    EXPECT_EQ(spelt({"r", "p"}), "r p, 0");
    EXPECT_EQ(spelt({"q", "d"}), "to-q d, 1");
}

TEST_F(binding, leads_over_any_of_its_own_parallel_links) {
    said = test::make_advertisements({{"p", "q", 100, 100},
                                      {"p", "q", 100, 100},
                                      {"p", "b"},
                                      {"b", "q"},
                                      {"q", "r", 100, 100},
                                      {"q", "r", 90, 90},
                                      {"q", "c"},
                                      {"c", "r"}});
    EXPECT_EQ(spelt({"q"}), "to-q*, 2");
    EXPECT_EQ(spelt({"q", "r"}), "to-q* to-r.2, 4");  // no SID for both: the better one
    for (link& l : of("q").links) {
        if (l.remote == "r") {
            l.sids.push_back({4'100, true, true, false, 1});
        }
    }
    EXPECT_EQ(spelt({"q", "r"}), "to-q* to-r*, 4");
}

TEST_F(binding, nothing_stands_behind_it) {
    EXPECT_EQ(spelt({"q", "nowhere"}), "it leads through nowhere, which is not on the map");
    EXPECT_EQ(spelt({"p"}), "no SID leads from p to p");
    of("p").msd = 1;
    EXPECT_EQ(spelt({"q", "r", "e"}), "it needs 2 labels, and p can impose 1");
    EXPECT_EQ(spelt({"q", "r"}), "to-q to-r, 2");
    for (link& l : of("q").links) {
        l.sids.clear();
    }
    EXPECT_EQ(spelt({"q", "r"}), "no SID leads from q to r");
    for (prefix& one : of("e").prefixes) {
        one.sids.clear();
    }
    EXPECT_EQ(spelt({"e"}), "no SID leads from p to e");
}

TEST_F(binding, its_label_is_that_of_something_else) {
    of("p").bindings = {{4'000, {"q"}}, {16'900, {"q"}}, {15'200, {"b"}}, {15'200, {"q"}}};
    const map m = test::make_map(said);
    const node_number p = *m.find("p");
    binding_paths paths(m);
    EXPECT_EQ(paths.of(p, 4'000).why().message, "link to-a has its label");
    EXPECT_EQ(paths.of(p, 16'900).why().message, "its label is one of the SRGB");
    EXPECT_EQ(paths.of(p, 15'999).why().message, "its node does not advertise it");
    ASSERT_NE(paths.find(p, 15'200), nullptr);
    EXPECT_EQ(paths.find(p, 15'200)->end, *m.find("b"));  // the first one
    EXPECT_EQ(paths.of(nobody, 15'200).why().message, "its node is not on the map");
}

}  // namespace
}  // namespace rhumb::topology

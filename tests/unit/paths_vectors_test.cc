// Segment lists that others have computed: $RHUMB_VECTORS/algo/seglist.json.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "controlplane/paths/compress.hh"
#include "tests/support/segment_networks.hh"
#include "tests/support/segment_walk.hh"

namespace rhumb::paths {
namespace {

using topology::segment;

nlohmann::json load(const std::string& name) {
    const char* const folder = std::getenv("RHUMB_VECTORS");
    const std::filesystem::path path =
        std::filesystem::path(folder != nullptr ? folder : RHUMB_VECTORS_DEFAULT) / "algo" / name;
    std::ifstream file(path);
    return file ? nlohmann::json::parse(file) : nlohmann::json();
}

TEST(paths_vectors, segment_lists_are_those_of_others) {
    const nlohmann::json all = load("seglist.json");
    if (all.is_null()) {
        GTEST_SKIP() << "there are no vectors: algo/seglist.json";
    }
    std::size_t cases = 0;
    for (const auto& network : all) {
        std::vector<test::edge> edges;
        for (const auto& e : network["edges"]) {
            const auto cost = e[2].get<topology::cost>();
            edges.push_back({e[0].get<std::string>(), e[1].get<std::string>(), cost, cost});
        }
        const auto m = test::make_map(edges);
        path_engine engine(m);
        const test::segment_walk walk(m, engine);
        for (const auto& c : network["cases"]) {
            const auto names = c["path"].get<std::vector<std::string>>();
            const auto link = [&](const std::string& a, const std::string& b) {
                return *m.find_link(*m.find(a), "to-" + b);
            };
            std::vector<topology::link_number> links;
            for (std::size_t i = 1; i < names.size(); ++i) {
                links.push_back(link(names[i - 1], names[i]));
            }
            topology::segments expected;
            for (const auto& s : c["segs"]) {
                const auto at = s[1].get<std::string>();
                expected.push_back(
                    s[0] == "n" ? segment::to_node(*m.find(at))
                                : segment::over_link(m.graph(), link(at, s[2].get<std::string>())));
            }
            const auto from = *m.find(names.front());
            auto list = compress(engine, from, links);
            ASSERT_TRUE(list.ok());
            EXPECT_EQ(list->size(), expected.size()) << network["name"] << " " << c;
            EXPECT_TRUE(walk.pins(from, links, *list)) << network["name"] << " " << c;
            EXPECT_TRUE(walk.pins(from, links, expected)) << network["name"] << " " << c;
            EXPECT_EQ(*list, expected) << network["name"] << " " << c;
            ++cases;
        }
    }
    EXPECT_EQ(cases, 200U);
}

}  // namespace
}  // namespace rhumb::paths

// rhumbctl: pages of `show`.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/rhumbctl_router.hh"
#include "tools/rhumbctl/client.hh"
#include "tools/rhumbctl/show.hh"

namespace rhumb::ctl {
namespace {

// Answers with labels 0 to `count` - 1, `page` at a time at most.
fake_router::behaviour labels(std::uint64_t count, std::uint64_t page, std::vector<json>& asked) {
    return [count, page, &asked](fake_router::peer& peer) {
        for (json request = peer.request(); !request.is_null(); request = peer.request()) {
            const json& params = asked.emplace_back(request.at("params"));
            const std::uint64_t from = params.value("from", std::uint64_t{0});
            const std::uint64_t last =
                std::min(count, from + std::min(page, params.at("limit").get<std::uint64_t>()));
            json result{{"rows", json::array()}};
            for (std::uint64_t label = from; label < last; ++label) {
                result["rows"].push_back({{"label", label}, {"op", "next"}, {"packets", 1000}});
            }
            if (last < count) {
                result["next"] = last;
            }
            peer.answer(request, result);
        }
    };
}

TEST_F(rhumbctl_router, show_a_table) {
    std::vector<json> asked;
    std::ostringstream out;
    {
        const fake_router router(path("r1.sock"), labels(3, 2, asked));
        client c = connected();
        EXPECT_FALSE(show(c, parsed({"show", "labels"}), {}, false, nullptr, out));
    }
    EXPECT_EQ(out.str(),
              "LABEL  OP    OUT  VIA  SEGMENTS  TTL  TC  PACKETS  BYTES\n"
              "    0  next    -  -    -         -     -    1,000      -\n"
              "    1  next    -  -    -         -     -    1,000      -\n"
              "    2  next    -  -    -         -     -    1,000      -\n");
    EXPECT_EQ(asked, (std::vector<json>{{{"what", "labels"}, {"limit", page_rows}},
                                        {{"what", "labels"}, {"limit", page_rows}, {"from", 2}}}));
}

TEST_F(rhumbctl_router, show_nothing) {
    std::vector<json> asked;
    std::ostringstream out;
    const fake_router router(path("r1.sock"), labels(0, 2, asked));
    client c = connected();
    EXPECT_FALSE(show(c, parsed({"show", "labels"}), {}, false, nullptr, out));
    EXPECT_EQ(out.str(), "none\n");
}

TEST_F(rhumbctl_router, show_why_candidate_paths_are_not_valid) {
    std::ostringstream out;
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        const json candidates{{{"preference", 300},
                               {"state", "invalid: no such link (list 1, segment 2)"},
                               {"reason", "no such link: r1->r9"}},
                              {{"preference", 200},
                               {"state", "invalid: no path"},
                               {"reason", "nothing has 1 Gbit/s free"}},
                              {{"preference", 100}, {"state", "active"}}};
        peer.answer(peer.request(), {{"rows",
                                      {{{"policy", "gold"}, {"candidates", candidates}},
                                       {{"policy", "silver"}, {"candidates", 7}}}}});
    });
    client c = connected();
    EXPECT_FALSE(show(c, parsed({"show", "policies"}), {}, false, nullptr, out));
    EXPECT_NE(
        out.str().find("300: no such link (list 1, segment 2): r1->r9; 200: no path: nothing has "
                       "1 Gbit/s free\n"),
        std::string::npos)
        << out.str();
}

TEST_F(rhumbctl_router, show_json_streams_an_array) {
    std::vector<json> asked;
    std::ostringstream out;
    std::ostringstream none;
    {
        const fake_router router(path("r1.sock"), labels(5000, 10000, asked));
        client c = connected();
        EXPECT_TRUE(show(c, parsed({"show", "labels"}), 2500, true, nullptr, out));
    }
    std::filesystem::remove(path("r1.sock"));
    {
        const fake_router router(path("r1.sock"), labels(0, 1, asked));
        client c = connected();
        EXPECT_FALSE(show(c, parsed({"show", "labels"}), {}, true, nullptr, none));
    }
    const json rows = json::parse(out.str());
    EXPECT_EQ(rows.size(), 2500U);
    EXPECT_EQ(rows.back().at("label"), 2499);
    EXPECT_EQ(std::ranges::count(out.str(), '\n'), 2500);
    EXPECT_EQ(none.str(), "[]\n");
    EXPECT_EQ(asked.at(2).at("limit"), 500);
}

TEST_F(rhumbctl_router, show_with_rates) {
    std::vector<json> asked;
    std::ostringstream out;
    const fake_router router(path("r1.sock"), labels(1, 1, asked));
    client c = connected();
    rates counting;
    counting.start(rates::clock::now());
    show(c, parsed({"show", "labels"}), {}, false, &counting, out);
    EXPECT_EQ(out.str(),
              "LABEL  OP    OUT  VIA  SEGMENTS  TTL  TC  PACKETS  PACKETS/S  BYTES\n"
              "    0  next    -  -    -         -     -    1,000          -      -\n");
}

// What show says of one answer.
class rhumbctl_show : public rhumbctl_router {
protected:
    std::string shown(const std::vector<std::string>& line, const json& result,
                      row_limit limit = {}) {
        std::ostringstream out;
        std::string what;
        {
            const fake_router router(path("r1.sock"), [&result](fake_router::peer& peer) {
                for (json asked = peer.request(); !asked.is_null(); asked = peer.request()) {
                    peer.answer(asked, result);
                }
            });
            client c = connected();
            what = thrown([&] { show(c, parsed(line), limit, false, nullptr, out); });
        }
        std::filesystem::remove(path("r1.sock"));
        return what == "nothing" ? out.str() : what;
    }
};

TEST_F(rhumbctl_show, single_things_stand_upright) {
    EXPECT_EQ(shown({"show", "version"}, {{"rows", {{{"name", "r1"}, {"labels", 1000000}}}}}),
              "labels  1000000\nname    r1\n");
    EXPECT_EQ(shown({"show", "ports", "--port", "w"}, {{"rows", {{{"port", "w"}, {"up", true}}}}}),
              "port  w\nup    yes\n");
}

TEST_F(rhumbctl_show, configuration_is_toml_but_safe) {
    EXPECT_EQ(
        shown({"show", "config"},
              {{"rows", {{{"toml", "[node]\n\tname = \"r1\x1b\"\n"}}, {{"toml", "x = 1\n"}}}}}),
        "[node]\n\tname = \"r1\\u001b\"\nx = 1\n");
    EXPECT_EQ(shown({"show", "config"}, {{"rows", {{{"toml", 1}}}}}).front(), '3');
}

TEST_F(rhumbctl_router, the_map_is_put_together_of_its_pieces) {
    std::vector<json> asked;
    const auto answer = [&asked](const json& result) {
        return [&asked, result](fake_router::peer& peer) {
            asked.push_back(peer.request());
            peer.answer(asked.back(), result);
        };
    };
    {
        const fake_router router(path("r1.sock"),
                                 answer({{"rows", {{{"toml", "[nodes.a"}}, {{"toml", "]\n"}}}}}));
        client c = connected();
        EXPECT_EQ(topology_file(c), "[nodes.a]\n");
    }
    EXPECT_EQ(asked.at(0).at("params").at("what"), "topology_file");
    std::filesystem::remove(path("r1.sock"));
    const fake_router router(path("r1.sock"), answer({{"rows", {{{"toml", 5}}}}}));
    client c = connected();
    EXPECT_EQ(thrown([&] { (void)topology_file(c); }).front(), '3');
}

TEST_F(rhumbctl_show, short_lists_come_whole_and_are_cut) {
    const json result{
        {"rows", {{{"kind", "label"}, {"name", "1"}}, {{"kind", "label"}, {"name", "2"}}}}};
    EXPECT_EQ(shown({"show", "counters"}, result, 1),
              "KIND   NAME  PACKETS  BYTES\nlabel  1           -      -\n");
}

TEST_F(rhumbctl_show, pages_that_make_no_sense) {
    const json row{{"label", 1}};
    for (const json& result :
         {json(), json(5), json::array(), json::object(), json{{"rows", 1}}, json{{"rows", {1}}},
          json{{"rows", json::array()}, {"next", 5}}, json{{"rows", {row}}, {"next", 5}}}) {
        EXPECT_EQ(shown({"show", "labels"}, result).substr(0, 37),
                  "3 the router's answer makes no sense:")
            << result;
    }
}

}  // namespace
}  // namespace rhumb::ctl

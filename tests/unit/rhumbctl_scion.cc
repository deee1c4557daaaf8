// rhumbctl: what `scion show` makes of a border router's rows.
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/rhumbctl_router.hh"
#include "tools/rhumbctl/show.hh"

namespace rhumb::ctl {
namespace {

class rhumbctl_scion : public rhumbctl_router {
protected:
    // What is shown of these rows; `asked_` is what the router was asked.
    std::string shown(const std::string& what, const json& rows, bool as_json = false,
                      rates* counting = nullptr) {
        std::ostringstream out;
        {
            const fake_router router(path("r1.sock"), [&](fake_router::peer& peer) {
                for (json asked = peer.request(); !asked.is_null(); asked = peer.request()) {
                    asked_ = asked.at("params");
                    peer.answer(asked, {{"rows", rows}});
                }
            });
            client c = connected();
            EXPECT_FALSE(show(c, parsed({"scion", "show", what}), {}, as_json, counting, out));
        }
        std::filesystem::remove(path("r1.sock"));
        return out.str();
    }

    json asked_;
};

const json interfaces = {{{"interface", "internal"},
                          {"neighbour", "1-ff00:0:110"},
                          {"type", nullptr},
                          {"scope", "internal"},
                          {"local", "10.0.0.1:30042"},
                          {"remote", nullptr},
                          {"mtu", nullptr},
                          {"up", true},
                          {"in_packets", 1234567},
                          {"in_bytes", 200000000},
                          {"out_packets", 0},
                          {"out_bytes", 0},
                          {"invalid", 7},
                          {"busy", 0}},
                         {{"interface", 131},
                          {"neighbour", "1-ff00:0:111"},
                          {"type", "parent"},
                          {"scope", "external"},
                          {"local", "192.168.13.2:50000"},
                          {"remote", "192.168.13.3:40000"},
                          {"mtu", 1472},
                          {"up", false},
                          {"in_packets", 1},
                          {"in_bytes", 172},
                          {"out_packets", 1000},
                          {"out_bytes", 172000},
                          {"invalid", 0},
                          {"busy", 12}}};

TEST_F(rhumbctl_scion, interfaces) {
    EXPECT_EQ(
        shown("interfaces", interfaces),
        "INTERFACE  NEIGHBOUR     TYPE    SCOPE     LOCAL               REMOTE               MTU"
        "  STATE  IN PACKETS     IN BYTES  OUT PACKETS  OUT BYTES  INVALID  BUSY\n"
        "internal   1-ff00:0:110  -       internal  10.0.0.1:30042      -                      -"
        "  up      1,234,567  200,000,000            0          0        7     0\n"
        "131        1-ff00:0:111  parent  external  192.168.13.2:50000  192.168.13.3:40000  1472"
        "  down            1          172        1,000    172,000        0    12\n");
    EXPECT_EQ(asked_, json({{"what", "scion_interfaces"}, {"limit", page_rows}}));
}

TEST_F(rhumbctl_scion, rates_are_those_of_one_link) {
    rates counting;
    const rates::clock::time_point start{std::chrono::seconds(100)};
    counting.start(start);
    (void)shown("interfaces", interfaces, false, &counting);
    json later = interfaces;
    later[0]["in_packets"] = 1234567 + 3000;
    later[1]["in_packets"] = 1 + 5;
    later[1]["out_packets"] = 1000 + 2000;
    counting.start(start + std::chrono::seconds(1));
    const std::string text = shown("interfaces", later, false, &counting);
    EXPECT_TRUE(std::regex_search(text, std::regex("IN PACKETS +IN PACKETS/S +IN BYTES"))) << text;
    EXPECT_TRUE(std::regex_search(
        text, std::regex("internal .* 1,237,567 +3,000 +200,000,000 +0 +0 +0 +7 +0\n")))
        << text;
    EXPECT_TRUE(
        std::regex_search(text, std::regex("131 .* 6 +5\\.0 +172 +3,000 +2,000 +172,000 +0 +12\n")))
        << text;
}

TEST_F(rhumbctl_scion, bfd) {
    EXPECT_EQ(shown("bfd", {{{"link", 131},
                             {"neighbour", "1-ff00:0:111"},
                             {"state", "up"},
                             {"remote_state", "up"},
                             {"diagnostic", "none"},
                             {"tx_interval_ms", 200},
                             {"detection_ms", 600},
                             {"sent", 6120},
                             {"received", 6118},
                             {"changes", 2},
                             {"since_seconds", 1223}},
                            {{"link", "10.0.0.2:30042"},
                             {"neighbour", "1-ff00:0:110"},
                             {"state", "down"},
                             {"diagnostic", "none"},
                             {"tx_interval_ms", 1000},
                             {"sent", 1224},
                             {"received", 0},
                             {"changes", 0},
                             {"since_seconds", 1224}}}),
              "LINK            NEIGHBOUR     STATE  REMOTE  DIAGNOSTIC  TX MS  DETECTION MS   SENT"
              "  RECEIVED  CHANGES  SINCE S\n"
              "131             1-ff00:0:111  up     up      none          200           600  6,120"
              "     6,118        2    1,223\n"
              "10.0.0.2:30042  1-ff00:0:110  down   -       none         1000             -  1,224"
              "         0        0    1,224\n");
    EXPECT_EQ(asked_.at("what"), "scion_bfd");
}

TEST_F(rhumbctl_scion, keys) {
    EXPECT_EQ(shown("keys", {{{"key", "key0"},
                              {"fingerprint", "9f3a61d2"},
                              {"loaded", "2026-03-01T12:00:00Z"},
                              {"until", nullptr}},
                             {{"key", "former"},
                              {"fingerprint", "00000001"},
                              {"loaded", "2026-02-01T12:00:00Z"},
                              {"until", "2026-03-02T12:00:00Z"}}}),
              "KEY     FINGERPRINT  LOADED                UNTIL\n"
              "key0    9f3a61d2     2026-03-01T12:00:00Z  -\n"
              "former  00000001     2026-02-01T12:00:00Z  2026-03-02T12:00:00Z\n");
    EXPECT_EQ(asked_.at("what"), "scion_keys");
}

TEST_F(rhumbctl_scion, drops_and_paths) {
    EXPECT_EQ(shown("drops", {{{"reason", "scion_bad_mac"},
                               {"sentence", "The MAC is wrong.\x1b"},
                               {"port", "west"},
                               {"dropped", 1000},
                               {"punted", 0}},
                              {{"reason", "scion_expired"}, {"punted", 1}}}),
              "REASON         PORT  DROPPED  PUNTED  MEANING\n"
              "scion_bad_mac  west    1,000       0  The MAC is wrong.\\u001b\n"
              "scion_expired  -           -       1  -\n");
    EXPECT_EQ(asked_.at("what"), "scion_drops");
    EXPECT_EQ(
        shown("paths",
              {{{"egress", "internal"}, {"traffic", "in"}, {"packets", 2000}, {"bytes", 344000}}}),
        "EGRESS    TRAFFIC  PACKETS    BYTES\n"
        "internal  in         2,000  344,000\n");
    EXPECT_EQ(asked_.at("what"), "scion_paths");
}

TEST_F(rhumbctl_scion, json_has_the_rows_as_they_came) {
    const json more = {{{"key", "key0"}, {"something", "new"}}};
    EXPECT_EQ(shown("keys", more, true), "[{\"key\":\"key0\",\"something\":\"new\"}]\n");
    EXPECT_EQ(shown("bfd", json::array(), true), "[]\n");
}

TEST_F(rhumbctl_scion, a_router_without_scion_refuses) {
    std::ostringstream out;
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        const json asked = peer.request();
        peer.send(json{{"id", asked.at("id")}, {"error", {{"message", "no SCION here"}}}}.dump() +
                  "\n");
    });
    client c = connected();
    EXPECT_EQ(thrown([&] { show(c, parsed({"scion", "show", "bfd"}), {}, false, nullptr, out); }),
              "1 no SCION here");
    EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace rhumb::ctl

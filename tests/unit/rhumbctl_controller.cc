// rhumbctl: questions to the network's controller, and its answers as tables.
#include <filesystem>
#include <string>
#include <vector>

#include "tests/unit/rhumbctl_router.hh"
#include "tools/rhumbctl/completion.hh"
#include "tools/rhumbctl/load_view.hh"
#include "tools/rhumbctl/show.hh"

namespace rhumb::ctl {
namespace {

TEST(rhumbctl_controller, words_become_requests) {
    const command report = parsed({"controller", "report"});
    EXPECT_EQ(report.what, command::kind::report);
    EXPECT_EQ(report.params, json({{"what", "report"}}));
    EXPECT_EQ(parsed({"controller", "report", "--fail", "link", "--limit", "80", "--json"}).params,
              json({{"what", "report"}, {"fail", "link"}, {"full", 80}}));
    const command plan = parsed({"controller", "reoptimise"});
    EXPECT_EQ(plan.what, command::kind::plan);
    EXPECT_EQ(plan.method, "reoptimise");
    EXPECT_EQ(plan.params, json({{"apply", false}}));
    EXPECT_EQ(parsed({"controller", "reoptimise", "--apply", "--target=0", "--moves", "5"}).params,
              json({{"apply", true}, {"target", 0}, {"moves", 5}}));
    EXPECT_EQ(parsed({"controller", "revert"}).method, "revert");
    EXPECT_EQ(parsed({"show", "utilisation"}).params, json({{"what", "utilisation"}}));
    for (const char* word : {"controller", "report", "reoptimise", "utilisation", "--target"}) {
        EXPECT_NE(completion_script.find(word), std::string_view::npos) << word;
        EXPECT_NE(help_text().find(word), std::string::npos) << word;
    }
}

TEST(rhumbctl_controller, wrong_words) {
    const std::string form = "2 it is: rhumbctl controller report|reoptimise|revert";
    EXPECT_EQ(usage_error({"controller"}), form);
    EXPECT_EQ(usage_error({"controller", "obey"}), form);
    EXPECT_EQ(usage_error({"controller", "report", "now"}), form);
    EXPECT_EQ(usage_error({"controller", "report", "--fail", "r1:a"}),
              "2 --fail is all, link, node, srlg or none here");
    EXPECT_EQ(usage_error({"controller", "report", "--fail", "link", "--fail", "node"}).front(),
              '2');
    EXPECT_EQ(usage_error({"controller", "report", "--limit", "10001"}).front(), '2');
    EXPECT_EQ(usage_error({"controller", "report", "--apply"}), "2 controller takes no --apply");
    EXPECT_EQ(usage_error({"controller", "reoptimise", "--target", "10001"}),
              "2 --target takes a number from 0 to 10000, not 10001");
    EXPECT_EQ(usage_error({"controller", "reoptimise", "--moves", "0"}),
              "2 --moves takes a number from 1 to 10000, not 0");
    EXPECT_EQ(usage_error({"controller", "revert", "--moves", "1"}),
              "2 controller takes no --moves");
}

const json link{{"node", "r1"},      {"link", "to-r2"},    {"remote", "r2"},  {"load", 90e6},
                {"capacity", 100e6}, {"utilisation", 0.9}, {"measured", 88e6}};
const json open_link{{"node", "r3"},    {"link", "to-r5"},     {"remote", "r5"},
                     {"load", 1234567}, {"capacity", nullptr}, {"utilisation", nullptr}};
const json lost{{"from", "r1"}, {"to", "r5"}, {"policy", "color 1"}, {"rate", 5e6}};

json failure_of(const char* what, double no_way, json worst) {
    return {{"kind", "link"},
            {"what", what},
            {"worst", std::move(worst)},
            {"overloaded", json::array()},
            {"unroutable", json::array({lost})},
            {"unroutable_rate", no_way},
            {"lost_rate", 0},
            {"moved", 3}};
}

TEST_F(rhumbctl_router, a_report_is_put_together_of_its_pages) {
    std::vector<json> asked;
    json report;
    {
        const fake_router router(path("r1.sock"), [&](fake_router::peer& peer) {
            asked.push_back(peer.request());
            peer.answer(asked.back(),
                        {{"rows", {{{"link", link}}, {{"link", open_link}}}}, {"next", "row 2"}});
            asked.push_back(peer.request());
            peer.answer(asked.back(), {{"rows",
                                        {{{"unroutable", lost}},
                                         {{"failure", failure_of("r1:a", 0, link)}},
                                         {{"failure", failure_of("r2:b", 5e6, nullptr)}},
                                         {{"failure", 7}},
                                         {{"other", {}}}}}});
        });
        client c = connected();
        report = load_report(c, parsed({"controller", "report", "--fail", "link"}));
    }
    EXPECT_EQ(asked.at(0).at("params").at("fail"), "link");
    EXPECT_EQ(asked.at(1).at("params").at("from"), "row 2");
    EXPECT_EQ(report["links"], json::array({link, open_link}));
    EXPECT_EQ(report["failures"].size(), 2U);
    EXPECT_EQ(
        report_text(report),
        "LINK      TO  LOAD MBIT/S  CAPACITY MBIT/S  FULL %  MEASURED MBIT/S\n"
        "r1:to-r2  r2         90.0            100.0    90.0             88.0\n"
        "r3:to-r5  r5          1.2                -       -                -\n"
        "no way for 5.0 Mbit/s from r1 to r5 by color 1\n"
        "\n"
        "FAILS  WHAT  WORST LINK  FULL %  TOO FULL  NO WAY  NO WAY MBIT/S  LOST MBIT/S  MOVED\n"
        "link   r2:b  -                -         0       1            5.0          0.0      3\n"
        "link   r1:a  r1:to-r2      90.0         0       1            0.0          0.0      3\n"
        "TOO FULL: links beyond the limit; NO WAY: demands that nothing leads on; LOST: what "
        "begins or ends at a node that fails; MOVED: demands that take other lists\n");
}

TEST(rhumbctl_controller, plans) {
    json plan{{"before", 0.9},
              {"after", 0.6},
              {"worst", link},
              {"moves",
               {{{"demand", lost}, {"lists", {"r2", "r4, r5"}}, {"during", 0.9}, {"after", 0.6}}}},
              {"why", "no move helps"}};
    EXPECT_EQ(plan_text(plan),
              "fullest link before: 90.0 %, after: 60.0 % (r1:to-r2); no move helps\n"
              "\n"
              "   FROM  TO  POLICY   MBIT/S  NEW LISTS   FULL % DURING  AFTER\n"
              "1  r1    r5  color 1     5.0  r2; r4, r5           90.0   60.0\n");
    plan["moves"] = json::array();
    plan["worst"] = nullptr;
    EXPECT_EQ(plan_text(plan), "fullest link before: 90.0 %, after: 60.0 %; no move helps\n");
}

// What a router sends is not taken on trust.
TEST(rhumbctl_controller, any_answer_makes_safe_text) {
    const json odd[] = {nullptr,        1e308, "\x1b[31m", json::array({1, nullptr}),
                        json::object(), true};
    for (const json& value : odd) {
        for (const char* const key : {"links", "unroutable", "failures", "moves", "worst", "why"}) {
            for (const json& row : {value, json::array({value}), json::array({{{key, value}}}),
                                    json::array({{{"worst", value},
                                                  {"lists", value},
                                                  {"demand", value},
                                                  {"measured", 1e308},
                                                  {"unroutable_rate", value}}})}) {
                const json answer{{key, row}};
                const std::string text = report_text(answer) + plan_text(answer);
                EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
            }
        }
        EXPECT_FALSE(report_text(value).empty());
        EXPECT_FALSE(plan_text(value).empty());
    }
}

}  // namespace
}  // namespace rhumb::ctl

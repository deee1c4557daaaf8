// A node that computes for the network: what is sent, how full links are, moves of policies.
#include <gtest/gtest.h>

#include <map>

#include "controlplane/routing/load_report.hh"
#include "controlplane/routing/network.hh"
#include "controlplane/routing/rows.hh"
#include "tests/support/network_files.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::routing {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr microseconds second = 1'000'000;

// n0 to n3 over n1 is short, over n2 long; links of 100 Mbit/s. Three policies of n0 and one of n1
// carry 60, 50, 10 and 20 Mbit/s.
class controlled_network : public testing::Test {
protected:
    static std::string policy(const std::string& name, const char* headend, int color) {
        return "[[policies]]\nname = \"" + name + "\"\nheadend = \"" + headend +
               "\"\ncolor = " + std::to_string(color) +
               "\nendpoint = \"n3\"\n[[policies.paths]]\ndynamic = {}\n";
    }
    static std::string demand(const char* from, const std::string& policy, int mbits) {
        return std::string("[[demands]]\nfrom = \"") + from + "\"\nto = \"n3\"\nrate = \"" +
               std::to_string(mbits) + "M\"\npolicy = \"" + policy + "\"\n";
    }
    controlled_network() {
        said_ = test::make_advertisements(std::vector<test::edge>{
            {"n0", "n1"}, {"n1", "n3"}, {"n0", "n2", 20, 20}, {"n2", "n3", 20, 20}});
        for (topology::advertisement& one : said_) {
            for (topology::link& l : one.links) {
                l.bandwidth = 100'000'000;
            }
        }
        more_ = policy("a", "n0", 1) + policy("b", "n0", 2) + policy("c", "n0", 3) +
                policy("other", "n1", 4) + demand("n0", "a", 60) + demand("n0", "b", 50) +
                demand("n0", "c", 10) + demand("n1", "other", 20);
    }
    // With [controller], computed.
    std::unique_ptr<network> open(std::optional<config::controller_section> role) {
        config::file file = test::write_network(folder_, said_, 0, more_);
        file.topology->smoothing = 0;
        file.controller = role;
        auto opened = network::open(file);
        EXPECT_TRUE(opened.ok()) << opened.why().text();
        EXPECT_TRUE(opened.value()->compute(0).ok());
        return std::move(opened).value();
    }
    // One move of the largest policy is not enough here: the first of several has begun at 1 s.
    std::pair<std::unique_ptr<network>, controller::report::plan> begin_moves() {
        more_ += policy("d", "n0", 8) + demand("n0", "d", 60);
        auto known = open(config::controller_section{});
        auto plan = known->reoptimise({0, 0.001, 100}, true);
        EXPECT_TRUE(plan.ok());
        EXPECT_GE(plan->moves.size(), 2U);
        EXPECT_TRUE(known->compute(second).ok());
        EXPECT_EQ(known->moves_waiting(), plan->moves.size() - 1);
        return {std::move(known), std::move(plan).value()};
    }
    // Segments of the first list of each policy.
    static std::map<std::string, std::string> ways(const network& known) {
        std::map<std::string, std::string> found;
        for (const json& row : policy_rows(known)) {
            found[row["policy"]] =
                row["lists"].empty() ? "none" : row["lists"][0]["segments"].dump();
        }
        return found;
    }
    static json all_rows(load_report& report) {
        json rows = json::array();
        while (rows.size() < report.size()) {
            const json some = report.rows(rows.size(), 3, 0ms);
            EXPECT_FALSE(some.empty());
            EXPECT_LE(some.size(), 3U);
            rows.insert(rows.end(), some.begin(), some.end());
        }
        return rows;
    }

    const test::temporary_folder folder_;
    std::vector<topology::advertisement> said_;
    std::string more_;
};

TEST_F(controlled_network, others_policies_are_for_the_controller) {
    EXPECT_EQ(policy_rows(*open(std::nullopt)).size(), 3U);
    EXPECT_EQ(policy_rows(*open(config::controller_section{})).size(), 4U);
    // Those that own ones keep off are known in any case, and those that these keep off.
    more_ +=
        "[[policies]]\ncolor = 5\nendpoint = \"n3\"\n[[policies.paths]]\n"
        "dynamic = { disjoint_from = \"other\" }\n"
        "[[policies]]\nheadend = \"n2\"\ncolor = 6\nendpoint = \"n3\"\n"
        "[[policies.paths]]\ndynamic = {}\n";
    EXPECT_EQ(policy_rows(*open(std::nullopt)).size(), 5U);
}

// Two headends that fill the same links: each knows what the other has reserved.
TEST_F(controlled_network, a_headend_counts_what_others_have_reserved) {
    const auto reserving = [](const char* headend, int color) {
        return "[[policies]]\nheadend = \"" + std::string(headend) +
               "\"\ncolor = " + std::to_string(color) +
               "\nendpoint = \"n3\"\npriority = " + (color == 1 ? "1" : "2") +
               "\n[[policies.paths]]\ndynamic = { bandwidth = \"60M\" }\n";
    };
    more_ = reserving("n1", 1) + reserving("n0", 2) + policy("free", "n2", 3);
    const auto way_of_two = [](const network& known) {
        for (const json& row : policy_rows(known)) {
            if (row["color"] == 2) {
                return row["lists"].dump();
            }
        }
        return std::string();
    };
    const auto headend = open(std::nullopt);
    const auto all = open(config::controller_section{});
    EXPECT_EQ(way_of_two(*headend), way_of_two(*all));
    EXPECT_NE(way_of_two(*headend).find("n2"), std::string::npos);
    EXPECT_EQ(policy_rows(*headend).size(), 2U);
    // Who reserves nothing himself has no need to know.
    more_ = reserving("n1", 1) + policy("plain", "n0", 2);
    EXPECT_EQ(policy_rows(*open(std::nullopt)).size(), 1U);
}

// [topology] says how policies are computed.
TEST_F(controlled_network, options_of_policies_are_the_configurations) {
    more_ = policy("a", "n0", 1);
    const auto load = [&](network& known, const config::topology_section& keys, microseconds now) {
        auto done = known.reload(test::write_network(folder_, said_, 0, more_, keys));
        EXPECT_TRUE(done.ok()) << done.why().text();
        EXPECT_TRUE(known.compute(now).ok());
    };
    config::topology_section keys;
    const auto known = open(std::nullopt);
    const std::string over_n1 = ways(*known).at("a");
    // A better path has to be the best for 2 s.
    keys.policy_settle = 2000;
    load(*known, keys, 0);
    for (topology::advertisement& one : said_) {
        for (topology::link& l : one.links) {
            l.metric = one.origin == "n2" || l.remote == "n2" ? 1 : 10;
        }
    }
    load(*known, keys, second);
    ASSERT_TRUE(known->compute(3 * second - 1).ok());
    EXPECT_EQ(policy_rows(*known)[0]["lists"][0]["segments"].size(), 2U);
    ASSERT_TRUE(known->compute(3 * second).ok());
    EXPECT_EQ(policy_rows(*known)[0]["lists"][0]["segments"].size(), 1U);
    // Of two paths of equal preference the one that is installed.
    const auto paths = [&](const char* first, const char* second_path) {
        more_ = "[[policies]]\nname = \"a\"\ncolor = 1\nendpoint = \"n3\"\n" + std::string(first) +
                second_path;
    };
    const char* const one =
        "[[policies.paths]]\ndiscriminator = 1\nname = \"one\"\nsegments = [\"n3\"]\n";
    const char* const two =
        "[[policies.paths]]\ndiscriminator = 2\nname = \"two\"\nsegments = [\"n1\", \"n3\"]\n";
    const auto active = [&] { return policy_rows(*known)[0]["active"]; };
    for (const bool keep : {false, true}) {
        keys.policy_keep_installed = keep;
        paths(one, "");
        load(*known, keys, 10 * second);
        EXPECT_EQ(active(), "one");
        paths(one, two);
        load(*known, keys, 20 * second);
        EXPECT_EQ(active(), keep ? "one" : "two");
    }
    // And of the MSD some labels are for others.
    said_[0].msd = 2;
    paths("", two);
    load(*known, keys, 30 * second);
    EXPECT_TRUE(policy_rows(*known)[0]["up"].get<bool>());
    keys.policy_reserved_labels = 1;
    load(*known, keys, 40 * second);
    EXPECT_FALSE(policy_rows(*known)[0]["up"].get<bool>());
}

// Packets with the old label are under way when a policy has a new one.
TEST_F(controlled_network, a_binding_sid_that_changes_is_good_for_a_while) {
    const auto with_sid = [&](int sid) {
        std::string a = policy("a", "n0", 1);
        return a.insert(a.find("endpoint"), "binding_sid = " + std::to_string(sid) + "\n");
    };
    more_ = with_sid(15'200);
    const auto known = open(std::nullopt);
    const auto rule = [&](microseconds now, mpls::label label) {
        auto made = known->compute(now);
        EXPECT_TRUE(made.ok());
        const auto& all = made.value().rules.labels;
        const auto at = std::ranges::find(all, label, &config::label_rule::label);
        return at == all.end() ? std::nullopt : std::optional(*at);
    };
    ASSERT_TRUE(rule(0, 15'200));
    more_ = with_sid(15'300);
    ASSERT_TRUE(known->reload(test::write_network(folder_, said_, 0, more_)).ok());
    const auto before = rule(second, 15'200);
    const auto after = rule(second, 15'300);
    ASSERT_TRUE(before && after);
    EXPECT_EQ(before->paths, after->paths);
    EXPECT_EQ(known->due(), 2 * second);
    EXPECT_TRUE(rule(2 * second - 1, 15'200));
    EXPECT_FALSE(rule(2 * second, 15'200));
    EXPECT_TRUE(rule(2 * second, 15'300));
    EXPECT_EQ(known->due(), paths::never);
    // A policy that takes the label of another waits for it.
    more_ = with_sid(15'400) + "[[policies]]\nname = \"z\"\ncolor = 9\nendpoint = \"n2\"\n" +
            "binding_sid = 15300\n[[policies.paths]]\ndynamic = {}\n";
    ASSERT_TRUE(known->reload(test::write_network(folder_, said_, 0, more_)).ok());
    const auto still = rule(3 * second, 15'300);
    ASSERT_TRUE(still);
    EXPECT_EQ(still->paths, rule(3 * second, 15'400)->paths);
    const auto others = rule(4 * second, 15'300);
    ASSERT_TRUE(others);
    EXPECT_NE(others->paths, still->paths);
}

// Labels of a headend are those that the map gives it now.
TEST_F(controlled_network, binding_sids_keep_off_what_the_map_says_now) {
    const std::string sid = "binding_sid = 15200\n";
    std::string a = policy("a", "n0", 1);
    a.insert(a.find("endpoint"), sid);
    more_ = a + policy("b", "n0", 2);
    const auto known = open(std::nullopt);
    const auto label = [&](std::size_t row) {
        return policy_rows(*known)[row]["binding_sid"].get<mpls::label>();
    };
    EXPECT_EQ(label(0), 15'200U);
    const mpls::label allocated = label(1);
    const auto load = [&](microseconds now) {
        const config::file file = test::write_network(folder_, said_, 0, more_);
        auto done = known->reload(file);
        EXPECT_TRUE(done.ok()) << done.why().text();
        auto computed = known->compute(now);
        EXPECT_TRUE(computed.ok()) << computed.why().text();
    };
    // Both are links' now.
    ASSERT_EQ(said_[0].links.size(), 2U);
    const auto before = said_[0].links;
    said_[0].links[0].sids = {{15'200, false, false}};
    said_[0].links[1].sids = {{allocated, false, false}};
    load(second);
    EXPECT_NE(label(0), 15'200U);
    EXPECT_NE(label(1), allocated);
    EXPECT_NE(label(0), label(1));
    // And now they are not, and an SRLB is another one.
    said_[0].links = before;
    load(5 * second);
    EXPECT_EQ(label(0), 15'200U);
    said_[0].srlb = {{4'000, 100}};
    load(9 * second);
    EXPECT_EQ(label(0), 15'200U);  // given by hand
    EXPECT_LT(label(1), 4'100U);
    // A link that is down keeps its labels.
    said_[0].srlb = {{4'000, 5}};  // four are of links
    load(13 * second);
    EXPECT_EQ(label(1), 4'004U);
    EXPECT_TRUE(known->set_link("to-n2", false, 14 * second));
    EXPECT_TRUE(known->compute(14 * second).ok());
    EXPECT_EQ(label(1), 4'004U);
}

TEST_F(controlled_network, a_report_tells_links_and_failures_page_by_page) {
    const auto known = open(config::controller_section{});
    auto made = load_report::make(*known, "all", 1.0);
    ASSERT_TRUE(made.ok()) << made.why().text();
    const json rows = all_rows(*made.value());
    EXPECT_EQ(rows, made.value()->rows(0, 1000, 10s));
    // The fullest first: 140 over n1-n3, 120 over n0-n1.
    EXPECT_EQ(rows[0]["link"]["node"], "n1");
    EXPECT_NEAR(rows[0]["link"]["load"].get<double>(), 140e6, 1);
    EXPECT_NEAR(rows[1]["link"]["utilisation"].get<double>(), 1.2, 1e-9);
    std::map<std::string, json> failures;
    for (const json& row : rows) {
        if (row.contains("failure")) {
            failures[row["failure"]["what"]] = row["failure"];
        }
    }
    EXPECT_EQ(failures.size(), 8U);  // links and nodes
    EXPECT_NEAR(failures["n1"]["lost_rate"].get<double>(), 20e6, 1);
    EXPECT_EQ(failures["n1"]["worst"]["node"], "n0");
    EXPECT_EQ(failures["n2"]["overloaded"].size(), 2U);
    EXPECT_NEAR(failures["n3"]["lost_rate"].get<double>(), 140e6, 1);
    EXPECT_FALSE(load_report::make(*known, "city", 1.0).ok());
    // It is about the network as it is now.
    EXPECT_TRUE(known->compute(1).ok());
    EXPECT_TRUE(made.value()->holds());
    EXPECT_TRUE(known->set_link("to-n1", false, 1));
    EXPECT_FALSE(made.value()->holds());
    EXPECT_TRUE(known->compute(1).ok());
    EXPECT_FALSE(made.value()->holds());
    const auto later = load_report::make(*known, "none", 1.0);
    ASSERT_TRUE(later.ok());
    EXPECT_EQ(later.value()->rows(0, 1000, 10s)[0]["link"]["link"], "to-n2");
}

TEST_F(controlled_network, a_plan_is_for_all_and_moves_own_policies_one_by_one) {
    const auto known = open(config::controller_section{});
    const auto before = ways(*known);
    // What would help may be another's move.
    auto idea = known->reoptimise({0.8, 0.001, 100}, false);
    ASSERT_TRUE(idea.ok()) << idea.why().text();
    EXPECT_NEAR(idea->before, 1.4, 1e-9);
    EXPECT_LE(idea->after, 0.8 + 1e-9);
    EXPECT_EQ(known->moves_waiting(), 0U);
    EXPECT_EQ(ways(*known), before);

    auto plan = known->reoptimise({0, 0.001, 100}, true);
    ASSERT_TRUE(plan.ok());
    ASSERT_GE(plan->moves.size(), 1U);
    double least = plan->before;
    for (const auto& move : plan->moves) {
        EXPECT_EQ(move.of.from, "n0");
        EXPECT_LE(move.during, least + 1e-9);
        EXPECT_LE(move.after, least + 1e-9);
        least = move.after;
    }
    EXPECT_EQ(known->moves_waiting(), plan->moves.size());
    EXPECT_FALSE(known->reoptimise({}, true).ok());  // one after the other
    // Each starts once the one before has settled.
    microseconds now = second;
    for (std::size_t left = plan->moves.size(); left > 0; --left) {
        ASSERT_TRUE(known->compute(now).ok());
        EXPECT_EQ(known->moves_waiting(), left - 1);
        ASSERT_TRUE(known->compute(now + 1).ok());
        EXPECT_EQ(known->moves_waiting(), left - 1);
        ASSERT_NE(known->due(), paths::never);
        now = known->due();
    }
    ASSERT_TRUE(known->compute(now).ok());
    EXPECT_EQ(known->due(), paths::never);
    const auto after = ways(*known);
    std::size_t differ = 0;
    for (const auto& [name, way] : after) {
        differ += way != before.at(name) ? 1U : 0U;
    }
    EXPECT_EQ(differ, plan->moves.size());
    EXPECT_EQ(after.at("other"), before.at("other"));
    const auto moment = known->moment();
    ASSERT_TRUE(known->compute(now + second).ok());
    EXPECT_FALSE(moment.expired());
    // The policies carry it now, so that nothing more helps.
    auto more = known->reoptimise({0, 0.001, 100}, true);
    ASSERT_TRUE(more.ok());
    EXPECT_NEAR(more->before, plan->after, 1e-9);
    EXPECT_TRUE(more->moves.empty());
    // And back.
    EXPECT_EQ(known->revert_moves(), plan->moves.size());
    ASSERT_TRUE(known->compute(now + second).ok());
    EXPECT_EQ(ways(*known), before);
    EXPECT_TRUE(moment.expired());
    EXPECT_EQ(known->revert_moves(), 0U);
}

// The control socket says what is wrong with a path, and what would help.
TEST_F(controlled_network, an_invalid_path_has_a_reason) {
    said_ = test::make_advertisements(std::vector<test::edge>{{"n0", "n1", 1, 1},
                                                              {"n1", "n3", 1, 1},
                                                              {"n0", "n2", 1, 1},
                                                              {"n2", "n4", 90, 90},
                                                              {"n4", "n5", 90, 90},
                                                              {"n5", "n3", 90, 90}});
    said_[0].msd = 2;
    more_ = policy("a", "n0", 1) + policy("far", "n0", 2);
    more_.replace(more_.rfind("dynamic = {}"), 12, R"(dynamic = { exclude_nodes = ["n1"] })");
    const json rows = policy_rows(*open(std::nullopt));
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_FALSE(rows[0]["candidates"][0].contains("reason"));
    const json& far = rows[1]["candidates"][0];
    const std::string reason = far["reason"];
    EXPECT_NE(reason.find("; a policy with a binding_sid would help: of "), std::string::npos)
        << reason;
    EXPECT_EQ(far["state"], "invalid: it has more labels than the headend can impose (MSD)");
}

// Each label as the node finds it that looks at it: every one has another SRGB here.
TEST_F(controlled_network, labels_of_a_list_are_those_where_the_segment_before_has_ended) {
    said_ = test::make_advertisements(std::vector<test::edge>{
        {"n0", "n1"}, {"n1", "n3"}, {"n1", "n3"}, {"n0", "n2"}, {"n2", "n3"}});
    topology::prefix any;
    any.address = said_[0].prefixes[0].address;
    any.address.address[3] = 99;
    any.sids.push_back({900, 0, false, false});
    std::uint32_t base = 100'000;
    for (topology::advertisement& one : said_) {
        one.srgb = {{base += 10'000, 1000}};
        if (one.origin == "n1" || one.origin == "n2") {
            one.prefixes.push_back(any);
        }
        for (topology::link& l : one.links) {
            if (l.remote == "n3" && one.origin == "n1") {
                l.sids.push_back({4'500, false, true});
            }
        }
    }
    said_[0].bindings = {};
    said_[1].bindings = {{15'300, {"n3"}}};
    ASSERT_EQ(said_[1].origin, "n1");
    ASSERT_EQ(said_[2].origin, "n3");
    const auto path = [](const std::string& segments, int color, const std::string& keys = "",
                         const char* headend = "n0") {
        return "[[policies]]\nname = \"p" + std::to_string(color) + "\"\nheadend = \"" + headend +
               "\"\ncolor = " + std::to_string(color) + "\nendpoint = \"n2\"\n" + keys +
               "[[policies.paths]]\nsegments = [" + segments + "]\n";
    };
    more_ = path(R"("n3", "n2")", 1, "binding_sid = 15200\n", "n1") +
            path(R"("n1", 15200, "n3", "n1")", 2) + path(R"("n1", 15300, "n0")", 3) +
            path(R"("n1", "n1->n3", "n0")", 4) + path(R"("10.0.0.99/32", "n3", "n0")", 5);
    const auto known = open(config::controller_section{});
    const json rows = policy_rows(*known);
    const auto labels = [&](int color) {
        for (const json& row : rows) {
            if (row["color"] == color) {
                return row["lists"][0]["labels"];
            }
        }
        return json();
    };
    // n0 to n3 are numbers 1 to 4 (indexes), by SRGB 110000, 120000 (n1), 130000 (n3), 140000.
    EXPECT_EQ(labels(2), json({110'002, 15'200, 140'003, 130'002}));
    EXPECT_EQ(labels(3), json({110'002, 15'300, 130'001}));
    EXPECT_EQ(labels(4), json({110'002, 4'500, 130'001}));
    // Whoever of the two has it on top would need another label.
    EXPECT_EQ(labels(5), json({110'900, nullptr, 130'001}));
}

// n0 to n3 over n1 (cost 20) and n2 (40); a sends 60 of 100, b 50, both over n1 at first.
class constrained_moves : public controlled_network {
protected:
    static std::string with(const std::string& name, int color, const std::string& dynamic,
                            const std::string& keys = "") {
        std::string text = policy(name, "n0", color);
        text.replace(text.find("dynamic = {}"), 12, "dynamic = { " + dynamic + " }");
        text.insert(text.find("endpoint"), keys);
        return text;
    }
    // Policies that a plan moves, by color; each then is where the plan has it.
    std::vector<std::string> moved(const std::string& more) {
        more_ = more + demand("n0", "a", 60) + demand("n0", "b", 50);
        known_ = open(config::controller_section{});
        auto plan = known_->reoptimise({0, 0.001, 100}, true);
        EXPECT_TRUE(plan.ok());
        std::vector<std::string> found;
        for (const auto& move : plan->moves) {
            found.push_back(move.of.policy.substr(0, 7));
        }
        const auto before = ways(*known_);
        microseconds now = second;
        for (std::size_t i = 0; i < 2 * plan->moves.size(); ++i, now += second) {
            EXPECT_TRUE(known_->compute(now).ok());
        }
        EXPECT_EQ(known_->moves_waiting(), 0U);
        std::size_t differ = 0;
        for (const auto& [name, way] : ways(*known_)) {
            differ += way != before.at(name) ? 1U : 0U;
        }
        EXPECT_EQ(differ, plan->moves.size()) << more;
        const auto again = known_->reoptimise({0, 0.001, 100}, false);
        EXPECT_TRUE(again.ok());
        EXPECT_NEAR(again.value().before, plan->after, 1e-9) << more;
        return found;
    }
    using names = std::vector<std::string>;
    std::unique_ptr<network> known_;
};

TEST_F(constrained_moves, a_policy_moves_within_its_constraints) {
    for (topology::advertisement& one : said_) {
        for (topology::link& l : one.links) {
            const bool far = one.origin == "n2" || l.remote == "n2";
            l.delay = far ? 5000 : 1000;
            if (far) {
                l.srlgs = {7};
            }
        }
    }
    const std::string b = policy("b", "n0", 2);
    // The largest one would go, but for these.
    EXPECT_EQ(moved(policy("a", "n0", 1) + b), names{"a"});
    for (const char* const dynamic :
         {"max_metric = 39", R"(max_delay = "9ms")", R"(exclude_nodes = ["n2"])", R"(via = ["n1"])",
          "exclude_srlgs = [7]", R"(exclude_links = ["n2->n3"])"}) {
        EXPECT_EQ(moved(with("a", 1, dynamic) + b), names{"b"}) << dynamic;
    }
    EXPECT_EQ(moved(with("a", 1, R"(max_metric = 40, max_delay = "10ms", max_hops = 2)") + b),
              names{"a"});
    EXPECT_TRUE(
        moved(with("a", 1, "max_metric = 39") + with("b", 2, "exclude_srlgs = [7]")).empty());
    // What the move has to keep to it keeps to afterwards: n2 is too far for it then.
    EXPECT_EQ(moved(with("a", 1, "max_metric = 40") + with("b", 2, "max_hops = 1, ecmp = false") +
                    "[[policies.paths]]\npreference = 50\ndynamic = {}\n"),
              names{"a"});
    const auto there = ways(*known_);
    ASSERT_EQ(said_[3].origin, "n2");
    for (topology::link& l : said_[3].links) {
        l.metric += l.remote == "n3" ? 1U : 0U;
    }
    config::file file = test::write_network(folder_, said_, 0, more_);
    file.controller.emplace();
    ASSERT_TRUE(known_->reload(file).ok());
    ASSERT_TRUE(known_->compute(60 * second).ok());
    EXPECT_NE(ways(*known_).at("a"), there.at("a"));
}

TEST_F(constrained_moves, a_policy_takes_its_reservation_along) {
    const std::string held = with("held", 9, R"(bandwidth = "50M", via = ["n2"])");
    // There is room for what b sends, but not for what a has to have reserved.
    EXPECT_EQ(moved(with("a", 1, R"(bandwidth = "55M")") + policy("b", "n0", 2) + held),
              names{"b"});
    EXPECT_EQ(moved(with("a", 1, R"(bandwidth = "50M")") + policy("b", "n0", 2) + held),
              names{"a"});
    // Where it is now nobody else finds room.
    more_ += with("late", 10, R"(bandwidth = "1M", exclude_nodes = ["n1"])");
    config::file file = test::write_network(folder_, said_, 0, more_);
    file.controller.emplace();
    ASSERT_TRUE(known_->reload(file).ok());
    ASSERT_TRUE(known_->compute(60 * second).ok());
    for (const json& row : policy_rows(*known_)) {
        EXPECT_EQ(row["up"].get<bool>(), row["policy"] != "late") << row.dump();
    }
}

TEST_F(constrained_moves, who_keeps_apart_still_does) {
    // b follows where a goes, so a stays; b may not go where a is.
    const std::string apart = R"(disjoint_from = "a")";
    EXPECT_TRUE(moved(policy("a", "n0", 1) + with("b", 2, apart)).empty());
    // A pair cannot move at all between two ways.
    const std::string pair = R"(disjoint_group = "g")";
    EXPECT_TRUE(moved(with("a", 1, pair) + with("b", 2, pair)).empty());
}

// The long way is n0 n2 n4 n3, and from n2 the short one to n3 is back over n0.
TEST_F(constrained_moves, a_path_that_its_headend_cannot_spell_is_no_move) {
    said_ = test::make_advertisements(std::vector<test::edge>{
        {"n0", "n1"}, {"n1", "n3"}, {"n0", "n2"}, {"n2", "n4", 50, 50}, {"n4", "n3", 50, 50}});
    for (topology::advertisement& one : said_) {
        for (topology::link& l : one.links) {
            l.bandwidth = 100'000'000;
        }
    }
    const std::string both = policy("a", "n0", 1) + policy("b", "n0", 2);
    EXPECT_EQ(moved(both), names{"a"});
    said_[0].msd = 1;
    EXPECT_TRUE(moved(both).empty());
    // But with the binding SID of another policy it can, and that one stays then.
    std::string helper = policy("help", "n2", 3);
    helper.replace(helper.find("dynamic = {}"), 12, R"(segments = ["n2->n4", "n4->n3"])");
    helper.insert(helper.find("endpoint"), "binding_sid = 15200\n");
    EXPECT_EQ(moved(both + helper), names{"a"});
    EXPECT_NE(ways(*known_).at("a").find(" of n2"), std::string::npos);
    EXPECT_EQ(moved(both + helper + demand("n2", "help", 41)), names{"b"});
}

TEST_F(controlled_network, moves_end_with_what_they_were_for) {
    const auto [known, plan] = begin_moves();
    // The network is another one: the rest of the plan is void.
    EXPECT_TRUE(known->set_link("to-n2", false, second));
    ASSERT_TRUE(known->compute(second).ok());
    EXPECT_EQ(known->moves_waiting(), 0U);
    EXPECT_TRUE(known->set_link("to-n2", true, 2 * second));
    ASSERT_TRUE(known->compute(2 * second).ok());
    // A reload keeps moves of policies that stay as they are.
    const std::string moved = plan.moves.front().of.policy;
    const auto names = ways(*known);
    config::file file = test::write_network(folder_, said_, 0, more_);
    file.controller.emplace();
    ASSERT_TRUE(known->reload(file).ok());
    ASSERT_TRUE(known->compute(9 * second).ok());
    EXPECT_EQ(ways(*known), names);
    // But not of those that do not.
    const std::size_t at = more_.find("dynamic = {}");
    for (std::size_t n = at; n != std::string::npos; n = more_.find("dynamic = {}", n + 1)) {
        more_.insert(n, "preference = 101\n");
        n += 17;
    }
    file = test::write_network(folder_, said_, 0, more_);
    file.controller.emplace();
    ASSERT_TRUE(known->reload(file).ok());
    EXPECT_TRUE(known->compute(20 * second).ok());
    EXPECT_EQ(known->revert_moves(), 0U);
}

// A reload that is taken back leaves moves as they were, done or waiting, and what they reserve.
TEST_F(controlled_network, moves_outlive_a_reload_that_is_taken_back) {
    const auto [known, plan] = begin_moves();
    const std::size_t waiting = known->moves_waiting();
    const auto moved = ways(*known);
    // Other policies, none, another network.
    const std::string good = more_;
    const auto network = said_;
    for (int what = 0; what < 4; ++what) {
        if (what == 1) {
            for (std::size_t at = 0; (at = more_.find("dynamic = {}", at)) != std::string::npos;
                 at += 30) {
                more_.insert(at, "preference = 101\n");
            }
        } else if (what == 2) {
            more_.clear();
        } else if (what == 3) {
            said_[2].links[0].metric += 100;
            said_[0].links.pop_back();
        }
        config::file file = test::write_network(folder_, said_, 0, more_);
        file.controller.emplace();
        auto done = known->reload(file);
        ASSERT_TRUE(done.ok()) << done.why().text();
        if (what != 0) {
            ASSERT_TRUE(known->compute(second).ok());
            EXPECT_NE(ways(*known), moved) << what;
        }
        known->revert();
        more_ = good;
        said_ = network;
        ASSERT_TRUE(known->compute(second).ok());
        EXPECT_EQ(ways(*known), moved) << what;
        EXPECT_EQ(known->moves_waiting(), waiting) << what;
    }
    // With other labels policies begin anew, where they are.
    for (const mpls::label last : {3000U, 3001U}) {
        config::file file = test::write_network(folder_, said_, 0, more_);
        file.controller.emplace();
        file.node.static_labels = {{3000, last}};
        ASSERT_TRUE(known->reload(file).ok());
        ASSERT_TRUE(known->compute(second).ok());
        EXPECT_EQ(ways(*known), moved);
    }
    known->revert();
    ASSERT_TRUE(known->compute(second).ok());
    EXPECT_EQ(ways(*known).at("a"), moved.at("a"));
    EXPECT_EQ(known->moves_waiting(), 0U);  // the reload before had dropped them
    ASSERT_TRUE(known->reoptimise({0, 0.001, 100}, true).ok());
    // The plan comes to the same end.
    for (microseconds now = 3 * second; known->moves_waiting() != 0; now += 2 * second) {
        ASSERT_LT(now, 100 * second);
        ASSERT_TRUE(known->compute(now).ok());
    }
    auto more = known->reoptimise({0, 0.001, 100}, false);
    ASSERT_TRUE(more.ok());
    EXPECT_NEAR(more->before, plan.after, 1e-9);
    EXPECT_EQ(known->revert_moves(), plan.moves.size());
}

TEST_F(controlled_network, a_plan_that_is_only_asked_for_disturbs_nothing) {
    const auto [known, plan] = begin_moves();
    const std::size_t waiting = known->moves_waiting();
    const auto moved = ways(*known);
    ASSERT_TRUE(known->reoptimise({0, 0.001, 100}, false).ok());
    ASSERT_TRUE(known->compute(second + 1).ok());
    // The first has not settled: the next one still waits for it.
    EXPECT_EQ(known->moves_waiting(), waiting);
    EXPECT_EQ(ways(*known), moved);
    EXPECT_EQ(known->revert_moves(), plan.moves.size() - waiting);
}

TEST_F(controlled_network, counters_make_utilisation_and_demands) {
    config::controller_section role;
    role.demands = config::demand_source::measured;
    const auto known = open(role);
    const topology::map& m = known->map();
    const auto node = [&](const char* name) { return *m.find(name); };
    const auto address = [&](const char* name) { return m.said(node(name))->prefixes[0].address; };
    const auto count = [&](const controller::counter_id& id, std::uint64_t mbits) {
        const controller::counter_report both[] = {{id, {1000, second}, 0},
                                                   {id, {1000 + mbits * 125'000, 2 * second}, 0}};
        known->apply(both);
    };
    json rows = utilisation_rows(*known);
    ASSERT_EQ(rows.size(), 2U);  // its own
    EXPECT_TRUE(rows[0]["rate"].is_null());
    EXPECT_TRUE(rows[0]["utilisation"].is_null());
    EXPECT_EQ(rows[0]["capacity"], 100'000'000U);
    EXPECT_EQ(known->demands().size(), 4U);  // the file's

    count(controller::link_counter(known->own(), "to-n1"), 50);
    count(controller::link_counter(node("n2"), "to-n3"), 10);  // somebody reports it
    count(controller::policy_counter(known->own(), 1, address("n3")), 45);
    count(controller::prefix_counter(known->own(), address("n1")), 5);
    rows = utilisation_rows(*known);
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0]["link"], "to-n1");
    EXPECT_NEAR(rows[0]["rate"].get<double>(), 50e6, 1);
    EXPECT_NEAR(rows[0]["utilisation"].get<double>(), 0.5, 1e-9);
    EXPECT_EQ(rows[2]["node"], "n2");
    // n0 counts what enters there; of n1 the file's word holds.
    const auto demands = known->demands();
    ASSERT_EQ(demands.size(), 3U);
    EXPECT_EQ(demands[0].from, node("n1"));
    EXPECT_EQ(demands[1].to, node("n1"));
    EXPECT_NEAR(demands[2].rate, 45e6, 1);
    ASSERT_TRUE(demands[2].policy);
    EXPECT_EQ(demands[2].policy->color, 1U);
    auto report = load_report::make(*known, "none", 1.0);
    ASSERT_TRUE(report.ok());
    const json links = all_rows(*report.value());
    EXPECT_NEAR(links[0]["link"]["load"].get<double>(), 65e6, 1);  // n1 to n3
    EXPECT_NEAR(links[1]["link"]["load"].get<double>(), 50e6, 1);  // n0 to n1
    EXPECT_NEAR(links[1]["link"]["measured"].get<double>(), 50e6, 1);
    // Own counters that are read no more are gone, others' are not.
    known->forget_counters_before(3 * second);
    EXPECT_TRUE(utilisation_rows(*known)[0]["rate"].is_null());
    EXPECT_EQ(utilisation_rows(*known).size(), 3U);
    EXPECT_EQ(known->demands().size(), 4U);
}

TEST_F(controlled_network, without_demands_there_is_nothing_to_tell) {
    more_.clear();
    const auto known = open(config::controller_section{});
    EXPECT_FALSE(load_report::make(*known, "all", 1.0).ok());
    EXPECT_FALSE(known->reoptimise({}, false).ok());
}

}  // namespace
}  // namespace rhumb::routing

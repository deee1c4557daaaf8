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
    // Segments of the first list of each policy.
    static std::map<std::string, std::string> ways(const network& known) {
        std::map<std::string, std::string> found;
        for (const json& row : policy_rows(known)) {
            found[row["policy"]] = row["lists"][0]["segments"].dump();
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

TEST_F(controlled_network, moves_end_with_what_they_were_for) {
    // One move of the largest policy is not enough for less than 60 %.
    more_ += policy("d", "n0", 8) + demand("n0", "d", 60);
    const auto known = open(config::controller_section{});
    auto plan = known->reoptimise({0, 0.001, 100}, true);
    ASSERT_TRUE(plan.ok());
    ASSERT_GE(plan->moves.size(), 2U);
    ASSERT_TRUE(known->compute(second).ok());
    ASSERT_GE(known->moves_waiting(), 1U);
    // The network is another one: the rest of the plan is void.
    EXPECT_TRUE(known->set_link("to-n2", false, second));
    ASSERT_TRUE(known->compute(second).ok());
    EXPECT_EQ(known->moves_waiting(), 0U);
    EXPECT_TRUE(known->set_link("to-n2", true, 2 * second));
    ASSERT_TRUE(known->compute(2 * second).ok());
    // A reload keeps moves of policies that stay as they are.
    const std::string moved = plan->moves.front().of.policy;
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

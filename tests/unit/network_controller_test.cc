// A node that computes for the network: what is sent, and how full links are.
#include "tests/unit/controlled_network.hh"

namespace rhumb::routing {
namespace {

using namespace std::chrono_literals;

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

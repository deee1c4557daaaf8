// A node that computes for the network, and its network: what the tests of the controller, of its
// moves and of policies share. Threads: one.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/routing/load_report.hh"
#include "controlplane/routing/network.hh"
#include "controlplane/routing/rows.hh"
#include "tests/support/network_files.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::routing {

using nlohmann::json;

inline constexpr microseconds second = 1'000'000;

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
            const json some = report.rows(rows.size(), 3, std::chrono::milliseconds(0));
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

}  // namespace rhumb::routing

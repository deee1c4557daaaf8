// The last look before publication refuses tables that loop.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/network_maps.hh"
#include "tests/support/simulated_network.hh"

namespace rhumb {
namespace {

class computed_loops : public ::testing::Test {
protected:
    // n0 - n1 - n2 - n3 - n4 - n0, seen from n0.
    computed_loops()
        : m_(test::make_map(test::ring(5))),
          labels_(m_),
          inputs_(test::inputs_for(m_, 0, true)),
          made_(compute(labels_)) {}

    [[nodiscard]] publish::computed_tables compute(const labels::sid_labels& labels) {
        publish::table_computer computer;
        auto made = computer.compute(inputs_.on(m_, labels, 0));
        EXPECT_TRUE(made) << made.why().text();
        return made ? std::move(*made) : publish::computed_tables{};
    }
    [[nodiscard]] std::string check() const {
        const auto checked = publish::check_loops(inputs_.on(m_, labels_, 0), made_);
        return checked ? "" : checked.why().text();
    }
    // The paths of a label's rule, no longer shared with others.
    config::path_list& paths_of(mpls::label label) {
        for (config::label_rule& rule : made_.rules.labels) {
            if (rule.label == label) {
                made_.rules.path_lists.push_back(made_.rules.path_lists[rule.paths]);
                rule.paths = static_cast<std::uint32_t>(made_.rules.path_lists.size() - 1);
                return made_.rules.path_lists.back();
            }
        }
        std::abort();
    }
    config::label_rule& rule_of(mpls::label label) {
        for (config::label_rule& rule : made_.rules.labels) {
            if (rule.label == label) {
                return rule;
            }
        }
        std::abort();
    }
    config::backup& backup_of(const std::string& name) {
        for (config::nexthop& hop : made_.nexthops) {
            if (hop.name == name) {
                return *hop.backup;
            }
        }
        std::abort();
    }

    topology::map m_;
    labels::sid_labels labels_;
    test::node_inputs inputs_;
    publish::computed_tables made_;
};

TEST_F(computed_loops, good_tables_pass) { EXPECT_EQ(check(), ""); }

TEST_F(computed_loops, a_neighbour_that_would_send_it_back) {
    paths_of(16'002).front() = {"to-n4", 1, std::nullopt};
    rule_of(16'002).op = config::operation::continue_;
    rule_of(16'002).out = 16'002;
    EXPECT_EQ(check(), "label 16002 would loop: n0 -> n4 -> n0");
}

TEST_F(computed_loops, a_longer_way_that_does_not_come_back_is_none) {
    // n4 is as far from n2 as n0 is, but goes over n3.
    paths_of(16'003).front() = {"to-n4", 1, std::nullopt};
    EXPECT_EQ(check(), "");
}

TEST_F(computed_loops, a_label_that_is_another_segment_there) {
    rule_of(16'003).out = 16'004;
    EXPECT_EQ(check(), "label 16003 becomes 16004, which at n1 is another segment");
}

TEST_F(computed_loops, a_label_popped_too_early) {
    rule_of(16'003).op = config::operation::pop;
    EXPECT_EQ(check(), "label 16003 ends at n1, which is not where its prefix is");
}

TEST_F(computed_loops, an_ip_prefix_that_comes_back) {
    for (config::prefix_rule& rule : made_.rules.prefixes) {
        if (rule.match == m_.said(1)->prefixes.front().address) {
            ASSERT_EQ(rule.list, config::none);
            rule.paths = made_.rules.intern({config::path{"to-n4", 1, std::nullopt}});
        }
    }
    EXPECT_EQ(check(), "prefix 10.0.0.2/32 would loop: n0 -> n4 -> n0");
}

TEST_F(computed_loops, a_repair_whose_way_comes_back) {
    // n1 for n2: over n4, whose shortest path to n2 is that by n3; to n1 it would be that by n0.
    const std::string name = rule_of(16'003).paths != config::none
                                 ? made_.rules.path_lists[rule_of(16'003).paths].front().nexthop
                                 : "";
    ASSERT_EQ(name, "to-n1~via-to-n4");
    backup_of(name).push = {16'002};
    EXPECT_EQ(check(),
              "next hop to-n1~via-to-n4 would loop while the link to n1 is down: the repair's way "
              "from n4 to n1 may lead over it");
}

TEST_F(computed_loops, a_repair_that_ends_where_the_destination_is_behind_the_failure) {
    // For n1 the repair goes on to n3; without that, n4 sends it back.
    const std::string name = made_.rules.path_lists[rule_of(16'002).paths].front().nexthop;
    ASSERT_EQ(name, "to-n1~via-to-n4~16003/16002");
    backup_of(name).push = {16'002};
    EXPECT_NE(check().find("would loop while the link to n1 is down"), std::string::npos);
    backup_of(name).push = {16'003, 16'002};
    EXPECT_EQ(check(), "");
    backup_of(name).push = {999};
    EXPECT_NE(check().find("would loop"), std::string::npos);
}

}  // namespace
}  // namespace rhumb

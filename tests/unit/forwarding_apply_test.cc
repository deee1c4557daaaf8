// Single changes to the tables: all of a batch or none.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/publish/forwarding.hh"
#include "tests/support/dice.hh"
#include "tests/support/forwarding_maker.hh"

namespace rhumb::publish {
namespace {

class forwarding_apply : public testing::Test {
protected:
    forwarding_apply() {
        maker m = two_nexthops();
        m.add_nexthop("r4", "east");
        m.add_label(16002, operation::continue_, {"r4"});
        m.add_label(15100, operation::push, {"r4"}, {16003, 16002});
        m.add_prefix("10.0.0.0/8", {"r3"});
        f_ = build(m);
        before_ = f_->snapshot(retired_);
    }
    // Asks for a change that must fail, and sees that nothing has changed.
    std::string refuse(const changes& batch) {
        const std::size_t labels = f_->label_count();
        const auto prefixes = f_->prefixes();
        const std::size_t nexthops = f_->nexthops().size();
        const std::string why = refused(*f_, batch);
        const table_set now = f_->snapshot(retired_);
        EXPECT_EQ(f_->label_count(), labels);
        EXPECT_EQ(f_->prefixes(), prefixes);
        EXPECT_EQ(f_->nexthops().size(), nexthops);
        for (mpls::label label = 15000; label < 24000; ++label) {
            EXPECT_EQ(now.labels[label], before_.labels[label]);
        }
        const std::vector<std::array<byte, 4>> addresses{{10, 1, 2, 3}, {11, 1, 2, 3}};
        for (const auto& address : addresses) {
            EXPECT_EQ(now.ipv4.lookup(address.data()), before_.ipv4.lookup(address.data()));
        }
        return why;
    }
    std::unique_ptr<forwarding> f_;
    retired_list retired_;  // before f_ goes, what is in it must
    table_set before_;
};

TEST_F(forwarding_apply, sets_replaces_and_removes_and_old_versions_stay) {
    changes batch;
    batch.nexthops = {maker::make_nexthop("r5", "west")};
    batch.rules.labels = {maker::make_label(batch.rules, 16002, operation::next),
                          maker::make_label(batch.rules, 16005, operation::continue_, {"r5"})};
    batch.rules.prefixes = {maker::make_prefix(batch.rules, "11.0.0.0/8", {"r5"})};
    batch.remove_labels = {15100};
    batch.remove_prefixes = {*config::parse_prefix("10.0.0.0/8")};
    ASSERT_EQ(refused(*f_, batch), "applied");
    const table_set now = f_->snapshot(retired_);
    EXPECT_EQ(f_->label_count(), 2U);
    EXPECT_EQ(now.labels[16002].op(), label_op::next);
    EXPECT_EQ(now.labels[16005].op(), label_op::continue_);
    EXPECT_EQ(now.labels[15100].op(), label_op::none);
    const std::array<byte, 4> ten{10, 1, 2, 3};
    const std::array<byte, 4> eleven{11, 1, 2, 3};
    EXPECT_EQ(now.ipv4.lookup(ten.data()), 0U);
    EXPECT_NE(now.ipv4.lookup(eleven.data()), 0U);
    EXPECT_EQ(before_.labels[16002].op(), label_op::continue_);
    EXPECT_EQ(before_.labels[15100].op(), label_op::push);
    EXPECT_NE(before_.ipv4.lookup(ten.data()), 0U);
    EXPECT_EQ(before_.ipv4.lookup(eleven.data()), 0U);
}

TEST_F(forwarding_apply, the_last_of_several_changes_to_a_label_holds) {
    changes batch;
    batch.rules.labels = {maker::make_label(batch.rules, 16005, operation::next),
                          maker::make_label(batch.rules, 16005, operation::pop, {"r3"})};
    ASSERT_EQ(refused(*f_, batch), "applied");
    EXPECT_EQ(f_->label(16005).entry.op(), label_op::pop);
    EXPECT_EQ(f_->label_count(), 3U);
}

TEST_F(forwarding_apply, a_prefix_removed_and_set_in_one_batch) {
    changes batch;
    batch.remove_prefixes = {*config::parse_prefix("10.0.0.0/8")};
    batch.rules.prefixes = {maker::make_prefix(batch.rules, "10.0.0.0/8", {"r4"})};
    ASSERT_EQ(refused(*f_, batch), "applied");
    EXPECT_EQ(f_->prefix(*config::parse_prefix("10.0.0.0/8")).paths.at(0).nexthop, "r4");
    const std::array<byte, 4> ten{10, 1, 2, 3};
    EXPECT_EQ(f_->snapshot(retired_).ipv4.lookup(ten.data()),
              f_->prefixes().at(*config::parse_prefix("10.0.0.0/8")));
}

TEST_F(forwarding_apply, one_bad_change_and_none_happens) {
    changes batch;
    batch.nexthops = {maker::make_nexthop("r5", "west")};
    batch.remove_labels = {15100};
    batch.remove_prefixes = {*config::parse_prefix("10.0.0.0/8")};
    batch.rules.labels = {maker::make_label(batch.rules, 16005, operation::next),
                          maker::make_label(batch.rules, 16006, operation::pop, {"r9"})};
    batch.rules.prefixes = {maker::make_prefix(batch.rules, "11.0.0.0/8", {"r5"})};
    EXPECT_EQ(refuse(batch), "label 16006 goes via \"r9\", which is no next hop");
}

TEST_F(forwarding_apply, nothing_is_removed_that_is_not_there) {
    changes batch;
    batch.remove_labels = {16002, 16009};
    EXPECT_EQ(refuse(batch), "label 16009 has no rule");
    batch.remove_labels = {0};
    EXPECT_EQ(refuse(batch), "label 0 has no rule");
    batch.remove_labels = {mpls::label_count};
    EXPECT_EQ(refuse(batch), "label 1048576 has no rule");
    batch.remove_labels = {};
    batch.remove_prefixes = {*config::parse_prefix("10.0.0.0/9")};
    EXPECT_EQ(refuse(batch), "prefix 10.0.0.0/9 is not configured");
    batch.remove_prefixes = {};
    batch.remove_nexthops = {"r9"};
    EXPECT_EQ(refuse(batch), "next hop \"r9\" does not exist");
}

TEST_F(forwarding_apply, nothing_is_removed_twice) {
    changes batch;
    batch.remove_labels = {16002, 16002};
    EXPECT_EQ(refuse(batch), "label 16002 is to be removed twice");
    batch.remove_labels = {};
    batch.remove_prefixes.assign(2, *config::parse_prefix("10.0.0.0/8"));
    EXPECT_EQ(refuse(batch), "prefix 10.0.0.0/8 is to be removed twice");
    batch.remove_prefixes = {};
    batch.remove_nexthops = {"r2", "r2"};
    EXPECT_EQ(refuse(batch), "next hop \"r2\" is to be removed twice");
}

TEST_F(forwarding_apply, a_next_hop_in_use_is_not_removed) {
    changes batch;
    batch.remove_nexthops = {"r3"};
    EXPECT_EQ(refuse(batch),
              "next hop \"r3\" is in use by next hop \"r2\" as its backup; change that first");
    batch.remove_nexthops = {"r4"};
    EXPECT_EQ(refuse(batch), "next hop \"r4\" is in use by label 15100; change that first");
    ASSERT_EQ(refused(*f_, {{15100, 16002}, {}, {}, {}, {}}), "applied");
    EXPECT_EQ(refused(*f_, batch), "applied");
    EXPECT_EQ(f_->nexthop_number("r4"), std::nullopt);
    batch.remove_nexthops = {"r2"};
    EXPECT_EQ(refused(*f_, batch), "applied");
    batch.remove_nexthops = {"r3"};
    EXPECT_EQ(refused(*f_, batch),
              "next hop \"r3\" is in use by prefix 10.0.0.0/8; change that "
              "first");
}

TEST_F(forwarding_apply, a_next_hop_goes_in_one_batch_with_its_last_users) {
    changes more;
    more.nexthops = {maker::make_nexthop("r5", "west")};
    more.rules.labels = {
        maker::make_label(more.rules, 16005, operation::continue_, {"r4", "r5"}),
        maker::make_label(more.rules, 16006, operation::pop, {"r4", "r5"}),
        maker::make_label(more.rules, 15101, operation::push, {"r4", "r5"}, {16001}),
        maker::make_label(more.rules, 15102, operation::push, {"r4"}, {16003, 16002})};
    more.rules.prefixes = {maker::make_prefix(more.rules, "11.0.0.0/8", {"r4", "r5"}, {16001})};
    ASSERT_EQ(refused(*f_, more), "applied");

    changes batch;
    batch.remove_nexthops = {"r4"};
    batch.remove_labels = {15100, 16005, 15101};
    batch.remove_prefixes = {*config::parse_prefix("11.0.0.0/8")};
    batch.rules.labels = {maker::make_label(batch.rules, 16002, operation::next),
                          maker::make_label(batch.rules, 16006, operation::pop, {"r5"})};
    EXPECT_EQ(refused(*f_, batch), "next hop \"r4\" is in use by label 15102; change that first");
    batch.remove_labels.push_back(15102);
    EXPECT_EQ(refused(*f_, batch), "applied");
    EXPECT_EQ(f_->nexthop_number("r4"), std::nullopt);
    EXPECT_EQ(f_->label(16006).paths.at(0).nexthop, "r5");
}

TEST_F(forwarding_apply, a_number_is_not_given_anew_in_the_version_that_frees_it) {
    // All numbers but one are used up, so that the next one can only be one that was freed.
    changes all;
    for (std::size_t n = f_->nexthops().size(); n + 1 < max_nexthops; ++n) {
        all.nexthops.push_back(maker::make_nexthop("x" + std::to_string(n), "west"));
    }
    ASSERT_EQ(refused(*f_, all), "applied");
    (void)f_->snapshot(retired_);
    changes swap;
    swap.remove_nexthops = {"x10"};
    swap.nexthops = {maker::make_nexthop("y", "west")};
    const auto freed = f_->nexthop_number("x10");
    ASSERT_EQ(refused(*f_, swap), "applied");
    EXPECT_NE(f_->nexthop_number("y"), freed);
    changes one_more;
    one_more.nexthops = {maker::make_nexthop("z", "west")};
    EXPECT_EQ(refused(*f_, one_more), "no room for 1 more next hops: 0 left");
    (void)f_->snapshot(retired_);
    EXPECT_EQ(refused(*f_, one_more), "applied");
    EXPECT_EQ(f_->nexthop_number("z"), freed);
}

TEST_F(forwarding_apply, a_next_hop_goes_with_the_one_that_it_backs) {
    changes batch;
    batch.remove_nexthops = {"r3", "r2"};
    batch.remove_prefixes = {*config::parse_prefix("10.0.0.0/8")};
    EXPECT_EQ(refused(*f_, batch), "applied");
}

TEST_F(forwarding_apply, a_next_hop_goes_when_the_one_that_it_backs_gets_another_backup) {
    changes batch;
    batch.remove_nexthops = {"r3"};
    batch.remove_prefixes = {*config::parse_prefix("10.0.0.0/8")};
    batch.nexthops = {maker::make_nexthop("r2", "east")};
    batch.nexthops[0].backup = config::backup{"r4", {}, {}};
    EXPECT_EQ(refused(*f_, batch), "applied");
}

// A next hop can be removed if, and only if, no rule that stays leads there: counted users against
// a look at all rules, under random changes.
TEST_F(forwarding_apply, users_are_counted_right) {
    test::dice dice(5);
    const auto roll = [&](std::uint32_t below) { return dice() % below; };
    const auto hop = [&] { return "h" + std::to_string(roll(6)); };
    const auto add_rule = [&](config::rules& rules) {
        std::vector<std::string> via{hop()};
        if (const std::string second = hop(); roll(2) == 0 && second != via[0]) {
            via.push_back(second);
        }
        const auto label = static_cast<mpls::label>(16100 + roll(12));
        if (roll(2) == 0) {
            rules.labels.push_back(
                maker::make_label(rules, label, operation::push, via,
                                  {static_cast<mpls::label>(16001 + roll(2)), 16003}));
        } else {
            rules.labels.push_back(maker::make_label(rules, label, operation::continue_, via));
        }
        const std::string prefix = std::to_string(20 + roll(6)) + ".0.0.0/8";
        rules.prefixes.push_back(maker::make_prefix(
            rules, prefix, via, roll(2) == 0 ? config::segments{16001} : config::segments{}));
    };
    std::size_t removed = 0;
    for (int round = 0; round < 3000; ++round) {
        changes batch;
        for (int n = 0; n < 6; ++n) {
            if (!f_->nexthop_number("h" + std::to_string(n))) {
                batch.nexthops.push_back(maker::make_nexthop("h" + std::to_string(n), "west"));
            }
        }
        for (std::size_t n = roll(4); n != 0; --n) {
            add_rule(batch.rules);
        }
        ASSERT_EQ(refused(*f_, batch), "applied");

        const std::string name = hop();
        changes removal;
        removal.remove_nexthops = {name};
        bool is_used = false;
        const auto leads_there = [&](const auto& view) {
            return std::any_of(view.paths.begin(), view.paths.end(),
                               [&](const path_text& path) { return path.nexthop == name; });
        };
        for (auto label = f_->next_label(0); label; label = f_->next_label(*label + 1)) {
            const bool goes = roll(3) != 0;
            if (goes) {
                removal.remove_labels.push_back(*label);
            }
            is_used |= !goes && leads_there(f_->label(*label));
        }
        for (const auto& [prefix, id] : f_->prefixes()) {
            const bool goes = roll(3) != 0;
            if (goes) {
                removal.remove_prefixes.push_back(prefix);
            }
            is_used |= !goes && leads_there(f_->prefix(prefix));
        }
        ASSERT_EQ(refused(*f_, removal) != "applied", is_used) << round;
        removed += is_used ? 0 : 1;
        (void)f_->snapshot(retired_);
    }
    EXPECT_GT(removed, 300U);
    EXPECT_LT(removed, 2700U);
}

TEST_F(forwarding_apply, a_next_hop_does_not_become_too_narrow_for_its_lists) {
    changes batch;
    batch.nexthops = {maker::make_nexthop("r4", "east")};
    batch.nexthops[0].backup = config::backup{"r3", config::segments(9, 16001), {}};
    EXPECT_EQ(refuse(batch),
              "next hop \"r4\" would take at most 1 labels, but a list of 2 "
              "segments goes there");
    batch.nexthops[0].backup->push.pop_back();
    EXPECT_EQ(refused(*f_, batch), "applied");
}

TEST_F(forwarding_apply, a_next_hop_keeps_its_number_when_it_changes) {
    const auto number = f_->nexthop_number("r4");
    changes batch;
    batch.nexthops = {maker::make_nexthop("r4", "west")};
    ASSERT_EQ(refused(*f_, batch), "applied");
    EXPECT_EQ(f_->nexthop_number("r4"), number);
    EXPECT_EQ(f_->snapshot(retired_).nexthops[*number].port, 0);
    EXPECT_EQ(before_.nexthops[*number].port, 1);
}

TEST_F(forwarding_apply, lists_and_groups_are_given_back_when_nobody_uses_them) {
    // More rounds than there are numbers for groups: they would run out.
    for (std::size_t round = 0; round < max_path_groups + 10; ++round) {
        changes batch;
        batch.rules.labels = {
            maker::make_label(batch.rules, 15200, operation::push,
                              round % 2 == 0 ? std::vector<std::string>{"r2", "r3"}
                                             : std::vector<std::string>{"r3", "r4"},
                              {16001, static_cast<mpls::label>(16002 + round % 1000)})};
        ASSERT_EQ(refused(*f_, batch), "applied") << round;
        retired_list at_once;
        (void)f_->snapshot(at_once);
    }
}

}  // namespace
}  // namespace rhumb::publish

// Single changes to the tables: all of a batch or none.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/publish/forwarding.hh"
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
    EXPECT_FALSE(before_.nexthops[*f_->nexthop_number("r5")].in_use);
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

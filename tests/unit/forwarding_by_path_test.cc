// Rules whose paths have labels or lists of their own, next hops that follow others, prefixes to
// discard: as they go into the tables, change there, and leave.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "controlplane/config/load.hh"
#include "controlplane/config/text.hh"
#include "controlplane/publish/forwarding.hh"

namespace rhumb::publish {
namespace {

constexpr const char* base = R"(
[node]
name = "r1"
[ports.east]
device = "net_null0"
[ports.west]
device = "net_null1"
[nexthops.r2]
port = "east"
mac = "02:00:00:00:02:01"
[nexthops.r3]
port = "west"
mac = "02:00:00:00:03:01"
[nexthops.r2-safe]
port = "east"
mac = "02:00:00:00:02:01"
follows = "r2"
backup = { nexthop = "r3", push = [16009], replace = true }
)";

class by_path : public ::testing::Test {
protected:
    static config::file file(const std::string& more = "") {
        auto read = config::parse(base + more, "r1.toml", ".");
        EXPECT_TRUE(read) << read.why().text();
        return read ? std::move(*read) : config::file{};
    }
    static port_map ports() { return {{"east", {0, {}}}, {"west", {1, {}}}}; }
    void SetUp() override { tables_ = build(""); }
    static std::unique_ptr<forwarding> build(const std::string& more,
                                             const forwarding* previous = nullptr) {
        auto made = forwarding::build(file(more), ports(), previous);
        EXPECT_TRUE(made) << made.why().text();
        return made ? std::move(*made) : nullptr;
    }
    std::string apply(const changes& batch) {
        const auto done = tables_->apply(batch);
        return done ? "" : done.why().text();
    }
    // `first` via r2, `second` via r3; empty: nothing is pushed.
    static changes push(mpls::label label, const config::segments& first,
                        const config::segments& second, std::uint16_t weight = 1) {
        changes batch;
        const auto list = [&](const config::segments& labels) {
            return labels.empty() ? config::none : batch.rules.intern(labels);
        };
        config::label_rule rule;
        rule.label = label;
        rule.op = config::operation::push;
        const std::uint32_t one = list(first);
        const std::uint32_t other = list(second);
        rule.paths = batch.rules.intern({config::path{"r2", weight, std::nullopt, one},
                                         config::path{"r3", 1, std::nullopt, other}});
        batch.rules.labels.push_back(rule);
        config::prefix_rule prefix;
        prefix.match = *config::parse_prefix("10.0.0.0/8");
        prefix.paths = rule.paths;
        batch.rules.prefixes.push_back(prefix);
        return batch;
    }

    std::unique_ptr<forwarding> tables_;
};

TEST_F(by_path, a_rule_shows_what_its_paths_push) {
    ASSERT_EQ(apply(push(15'100, {16'003, 16'004}, {}, 3)), "");
    const label_view rule = tables_->label(15'100);
    EXPECT_TRUE(rule.entry.pushes_by_path());
    EXPECT_TRUE(rule.segments.empty());
    ASSERT_EQ(rule.paths.size(), 2U);
    EXPECT_EQ(rule.paths[0].segments, (std::vector<mpls::label>{16'003, 16'004}));
    EXPECT_EQ(rule.paths[0].weight, 3);
    EXPECT_TRUE(rule.paths[1].segments.empty());
    const prefix_view prefix = tables_->prefix(*config::parse_prefix("10.0.0.0/8"));
    EXPECT_EQ(prefix.way.list, route::by_path);
    EXPECT_EQ(prefix.way.via, rule.entry.via());  // they share the group
}

TEST_F(by_path, what_goes_frees_its_lists) {
    retired_list retired;
    (void)tables_->snapshot(retired);
    table_set tables;
    for (std::uint32_t n = 0; n < 3000; ++n) {
        ASSERT_EQ(apply(push(15'100, {16'000 + n}, {17'000, 16'000 + n})), "");
        tables = tables_->snapshot(retired);
        retired.release();
    }
    // Numbers go round: nothing is held that nobody uses.
    const path_group& group = tables.groups[tables.labels[15'100].via().id()];
    EXPECT_LT(group.paths[0].out, 6100U);
    changes gone;
    gone.remove_labels = {15'100};
    gone.remove_prefixes = {*config::parse_prefix("10.0.0.0/8")};
    gone.remove_nexthops = {"r2-safe"};
    ASSERT_EQ(apply(gone), "");
    gone = {};
    gone.remove_nexthops = {"r2", "r3"};
    EXPECT_EQ(apply(gone), "");
}

TEST_F(by_path, equal_groups_of_labels_and_of_lists_are_not_one) {
    changes batch = push(15'100, {16'003}, {16'004});
    config::label_rule swap;
    swap.label = 16'005;
    swap.op = config::operation::continue_;
    // Whatever numbers the lists have, a swap may have them as labels.
    swap.paths = batch.rules.intern({config::path{"r2", 1, 16U}, config::path{"r3", 1, 17U}});
    batch.rules.labels.push_back(swap);
    ASSERT_EQ(apply(batch), "");
    EXPECT_EQ(tables_->label(16'005).paths[0].out, 16U);
    EXPECT_EQ(tables_->label(15'100).paths[0].segments, std::vector<mpls::label>{16'003});
    EXPECT_NE(tables_->label(16'005).entry.via(), tables_->label(15'100).entry.via());
}

TEST_F(by_path, flows_stay_where_a_paths_list_stays) {
    ASSERT_EQ(apply(push(15'100, {16'003}, {16'004})), "");
    retired_list retired;
    const table_set before = tables_->snapshot(retired);
    const path_group old = before.groups[before.labels[15'100].via().id()];
    ASSERT_EQ(apply(push(15'100, {16'003}, {16'009})), "");
    const table_set after = tables_->snapshot(retired);
    const path_group& now = after.groups[after.labels[15'100].via().id()];
    for (std::size_t b = 0; b < path_group::buckets; ++b) {
        ASSERT_EQ(now.paths[now.bucket[b]].nexthop, old.paths[old.bucket[b]].nexthop);
    }
}

TEST_F(by_path, a_reload_brings_the_same) {
    const std::string rules = R"(
[[labels]]
label = 15100
op = "push"
via = [{ nexthop = "r2", segments = [16003, 16004], weight = 3 }, "r3"]
[[labels]]
label = 15101
op = "continue"
via = [{ nexthop = "r2", out = 3 }, { nexthop = "r3", out = 17002 }]
[[labels]]
label = 15102
op = "continue"
via = { nexthop = "r2", out = 3 }
[[prefixes]]
match = "10.3.0.0/16"
discard = true
)";
    const auto first = build(rules);
    const auto second = build(rules, first.get());
    for (const auto& tables : {first.get(), second.get()}) {
        EXPECT_EQ(tables->label(15'100).paths[0].segments,
                  (std::vector<mpls::label>{16'003, 16'004}));
        EXPECT_EQ(tables->label(15'101).paths[0].out, mpls::implicit_null);
        EXPECT_EQ(tables->label(15'102).entry.op(), label_op::pop);
        EXPECT_EQ(tables->prefix(*config::parse_prefix("10.3.0.0/16")).way.list, route::discard);
        EXPECT_FALSE(tables->is_own(*config::parse_prefix("10.3.0.0/16")));
    }
    // A prefix to discard may get a way, and lose it.
    changes batch = push(15'100, {}, {16'004});
    batch.rules.prefixes.front().match = *config::parse_prefix("10.3.0.0/16");
    ASSERT_TRUE(second->apply(batch));
    batch = {};
    batch.rules.prefixes.push_back({});
    batch.rules.prefixes.front().match = *config::parse_prefix("10.3.0.0/16");
    batch.rules.prefixes.front().discard = true;
    ASSERT_TRUE(second->apply(batch));
    EXPECT_EQ(second->prefix(*config::parse_prefix("10.3.0.0/16")).way.list, route::discard);
}

TEST_F(by_path, lists_of_paths_keep_to_the_msd) {
    EXPECT_EQ(apply(push(15'100, config::segments(10, 16'001), {})), "");
    EXPECT_EQ(apply(push(15'100, config::segments(11, 16'001), {})),
              "a path via \"r2\" pushes 11 segments; the MSD towards it, less what its backup "
              "pushes, is 10");
    changes batch;
    batch.nexthops.push_back(tables_->nexthops().find("r2")->second);
    batch.nexthops.front().backup = config::backup{"r3", {16'001}, {}};
    EXPECT_EQ(apply(batch),
              "next hop \"r2\" would take at most 9 labels, but a list of 10 segments goes there");
    batch.nexthops.front().backup->replace = true;  // one goes for the one that comes
    EXPECT_EQ(apply(batch), "");
}

TEST_F(by_path, who_follows_whom) {
    retired_list retired;
    const table_set tables = tables_->snapshot(retired);
    EXPECT_EQ(tables.nexthops[*tables_->nexthop_number("r2-safe")].follows,
              *tables_->nexthop_number("r2"));
    EXPECT_EQ(tables.nexthops[*tables_->nexthop_number("r2")].follows, nexthop::nobody);
    changes batch;
    batch.remove_nexthops = {"r2"};
    EXPECT_EQ(apply(batch),
              "next hop \"r2\" is in use by next hop \"r2-safe\", which follows it; change that "
              "first");
    batch = {};
    batch.nexthops.push_back(tables_->nexthops().find("r3")->second);
    for (const auto& [name, why] :
         {std::pair("r9", "next hop \"r3\" follows \"r9\", which does not exist"),
          {"r3", "next hop \"r3\" follows \"r3\", which is that next hop itself"},
          {"r2-safe", "next hop \"r3\" follows \"r2-safe\", which follows another"}}) {
        batch.nexthops.front().follows = name;
        EXPECT_EQ(apply(batch), why);
    }
    batch.nexthops.front() = tables_->nexthops().find("r2")->second;
    batch.nexthops.front().follows = "r3";  // now "r2-safe" follows a follower
    EXPECT_EQ(apply(batch), "next hop \"r2-safe\" follows \"r2\", which follows another");
}

}  // namespace
}  // namespace rhumb::publish

// Label tables in CSV: what they say, what is refused and where, and a million lines.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iterator>
#include <string>

#include "controlplane/config/load.hh"

namespace rhumb::config {
namespace {

rules parsed(std::string_view text) {
    rules made;
    const auto done = parse_labels_csv(text, "t.csv", 3, made);
    EXPECT_TRUE(done.ok()) << done.why().text();
    return made;
}

TEST(config_csv, every_op) {
    const rules r = parsed(
        "label,index,op,out,via,segments,ttl,tc\n"
        "# a comment, with commas\n"
        "\n"
        "  # another\n"
        ",2,continue,16002,r2,,,7\n"
        "16001,,next,,,,pipe,\n"
        "15001,,pop,,r2*3|r3*256,,uniform,\n"
        "15100,,push,,r3,16003/16002/0,,0\n"
        "100,,continue,,r2>17002*3|r3>16,,,\n"
        "101,,continue,3999,r2>17002|r2|r3,,,");
    ASSERT_EQ(r.labels.size(), 6U);
    EXPECT_TRUE(r.labels[0].by_index);
    EXPECT_EQ(r.labels[0].label, 2U);
    EXPECT_EQ(r.labels[0].op, operation::continue_);
    EXPECT_EQ(r.labels[0].out, 16002U);
    EXPECT_EQ(r.path_lists.at(r.labels[0].paths), (path_list{{"r2", 1, {}}}));
    EXPECT_EQ(r.labels[0].tc, 7);
    EXPECT_EQ(r.labels[0].where.line, 5U);
    EXPECT_EQ(r.labels[0].where.column, 2U);
    EXPECT_EQ(r.labels[0].where.file, 3U);
    EXPECT_FALSE(r.labels[1].by_index);
    EXPECT_EQ(r.labels[1].op, operation::next);
    EXPECT_EQ(r.labels[1].paths, none);
    EXPECT_EQ(r.labels[1].ttl, ttl_model::pipe);
    EXPECT_EQ(r.path_lists.at(r.labels[2].paths), (path_list{{"r2", 3, {}}, {"r3", 256, {}}}));
    EXPECT_EQ(r.labels[2].ttl, ttl_model::uniform);
    EXPECT_EQ(r.labels[2].tc, -1);
    EXPECT_EQ(r.segment_lists.at(r.labels[3].list), (segments{16003, 16002, 0}));
    EXPECT_EQ(r.labels[3].tc, 0);
    EXPECT_EQ(r.path_lists.at(r.labels[4].paths), (path_list{{"r2", 3, 17002}, {"r3", 1, 16}}));
    EXPECT_EQ(r.labels[4].out, none);
    EXPECT_EQ(r.labels[5].out, 3999U);
}

TEST(config_csv, columns_in_any_order_with_blanks_and_crlf) {
    const rules r = parsed("\xef\xbb\xbfop , via,\tlabel\r\npop, r2 ,16\r\n\r\n next ,,\t17\r\n");
    ASSERT_EQ(r.labels.size(), 2U);
    EXPECT_EQ(r.labels[0].label, 16U);
    EXPECT_EQ(r.path_lists.at(r.labels[0].paths), (path_list{{"r2", 1, {}}}));
    EXPECT_EQ(r.labels[1].label, 17U);
    EXPECT_EQ(r.labels[1].where.line, 4U);
    EXPECT_EQ(r.labels[1].where.column, 10U);
}

TEST(config_csv, it_adds_to_what_is_there) {
    rules r;
    const std::uint32_t shared = r.intern(path_list{{"r2", 1, {}}});
    ASSERT_TRUE(parse_labels_csv("label,op,via\n16,pop,r2\n", "t.csv", 1, r).ok());
    EXPECT_EQ(r.labels.at(0).paths, shared);
    EXPECT_EQ(r.path_lists.size(), 1U);
}

struct bad_table {
    const char* text;
    const char* why;  // without the file's name
};
const bad_table bad_tables[] = {
    {"", "1:1: no header line, as in \"label,op,out,via\""},
    {"\n# only this\n", "1:1: no header line, as in \"label,op,out,via\""},
    {"label,op,outt\n", "1:10: unknown column \"outt\"; did you mean \"out\"?"},
    {"label,op,\n",
     "1:10: unknown column \"\"; it is one of \"label\", \"index\", \"op\", \"out\", \"via\", "
     "\"segments\", \"ttl\" or \"tc\""},
    {"label,op,label\n", "1:10: column \"label\" stands here twice"},
    {"label,op\n16\n", "2:1: this line has 1 fields, but the header names 2 columns"},
    {"label,op\n16,next,\n", "2:1: this line has 3 fields, but the header names 2 columns"},
    {"label,op\n16,next\n17,nexxt\n",
     "3:4: unknown op \"nexxt\"; it is one of \"continue\", \"next\", \"pop\" or \"push\""},
    {"label,op\n16,\n", "2:1: a rule needs an op: \"continue\", \"next\", \"pop\" or \"push\""},
    {"label,op\n,next\n", "2:1: a rule needs a label, or an index into the SRGB"},
    {"label,index,op\n16,1,next\n", "2:4: a rule has either a label or an index; remove one"},
    {"label,op\n0x10,next\n", "2:1: label \"0x10\" is no whole number"},
    {"label,op\n+16,next\n", "2:1: label \"+16\" is no whole number"},
    {"label,op\n99999999999999999999,next\n",
     "2:1: label \"99999999999999999999\" is no whole number"},
    {"label,op\n1048576,next\n", "2:1: label 1048576 is out of range: 16 to 1048575"},
    {"label,op\n-1,next\n", "2:1: label -1 is out of range: 16 to 1048575"},
    {"label,op\n15,next\n", "2:1: label 15 is special-purpose and has no rule; use 16 to 1048575"},
    {"index,op\n1048576,next\n", "2:1: index 1048576 is out of range: 0 to 1048575"},
    {"label,op,tc\n16,next,8\n", "2:9: tc 8 is out of range: 0 to 7"},
    {"label,op,ttl\n16,next,inherit\n",
     "2:9: unknown ttl \"inherit\"; it is one of \"uniform\" or \"pipe\""},
    {"label,op,tc\n16,next,0\n",
     "2:9: op \"next\" takes no tc: what it uncovers keeps its own; only \"continue\" and \"push\" "
     "set one"},
    {"label,op,out,via,ttl\n16,continue,17,r2,pipe\n",
     "2:19: op \"continue\" takes no ttl: one is taken off in either model; remove it"},
    {"label,op,via\n16,next,r2\n", "2:9: op \"next\" takes no via: what follows the label decides"},
    {"label,op,via\n16,pop,\n", "2:1: op \"pop\" needs via: the next hops to send to"},
    {"label,op,via\n16,pop,r2>17\n",
     "2:8: op \"pop\" takes no out in its via: only \"continue\" swaps the label"},
    {"label,op,via,out\n16,continue,r2>17|r3,\n",
     "2:1: op \"continue\" needs out: the label to swap to (or one for every path of via)"},
    {"label,op,via,out\n16,continue,r2,3\n",
     "2:16: label 3 (implicit null) is never sent; to send without the label, use op = \"pop\""},
    {"label,op,via,out\n16,continue,r2,7\n",
     "2:16: label 7 (entropy label indicator) is special-purpose and not for rules to send; use 16 "
     "to 1048575, or 0 or 2 for explicit null"},
    {"label,op,via\n16,pop,r2|r3|r2\n",
     "2:14: via names \"r2\" twice; to send it more, give it a weight"},
    {"label,op,via\n16,pop,r2|\n", "2:11: next hop is empty; give 1 to 64 characters"},
    {"label,op,via\n16,pop,r2*0\n", "2:11: weight 0 is out of range: 1 to 256"},
    {"label,op,via\n16,pop,r2*257\n", "2:11: weight 257 is out of range: 1 to 256"},
    {"label,op,via\n16,pop,r2*\n", "2:11: weight \"\" is no whole number"},
    {"label,op,via\n16,pop,r2*1>17\n", "2:11: weight \"1>17\" is no whole number"},
    {"label,op,via\n16,pop,r\x01\n",
     "2:8: next hop \"r\\x01\" has characters other than printable ASCII without blanks"},
    {"label,op,via,segments\n16,push,r2,\n", "2:1: op \"push\" needs segments: the labels to push"},
    {"label,op,via,segments\n16,pop,r2,17\n",
     "2:11: op \"pop\" takes no segments: only \"push\" imposes a list"},
    {"label,op,via,segments\n16,push,r2,17/\n", "2:15: segment \"\" is no whole number"},
    {"label,op,via,segments\n16,push,r2,17/0/18\n",
     "2:15: label 0 (explicit null) stands at the bottom of a stack only; make it the last of the "
     "list or leave it out"},
    {"label,op,via,segments\n16,push,r2,16/3\n",
     "2:15: label 3 (implicit null) is never sent; leave it out of the list"},
    {"label,op,via,segments\n16,push,r2,1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17\n",
     "2:12: segments has 17 labels; 1 to 16 are allowed"},
    {"label,op\n16,next\r\r\n",
     "2:4: unknown op \"next\\x0d\"; it is one of \"continue\", \"next\", \"pop\" or \"push\""},
    {"label,op\n16,\xff\xfe\n",
     "2:4: unknown op \"\\xff\\xfe\"; it is one of \"continue\", \"next\", \"pop\" or \"push\""},
};

TEST(config_csv, bad_tables) {
    for (const bad_table& bad : bad_tables) {
        rules made;
        const auto done = parse_labels_csv(bad.text, "t.csv", 1, made);
        ASSERT_FALSE(done.ok()) << bad.text;
        EXPECT_EQ(done.why().text(), "t.csv:" + std::string(bad.why)) << bad.text;
    }
}

TEST(config_csv, too_many_paths) {
    std::string via = "r0";
    for (int n = 1; n <= 64; ++n) {
        via += "|r" + std::to_string(n);
    }
    rules made;
    const auto done = parse_labels_csv("label,op,via\n16,pop," + via, "t.csv", 1, made);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.why().text(), "t.csv:2:8: via has 65 paths; 1 to 64 are allowed");
}

TEST(config_csv, bytes_that_end_a_c_string) {
    rules made;
    const auto done = parse_labels_csv(std::string("label,op\n16,next\0\n", 17), "t.csv", 1, made);
    ASSERT_FALSE(done.ok());
    EXPECT_NE(done.why().message.find("\\x00"), std::string::npos);
}

// Many more texts than the memory for known ones, so that slots are lost and found again.
TEST(config_csv, a_million_lines) {
    constexpr unsigned count = 1'000'000;
    constexpr unsigned lists = 100'000;
    std::string text = "label,op,out,via,segments\n";
    for (unsigned n = 0; n < count; ++n) {
        const unsigned list = 16 + n * 7919U % lists;
        if (n % 2 == 0) {
            fmt::format_to(std::back_inserter(text), "{},continue,{},r{}*2|s,\n", 16 + n, 17 + n,
                           list);
        } else {
            fmt::format_to(std::back_inserter(text), "{},push,,s,{}/{}\n", 16 + n, list, list + 1);
        }
    }
    const rules r = parsed(text);
    ASSERT_EQ(r.labels.size(), count);
    for (unsigned n = 0; n < count; ++n) {
        const unsigned list = 16 + n * 7919U % lists;
        const label_rule& rule = r.labels[n];
        ASSERT_EQ(rule.label, 16 + n);
        ASSERT_EQ(rule.where.line, n + 2);
        if (n % 2 == 0) {
            ASSERT_EQ(rule.out, 17 + n);
            ASSERT_EQ(r.path_lists.at(rule.paths).at(0).nexthop, fmt::format("r{}", list));
        } else {
            ASSERT_EQ(r.segment_lists.at(rule.list), (segments{list, list + 1}));
        }
    }
    EXPECT_EQ(r.path_lists.size(), lists / 2 + 1);
    EXPECT_EQ(r.segment_lists.size(), lists / 2);
}

}  // namespace
}  // namespace rhumb::config

#include "tests/support/case_file.hh"

#include <gtest/gtest.h>

#include <string>

namespace rhumb::test {
namespace {

const std::string config = "config\n    [node]\n    name = \"r1\"\n\n";

std::string wrong(const std::string& text) {
    const auto parsed = parse_case_file(text, "x.case");
    return parsed.ok() ? "parsed" : parsed.why().text();
}

TEST(case_file, reads_what_its_header_shows) {
    auto parsed = parse_case_file("# about\n" + config +
                                      "let flow = ipv4 10.0.0.1 > 10.2.0.1 | data 8\n"
                                      "\n"
                                      "case one: the first\n"
                                      "    headroom 18\n"
                                      "    link east down\n"
                                      "    in west mpls 16002 ttl 64\n"
                                      "        | $flow\n"
                                      "    out east mpls 16003 ttl 63 | $flow ttl 3\n"
                                      "    # a remark\n"
                                      "    nexthop r2 up\n"
                                      "    in west $flow\n"
                                      "    drop unknown_label\n"
                                      "case two\n"
                                      "    in west $flow\n"
                                      "    punt router_alert\n",
                                  "x.case");
    ASSERT_TRUE(parsed.ok()) << parsed.why().text();
    const case_file& file = *parsed;
    EXPECT_EQ(file.config, "\n\n    [node]\n    name = \"r1\"\n\n");
    ASSERT_EQ(file.cases.size(), 2U);
    const test_case& one = file.cases[0];
    EXPECT_EQ(one.name, "one: the first");
    EXPECT_EQ(one.slug(), "one_the_first");
    EXPECT_EQ(one.line, 8U);
    EXPECT_EQ(one.headroom, 18);
    ASSERT_EQ(one.exchanges.size(), 2U);
    const exchange& first = one.exchanges[0];
    ASSERT_EQ(first.before.size(), 1U);
    EXPECT_TRUE(first.before[0].is_port);
    EXPECT_EQ(first.before[0].name, "east");
    EXPECT_FALSE(first.before[0].up);
    EXPECT_EQ(first.in_port, "west");
    EXPECT_EQ(first.in, packet("mpls 16002 ttl 64 | ipv4 10.0.0.1 > 10.2.0.1 | data 8"));
    EXPECT_EQ(first.want, fate::out);
    EXPECT_EQ(first.out_port, "east");
    EXPECT_EQ(first.out, packet("mpls 16003 ttl 63 | ipv4 10.0.0.1 > 10.2.0.1 ttl 3 | data 8"));
    const exchange& second = one.exchanges[1];
    EXPECT_FALSE(second.before.at(0).is_port);
    EXPECT_TRUE(second.before.at(0).up);
    EXPECT_EQ(second.want, fate::drop);
    EXPECT_EQ(second.reason, drop_reason::unknown_label);
    EXPECT_EQ(file.cases[1].headroom, 128);
    EXPECT_EQ(file.cases[1].exchanges.at(0).want, fate::punt);
    EXPECT_EQ(file.cases[1].exchanges.at(0).reason, drop_reason::router_alert);
}

TEST(case_file, errors_say_where) {
    EXPECT_EQ(wrong("case a\n  in west data 1\n  drop unknown_label\n"),
              "x.case: there is no config");
    EXPECT_EQ(wrong(config + config), "x.case:5:1: the file has a config already");
    EXPECT_EQ(wrong(config + "cases\n").substr(0, 24), "x.case:5:1: a line start");
    EXPECT_EQ(wrong(config + "case\n"), "x.case:5:5: a case wants a name");
    EXPECT_EQ(wrong(config + "  in west data 1\n"), "parsed");  // part of the config, as it seems
    EXPECT_EQ(wrong(config + "let a = data 1\n  in west $a\n"),
              "x.case:6:6: \"in\" stands in no case");
    EXPECT_EQ(wrong(config + "let a data 1\n").substr(0, 30), "x.case:5:12: let wants NAME = ");
    EXPECT_EQ(wrong(config + "let a = data 1\nlet a = data 2\n"),
              "x.case:6:9: \"a\" is defined already");
    EXPECT_EQ(wrong(config + "case a\n"),
              "x.case:5:1: a case wants an `in` line, and states stand before one");
    EXPECT_EQ(wrong(config + "case a\n  in west data 1\n"),
              "x.case:6:1: an `in` has no out, drop or punt behind it");
    EXPECT_EQ(wrong(config + "case a\n  in west data 1\n  in west data 1\n"),
              "x.case:7:6: the `in` before wants an out, a drop or a punt");
    EXPECT_EQ(wrong(config + "case a\n  drop unknown_label\n"),
              "x.case:6:8: there is no `in` that this is the fate of");
    EXPECT_EQ(wrong(config + "case a\n  in west data 1\n  drop everything\n"),
              "x.case:7:8: \"everything\" is no drop reason");
    EXPECT_EQ(wrong(config + "case a\n  in west data 1\n  drop none\n"),
              "x.case:7:8: \"none\" is no drop reason");
    EXPECT_EQ(wrong(config + "case a\n  in west mpls 5 ttl 999\n"),
              "x.case:6:22: ttl wants a number up to 255, not \"999\"");
    EXPECT_EQ(wrong(config + "case a\n  in west mpls 5\n    | mpls 6 ttl 999\n"),
              "x.case:7:18: ttl wants a number up to 255, not \"999\"");
    EXPECT_EQ(wrong(config + "case a\n  link east sideways\n"),
              "x.case:6:13: a state is up or down");
    EXPECT_EQ(wrong(config + "case a\n  headroom 2000\n"),
              "x.case:6:12: headroom wants a number up to 1024, before the first `in`");
    EXPECT_EQ(wrong(config + "case a b\n  in w data 1\n  drop unknown_label\ncase a-b\n"),
              "x.case:8:6: there is a case of that name already");
    EXPECT_EQ(wrong(config + "case a\n  inn west data 1\n").substr(0, 30),
              "x.case:6:7: \"inn\" is no line o");
    EXPECT_EQ(load_case_file("/no/such/file").why().text(), "/no/such/file: cannot be read");
}

}  // namespace
}  // namespace rhumb::test

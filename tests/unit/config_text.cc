// Addresses, prefixes and ranges as text, both ways, and the interning of lists.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "controlplane/config/text.hh"

namespace rhumb::config {
namespace {

TEST(config_text, mac_both_ways) {
    const auto mac = parse_mac("02:00:0a:bC:01:fF");
    ASSERT_TRUE(mac);
    EXPECT_EQ(*mac, (ethernet::mac_address{2, 0, 0x0a, 0xbc, 1, 0xff}));
    EXPECT_EQ(to_string(*mac), "02:00:0a:bc:01:ff");
}

TEST(config_text, malformed_macs) {
    for (const char* text :
         {"", "02", "02:00:00:00:01", "02:00:00:00:01:1", "02:00:00:00:01:011", "2:0:0:0:1:1",
          "02-00-00-00-01-01", "02:00:00:00:01:0g", "02:00:00:00:01: 1", "02:00:00:00:01:-1",
          "02:00:00:00:01:+1", " 2:00:00:00:01:01", "02:00:00:00:01:01 "}) {
        EXPECT_FALSE(parse_mac(text)) << text;
    }
}

TEST(config_text, prefixes_both_ways) {
    const struct {
        const char* text;
        const char* back;
        family af;
        unsigned length;
    } cases[] = {{"10.2.0.0/16", "10.2.0.0/16", family::ipv4, 16},
                 {"0.0.0.0/0", "0.0.0.0/0", family::ipv4, 0},
                 {"255.255.255.255/32", "255.255.255.255/32", family::ipv4, 32},
                 {"::/0", "::/0", family::ipv6, 0},
                 {"2001:DB8:0:0::/32", "2001:db8::/32", family::ipv6, 32},
                 {"::ffff:10.0.0.1/128", "::ffff:10.0.0.1/128", family::ipv6, 128}};
    for (const auto& c : cases) {
        const auto prefix = parse_prefix(c.text);
        ASSERT_TRUE(prefix) << c.text;
        EXPECT_EQ(prefix->af, c.af);
        EXPECT_EQ(prefix->length, c.length);
        EXPECT_FALSE(has_host_bits(*prefix));
        EXPECT_EQ(to_string(*prefix), c.back);
    }
}

TEST(config_text, malformed_prefixes) {
    for (const std::string& text :
         {std::string(""), std::string("/"), std::string("10.2.0.0"), std::string("10.2.0.0/"),
          std::string("10.2.0.0/33"), std::string("10.2.0.0/016"), std::string("10.2.0.0/-1"),
          std::string("10.2.0.0/+1"), std::string("10.2.0.0/1 "), std::string("10.2.0/16"),
          std::string("10.2.0.256/16"), std::string("010.2.0.0/16"), std::string("::/129"),
          std::string("::/99999999999999999999"), std::string("2001:db8/32"),
          std::string("10.2.0.0\0/16", 12), std::string(100, '1') + "/8",
          std::string("1111:2222:3333:4444:5555:6666:7777:8888:9999/8")}) {
        EXPECT_FALSE(parse_prefix(std::string_view(text))) << text;
    }
}

TEST(config_text, host_bits) {
    EXPECT_TRUE(has_host_bits(*parse_prefix("10.2.0.1/16")));
    EXPECT_TRUE(has_host_bits(*parse_prefix("10.2.0.0/14")));
    EXPECT_TRUE(has_host_bits(*parse_prefix("0.0.0.1/0")));
    EXPECT_TRUE(has_host_bits(*parse_prefix("2001:db8::1/127")));
    EXPECT_FALSE(has_host_bits(*parse_prefix("2001:db8::1/128")));
}

TEST(config_text, label_ranges_both_ways) {
    EXPECT_EQ(parse_label_range("16000-23999"), (label_range{16000, 23999}));
    EXPECT_EQ(parse_label_range("100"), (label_range{100, 100}));
    EXPECT_EQ(parse_label_range("0-1048575"), (label_range{0, 1048575}));
    EXPECT_EQ(to_string(label_range{16000, 23999}), "16000-23999");
    EXPECT_EQ(to_string(label_range{100, 100}), "100");
    for (const char* text : {"", "-", "1-", "-1", "2-1", "1-1048576", "1048576", "1 - 2", "1-2-3",
                             "0x10", "016", "4294967296", "99999999999999999999-1"}) {
        EXPECT_FALSE(parse_label_range(text)) << text;
    }
}

TEST(config_text, words) {
    EXPECT_EQ(to_string(operation::continue_), "continue");
    EXPECT_EQ(to_string(operation::next), "next");
    EXPECT_EQ(to_string(operation::pop), "pop");
    EXPECT_EQ(to_string(operation::push), "push");
    EXPECT_EQ(to_string(ttl_model::inherit), "inherit");
    EXPECT_EQ(to_string(ttl_model::uniform), "uniform");
    EXPECT_EQ(to_string(ttl_model::pipe), "pipe");
}

// Against the obvious way: a linear search.
TEST(config_text, interned_lists_are_found_again) {
    std::mt19937 random(1);
    std::uniform_int_distribution<std::size_t> size(1, 3);
    std::uniform_int_distribution<mpls::label> value(16, 27);
    rules shared;
    std::vector<segments> seen;
    for (int n = 0; n < 5000; ++n) {
        segments list(size(random));
        for (mpls::label& label : list) {
            label = value(random);
        }
        const std::uint32_t index = shared.intern(list);
        const auto found = std::find(seen.begin(), seen.end(), list);
        ASSERT_EQ(index, found - seen.begin());
        if (found == seen.end()) {
            seen.push_back(list);
        }
    }
    EXPECT_EQ(shared.segment_lists, seen);
}

TEST(config_text, paths_that_differ_are_not_shared) {
    rules shared;
    EXPECT_EQ(shared.intern(path_list{{"r2", 1, {}}}), 0U);
    EXPECT_EQ(shared.intern(path_list{{"r2", 2, {}}}), 1U);
    EXPECT_EQ(shared.intern(path_list{{"r2", 1, 17}}), 2U);
    EXPECT_EQ(shared.intern(path_list{{"r2", 1, {}}, {"r3", 1, {}}}), 3U);
    EXPECT_EQ(shared.intern(path_list{{"r3", 1, {}}, {"r2", 1, {}}}), 4U);
    EXPECT_EQ(shared.intern(path_list{{"r2", 1, 17}}), 2U);
}

}  // namespace
}  // namespace rhumb::config

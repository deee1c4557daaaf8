#include "tests/support/packet_text.hh"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "tests/support/dice.hh"

namespace rhumb::test {
namespace {

std::string wrong(std::string_view text, const packet_names& names = {}) {
    const auto parsed = parse_packet(text, names);
    return parsed.ok() ? "parsed"
                       : std::to_string(parsed.why().where.column) + ": " + parsed.why().message;
}

TEST(packet_text, fills_in_types_bits_lengths_protocols_and_checksums) {
    EXPECT_EQ(
        packet("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | vlan 100 pcp 5 | mpls 16002 ttl 63"
               " tc 3 | mpls 16003 ttl 1 | ipv4 10.0.0.1 > 10.2.0.1 ttl 9 dscp 46 | udp 1000 >"
               " 2000 | data 4"),
        packet("hex 02 00 00 00 01 01 02 00 00 00 09 01 81 00 a0 64 88 47"
               " 03 e8 26 3f 03 e8 31 01"
               " 45 b8 00 20 00 00 00 00 09 11 9d 12 0a 00 00 01 0a 02 00 01"
               " 03 e8 07 d0 00 0c de 16 00 01 02 03"));
    EXPECT_EQ(packet("ipv6 2001:db8::1 > 2001:db8::2 | tcp 1 > 2 | payload \"a b\""),
              packet("hex 60 00 00 00 00 17 06 40 2001 0db8 0000 0000 0000 0000 0000 0001"
                     " 2001 0db8 0000 0000 0000 0000 0000 0002"
                     " 0001 0002 00000000 00000000 5010 0000 9139 0000 612062"));
}

TEST(packet_text, words_override_what_would_be_right) {
    const auto ip = packet(
        "ipv4 1.2.3.4 > 5.6.7.8 version 5 ihl 7 length 3 checksum 0xabcd"
        " protocol 200 id 7 df mf offset 9");
    EXPECT_EQ(ip, packet("hex 57 00 00 03 00 07 60 09 40 c8 ab cd 01 02 03 04 05 06 07 08"));
    EXPECT_EQ(packet("mpls 5 bottom | mpls 6 not-bottom"), packet("hex 00 00 51 40 00 00 60 40"));
    EXPECT_EQ(packet("eth 02:00:00:00:00:01 > 02:00:00:00:00:02 type 0x1234 | hex 45"),
              packet("hex 020000000002 020000000001 1234 45"));
}

TEST(packet_text, what_stands_behind_the_packet_is_not_counted) {
    EXPECT_EQ(packet("ipv4 1.2.3.4 > 5.6.7.8 | data 1 | pad 24"),
              packet("ipv4 1.2.3.4 > 5.6.7.8 | data 1 | trailer 00 00 00"));
    EXPECT_EQ(packet("ipv4 1.2.3.4 > 5.6.7.8 | data 1 | truncate 20").size(), 20U);
    EXPECT_EQ(packet("ipv4 1.2.3.4 > 5.6.7.8 | data 1 | truncate 20")[3], 21);
}

TEST(packet_text, names_stand_for_elements) {
    const packet_names names{{"ip", "ipv4 1.2.3.4 > 5.6.7.8 ttl 7"},
                             {"all", "$ip | udp 1 > 2"},
                             {"loop", "$loop"},
                             {"bad", "mpls 5 | mpls x"}};
    EXPECT_EQ(parse_packet("mpls 5 | $all", names).value(),
              packet("mpls 5 | ipv4 1.2.3.4 > 5.6.7.8 ttl 7 | udp 1 > 2"));
    EXPECT_EQ(parse_packet("$all ttl 9 dscp 1 | data 4", names).value(),
              packet("ipv4 1.2.3.4 > 5.6.7.8 ttl 9 dscp 1 | udp 1 > 2 | data 4"));
    EXPECT_EQ(wrong("mpls 5 | $nobody", names), "10: \"$nobody\" is not defined");
    EXPECT_EQ(wrong("mpls 5 | $bad", names), "10: mpls wants a number up to 1048575, not \"x\"");
    EXPECT_NE(wrong("$loop", names), "parsed");
}

TEST(packet_text, errors_say_where) {
    EXPECT_EQ(wrong(""), "1: there is nothing between the bars");
    EXPECT_EQ(wrong("mpls 5 | | mpls 6"), "10: there is nothing between the bars");
    EXPECT_EQ(wrong("mpls 5 | mlps 6").substr(0, 35), "10: there is no element \"mlps\"; the");
    EXPECT_EQ(wrong("mpls 5 ttl 256"), "12: ttl wants a number up to 255, not \"256\"");
    EXPECT_EQ(wrong("mpls 5 ttl"),
              "8: mpls does not know \"ttl\", or knows it only with a value behind it");
    EXPECT_EQ(wrong("mpls 5 tos 5"),
              "8: mpls does not know \"tos\", or knows it only with a value behind it");
    EXPECT_EQ(wrong("mpls"), "1: mpls wants a label");
    EXPECT_EQ(wrong("ipv4 10.0.0.1 10.0.0.2 ttl 5"), "15: ipv4 wants ADDRESS > ADDRESS");
    EXPECT_EQ(wrong("ipv4 10.0.0.1 > 10.0.0.256"), "17: \"10.0.0.256\" is not an IPv4 address");
    EXPECT_EQ(wrong("eth 02:00:00:00:00:0 > 02:00:00:00:00:02 | mpls 5"),
              "5: \"02:00:00:00:00:0\" is not a MAC address");
    EXPECT_EQ(wrong("eth 02:00:00:00:00:01 > 02:00:00:00:00:02"),
              "1: eth wants a type where neither vlan, mpls, ipv4 nor ipv6 follows");
    EXPECT_EQ(wrong("hex 45 0"), "8: \"0\" is not bytes in hex, two digits each");
    EXPECT_EQ(wrong("hex 45 0g"), "8: \"0g\" is not bytes in hex, two digits each");
    EXPECT_EQ(wrong("payload \"x"), "9: the text has no closing quote");
    EXPECT_EQ(wrong("data 8 | pad 4"), "10: the frame has 8 bytes without this");
    EXPECT_EQ(wrong("data 8 | truncate 9"), "10: the frame has 8 bytes without this");
    EXPECT_EQ(wrong("data 8 | pad 9 | data 8"),
              "18: only trailer, pad and truncate may follow these");
    EXPECT_THROW((void)packet("mpls x"), std::invalid_argument);
}

TEST(packet_text, describes_packets_as_they_are_written) {
    for (const std::string text :
         {"eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | vlan 100 pcp 5 | mpls 16002 ttl 63 tc 3"
          " | mpls 16003 ttl 1 | ipv4 10.0.0.1 > 10.2.0.1 ttl 9 dscp 46 | udp 1000 > 2000 | data 4",
          "eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | ipv6 2001:db8::1 > ::2 hop-limit 3"
          " traffic-class 184 flow-label 5 | tcp 1 > 2 seq 5 flags 2 | payload \"hello\"",
          "eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | ipv4 1.2.3.4 > 5.6.7.8 ttl 64 | pad 60",
          "eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | ipv4 1.2.3.4 > 5.6.7.8 ttl 64 options "
          "94040000"
          " checksum 5 protocol 1 | hex 08 00 ff | trailer 01 02",
          "eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16002 ttl 63 not-bottom | hex 03",
          "eth 02:00:00:00:09:01 > 02:00:00:00:01:01 type 0x0806 | data 28",
          "eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | ipv4 1.2.3.4 > 5.6.7.8 ttl 64 length 1000"
          " | udp 1 > 2 length 3 checksum 0 | data 8"}) {
        EXPECT_EQ(describe_packet(packet(text)), text);
    }
    EXPECT_EQ(describe_packet(packet("mpls 5 | data 4"), starts_with::mpls),
              "mpls 5 ttl 64 | data 4");
    EXPECT_EQ(describe_packet(packet("ipv4 1.2.3.4 > 5.6.7.8"), starts_with::ip),
              "ipv4 1.2.3.4 > 5.6.7.8 ttl 64");
    EXPECT_EQ(describe_packet({}), "data 0");
}

// Whatever bytes there are, their description means these bytes.
TEST(packet_text, descriptions_are_exact) {
    dice random(10);
    const auto frames = {
        packet("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 1 | ipv4 1.2.3.4 > 5.6.7.8 | udp "
               "1 > 2"
               " | data 9 | pad 80"),
        packet("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | ipv4 1.2.3.4 > 5.6.7.8 options 01010100"
               " | tcp 1 > 2 | data 9"),
        packet("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | vlan 5 | ipv6 ::1 > ::2 | udp 1 > 2"),
        packet("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | ipv4 1.2.3.4 > 5.6.7.8 | ipv6 ::1 > ::2"
               " | ipv4 1.2.3.4 > 5.6.7.8")};
    for (const packet_bytes& frame : frames) {
        for (int round = 0; round < 2000; ++round) {
            packet_bytes bytes = frame;
            for (unsigned changes = random() % 4; changes > 0; --changes) {
                bytes[random() % bytes.size()] = static_cast<byte>(random());
            }
            bytes.resize(random() % 4 == 0 ? random() % bytes.size() : bytes.size());
            const std::string text = describe_packet(bytes);
            ASSERT_EQ(packet(text), bytes) << text;
        }
    }
}

TEST(packet_text, differences_are_marked) {
    const std::string text = packet_difference(packet("hex 01 02 03"), packet("hex 01 ff"));
    EXPECT_NE(text.find("01 02 03"), std::string::npos) << text;
    EXPECT_NE(text.find("   ^^ ^^"), std::string::npos) << text;
}

}  // namespace
}  // namespace rhumb::test

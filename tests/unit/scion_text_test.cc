// Addresses, port ranges and durations of SCION configurations.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>

#include "controlplane/scion/text.hh"

namespace rhumb::scion::control {
namespace {

using namespace std::chrono_literals;

TEST(scion_endpoint, literal_addresses_with_their_ports) {
    const auto four = parse_endpoint("10.0.0.1:30042");
    ASSERT_TRUE(four);
    EXPECT_EQ(four->address_bytes, 4);
    EXPECT_EQ(four->address, (std::array<byte, 16>{10, 0, 0, 1}));
    EXPECT_EQ(four->port, 30042);

    const auto six = parse_endpoint("[2001:db8::1:2]:0");
    ASSERT_TRUE(six);
    EXPECT_EQ(six->address_bytes, 16);
    EXPECT_EQ(six->address,
              (std::array<byte, 16>{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2}));
    EXPECT_EQ(six->port, 0);
    EXPECT_EQ(six->zone, "");
}

TEST(scion_endpoint, what_is_written_is_read_back) {
    for (const std::string text :
         {"0.0.0.0:1", "10.0.0.1:30042", "255.255.255.255:65535", "[::]:1", "[2001:db8::1]:30042",
          "[fe80::1%east]:5", "[::fffe:10.0.0.1]:7"}) {
        const auto endpoint = parse_endpoint(text);
        ASSERT_TRUE(endpoint) << text;
        EXPECT_EQ(parse_endpoint(to_string(*endpoint)), endpoint) << text;
        EXPECT_EQ(parse_local_endpoint(text), endpoint);
    }
    EXPECT_EQ(to_string(*parse_endpoint("[2001:0DB8:0::1%a]:080")), "[2001:db8::1%a]:80");
}

TEST(scion_endpoint, mapped_ipv4_is_ipv4) {
    EXPECT_EQ(parse_endpoint("[::ffff:10.0.0.1]:7"), parse_endpoint("10.0.0.1:7"));
    EXPECT_EQ(parse_endpoint("[::ffff:a00:1%east]:7"), parse_endpoint("10.0.0.1:7"));
}

TEST(scion_endpoint, zones_tell_equal_addresses_apart) {
    EXPECT_NE(parse_endpoint("[fe80::1%east]:5"), parse_endpoint("[fe80::1%west]:5"));
}

TEST(scion_endpoint, a_local_one_may_be_a_mere_port) {
    const auto any = parse_local_endpoint(":44997");
    ASSERT_TRUE(any);
    EXPECT_EQ(any->address_bytes, 0);
    EXPECT_EQ(any->port, 44997);
    EXPECT_EQ(to_string(*any), ":44997");
    EXPECT_FALSE(parse_endpoint(":44997"));
    EXPECT_FALSE(parse_local_endpoint(":"));
    EXPECT_FALSE(parse_local_endpoint(":65536"));
}

TEST(scion_endpoint, anything_else_is_refused) {
    for (const std::string text : {"",
                                   ":",
                                   "10.0.0.1",
                                   "10.0.0.1:",
                                   "10.0.0.1:65536",
                                   "10.0.0.1:-1",
                                   "10.0.0.1:+1",
                                   "10.0.0.1: 1",
                                   " 10.0.0.1:1",
                                   "10.0.0.1:1 ",
                                   "10.0.0:1",
                                   "10.0.0.256:1",
                                   "10.0.0.01:1",
                                   "router.example:1",
                                   "2001:db8::1:1",
                                   "2001:db8::1",
                                   "[2001:db8::1]",
                                   "[2001:db8::1]1",
                                   "[2001:db8::1:1",
                                   "2001:db8::1]:1",
                                   "[10.0.0.1]:1",
                                   "[]:1",
                                   "[:1",
                                   "]:1",
                                   "[%a]:1",
                                   "[fe80::1%]:1",
                                   "[fe80::1% ]:1",
                                   "[fe80::1%]]:1",
                                   "[[::1]]:1"}) {
        EXPECT_FALSE(parse_endpoint(text)) << text;
    }
    EXPECT_FALSE(parse_endpoint(std::string("10.0.0.1\0:1", 11)));
    EXPECT_FALSE(parse_endpoint(std::string(1000, '1') + ":1"));
    EXPECT_FALSE(parse_endpoint("[fe80::1%" + std::string(65, 'z') + "]:1"));
    EXPECT_TRUE(parse_endpoint("[fe80::1%" + std::string(64, 'z') + "]:1"));
}

TEST(scion_ports, ranges) {
    EXPECT_EQ(parse_port_range("1024-65535"), (port_range{1024, 65535}));
    EXPECT_EQ(parse_port_range("1-1"), (port_range{1, 1}));
    EXPECT_EQ(parse_port_range("all"), (port_range{1, 65535}));
    EXPECT_EQ(parse_port_range("ALL"), (port_range{1, 65535}));
    for (const std::string text : {"", "-", "All", "0-1", "2-1", "1", "1-", "-1", "1-65536",
                                   "1-2-3", "1 - 2", "+1-2", "a-b"}) {
        EXPECT_FALSE(parse_port_range(text)) << text;
    }
}

TEST(scion_duration, one_number_and_one_unit) {
    EXPECT_EQ(parse_duration("200ms"), 200ms);
    EXPECT_EQ(parse_duration("0s"), 0ns);
    EXPECT_EQ(parse_duration("1y"), 365 * 24h);
    EXPECT_EQ(parse_duration("2w"), 14 * 24h);
    EXPECT_EQ(parse_duration("3d"), 72h);
    EXPECT_EQ(parse_duration("4h"), 4h);
    EXPECT_EQ(parse_duration("5m"), 5min);
    EXPECT_EQ(parse_duration("6s"), 6s);
    EXPECT_EQ(parse_duration("7us"), 7us);
    EXPECT_EQ(parse_duration("7\xc2\xb5s"), 7us);
    EXPECT_EQ(parse_duration("8ns"), 8ns);
    EXPECT_EQ(parse_duration("9223372036854775807ns"), std::chrono::nanoseconds::max());
}

TEST(scion_duration, anything_else_is_refused) {
    for (const std::string text : {"", "1", "s", "-1s", "+1s", "1.5s", "1h30m", "1 s", " 1s", "1s ",
                                   "1S", "1min", "9223372036854775808ns", "293y"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
    EXPECT_TRUE(parse_duration("292y"));
}

}  // namespace
}  // namespace rhumb::scion::control

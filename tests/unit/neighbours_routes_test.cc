// Which settings make sense, and over which interface to which neighbour an address is reached.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/neighbours_rig.hh"

namespace rhumb::neighbours::test {
namespace {

// "interface neighbour", or what is wrong.
std::string way(const settings& in, const std::string& address) {
    auto found = find_route(in, ip(address));
    if (!found.ok()) {
        return found.why().message;
    }
    char text[INET6_ADDRSTRLEN];
    const ip_address& neighbour = found->neighbour;
    inet_ntop(neighbour.af == family::ipv4 ? AF_INET : AF_INET6, neighbour.bytes.data(), text,
              sizeof text);
    return std::to_string(found->interface) + " " + text;
}

TEST(neighbour_routes, lead_to_the_host_on_a_subnet_and_to_the_gateway_beyond) {
    const settings in = two_interfaces();
    EXPECT_EQ(way(in, "192.0.2.77"), "0 192.0.2.77");
    EXPECT_EQ(way(in, "198.51.100.126"), "1 198.51.100.126");
    EXPECT_EQ(way(in, "198.51.100.129"), "0 192.0.2.254");
    EXPECT_EQ(way(in, "10.1.2.3"), "0 192.0.2.254");
    EXPECT_EQ(way(in, "2001:db8::77"), "0 2001:db8::77");
    EXPECT_EQ(way(in, "2001:db8:1::77"), "1 2001:db8:1::77");
    EXPECT_EQ(way(in, "2001:db8:2::77"), "0 2001:db8::fe");
}

TEST(neighbour_routes, lead_nowhere_for_what_is_no_host_or_ourselves) {
    const settings in = two_interfaces();
    for (const char* const nobody :
         {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1"}) {
        EXPECT_EQ(way(in, nobody), "the address is no host's") << nobody;
    }
    for (const char* const own : {"192.0.2.1", "2001:db8:1::1"}) {
        EXPECT_EQ(way(in, own), "the address is the router's own") << own;
    }
}

TEST(neighbour_routes, take_the_longest_subnet) {
    settings in = two_interfaces();
    in.interfaces[1].addresses.push_back({ip("192.0.2.65"), 26});
    EXPECT_EQ(way(in, "192.0.2.63"), "0 192.0.2.63");
    EXPECT_EQ(way(in, "192.0.2.66"), "1 192.0.2.66");
}

TEST(neighbour_routes, need_a_gateway_for_what_is_on_no_subnet) {
    settings in = two_interfaces();
    in.interfaces[0].gateway_ipv4.reset();
    EXPECT_EQ(way(in, "10.1.2.3"), "the address is on no subnet, and there is no gateway");
    EXPECT_EQ(way(in, "2001:db8:2::77"), "0 2001:db8::fe");
}

TEST(neighbour_routes, do_not_lead_to_broadcast_addresses_but_to_both_ends_of_a_pair) {
    settings in = two_interfaces();
    in.interfaces[0].gateway_ipv4.reset();
    EXPECT_EQ(way(in, "192.0.2.255"), "the address is on no subnet, and there is no gateway");
    EXPECT_EQ(way(in, "192.0.2.0"), "the address is on no subnet, and there is no gateway");
    in.interfaces[1].addresses.push_back({ip("203.0.113.0"), 31});
    EXPECT_EQ(way(in, "203.0.113.1"), "1 203.0.113.1");
}

TEST(neighbour_routes, take_static_neighbours_first_wherever_their_address_is) {
    settings in = two_interfaces();
    in.statics.push_back({1, ip("192.0.2.9"), peer_mac});
    in.statics.push_back({1, ip("10.1.2.3"), peer_mac});
    ASSERT_TRUE(check(in).ok());
    EXPECT_EQ(way(in, "192.0.2.9"), "1 192.0.2.9");
    EXPECT_EQ(way(in, "10.1.2.3"), "1 10.1.2.3");
}

TEST(neighbour_routes, of_link_local_addresses_must_not_be_ambiguous) {
    settings in = two_interfaces();
    EXPECT_EQ(way(in, "fe80::2"), "a link-local address may be on more than one interface");
    in.interfaces[1].addresses.pop_back();
    EXPECT_EQ(way(in, "fe80::2"), "0 fe80::2");
    in.interfaces[0].gateway_ipv6 = ip("fe80::fe");
    ASSERT_TRUE(check(in).ok());
    EXPECT_EQ(way(in, "2001:db8:2::77"), "0 fe80::fe");
}

TEST(neighbour_routes, questions_come_from_the_own_address_beside_the_one_asked_for) {
    interface_settings on = two_interfaces().interfaces[0];
    on.addresses.push_back({ip("203.0.113.7"), 24});
    on.addresses.push_back({ip("fe80::1"), 64});
    EXPECT_EQ(source_for(on, ip("203.0.113.9")), ip("203.0.113.7"));
    EXPECT_EQ(source_for(on, ip("10.0.0.1")), ip("192.0.2.1"));
    EXPECT_EQ(source_for(on, ip("fe80::9")), ip("fe80::1"));
    EXPECT_EQ(source_for(on, ip("2001:db8::9")), ip("2001:db8::1"));
    on.addresses.clear();
    EXPECT_EQ(source_for(on, ip("10.0.0.1")), ip("0.0.0.0"));
}

// Every change must be refused, for its own reason.
TEST(neighbour_settings, that_make_no_sense_are_refused) {
    ASSERT_TRUE(check(two_interfaces()).ok());
    const auto refused = [](auto change) {
        settings in = two_interfaces();
        change(in);
        const auto done = check(in);
        EXPECT_FALSE(neighbour_table::create(in).ok());
        return done.ok() ? std::string("nothing") : done.why().message;
    };
    const std::string mac = "a MAC of one station is needed on interface 0";
    EXPECT_EQ(refused([](settings& in) { in.interfaces[0].mac = {}; }), mac);
    EXPECT_EQ(refused([](settings& in) { in.interfaces[0].mac = broadcast; }), mac);
    EXPECT_EQ(refused([](settings& in) { in.interfaces[1].vlan = 4095; }),
              "the VLAN is above 4094 on interface 1");
    EXPECT_EQ(refused([](settings& in) {
                  in.interfaces[1].port = 0;
                  in.interfaces[1].vlan = 0;
              }),
              "port and VLAN are those of another interface on interface 1");
    for (const own_address bad : {own_address{ip("224.0.0.1"), 24},
                                  {ip("192.0.2.255"), 24},
                                  {ip("10.0.0.1"), 33},
                                  {ip("::"), 64},
                                  {ip("2001:db8::1"), 129}}) {
        EXPECT_EQ(refused([&](settings& in) { in.interfaces[0].addresses.push_back(bad); }),
                  "an own address is not a host's on interface 0");
    }
    const std::string gateway = "the gateway is no neighbour on interface 0";
    for (const char* const bad : {"10.0.0.1", "192.0.2.1", "192.0.2.255", "2001:db8::fe"}) {
        EXPECT_EQ(refused([&](settings& in) { in.interfaces[0].gateway_ipv4 = ip(bad); }), gateway);
    }
    EXPECT_EQ(refused([](settings& in) { in.interfaces[0].gateway_ipv6 = ip("192.0.2.2"); }),
              gateway);
    EXPECT_EQ(refused([](settings& in) { in.statics.push_back({2, ip("10.0.0.1"), peer_mac}); }),
              "a static neighbour is on an interface that does not exist");
    for (const static_entry bad : {static_entry{1, ip("224.0.0.1"), peer_mac},
                                   {1, ip("10.0.0.1"), broadcast},
                                   {1, ip("10.0.0.1"), {}},
                                   {1, ip("198.51.100.1"), peer_mac}}) {
        EXPECT_EQ(refused([&](settings& in) { in.statics.push_back(bad); }),
                  "a static neighbour is no neighbour on interface 1");
    }
    EXPECT_EQ(refused([](settings& in) {
                  in.statics.push_back({0, ip("10.0.0.1"), peer_mac});
                  in.statics.push_back({1, ip("10.0.0.1"), peer_mac});
              }),
              "a static neighbour is given twice on interface 1");
    const std::string times =
        "times and tries must be above zero, and the back-off must not shrink";
    EXPECT_EQ(refused([](settings& in) { in.tries = 0; }), times);
    EXPECT_EQ(refused([](settings& in) { in.retransmit = 0ms; }), times);
    EXPECT_EQ(refused([](settings& in) { in.reachable_time = 0ms; }), times);
    EXPECT_EQ(refused([](settings& in) { in.waiting_time = 0ms; }), times);
    EXPECT_EQ(refused([](settings& in) { in.first_backoff = 0ms; }), times);
    EXPECT_EQ(refused([](settings& in) { in.most_backoff = 999ms; }), times);
}

}  // namespace
}  // namespace rhumb::neighbours::test

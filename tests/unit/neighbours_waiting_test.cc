// Packets that wait for their neighbour.
#include <gtest/gtest.h>

#include "tests/unit/neighbours_rig.hh"

namespace rhumb::neighbours::test {
namespace {

TEST(waiting_packets, are_sent_in_their_order_once_the_neighbour_is_known) {
    table_rig rig;
    const next_hop hop = rig.want("192.0.2.2");
    EXPECT_TRUE(rig.wait("192.0.2.2", {1}));
    EXPECT_TRUE(rig.wait("192.0.2.2", {2, 2}));
    EXPECT_TRUE(rig.packets.empty());
    EXPECT_EQ(rig.at("192.0.2.2").waiting, 2U);
    rig->frame_received(0, arp_answer(peer_mac), rig.now);
    const auto actions = rig->take_actions();
    ASSERT_EQ(actions.size(), 3U);
    EXPECT_EQ(std::get<next_hop_change>(actions[0]).what, kind::resolved);
    for (const std::size_t n : {1U, 2U}) {
        const auto& sent = std::get<send_packet>(actions[n]);
        EXPECT_EQ(sent.bytes, packet(n, static_cast<byte>(n)));
        EXPECT_EQ(sent.mac, peer_mac);
        EXPECT_EQ(sent.id, hop.id);
        EXPECT_EQ(sent.interface, 0U);
    }
    EXPECT_EQ(rig.at("192.0.2.2").waiting, 0U);
    // Nothing needs to wait now.
    EXPECT_TRUE(rig.wait("192.0.2.2", {3}));
    ASSERT_EQ(rig.packets.size(), 1U);
    EXPECT_EQ(rig.packets[0].mac, peer_mac);
}

TEST(waiting_packets, for_hosts_behind_a_gateway_wait_for_the_gateway) {
    table_rig rig;
    rig.want("10.0.0.1");
    EXPECT_TRUE(rig.wait("10.0.0.1", {1}));
    rig.receive(arp_answer(peer_mac, 254));
    EXPECT_EQ(rig.packets.size(), 1U);
}

TEST(waiting_packets, are_the_latest_three_of_a_neighbour) {
    table_rig rig;
    rig.want("192.0.2.2");
    for (byte n = 1; n <= 5; ++n) {
        EXPECT_TRUE(rig.wait("192.0.2.2", {n}));
    }
    EXPECT_EQ(rig->dropped().overflow, 2U);
    rig.receive(arp_answer(peer_mac));
    ASSERT_EQ(rig.packets.size(), 3U);
    EXPECT_EQ(rig.packets[0].bytes, packet{3});
    EXPECT_EQ(rig.packets[2].bytes, packet{5});
}

TEST(waiting_packets, are_bounded_over_all_neighbours_and_the_oldest_goes) {
    settings in = two_interfaces();
    in.waiting = 4;
    table_rig rig(in);
    for (const char* const to : {"192.0.2.2", "192.0.2.3", "192.0.2.4"}) {
        rig.want(to);
        rig.wait(to, {1});
        rig.wait(to, {2});
    }
    EXPECT_EQ(rig->dropped().overflow, 2U);
    EXPECT_EQ(rig.at("192.0.2.2").waiting, 0U);
    EXPECT_EQ(rig.at("192.0.2.3").waiting, 2U);
    EXPECT_EQ(rig.at("192.0.2.4").waiting, 2U);
}

TEST(waiting_packets, are_dropped_where_there_is_no_room_at_all) {
    settings in = two_interfaces();
    in.waiting_per_neighbour = 0;
    table_rig rig(in);
    rig.want("192.0.2.2");
    EXPECT_FALSE(rig.wait("192.0.2.2", {1}));
    EXPECT_EQ(rig->dropped().overflow, 1U);
}

TEST(waiting_packets, wait_no_longer_than_three_seconds) {
    settings in = two_interfaces();
    in.tries = 9;
    table_rig rig(in);
    rig.want("192.0.2.2");
    rig.after(500ms);
    rig.wait("192.0.2.2", {1});
    rig.after(1s);
    rig.wait("192.0.2.2", {2});
    rig.after(1999ms);
    EXPECT_EQ(rig->dropped().expired, 0U);
    EXPECT_EQ(rig.at("192.0.2.2").waiting, 2U);
    EXPECT_EQ(rig->next_deadline(), rig.now + 1ms);
    rig.after(1ms);
    EXPECT_EQ(rig->dropped().expired, 1U);
    rig.receive(arp_answer(peer_mac));
    ASSERT_EQ(rig.packets.size(), 1U);
    EXPECT_EQ(rig.packets[0].bytes, packet{2});
}

TEST(waiting_packets, are_dropped_when_the_neighbour_is_unreachable_or_not_wanted_any_more) {
    table_rig rig;
    const next_hop hop = rig.want("192.0.2.2");
    rig.after(1s);
    rig.wait("192.0.2.2", {1});
    rig.after(1s);
    rig.after(1s);
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::unreachable);
    EXPECT_EQ(rig->dropped().discarded, 1U);
    EXPECT_FALSE(rig.wait("192.0.2.2", {2}));
    EXPECT_EQ(rig->counted().unreachable, 1U);

    const next_hop other = rig.want("192.0.2.3");
    rig.wait("192.0.2.3", {3});
    rig->release(other.id);
    EXPECT_EQ(rig->dropped().discarded, 2U);
    EXPECT_FALSE(rig.wait("192.0.2.3", {4}));
    EXPECT_FALSE(rig.wait("224.0.0.1", {5}));
    EXPECT_EQ(rig->counted().unwanted, 2U);
    rig->release(hop.id);
    EXPECT_FALSE(rig->next_deadline());
}

TEST(waiting_packets, for_a_static_neighbour_are_sent_at_once_if_somebody_wants_it) {
    settings in = two_interfaces();
    in.statics.push_back({0, ip("192.0.2.9"), other_mac});
    table_rig rig(in);
    EXPECT_FALSE(rig.wait("192.0.2.9", {1}));
    rig.want("192.0.2.9");
    EXPECT_TRUE(rig.wait("192.0.2.9", {1}));
    ASSERT_EQ(rig.packets.size(), 1U);
    EXPECT_EQ(rig.packets[0].mac, other_mac);
}

}  // namespace
}  // namespace rhumb::neighbours::test

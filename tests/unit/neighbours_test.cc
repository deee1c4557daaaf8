// The neighbour table's states, step by step.
#include <gtest/gtest.h>

#include "tests/unit/neighbours_rig.hh"

namespace rhumb::neighbours::test {
namespace {

TEST(neighbours, a_wanted_neighbour_is_asked_for_and_its_answer_resolves_it) {
    table_rig rig;
    const next_hop hop = rig.want("192.0.2.2");
    EXPECT_EQ(hop.interface, 0U);
    EXPECT_EQ(hop.address, ip("192.0.2.2"));
    EXPECT_FALSE(hop.mac);
    ASSERT_EQ(rig.frames.size(), 1U);
    frame asked = bytes_of(linux_arp_request);
    asked.resize(60);
    EXPECT_EQ(rig.frames[0].bytes, asked);
    EXPECT_EQ(rig.frames[0].interface, 0U);
    EXPECT_TRUE(rig.changes.empty());
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::incomplete);

    EXPECT_TRUE(rig.receive(bytes_of(linux_arp_reply)));
    const next_hop_change change = rig.change();
    EXPECT_EQ(change.what, kind::resolved);
    EXPECT_EQ(change.id, hop.id);
    EXPECT_EQ(change.address, ip("192.0.2.2"));
    EXPECT_EQ(change.mac, peer_mac);
    EXPECT_TRUE(rig.frames.empty());
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::reachable);
    EXPECT_EQ(rig.want("192.0.2.2").mac, peer_mac);
}

TEST(neighbours, of_ipv6_are_asked_for_in_their_group) {
    table_rig rig;
    const next_hop hop = rig.want("2001:db8::2");
    ASSERT_EQ(rig.frames.size(), 1U);
    EXPECT_EQ(rig.frames[0].bytes, bytes_of(linux_ns));
    EXPECT_TRUE(rig.receive(bytes_of(linux_na)));
    EXPECT_EQ(rig.change().what, kind::resolved);
    EXPECT_EQ(rig.changes[0].id, hop.id);
    EXPECT_EQ(rig.changes[0].mac, peer_mac);
    EXPECT_EQ(rig.state_of("2001:db8::2"), state::reachable);
}

TEST(neighbours, without_an_answer_are_asked_three_times_and_then_unreachable) {
    table_rig rig;
    rig.want("192.0.2.2");
    for (int more = 0; more < 2; ++more) {
        rig.after(999ms);
        EXPECT_TRUE(rig.frames.empty());
        rig.after(1ms);
        EXPECT_EQ(rig.frames.size(), 1U);
        EXPECT_TRUE(rig.changes.empty());
    }
    rig.after(999ms);
    EXPECT_TRUE(rig.changes.empty());
    rig.after(1ms);
    EXPECT_EQ(rig.change().what, kind::unreachable);
    EXPECT_EQ(rig.changes[0].mac, mac_address{});
    EXPECT_TRUE(rig.frames.empty());
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::unreachable);
}

TEST(neighbours, that_are_unreachable_are_asked_again_after_longer_and_longer_pauses) {
    table_rig rig;
    rig.want("192.0.2.2");
    for (int n = 0; n < 3; ++n) {
        rig.after(1s);
    }
    ASSERT_EQ(rig.state_of("192.0.2.2"), state::unreachable);
    for (const duration pause : {1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s}) {
        rig.after(pause - 1ms);
        EXPECT_TRUE(rig.frames.empty()) << pause.count();
        rig.after(1ms);
        EXPECT_EQ(rig.frames.size(), 1U) << pause.count();
        for (int n = 0; n < 2; ++n) {
            rig.after(1s);
            EXPECT_EQ(rig.frames.size(), 1U);
        }
        rig.after(1s);
        EXPECT_TRUE(rig.frames.empty());
        EXPECT_TRUE(rig.changes.empty());  // nothing new
        EXPECT_EQ(rig.state_of("192.0.2.2"), state::unreachable);
    }
    rig.receive(arp_answer(peer_mac));
    EXPECT_EQ(rig.change().what, kind::resolved);
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::reachable);
}

TEST(neighbours, are_probed_after_the_reachable_time_and_stay_in_use_meanwhile) {
    table_rig rig;
    rig.want("192.0.2.2");
    rig.receive(arp_answer(peer_mac));
    rig.after(29'999ms);
    EXPECT_TRUE(rig.frames.empty());
    rig.after(1ms);
    ASSERT_EQ(rig.frames.size(), 1U);
    EXPECT_EQ(ethernet::read_frame(rig.frames[0].bytes)->destination, peer_mac);
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::probing);
    EXPECT_EQ(rig.at("192.0.2.2").mac, peer_mac);
    rig.after(1s);
    EXPECT_EQ(rig.frames.size(), 1U);
    rig.receive(arp_answer(peer_mac));
    EXPECT_TRUE(rig.changes.empty());
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::reachable);
    rig.after(29'999ms);
    EXPECT_TRUE(rig.frames.empty());
}

TEST(neighbours, of_ipv6_are_probed_at_their_own_address) {
    table_rig rig;
    rig.want("2001:db8::2");
    rig.receive(bytes_of(linux_na));
    rig.after(30s);
    ASSERT_EQ(rig.frames.size(), 1U);
    const auto came = ethernet::read_frame(rig.frames[0].bytes);
    EXPECT_EQ(came->destination, peer_mac);
    EXPECT_EQ(nd::parse(came->payload)->destination, ip("2001:db8::2").bytes);
}

TEST(neighbours, that_do_not_answer_probes_are_lost_and_everybody_is_asked) {
    table_rig rig;
    rig.want("192.0.2.2");
    rig.receive(arp_answer(peer_mac));
    rig.after(30s);
    for (int n = 0; n < 2; ++n) {
        rig.after(1s);
        EXPECT_EQ(ethernet::read_frame(rig.frames.at(0).bytes)->destination, peer_mac);
        EXPECT_TRUE(rig.changes.empty());
    }
    rig.after(1s);
    EXPECT_EQ(rig.change().what, kind::unreachable);
    EXPECT_EQ(ethernet::read_frame(rig.frames.at(0).bytes)->destination, broadcast);
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::incomplete);
    EXPECT_FALSE(rig.at("192.0.2.2").mac);
    for (int n = 0; n < 3; ++n) {
        rig.after(1s);
        EXPECT_TRUE(rig.changes.empty());  // said before
    }
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::unreachable);
    rig.receive(arp_answer(other_mac));
    EXPECT_EQ(rig.change().what, kind::resolved);
    EXPECT_EQ(rig.changes[0].mac, other_mac);
}

TEST(neighbours, that_answer_from_another_mac_have_changed) {
    table_rig rig;
    rig.want("192.0.2.2");
    rig.receive(arp_answer(peer_mac));
    rig.receive(arp_answer(other_mac));
    EXPECT_EQ(rig.change().what, kind::changed);
    EXPECT_EQ(rig.changes[0].mac, other_mac);
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::reachable);
}

TEST(neighbours, are_shared_by_their_users_and_forgotten_with_the_last) {
    table_rig rig;
    const next_hop first = rig.want("192.0.2.2");
    const next_hop second = rig.want("192.0.2.2");
    EXPECT_EQ(first.id, second.id);
    EXPECT_TRUE(rig.frames.empty());  // asked already
    EXPECT_EQ(rig.at("192.0.2.2").users, 2U);
    rig->release(first.id);
    EXPECT_EQ(rig->size(), 1U);
    EXPECT_TRUE(rig->next_deadline());
    rig->release(second.id);
    EXPECT_EQ(rig->size(), 0U);
    EXPECT_FALSE(rig->next_deadline());
    rig->release(second.id);
    rig->release(77);
    EXPECT_NE(rig.want("192.0.2.2").id, first.id);
}

TEST(neighbours, that_are_a_gateway_serve_all_that_is_behind_it) {
    table_rig rig;
    const next_hop one = rig.want("10.0.0.1");
    const next_hop other = rig.want("10.99.0.1");
    EXPECT_EQ(one.id, other.id);
    EXPECT_EQ(one.address, ip("192.0.2.254"));
    EXPECT_EQ(rig->size(), 1U);
    EXPECT_EQ(rig.at("192.0.2.254").users, 2U);
}

TEST(neighbours, that_are_static_are_known_from_the_start_and_never_asked_for) {
    settings in = two_interfaces();
    in.statics.push_back({1, ip("10.0.0.9"), peer_mac});
    table_rig rig(in);
    const next_hop hop = rig.want("10.0.0.9");
    EXPECT_EQ(hop.interface, 1U);
    EXPECT_EQ(hop.mac, peer_mac);
    EXPECT_TRUE(rig.frames.empty());
    EXPECT_FALSE(rig->next_deadline());
    rig.receive(arp_frame({2, 0, 0, 0, 1, 1},
                          {arp::reply, other_mac, {10, 0, 0, 9}, {}, {198, 51, 100, 1}}, 100),
                1);
    EXPECT_TRUE(rig.changes.empty());
    rig->release(hop.id);
    rig->release(hop.id);
    EXPECT_EQ(rig.state_of("10.0.0.9"), state::static_);
    EXPECT_EQ(rig.at("10.0.0.9").mac, peer_mac);
}

TEST(neighbours, are_no_more_than_the_table_may_have) {
    settings in = two_interfaces();
    in.max_neighbours = 2;
    in.statics.push_back({1, ip("10.0.0.9"), peer_mac});
    table_rig rig(in);
    const next_hop first = rig.want("192.0.2.2");
    rig.want("192.0.2.3");
    EXPECT_FALSE(rig->want(ip("192.0.2.4"), rig.now).ok());
    EXPECT_EQ(rig->counted().full, 1U);
    EXPECT_TRUE(rig->want(ip("192.0.2.3"), rig.now).ok());
    EXPECT_TRUE(rig->want(ip("10.0.0.9"), rig.now).ok());
    rig->release(first.id);
    EXPECT_TRUE(rig->want(ip("192.0.2.4"), rig.now).ok());
    EXPECT_FALSE(rig->want(ip("192.0.2.1"), rig.now).ok());
}

TEST(neighbours, are_asked_once_by_a_tick_that_comes_late) {
    table_rig rig;
    rig.want("192.0.2.2");
    rig.want("2001:db8::2");
    rig.after(60s);
    EXPECT_EQ(rig.frames.size(), 2U);
    EXPECT_EQ(rig->next_deadline(), rig.now + 1s);
}

TEST(neighbours, stay_resolved_when_a_table_with_a_new_configuration_takes_over) {
    table_rig rig;
    const next_hop before = rig.want("192.0.2.2");
    rig.want("192.0.2.3");
    rig.want("192.0.2.4");
    rig.receive(arp_answer(peer_mac));
    rig.receive(gratuitous(other_mac, 3));
    rig.after(10ms);
    settings in = two_interfaces();
    std::swap(in.interfaces[0], in.interfaces[1]);
    rig.replace(in);
    EXPECT_EQ(rig->size(), 0U);
    const next_hop hop = rig.want("192.0.2.2");
    EXPECT_EQ(hop.interface, 1U);
    EXPECT_EQ(hop.mac, peer_mac);
    EXPECT_NE(hop.id, before.id);
    EXPECT_TRUE(rig.frames.empty());
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::reachable);
    EXPECT_EQ(rig.at("192.0.2.2").age, 10ms);
    EXPECT_EQ(rig->next_deadline(), start + 30s);
    EXPECT_EQ(rig.want("192.0.2.3").mac, other_mac);
    EXPECT_EQ(rig.frames.size(), 1U);
    EXPECT_EQ(rig.state_of("192.0.2.3"), state::probing);
    EXPECT_EQ(rig.want("192.0.2.4").mac, std::nullopt);
    // What is wanted a second time is asked for as any other.
    rig->release(hop.id);
    EXPECT_EQ(rig.want("192.0.2.2").mac, std::nullopt);
}

TEST(neighbours, are_asked_for_anew_where_the_interface_is_another_or_time_has_passed) {
    for (const bool later : {false, true}) {
        table_rig rig;
        rig.want("192.0.2.2");
        rig.receive(arp_answer(peer_mac));
        settings in = two_interfaces();
        if (!later) {
            in.interfaces[0].mac = {2, 0, 0, 0, 0, 9};
        }
        rig.replace(in);
        if (later) {
            rig.after(30s);
        }
        EXPECT_EQ(rig.want("192.0.2.2").mac, std::nullopt);
        EXPECT_EQ(rig.frames.size(), 1U);
    }
}

TEST(neighbours, are_shown_by_interface_and_address) {
    settings in = two_interfaces();
    in.statics.push_back({0, ip("192.0.2.9"), other_mac});
    table_rig rig(in);
    const next_hop hop = rig.want("192.0.2.2");
    rig.want("198.51.100.2");
    rig.receive(arp_answer(peer_mac));
    rig.wait("198.51.100.2", {1, 2, 3});
    rig.now += 250ms;
    const auto rows = rig->rows(rig.now);
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].id, hop.id);
    EXPECT_EQ(rows[0].address, ip("192.0.2.2"));
    EXPECT_EQ(rows[0].mac, peer_mac);
    EXPECT_EQ(name_of(rows[0].state), "reachable");
    EXPECT_EQ(rows[0].age, 250ms);
    EXPECT_EQ(rows[0].users, 1U);
    EXPECT_EQ(name_of(rows[1].state), "static");
    EXPECT_EQ(rows[1].age, 0ms);
    EXPECT_EQ(rows[2].interface, 1U);
    EXPECT_EQ(rows[2].mac, std::nullopt);
    EXPECT_EQ(rows[2].waiting, 1U);
    EXPECT_EQ(rig->find_interface(1, 100), 1U);
    EXPECT_EQ(rig->find_interface(1, 0), std::nullopt);
}

}  // namespace
}  // namespace rhumb::neighbours::test

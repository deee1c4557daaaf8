// What the neighbour table answers, what it learns, and what it must not believe.
#include <gtest/gtest.h>

#include "tests/unit/neighbours_rig.hh"

namespace rhumb::neighbours::test {
namespace {

const ip_address peer_v6 = ip("2001:db8::2");

nd::message solicitation_by_peer() {
    nd::message ask;
    ask.source = peer_v6.bytes;
    ask.destination = ip("2001:db8::1").bytes;
    ask.target = ip("2001:db8::1").bytes;
    ask.link_layer = peer_mac;
    return ask;
}

nd::message advertisement_by_peer(const mac_address& mac) {
    nd::message say;
    say.type = nd::advertisement;
    say.source = say.target = peer_v6.bytes;
    say.destination = ip("2001:db8::1").bytes;
    say.solicited = say.override_ = true;
    say.link_layer = mac;
    return say;
}

arp::message request_by(const mac_address& mac) {
    return {arp::request, mac, {192, 0, 2, 2}, {}, {192, 0, 2, 1}};
}

TEST(neighbour_frames, a_request_for_an_own_address_is_answered_and_no_stranger_is_kept) {
    table_rig rig;
    EXPECT_TRUE(rig.receive(arp_frame(broadcast, request_by(peer_mac))));
    ASSERT_EQ(rig.frames.size(), 1U);
    EXPECT_EQ(rig.frames[0].bytes,
              arp_frame(peer_mac, {arp::reply, our_mac, {192, 0, 2, 1}, peer_mac, {192, 0, 2, 2}}));
    EXPECT_EQ(rig->size(), 0U);
    EXPECT_TRUE(rig.changes.empty());
    EXPECT_EQ(rig->counted().replies, 1U);
    // For others, no answer.
    arp::message for_other = request_by(peer_mac);
    for_other.target = {192, 0, 2, 3};
    EXPECT_TRUE(rig.receive(arp_frame(broadcast, for_other)));
    for_other.target = {198, 51, 100, 1};  // ours, but on another interface
    EXPECT_TRUE(rig.receive(arp_frame(broadcast, for_other)));
    EXPECT_EQ(rig->counted().replies, 1U);
}

TEST(neighbour_frames, an_address_probe_is_answered) {
    table_rig rig;
    arp::message probe = request_by(peer_mac);
    probe.sender = {};
    rig.receive(arp_frame(broadcast, probe));
    EXPECT_EQ(rig.frames.size(), 1U);
    // Likewise of IPv6: to all, as the one who probes has no address.
    rig.receive(bytes_of(linux_probe));
    EXPECT_TRUE(rig.frames.empty());  // it comes from our own MAC
    frame probe_v6 = bytes_of(linux_probe);
    probe_v6[11] = 9;
    rig.receive(probe_v6);
    ASSERT_EQ(rig.frames.size(), 1U);
    frame said = bytes_of(linux_unsolicited_na);
    const auto view = ethernet::read_frame(rig.frames[0].bytes);
    EXPECT_EQ(view->destination, (mac_address{0x33, 0x33, 0, 0, 0, 1}));
    auto expected = nd::parse(ethernet::read_frame(said)->payload);
    expected->router = true;
    EXPECT_EQ(nd::parse(view->payload), expected);
}

TEST(neighbour_frames, a_solicitation_for_an_own_address_is_answered) {
    table_rig rig;
    nd::message expected;
    expected.type = nd::advertisement;
    expected.source = expected.target = ip("2001:db8::1").bytes;
    expected.destination = peer_v6.bytes;
    expected.router = expected.solicited = expected.override_ = true;
    expected.link_layer = our_mac;
    EXPECT_TRUE(rig.receive(nd_frame(our_mac, peer_mac, solicitation_by_peer())));
    ASSERT_EQ(rig.frames.size(), 1U);
    EXPECT_EQ(rig.frames[0].bytes, nd_frame(peer_mac, our_mac, expected));
    // To the station that the frame came from where the question does not name one.
    nd::message bare = solicitation_by_peer();
    bare.link_layer.reset();
    rig.receive(nd_frame(our_mac, other_mac, bare));
    EXPECT_EQ(rig.frames.at(0).bytes, nd_frame(other_mac, our_mac, expected));
    EXPECT_EQ(rig->size(), 0U);
    nd::message for_other = solicitation_by_peer();
    for_other.target = ip("2001:db8::3").bytes;
    EXPECT_TRUE(rig.receive(nd_frame(our_mac, peer_mac, for_other)));
    EXPECT_TRUE(rig.frames.empty());
}

TEST(neighbour_frames, a_question_tells_the_mac_of_who_asks_which_is_verified) {
    for (const bool v6 : {false, true}) {
        table_rig rig;
        const std::string peer = v6 ? "2001:db8::2" : "192.0.2.2";
        rig.want(peer);
        rig.wait(peer, {1});
        rig.receive(v6 ? nd_frame(our_mac, peer_mac, solicitation_by_peer())
                       : arp_frame(broadcast, request_by(peer_mac)));
        EXPECT_EQ(rig.change().what, kind::resolved);
        EXPECT_EQ(rig.packets.size(), 1U);
        EXPECT_EQ(rig.frames.size(), 2U);  // a probe and the reply
        EXPECT_EQ(rig.state_of(peer), state::probing);
        rig.receive(v6 ? nd_frame(our_mac, peer_mac, advertisement_by_peer(peer_mac))
                       : arp_answer(peer_mac));
        EXPECT_EQ(rig.state_of(peer), state::reachable);
        EXPECT_TRUE(rig.changes.empty());
    }
}

TEST(neighbour_frames, a_gratuitous_arp_changes_the_mac_of_what_is_known_and_nothing_else) {
    table_rig rig;
    rig.want("192.0.2.2");
    rig.receive(arp_answer(peer_mac));
    rig.receive(gratuitous(peer_mac));
    EXPECT_TRUE(rig.changes.empty());
    EXPECT_TRUE(rig.frames.empty());
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::reachable);
    rig.receive(gratuitous(other_mac));
    EXPECT_EQ(rig.change().what, kind::changed);
    EXPECT_EQ(rig.changes[0].mac, other_mac);
    EXPECT_EQ(ethernet::read_frame(rig.frames.at(0).bytes)->destination, other_mac);
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::probing);
    // What it says again is no answer.
    rig.receive(gratuitous(other_mac));
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::probing);
    rig.receive(gratuitous(other_mac, 77));
    EXPECT_EQ(rig->size(), 1U);
    // On another interface, it is somebody else.
    rig.receive(
        arp_frame(broadcast, {arp::request, peer_mac, {192, 0, 2, 2}, {}, {192, 0, 2, 2}}, 100), 1);
    EXPECT_TRUE(rig.changes.empty());
}

TEST(neighbour_frames, an_unsolicited_advertisement_is_believed_and_verified) {
    table_rig rig;
    rig.want("2001:db8::2");
    rig.receive(nd_frame(our_mac, peer_mac, advertisement_by_peer(peer_mac)));
    nd::message moved = advertisement_by_peer(other_mac);
    moved.destination = nd::all_nodes;
    moved.solicited = false;
    rig.receive(nd_frame(nd::multicast_mac(nd::all_nodes), other_mac, moved));
    EXPECT_EQ(rig.change().what, kind::changed);
    EXPECT_EQ(rig.state_of("2001:db8::2"), state::probing);
    EXPECT_EQ(rig.at("2001:db8::2").mac, other_mac);
}

TEST(neighbour_frames, an_advertisement_that_does_not_override_makes_the_old_mac_prove_itself) {
    table_rig rig;
    rig.want("2001:db8::2");
    rig.receive(nd_frame(our_mac, peer_mac, advertisement_by_peer(peer_mac)));
    nd::message second = advertisement_by_peer(other_mac);
    second.override_ = false;
    for (int again = 0; again < 2; ++again) {
        rig.receive(nd_frame(our_mac, other_mac, second));
        EXPECT_TRUE(rig.changes.empty());
        EXPECT_EQ(rig.frames.size(), again == 0 ? 1U : 0U);
        EXPECT_EQ(rig.state_of("2001:db8::2"), state::probing);
        EXPECT_EQ(rig.at("2001:db8::2").mac, peer_mac);
    }
}

TEST(neighbour_frames, an_advertisement_without_a_mac_confirms_the_one_that_is_known) {
    table_rig rig;
    rig.want("2001:db8::2");
    nd::message bare = advertisement_by_peer(peer_mac);
    bare.link_layer.reset();
    rig.receive(nd_frame(our_mac, peer_mac, bare));
    EXPECT_EQ(rig.state_of("2001:db8::2"), state::incomplete);
    rig.receive(nd_frame(our_mac, peer_mac, advertisement_by_peer(peer_mac)));
    rig.after(30s);
    ASSERT_EQ(rig.state_of("2001:db8::2"), state::probing);
    bare.destination = ip("2001:db8::99").bytes;  // an answer, but not to us
    rig.receive(nd_frame(our_mac, peer_mac, bare));
    EXPECT_EQ(rig.state_of("2001:db8::2"), state::probing);
    bare.destination = ip("2001:db8::1").bytes;
    rig.receive(nd_frame(our_mac, peer_mac, bare));
    EXPECT_EQ(rig.state_of("2001:db8::2"), state::reachable);
}

TEST(neighbour_frames, another_mac_with_an_own_address_is_a_conflict_that_changes_nothing) {
    table_rig rig;
    rig.receive(arp_frame(broadcast, {arp::request, peer_mac, {192, 0, 2, 1}, {}, {192, 0, 2, 1}}));
    rig.receive(
        arp_frame(our_mac, {arp::reply, peer_mac, {192, 0, 2, 1}, our_mac, {192, 0, 2, 1}}));
    nd::message say = advertisement_by_peer(peer_mac);
    say.target = ip("2001:db8::1").bytes;
    rig.receive(nd_frame(our_mac, peer_mac, say));
    nd::message ask = solicitation_by_peer();
    ask.source = ip("2001:db8::1").bytes;
    rig.receive(nd_frame(our_mac, peer_mac, ask));
    EXPECT_EQ(rig->counted().conflicts, 4U);
    EXPECT_EQ(rig->counted().replies, 0U);
    EXPECT_EQ(rig->size(), 0U);
}

TEST(neighbour_frames, macs_that_no_neighbour_has_are_refused) {
    table_rig rig;
    rig.want("192.0.2.2");
    rig.want("2001:db8::2");
    std::uint64_t refused = 0;
    for (const mac_address& bad :
         {mac_address{}, broadcast, mac_address{1, 0, 0x5e, 0, 0, 1}, our_mac}) {
        const auto refuses = [&](frame bytes) {
            std::copy(peer_mac.begin(), peer_mac.end(), bytes.begin() + 6);
            EXPECT_TRUE(rig.receive(bytes));
            EXPECT_EQ(rig->counted().refused, ++refused);
            EXPECT_TRUE(rig.changes.empty());
            EXPECT_TRUE(rig.frames.empty());
        };
        refuses(arp_answer(bad));
        refuses(arp_frame(broadcast, request_by(bad)));
        refuses(nd_frame(our_mac, peer_mac, advertisement_by_peer(bad)));
        nd::message ask = solicitation_by_peer();
        ask.link_layer = bad;
        refuses(nd_frame(our_mac, peer_mac, ask));
    }
    frame from_group = arp_answer(peer_mac);
    from_group[6] = 0x01;
    rig.receive(from_group);
    EXPECT_EQ(rig->counted().refused, refused + 1);
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::incomplete);
}

TEST(neighbour_frames, that_are_not_for_this_table_are_left_to_others) {
    table_rig rig;
    rig.want("192.0.2.2");
    frame to_other = arp_answer(peer_mac);
    to_other[5] = 9;
    EXPECT_FALSE(rig.receive(to_other));
    EXPECT_FALSE(rig.receive(
        arp_frame(our_mac, {arp::reply, peer_mac, {192, 0, 2, 2}, our_mac, {192, 0, 2, 1}}, 7)));
    EXPECT_FALSE(rig.receive(arp_answer(peer_mac), 1));
    EXPECT_FALSE(rig.receive(arp_answer(peer_mac), 2));  // no such interface
    EXPECT_FALSE(rig.receive({}));
    frame echo = bytes_of(linux_na);
    echo[54] = 129;
    EXPECT_FALSE(rig.receive(echo));
    frame ipv4 = arp_answer(peer_mac);
    ipv4[13] = 0;
    EXPECT_FALSE(rig.receive(ipv4));
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::incomplete);
    EXPECT_EQ(rig->counted().malformed, 0U);
}

TEST(neighbour_frames, that_are_malformed_are_counted_and_taken) {
    table_rig rig;
    EXPECT_TRUE(rig.receive(bytes_of("ffffffffffff 020000000002 0806 0001")));
    frame far = bytes_of(linux_na);
    far[21] = 254;
    EXPECT_TRUE(rig.receive(far));
    EXPECT_EQ(rig->counted().malformed, 2U);
}

TEST(neighbour_frames, a_priority_tag_is_no_vlan) {
    table_rig rig;
    rig.want("192.0.2.2");
    frame tagged =
        arp_frame(our_mac, {arp::reply, peer_mac, {192, 0, 2, 2}, our_mac, {192, 0, 2, 1}}, 1);
    store_be16(tagged.data() + 14, 0xe000);
    EXPECT_TRUE(rig.receive(tagged));
    EXPECT_EQ(rig.state_of("192.0.2.2"), state::reachable);
}

TEST(neighbour_frames, of_an_interface_with_a_vlan_have_its_tag) {
    table_rig rig;
    rig.want("198.51.100.2");
    rig.want("2001:db8:1::2");
    rig.receive(arp_frame({2, 0, 0, 0, 1, 1},
                          {arp::reply, peer_mac, {198, 51, 100, 2}, {}, {198, 51, 100, 1}}, 100),
                1);
    EXPECT_EQ(rig.change().interface, 1U);
    rig.after(1s);
    ASSERT_EQ(rig.frames.size(), 1U);
    EXPECT_EQ(rig.frames[0].interface, 1U);
    EXPECT_EQ(ethernet::read_frame(rig.frames[0].bytes)->vlan, 100);
}

TEST(neighbour_frames, announcements_tell_of_every_own_address) {
    table_rig rig;
    rig->announce();
    rig.sort();
    ASSERT_EQ(rig.frames.size(), 4U);
    EXPECT_EQ(rig.frames[0].bytes,
              arp_frame(broadcast, {arp::request, our_mac, {192, 0, 2, 1}, {}, {192, 0, 2, 1}}));
    const auto view = ethernet::read_frame(rig.frames[1].bytes);
    const auto said = nd::parse(view->payload);
    ASSERT_TRUE(said);
    EXPECT_EQ(view->destination, (mac_address{0x33, 0x33, 0, 0, 0, 1}));
    EXPECT_EQ(said->target, ip("2001:db8::1").bytes);
    EXPECT_EQ(said->link_layer, our_mac);
    EXPECT_TRUE(said->router && said->override_ && !said->solicited);
    EXPECT_EQ(rig.frames[2].interface, 1U);
    rig->announce(1);
    rig->announce(2);  // no such interface
    rig.sort();
    EXPECT_EQ(rig.frames.size(), 2U);
    EXPECT_EQ(rig->counted().announcements, 6U);
}

}  // namespace
}  // namespace rhumb::neighbours::test

// ARP and neighbour discovery against frames that Linux has sent, and what must be discarded.
#include <gtest/gtest.h>

#include <array>

#include "tests/unit/neighbours_rig.hh"

namespace rhumb::neighbours::test {
namespace {

std::optional<arp::message> arp_of(const frame& bytes) {
    const auto view = ethernet::read_frame(bytes);
    return view && view->type == ethernet::type_arp ? arp::parse(view->payload) : std::nullopt;
}

std::optional<nd::message> nd_of(const frame& bytes) {
    const auto view = ethernet::read_frame(bytes);
    return view && view->type == ethernet::type_ipv6 ? nd::parse(view->payload) : std::nullopt;
}

// Sets the ICMPv6 checksum of an untagged frame right again.
void mend(frame& bytes) {
    byte* const ip = bytes.data() + 14;
    store_be16(ip + 42, 0);
    store_be16(ip + 42, static_cast<std::uint16_t>(~nd::icmp_sum(ip, ipv6::payload_length(ip))));
}

TEST(ethernet_frames, are_taken_apart_with_and_without_a_tag) {
    frame bytes = bytes_of("020000000002 020000000001 8100 6064 0806 aabb");
    const auto tagged = ethernet::read_frame(bytes);
    ASSERT_TRUE(tagged);
    EXPECT_EQ(tagged->destination, peer_mac);
    EXPECT_EQ(tagged->source, our_mac);
    EXPECT_EQ(tagged->vlan, 100);  // without its priority
    EXPECT_EQ(tagged->type, ethernet::type_arp);
    EXPECT_EQ(tagged->payload.size(), 2U);
    for (std::size_t length = 0; length < 18; ++length) {
        EXPECT_FALSE(ethernet::read_frame(std::span(bytes).first(length))) << length;
    }
    bytes.erase(bytes.begin() + 12, bytes.begin() + 16);
    const auto plain = ethernet::read_frame(bytes);
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->vlan, 0);
    EXPECT_EQ(plain->payload.size(), 2U);
    EXPECT_FALSE(ethernet::read_frame(std::span(bytes).first(13)));
}

TEST(arp, what_linux_says_is_read_and_written_in_the_same_way) {
    const arp::message asked{arp::request, our_mac, {192, 0, 2, 1}, {}, {192, 0, 2, 2}};
    EXPECT_EQ(arp_of(bytes_of(linux_arp_request)), asked);
    const arp::message answer{arp::reply, peer_mac, {192, 0, 2, 2}, our_mac, {192, 0, 2, 1}};
    EXPECT_EQ(arp_of(bytes_of(linux_arp_reply)), answer);

    frame padded = bytes_of(linux_arp_request);
    padded.resize(60);
    EXPECT_EQ(arp_frame(broadcast, asked), padded);
    padded = bytes_of(linux_arp_reply);
    padded.resize(60);
    EXPECT_EQ(arp_frame(our_mac, answer), padded);
    EXPECT_EQ(arp_of(arp_frame(our_mac, answer, 4094)), answer);
    std::array<byte, 59> small{};
    EXPECT_EQ(arp::write_frame(small, broadcast, 0, asked), 0U);
}

TEST(arp, a_packet_that_is_short_or_of_another_kind_is_discarded) {
    const frame good = bytes_of(linux_arp_request);
    for (std::size_t length = 14; length < good.size(); ++length) {
        EXPECT_FALSE(arp_of(frame(good.begin(), good.begin() + static_cast<long>(length))));
    }
    // Hardware, protocol, lengths and operation.
    for (std::size_t at = 14; at < 22; ++at) {
        frame bad = good;
        bad[at] ^= 0x10;
        EXPECT_FALSE(arp_of(bad)) << at;
    }
    for (const byte op : std::initializer_list<byte>{0, 3, 4, 8}) {
        frame bad = good;
        bad[21] = op;
        EXPECT_FALSE(arp_of(bad)) << unsigned{op};
    }
}

TEST(nd, what_linux_says_is_read_and_written_in_the_same_way) {
    nd::message ask;
    ask.source = ip("2001:db8::1").bytes;
    ask.destination = ip("ff02::1:ff00:2").bytes;
    ask.target = ip("2001:db8::2").bytes;
    ask.link_layer = our_mac;
    EXPECT_EQ(nd_of(bytes_of(linux_ns)), ask);
    EXPECT_EQ(nd_frame({0x33, 0x33, 0xff, 0, 0, 2}, our_mac, ask), bytes_of(linux_ns));

    nd::message say;
    say.type = nd::advertisement;
    say.source = say.target = ip("2001:db8::2").bytes;
    say.destination = ip("2001:db8::1").bytes;
    say.solicited = say.override_ = true;
    say.link_layer = peer_mac;
    EXPECT_EQ(nd_of(bytes_of(linux_na)), say);
    EXPECT_EQ(nd_frame(our_mac, peer_mac, say), bytes_of(linux_na));

    say.source = say.target = ip("2001:db8::1").bytes;
    say.destination = nd::all_nodes;
    say.solicited = false;
    say.link_layer = our_mac;
    EXPECT_EQ(nd_of(bytes_of(linux_unsolicited_na)), say);
    EXPECT_EQ(nd_frame(nd::multicast_mac(nd::all_nodes), our_mac, say),
              bytes_of(linux_unsolicited_na));
}

TEST(nd, a_probe_for_duplicates_comes_from_no_address_and_names_no_mac) {
    const auto probe = nd_of(bytes_of(linux_probe));
    ASSERT_TRUE(probe);
    EXPECT_EQ(probe->source, nd::unspecified);
    EXPECT_EQ(probe->target, ip("2001:db8::1").bytes);
    EXPECT_FALSE(probe->link_layer);

    nd::message wrong = *probe;
    wrong.link_layer = peer_mac;
    EXPECT_FALSE(nd_of(nd_frame(broadcast, peer_mac, wrong)));
    wrong = *probe;
    wrong.destination = nd::all_nodes;
    EXPECT_FALSE(nd_of(nd_frame(broadcast, peer_mac, wrong)));
}

TEST(nd, what_came_over_a_router_or_was_damaged_is_discarded) {
    for (const auto text : {linux_ns, linux_na, linux_probe}) {
        const frame good = bytes_of(text);
        frame far = good;
        far[21] = 254;
        EXPECT_FALSE(nd_of(far));
        // Addresses, payload length and all of the message are under the checksum.
        for (std::size_t bit = std::size_t{22} * 8; bit < good.size() * 8; ++bit) {
            frame bad = good;
            bad[bit / 8] ^= static_cast<byte>(1U << bit % 8);
            EXPECT_FALSE(nd_of(bad)) << bit;
        }
        for (std::size_t length = 14; length < good.size(); ++length) {
            EXPECT_FALSE(nd_of(frame(good.begin(), good.begin() + static_cast<long>(length))));
        }
        frame padded = good;
        padded.resize(good.size() + 4, 0xaa);
        EXPECT_TRUE(nd_of(padded));
    }
}

TEST(nd, options_are_walked_to_the_end_of_the_message_and_not_beyond) {
    const frame good = bytes_of(linux_ns);
    const auto with_options = [&](std::string_view hex) {
        frame made(good.begin(), good.begin() + 78);
        const frame options = bytes_of(hex);
        made.insert(made.end(), options.begin(), options.end());
        store_be16(made.data() + 18, static_cast<std::uint16_t>(24 + options.size()));
        mend(made);
        return nd_of(made);
    };
    EXPECT_TRUE(with_options(""));
    EXPECT_FALSE(with_options("")->link_layer);
    EXPECT_EQ(with_options("0101020000000002")->link_layer, peer_mac);
    // Others before it and after it, the first one counts, and one for advertisements does not.
    EXPECT_EQ(with_options("0e02000000000000 0000000000000000 0101020000000002 0101020000000003")
                  ->link_layer,
              peer_mac);
    EXPECT_FALSE(with_options("0201020000000002")->link_layer);
    EXPECT_FALSE(with_options("0e00020000000002"));                   // empty
    EXPECT_FALSE(with_options("0101020000000002 0e00"));              // empty, last
    EXPECT_FALSE(with_options("0102020000000002"));                   // beyond the end
    EXPECT_FALSE(with_options("0101020000000002 01"));                // no length
    EXPECT_FALSE(with_options("0102020000000002 0000000000000000"));  // not Ethernet's
}

TEST(nd, addresses_and_flags_that_contradict_are_discarded) {
    const auto ask = nd_of(bytes_of(linux_ns)).value();
    const auto say = nd_of(bytes_of(linux_na)).value();
    const auto passes = [](const nd::message& what) {
        return nd_of(nd_frame(our_mac, peer_mac, what)).has_value();
    };
    EXPECT_TRUE(passes(ask));
    EXPECT_TRUE(passes(say));
    for (nd::message wrong : {ask, say}) {
        wrong.target = nd::all_nodes;
        EXPECT_FALSE(passes(wrong));
    }
    for (nd::message wrong : {ask, say}) {
        wrong.source = nd::all_nodes;
        EXPECT_FALSE(passes(wrong));
    }
    nd::message to_all = say;
    to_all.destination = nd::all_nodes;
    EXPECT_FALSE(passes(to_all));  // an answer to all
    to_all.solicited = false;
    EXPECT_TRUE(passes(to_all));
    nd::message of_nobody = say;
    of_nobody.source = nd::unspecified;
    EXPECT_FALSE(passes(of_nobody));

    frame code = bytes_of(linux_na);
    code[55] = 1;
    mend(code);
    EXPECT_FALSE(nd_of(code));
}

TEST(nd, groups_and_their_macs) {
    EXPECT_EQ(nd::solicited_node(ip("2001:db8::1:2:3ab4:c5d6").bytes),
              ip("ff02::1:ffb4:c5d6").bytes);
    EXPECT_EQ(nd::multicast_mac(ip("ff02::1:ffb4:c5d6").bytes),
              (mac_address{0x33, 0x33, 0xff, 0xb4, 0xc5, 0xd6}));
    EXPECT_TRUE(nd::is_solicited_node(ip("ff02::1:ff00:1").bytes));
    EXPECT_FALSE(nd::is_solicited_node(ip("ff02::1").bytes));
    EXPECT_FALSE(nd::is_solicited_node(ip("ff05::1:ff00:1").bytes));
}

TEST(nd, a_frame_needs_room_and_may_have_a_tag) {
    const auto ask = nd_of(bytes_of(linux_ns)).value();
    std::array<byte, nd::max_frame_bytes> room{};
    EXPECT_EQ(nd::write_frame(std::span(room).first(89), broadcast, our_mac, 7, ask), 0U);
    ASSERT_EQ(nd::write_frame(room, broadcast, our_mac, 7, ask), 90U);
    EXPECT_EQ(ethernet::read_frame(room)->vlan, 7);
    EXPECT_EQ(nd_of(frame(room.begin(), room.end())), ask);
}

}  // namespace
}  // namespace rhumb::neighbours::test

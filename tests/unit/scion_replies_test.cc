// SCMP messages of a SCION border router, and the path by which they go back.
#include <gtest/gtest.h>

#include "controlplane/scion/path_reversal.hh"
#include "rhumb/wire/scmp.hh"
#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

struct reply_parts {
    std::vector<byte> underlay;
    std::vector<byte> scion;
    std::vector<byte> message;
};
reply_parts reply_to(const border& b, const scion_outcome& got) {
    const auto made = b.rig.reply(got);
    if (!made) {
        return {};
    }
    EXPECT_EQ(what_is_wrong_with(*made), "");
    scion_outcome sent;
    sent.packet = *made;
    reply_parts parts{*made, {sent.payload().begin(), sent.payload().end()}, {}};
    const byte* const h = parts.scion.data();
    const std::size_t header = scion::header_bytes(h);
    EXPECT_EQ(scion::payload_length(h), parts.scion.size() - header);
    parts.message.assign(parts.scion.begin() + static_cast<long>(header), parts.scion.end());
    EXPECT_TRUE(layer4_checksum_holds(parts.scion));
    return parts;
}
std::span<const byte> path_of(const std::vector<byte>& scion) {
    const std::size_t before = 12 + scion::address_bytes(scion.data());
    return std::span(scion).subspan(before, scion::header_bytes(scion.data()) - before);
}

TEST(ScionReplies, QuoteThePacketAsItIsNow) {
    border b;
    packet_spec spec = transit(false, 141, 131);
    spec.segments[0].hops[1].bad_mac = true;
    const scion_outcome got = b.run(141, spec);
    const reply_parts reply = reply_to(b, got);
    ASSERT_GT(reply.message.size(), 8U);
    EXPECT_EQ(to_hex({reply.message.data(), 2}), "0433");
    EXPECT_EQ(load_be32(&reply.message[4]), hop_at(spec, 1));
    EXPECT_EQ(to_hex(std::span(reply.message).subspan(8)), to_hex(got.payload()));
    EXPECT_NE(to_hex(got.payload()), to_hex(make_scion(spec))) << "SegID is the verified one";
}

TEST(ScionReplies, AreNoLongerThan1232Bytes) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].hops[1].bad_mac = true;
    for (const std::size_t data : {0U, 900U, 1056U, 1057U, 1058U, 1059U, 1060U, 1200U, 9000U}) {
        spec.layer4 = udp(1, 2, data);
        const scion_outcome got = b.run(131, spec);
        const std::size_t whole = got.payload().size();
        const reply_parts reply = reply_to(b, got);
        const std::size_t header = scion::header_bytes(reply.scion.data()) + 8;
        EXPECT_EQ(reply.scion.size(), std::min<std::size_t>(1232, header + whole)) << data;
        const auto signed_reply = b.rig.reply(got, true);
        ASSERT_TRUE(signed_reply);
        EXPECT_EQ(signed_reply->size() - 28, std::min<std::size_t>(1232, header + whole + 32))
            << data;
    }
}

TEST(ScionReplies, InterfacesDownNameThem) {
    border b;
    b.rig.live.set_link(b.link(141), false);
    b.rig.live.set_link(b.link(241), false);
    reply_parts reply = reply_to(b, b.run(131, transit(true, 131, 141)));
    EXPECT_EQ(to_hex(std::span(reply.message).subspan(4, 16)),
              "0001ff0000000111"
              "000000000000008d");
    reply = reply_to(b, b.run(131, transit(true, 131, 241)));
    EXPECT_EQ(to_hex({reply.message.data(), 2}), "0600");
    EXPECT_EQ(to_hex(std::span(reply.message).subspan(4, 24)),
              "0001ff0000000111"
              "0000000000000083"
              "00000000000000f1");
}

TEST(ScionReplies, PacketTooBigNamesTheMtu) {
    border b;
    b.rig.own.links[b.link(141)].mtu = 1400;
    packet_spec spec = transit(true, 131, 141);
    spec.layer4 = udp(1, 2, 1400);
    const reply_parts reply = reply_to(b, b.run(131, spec));
    EXPECT_EQ(to_hex({reply.message.data(), 2}), "0200");
    EXPECT_EQ(load_be32(&reply.message[4]), 1400U);
}

TEST(ScionReplies, GoBackByTheLinkThatThePacketCameBy) {
    border b;
    packet_spec spec = outbound(true, 141);
    spec.segments[0].hops[0].bad_mac = true;
    scion_outcome sent;
    sent.packet = reply_to(b, b.run(0, spec)).underlay;
    EXPECT_EQ(told((sent.fate = verdict::forward, sent)), "host 10.0.0.51 40001");
    spec = transit(true, 231, 141);
    spec.segments[0].hops[1].bad_mac = true;
    sent.packet = reply_to(b, b.run(13, spec)).underlay;
    EXPECT_EQ(told(sent), "sibling 13");
    spec = transit(true, 131, 141);
    spec.segments[0].hops[1].bad_mac = true;
    sent.packet = reply_to(b, b.run(131, spec)).underlay;
    EXPECT_EQ(told(sent), "out 131");
}

TEST(ScionReplies, HostsOfAnyTypeGetTheirAddressBack) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].hops[1].bad_mac = true;
    spec.source = {0b1110, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
    spec.destination = {0b0101, std::vector<byte>(8)};
    const reply_parts reply = reply_to(b, b.run(131, spec));
    const byte* const h = reply.scion.data();
    EXPECT_EQ(scion::destination_type(h), 0b1110U);
    EXPECT_EQ(to_hex({scion::destination_host(h), 12}), to_hex(spec.source.bytes));
    EXPECT_EQ(scion::source_type(h), scion::host_ipv4);
}

// The path that a host at the router's place would be given for the way back.
std::string way_back(const packet_spec& back) {
    const std::vector<byte> scion = make_scion(back);
    return to_hex(path_of(scion));
}
packet_spec turned(packet_spec spec) {
    std::reverse(spec.segments.begin(), spec.segments.end());
    std::size_t hops = 0;
    for (segment_spec& segment : spec.segments) {
        segment.construction = !segment.construction;
        std::reverse(segment.hops.begin(), segment.hops.end());
        for (hop_spec& hop : segment.hops) {
            std::swap(hop.in, hop.out);
            std::swap(hop.alert_in, hop.alert_out);
        }
        hops += segment.hops.size();
    }
    spec.hop = static_cast<unsigned>(hops - 1) - spec.hop;
    return spec;
}

TEST(ScionReplies, TakeTheSamePathBack) {
    border b;
    for (const bool first : {true, false}) {
        for (const bool second : {true, false}) {
            // Found at this AS's only hop, at the first of two, at the second of two.
            packet_spec spec = transit(first, 131, 131);
            packet_spec back = turned(spec);
            ++back.hop;
            EXPECT_EQ(to_hex(path_of(reply_to(b, b.run(131, spec)).scion)), way_back(back));
            // Found before the MAC was looked at.
            spec.payload_length = 1;
            EXPECT_EQ(to_hex(path_of(reply_to(b, b.run(131, spec)).scion)), way_back(back));
            spec = switching(first, 141, second, 131);
            back = turned(spec);
            ++back.hop;
            ASSERT_EQ(b.run(141, spec).reason, drop_reason::scion_invalid);
            EXPECT_EQ(to_hex(path_of(reply_to(b, b.run(141, spec)).scion)), way_back(back));
        }
    }
}

TEST(ScionReplies, ReservedBitsAreNotSentBack) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].hops[1].out = 132;
    std::vector<byte> packet = make_scion(spec);
    const std::vector<byte> want = reply_to(b, b.run(131, packet)).scion;
    packet[info_at(spec, 0)] |= 0xfc;
    packet[info_at(spec, 0) + 1] = 0xff;
    packet[info_at(spec, 0) - 3] |= 0xfc;
    for (unsigned n = 0; n < 3; ++n) {
        packet[hop_at(spec, n)] |= 0xfc;
    }
    const std::vector<byte> got = reply_to(b, b.run(131, packet)).scion;
    EXPECT_EQ(to_hex(path_of(got)), to_hex(path_of(want)));
}

TEST(ScionReplies, WhatAPeeringHopIsIsAskedOnce) {
    // The flag is on one segment alone, which no honest path has. The reference router asks before
    // it undoes the switch, so that the way back differs from one where it asks again.
    border b;
    packet_spec spec = switching(false, 0, false, 0);
    spec.segments[0].peering = true;
    spec.segments[1].hops[0] = {141, 999, own_as};
    spec.hop = 2;
    const scion_outcome got = b.run(141, spec);
    ASSERT_EQ(got.fate, verdict::slow) << told(got);
    const std::vector<byte> back = reply_to(b, got).scion;
    ASSERT_FALSE(back.empty());
    const byte* const info = path_of(back).data() + 12;  // of the segment with the flag
    const std::vector<byte> there = make_scion(spec);
    EXPECT_EQ(info[0], scion::info_peering | scion::info_construction);
    EXPECT_EQ(scion::segment_id(info), scion::segment_id(&there[info_at(spec, 0)]) ^
                                           load_be16(scion::mac(&there[hop_at(spec, 1)])));
}

TEST(ScionReplies, OnlyForPacketsThatHaveAWayBack) {
    border b;
    scion_outcome got = b.run(131, transit(true, 131, 132));
    ASSERT_EQ(got.fate, verdict::slow);
    ASSERT_TRUE(b.rig.reply(got));
    for (std::size_t length = 0; length < got.packet.size(); ++length) {
        scion_outcome cut = got;
        cut.packet.resize(length);
        const auto reply = b.rig.reply(cut);
        const bool has_header = length >= 28U + scion::header_bytes(got.payload().data());
        EXPECT_EQ(reply.has_value(), has_header) << length;
    }
    got.asked.link = 999;
    EXPECT_FALSE(b.rig.reply(got));
}

}  // namespace
}  // namespace rhumb::test

// What is around a SCION packet: IP and UDP headers in and out, links told apart, counters.
#include <gtest/gtest.h>

#include "dataplane/scion/packet.hh"
#include "rhumb/checksum.hh"
#include "rhumb/wire/scmp.hh"
#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

const packet_spec through_here = transit(true, 131, 141);

std::vector<byte> good_packet() { return border::packet_by(131, make_scion(through_here)); }

// The header checksum anew.
void finish_v4(std::vector<byte>& packet) {
    store_be16(&packet[2], static_cast<std::uint16_t>(packet.size()));
    store_be16(&packet[10], 0);
    const std::uint64_t sum = checksum_sum(packet.data(), ipv4::header_bytes(packet.data()));
    store_be16(&packet[10], static_cast<std::uint16_t>(~checksum_fold(sum)));
}

TEST(ScionUnderlay, LinksAreToldApartByBothEnds) {
    border b;
    const std::vector<byte> good = good_packet();
    ASSERT_EQ(told(b.rig.run(good)), "out 141");
    for (const std::size_t at : {12U, 15U, 16U, 19U, 21U, 23U}) {  // addresses, ports
        std::vector<byte> other = good;
        other[at] ^= 1;
        EXPECT_EQ(told(b.rig.run(other)), "punt local_other") << at;
    }
    // Inside it is the own end alone that counts.
    std::vector<byte> inside = border::packet_by(0, make_scion(outbound(true, 141)));
    for (const std::size_t at : {12U, 15U, 21U}) {
        inside[at] ^= 1;
        inside[26] = inside[27] = 0;
        EXPECT_EQ(told(b.rig.run(inside)), "out 141") << at;
    }
    inside[23] ^= 1;
    EXPECT_EQ(told(b.rig.run(inside)), "punt local_other");
}

TEST(ScionUnderlay, AlienPacketsArePuntedAsTheyCame) {
    border b;
    auto packet = udp_packet(endpoint_of("192.0.2.9", 53), endpoint_of("192.0.2.1", 53), {});
    EXPECT_EQ(told(b.rig.run(packet)), "punt local_other");
    packet = good_packet();
    packet[9] = 6;  // TCP
    EXPECT_EQ(told(b.rig.run(packet)), "punt local_other");
}

TEST(ScionUnderlay, FragmentsAndWrongLengthsAreDropped) {
    border b;
    for (const unsigned fragment : {0x2000U, 0x0001U, 0x1fffU}) {
        std::vector<byte> packet = good_packet();
        store_be16(&packet[6], static_cast<std::uint16_t>(fragment));
        EXPECT_EQ(told(b.rig.run(packet)), "drop scion_bad_underlay");
    }
    const auto udp_length = static_cast<unsigned>(good_packet().size() - 20);
    for (const unsigned length : {0U, 7U, udp_length + 1, 65535U}) {
        std::vector<byte> packet = good_packet();
        store_be16(&packet[24], static_cast<std::uint16_t>(length));
        EXPECT_EQ(told(b.rig.run(packet)), "drop scion_bad_underlay") << length;
    }
    std::vector<byte> packet = good_packet();
    store_be16(&packet[24], 8);
    EXPECT_EQ(told(b.rig.run(packet)), "drop scion_malformed") << "empty";
    packet.resize(27);
    EXPECT_EQ(told(b.rig.run(packet)), "drop scion_bad_underlay");
}

TEST(ScionUnderlay, WhatLiesBehindTheDatagramIsNotPartOfIt) {
    border b;
    std::vector<byte> padded = good_packet();
    const std::vector<byte> want = b.rig.run(padded).packet;
    padded.insert(padded.end(), {1, 2, 3, 4, 5});
    EXPECT_EQ(to_hex(b.rig.run(padded).packet), to_hex(want));
    // Nor of what an SCMP error quotes.
    packet_spec spec = through_here;
    spec.segments[0].hops[1].bad_mac = true;
    std::vector<byte> bad = border::packet_by(131, make_scion(spec));
    const auto want_reply = b.rig.reply(b.rig.run(bad));
    bad.insert(bad.end(), {1, 2, 3, 4, 5});
    const auto reply = b.rig.reply(b.rig.run(bad));
    ASSERT_TRUE(reply && want_reply);
    EXPECT_EQ(to_hex(*reply), to_hex(*want_reply));
}

TEST(ScionUnderlay, Ipv4OptionsAreNotPassedOn) {
    border b;
    const std::vector<byte> want = b.rig.run(good_packet()).packet;
    std::vector<byte> packet = good_packet();
    packet.insert(packet.begin() + 20, 8, 1);
    packet[0] = 0x47;
    finish_v4(packet);
    EXPECT_EQ(to_hex(b.rig.run(packet).packet), to_hex(want));
    // And replies to such packets find what they quote.
    packet_spec spec = through_here;
    spec.segments[0].hops[1].bad_mac = true;
    std::vector<byte> bad = border::packet_by(131, make_scion(spec));
    const auto want_reply = b.rig.reply(b.rig.run(bad));
    bad.insert(bad.begin() + 20, 8, 1);
    bad[0] = 0x47;
    finish_v4(bad);
    EXPECT_EQ(b.rig.reply(b.rig.run(bad)), want_reply);
}

TEST(ScionUnderlay, NoChecksumOverIpv4StaysNone) {
    border b;
    std::vector<byte> packet = good_packet();
    packet[26] = packet[27] = 0;
    scion_outcome got = b.rig.run(packet);
    ASSERT_EQ(told(got), "out 141");
    EXPECT_EQ(load_be16(&got.packet[26]), 0);
    EXPECT_EQ(what_is_wrong_with(got.packet), "");
}

TEST(ScionUnderlay, DamageStaysVisible) {
    border b;
    std::vector<byte> packet = good_packet();
    packet.back() ^= 1;
    scion_outcome got = b.rig.run(packet);
    ASSERT_EQ(told(got), "out 141");
    EXPECT_EQ(what_is_wrong_with(got.packet), "UDP checksum");
}

TEST(ScionUnderlay, TheOuterHeaderIsNew) {
    border b;
    std::vector<byte> packet = good_packet();
    packet[1] = 0xb8;
    packet[8] = 2;
    store_be16(&packet[4], 77);
    const std::vector<byte> got = b.rig.run(packet).packet;
    ASSERT_GT(got.size(), 28U);
    EXPECT_EQ(to_hex({got.data(), 10}), "4500" + to_hex({&got[2], 2}) + "00004000" + "4011");
    EXPECT_EQ(to_hex({&got[12], 12}),
              "c0000201c0000202"
              "0475"
              "085d");
}

// A router with IPv6 on one side.
struct mixed {
    mixed() : rig(isd_as_of(here), as_key(own_as), endpoint_of("2001:db8::1", 30042)) {
        rig.add_external(131, scion::link_type::parent, endpoint_of("192.0.2.1", 1131),
                         endpoint_of("192.0.2.2", 2131), isd_as_of(nearby));
        rig.add_external(141, scion::link_type::child, endpoint_of("2001:db8:1::1", 1141),
                         endpoint_of("2001:db8:1::2", 2141), isd_as_of(nearby));
        rig.add_sibling(241, scion::link_type::child, endpoint_of("2001:db8::2", 30042),
                        isd_as_of(nearby));
        rig.now_ms = clock_ms;
        rig.own.last_port = 65535;
    }
    std::vector<byte> v4(const packet_spec& spec) const {
        return udp_packet(endpoint_of("192.0.2.2", 2131), endpoint_of("192.0.2.1", 1131),
                          make_scion(spec));
    }
    std::vector<byte> v6(const packet_spec& spec) const {
        return udp_packet(endpoint_of("2001:db8:1::2", 2141), endpoint_of("2001:db8:1::1", 1141),
                          make_scion(spec));
    }
    scion_rig rig;
};

TEST(ScionUnderlay, FromIpv4ToIpv6AndBack) {
    mixed m;
    const packet_spec down = transit(true, 131, 141);
    const packet_spec up = transit(false, 141, 131);
    scion_outcome got = m.rig.run(m.v4(down));
    ASSERT_EQ(got.fate, verdict::forward);
    EXPECT_EQ(got.destination(), endpoint_of("2001:db8:1::2", 2141));
    EXPECT_EQ(got.source(), endpoint_of("2001:db8:1::1", 1141));
    EXPECT_EQ(what_is_wrong_with(got.packet), "");
    got = m.rig.run(m.v6(up));
    ASSERT_EQ(got.fate, verdict::forward);
    EXPECT_EQ(got.destination(), endpoint_of("192.0.2.2", 2131));
    EXPECT_EQ(what_is_wrong_with(got.packet), "");
    got = m.rig.run(m.v4(transit(true, 131, 241)));
    EXPECT_EQ(got.destination(), endpoint_of("2001:db8::2", 30042));
    EXPECT_EQ(what_is_wrong_with(got.packet), "");
}

TEST(ScionUnderlay, Ipv6WantsAChecksum) {
    mixed m;
    std::vector<byte> packet = m.v4(transit(true, 131, 141));
    const std::vector<byte> want = m.rig.run(packet).packet;
    packet[26] = packet[27] = 0;
    EXPECT_EQ(to_hex(m.rig.run(packet).packet), to_hex(want)) << "made from nothing";
    // Of payloads of any length, odd ones as well.
    for (std::size_t data = 0; data < 20; ++data) {
        packet_spec spec = transit(true, 131, 141);
        spec.layer4 = udp(1, 2, data);
        packet = m.v4(spec);
        packet[26] = packet[27] = 0;
        EXPECT_EQ(what_is_wrong_with(m.rig.run(packet).packet), "") << data;
    }
    packet = m.v6(transit(false, 141, 131));
    packet[46] = packet[47] = 0;
    EXPECT_EQ(told(m.rig.run(packet)), "drop scion_bad_underlay");
}

TEST(ScionUnderlay, HostsAreReachedByTheInsidesFamily) {
    mixed m;
    packet_spec spec = inbound(true, 131);
    EXPECT_EQ(told(m.rig.run(m.v4(spec))), "drop scion_no_route");
    spec.destination = host("2001:db8::51");
    EXPECT_EQ(told(m.rig.run(m.v4(spec))), "host 2001:db8::51 21000");
    m.rig.own.services = {{2, {endpoint_of("10.0.0.71", 1)}}};
    spec.destination = service_host(2);
    EXPECT_EQ(told(m.rig.run(m.v4(spec))), "drop scion_no_route");
}

TEST(ScionUnderlay, RepliesOverIpv6) {
    mixed m;
    packet_spec spec = transit(false, 141, 131);
    spec.segments[0].hops[1].bad_mac = true;
    auto reply = m.rig.reply(m.rig.run(m.v6(spec)));
    ASSERT_TRUE(reply);
    scion_outcome sent;
    sent.packet = *reply;
    EXPECT_EQ(sent.destination(), endpoint_of("2001:db8:1::2", 2141));
    EXPECT_EQ(what_is_wrong_with(*reply), "");
    EXPECT_EQ(scion::source_type(sent.payload().data()), scion::host_ipv6);
    // To a host inside.
    spec = outbound(true, 141);
    spec.from = nearby;
    reply = m.rig.reply(m.rig.run(udp_packet(endpoint_of("2001:db8::77", 5000),
                                             endpoint_of("2001:db8::1", 30042), make_scion(spec))));
    ASSERT_TRUE(reply);
    sent.packet = *reply;
    EXPECT_EQ(sent.destination(), endpoint_of("2001:db8::77", 5000));
    EXPECT_EQ(what_is_wrong_with(*reply), "");
}

TEST(ScionUnderlay, NeedsRoomForTheHeadersToAdd) {
    // The rig has it, and nothing is written before it: see its buffers. Without IP there is none.
    border b;
    b.rig.headroom = 0;
    EXPECT_EQ(told(b.rig.run(good_packet())), "out 141") << "the same family needs no more";
    mixed m;
    m.rig.headroom = 19;
    EXPECT_EQ(told(m.rig.run(m.v4(transit(true, 131, 141)))), "drop no_headroom");
    m.rig.headroom = 20;
    EXPECT_EQ(m.rig.run(m.v4(transit(true, 131, 141))).fate, verdict::forward);
}

TEST(ScionUnderlay, StunIsForTheSlowPathInsideOnly) {
    border b;
    std::vector<byte> stun(20);
    store_be16(stun.data(), 1);
    store_be32(&stun[4], 0x2112a442);
    EXPECT_EQ(told(b.run(0, stun)), "other");
    EXPECT_EQ(told(b.run(131, stun)), "drop scion_malformed");
    EXPECT_EQ(told(b.run(13, stun)), "drop scion_malformed");
    stun.pop_back();
    EXPECT_EQ(told(b.run(0, stun)), "drop scion_malformed");
    stun.push_back(0);
    stun[5] ^= 1;
    EXPECT_EQ(told(b.run(0, stun)), "drop scion_malformed");
}

TEST(ScionUnderlay, PacketsAreCountedByLinkSizeAndKind) {
    border b;
    const auto& links = b.rig.counters.scion_links;
    const auto size_of = [](const packet_spec& spec) { return make_scion(spec).size(); };
    const packet_spec small = inbound(true, 131);
    packet_spec large = transit(true, 131, 141);
    large.layer4 = udp(1, 2, 600);
    EXPECT_EQ(b.tell(131, small), "host 10.0.0.51 21000");
    EXPECT_EQ(b.tell(131, large), "out 141");
    EXPECT_EQ(b.tell(0, outbound(true, 141)), "out 141");
    EXPECT_EQ(b.tell(13, transit(true, 231, 141)), "out 141");
    EXPECT_EQ(b.tell(131, transit(true, 131, 241)), "sibling 13");
    using scion::traffic;
    const auto out = [&](std::uint16_t link, std::size_t size, traffic kind) {
        return links[link].sizes[size].out[static_cast<std::size_t>(kind)];
    };
    const auto& in_131 = links[b.link(131)].sizes;
    EXPECT_EQ(in_131[1].in, (counter{2, size_of(small) + size_of(transit(true, 131, 241))}));
    EXPECT_EQ(in_131[4].in, (counter{1, size_of(large)}));
    EXPECT_EQ(out(0, 1, traffic::in), (counter{1, size_of(small)}));
    EXPECT_EQ(out(b.link(141), 4, traffic::br_transit), (counter{1, size_of(large)}));
    EXPECT_EQ(out(b.link(141), 1, traffic::out), (counter{1, size_of(outbound(true, 141))}));
    EXPECT_EQ(out(b.link(141), 1, traffic::out_transit).packets, 1U);
    EXPECT_EQ(out(b.link(241), 1, traffic::in_transit).packets, 1U);
    EXPECT_EQ(in_131[1].invalid, 0U);
}

TEST(ScionUnderlay, WhatIsNoScionHasComeAllTheSame) {
    border b;
    const auto& sizes = b.rig.counters.scion_links[b.link(131)].sizes;
    EXPECT_EQ(told(b.run(131, std::vector<byte>(10))), "drop scion_malformed");
    EXPECT_EQ(sizes[0].in, (counter{1, 10}));
    EXPECT_EQ(sizes[0].invalid, 1U);
    packet_spec spec = transit(true, 131, 141);
    spec.info = 1;
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_path");
    EXPECT_EQ(sizes[1].in.packets, 1U);
    EXPECT_EQ(sizes[1].invalid, 1U);
}

}  // namespace
}  // namespace rhumb::test

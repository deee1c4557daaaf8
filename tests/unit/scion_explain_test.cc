// SCION packets of our own in words: what is said of each part, and of what is wrong.
#include <gtest/gtest.h>

#include <algorithm>

#include "rhumb/wire/scmp.hh"
#include "tests/support/from_hex.hh"
#include "tests/unit/scion_explained.hh"

namespace rhumb::test {
namespace {

constexpr std::uint64_t made_ms = 1'767'225'600'000;

packet_spec small() {
    packet_spec spec;
    spec.segments = {{.construction = true, .hops = {{0, 1, 1}, {2, 3, 2}, {4, 0, 3}}}};
    spec.hop = 1;
    return spec;
}

explain::listing explained(const std::vector<byte>& bytes, std::uint64_t now_ms = made_ms) {
    explain::listing made = explain::read(bytes, {.now_ms = now_ms});
    expect_sound(made);
    return made;
}

std::vector<byte> join(std::vector<byte> front, const std::vector<byte>& back) {
    for (const byte one : back) {
        front.push_back(one);
    }
    return front;
}

TEST(ScionExplain, HeadersAreNamedWithOffsetValueAndMeaning) {
    const explain::listing made = explained(make_scion(small()));
    EXPECT_TRUE(made.faults.empty());
    EXPECT_EQ(number_of(made, "SCION common/NextHdr"), 17U);
    EXPECT_EQ(field_of(made, "SCION common/NextHdr").meaning, "UDP");
    EXPECT_EQ(field_of(made, "SCION common/FlowID").value, "0x0beef");
    EXPECT_EQ(number_of(made, "SCION common/HdrLen") * 4, 84U);
    EXPECT_EQ(field_of(made, "SCION address/SrcAS").value, "1-ff00:0:110");
    EXPECT_EQ(field_of(made, "SCION address/DstHostAddr").value, "10.0.0.51");
    EXPECT_EQ(field_of(made, "SCION address/DstHostAddr").offset, 28U);
    EXPECT_EQ(number_of(made, "SCION path/PathMeta/CurrHF"), 1U);
    EXPECT_EQ(field_of(made, "SCION path/info field 0/Timestamp").meaning,
              "2026-01-01 00:00:00 UTC");
    EXPECT_EQ(number_of(made, "UDP/Destination port"), 21000U);
}

TEST(ScionExplain, TheCurrentFieldsAreMarkedAndNoOthers) {
    const explain::listing made = explained(make_scion(small()));
    EXPECT_TRUE(field_of(made, "SCION path/info field 0").is_current);
    EXPECT_FALSE(field_of(made, "SCION path/hop field 0").is_current);
    EXPECT_TRUE(field_of(made, "SCION path/hop field 1").is_current);
    EXPECT_NE(explain::to_text(made, false).find(" ->   hop field 1"), std::string::npos);
}

TEST(ScionExplain, InterfacesAreToldInTheDirectionOfTravel) {
    packet_spec spec = small();
    const auto way = [&spec](unsigned hop) {
        return field_of(explained(make_scion(spec)),
                        "SCION path/hop field " + std::to_string(hop) + "/on its way")
            .value;
    };
    EXPECT_EQ(way(0), "starts here; leaves by 1");
    EXPECT_EQ(way(1), "enters by 2; leaves by 3");
    EXPECT_EQ(way(2), "enters by 4; ends here");
    spec.segments[0].construction = false;
    EXPECT_EQ(way(1), "enters by 2; leaves by 3");
    EXPECT_EQ(number_of(explained(make_scion(spec)), "SCION path/hop field 1/ConsEgress"), 2U);
    spec.segments = {{.construction = false, .hops = {{0, 1}, {2, 8}}},
                     {.construction = true, .hops = {{9, 5}, {6, 0}}}};
    EXPECT_EQ(way(1), "enters by 2; goes on with the next hop field, in the same AS (not by 8)");
    EXPECT_EQ(way(2), "comes from the hop field before, in the same AS (not by 9); leaves by 5");
}

TEST(ScionExplain, AHopFieldHasExpiredWhenItsTimeIsBehindNow) {
    packet_spec spec = small();
    spec.segments[0].hops[1].exp_time = 0;
    constexpr std::uint64_t until = made_ms + 337'500;
    const std::string name = "SCION path/hop field 1/good until";
    EXPECT_EQ(field_of(explained(make_scion(spec), until), name).value,
              "2026-01-01 00:05:37.500 UTC");
    EXPECT_EQ(field_of(explained(make_scion(spec), until), name).judged, verdict::none);
    EXPECT_EQ(field_of(explained(make_scion(spec), until + 1), name).judged, verdict::wrong);
    EXPECT_EQ(field_of(explained(make_scion(spec), until + 1), "next router/1").value,
              "drops it; answers with SCMP 4/52, path expired (pointer 60)");
}

TEST(ScionExplain, DatesAreThoseOfTheCalendar) {
    const auto date = [](std::uint32_t seconds) {
        packet_spec spec = small();
        spec.segments[0].made = seconds;
        return field_of(explained(make_scion(spec)), "SCION path/info field 0/Timestamp").meaning;
    };
    EXPECT_EQ(date(0), "1970-01-01 00:00:00 UTC");
    EXPECT_EQ(date(951'782'399), "2000-02-28 23:59:59 UTC");
    EXPECT_EQ(date(951'782'400), "2000-02-29 00:00:00 UTC");
    EXPECT_EQ(date(1'709'164'800), "2024-02-29 00:00:00 UTC");
    EXPECT_EQ(date(4'294'967'295), "2106-02-07 06:28:15 UTC");
}

TEST(ScionExplain, ChecksumsOfTheUnderlayAndBehindScionAreJudged) {
    // A frame to UDP port 50000 with a BFD packet over an empty path in it.
    std::vector<byte> frame = from_hex(
        "f00dcafe0013f00dcafebeef8100600508004500005800004000401100000a0000010a0000029c40c350"
        "00440000"
        "0b80deadcb090018000000000001ff00000001100001ff00000001107f0000097f00000a"
        "20c003185fa1e9cb7cd1c05d00030d4000030d4000000000");
    explain::listing made = explained(frame);
    EXPECT_TRUE(made.faults.empty());
    EXPECT_EQ(number_of(made, "Ethernet/VLAN"), 5U);
    EXPECT_EQ(field_of(made, "IPv4/Checksum").judged, verdict::wrong);
    EXPECT_EQ(field_of(made, "UDP/Checksum").meaning, "none");
    EXPECT_EQ(field_of(made, "BFD/State").meaning, "up");
    // 0xffff - (4500 + 0058 + 4000 + 4011 + 0a00 + 0001 + 0a00 + 0002), carries around.
    EXPECT_EQ(field_of(made, "IPv4/Checksum").meaning, "wrong: 0x2693 is right");
    store_be16(&frame[28], 0x2693);
    made = explained(frame);
    EXPECT_EQ(field_of(made, "IPv4/Checksum").judged, verdict::right);
    EXPECT_FALSE(made.has_wrong());
}

TEST(ScionExplain, PaddingOfAFrameIsNotOfThePacket) {
    std::vector<byte> frame = from_hex(
        "f00dcafe0013f00dcafebeef08004500005800004000401126930a0000010a0000029c40c350"
        "00440000"
        "0b80deadcb090018000000000001ff00000001100001ff00000001107f0000097f00000a"
        "20c003185fa1e9cb7cd1c05d00030d4000030d4000000000");
    frame.resize(frame.size() + 6);
    const explain::listing made = explained(frame);
    EXPECT_TRUE(made.faults.empty());
    EXPECT_EQ(field_of(made, "IPv4/behind it").value, "6 bytes");
}

TEST(ScionExplain, WhatIsMalformedIsToldByByteAndAllBeforeItStays) {
    std::vector<byte> packet = make_scion(small());
    store_be32(&packet[36], scion::make_meta(0, 1, 2, 0, 1));
    explain::listing made = explained(packet);
    ASSERT_EQ(made.faults.size(), 1U);
    EXPECT_EQ(made.faults[0].offset, 37U);
    EXPECT_NE(made.faults[0].message.find("Seg2Len is 1"), std::string::npos);
    EXPECT_EQ(number_of(made, "SCION path/PathMeta/Seg0Len"), 2U);
    store_be32(&packet[36], scion::make_meta(0, 1, 4, 0, 0));  // a hop more than is there
    made = explained(packet);
    ASSERT_EQ(made.faults.size(), 1U);
    EXPECT_EQ(made.faults[0].offset, 84U);
    store_be32(&packet[36], scion::make_meta(0, 1, 63, 2, 0));
    EXPECT_NE(explained(packet).faults.at(0).message.find("64 is the most"), std::string::npos);
}

TEST(ScionExplain, APacketThatEndsAnywhereIsExplainedToThere) {
    packet_spec spec = small();
    spec.extensions = {{scion::next_hop_by_hop, {1, 1, 4, 0, 0, 0, 0}},
                       {scion::next_end_to_end, {1, 0, 0, 0, 0, 0, 0}}};
    for (const auto type :
         {scion::path_type::scion, scion::path_type::epic, scion::path_type::one_hop}) {
        spec.type = type;
        const std::vector<byte> whole = make_scion(spec);
        ASSERT_TRUE(explained(whole).faults.empty()) << explain::to_text(explained(whole), false);
        for (std::size_t n = 0; n < whole.size(); ++n) {
            const explain::listing made =
                explain::read(std::span(whole).first(n), {.from = explain::start::scion});
            expect_sound(made);
            EXPECT_FALSE(made.faults.empty()) << n;
            EXPECT_EQ(find_field(made.layers, "SCION address") != nullptr, n >= 36) << n;
        }
    }
}

TEST(ScionExplain, ScmpErrorsQuoteAPacketAndPointIntoIt) {
    const std::vector<byte> about = make_scion(small());
    const std::size_t pointer = hop_at(small(), 1);
    packet_spec spec = small();
    spec.layer4 = scmp_message(scmp::parameter_problem, scmp::path_expired,
                               join({0, 0, 0, static_cast<byte>(pointer)}, about));
    explain::listing made = explained(make_scion(spec));
    EXPECT_TRUE(made.faults.empty());
    EXPECT_EQ(field_of(made, "SCMP").meaning, "error: parameter problem, path expired");
    EXPECT_EQ(field_of(made, "SCMP/quote/SCION address/SrcAS").value, "1-ff00:0:110");
    EXPECT_EQ(field_of(made, "SCMP/quote/pointer").meaning, "points to: hop field 1");
    // A quote may be cut, which is no fault.
    spec.layer4.bytes.resize(spec.layer4.bytes.size() - 30);
    made = explained(make_scion(spec));
    EXPECT_TRUE(made.faults.empty());
    EXPECT_NE(find_field(made.layers, "SCMP/quote/here"), nullptr);
}

TEST(ScionExplain, QuotesInQuotesEnd) {
    packet_spec spec = small();
    for (unsigned n = 0; n < 12; ++n) {
        spec.layer4 =
            scmp_message(scmp::destination_unreachable, 0, join({0, 0, 0, 0}, make_scion(spec)));
    }
    const std::string text = explain::to_text(explained(make_scion(spec)), false);
    EXPECT_NE(text.find("one in another; not read further"), std::string::npos);
}

TEST(ScionExplain, ExtensionHeadersComeInOrderAndTheirOptionsAreListed) {
    packet_spec spec = small();
    spec.extensions = {{scion::next_end_to_end, {0, 0, 0}}, {scion::next_hop_by_hop, {0, 0, 0}}};
    EXPECT_NE(
        explained(make_scion(spec)).faults.at(0).message.find("hop-by-hop options come first"),
        std::string::npos);
    spec.extensions = {{scion::next_hop_by_hop, {1, 30, 3, 1, 2, 3, 0}}};
    explain::listing made = explained(make_scion(spec));
    EXPECT_TRUE(made.faults.empty());
    EXPECT_EQ(field_of(made, "hop-by-hop/option 30").value, "010203");
    EXPECT_EQ(field_of(made, "hop-by-hop/option Pad1").bytes, 1U);
    spec.extensions = {{scion::next_hop_by_hop, {1, 30, 5, 1, 2, 3, 0}}};
    EXPECT_NE(explained(make_scion(spec)).faults.at(0).message.find("runs over the end"),
              std::string::npos);
}

TEST(ScionExplain, ThePayloadLengthMustBeWhatIsThere) {
    packet_spec spec = small();
    spec.payload_length = 7;
    const explain::listing made = explained(make_scion(spec));
    ASSERT_FALSE(made.faults.empty());
    EXPECT_EQ(made.faults[0].offset, 6U);
    EXPECT_EQ(field_of(made, "next router/1").value,
              "drops it; answers with SCMP 4/19, invalid packet size (pointer 0)");
}

TEST(ScionExplain, TheNextRouterDropsPathsOfBadShape) {
    const auto fate = [](const packet_spec& spec) {
        return field_of(explained(make_scion(spec)), "next router/1").value;
    };
    packet_spec spec = small();
    spec.info = 1;
    EXPECT_EQ(fate(spec), "drops it: CurrHF or CurrINF is behind the last one");
    spec.segments = {{.hops = {{0, 1}, {2, 0}}}, {.hops = {{0, 1}, {2, 0}}}};
    EXPECT_EQ(fate(spec), "drops it: hop field 1 is of segment 0, and CurrINF is 1");
    spec.segments[1].hops.resize(1);
    EXPECT_EQ(fate(spec), "drops it: segment 1 has a single hop field");
}

TEST(ScionExplain, ServicesTracerouteAndEpicHaveTheirWords) {
    packet_spec spec = small();
    spec.type = scion::path_type::epic;
    spec.destination = service_host(0x8002);
    spec.layer4 = traceroute(scmp::traceroute_request, 7);
    spec.segments[0].hops[1].alert_in = true;
    const explain::listing made = explained(make_scion(spec));
    EXPECT_EQ(field_of(made, "SCION address/DstHostAddr").value,
              "control service (CS), all instances");
    EXPECT_EQ(field_of(made, "SCION path/EPIC/PktID counter").meaning, "core 2, packet 3");
    EXPECT_EQ(field_of(made, "SCION path/hop field 1/I").meaning,
              "alert for the router that the packet enters the AS by");
    EXPECT_EQ(number_of(made, "SCMP/Identifier"), 7U);
}

TEST(ScionExplain, ColoursStandOnlyWhereTheyAreWanted) {
    const explain::listing made = explained(make_scion(small()));
    EXPECT_EQ(explain::to_text(made, false).find('\x1b'), std::string::npos);
    EXPECT_NE(explain::to_text(made, true).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace rhumb::test

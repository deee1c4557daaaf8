// A SCION path's checks one by one, and which of two that fail is named: the order of the reference
// router (docs/decisions/010).
#include <gtest/gtest.h>

#include <functional>

#include "rhumb/wire/scmp.hh"
#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

std::string at_hop(const packet_spec& spec, unsigned hop) {
    return " at " + std::to_string(hop_at(spec, hop));
}

TEST(ScionChecks, WhatIsRightIsForwarded) {
    border b;
    EXPECT_EQ(b.tell(131, transit(true, 131, 141)), "out 141");
    EXPECT_EQ(b.tell(141, transit(false, 141, 131)), "out 131");
    EXPECT_EQ(b.tell(131, inbound(true, 131)), "host 10.0.0.51 21000");
    EXPECT_EQ(b.tell(141, inbound(false, 141)), "host 10.0.0.51 21000");
    EXPECT_EQ(b.tell(0, outbound(true, 141)), "out 141");
    EXPECT_EQ(b.tell(0, outbound(false, 131)), "out 131");
    EXPECT_EQ(b.tell(141, switching(false, 141, true, 151)), "out 151");
}

TEST(ScionChecks, CurrentFieldsLieWithinThePath) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.hop = 3;
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_path");
    spec = transit(true, 131, 141);
    spec.info = 1;
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_path");
    spec.segments.clear();
    spec.hop = 0;
    spec.info = 0;
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_path");
}

TEST(ScionChecks, OnlyPeeringPathsHaveSegmentsOfOneHop) {
    border b;
    packet_spec spec = switching(false, 141, true, 151);
    spec.segments[1].hops.resize(1);
    EXPECT_EQ(b.tell(141, spec), "drop scion_bad_path");
    // Wherever it is.
    spec = transit(true, 131, 141);
    spec.segments.push_back({true, {{0, 5}}});
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_path");
}

TEST(ScionChecks, TheCurrentSegmentHoldsTheCurrentHop) {
    border b;
    packet_spec spec = switching(false, 141, true, 151);
    spec.info = 1;
    EXPECT_EQ(b.tell(141, spec), "drop scion_bad_path");
}

TEST(ScionChecks, PeeringPathsHaveTwoSegments) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].peering = true;
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_path");
    spec = switching(false, 141, true, 151);
    spec.segments[0].peering = true;
    spec.segments.push_back(spec.segments[1]);
    EXPECT_EQ(b.tell(141, spec), "drop scion_bad_path");
}

TEST(ScionChecks, HopsExpireByHalfSeconds) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].hops[1].exp_time = 0;
    const std::uint64_t made = std::uint64_t{spec.segments[0].made} * 1000;
    for (const auto& [steps, lasts] : std::vector<std::pair<unsigned, std::uint64_t>>{
             {0, 337'500}, {1, 675'000}, {2, 1'012'500}, {255, 86'400'000}}) {
        spec.segments[0].hops[1].exp_time = static_cast<byte>(steps);
        b.rig.now_ms = made + lasts;
        EXPECT_EQ(b.tell(131, spec), "out 141") << steps;
        ++b.rig.now_ms;
        EXPECT_EQ(b.tell(131, spec), "scion_expired 4/52" + at_hop(spec, 1)) << steps;
    }
    // Another hop's expiry is somebody else's matter, and so is a time to come.
    spec.segments[0].hops[1].exp_time = 255;
    spec.segments[0].hops[2].exp_time = 0;
    b.rig.now_ms = made + 86'400'000;
    EXPECT_EQ(b.tell(131, spec), "out 141");
    b.rig.now_ms = made - 1'000'000;
    EXPECT_EQ(b.tell(131, spec), "out 141");
}

TEST(ScionChecks, TimesBeyond2038Count) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].made = 0xffffffff;
    b.rig.now_ms = std::uint64_t{0xffffffff} * 1000 + 64ULL * 337'500;
    EXPECT_EQ(b.tell(131, spec), "out 141");
    ++b.rig.now_ms;
    EXPECT_EQ(b.tell(131, spec), "scion_expired 4/52" + at_hop(spec, 1));
}

TEST(ScionChecks, PacketsComeByTheHopsIngressInterface) {
    border b;
    packet_spec spec = transit(true, 132, 141);
    EXPECT_EQ(b.tell(131, spec), "scion_invalid 4/49" + at_hop(spec, 1));
    spec = transit(false, 151, 131);
    EXPECT_EQ(b.tell(141, spec), "scion_invalid 4/50" + at_hop(spec, 1));
}

TEST(ScionChecks, ThePayloadIsAsLongAsItSays) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    for (const unsigned length : {0U, 11U, 13U, 65535U}) {
        spec.payload_length = length;
        EXPECT_EQ(b.tell(131, spec), "scion_invalid 4/19 at 0") << length;
    }
}

TEST(ScionChecks, SourceAndDestinationFitTheDirection) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.from = here;
    EXPECT_EQ(b.tell(131, spec), "scion_invalid 4/33 at 20") << "from outside, and says: inside";
    spec = transit(true, 131, 141);
    spec.to = here;
    EXPECT_EQ(b.tell(131, spec), "scion_invalid 4/34 at 12") << "ends before its path does";
    spec = inbound(true, 131);
    spec.to = nearby;
    EXPECT_EQ(b.tell(131, spec), "scion_invalid 4/34 at 12") << "goes on behind its path";
    spec = outbound(true, 141);
    spec.from = nearby;
    EXPECT_EQ(b.tell(0, spec), "scion_invalid 4/33 at 20") << "a host of another AS";
    spec = outbound(true, 141);
    spec.to = here;
    EXPECT_EQ(b.tell(0, spec), "scion_invalid 4/34 at 12") << "from inside to inside";
}

TEST(ScionChecks, LocalSourcesHaveHostsThatExist) {
    border b;
    for (const auto& [source, fate] : std::vector<std::pair<host_spec, std::string>>{
             {host("10.0.0.51"), "out 141"},
             {host("2001:db8::1"), "out 141"},
             {host("::"), "out 141"},
             {service_host(2), "out 141"},
             {host("::ffff:10.0.0.51"), "scion_invalid 4/33 at 0"},
             {{0b0001, std::vector<byte>(8)}, "scion_invalid 4/33 at 0"},
             {{0b0111, std::vector<byte>(16)}, "scion_invalid 4/33 at 0"},
             {{0b1000, std::vector<byte>(4)}, "scion_invalid 4/33 at 0"}}) {
        packet_spec spec = outbound(true, 141);
        spec.source = source;
        EXPECT_EQ(b.tell(0, spec), fate) << source.type;
    }
    // Others' hosts are not this router's to judge.
    packet_spec spec = transit(true, 131, 141);
    spec.source = {0b1110, std::vector<byte>(12)};
    spec.destination = {0b1001, std::vector<byte>(8)};
    EXPECT_EQ(b.tell(131, spec), "out 141");
}

TEST(ScionChecks, MacsAreVerified) {
    border b;
    for (const bool construction : {true, false}) {
        const unsigned in = construction ? 131 : 141;
        packet_spec spec = construction ? transit(true, 131, 141) : transit(false, 141, 131);
        const std::vector<byte> good = make_scion(spec);
        // Whatever it covers.
        for (const std::size_t byte_at :
             {info_at(spec, 0) + 3, info_at(spec, 0) + 7, hop_at(spec, 1) + 1, hop_at(spec, 1) + 6,
              hop_at(spec, 1) + 11, hop_at(spec, 1) + (construction ? 5U : 3U)}) {
            std::vector<byte> bad = good;
            bad[byte_at] ^= 1;
            EXPECT_EQ(told(b.run(in, bad)), "scion_bad_mac 4/51" + at_hop(spec, 1)) << byte_at;
        }
        std::vector<byte> other = good;
        other[hop_at(spec, 0) + 6] ^= 1;
        EXPECT_EQ(b.run(in, other).fate, verdict::forward);
    }
}

TEST(ScionChecks, OfASwitchTheSecondHopIsCheckedToo) {
    border b;
    packet_spec spec = switching(false, 141, true, 151);
    spec.segments[1].hops[0].exp_time = 0;
    spec.segments[1].made -= 338 - 60;
    EXPECT_EQ(b.tell(141, spec), "scion_expired 4/52" + at_hop(spec, 2));
    spec.segments[1].hops[0].bad_mac = true;
    EXPECT_EQ(b.tell(141, spec), "scion_expired 4/52" + at_hop(spec, 2)) << "expiry comes first";
    spec.segments[1].hops[0].exp_time = 63;
    EXPECT_EQ(b.tell(141, spec), "scion_bad_mac 4/51" + at_hop(spec, 2));
    spec.segments[0].hops[1].bad_mac = true;
    EXPECT_EQ(b.tell(141, spec), "scion_bad_mac 4/51" + at_hop(spec, 1));
}

TEST(ScionChecks, EgressInterfacesAreKnown) {
    border b;
    packet_spec spec = transit(true, 131, 999);
    EXPECT_EQ(b.tell(131, spec), "scion_no_route 4/50" + at_hop(spec, 1));
    spec = transit(false, 141, 999);
    EXPECT_EQ(b.tell(141, spec), "scion_no_route 4/49" + at_hop(spec, 1));
    spec = transit(true, 131, 0);
    EXPECT_EQ(b.tell(131, spec), "scion_no_route 4/50" + at_hop(spec, 1)) << "the inside is none";
    spec = outbound(true, 241);
    EXPECT_EQ(b.tell(0, spec), "scion_no_route 4/50" + at_hop(spec, 0)) << "the wrong router";
    spec = outbound(false, 231);
    EXPECT_EQ(b.tell(0, spec), "scion_no_route 4/49" + at_hop(spec, 0));
    spec = switching(false, 141, true, 999);
    EXPECT_EQ(b.tell(141, spec), "scion_no_route 4/50" + at_hop(spec, 2));
}

TEST(ScionChecks, APathEndsNotOutside) {
    border b;
    // From a sibling, at the last hop of a path that leads elsewhere.
    packet_spec spec = inbound(false, 241, 131);
    spec.to = nearby;
    EXPECT_EQ(b.tell(13, spec), "drop scion_bad_path");
}

// Each makes a packet wrong in one more way, in the order of the checks.
struct flaw {
    std::string fate;
    std::function<void(packet_spec&)> make;
};

TEST(ScionChecks, TheFirstThatFailsIsNamed) {
    const std::string hop = at_hop(transit(true, 131, 141), 1);
    const std::vector<flaw> flaws{
        {"drop scion_bad_path", [](packet_spec& p) { p.info = 1; }},
        {"scion_expired 4/52" + hop, [](packet_spec& p) { p.segments[0].made -= 30'000; }},
        {"scion_invalid 4/49" + hop, [](packet_spec& p) { p.segments[0].hops[1].in = 132; }},
        {"scion_invalid 4/19 at 0", [](packet_spec& p) { p.payload_length = 2; }},
        {"scion_invalid 4/33 at 20", [](packet_spec& p) { p.from = here; }},
        {"scion_invalid 4/34 at 12", [](packet_spec& p) { p.to = here; }},
        {"scion_bad_mac 4/51" + hop, [](packet_spec& p) { p.segments[0].hops[1].bad_mac = true; }},
        {"traceroute 131",
         [](packet_spec& p) {
             p.segments[0].hops[1].alert_in = true;
             p.layer4 = traceroute(scmp::traceroute_request, 7);
         }},
        {"scion_no_route 4/50" + hop, [](packet_spec& p) { p.segments[0].hops[1].out = 999; }},
    };
    border b;
    for (std::size_t first = 0; first < flaws.size(); ++first) {
        for (std::size_t second = first; second < flaws.size(); ++second) {
            packet_spec spec = transit(true, 131, 141);
            flaws[second].make(spec);
            flaws[first].make(spec);
            EXPECT_EQ(b.tell(131, spec), flaws[first].fate) << first << ' ' << second;
        }
    }
}

TEST(ScionChecks, TheOrderOfTheLastChecks) {
    border b;
    const std::string hop = at_hop(transit(true, 131, 141), 1);
    b.rig.live.set_link(b.link(132), false);
    b.rig.live.set_link(b.link(141), false);
    b.rig.own.links[b.link(132)].mtu = 100;
    b.rig.own.links[b.link(141)].mtu = 100;
    // Link types, traceroute, link down, too big.
    packet_spec spec = transit(true, 131, 132);
    spec.layer4 = traceroute(scmp::traceroute_request, 7);
    spec.segments[0].hops[1].alert_out = true;
    EXPECT_EQ(b.tell(131, spec), "scion_invalid 4/48" + hop);
    spec.segments[0].hops[1].out = 141;
    EXPECT_EQ(b.tell(131, spec), "traceroute 141");
    spec.segments[0].hops[1].alert_out = false;
    EXPECT_EQ(b.tell(131, spec), "scion_link_down 5/0 of 141");
    b.rig.live.set_link(b.link(141), true);
    EXPECT_EQ(b.tell(131, spec), "scion_too_big 2/0 at 100");
    b.rig.own.packet_too_big = false;
    EXPECT_EQ(b.tell(131, spec), "out 141");
}

TEST(ScionChecks, NoErrorIsSentAboutAnError) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].hops[1].bad_mac = true;
    for (const byte type : {byte{1}, byte{2}, byte{4}, byte{5}, byte{6}, byte{99}, byte{127}}) {
        spec.layer4 = scmp_message(type, 0, std::vector<byte>(40));
        EXPECT_EQ(b.tell(131, spec), "drop scion_bad_mac") << int{type};
    }
    for (const byte type : {byte{128}, byte{131}, byte{255}}) {
        spec.layer4 = scmp_message(type, 0, {});
        EXPECT_EQ(b.tell(131, spec), "scion_bad_mac 4/51" + at_hop(spec, 1)) << int{type};
    }
    // Too short to know.
    spec.layer4 = {scion::next_scmp, {128, 0, 0}};
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_mac");
    // Behind extension headers.
    spec.layer4 = scmp_message(4, 0, std::vector<byte>(40));
    spec.extensions = {{scion::next_hop_by_hop, {0, 1, 0}}, {scion::next_end_to_end, {0, 1, 0}}};
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_mac");
    spec.layer4 = udp(1, 2);
    EXPECT_EQ(b.tell(131, spec), "scion_bad_mac 4/51" + at_hop(spec, 1));
}

}  // namespace
}  // namespace rhumb::test

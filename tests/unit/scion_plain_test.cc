// Which packets go the short way through the stage. That it does what the long way does is seen to
// by scion_rig, for the packets of all SCION tests.
#include <gtest/gtest.h>

#include "rhumb/wire/scmp.hh"
#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

class ScionPlain : public testing::Test {
protected:
    // What becomes of a packet, behind "short" or "long".
    std::string way(unsigned interface, const packet_spec& spec) {
        const std::size_t before = b_.rig.short_ways;
        const std::string what = b_.tell(interface, spec);
        return (b_.rig.short_ways == before ? "long: " : "short: ") + what;
    }

    border b_;
};

TEST_F(ScionPlain, TakesTheShortWayByEveryKindOfLink) {
    for (const bool construction : {true, false}) {
        EXPECT_EQ(way(131, transit(construction, 131, 141)), "short: out 141");
        EXPECT_EQ(way(161, transit(construction, 161, 171)), "short: out 171");
        EXPECT_EQ(way(131, transit(construction, 131, 241)), "short: sibling 13");
        EXPECT_EQ(way(13, transit(construction, 231, 141)), "short: out 141");
        EXPECT_EQ(way(0, outbound(construction, 141)), "short: out 141");
        EXPECT_EQ(way(131, inbound(construction, 131)), "short: host 10.0.0.51 21000");
    }
    EXPECT_EQ(way(151, switching(false, 151, true, 141)), "short: out 141");
    EXPECT_EQ(way(151, switching(false, 151, true, 241)), "short: sibling 13");
}

TEST_F(ScionPlain, TransportMattersWhereItIsDelivered) {
    packet_spec in = inbound(true, 131);
    packet_spec through = transit(true, 131, 141);
    in.layer4 = through.layer4 = echo(scmp::echo_reply, 5000);
    EXPECT_EQ(way(131, through), "short: out 141");
    EXPECT_EQ(way(131, in), "long: host 10.0.0.51 5000");
    in.layer4 = tcp(1000, 2000);
    EXPECT_EQ(way(131, in), "short: host 10.0.0.51 2000");
    in.layer4 = udp(1000, 80);
    EXPECT_EQ(way(131, in), "short: host 10.0.0.51 30041");
    in.destination = service_host(2);
    EXPECT_EQ(way(131, in).substr(0, 21), "long: host 10.0.0.7" + way(131, in).substr(19, 2));
}

TEST_F(ScionPlain, WhatIsOutOfTheOrdinaryIsLeftToTheLongWay) {
    packet_spec alert = transit(true, 131, 141);
    alert.segments[0].hops[1].alert_out = true;
    EXPECT_EQ(way(131, alert), "long: out 141");
    packet_spec extended = transit(true, 131, 141);
    extended.extensions = {{scion::next_hop_by_hop, {0, 1, 0}}};
    EXPECT_EQ(way(131, extended), "long: out 141");
    packet_spec forged = transit(true, 131, 141);
    forged.segments[0].hops[1].bad_mac = true;
    EXPECT_EQ(way(131, forged), "long: scion_bad_mac 4/51 at 60");
}

TEST_F(ScionPlain, TheUnderlayIsLeftToTheIpStageUnlessItIsOneNextHop) {
    const packet_spec spec = transit(true, 131, 141);
    b_.rig.underlay = route{via_ref::to_group(3)};
    EXPECT_EQ(way(131, spec), "long: out 141");
    for (const std::uint32_t list : {0U, route::local, route::connected}) {
        b_.rig.underlay = route{{}, list};
        EXPECT_EQ(way(131, spec), "long: out 141");
    }
    packet_spec in = inbound(true, 131);
    in.destination = host("127.0.0.1");  // the IP stage drops it
    b_.rig.underlay = route{via_ref::to_nexthop(scion_rig::nexthop)};
    EXPECT_EQ(way(131, in), "long: host 127.0.0.1 21000");
}

// Shapes of paths are remembered, each in one place by its hash.
TEST_F(ScionPlain, ShapesOfPathsDoNotDisturbEachOther) {
    for (unsigned round = 0; round < 2; ++round) {
        for (unsigned before = 1; before < 30; ++before) {
            for (unsigned after = 1; after < 30; ++after) {
                packet_spec spec = transit(true, 131, 141);
                spec.segments[0].hops.insert(spec.segments[0].hops.begin(), before - 1, {1, 2});
                spec.segments[0].hops.insert(spec.segments[0].hops.end(), after - 1, {1, 2});
                spec.hop = before;
                ASSERT_EQ(way(131, spec), "short: out 141") << before << ", " << after;
            }
        }
    }
}

}  // namespace
}  // namespace rhumb::test

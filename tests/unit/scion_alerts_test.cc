// Router alerts: traceroute requests that this router is to answer, and other packets with a flag.
#include <gtest/gtest.h>

#include "rhumb/wire/scmp.hh"
#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

byte flags_of(const packet_spec& spec, unsigned hop, std::span<const byte> scion) {
    return scion[hop_at(spec, hop)];
}

TEST(ScionAlerts, OfTheIngressAndOfTheEgress) {
    border b;
    for (const bool construction : {true, false}) {
        const std::uint16_t in = construction ? 131 : 141;
        const std::uint16_t out = construction ? 141 : 131;
        packet_spec spec = transit(construction, in, out);
        spec.layer4 = traceroute(scmp::traceroute_request, 7);
        spec.segments[0].hops[0].alert_in = spec.segments[0].hops[2].alert_out = true;
        EXPECT_EQ(b.run(in, spec).fate, verdict::forward) << "others' flags";
        spec.segments[0].hops[1].alert_in = spec.segments[0].hops[1].alert_out = true;
        scion_outcome got = b.run(in, spec);
        EXPECT_EQ(told(got), "traceroute " + std::to_string(in)) << "the ingress first";
        EXPECT_EQ(flags_of(spec, 1, got.payload()), construction ? 1 : 2) << "its flag is gone";
        spec.segments[0].hops[1].alert_in = false;
        got = b.run(in, spec);
        EXPECT_EQ(told(got), "traceroute " + std::to_string(out));
        EXPECT_EQ(flags_of(spec, 1, got.payload()), 0);
    }
}

TEST(ScionAlerts, AnythingElseIsForwardedWithoutTheFlag) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].hops[1].alert_in = spec.segments[0].hops[1].alert_out = true;
    layer4_spec coded = traceroute(scmp::traceroute_request, 7);
    coded.bytes[1] = 1;
    layer4_spec cut = traceroute(scmp::traceroute_request, 7);
    cut.bytes.pop_back();
    for (const layer4_spec& other :
         {udp(1, 2), tcp(1, 2), echo(scmp::echo_request, 7), traceroute(scmp::traceroute_reply, 7),
          scmp_message(4, 0, std::vector<byte>(40)), coded, cut,
          layer4_spec{scion::next_scmp, {}}}) {
        spec.layer4 = other;
        const scion_outcome got = b.run(131, spec);
        ASSERT_EQ(told(got), "out 141");
        EXPECT_EQ(flags_of(spec, 1, got.payload()), 0);
        EXPECT_EQ(what_is_wrong_with(got.packet), "");
    }
}

TEST(ScionAlerts, TheSiblingThatHasTheEgressAnswersForIt) {
    border b;
    packet_spec spec = transit(true, 131, 241);
    spec.layer4 = traceroute(scmp::traceroute_request, 7);
    spec.segments[0].hops[1].alert_out = true;
    const scion_outcome got = b.run(131, spec);
    EXPECT_EQ(told(got), "sibling 13");
    EXPECT_EQ(flags_of(spec, 1, got.payload()), scion::hop_egress_alert);
    // And the other way round: what came by a sibling has had its ingress answered.
    spec = transit(true, 231, 141);
    spec.layer4 = traceroute(scmp::traceroute_request, 7);
    spec.segments[0].hops[1].alert_in = true;
    EXPECT_EQ(b.tell(13, spec), "out 141");
    spec.segments[0].hops[1].alert_out = true;
    EXPECT_EQ(b.tell(13, spec), "traceroute 141");
}

TEST(ScionAlerts, AtTheEndOfAPathTheEgressFlagMeansNothing) {
    border b;
    packet_spec spec = inbound(true, 131);
    spec.layer4 = traceroute(scmp::traceroute_request, 7);
    spec.segments[0].hops[1].alert_out = true;
    EXPECT_EQ(b.tell(131, spec), "host 10.0.0.51 30041");
    spec.segments[0].hops[1].alert_in = true;
    EXPECT_EQ(b.tell(131, spec), "traceroute 131");
}

TEST(ScionAlerts, AtASwitchItIsTheSecondHopThatAsksTheEgress) {
    border b;
    packet_spec spec = switching(false, 141, true, 151);
    spec.layer4 = traceroute(scmp::traceroute_request, 7);
    spec.segments[0].hops[1].alert_out = true;
    spec.segments[1].hops[0].alert_in = true;
    EXPECT_EQ(b.tell(141, spec), "out 151");
    spec.segments[1].hops[0].alert_out = true;
    EXPECT_EQ(b.tell(141, spec), "traceroute 151");
}

TEST(ScionAlerts, TheReplyNamesTheInterfaceAndWhoAsked) {
    border b;
    packet_spec spec = transit(false, 141, 131);
    spec.layer4 = traceroute(scmp::traceroute_request, 0xabcd);
    spec.layer4.bytes.insert(spec.layer4.bytes.end(), {1, 2, 3});  // is not sent back
    spec.segments[0].hops[1].alert_out = true;
    const auto reply = b.rig.reply(b.run(141, spec));
    ASSERT_TRUE(reply);
    scion_outcome sent;
    sent.packet = *reply;
    EXPECT_EQ(sent.destination(), endpoint_of("192.0.2.2", 2141));
    EXPECT_EQ(what_is_wrong_with(*reply), "");
    const auto scion = sent.payload();
    EXPECT_EQ(scion::source(scion.data()), isd_as_of(here));
    EXPECT_EQ(scion::destination(scion.data()), isd_as_of(spec.from));
    EXPECT_EQ(to_hex({scion::source_host(scion.data()), 4}), "0a000001");
    EXPECT_EQ(to_hex({scion::destination_host(scion.data()), 4}), to_hex(spec.source.bytes));
    EXPECT_EQ(scion::flow_id(scion.data()), spec.flow);
    const auto message = scion.subspan(scion::header_bytes(scion.data()));
    ASSERT_EQ(message.size(), scmp::traceroute_bytes);
    EXPECT_EQ(to_hex(message.first(2)) + ' ' + to_hex(message.subspan(4)),
              "8300 abcd0001"
              "0001ff0000000111"
              "0000000000000083");
}

}  // namespace
}  // namespace rhumb::test

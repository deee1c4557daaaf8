// What a trace tells of SCION packets.
#include <gtest/gtest.h>

#include <cstdio>

#include "controlplane/scion/trace_words.hh"
#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

using lines = std::vector<std::string>;

std::string to_hex_number(unsigned value) {
    std::array<char, 8> text{};
    (void)std::snprintf(text.data(), text.size(), "0x%04x", value);
    return text.data();
}

class ScionTraces : public testing::Test {
protected:
    lines told_of(unsigned interface, const packet_spec& spec) {
        const auto log = std::make_unique<trace_log>();
        border_.rig.traced = log.get();
        const scion_outcome got = border_.run(interface, spec);
        lines told;
        for (std::size_t n = 0; n < log->of(0).count; ++n) {
            told.push_back(scion::words_of(log->of(0).list[n], &border_.rig.own));
        }
        told.push_back(scion::words_of(got.asked, &border_.rig.own));
        border_.rig.traced = nullptr;
        return told;
    }
    border border_;
};

TEST_F(ScionTraces, transit_is_told_step_by_step) {
    const packet_spec spec = transit(true, 131, 141);
    const std::vector<byte> in = make_scion(spec);
    const unsigned beta = load_be16(&in[info_at(spec, 0) + 2]);
    const unsigned next = beta ^ load_be16(&in[hop_at(spec, 1) + 6]);
    EXPECT_EQ(
        told_of(131, spec),
        (lines{"SCION, by interface 131 (1-ff00:0:120, a parent)",
               "path of 3 hop fields, PathMeta at byte 36: at hop field 1 of segment 0",
               "hop field at byte 60, in the direction of construction: from interface 131 "
               "(1-ff00:0:120, a parent) to 141 (1-ff00:0:120, a child)",
               "the hop field is good until 2026-01-01 06:00:00 UTC",
               "SegID " + to_hex_number(beta), "MAC right under the current key",
               "SegID becomes " + to_hex_number(next) + ": the MAC of this hop field is put in",
               "pointer moved to hop field 2 of segment 0",
               "through this router, by interface 141 (1-ff00:0:120, a child)", ""}));
}

TEST_F(ScionTraces, a_switch_of_segments_and_a_segment_against_construction) {
    const lines told = told_of(141, switching(false, 141, true, 151));
    const std::string all = testing::PrintToString(told);
    for (const char* const part :
         {"path of 2 + 2 hop fields", "against construction: from interface 141",
          "as the MAC of this hop field is taken back out",
          "segment 0 ends in this AS: on to hop field 2 of segment 1",
          "hop field at byte 80, in the direction of construction: from interface 0, the end of "
          "the segment to 151 (",
          "pointer moved to hop field 3 of segment 1"}) {
        EXPECT_NE(all.find(part), std::string::npos) << part << '\n' << all;
    }
    EXPECT_EQ(std::count(told.begin(), told.end(), "MAC right under the current key"), 2) << all;
}

TEST_F(ScionTraces, the_former_key_is_named) {
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].hops[1].as = other_as;
    border_.rig.set_former_key(as_key(other_as));
    EXPECT_EQ(told_of(131, spec).at(5), "MAC right under the former key, which is still good");
    spec.segments[0].hops[1].bad_mac = true;
    EXPECT_EQ(told_of(131, spec).at(5), "MAC wrong");
}

TEST_F(ScionTraces, what_is_refused_is_told_with_the_field_and_its_place) {
    packet_spec bad_mac = transit(true, 131, 141);
    bad_mac.segments[0].hops[1].bad_mac = true;
    EXPECT_EQ(
        told_of(131, bad_mac).back(),
        "answered by SCMP 4/51: MAC of the hop field is wrong, at byte 60 of the SCION packet");
    EXPECT_EQ(told_of(131, transit(true, 131, 999)).back(),
              "answered by SCMP 4/50: ConsEgress of the hop field is not right, at byte 60 of the "
              "SCION packet");
    EXPECT_EQ(told_of(131, transit(true, 131, 999)).at(2),
              "hop field at byte 60, in the direction of construction: from interface 131 "
              "(1-ff00:0:120, a parent) to 999, which this AS does not have");
    packet_spec expired = transit(true, 131, 141);
    expired.segments[0].hops[1].exp_time = 0;
    expired.segments[0].made -= 400;
    const lines told = told_of(131, expired);
    EXPECT_EQ(told.at(told.size() - 2), "the hop field is good until 2025-12-31 23:58:57 UTC");
    EXPECT_EQ(told.back(),
              "answered by SCMP 4/52: the hop field has expired, at byte 60 of the SCION packet");
    border_.rig.live.set_link(border_.link(141), false);
    EXPECT_EQ(told_of(131, transit(true, 131, 141)).back(),
              "answered by SCMP 5/0: no way out by interface 141 (1-ff00:0:120, a child): its link "
              "is down");
}

TEST_F(ScionTraces, delivery_siblings_and_router_alerts) {
    const lines in = told_of(131, inbound(true, 131));
    EXPECT_EQ(in.at(in.size() - 3), "for 10.0.0.51, UDP port 21000");
    EXPECT_EQ(in.at(in.size() - 2), "to a host, by the inside of the AS");
    const lines on = told_of(131, transit(true, 131, 241));
    EXPECT_EQ(on.at(on.size() - 2), "on to a sibling, by sibling router 10.0.0.13:30042");
    packet_spec asks = transit(true, 131, 141);
    asks.segments[0].hops[1].alert_in = true;
    asks.layer4 = traceroute(130, 7);
    EXPECT_EQ(told_of(131, asks).back(),
              "router alert: answered by a traceroute reply for interface 131 (1-ff00:0:120, a "
              "parent)");
}

TEST_F(ScionTraces, without_a_table_numbers_stay_numbers) {
    EXPECT_EQ(scion::words_of({step::scion_arrived, 3, 0}, nullptr), "SCION, by link 3");
}

}  // namespace
}  // namespace rhumb::test

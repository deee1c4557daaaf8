// SCION's other path types: one-hop, empty and EPIC; and keys that roll over.
#include <gtest/gtest.h>

#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

packet_spec one_hop(const std::string& from, const std::string& to, std::uint16_t out) {
    packet_spec spec;
    spec.type = scion::path_type::one_hop;
    spec.from = from;
    spec.to = to;
    spec.segments = {{true, {{0, out, own_as}}}};
    return spec;
}
std::size_t one_hop_info(const packet_spec& spec) { return info_at(spec, 0) - scion::meta_bytes; }

TEST(ScionOneHop, LeavesForTheNeighbour) {
    border b;
    const packet_spec spec = one_hop(here, nearby, 141);
    const scion_outcome got = b.run(0, spec);
    ASSERT_EQ(told(got), "out 141");
    EXPECT_EQ(what_is_wrong_with(got.packet), "");
    // SegID goes one on in the chain; nothing else changes.
    std::vector<byte> want = make_scion(spec);
    byte* const info = &want[one_hop_info(spec)];
    store_be16(info + 2, static_cast<std::uint16_t>(scion::segment_id(info) ^
                                                    load_be16(scion::mac(info + 8))));
    EXPECT_EQ(to_hex(got.payload()), to_hex(want));
}

TEST(ScionOneHop, LeavesWhateverElseIsWrong) {
    border b;
    packet_spec spec = one_hop(here, nearby, 141);
    spec.segments[0].made = 1;
    spec.payload_length = 1;
    b.rig.live.set_link(b.link(141), false);
    EXPECT_EQ(b.tell(0, spec), "out 141") << "expired, of another length, by a link that is down";
}

TEST(ScionOneHop, LeavesNotForOthers) {
    border b;
    EXPECT_EQ(b.tell(0, one_hop(nearby, nearby, 141)), "drop scion_bad_one_hop");
    EXPECT_EQ(b.tell(0, one_hop(here, "1-ff00:0:999", 141)), "drop scion_bad_one_hop");
    EXPECT_EQ(b.tell(0, one_hop(here, nearby, 999)), "drop scion_bad_one_hop");
    EXPECT_EQ(b.tell(0, one_hop(here, nearby, 0)), "drop scion_bad_one_hop");
    packet_spec spec = one_hop(here, nearby, 141);
    spec.segments[0].hops[0].bad_mac = true;
    EXPECT_EQ(b.tell(0, spec), "drop scion_bad_one_hop");
    spec = one_hop(here, nearby, 141);
    spec.segments[0].construction = false;
    EXPECT_EQ(b.tell(0, spec), "drop scion_bad_one_hop");
    EXPECT_EQ(b.tell(0, one_hop(here, nearby, 241)), "sibling 13") << "where the MAC will not do";
}

TEST(ScionOneHop, EntersWithASecondHopMadeHere) {
    border b;
    packet_spec spec = one_hop(nearby, here, 7);
    spec.segments[0].hops[0] = {0, 7, other_as, 33};
    const scion_outcome got = b.run(131, spec);
    ASSERT_EQ(told(got), "host 10.0.0.51 21000");
    EXPECT_EQ(what_is_wrong_with(got.packet), "");
    std::vector<byte> want = make_scion(spec);
    byte* const info = &want[one_hop_info(spec)];
    byte* const second = info + scion::info_bytes + scion::hop_bytes;
    second[1] = 33;
    store_be16(second + 2, 131);
    const auto tag = mac_of(as_key(own_as), scion::segment_id(info), info, second);
    std::copy_n(tag.bytes.begin(), scion::mac_bytes, second + 6);
    EXPECT_EQ(to_hex(got.payload()), to_hex(want));
}

TEST(ScionOneHop, ThatPathLeadsBack) {
    border b;
    packet_spec spec = one_hop(nearby, here, 7);
    const scion_outcome got = b.run(131, spec);
    ASSERT_EQ(got.fate, verdict::forward);
    // The host makes a SCION path of it and turns it.
    std::vector<byte> back = make_scion(outbound(false, 131));
    const packet_spec shape = outbound(false, 131);
    const byte* const one = &got.payload()[one_hop_info(spec)];
    std::copy_n(one, 8, &back[info_at(shape, 0)]);
    back[info_at(shape, 0)] = 0;
    std::copy_n(one + 20, 12, &back[hop_at(shape, 0)]);
    std::copy_n(one + 8, 12, &back[hop_at(shape, 1)]);
    EXPECT_EQ(told(b.run(0, back)), "out 131");
}

TEST(ScionOneHop, EntersNotForOthersAndWithoutErrors) {
    border b;
    EXPECT_EQ(b.tell(131, one_hop("1-ff00:0:999", here, 7)), "drop scion_bad_one_hop");
    EXPECT_EQ(b.tell(131, one_hop(nearby, nearby, 7)), "drop scion_bad_one_hop");
    packet_spec spec = one_hop(nearby, here, 7);
    spec.segments[0].construction = false;
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_one_hop");
    for (const host_spec& nobody : {service_host(1), host("0.0.0.0"), host("::ffff:1.2.3.4")}) {
        spec = one_hop(nearby, here, 7);
        spec.destination = nobody;
        EXPECT_EQ(b.tell(131, spec), "drop scion_bad_one_hop");
    }
    spec.destination = service_host(0x8002);
    EXPECT_EQ(b.tell(131, spec).substr(0, 13), "host 10.0.0.7");
}

TEST(ScionOneHop, CarriesBfd) {
    border b;
    packet_spec spec = one_hop(nearby, here, 7);
    spec.layer4 = {scion::next_bfd, std::vector<byte>(24)};
    EXPECT_EQ(b.tell(131, spec), "drop scion_no_session");
    b.rig.own.links[b.link(131)].has_session = true;
    EXPECT_EQ(b.tell(131, spec), "bfd");
    spec.type = scion::path_type::empty;
    spec.from = spec.to = here;
    EXPECT_EQ(b.tell(13, spec), "drop scion_no_session");
    b.rig.own.links[b.link(241)].has_session = true;
    EXPECT_EQ(b.tell(13, spec), "bfd");
    EXPECT_EQ(b.tell(0, spec), "drop scion_no_session");
    spec.layer4 = udp(1, 2);
    EXPECT_EQ(b.tell(13, spec), "drop scion_malformed") << "an empty path leads nowhere";
}

packet_spec epic(packet_spec spec) {
    spec.type = scion::path_type::epic;
    // Sent now.
    spec.epic.timestamp = static_cast<std::uint32_t>(
        (clock_ms - std::uint64_t{spec.segments[0].made} * 1000) * 1000 / 21);
    return spec;
}

TEST(ScionEpic, TheLastTwoHopsVerifyTheirFields) {
    border b;
    for (const host_spec& source : {host("10.9.9.9"), host("2001:db8::9")}) {
        for (const bool construction : {true, false}) {
            packet_spec last = epic(inbound(construction, 131));
            packet_spec penultimate = epic(transit(construction, 131, 141));
            last.source = penultimate.source = source;
            EXPECT_EQ(b.tell(131, last), "host 10.0.0.51 21000");
            last.epic.bad_penultimate = true;
            EXPECT_EQ(b.tell(131, last), "host 10.0.0.51 21000");
            last.epic.bad_last = true;
            EXPECT_EQ(b.tell(131, last), "drop scion_bad_epic");
            EXPECT_EQ(b.tell(131, penultimate), "out 141");
            penultimate.epic.bad_last = true;
            EXPECT_EQ(b.tell(131, penultimate), "out 141");
            penultimate.epic.bad_penultimate = true;
            EXPECT_EQ(b.tell(131, penultimate), "drop scion_bad_epic");
        }
    }
}

TEST(ScionEpic, OtherHopsDoNot) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].hops.push_back({3, 0});
    spec = epic(spec);
    spec.epic.bad_last = spec.epic.bad_penultimate = true;
    spec.epic.timestamp = 0xffffffff;
    EXPECT_EQ(b.tell(131, spec), "out 141");
}

TEST(ScionEpic, AtASwitchTheSecondHopsMacIsTheKey) {
    border b;
    // Which of the last two it is, is said by the hop before the switch: here the third last.
    packet_spec spec = epic(switching(false, 141, true, 151));
    spec.epic.bad_last = spec.epic.bad_penultimate = true;
    EXPECT_EQ(b.tell(141, spec), "out 151");
}

TEST(ScionEpic, ErrorsComeFirstAndCountWithoutThePrefix) {
    border b;
    packet_spec spec = epic(transit(true, 131, 999));
    spec.epic.bad_penultimate = true;
    EXPECT_EQ(b.tell(131, spec), "scion_no_route 4/50 at " + std::to_string(hop_at(spec, 1)));
    spec.segments[0].hops[1].bad_mac = true;
    const scion_outcome got = b.run(131, spec);
    EXPECT_EQ(told(got), "scion_bad_mac 4/51 at " + std::to_string(hop_at(spec, 1)));
    const auto reply = b.rig.reply(got);
    ASSERT_TRUE(reply);
    EXPECT_EQ(scion::type_of_path(&reply->at(28)), 1U) << "a plain SCION path leads back";
}

TEST(ScionEpic, FreshnessHasExactBorders) {
    border b;
    packet_spec spec = inbound(true, 131);
    spec.type = scion::path_type::epic;
    const std::uint64_t made_us = std::uint64_t{spec.segments[0].made} * 1'000'000;
    // (timestamp + 1) * 21 us is a whole number of milliseconds.
    spec.epic.timestamp = 1000 * 1000 - 1;
    const std::uint64_t sent_ms = (made_us + 21'000'000) / 1000;
    for (const auto& [now, fate] : std::vector<std::pair<std::uint64_t, std::string>>{
             {sent_ms - 1001, "drop scion_bad_epic"},
             {sent_ms - 1000, "host 10.0.0.51 21000"},
             {sent_ms, "host 10.0.0.51 21000"},
             {sent_ms + 3000, "host 10.0.0.51 21000"},
             {sent_ms + 3001, "drop scion_bad_epic"}}) {
        b.rig.now_ms = now;
        EXPECT_EQ(b.tell(131, spec), fate) << static_cast<std::int64_t>(now - sent_ms);
    }
    b.rig.now_ms = sent_ms + 3000;
    --spec.epic.timestamp;  // 21 us older
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_epic");
    b.rig.now_ms = sent_ms - 1000;
    spec.epic.timestamp += 2;
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_epic");
}

TEST(ScionEpic, EverythingThatTheFieldCoversCounts) {
    border b;
    const packet_spec spec = epic(inbound(true, 131));
    const std::vector<byte> good = make_scion(spec);
    const std::size_t prefix = info_at(spec, 0) - scion::meta_bytes;
    ASSERT_EQ(told(b.run(131, good)), "host 10.0.0.51 21000");
    for (const std::size_t at :
         {prefix + 3, prefix + 7, prefix + 12, prefix + 15, std::size_t{27}, std::size_t{35}}) {
        std::vector<byte> bad = good;
        bad[at] ^= 2;
        EXPECT_EQ(told(b.run(131, bad)), "drop scion_bad_epic") << at;
    }
}

TEST(ScionKeys, TheFormerOneIsGoodWhileThereIsOne) {
    border b;
    constexpr byte former = 3;
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].hops[1].as = former;
    EXPECT_EQ(b.run(131, spec).reason, drop_reason::scion_bad_mac);
    b.rig.set_former_key(as_key(former));
    EXPECT_EQ(b.tell(131, spec), "out 141");
    EXPECT_EQ(b.tell(131, transit(true, 131, 141)), "out 141");
    spec.segments[0].hops[1].as = other_as;
    EXPECT_EQ(b.run(131, spec).reason, drop_reason::scion_bad_mac);
    // One of each at a switch.
    spec = switching(false, 141, true, 151);
    spec.segments[1].hops[0].as = former;
    EXPECT_EQ(b.tell(141, spec), "out 151");
    spec.segments[0].hops[1].as = former;
    EXPECT_EQ(b.tell(141, spec), "out 151");
    packet_spec leaving = one_hop(here, nearby, 141);
    leaving.segments[0].hops[0].as = former;
    EXPECT_EQ(b.tell(0, leaving), "out 141");
}

TEST(ScionKeys, EpicFieldsGoByTheKeyThatMadeTheMac) {
    border b;
    constexpr byte former = 3;
    b.rig.set_former_key(as_key(former));
    packet_spec spec = epic(inbound(true, 131));
    EXPECT_EQ(b.tell(131, spec), "host 10.0.0.51 21000");
    spec.segments[0].hops[1].as = former;
    EXPECT_EQ(b.tell(131, spec), "host 10.0.0.51 21000");
    spec.epic.bad_last = true;
    EXPECT_EQ(b.tell(131, spec), "drop scion_bad_epic");
}

}  // namespace
}  // namespace rhumb::test

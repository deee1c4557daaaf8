// SCION headers: what must fit together, what nobody looks at, and what becomes of reserved bits.
#include <gtest/gtest.h>

#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

TEST(ScionHeaders, VersionReservedBitsAndFlowIdAreNobodysBusiness) {
    border b;
    const packet_spec spec = transit(true, 131, 141);
    for (const std::size_t at : {0U, 1U, 10U, 11U}) {
        std::vector<byte> packet = make_scion(spec);
        packet[at] = 0xff;
        const scion_outcome got = b.run(131, packet);
        EXPECT_EQ(told(got), "out 141") << at;
        EXPECT_EQ(got.payload()[at], 0xff) << at;
    }
    packet_spec no_flow = spec;
    no_flow.flow = 0;
    EXPECT_EQ(b.tell(131, no_flow), "out 141");
}

TEST(ScionHeaders, ReservedBitsGoWhereAFieldIsWritten) {
    border b;
    const packet_spec spec = switching(false, 141, true, 151);
    std::vector<byte> packet = make_scion(spec);
    const auto sent = [&](unsigned by) {
        const scion_outcome got = b.run(by, packet);
        return std::vector<byte>(got.payload().begin(), got.payload().end());
    };
    const std::vector<byte> want = sent(141);
    packet[info_at(spec, 0) - 3] |= 0xfc;  // of PathMeta
    for (const unsigned info : {0U, 1U}) {
        packet[info_at(spec, info)] |= 0xfc;
        packet[info_at(spec, info) + 1] = 0xff;
    }
    EXPECT_EQ(to_hex(sent(141)), to_hex(want));
    // Not of hop fields, which nobody writes.
    packet[hop_at(spec, 1)] |= 0xfc;
    EXPECT_EQ(sent(141).at(hop_at(spec, 1)), 0xfc);
    // And of nothing in a packet that is handed to a sibling as it came.
    const packet_spec down = transit(true, 131, 241);
    packet = make_scion(down);
    packet[info_at(down, 0) - 3] |= 0xfc;
    packet[info_at(down, 0)] |= 0xfc;
    EXPECT_EQ(to_hex(sent(131)), to_hex(packet));
    // A flag that is cleared takes them along.
    packet_spec alerting = transit(true, 131, 141);
    alerting.segments[0].hops[1].alert_in = true;
    packet = make_scion(alerting);
    packet[hop_at(alerting, 1)] |= 0xfc;
    EXPECT_EQ(sent(131).at(hop_at(alerting, 1)), 0);
}

TEST(ScionHeaders, MayBeLongerThanThePathNeeds) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.spare_words = 3;
    const scion_outcome got = b.run(131, spec);
    EXPECT_EQ(told(got), "out 141");
    EXPECT_EQ(got.payload().size(), make_scion(spec).size());
    // But with an empty path.
    spec = {};
    spec.type = scion::path_type::empty;
    spec.layer4 = {scion::next_bfd, std::vector<byte>(24)};
    b.rig.own.links[b.link(241)].has_session = true;
    EXPECT_EQ(b.tell(13, spec), "bfd");
    spec.spare_words = 1;
    EXPECT_EQ(b.tell(13, spec), "drop scion_malformed");
}

TEST(ScionHeaders, AreNotShorterThanThePathNeeds) {
    border b;
    for (const scion::path_type type :
         {scion::path_type::scion, scion::path_type::epic, scion::path_type::one_hop}) {
        packet_spec spec = inbound(true, 131);
        spec.type = type;
        spec.epic.timestamp = 60'000'000 / 21;
        if (type == scion::path_type::one_hop) {
            spec.from = nearby;
            spec.segments[0].hops.resize(1);
        }
        const std::vector<byte> good = make_scion(spec);
        ASSERT_EQ(told(b.run(131, good)), "host 10.0.0.51 21000");
        for (unsigned words = 0; words < good[5]; ++words) {
            std::vector<byte> bad = good;
            bad[5] = static_cast<byte>(words);
            EXPECT_EQ(told(b.run(131, bad)), "drop scion_malformed") << words;
        }
        // Nor longer than the packet, which may end anywhere.
        for (std::size_t length = 0; length < std::size_t{good[5]} * 4; ++length) {
            const std::vector<byte> cut(good.begin(), good.begin() + static_cast<long>(length));
            EXPECT_EQ(told(b.run(131, cut)), "drop scion_malformed") << length;
        }
    }
}

TEST(ScionHeaders, PathTypesThatAreNotKnown) {
    border b;
    for (const unsigned type : {4U, 5U, 255U}) {
        std::vector<byte> packet = make_scion(transit(true, 131, 141));
        packet[8] = static_cast<byte>(type);
        EXPECT_EQ(told(b.run(131, packet)), "drop scion_malformed") << type;
    }
}

TEST(ScionHeaders, ProtocolsThatAreNotKnown) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    for (unsigned next = 0; next < 256; ++next) {
        spec.layer4 = {next, std::vector<byte>(8)};
        const bool known =
            next == 6 || next == 17 || (next >= 202 && next <= 203) || next == 253 || next == 254;
        const bool extension = next == 200 || next == 201;  // of 4 bytes, and then protocol 0
        EXPECT_EQ(b.tell(131, spec), known || extension ? "out 141" : "drop scion_malformed")
            << next;
    }
}

TEST(ScionHeaders, ExtensionHeadersAreWhole) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    spec.extensions = {{scion::next_hop_by_hop, {3, 1, 0}}};
    spec.layer4 = {scion::next_experiment_1, {}};
    for (unsigned rest = 0; rest < 16; ++rest) {
        spec.layer4.bytes.resize(rest);
        EXPECT_EQ(b.tell(131, spec), rest < 12 ? "drop scion_malformed" : "out 141") << rest;
    }
    spec.extensions = {};
    spec.layer4 = {scion::next_end_to_end, {17}};
    EXPECT_EQ(b.tell(131, spec), "drop scion_malformed");
    spec.layer4.bytes.clear();
    EXPECT_EQ(b.tell(131, spec), "drop scion_malformed");
    // Segments without an empty one between them, and no more than 64 hops.
    std::vector<byte> packet = make_scion(switching(false, 141, true, 151));
    store_be32(&packet[36], scion::make_meta(0, 1, 2, 0, 2));
    EXPECT_EQ(told(b.run(141, packet)), "drop scion_malformed");
    spec = transit(true, 131, 141);
    spec.segments[0].hops.resize(63, {9, 9});
    EXPECT_EQ(b.tell(131, spec), "out 141");
    spec.segments.push_back({true, {{0, 3}}});
    spec.segments[0].peering = spec.segments[1].peering = true;
    EXPECT_EQ(b.tell(131, spec).substr(0, 4), "out ") << "64";
    spec.segments[1].hops.push_back({9, 9});
    EXPECT_EQ(b.tell(131, spec), "drop scion_malformed") << "65";
}

}  // namespace
}  // namespace rhumb::test

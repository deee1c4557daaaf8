// The verdicts on MACs: on ways of every shape, wherever the packet stands, all of them are right;
// and what is changed is found.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/scion_network.hh"
#include "tests/unit/scion_explained.hh"

namespace rhumb::test {
namespace {

scion::isd_as name_of(byte number) { return {1, std::uint64_t{0xff00'0000'0000} + number}; }

struct way {
    packet_spec spec;
    std::vector<scion::isd_as> hops;
    std::vector<explain::as_key> keys;
};

way way_of(const packet_spec& spec) {
    way made{spec, {}, {}};
    for (const segment_spec& segment : spec.segments) {
        for (const hop_spec& hop : segment.hops) {
            made.hops.push_back(name_of(hop.as));
            made.keys.push_back(key_of(made.hops.back(), as_key(hop.as)));
        }
    }
    return made;
}

explain::listing explained(const way& of, const std::vector<byte>& bytes, bool named) {
    return explain::read(bytes, {.now_ms = 1'767'225'600'000,
                                 .from = explain::start::scion,
                                 .keys = of.keys,
                                 .hops = named ? of.hops : std::vector<scion::isd_as>{}});
}

std::vector<way> ways() {
    std::vector<way> all;
    for (const unsigned up : {0U, 1U, 2U, 3U}) {
        for (const unsigned across : {0U, 1U, 2U, 3U}) {
            for (const unsigned down : {0U, 1U, 2U}) {
                std::vector<step_to> steps(up, step_to::parent);
                steps.insert(steps.end(), across == 3 ? 1 : across,
                             across == 3 ? step_to::peer : step_to::core);
                steps.insert(steps.end(), down, step_to::child);
                if (!steps.empty()) {
                    for (const bool core_construction : {false, true}) {
                        all.push_back(way_of(scion_network(steps, 0).path(core_construction)));
                    }
                }
            }
        }
    }
    return all;
}

template <class What>
void for_all_places(What&& what) {
    for (way& of : ways()) {
        for (unsigned hop = 0; hop < of.hops.size(); ++hop) {
            for (const bool outside : {false, true}) {
                of.spec.hop = hop;
                of.spec.from_outside = outside;
                what(of);
            }
        }
    }
}

TEST(ScionExplainMacs, AreRightOnEveryWayWhereverThePacketStands) {
    std::size_t checked = 0;
    for_all_places([&checked](const way& of) {
        const std::vector<byte> bytes = make_scion(of.spec);
        const explain::listing made = explained(of, bytes, true);
        ASSERT_TRUE(made.faults.empty()) << explain::to_text(made, false);
        for (unsigned n = 0; n < of.hops.size(); ++n, ++checked) {
            ASSERT_EQ(mac_of(made, n), verdict::right) << "hop " << n << '\n'
                                                       << explain::to_text(made, false);
        }
    });
    EXPECT_GT(checked, 1000U);
}

TEST(ScionExplainMacs, AFlippedBitIsFoundAtItsHop) {
    for_all_places([](const way& of) {
        const std::vector<byte> good = make_scion(of.spec);
        for (unsigned n = 0; n < of.hops.size(); ++n) {
            for (const std::size_t at : {6U, 11U, 1U, 3U}) {  // MAC, ExpTime, ConsIngress
                std::vector<byte> bytes = good;
                bytes[hop_at(of.spec, n) + at] ^= 1;
                const explain::listing made = explained(of, bytes, true);
                ASSERT_EQ(mac_of(made, n), verdict::wrong) << "hop " << n << ", byte " << at;
                for (unsigned other = 0; other < of.hops.size() && at != 6; ++other) {
                    ASSERT_EQ(mac_of(made, other), other == n ? verdict::wrong : verdict::right);
                }
            }
        }
    });
}

TEST(ScionExplainMacs, TellTheRightOneAndWhoseWrongOneStandsBetween) {
    packet_spec spec;
    spec.segments = {{.construction = true, .hops = {{0, 1, 1}, {2, 3, 2}, {4, 5, 3}, {6, 0, 4}}}};
    const way good = way_of(spec);
    const std::vector<byte> bytes = make_scion(spec);
    way bad = good;
    bad.spec.segments[0].hops[1].bad_mac = true;
    std::vector<byte> flipped = bytes;
    flipped[hop_at(spec, 1) + 6] ^= 1;
    const explain::listing made = explained(bad, flipped, true);
    const byte* const right = &bytes[hop_at(spec, 1) + 6];
    std::string text;
    for (unsigned n = 0; n < 6; ++n) {
        constexpr std::string_view digits = "0123456789abcdef";
        text += digits[right[n] >> 4];
        text += digits[right[n] & 15];
    }
    EXPECT_NE(
        field_of(made, "SCION path/hop field 1/MAC is").meaning.find("right would be " + text),
        std::string::npos);
    EXPECT_NE(field_of(made, "SCION path/hop field 3/MAC is").meaning.find("hop field 1's wrong"),
              std::string::npos);
}

TEST(ScionExplainMacs, AKeyThatFitsTellsWhoseAHopIs) {
    for_all_places([](way& of) {
        of.spec.from = to_string(of.hops.front());
        of.spec.to = to_string(of.hops.back());
        const explain::listing made = explained(of, make_scion(of.spec), false);
        for (unsigned n = 0; n < of.hops.size(); ++n) {
            ASSERT_EQ(mac_of(made, n), verdict::right);
            ASSERT_EQ(field_of(made, "SCION path/hop field " + std::to_string(n)).value,
                      to_string(of.hops[n]));
        }
    });
}

TEST(ScionExplainMacs, NamesMayBeOneForEachAsOnTheWay) {
    packet_spec spec;
    spec.segments = {{.construction = false, .hops = {{0, 1, 1}, {2, 0, 2}}},
                     {.construction = true, .hops = {{0, 3, 2}, {4, 0, 3}}}};
    way of = way_of(spec);
    of.hops = {name_of(1), name_of(2), name_of(3)};
    const explain::listing made = explained(of, make_scion(spec), true);
    for (unsigned n = 0; n < 4; ++n) {
        EXPECT_EQ(mac_of(made, n), verdict::right) << n;
    }
}

TEST(ScionExplainMacs, WithoutAKeyThereIsNoVerdict) {
    packet_spec spec;
    spec.segments = {{.hops = {{0, 1, 1}, {2, 0, 2}}}};
    const explain::listing made = explain::read(make_scion(spec), {.now_ms = 0});
    EXPECT_EQ(mac_of(made, 0), verdict::none);
    EXPECT_EQ(field_of(made, "SCION path/hop field 0/MAC is").value, "not checked");
}

TEST(ScionExplainMacs, JudgeOneHopPathsAndEpic) {
    packet_spec spec;
    spec.segments = {{.hops = {{0, 1, 1}, {2, 0, 2}}}};
    way of = way_of(spec);
    of.spec.type = scion::path_type::epic;
    std::vector<byte> bytes = make_scion(of.spec);
    EXPECT_EQ(field_of(explained(of, bytes, true), "SCION path/EPIC/PHVF").judged, verdict::right);
    EXPECT_EQ(field_of(explained(of, bytes, true), "SCION path/EPIC/LHVF").judged, verdict::right);
    of.spec.epic.bad_last = true;
    bytes = make_scion(of.spec);
    EXPECT_EQ(field_of(explained(of, bytes, true), "SCION path/EPIC/PHVF").judged, verdict::right);
    EXPECT_EQ(field_of(explained(of, bytes, true), "SCION path/EPIC/LHVF").judged, verdict::wrong);

    of.spec.type = scion::path_type::one_hop;
    bytes = make_scion(of.spec);
    std::fill_n(&bytes[36 + 20], 12, byte{0});
    const explain::listing before = explained(of, bytes, true);
    EXPECT_EQ(mac_of(before, 0), verdict::right);
    EXPECT_NE(find_field(before.layers, "SCION path/hop field 1/so"), nullptr);
    // On its link SegID has been changed; and then the other end fills in its own.
    store_be16(&bytes[38],
               static_cast<std::uint16_t>(load_be16(&bytes[38]) ^ load_be16(&bytes[36 + 8 + 6])));
    EXPECT_EQ(mac_of(explained(of, bytes, true), 0), verdict::right);
    byte* const second = &bytes[36 + 20];
    second[1] = 63;
    store_be16(second + 2, 2);
    const crypto::block tag = mac_of(as_key(2), load_be16(&bytes[38]), &bytes[36], second);
    std::copy_n(tag.bytes.begin(), 6, second + 6);
    EXPECT_EQ(mac_of(explained(of, bytes, true), 0), verdict::right);
    EXPECT_EQ(mac_of(explained(of, bytes, true), 1), verdict::right);
}

}  // namespace
}  // namespace rhumb::test

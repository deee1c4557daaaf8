// SCION packets of others in words: the reference's own, whose fields are written down beside them,
// and walks through a network with a key for each AS (../shared/vectors/scion).
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "rhumb/checksum.hh"
#include "tests/support/from_hex.hh"
#include "tests/support/vectors.hh"
#include "tests/unit/scion_explained.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;

constexpr std::uint64_t now_ms = 1'767'225'600'000;

explain::listing explained(const std::vector<byte>& bytes,
                           std::span<const explain::as_key> keys = {}) {
    explain::listing made = explain::read(bytes, {.now_ms = now_ms, .keys = keys});
    expect_sound(made);
    EXPECT_FALSE(explain::to_text(made, false).empty());
    return made;
}

std::vector<byte> bytes_of(const json& hex) { return from_hex(hex.get<std::string>()); }
scion::isd_as as_of(const json& text) {
    return scion::parse_isd_as(text.get<std::string>()).value_or(scion::isd_as());
}

void expect_path(const explain::listing& made, const json& path) {
    EXPECT_EQ(number_of(made, "SCION path/PathMeta/CurrINF"), path.at("curr_inf"));
    EXPECT_EQ(number_of(made, "SCION path/PathMeta/CurrHF"), path.at("curr_hf"));
    for (std::size_t n = 0; n < 3; ++n) {
        EXPECT_EQ(number_of(made, "SCION path/PathMeta/Seg" + std::to_string(n) + "Len"),
                  path.at("seg_len").at(n));
    }
    for (std::size_t n = 0; n < path.at("info").size(); ++n) {
        const std::string at = "SCION path/info field " + std::to_string(n);
        const json& info = path.at("info").at(n);
        EXPECT_EQ(number_of(made, at + "/P") == 1, info.at("peer").get<bool>());
        EXPECT_EQ(number_of(made, at + "/C") == 1, info.at("cons_dir").get<bool>());
        EXPECT_EQ(number_of(made, at + "/SegID"), info.at("seg_id"));
        EXPECT_EQ(number_of(made, at + "/Timestamp"), info.at("timestamp"));
    }
    for (std::size_t n = 0; n < path.at("hops").size(); ++n) {
        const std::string at = "SCION path/hop field " + std::to_string(n);
        const json& hop = path.at("hops").at(n);
        EXPECT_EQ(number_of(made, at + "/ExpTime"), hop.at("exp_time"));
        EXPECT_EQ(number_of(made, at + "/ConsIngress"), hop.at("cons_ingress"));
        EXPECT_EQ(number_of(made, at + "/ConsEgress"), hop.at("cons_egress"));
        EXPECT_EQ(field_of(made, at + "/MAC").value, hop.at("mac").get<std::string>());
    }
}

TEST(ScionExplainVectors, TheReferencesHeaderHasTheFieldsThatItDecodes) {
    LOAD_OR_SKIP(file, "header-codec.json");
    const explain::listing made = explained(bytes_of(file.at("full_header").at("hex")));
    ASSERT_EQ(made.faults.size(), 1U);  // there is a header alone
    EXPECT_NE(made.faults[0].message.find("the UDP header wants"), std::string::npos);
    expect_path(made, file.at("scion_path"));
}

TEST(ScionExplainVectors, TheReferencesReversedAndEpicPathsAreRead) {
    LOAD_OR_SKIP(file, "header-codec.json");
    std::vector<byte> packet = bytes_of(file.at("full_header").at("hex"));
    const std::vector<byte> path = bytes_of(file.at("scion_path").at("hex"));
    const std::vector<byte> epic = bytes_of(file.at("epic_path").at("hex"));
    packet.resize(packet.size() - path.size());
    const std::size_t before = packet.size();
    packet.resize(before + epic.size());
    std::copy(epic.begin(), epic.end(), packet.begin() + static_cast<long>(before));
    packet[5] = static_cast<byte>(packet.size() / 4);
    packet[8] = 3;
    const explain::listing made = explained(packet);
    ASSERT_EQ(made.faults.size(), 1U);  // there is a header alone
    EXPECT_NE(made.faults[0].message.find("the UDP header wants"), std::string::npos);
    expect_path(made, file.at("scion_path"));
    EXPECT_EQ(number_of(made, "SCION path/EPIC/PktID timestamp"), 1U);
    EXPECT_EQ(field_of(made, "SCION path/EPIC/PktID counter").value, "0x02000003");
    EXPECT_EQ(field_of(made, "SCION path/EPIC/PHVF").value, "01020304");
    EXPECT_EQ(field_of(made, "SCION path/EPIC/LHVF").value, "05060708");
}

TEST(ScionExplainVectors, GoldenPacketsHaveTheFieldsThatAreWrittenDown) {
    LOAD_OR_SKIP(file, "golden-packets/golden-packets.json");
    const char* const folder = std::getenv("RHUMB_VECTORS");
    const std::filesystem::path root =
        std::filesystem::path(folder != nullptr ? folder : RHUMB_VECTORS_DEFAULT) / "scion";
    for (const json& one : file.at("packets")) {
        SCOPED_TRACE(one.at("file").get<std::string>());
        std::ifstream raw(root / one.at("file").get<std::string>(), std::ios::binary);
        const std::vector<byte> bytes{std::istreambuf_iterator<char>(raw), {}};
        ASSERT_EQ(bytes.size(), one.at("size").get<std::size_t>());
        const explain::listing made = explained(bytes);
        EXPECT_TRUE(made.faults.empty());
        const json& decoded = one.at("decoded");
        EXPECT_EQ(number_of(made, "SCION common/TrafficClass"), decoded.at("traffic_class"));
        EXPECT_EQ(number_of(made, "SCION common/FlowID"), decoded.at("flow_id"));
        EXPECT_EQ(number_of(made, "SCION common/NextHdr"), decoded.at("next_hdr"));
        EXPECT_EQ(number_of(made, "SCION common/HdrLen"), decoded.at("hdr_len_words"));
        EXPECT_EQ(number_of(made, "SCION common/PayloadLen"), decoded.at("payload_len"));
        EXPECT_EQ(number_of(made, "SCION common/PathType"), decoded.at("path_type"));
        EXPECT_EQ(number_of(made, "SCION common/DT"), decoded.at("dst_addr_type"));
        EXPECT_EQ(number_of(made, "SCION common/ST"), decoded.at("src_addr_type"));
        EXPECT_EQ(field_of(made, "SCION address/DstAS").value,
                  decoded.at("dst_ia").get<std::string>());
        EXPECT_EQ(field_of(made, "SCION address/SrcAS").value,
                  decoded.at("src_ia").get<std::string>());
        if (decoded.contains("path")) {
            expect_path(made, decoded.at("path"));
        }
        if (decoded.contains("udp")) {
            EXPECT_EQ(number_of(made, "UDP/Source port"), decoded.at("udp").at("src_port"));
            EXPECT_EQ(number_of(made, "UDP/Destination port"), decoded.at("udp").at("dst_port"));
            EXPECT_EQ(field_of(made, "UDP/Checksum").judged, verdict::right);
        }
    }
}

TEST(ScionExplainVectors, BracceptFramesAreWholeAndTheirMacsRight) {
    LOAD_OR_SKIP(file, "braccept.json");
    const scion::isd_as own = as_of(file.at("local_ia"));
    const std::vector<explain::as_key> keys{
        key_of(own, bytes_of(file.at("master_keys").at("hop_field_key_hex")))};
    std::size_t right = 0;
    for (const json& one : file.at("cases")) {
        SCOPED_TRACE(one.at("name").get<std::string>());
        for (const char* const which : {"input_frame_hex", "want_frame_hex"}) {
            const json& frame = one.at("vector").at(which);
            if (frame.is_null()) {
                continue;
            }
            const explain::listing made = explained(bytes_of(frame), keys);
            EXPECT_NE(find_field(made.layers, "SCION common"), nullptr);
            EXPECT_EQ(field_of(made, "IPv4/Checksum").judged, verdict::right);
        }
        const explain::listing made =
            explained(bytes_of(one.at("vector").at("input_frame_hex")), keys);
        for (const json& mac : one.at("packet").value("macs", json::array())) {
            const auto* const found =
                find_field(made.layers, "SCION path/hop field " + mac.at("hop").dump() + "/MAC is");
            // A few cases have a path that is malformed.
            right += found != nullptr && found->judged == verdict::right ? 1U : 0U;
        }
    }
    EXPECT_GE(right, 30U);
}

TEST(ScionExplainVectors, OnWalksAllMacsAreRightAndOneThatIsFlippedIsNot) {
    LOAD_OR_SKIP(file, "e2e-walks.json");
    std::size_t checked = 0;
    for (const json& one : file.at("cases")) {
        for (const json& path : one.at("paths")) {
            SCOPED_TRACE(one.at("name").get<std::string>());
            std::vector<explain::as_key> keys;
            for (const json& step : path.at("router_steps")) {
                keys.push_back(key_of(as_of(step.at("ia")), bytes_of(step.at("hf_key_hex"))));
            }
            for (const json& step : path.at("router_steps")) {
                std::vector<byte> bytes = bytes_of(step.at("input_hex"));
                explain::listing made = explained(bytes, keys);
                ASSERT_TRUE(made.faults.empty());
                unsigned hops = 0;
                const auto hop_name = [](unsigned n) {
                    return "SCION path/hop field " + std::to_string(n);
                };
                for (; find_field(made.layers, hop_name(hops)) != nullptr; ++hops, ++checked) {
                    ASSERT_EQ(mac_of(made, hops), verdict::right) << "hop " << hops << '\n'
                                                                  << explain::to_text(made, false);
                }
                const std::uint64_t current = number_of(made, "SCION path/PathMeta/CurrHF");
                const auto at = hop_name(static_cast<unsigned>(current));
                EXPECT_EQ(field_of(made, at).value, step.at("ia").get<std::string>());
                bytes[field_of(made, at + "/MAC").offset + 5] ^= 1;
                made = explained(bytes, keys);
                EXPECT_NE(mac_of(made, static_cast<unsigned>(current)), verdict::right);
            }
        }
    }
    EXPECT_GE(checked, 350U);
}

TEST(ScionExplainVectors, ScmpMessagesHaveRightChecksumsAndNames) {
    LOAD_OR_SKIP(file, "scmp-messages.json");
    for (const json& one : file.at("messages")) {
        const auto name = one.at("name").get<std::string>();
        SCOPED_TRACE(name);
        packet_spec spec;
        spec.type = scion::path_type::empty;
        spec.from = "1-ff00:0:1";
        spec.to = "1-ff00:0:4";
        spec.source = host("172.16.4.3");
        spec.destination = host("174.16.4.1");
        spec.layer4 = {scion::next_scmp, bytes_of(one.at("hex"))};
        std::vector<byte> bytes = make_scion(spec);
        explain::listing made = explained(bytes);
        EXPECT_EQ(field_of(made, "SCMP/Checksum").judged, verdict::right);
        EXPECT_NE(field_of(made, "SCMP/Type").meaning, "unknown");
        bytes.back() ^= 1;
        EXPECT_EQ(field_of(explained(bytes), "SCMP/Checksum").judged, verdict::wrong);
    }
}

TEST(ScionExplainVectors, OfTheReferencesRouterTestsNothingIsRefused) {
    LOAD_OR_SKIP(file, "processpkt.json");
    for (const json& one : file.at("cases")) {
        SCOPED_TRACE(one.at("name").get<std::string>());
        const std::vector<byte> bytes = bytes_of(one.at("input_hex"));
        const explain::listing made = explained(bytes);
        EXPECT_NE(find_field(made.layers, "SCION address"), nullptr);
        // Some have text where UDP's header should be; that is no fault of the SCION header.
        const bool in_header = std::ranges::any_of(made.faults, [&bytes](const auto& bad) {
            return bad.offset <= scion::header_bytes(bytes.data());
        });
        EXPECT_EQ(in_header,
                  one.at("name") == "inbound_longpath" || one.at("name") == "epic malformed path")
            << explain::to_text(made, false);
    }
}

TEST(ScionExplainVectors, StunTellsTheAddressThatItMaps) {
    LOAD_OR_SKIP(file, "stun.json");
    EXPECT_EQ(field_of(explained(bytes_of(file.at("request_hex"))), "STUN/FINGERPRINT").judged,
              verdict::right);
    for (const json& one : file.at("responses")) {
        EXPECT_EQ(field_of(explained(bytes_of(one.at("hex"))), "STUN/XOR-MAPPED").meaning,
                  one.at("reflexive").get<std::string>());
    }
}

}  // namespace
}  // namespace rhumb::test

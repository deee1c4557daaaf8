// Headers, paths and authenticators as the reference's unit tests have them, in
// ../shared/vectors/scion.
#include <gtest/gtest.h>

#include "controlplane/scion/authenticator.hh"
#include "controlplane/scion/path_reversal.hh"
#include "dataplane/scion/packet.hh"
#include "rhumb/crypto/cmac.hh"
#include "tests/support/scion_border.hh"
#include "tests/support/vectors.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;

std::vector<byte> bytes_of(const json& hex) { return from_hex(hex.get<std::string>()); }

TEST(ScionCodec, ReceiveClassification) {
    LOAD_OR_SKIP(file, "header-codec.json");
    for (const json& one : file.at("receive_classification")) {
        border b;
        const std::vector<byte> scion = bytes_of(one.at("hex"));
        const bool is_stun = one.at("hex").get<std::string>().find("2112a442") == 8;
        // What is taken for SCION is not asked whether it is STUN; it fails for other reasons.
        EXPECT_EQ(told(b.run(0, scion)), is_stun ? "other" : "drop scion_malformed");
        EXPECT_FALSE(is_stun && one.at("accept").get<bool>());
        EXPECT_EQ(told(b.run(131, scion)), "drop scion_malformed");
    }
}

TEST(ScionCodec, FullHeader) {
    LOAD_OR_SKIP(file, "header-codec.json");
    std::vector<byte> bytes = bytes_of(file.at("full_header").at("hex"));
    bytes[4] = scion::next_udp;
    scion::packet p;
    p.scion = bytes.data();
    p.bytes = bytes.size();
    ASSERT_TRUE(find_parts(p));
    EXPECT_EQ(p.segments, 2);
    EXPECT_EQ(p.hops, 4);
    EXPECT_EQ(scion::traffic_class(p.scion), 0xb8U);
    EXPECT_EQ(scion::flow_id(p.scion), 0xdeadU);
    EXPECT_EQ(scion::destination(p.scion), isd_as_of("1-ff00:0:111"));
    EXPECT_EQ(scion::source(p.scion), isd_as_of("2-ff00:0:222"));
    EXPECT_EQ(scion::destination_type(p.scion), scion::host_ipv6);
    EXPECT_EQ(to_hex({scion::source_host(p.scion), 4}), "0a000064");
    EXPECT_EQ(to_hex({p.path, bytes.size() - static_cast<std::size_t>(p.path - p.scion)}),
              file.at("scion_path").at("hex").get<std::string>());
    EXPECT_EQ(to_hex(path_back(p, false)), file.at("reversed_scion_path_hex").get<std::string>());
    // One byte less is too short for its HdrLen, four less for its path.
    --p.bytes;
    EXPECT_FALSE(find_parts(p));
    p.bytes -= 3;
    --bytes[5];
    EXPECT_FALSE(find_parts(p));
}

TEST(ScionCodec, EpicPathsTurnIntoScionPaths) {
    LOAD_OR_SKIP(file, "header-codec.json");
    std::vector<byte> bytes = bytes_of(file.at("full_header").at("hex"));
    bytes.resize(28 + 20);
    for (const byte b : bytes_of(file.at("epic_path").at("hex"))) {
        bytes.push_back(b);
    }
    bytes[4] = scion::next_udp;
    bytes[5] = static_cast<byte>(bytes.size() / 4);
    bytes[8] = static_cast<byte>(scion::path_type::epic);
    scion::packet p;
    p.scion = bytes.data();
    p.bytes = bytes.size();
    ASSERT_TRUE(find_parts(p));
    EXPECT_EQ(to_hex(path_back(p, false)), file.at("reversed_scion_path_hex").get<std::string>());
}

// A packet with a path of such segments, all of it zeroes.
struct shaped {
    explicit shaped(std::uint32_t meta, std::size_t hops = 70) {
        bytes.resize(36 + scion::meta_bytes + 3 * scion::info_bytes + hops * scion::hop_bytes);
        bytes[4] = scion::next_udp;
        bytes[5] = static_cast<byte>(bytes.size() / 4);
        bytes[8] = 1;
        store_be32(&bytes[36], meta);
        p.scion = bytes.data();
        p.bytes = bytes.size();
    }
    std::vector<byte> bytes;
    scion::packet p;
};
std::uint32_t meta_of(const json& lengths, unsigned info = 0, unsigned hop = 0) {
    return scion::make_meta(info, hop, lengths.at(0), lengths.at(1), lengths.at(2));
}

TEST(ScionCodec, PathErrors) {
    LOAD_OR_SKIP(file, "header-codec.json");
    for (const json& one : file.at("path_errors")) {
        if (one.contains("seg_len")) {
            shaped s(meta_of(one.at("seg_len")));
            EXPECT_FALSE(find_parts(s.p)) << one;
        }
    }
    shaped gap(scion::make_meta(0, 0, 2, 0, 2));
    EXPECT_FALSE(find_parts(gap.p));
    shaped most(scion::make_meta(0, 0, 24, 24, 16));
    EXPECT_TRUE(find_parts(most.p)) << "64 hops";
    shaped none(0);
    EXPECT_TRUE(find_parts(none.p)) << "no hop: that is for later checks";
}

TEST(ScionCodec, IncrementTable) {
    LOAD_OR_SKIP(file, "header-codec.json");
    for (const json& one : file.at("increment_table")) {
        shaped s(meta_of(one.at("seg_len")) | 0x00fc0000);
        ASSERT_TRUE(find_parts(s.p));
        for (std::size_t n = 1; n < one.at("steps").size(); ++n) {
            const json& step = one.at("steps").at(n);
            const std::uint32_t before = s.p.meta;
            if (step == "error") {
                EXPECT_FALSE(advance(s.p));
                EXPECT_EQ(s.p.meta, before);
                continue;
            }
            EXPECT_TRUE(advance(s.p));
            EXPECT_EQ(s.p.meta, meta_of(one.at("seg_len"), step.at(0), step.at(1)));
            EXPECT_EQ(load_be32(s.p.path), s.p.meta);
        }
    }
}

TEST(ScionCodec, SegmentsAreSwitchedWhereTheTableSays) {
    LOAD_OR_SKIP(file, "header-codec.json");
    for (const json& one : file.at("is_xover_table")) {
        shaped s(meta_of(one.at("seg_len")));
        ASSERT_TRUE(find_parts(s.p));
        const auto at = one.at("xover_at_hop").get<std::vector<unsigned>>();
        for (unsigned hop = 0; hop + 1 < s.p.hops; ++hop) {
            EXPECT_EQ(scion::segment_of(s.p.meta, hop) != scion::segment_of(s.p.meta, hop + 1),
                      std::find(at.begin(), at.end(), hop) != at.end());
        }
    }
}

TEST(ScionCodec, ReverseIndexTable) {
    LOAD_OR_SKIP(file, "header-codec.json");
    for (const json& one : file.at("reverse_index_table")) {
        for (const json& pair : one.at("cases")) {
            const json& from = pair.at(0);
            shaped s(meta_of(one.at("seg_len"), from.at(0), from.at(1)));
            ASSERT_TRUE(find_parts(s.p));
            for (std::size_t n = 0; n < one.at("cons_dir").size(); ++n) {
                s.p.info(static_cast<unsigned>(n))[0] = one.at("cons_dir").at(n).get<byte>();
            }
            const std::vector<byte> back = path_back(s.p, false);
            const std::uint32_t meta = load_be32(back.data());
            unsigned info = pair.at(1).at(0);
            unsigned hop = pair.at(1).at(1);
            // Where a switch of segments follows, path_back() has done it already.
            if (hop + 1 < s.p.hops &&
                scion::segment_of(meta, hop) != scion::segment_of(meta, hop + 1)) {
                ++info;
                ++hop;
            }
            EXPECT_EQ(scion::current_info(meta), info);
            EXPECT_EQ(scion::current_hop(meta), hop);
            if (one.contains("out_cons_dir")) {
                for (std::size_t n = 0; n < one.at("out_cons_dir").size(); ++n) {
                    EXPECT_EQ(back.at(4 + 8 * n), one.at("out_cons_dir").at(n).get<unsigned>());
                }
            }
        }
    }
}

TEST(ScionCodec, ExtensionOrder) {
    LOAD_OR_SKIP(file, "header-codec.json");
    border b;
    for (const json& one : file.at("extension_order")) {
        packet_spec spec = transit(true, 131, 141);
        for (const json& kind : one.at("sequence")) {
            spec.extensions.emplace_back(
                kind == "hbh" ? scion::next_hop_by_hop : scion::next_end_to_end,
                std::vector<byte>{0, 1, 0});
        }
        EXPECT_EQ(b.tell(131, spec), one.at("ok").get<bool>() ? "out 141" : "drop scion_malformed")
            << one;
    }
}

TEST(ScionCodec, ScmpChecksums) {
    LOAD_OR_SKIP(file, "scmp-messages.json");
    const json& around = file.at("pseudo_header");
    for (const json& one : file.at("messages")) {
        packet_spec spec;
        spec.from = around.at("src_ia");
        spec.to = around.at("dst_ia");
        spec.source = host(around.at("src_host"));
        spec.destination = host(around.at("dst_host"));
        spec.type = scion::path_type::empty;
        spec.layer4 = {scion::next_scmp, bytes_of(one.at("hex"))};
        std::vector<byte> packet = make_scion(spec);
        EXPECT_TRUE(layer4_checksum_holds(packet)) << one;
        packet.back() ^= 1;
        EXPECT_FALSE(layer4_checksum_holds(packet)) << one;
    }
}

TEST(ScionCodec, OtherChecksums) {
    LOAD_OR_SKIP(file, "checksum.json");
    std::size_t compared = 0;
    for (const json& one : file.at("vectors")) {
        const auto source = one.at("src_host").get<std::string>();
        const auto destination = one.at("dst_host").get<std::string>();
        const auto host_of = [](const std::string& text) {
            return text.starts_with("svc:")
                       ? service_host(static_cast<unsigned>(std::stoul(text.substr(4))))
                       : host(text);
        };
        packet_spec spec;
        spec.from = one.at("src_ia");
        spec.to = one.at("dst_ia");
        spec.source = host_of(source);
        spec.destination = host_of(destination);
        spec.type = scion::path_type::empty;
        spec.layer4 = {one.at("protocol").get<unsigned>(), bytes_of(one.at("upper_layer_hex"))};
        store_be16(spec.layer4.bytes.data(),
                   static_cast<std::uint16_t>(
                       std::stoul(one.at("checksum").get<std::string>(), nullptr, 16)));
        EXPECT_TRUE(layer4_checksum_holds(make_scion(spec))) << one;
        ++compared;
    }
    EXPECT_EQ(compared, 4U);
}

// The header that an authenticator was made for, out of what it was made over.
std::vector<byte> header_of(const std::vector<byte>& data, const std::vector<byte>& payload) {
    std::vector<byte> header(std::size_t{data[0]} * 4);
    std::copy_n(data.begin() + 12, 4, header.begin());
    header[0] |= 0x0c;  // the upper two bits of the traffic class were masked
    header[5] = data[0];
    header[8] = data[16];
    header[9] = data[17];
    const std::size_t before = 12 + scion::address_bytes(header.data());
    const std::size_t source = scion::host_bytes(scion::source_type(header.data()));
    std::copy_n(data.begin() + 20, source, header.begin() + static_cast<long>(before - source));
    std::copy_n(data.end() - static_cast<long>(payload.size() + header.size() - before),
                header.size() - before, header.begin() + static_cast<long>(before));
    return header;
}
// What routers change, so that it must not matter.
void scramble(std::vector<byte>& header) {
    byte* path = header.data() + 12 + scion::address_bytes(header.data());
    const auto type = static_cast<scion::path_type>(header[8]);
    if (type == scion::path_type::one_hop) {
        store_be16(path + 2, 0xabcd);
        path[8] = 3;
        std::fill_n(path + 20, 12, byte{0x77});
    } else if (type != scion::path_type::empty) {
        path += type == scion::path_type::epic ? scion::epic_bytes : 0;
        path[0] = 0x41;
        for (const std::size_t info : {4U, 12U, 20U}) {
            store_be16(path + info + 2, 0xabcd);
        }
        for (const std::size_t hop : {28U, 40U, 52U}) {
            path[hop] = 3;
        }
    }
}

TEST(ScionCodec, AuthenticatedData) {
    LOAD_OR_SKIP(file, "spao.json");
    const std::vector<byte> key = bytes_of(file.at("key_hex"));
    const auto text = file.at("payload_ascii").get<std::string>();
    const std::vector<byte> payload(text.begin(), text.end());
    for (const json& one : file.at("vectors")) {
        SCOPED_TRACE(one.at("name").get<std::string>());
        const std::vector<byte> want = bytes_of(one.at("mac_input_hex"));
        std::vector<byte> header = header_of(want, payload);
        scramble(header);
        std::vector<byte> option(30);
        option[0] = 2;
        option[1] = 28;
        const auto spi = one.at("fields").at("spi").get<std::string>();
        store_be32(&option[2], static_cast<std::uint32_t>(std::stoul(spi, nullptr, 16)));
        for (std::size_t n = 0; n < 6; ++n) {
            option[8 + n] = static_cast<byte>(6 - n);
        }
        const std::vector<byte> got =
            scion::authenticated_data(header, option, scion::next_scmp, payload);
        EXPECT_EQ(to_hex(got), to_hex(want));
        crypto::cmac_key expanded;
        crypto::expand(expanded, key.data());
        EXPECT_EQ(to_hex(crypto::cmac(expanded, got).bytes), one.at("cmac_hex").get<std::string>());
    }
}

}  // namespace
}  // namespace rhumb::test

// SCION in the packet notation and in case files.
#include "tests/support/packet_scion.hh"

#include <gtest/gtest.h>

#include <string>

#include "rhumb/checksum.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/wire/scion.hh"
#include "tests/support/case_file.hh"
#include "tests/support/packet_text.hh"

namespace rhumb::test {
namespace {

const std::string ends = "scion 1-ff00:0:110,10.0.0.1 > 2-559,CS ";
const packet_names names{{"key own", "000102030405060708090a0b0c0d0e0f"}, {"now", "1000"}};

packet_bytes made(const std::string& text) {
    auto parsed = parse_packet(text, names);
    EXPECT_TRUE(parsed.ok()) << text << ": " << (parsed.ok() ? "" : parsed.why().message);
    return parsed.ok() ? *parsed : packet_bytes{};
}
std::string wrong(const std::string& text) {
    const auto parsed = parse_packet(text, names);
    return parsed.ok() ? "parsed"
                       : std::to_string(parsed.why().where.column) + ": " + parsed.why().message;
}

TEST(packet_scion, header_by_header) {
    EXPECT_EQ(made(ends + "flow 5 traffic-class 0xb8 | hex 01 02 03"),
              packet("hex 0b800005 fd090003 00400000 000200000000022f 0001ff0000000110 00020000 "
                     "0a000001 010203"));
    EXPECT_EQ(made("scion 1-5,::1 > 1-6,svc:15 next 17 length 7 header-length 8 path-type 3"),
              packet("hex 00000001 11080007 03430000 0001000000000006 0001000000000005 000f0000"
                     " 00000000000000000000000000000001"));
}

TEST(packet_scion, paths_and_macs) {
    const packet_bytes all = made(ends +
                                  "| path at 1 | segment back peering id 0x1234 with 1 age 10"
                                  " | hop 5 > 6 exp 7 ingress-alert mac 010203040506"
                                  " | hop 8 > 9 key own exp 63 egress-alert");
    ASSERT_EQ(all.size(), 36U + 4 + 8 + 24);
    const byte* const path = &all[36];
    EXPECT_EQ(load_be32(path), scion::make_meta(0, 1, 2, 0, 0));
    EXPECT_EQ(path[4], scion::info_peering);
    EXPECT_EQ(load_be32(path + 8), 990U);
    EXPECT_EQ(packet_bytes(path + 12, path + 24), packet("hex 0207 0005 0006 010203040506"));
    EXPECT_EQ(packet_bytes(path + 24, path + 30), packet("hex 013f 0008 0009"));
    crypto::cmac_key key;
    crypto::expand(key, packet("hex 000102030405060708090a0b0c0d0e0f").data());
    const packet_bytes input = packet("hex 0000 1234 000003de 00 3f 0008 0009 0000");
    crypto::block block{};
    std::copy(input.begin(), input.end(), block.bytes.begin());
    const crypto::block tag = crypto::cmac(key, block.bytes);
    EXPECT_TRUE(std::equal(path + 30, path + 36, tag.bytes.begin()));
    EXPECT_EQ(load_be16(path + 6), 0x1234 ^ load_be16(tag.bytes.data()));
}

TEST(packet_scion, one_hop_paths_and_extensions) {
    const packet_bytes all =
        made(ends +
             "| one-hop | segment forth id 7 made 9 | hop 0 > 4 | hop | hbh 0100 | e2e 0100"
             " | scmp 128/0 id 3 seq 4");
    ASSERT_EQ(all.size(), 36U + 32 + 4 + 4 + 8);
    EXPECT_EQ(all[4], scion::next_hop_by_hop);
    EXPECT_EQ(all[8], 2);
    EXPECT_EQ(packet_bytes(&all[36], &all[44]), packet("hex 01000007 00000009"));
    EXPECT_EQ(packet_bytes(&all[68], &all[78]), packet("hex c9000100 ca000100 8000"));
}

TEST(packet_scion, checksums_cover_addresses_and_quotes_are_cut) {
    for (const char* const layer4 : {"udp 1 > 2 | data 5", "tcp 1 > 2 | data 4",
                                     "scmp 4/51 pointer 60 cut 30 | scion 1-1,10.0.0.1 > "
                                     "1-2,10.0.0.2 | udp 1 > 2"}) {
        const packet_bytes all = made(ends + "| " + layer4);
        packet_bytes covered(&all[12], &all[36]);
        const std::size_t length = all.size() - 36;
        const byte protocol = all[4];
        covered.insert(covered.end(), {0, 0, 0, static_cast<byte>(length), 0, 0, 0, protocol});
        covered.insert(covered.end(), all.begin() + 36, all.end());
        EXPECT_EQ(checksum_of(covered.data(), covered.size()), 0) << layer4;
        if (protocol == scion::next_scmp) {
            EXPECT_EQ(length, 8U + 30);
            EXPECT_EQ(load_be16(&all[36 + 6]), 60);
        }
    }
}

TEST(packet_scion, errors_say_where) {
    EXPECT_EQ(wrong("scion 1-5 > 1-6,CS"), "7: \"1-5\" is not ISD-AS,HOST");
    EXPECT_EQ(wrong("scion 1_5,CS > 1-6,CS"), "7: \"1_5\" is not an ISD-AS");
    EXPECT_EQ(wrong("scion 1-5,CS > 1-6,10.0.0"), "20: \"10.0.0\" is not an IPv4 address");
    EXPECT_EQ(wrong("udp 1 > 2 | hop 1 > 2"), "13: this stands behind a scion element");
    EXPECT_EQ(wrong("scion 1-5,CS > 1-6,CS | segment back"),
              "25: before segments and hops stands path or one-hop");
    EXPECT_EQ(wrong("scion 1-5,CS > 1-6,CS | path | hop 1 > 2"), "32: hop cannot stand here");
    EXPECT_EQ(wrong("scion 1-5,CS > 1-6,CS | path | segment id 2"),
              "32: a segment goes forth or back");
    EXPECT_EQ(wrong("scion 1-5,CS > 1-6,CS | path | segment back with 1 | hop 1 > 2"),
              "32: with wants the number of a hop");
    EXPECT_EQ(wrong("scion 1-5,CS > 1-6,CS | path | segment back | hop 1 > 2 key mine"),
              "61: there is no key \"mine\"");
    EXPECT_EQ(wrong("scion 1-5,CS > 1-6,CS | path | segment back sideways"),
              "45: segment does not know \"sideways\", or knows it only with a value behind it");
    EXPECT_EQ(wrong("scion 1-5,CS > 1-6,CS | one-hop | segment back | hop"),
              "25: a one-hop path has a segment of two hops");
    EXPECT_EQ(wrong("scion 1-5,CS > 1-6,CS | e2e 01"), "25: options have 2, 6, 10, .. bytes");
    EXPECT_EQ(wrong("scmp 4"), "6: an SCMP type wants a number up to 255, not \"\"");
    EXPECT_EQ(wrong("bfd sleepy"), "5: a BFD state is admin-down, down, init or up");
}

TEST(case_file, keys_files_and_answers) {
    auto parsed = parse_case_file(
        "config\n    [node]\nfile keys/a.key\n    one\n      two\nfile b\n    three\n"
        "key own = 000102030405060708090a0b0c0d0e0f\n"
        "case first\n"
        "    without-daemon it cannot\n"
        "    in west " +
            ends +
            "| path | segment back | hop 1 > 2 key own\n"
            "    answer scion_bad_mac east hex 01\n",
        "x.case", 1000);
    ASSERT_TRUE(parsed.ok()) << parsed.why().text();
    EXPECT_EQ(parsed->files.at("keys/a.key"), "one\n  two\n");
    EXPECT_EQ(parsed->files.at("b"), "three\n");
    const test_case& first = parsed->cases.at(0);
    EXPECT_EQ(first.without_daemon, "it cannot");
    EXPECT_EQ(first.exchanges.at(0).in, made(ends + "| path | segment back | hop 1 > 2 key own"));
    EXPECT_EQ(first.exchanges.at(0).want, fate::answer);
    EXPECT_EQ(first.exchanges.at(0).reason, drop_reason::scion_bad_mac);
    EXPECT_EQ(first.exchanges.at(0).out_port, "east");
    EXPECT_EQ(first.exchanges.at(0).out, packet("hex 01"));
    const auto why = [](const std::string& text) {
        const auto read = parse_case_file(text, "x.case", 0);
        return read.ok() ? "parsed" : read.why().text();
    };
    EXPECT_EQ(why("key own = 00\n"), "x.case:1:11: key wants NAME = 32 hex digits");
    EXPECT_EQ(
        why("config\n    [node]\ncase a\n    in west hex 01\n    answer nothing east hex 01\n"),
        "x.case:5:20: \"nothing\" is no drop reason");
}

}  // namespace
}  // namespace rhumb::test

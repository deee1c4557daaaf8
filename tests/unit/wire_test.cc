// Headers against bytes that others have written down.
#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "rhumb/packet/drop_reason.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/mpls.hh"
#include "tests/support/packet_text.hh"
#include "tests/support/rfc1624.hh"

namespace rhumb {
namespace {

using test::packet;

// IEEE 802.3 and 802.1Q.
TEST(ethernet, header_without_and_with_a_tag) {
    constexpr ethernet::mac_address to{0x02, 0, 0, 0, 0x02, 0x01};
    constexpr ethernet::mac_address from{0x02, 0, 0, 0, 0x01, 0x02};
    std::array<byte, 18> frame{};
    EXPECT_EQ(ethernet::write_header(frame.data(), to, from, 0, ethernet::type_mpls), 14U);
    EXPECT_EQ(frame, (std::array<byte, 18>{2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 2, 0x88, 0x47}));
    EXPECT_EQ(ethernet::write_header(frame.data(), to, from, 4094, ethernet::type_ipv6), 18U);
    EXPECT_EQ(frame, (std::array<byte, 18>{2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 2, 0x81, 0x00, 0x0f,
                                           0xfe, 0x86, 0xdd}));
    EXPECT_EQ(ethernet::destination_word(frame.data()), ethernet::mac_word(to));
}

TEST(ethernet, group_addresses) {
    using ethernet::mac_word;
    EXPECT_FALSE(ethernet::is_group(mac_word({0x02, 0xff, 0xff, 0xff, 0xff, 0xff})));
    EXPECT_TRUE(ethernet::is_group(mac_word({0x01, 0x00, 0x5e, 0, 0, 1})));
    EXPECT_TRUE(ethernet::is_group(mac_word({0x33, 0x33, 0, 0, 0, 1})));
    EXPECT_TRUE(ethernet::is_group(mac_word({0xff, 0xff, 0xff, 0xff, 0xff, 0xff})));
}

// RFC 3032 section 2.1: label 20, TC 3, S 1, TTL 8.
TEST(mpls, label_stack_entry) {
    static_assert(mpls::make(16002, 5, true, 64) == 0x03e82b40);
    static_assert(mpls::make(0xfffff, 7, true, 255) == 0xffffffff);
    static_assert(mpls::make(0xfffff, 0, false, 0) == 0xfffff000);
    for (const mpls::label label : {0U, 3U, 16U, 16002U, 0xfffffU}) {
        for (unsigned rest = 0; rest < 0x1000; ++rest) {
            const mpls::lse entry = mpls::make(label, rest >> 9, (rest >> 8 & 1) != 0, rest & 0xff);
            EXPECT_EQ(entry, label << 12 | rest);
            EXPECT_EQ(mpls::label_of(entry), label);
            EXPECT_EQ(mpls::tc_of(entry), rest >> 9);
            EXPECT_EQ(mpls::is_bottom(entry), (rest >> 8 & 1) != 0);
            EXPECT_EQ(mpls::ttl_of(entry), rest & 0xff);
            EXPECT_EQ(mpls::with_ttl(entry, 7), (entry & 0xffffff00) | 7);
        }
    }
}

// A header that has been computed by hand many times: en.wikipedia.org/wiki/Internet_checksum.
TEST(ipv4, fields_and_checksum) {
    const test::packet_bytes bytes =
        packet("hex 4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7");
    const byte* const ip = bytes.data();
    EXPECT_EQ(ipv4::version(ip), 4U);
    EXPECT_EQ(ipv4::header_bytes(ip), 20U);
    EXPECT_EQ(ipv4::precedence(ip), 0U);
    EXPECT_EQ(ipv4::total_length(ip), 0x73);
    EXPECT_EQ(ipv4::fragment(ip), 0U);
    EXPECT_EQ(ipv4::ttl(ip), 64U);
    EXPECT_EQ(ipv4::protocol(ip), 17U);
    EXPECT_EQ(ipv4::source(ip), 0xc0a80001);
    EXPECT_EQ(ipv4::destination(ip), 0xc0a800c7);
    EXPECT_TRUE(ipv4::checksum_holds(ip));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        auto broken = bytes;
        broken[n] ^= 0x10;
        if (n != 0) {  // there, the header's length changes, too
            EXPECT_FALSE(ipv4::checksum_holds(broken.data())) << n;
        }
    }
}

TEST(ipv4, precedence_and_fragments) {
    const auto ef = packet("ipv4 10.0.0.1 > 10.0.0.2 dscp 46 df");
    EXPECT_EQ(ipv4::precedence(ef.data()), 5U);
    EXPECT_EQ(ipv4::fragment(ef.data()), 0U);
    EXPECT_NE(ipv4::fragment(packet("ipv4 10.0.0.1 > 10.0.0.2 mf").data()), 0U);
    EXPECT_NE(ipv4::fragment(packet("ipv4 10.0.0.1 > 10.0.0.2 offset 1").data()), 0U);
}

TEST(ipv4, martians) {
    for (const std::uint32_t bad : {0x00000000U, 0x00ffffffU, 0x7f000001U, 0xa9fe0000U, 0xa9feffffU,
                                    0xe0000000U, 0xf0000000U, 0xffffffffU}) {
        EXPECT_TRUE(ipv4::is_martian(bad)) << bad;
    }
    for (const std::uint32_t good : {0x01000000U, 0x0a000001U, 0x7effffffU, 0x80000000U,
                                     0xa9fdffffU, 0xa9ff0000U, 0xdfffffffU}) {
        EXPECT_FALSE(ipv4::is_martian(good)) << good;
    }
}

TEST(ipv6, fields) {
    const auto bytes = packet(
        "hex 6b812345 0010 3b 07 2001 0db8 0000 0000 0000 0000 0000 0001"
        " 2001 0db8 0002 0000 0000 0000 0000 0007");
    const byte* const ip = bytes.data();
    EXPECT_EQ(ipv6::version(ip), 6U);
    EXPECT_EQ(ipv6::precedence(ip), 5U);  // traffic class b8
    EXPECT_EQ(ipv6::payload_length(ip), 16);
    EXPECT_EQ(ipv6::next_header(ip), 0x3bU);
    EXPECT_EQ(ipv6::hop_limit(ip), 7U);
    EXPECT_EQ(load_be64(ipv6::source_bytes(ip) + 8), 1U);
    EXPECT_EQ(load_be64(ipv6::destination_bytes(ip) + 8), 7U);
}

TEST(ipv6, martians) {
    const auto martian = [](const std::string& address) {
        const auto bytes = packet("ipv6 2001:db8::1 > " + address);
        return ipv6::is_martian(ipv6::destination_bytes(bytes.data()));
    };
    for (const char* const bad : {"::", "::1", "fe80::", "febf:ffff::1", "ff00::", "ffff::1"}) {
        EXPECT_TRUE(martian(bad)) << bad;
    }
    for (const char* const good : {"::2", "1::", "::1:0", "fe7f:ffff::", "fec0::", "2001:db8::1"}) {
        EXPECT_FALSE(martian(good)) << good;
    }
}

TEST(drop_reasons, have_names_and_sentences_of_their_own) {
    for (const drop_reason_text& one : drop_reason_texts) {
        EXPECT_FALSE(one.name.empty());
        EXPECT_TRUE(one.sentence.ends_with('.')) << one.name;
        EXPECT_EQ(one.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
                  std::string_view::npos)
            << one.name;
        for (const drop_reason_text& other : drop_reason_texts) {
            if (&one != &other) {
                EXPECT_NE(one.name, other.name);
                EXPECT_NE(one.sentence, other.sentence);
            }
        }
        EXPECT_EQ(&text_of(one.reason), &one);
    }
}

TEST(ipv4, a_ttl_that_is_lowered_is_the_same_as_one_that_is_set) {
    std::array<byte, ipv4::min_header_bytes> header{0x45};
    for (std::uint32_t checksum = 0; checksum < 0x10000; ++checksum) {
        for (const auto& [ttl, hops] :
             {std::pair{1U, 1U}, {64U, 1U}, {255U, 1U}, {255U, 254U}, {200U, 100U}, {9U, 0U}}) {
            header[8] = static_cast<byte>(ttl);
            header[9] = static_cast<byte>(checksum * 7);
            store_be16(header.data() + 10, static_cast<std::uint16_t>(checksum));
            auto set = header;
            test::set_ttl(set.data(), ttl - hops);
            ipv4::lower_ttl(header.data(), hops);
            ASSERT_EQ(header, set) << checksum << ' ' << ttl << ' ' << hops;
        }
    }
}

}  // namespace
}  // namespace rhumb

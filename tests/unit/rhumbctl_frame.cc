// rhumbctl: frames in words.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/rhumbctl_words.hh"
#include "tools/rhumbctl/frame.hh"

namespace rhumb::ctl {
namespace {

std::string summary(std::string_view hex, std::size_t more = 0) {
    const frame_bytes bytes = bytes_of(hex);
    return frame_summary(bytes, bytes.size() + more);
}

constexpr const char* eth = "020000000101 020000000901 ";
constexpr const char* eth_text = "eth 02:00:00:00:09:01 > 02:00:00:00:01:01";
constexpr const char* udp4 =
    "45000024 00000000 40110000 0a000001 0a020001 03e807d0 00100000 "
    "0001020304050607";

TEST(rhumbctl_frame, whole_frames) {
    EXPECT_EQ(summary(std::string(eth) + "8847 03e82140" + udp4),
              std::string(eth_text) +
                  " | mpls 16002 ttl 64 | ipv4 10.0.0.1 > 10.2.0.1 ttl 64"
                  " | udp 1000 > 2000 | data 8");
    EXPECT_EQ(summary(std::string(eth) + "8100 6005 8847 03e82a40 00007000 16a1f100" + udp4),
              std::string(eth_text) +
                  " | vlan 5 | mpls 16002 tc 5 ttl 64 | mpls 7 ttl 0"
                  " | mpls 92703 ttl 0 | ipv4 10.0.0.1 > 10.2.0.1 ttl 64"
                  " | udp 1000 > 2000 | data 8");
    EXPECT_EQ(summary(std::string(eth) + "86dd 60000000 00083a07 20010db8000000000000000000000001 "
                                         "20010db8000000000000000000000002 8000 0000 00010001"),
              std::string(eth_text) +
                  " | ipv6 2001:db8::1 > 2001:db8::2 hop-limit 7"
                  " | icmpv6 type 128 code 0 | data 4");
    EXPECT_EQ(summary(std::string(eth) + "0806 0001080006040001"),
              std::string(eth_text) + " | arp request");
    EXPECT_EQ(summary(std::string(eth) + "88cc 0102"),
              std::string(eth_text) + " | type 0x88cc | data 2");
    EXPECT_EQ(summary(std::string(eth) + "0800" + udp4, 100),
              std::string(eth_text) +
                  " | ipv4 10.0.0.1 > 10.2.0.1 ttl 64 | udp 1000 > 2000"
                  " | data 108");
}

TEST(rhumbctl_frame, odd_frames) {
    const std::string e(eth);
    const std::string t(eth_text);
    EXPECT_EQ(summary(""), "eth cut after 0 of 14 bytes");
    EXPECT_EQ(summary(e), "eth cut after 12 of 14 bytes");
    EXPECT_EQ(summary(e + "8847"), t + " | mpls cut after 0 of 4 bytes");
    EXPECT_EQ(summary(e + "8847 03e82040 03"),
              t + " | mpls 16002 ttl 64 | mpls cut after 1 of 4 bytes");
    EXPECT_EQ(summary(e + "8847 03e82140"), t + " | mpls 16002 ttl 64");
    EXPECT_EQ(summary(e + "8847 03e82140 45"),
              t + " | mpls 16002 ttl 64 | ipv4 cut after 1 of 20 bytes");
    EXPECT_EQ(summary(e + "8847 03e82140 00ff"), t + " | mpls 16002 ttl 64 | data 2");
    EXPECT_EQ(summary(e + "0800 41000024 00000000 40110000 0a000001 0a020001 00"),
              t + " | ipv4 10.0.0.1 > 10.2.0.1 ttl 64 (version 4, header of 4 bytes) | data 1");
    EXPECT_EQ(summary(e + "0800 4f000024 00000000 40110000 0a000001 0a020001 00"),
              t + " | ipv4 10.0.0.1 > 10.2.0.1 ttl 64 | ipv4 options cut after 1 of 40 bytes");
    EXPECT_EQ(summary(e + "0800 45000024 00000001 40110000 0a000001 0a020001 00"),
              t + " | ipv4 10.0.0.1 > 10.2.0.1 ttl 64 offset 8 | data 1");
    EXPECT_EQ(summary(e + "0800 45000024 00000000 40060000 0a000001 0a020001 00500051 00"),
              t + " | ipv4 10.0.0.1 > 10.2.0.1 ttl 64 | tcp 80 > 81"
                  " | tcp cut after 5 of 20 bytes");
    EXPECT_EQ(summary(e + "8100 0005"), t + " | vlan cut after 2 of 4 bytes");
}

// Every cut of frames, each in memory of its own size for the sanitizer to guard.
TEST(rhumbctl_frame, any_cut_of_any_bytes) {
    std::vector<frame_bytes> frames{
        bytes_of(std::string(eth) + "8100 0005 8847 03e82040 03e82140" + udp4)};
    std::uint32_t random = 1;
    for (int n = 0; n < 2000; ++n) {
        frame_bytes frame = frames[0];
        for (int change = 0; change < 4; ++change) {
            random = random * 1664525U + 1013904223U;
            frame[random % frame.size()] = static_cast<byte>(random >> 24);
        }
        frames.push_back(std::move(frame));
    }
    for (const frame_bytes& whole : frames) {
        for (std::size_t size = 0; size <= whole.size(); ++size) {
            const auto copy = std::make_unique<byte[]>(size);
            std::copy_n(whole.begin(), size, copy.get());
            EXPECT_FALSE(frame_summary({copy.get(), size}, size).empty());
        }
    }
}

TEST(rhumbctl_frame, hex) {
    EXPECT_EQ(parse_hex(""), frame_bytes{});
    EXPECT_EQ(parse_hex("00fF"), (frame_bytes{0, 255}));
    for (const char* bad : {"0", "0g", "g0", "-1", " 1", "0x", "+1"}) {
        EXPECT_FALSE(parse_hex(bad)) << bad;
    }
    EXPECT_FALSE(parse_hex(std::string(2 * (max_frame_bytes + 1), '0')));
    const frame_bytes bytes(17, 0xab);
    EXPECT_EQ(hex_dump(bytes, "> "),
              "> 0000  ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab\n> 0010  ab\n");
    EXPECT_EQ(hex_dump({}, "> "), "");
}

}  // namespace
}  // namespace rhumb::ctl

// tools/packets: captures and lists of packets, whole, damaged and hostile.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "tests/support/packet_text.hh"
#include "tools/packets/packet_list.hh"
#include "tools/packets/pcap_file.hh"

namespace rhumb::packets {
namespace {

void put(std::vector<byte>& to, std::uint32_t value, bool big_endian) {
    for (unsigned n = 0; n < 4; ++n) {
        to.push_back(static_cast<byte>(value >> 8 * (big_endian ? 3 - n : n)));
    }
}

// A capture of one packet of 4 bytes, 6 on the wire, at 7 seconds and `fraction`.
std::vector<byte> capture(std::uint32_t magic, bool big_endian, std::uint32_t fraction = 5) {
    std::vector<byte> file;
    for (const std::uint32_t word :
         {magic, 0x00020004U, 0U, 0U, 65535U, 1U, 7U, fraction, 4U, 6U}) {
        put(file, word, big_endian);
    }
    file.insert(file.end(), {0xde, 0xad, 0xbe, 0xef});
    return file;
}

void expect_refused(const std::vector<byte>& file, const std::string& why) {
    const auto read = read_pcap(file);
    ASSERT_FALSE(read.ok());
    EXPECT_NE(read.why().message.find(why), std::string::npos) << read.why().message;
}

TEST(Pcap, BothByteOrdersAndUnits) {
    for (const bool big_endian : {false, true}) {
        for (const auto& [magic, nanoseconds] :
             {std::pair{0xa1b2c3d4U, 7'000'005'000U}, std::pair{0xa1b23c4dU, 7'000'000'005U}}) {
            const auto read = read_pcap(capture(magic, big_endian));
            ASSERT_TRUE(read.ok()) << read.why().message;
            ASSERT_EQ(read.value().size(), 1U);
            EXPECT_EQ(read.value()[0].nanoseconds, nanoseconds);
            EXPECT_EQ(read.value()[0].wire_bytes, 6U);
            EXPECT_EQ(read.value()[0].data, (std::vector<byte>{0xde, 0xad, 0xbe, 0xef}));
        }
    }
}

TEST(Pcap, WhatIsWrittenIsRead) {
    const std::vector<captured> packets{{1'234'567'000, 3, {1, 2, 3}}, {2'000'000'000, 0, {}}};
    const auto read = read_pcap(write_pcap(packets));
    ASSERT_TRUE(read.ok()) << read.why().message;
    ASSERT_EQ(read.value().size(), packets.size());
    for (std::size_t n = 0; n < packets.size(); ++n) {
        EXPECT_EQ(read.value()[n].nanoseconds, packets[n].nanoseconds);
        EXPECT_EQ(read.value()[n].wire_bytes, packets[n].wire_bytes);
        EXPECT_EQ(read.value()[n].data, packets[n].data);
    }
}

TEST(Pcap, EveryTruncationIsAnErrorOrEndsBetweenPackets) {
    const std::vector<byte> whole = capture(0xa1b2c3d4, false);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const std::vector<byte> part(whole.begin(), whole.begin() + static_cast<long>(size));
        EXPECT_EQ(read_pcap(part).ok(), size == 24) << size << " bytes";
    }
}

TEST(Pcap, RefusesWhatItIsNot) {
    expect_refused({0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0}, "pcapng");
    expect_refused(capture(0xa1b2cd34, false), "no pcap file");
    auto cooked = capture(0xa1b2c3d4, false);
    cooked[20] = 113;
    expect_refused(cooked, "link type is 113");
}

TEST(Pcap, RefusesLengthsThatCannotBe) {
    auto file = capture(0xa1b2c3d4, false);
    file[24 + 8] = 7;  // more kept than sent
    expect_refused(file, "packet 1, at byte 24");
    file = capture(0xa1b2c3d4, false);
    file[24 + 8] = file[24 + 12] = 5;  // more than there is
    expect_refused(file, "4 are left");
    file[24 + 11] = file[24 + 15] = 0xff;
    expect_refused(file, "at most");
}

TEST(PacketList, NamesCommentsAndLinesThatGoOn) {
    const auto read = read_packet_list(
        "# a comment\n"
        "let to = eth 02:00:00:00:00:01 > 02:00:00:00:00:02\r\n"
        "let deep = mpls 5 | mpls 6\n"
        "\n"
        "$to | $deep\n"
        "    | ipv4 1.0.0.1 > 2.0.0.2\n"
        "  # another\n"
        "$to | ipv6 2001:db8::1 > 2001:db8::2\n",
        "list");
    ASSERT_TRUE(read.ok()) << read.why().text();
    ASSERT_EQ(read.value().size(), 2U);
    EXPECT_EQ(read.value()[0].line, 5U);
    EXPECT_EQ(read.value()[1].line, 8U);
    EXPECT_EQ(read.value()[0].data,
              test::packet("eth 02:00:00:00:00:01 > 02:00:00:00:00:02 | mpls 5 | mpls 6 "
                           "| ipv4 1.0.0.1 > 2.0.0.2"));
}

TEST(PacketList, ErrorsSayWhere) {
    const auto where = [](std::string_view text) {
        const auto read = read_packet_list(text, "list");
        return read.ok() ? "" : read.why().text().substr(0, read.why().text().find(": "));
    };
    EXPECT_EQ(where("data 4\nmpls 99999999\n"), "list:2:6");
    EXPECT_EQ(where("  mpls 5 | nonsense 4\n"), "list:1:12");
    EXPECT_EQ(where("mpls 5\n  | ipv4 1.0.0.1 > 2.0.0.256\n"), "list:2:20");
    EXPECT_EQ(where("let a mpls 5\n"), "list:1:5");
    EXPECT_EQ(where("let\n"), "list:1:5");
    EXPECT_EQ(where("let a = mpls 5\nlet a = mpls 6\n"), "list:2:5");
    EXPECT_EQ(where("| mpls 5\n"), "list:1:1");
    EXPECT_EQ(where("data 4\n\n| mpls 5\n"), "list:3:1");
    EXPECT_EQ(where("$a | data 4\n"), "list:1:1");
}

TEST(PacketList, WhatIsDescribedIsTheSamePacket) {
    const auto bytes = test::packet(
        "eth 02:00:00:00:00:01 > 02:00:00:00:00:02 | vlan 7 | mpls 16002 ttl 9 tc 3 "
        "| ipv4 1.0.0.1 > 2.0.0.2 | udp 1 > 2 | payload \"hello\" | pad 80");
    const auto read = read_packet_list(test::describe_packet(bytes) + '\n', "list");
    ASSERT_TRUE(read.ok()) << read.why().text();
    ASSERT_EQ(read.value().size(), 1U);
    EXPECT_EQ(read.value()[0].data, bytes);
}

}  // namespace
}  // namespace rhumb::packets

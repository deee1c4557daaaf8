// STUN Binding Requests and their answers.
#include <gtest/gtest.h>

#include <array>
#include <string_view>

#include "controlplane/scion/stun.hh"
#include "tests/support/packet_text.hh"

namespace rhumb::stun {
namespace {

using test::packet;
using test::packet_bytes;

// Puts the length and a FINGERPRINT into a message without.
packet_bytes finished(packet_bytes message) {
    const std::size_t before = message.size();
    message.resize(before + fingerprint_bytes);
    store_be16(message.data() + 2, static_cast<std::uint16_t>(message.size() - header_bytes));
    store_be16(message.data() + before, attribute_fingerprint);
    store_be16(message.data() + before + 2, 4);
    store_be32(message.data() + before + 4, fingerprint(std::span(message).first(before)));
    return message;
}

packet_bytes header() { return packet("hex 0001 0000 2112a442 a0a1a2a3a4a5a6a7a8a9aaab"); }

packet_bytes with(std::string_view attributes) {
    packet_bytes message = header();
    const packet_bytes more = packet(attributes);
    message.insert(message.end(), more.begin(), more.end());
    return finished(std::move(message));
}

packet_bytes answer_to(const packet_bytes& request, const packet_bytes& from, std::uint16_t port) {
    const auto made = answer(request, from, port);
    return made ? packet_bytes(made->bytes().begin(), made->bytes().end()) : packet_bytes();
}

const packet_bytes host{192, 0, 2, 1};

// Its check value, as catalogues of CRCs list it.
TEST(stun, crc32_of_the_check_string) {
    constexpr std::array<byte, 9> digits{'1', '2', '3', '4', '5', '6', '7', '8', '9'};
    static_assert(crc32(digits) == 0xcbf43926);
    static_assert(crc32({}) == 0);
}

// RFC 5769 section 2.1: a request with attributes of all sorts, whose FINGERPRINT is known.
TEST(stun, the_sample_request_of_rfc_5769_is_one) {
    const packet_bytes sample = packet(
        "hex 00010058 2112a442 b7e7a701bc34d686fa87dfae"
        " 80220010 5354554e207465737420636c69656e74"
        " 00240004 6e0001ff 80290008 932ff9b151263b36"
        " 00060009 6576746a3a68367659202020"
        " 00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
        " 80280004 e57a3bcf");
    EXPECT_TRUE(is_binding_request(sample));
    // Sections 2.2 and 2.3 have the answers' addresses: 192.0.2.1 and 2001:db8:..., port 32853.
    EXPECT_EQ(answer_to(sample, host, 32853),
              packet("hex 0101000c 2112a442 b7e7a701bc34d686fa87dfae 00200008 0001a147 e112a643"));
    EXPECT_EQ(answer_to(sample, packet("hex 20010db8 12345678 00112233 44556677"), 32853),
              packet("hex 01010018 2112a442 b7e7a701bc34d686fa87dfae"
                     " 00200014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9"));
    for (std::size_t n = 0; n < sample.size() * 8; ++n) {
        packet_bytes broken = sample;
        broken[n / 8] ^= static_cast<byte>(1U << n % 8);
        EXPECT_FALSE(is_binding_request(broken)) << "bit " << n;
    }
    for (std::size_t n = 0; n < sample.size(); ++n) {
        EXPECT_FALSE(is_binding_request(std::span(sample).first(n))) << n;
    }
}

TEST(stun, the_shortest_request_is_a_header_and_a_fingerprint) {
    const packet_bytes shortest = finished(header());
    EXPECT_EQ(shortest.size(), 28U);
    EXPECT_TRUE(is_binding_request(shortest));
    packet_bytes longer = shortest;
    longer.resize(32);
    EXPECT_FALSE(is_binding_request(longer)) << "bytes behind the message";
}

TEST(stun, attributes_before_the_fingerprint_are_passed_over) {
    EXPECT_TRUE(is_binding_request(with("hex 8022 0003 61626300")));
    EXPECT_TRUE(is_binding_request(with("hex 8022 0000 8022 0004 61626364")));
    EXPECT_FALSE(is_binding_request(with("hex 8022 0003 616263"))) << "without its padding";
    EXPECT_FALSE(is_binding_request(with("hex 8022 000c 61626364"))) << "ends in the fingerprint";
    EXPECT_FALSE(is_binding_request(with("hex 8022 0008"))) << "swallows the fingerprint";
    EXPECT_FALSE(is_binding_request(with("hex 8022 ffff"))) << "ends far behind";
}

TEST(stun, only_a_binding_request_is_answered) {
    for (const unsigned type : {0x0000U, 0x0011U, 0x0101U, 0x0111U, 0x0002U, 0x4001U, 0x8001U}) {
        packet_bytes message = header();
        store_be16(message.data(), static_cast<std::uint16_t>(type));
        EXPECT_EQ(answer_to(finished(std::move(message)), host, 1), packet_bytes()) << type;
    }
    packet_bytes old = header();
    old[4] = 0;  // RFC 3489, without a cookie
    EXPECT_EQ(answer_to(finished(std::move(old)), host, 1), packet_bytes());
    EXPECT_EQ(answer_to(header(), host, 1), packet_bytes()) << "no fingerprint";
    EXPECT_EQ(answer_to({}, host, 1), packet_bytes());
}

TEST(stun, an_address_of_another_size_has_no_answer) {
    const packet_bytes request = finished(header());
    EXPECT_EQ(answer_to(request, host, 1).size(), 32U);
    for (const std::size_t size : {0U, 3U, 5U, 8U, 12U, 17U}) {
        EXPECT_EQ(answer_to(request, packet_bytes(size, 1), 1), packet_bytes()) << size;
    }
}

}  // namespace
}  // namespace rhumb::stun

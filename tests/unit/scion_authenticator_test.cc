// Authenticators on SCMP messages, with the reference's stand-in for a key.
#include <gtest/gtest.h>

#include "controlplane/scion/authenticator.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/wire/scmp.hh"
#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

constexpr std::uint64_t day_ns = 86'400'000'000'000;
constexpr std::uint64_t window_ns = 300'000'000'000;
constexpr std::size_t tag_offset = 14;  // in the option

crypto::block stand_in_tag(std::span<const byte> data) {
    crypto::cmac_key key;
    crypto::expand(key, std::vector<byte>(16).data());
    return crypto::cmac(key, data);
}

// A traceroute request to this router with an authenticator made at `when` of the day.
struct request {
    explicit request(std::uint64_t when, std::uint32_t spi = 0x00010001, byte algorithm = 0) {
        spec = transit(false, 141, 131);
        spec.segments[0].hops[1].alert_in = true;
        spec.layer4 = traceroute(scmp::traceroute_request, 7);
        std::vector<byte> extension(scion::authenticator_bytes - 1);
        extension[0] = 7;
        extension[1] = 2;
        extension[2] = 28;
        store_be32(&extension[3], spi);
        extension[7] = algorithm;
        store_be16(&extension[9], static_cast<std::uint16_t>(when >> 32));
        store_be32(&extension[11], static_cast<std::uint32_t>(when));
        spec.extensions = {{scion::next_end_to_end, extension}};
        bytes = make_scion(spec);
        header = scion::header_bytes(bytes.data());
        const std::span<byte> option(&bytes[header + 2], 30);
        const auto tag = stand_in_tag(scion::authenticated_data(
            {bytes.data(), header}, option, scion::next_scmp, spec.layer4.bytes));
        std::copy(tag.bytes.begin(), tag.bytes.end(), &option[tag_offset]);
    }
    packet_spec spec;
    std::vector<byte> bytes;
    std::size_t header = 0;
};

// Whether the reply, which there is in any case, has an authenticator.
bool authenticated(const border& b, const scion_outcome& got) {
    const auto reply = b.rig.reply(got, true);
    EXPECT_TRUE(reply);
    const byte* const h = &reply->at(28);
    const std::size_t header = scion::header_bytes(h);
    EXPECT_EQ(scion::payload_length(h), reply->size() - 28 - header);
    EXPECT_EQ(what_is_wrong_with(*reply), "");
    if (scion::next_header(h) != scion::next_end_to_end) {
        EXPECT_EQ(scion::next_header(h), scion::next_scmp);
        return false;
    }
    const std::span<const byte> option(h + header + 2, 30);
    EXPECT_EQ(h[header], scion::next_scmp);
    EXPECT_EQ(load_be32(&option[2]), 1U) << "the sender's side, SCMP";
    const std::span<const byte> message =
        std::span(*reply).subspan(28 + header + scion::authenticator_bytes);
    const auto tag =
        stand_in_tag(scion::authenticated_data({h, header}, option, scion::next_scmp, message));
    EXPECT_EQ(to_hex(tag.bytes), to_hex(option.subspan(tag_offset, 16)));
    return true;
}

TEST(ScionAuthenticator, AuthenticRequestsGetAuthenticReplies) {
    border b;
    const std::uint64_t now = clock_ms * 1'000'000 % day_ns;
    const request good(now);
    ASSERT_EQ(told(b.run(141, good.bytes)), "traceroute 141");
    EXPECT_TRUE(authenticated(b, b.run(141, good.bytes)));
    // As the reference router, which looks neither at SPI nor at algorithm.
    EXPECT_TRUE(authenticated(b, b.run(141, request(now, 1).bytes))) << "the sender's side";
    EXPECT_TRUE(authenticated(b, b.run(141, request(now, 0x00030001).bytes))) << "host to host";
    EXPECT_TRUE(authenticated(b, b.run(141, request(now, 0x00010001, 1).bytes)));
    for (const std::size_t at : {good.header + 2 + tag_offset, good.bytes.size() - 1}) {
        std::vector<byte> bad = good.bytes;
        bad[at] ^= 1;
        EXPECT_FALSE(authenticated(b, b.run(141, bad))) << at;
    }
    packet_spec without = good.spec;
    without.extensions.clear();
    EXPECT_FALSE(authenticated(b, b.run(141, without)));
}

TEST(ScionAuthenticator, WhatLiesBehindTheDatagramIsNotAuthenticated) {
    border b;
    std::vector<byte> packet = border::packet_by(141, request(clock_ms * 1'000'000 % day_ns).bytes);
    packet.push_back(1);
    EXPECT_TRUE(authenticated(b, b.rig.run(packet)));
}

TEST(ScionAuthenticator, RequestsAreFiveMinutesOldAtMost) {
    border b;
    // The clock stands one minute behind the beginning of an epoch.
    const std::uint64_t now = clock_ms * 1'000'000 % day_ns;
    ASSERT_LT(now, window_ns);
    EXPECT_TRUE(authenticated(b, b.run(141, request(now + window_ns).bytes)));
    EXPECT_FALSE(authenticated(b, b.run(141, request(now + window_ns + 1).bytes)));
    // Of the epoch before.
    EXPECT_TRUE(authenticated(b, b.run(141, request(now + day_ns - window_ns).bytes)));
    EXPECT_FALSE(authenticated(b, b.run(141, request(now + day_ns - window_ns - 1).bytes)));
}

TEST(ScionAuthenticator, EveryErrorHasOne) {
    border b;
    EXPECT_TRUE(authenticated(b, b.run(131, transit(true, 131, 132))));
    packet_spec spec = transit(true, 131, 132);
    spec.type = scion::path_type::epic;
    EXPECT_TRUE(authenticated(b, b.run(131, spec)));
}

}  // namespace
}  // namespace rhumb::test

// The overlay's wire against bytes that live npm peers took or sent:
// $RHUMB_VECTORS/ebt/vectors.json.
#include <gtest/gtest.h>
#include <sodium.h>

#include <array>
#include <string>

#include "controlplane/overlay/wire/classic_message.hh"
#include "tests/support/from_hex.hh"
#include "tests/support/overlay_keys.hh"
#include "tests/support/vectors.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using json = nlohmann::json;

std::string sha256_hex(std::string_view text) {
    std::array<byte, 32> hash{};
    crypto_hash_sha256(hash.data(), reinterpret_cast<const byte*>(text.data()), text.size());
    std::array<char, 65> hex{};
    return sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
}

TEST(OverlayVectors, ClassicMessages) {
    LOAD_OR_SKIP(vectors, "../ebt/vectors.json");
    const json& classic = vectors["classic"];
    const identity author = test::identity_of(5);
    EXPECT_EQ(feed_id_text(author.id()), classic["id"]);
    message_reader reader;
    chain_position at;
    for (const json& expected : classic["messages"]) {
        classic_message message;
        const std::string wire = expected["wire"];
        ASSERT_TRUE(reader.read(wire, message));
        EXPECT_EQ(message.signed_text.size(), expected["signed_bytes_len"]);
        EXPECT_EQ(sha256_hex(message.signed_text), expected["signed_bytes_sha256"]);
        EXPECT_EQ(message_id_text(message.id), expected["id"]);
        EXPECT_EQ(signature_text(message.signature), expected["signature"]);
        EXPECT_EQ(message.wire, wire);
        EXPECT_TRUE(verify(message));
        EXPECT_TRUE(check_follows(message, at));
        // Made anew, it is the same.
        const std::size_t content = wire.find("\"content\":") + 10;
        const auto made = reader.make(author, at, message.timestamp,
                                      wire.substr(content, wire.rfind(",\"signature\"") - content));
        ASSERT_TRUE(made);
        EXPECT_EQ(made.value().wire, wire);
        at = {message.sequence, message.id};
    }
    EXPECT_EQ(at.sequence, 6);
}

TEST(OverlayVectors, SignedWithANetworksKey) {
    LOAD_OR_SKIP(vectors, "../ebt/vectors.json");
    const json& expected = vectors["classic"]["hmac"];
    sign_key key{};
    key.fill(9);
    message_reader reader;
    const auto made = reader.make(test::identity_of(5), {}, 1500000000000,
                                  R"({"type":"post","text":"hello"})", &key);
    ASSERT_TRUE(made);
    EXPECT_EQ(signature_text(made.value().signature), expected["signature"]);
    EXPECT_EQ(message_id_text(made.value().id), expected["id"]);
}

}  // namespace

// The overlay's wire against bytes that live npm peers took or sent:
// $RHUMB_VECTORS/ebt/vectors.json.
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/wire/box_stream.hh"
#include "controlplane/overlay/wire/classic_message.hh"
#include "controlplane/overlay/wire/handshake.hh"
#include "controlplane/overlay/wire/session.hh"
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
    EXPECT_EQ(feed_id_text(author.id()), classic["id"].get<std::string>());
    message_reader reader;
    chain_position at;
    for (const json& expected : classic["messages"]) {
        classic_message message;
        const std::string wire = expected["wire"];
        ASSERT_TRUE(reader.read(wire, message));
        EXPECT_EQ(message.signed_text.size(), expected["signed_bytes_len"].get<std::size_t>());
        EXPECT_EQ(sha256_hex(message.signed_text),
                  expected["signed_bytes_sha256"].get<std::string>());
        EXPECT_EQ(message_id_text(message.id), expected["id"].get<std::string>());
        EXPECT_EQ(signature_text(message.signature), expected["signature"].get<std::string>());
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
    EXPECT_EQ(signature_text(made.value().signature), expected["signature"].get<std::string>());
    EXPECT_EQ(message_id_text(made.value().id), expected["id"].get<std::string>());
}

wiped<ephemeral_pair> pair_of(const json& shs, const std::string& name) {
    wiped<ephemeral_pair> pair;
    const auto copy = [&](const std::string& which, key32& into) {
        const auto bytes = test::from_hex(shs[name + which].get<std::string>());
        ASSERT_EQ(bytes.size(), into.size());
        std::copy(bytes.begin(), bytes.end(), into.begin());
    };
    copy("_kx_sk", pair->secret_half);
    copy("_kx_pk", pair->public_half);
    return pair;
}

std::vector<byte> bytes_of(std::span<const byte> bytes) { return {bytes.begin(), bytes.end()}; }

TEST(OverlayVectors, Handshake) {
    LOAD_OR_SKIP(vectors, "../ebt/vectors.json");
    const json& shs = vectors["shs"];
    const auto hex = [&](const std::string& name) {
        return test::from_hex(shs[name].get<std::string>());
    };
    EXPECT_EQ(bytes_of(main_network), hex("network_key"));
    const identity alice = test::identity_of(1);
    const identity bob = test::identity_of(2);
    EXPECT_EQ(bytes_of(alice.id()), hex("client_pk"));
    auto client = handshake::client(main_network, alice, bob.id(), pair_of(shs, "a"));
    auto server = handshake::server(main_network, bob, pair_of(shs, "b"));
    const auto pass = [](handshake& from, handshake& to, const std::vector<byte>& expected) {
        EXPECT_EQ(bytes_of(from.output()), expected);
        std::span<const byte> bytes = from.output();
        return to.feed(bytes);
    };
    EXPECT_EQ(pass(client, server, hex("msg1")), handshake_state::running);
    EXPECT_EQ(pass(server, client, hex("msg2")), handshake_state::running);
    EXPECT_EQ(pass(client, server, hex("msg3")), handshake_state::wants_answer);
    server.accept();
    EXPECT_EQ(pass(server, client, hex("msg4")), handshake_state::done);
    const auto keys = client.keys();
    EXPECT_EQ(bytes_of(keys->send_key), hex("client_encrypt_key"));
    EXPECT_EQ(bytes_of(keys->receive_key), hex("client_decrypt_key"));
    EXPECT_EQ(bytes_of(keys->send_nonce), hex("client_encrypt_nonce"));
    EXPECT_EQ(bytes_of(keys->receive_nonce), hex("client_decrypt_nonce"));
}

// The keys are those of the handshake above.
TEST(OverlayVectors, BoxStream) {
    LOAD_OR_SKIP(vectors, "../ebt/vectors.json");
    const json& shs = vectors["shs"];
    const json& box = vectors["box"];
    stream_key key{};
    stream_nonce nonce{};
    std::ranges::copy(test::from_hex(shs["client_encrypt_key"].get<std::string>()), key.begin());
    std::ranges::copy(test::from_hex(shs["client_encrypt_nonce"].get<std::string>()),
                      nonce.begin());
    box_writer writer(key, nonce);
    byte_queue out;
    const std::string hello = "hello";
    writer.seal(std::vector<byte>(hello.begin(), hello.end()), out);
    writer.seal(std::vector<byte>(5000, 'a'), out);
    writer.goodbye(out);
    const auto sent = bytes_of(out.waiting());
    EXPECT_EQ(sent.size(), box["total"].get<std::size_t>());
    EXPECT_EQ(sha256_hex({reinterpret_cast<const char*>(sent.data()), sent.size()}),
              box["sha256"].get<std::string>());
    EXPECT_EQ(bytes_of(std::span(sent).first(39)),
              test::from_hex(box["first_39"].get<std::string>()));
    EXPECT_EQ(bytes_of(std::span(sent).last(34)),
              test::from_hex(box["goodbye"].get<std::string>()));
}

class nobody : public session_handler {
    bool on_call(session& /*by*/, const incoming_call& /*call*/) override { return false; }
    void on_data(session& /*by*/, stream_id /*id*/, body_type /*type*/,
                 std::string_view /*body*/) override {}
    void on_end(session& /*by*/, stream_id /*id*/,
                std::optional<std::string_view> /*error*/) override {}
};

TEST(OverlayVectors, MuxFrames) {
    LOAD_OR_SKIP(vectors, "../ebt/vectors.json");
    const auto hex = [&](const std::string& name) {
        return test::from_hex(vectors["mux"][name].get<std::string>());
    };
    nobody handler;
    session by(handler);
    by.open(call_type::duplex, "ebt.replicate", R"([{"version":3,"format":"classic"}])");
    EXPECT_EQ(bytes_of(by.output().waiting()), hex("ebt_call"));
    byte_queue out;
    append_frame(out, {.is_stream = true, .is_end = true, .request = -1}, "true");
    EXPECT_EQ(bytes_of(out.waiting()), hex("end_true"));
    out.clear();
    append_frame(out, {.type = body_type::text, .request = 2}, "hi");
    EXPECT_EQ(bytes_of(out.waiting()), hex("async_string"));
    out.clear();
    append_mux_goodbye(out);
    EXPECT_EQ(bytes_of(out.waiting()), hex("goodbye"));
}

}  // namespace

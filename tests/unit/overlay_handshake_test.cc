// Secret handshakes: both roles against each other, and each way to fail. The bytes of a handshake
// with fixed keys are in overlay_vectors_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "controlplane/overlay/wire/handshake.hh"
#include "tests/support/overlay_keys.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using test::identity_of;

constexpr network_key private_network{1, 2, 3};

// What one side says goes to the other, in pieces, perhaps changed: `change` gets the number of the
// message, 1 to 4, and its bytes.
class pair_of_sides {
public:
    using changer = std::function<void(int, std::vector<byte>&)>;

    pair_of_sides(handshake client, handshake server)
        : client_(std::move(client)), server_(std::move(server)) {}

    void run(std::size_t piece = 1000, const changer& change = {}) {
        for (int message = 1; message <= 4; ++message) {
            handshake& from = message % 2 == 1 ? client_ : server_;
            handshake& to = message % 2 == 1 ? server_ : client_;
            std::vector<byte> bytes(from.output().begin(), from.output().end());
            from.sent();
            sizes_.push_back(bytes.size());
            if (change) {
                change(message, bytes);
            }
            for (std::span<const byte> left = bytes; !left.empty();) {
                std::span<const byte> part = left.first(std::min(piece, left.size()));
                left = left.subspan(part.size());
                to.feed(part);
                if (!part.empty()) {
                    return;  // it wants no more
                }
            }
            if (to.state() == handshake_state::wants_answer) {
                asked_ = to.remote();
                lets_in_ ? to.accept() : to.refuse();
            }
            if (to.state() == handshake_state::failed) {
                return;
            }
        }
    }

    handshake client_;
    handshake server_;
    bool lets_in_ = true;
    std::optional<key32> asked_;
    std::vector<std::size_t> sizes_;
};

pair_of_sides sides(const identity& client, const identity& server) {
    return {handshake::client(main_network, client, server.id()),
            handshake::server(main_network, server)};
}

TEST(OverlayHandshake, AgreesOnKeys) {
    const identity alice = identity_of(1);
    const identity bob = identity_of(2);
    for (const std::size_t piece : {1u, 7u, 63u, 64u, 65u, 1000u}) {
        auto both = sides(alice, bob);
        both.run(piece);
        ASSERT_EQ(both.client_.state(), handshake_state::done) << both.client_.why();
        ASSERT_EQ(both.server_.state(), handshake_state::done) << both.server_.why();
        EXPECT_EQ(both.sizes_, (std::vector<std::size_t>{64, 64, 112, 80}));
        EXPECT_EQ(both.asked_, alice.id());
        EXPECT_EQ(both.client_.remote(), bob.id());
        EXPECT_EQ(both.server_.remote(), alice.id());
        const auto client = both.client_.keys();
        const auto server = both.server_.keys();
        EXPECT_EQ(client->send_key, server->receive_key);
        EXPECT_EQ(client->receive_key, server->send_key);
        EXPECT_EQ(client->send_nonce, server->receive_nonce);
        EXPECT_EQ(client->receive_nonce, server->send_nonce);
        EXPECT_NE(client->send_key, client->receive_key);
    }
}

TEST(OverlayHandshake, NoTwoHaveTheSameKeys) {
    const identity alice = identity_of(1);
    const identity bob = identity_of(2);
    auto first = sides(alice, bob);
    auto second = sides(alice, bob);
    first.run();
    second.run();
    EXPECT_NE(first.client_.keys()->send_key, second.client_.keys()->send_key);
}

TEST(OverlayHandshake, LeavesWhatFollows) {
    const identity alice = identity_of(1);
    const identity bob = identity_of(2);
    auto both = sides(alice, bob);
    both.run();
    // Bytes of the box stream arrive together with the last message.
    auto client = handshake::client(main_network, alice, bob.id());
    auto server = handshake::server(main_network, bob);
    std::span<const byte> bytes = client.output();
    server.feed(bytes);
    bytes = server.output();
    client.feed(bytes);
    bytes = client.output();
    server.feed(bytes);
    ASSERT_EQ(server.state(), handshake_state::wants_answer);
    std::vector<byte> early{1, 2, 3};
    bytes = early;
    EXPECT_EQ(server.feed(bytes), handshake_state::wants_answer);
    EXPECT_EQ(bytes.size(), 3u);
    server.accept();
    std::vector<byte> joined(server.output().begin(), server.output().end());
    joined.insert(joined.end(), {7, 8});
    bytes = joined;
    EXPECT_EQ(client.feed(bytes), handshake_state::done);
    EXPECT_EQ(std::vector<byte>(bytes.begin(), bytes.end()), (std::vector<byte>{7, 8}));
}

TEST(OverlayHandshake, OtherNetworksEndAtTheHello) {
    const identity alice = identity_of(1);
    const identity bob = identity_of(2);
    pair_of_sides both(handshake::client(private_network, alice, bob.id()),
                       handshake::server(main_network, bob));
    both.run();
    EXPECT_EQ(both.server_.why(), "the other side is of another network: its key differs");
    EXPECT_EQ(both.client_.state(), handshake_state::running);
    EXPECT_TRUE(both.server_.output().empty());
}

TEST(OverlayHandshake, CallsForSomebodyElseEndAtTheProof) {
    const identity alice = identity_of(1);
    const identity bob = identity_of(2);
    pair_of_sides both(handshake::client(main_network, alice, identity_of(3).id()),
                       handshake::server(main_network, bob));
    both.run();
    EXPECT_EQ(both.server_.why(), "the client takes this for another server");
    EXPECT_FALSE(both.asked_);
}

TEST(OverlayHandshake, WhoIsNotLetInGetsNoAnswer) {
    const identity alice = identity_of(1);
    const identity bob = identity_of(2);
    auto both = sides(alice, bob);
    both.lets_in_ = false;
    both.run();
    EXPECT_EQ(both.server_.why(), "this client is not let in");
    EXPECT_EQ(both.asked_, alice.id());
    EXPECT_TRUE(both.server_.output().empty());
    EXPECT_EQ(both.server_.accept(), handshake_state::failed);
    EXPECT_EQ(both.client_.state(), handshake_state::running);
}

// Every bit of every message counts.
TEST(OverlayHandshake, AnyChangedByteEndsIt) {
    const identity alice = identity_of(1);
    const identity bob = identity_of(2);
    const std::array<std::size_t, 4> sizes{64, 64, 112, 80};
    for (int message = 1; message <= 4; ++message) {
        for (std::size_t at = 0; at < sizes[static_cast<std::size_t>(message - 1)]; at += 3) {
            auto both = sides(alice, bob);
            both.run(1000, [&](int number, std::vector<byte>& bytes) {
                if (number == message) {
                    bytes[at] ^= 0x10;
                }
            });
            const handshake& receiver = message % 2 == 1 ? both.server_ : both.client_;
            EXPECT_EQ(receiver.state(), handshake_state::failed) << message << ' ' << at;
        }
    }
}

// Points that give everybody the same product; the code around them is right.
TEST(OverlayHandshake, RefusesPointsOfLowOrder) {
    const identity alice = identity_of(1);
    const identity bob = identity_of(2);
    for (const byte low : {byte{0}, byte{1}}) {
        wiped<ephemeral_pair> bad;
        bad->public_half[0] = low;
        bad->secret_half[0] = 8;
        auto server = handshake::server(main_network, bob);
        auto client = handshake::client(main_network, alice, bob.id(), bad);
        std::span<const byte> hello = client.output();
        EXPECT_EQ(server.feed(hello), handshake_state::failed);
        EXPECT_EQ(server.why(), "a key that no honest peer makes");
    }
    // A server's name that is no point at all.
    auto server = handshake::server(main_network, bob);
    auto client = handshake::client(main_network, alice, key32{2});
    std::span<const byte> hello = client.output();
    server.feed(hello);
    hello = server.output();
    EXPECT_EQ(client.feed(hello), handshake_state::failed);
    EXPECT_TRUE(client.output().empty());
}

// Mallory knows the network's key and bob's name, but not alice's secret.
TEST(OverlayHandshake, NamesMustBeProven) {
    const identity mallory = identity_of(4);
    const identity bob = identity_of(2);
    auto client = handshake::client(main_network, mallory, bob.id());
    auto server = handshake::server(main_network, bob);
    std::span<const byte> bytes = client.output();
    server.feed(bytes);
    // The answer of a server that has another key than the one that was dialled.
    const identity other = identity_of(3);
    auto impostor = handshake::server(main_network, other);
    bytes = client.output();
    impostor.feed(bytes);
    bytes = impostor.output();
    client.feed(bytes);
    bytes = client.output();
    EXPECT_EQ(impostor.feed(bytes), handshake_state::failed);
    // Nothing happens to a handshake that has ended.
    std::vector<byte> more(300);
    bytes = more;
    EXPECT_EQ(impostor.feed(bytes), handshake_state::failed);
    EXPECT_EQ(bytes.size(), 300u);
    EXPECT_EQ(impostor.accept(), handshake_state::failed);
}

}  // namespace

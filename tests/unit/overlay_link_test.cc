// Whole connections, from the first byte of the handshake to the goodbye of the box stream.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/overlay/wire/peer_link.hh"
#include "tests/support/overlay_keys.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;

class sums : public session_handler {
public:
    bool on_call(session& /*by*/, const incoming_call& call) override {
        called = call.id;
        return true;
    }
    void on_data(session& /*by*/, stream_id /*id*/, body_type /*type*/,
                 std::string_view body) override {
        bytes += body.size();
    }
    void on_end(session& /*by*/, stream_id /*id*/, std::optional<std::string_view> error) override {
        ended = error ? std::string(*error) : "in peace";
    }
    stream_id called = 0;
    std::size_t bytes = 0;
    std::string ended;
};

struct two_links {
    identity alice_key = test::identity_of(1);
    identity bob_key = test::identity_of(2);
    sums alice_hears;
    sums bob_hears;
    peer_link alice{handshake::client(main_network, alice_key, bob_key.id()), alice_hears};
    peer_link bob{handshake::server(main_network, bob_key), bob_hears};
    std::size_t from_alice = 0;

    bool pass(peer_link& from, peer_link& to, std::size_t piece) {
        std::vector<byte> bytes(from.output().begin(), from.output().end());
        from.sent(bytes.size());
        from_alice += &from == &alice ? bytes.size() : 0;
        for (std::span<byte> left = bytes; !left.empty();) {
            const auto part = left.first(std::min(piece, left.size()));
            to.feed(part);
            left = left.subspan(part.size());
        }
        return !bytes.empty();
    }
    // Until bob knows who wants in.
    void ask() {
        for (int n = 0; n < 3; ++n) {
            pass(alice, bob, 1000);
            pass(bob, alice, 1000);
        }
        EXPECT_EQ(bob.now(), peer_link::state::wants_answer);
    }
    void run(std::size_t piece = 100000) {
        for (bool more = true; more;) {
            more = pass(alice, bob, piece);
            if (bob.now() == peer_link::state::wants_answer) {
                bob.accept();
            }
            more = pass(bob, alice, piece) || more;
        }
    }
};

TEST(OverlayLink, CarriesCalls) {
    for (const std::size_t piece : {1u, 100u, 100000u}) {
        two_links links;
        links.run(piece);
        ASSERT_EQ(links.alice.now(), peer_link::state::open);
        ASSERT_EQ(links.bob.now(), peer_link::state::open);
        EXPECT_EQ(links.bob.remote(), links.alice_key.id());
        EXPECT_EQ(links.from_alice, 176u);
        const stream_id id = links.alice.calls().open(call_type::duplex, "x", "[]");
        for (int n = 0; n < 1000; ++n) {
            links.alice.calls().send(id, body_type::json, std::string(300, '1'));
        }
        EXPECT_GT(links.alice.bytes_pending(), 300000u);
        links.run(piece);
        EXPECT_EQ(links.alice.bytes_pending(), 0u);
        EXPECT_EQ(links.bob_hears.bytes, 300000u);
        // Frames share segments: 34 bytes a 4096, not a frame.
        EXPECT_LT(links.from_alice, 176u + 1000 * 309 + 100 + 80 * 34);
        links.bob.calls().send(links.bob_hears.called, body_type::text, "hello");
        links.run(piece);
        EXPECT_EQ(links.alice_hears.bytes, 5u);
        links.alice.close();
        links.run(piece);
        EXPECT_EQ(links.alice.now(), peer_link::state::ended);
        EXPECT_EQ(links.bob.now(), peer_link::state::ended);
        EXPECT_EQ(links.alice_hears.ended, "in peace");
        EXPECT_EQ(links.bob_hears.ended, "in peace");
        EXPECT_EQ(links.alice.hang_up(), peer_link::state::ended);
    }
}

TEST(OverlayLink, RefusesBetweenTheMessages) {
    two_links links;
    links.ask();
    EXPECT_EQ(links.bob.refuse(), peer_link::state::failed);
    EXPECT_EQ(links.bob.why(), "this client is not let in");
    EXPECT_TRUE(links.bob.output().empty());
    EXPECT_EQ(links.alice.hang_up(), peer_link::state::failed);
}

TEST(OverlayLink, NobodySpeaksBeforeHeIsLetIn) {
    two_links links;
    links.ask();
    std::vector<byte> early(10);
    EXPECT_EQ(links.bob.feed(early), peer_link::state::failed);
    EXPECT_EQ(links.bob.accept(), peer_link::state::failed);
}

TEST(OverlayLink, EndsWithoutAGoodbyeAreReported) {
    two_links links;
    links.run();
    const stream_id id = links.alice.calls().open(call_type::duplex, "x", "[]");
    EXPECT_EQ(id, 1);
    EXPECT_EQ(links.alice.hang_up(), peer_link::state::failed);
    EXPECT_EQ(links.alice.why(), "unexpected hang-up");
    EXPECT_EQ(links.alice_hears.ended, "unexpected hang-up");
}

// Whoever is refused is told nothing. How far it came says something, though.
TEST(OverlayLink, AHangUpDuringTheHandshakeSaysHowFarItCame) {
    two_links links;
    EXPECT_EQ(links.bob.hang_up(), peer_link::state::failed);
    EXPECT_EQ(links.bob.why(), "it hung up during the handshake");
    sums hears;
    peer_link alice(handshake::client(main_network, links.alice_key, links.bob_key.id()), hears);
    EXPECT_EQ(alice.hang_up(), peer_link::state::failed);
    EXPECT_EQ(alice.why(), "it hung up on our hello: is it of another network?");

    auto bob = handshake::server(main_network, links.bob_key);
    std::span<const byte> hello = links.alice.output();
    bob.feed(hello);
    std::vector<byte> answer(bob.output().begin(), bob.output().end());
    links.alice.feed(answer);
    EXPECT_EQ(links.alice.hang_up(), peer_link::state::failed);
    EXPECT_EQ(links.alice.why(),
              "it hung up on our proof: its key is another, or it does not let us in");
}

// secret-stack's inactivity timer: a box goodbye, and none of the calls.
TEST(OverlayLink, APeerMayLeaveWithTheBoxGoodbyeAlone) {
    two_links links;
    links.run();
    links.alice.calls().open(call_type::duplex, "x", "[]");
    links.run();
    auto bob = handshake::server(main_network, links.bob_key);
    sums hears;
    peer_link alice(handshake::client(main_network, links.alice_key, links.bob_key.id()), hears);
    const auto give = [&](std::span<const byte> bytes) {
        std::vector<byte> copy(bytes.begin(), bytes.end());
        return alice.feed(copy);
    };
    for (int n = 0; n < 2; ++n) {
        std::span<const byte> bytes = alice.output();
        const std::size_t count = bytes.size();
        bob.feed(bytes);
        alice.sent(count);
        bob.accept();
        give(bob.output());
        bob.sent();
    }
    ASSERT_EQ(alice.now(), peer_link::state::open);
    alice.calls().open(call_type::duplex, "x", "[]");
    const auto keys = bob.keys();
    box_writer writer(keys->send_key, keys->send_nonce);
    byte_queue out;
    writer.goodbye(out);
    EXPECT_EQ(give(out.waiting()), peer_link::state::ended);
    EXPECT_EQ(alice.why(), "the peer has left");
    EXPECT_EQ(hears.ended, "unexpected hang-up");
    EXPECT_EQ(alice.output().size(), segment_header_bytes);  // our goodbye
}

TEST(OverlayLink, ChangedBytesCutIt) {
    two_links links;
    links.run();
    links.alice.calls().open(call_type::duplex, "x", "[]");
    std::vector<byte> bytes(links.alice.output().begin(), links.alice.output().end());
    bytes[40] ^= 1;
    EXPECT_EQ(links.bob.feed(bytes), peer_link::state::failed);
    EXPECT_EQ(links.bob.why(), "a segment was changed on its way");
    two_links others;
    others.run();
    std::vector<byte> garbage(50, 7);
    EXPECT_EQ(others.alice.feed(garbage), peer_link::state::failed);
}

TEST(OverlayLink, AFailedSessionFailsTheLink) {
    two_links links;
    links.run();
    const stream_id id = links.alice.calls().open(call_type::duplex, "x", "[]");
    links.alice.calls().send(id, body_type::text, std::string(70000, 'x'));
    links.run();
    EXPECT_EQ(links.bob.now(), peer_link::state::failed);
    EXPECT_EQ(links.bob.why(), "a frame that is larger than its stream may send");
}

}  // namespace

// Broadcast with peers that break the rules: what they get, and what it costs the others.
#include <gtest/gtest.h>

#include "controlplane/overlay/service/now.hh"
#include "tests/support/overlay_keys.hh"
#include "tests/unit/overlay_broadcast_rig.hh"

namespace rhumb::overlay {
namespace {

using broadcast::drop_reason;
using test::overlay_broadcast;
using test::raw_peer;

// A liar with a key of its own, which is let in, and an honest node that it speaks of.
class overlay_broadcast_liar : public overlay_broadcast {
protected:
    // A message as `origin` would sign it; `tampered`: and somebody else has changed.
    [[nodiscard]] std::vector<byte> gossip(const identity& origin, std::uint64_t sequence,
                                           std::int64_t sent_ms, std::string_view text,
                                           bool tampered = false) const {
        std::vector<byte> payload;
        append_envelope(payload,
                        {1, sent_ms, {reinterpret_cast<const byte*>(text.data()), text.size()}});
        return of_payload(origin, sequence, std::move(payload), tampered);
    }
    [[nodiscard]] std::vector<byte> of_payload(const identity& origin, std::uint64_t sequence,
                                               std::vector<byte> payload, bool tampered) const {
        const broadcast::message_id id{origin.id(), sequence};
        const auto signature =
            origin.sign(broadcast::signed_bytes(settings("x").network, id, payload));
        payload.back() ^= tampered ? 1 : 0;
        std::vector<byte> body;
        broadcast::append_body(body, id, signature, payload);
        std::vector<byte> frame;
        broadcast::write_gossip(frame, {false, false, 1, 0}, body);
        return frame;
    }
    std::unique_ptr<raw_peer> join(service& to, const identity& as) {
        auto made = std::make_unique<raw_peer>(io_, settings("x").network, as, target(to));
        run_until([&] { return made->is_open(); });
        made->open();
        std::vector<byte> frame;
        broadcast::write_join(frame, 7, {});
        made->send(frame);
        run_until([&] { return neighbours(to) == 1; });
        return made;
    }

    // Listens, in the name of `as`, for the one who calls next.
    peer_target await_call(const identity& as) { return await_call(acceptor_, as, called_); }
    peer_target await_call(boost::asio::ip::tcp::acceptor& on, const identity& as,
                           std::unique_ptr<raw_peer>& called) {
        const boost::asio::ip::tcp::endpoint here(boost::asio::ip::make_address("127.0.0.1"), 0);
        on = {io_, here};
        on.async_accept([this, &as, &called](const boost::system::error_code& failed,
                                             boost::asio::ip::tcp::socket socket) {
            if (!failed) {
                called = std::make_unique<raw_peer>(std::move(socket), settings("x").network, as);
            }
        });
        return {{"127.0.0.1", on.local_endpoint().port()}, as.id()};
    }
    // Has the liar tell a node of somebody who joins, whom it then asks.
    static void tell_of(raw_peer& liar, const peer_target& whom) {
        broadcast::contact told;
        told.key = whom.key;
        const std::string at = text_of(whom.at);
        told.where = *broadcast::address::of({reinterpret_cast<const byte*>(at.data()), at.size()});
        std::vector<byte> frame;
        broadcast::write_forward_join(frame, told, 0);
        liar.send(frame);
    }
    // Makes a node dial the one who listens, for broadcast alone, by way of the liar.
    void have_dialled(raw_peer& liar, const peer_target& whom) {
        tell_of(liar, whom);
        run_until([&] { return called_ && !called_->frames.empty(); });
    }
    static std::size_t open_to(const service& at, const identity& whom) {
        return static_cast<std::size_t>(std::ranges::count_if(
            at.peers().connections(),
            [&](const auto& one) { return one->is_open() && one->peer() == whom.id(); }));
    }

    boost::asio::ip::tcp::acceptor acceptor_{io_};
    std::unique_ptr<raw_peer> called_;
    identity liar_ = rhumb::test::identity_of(1);
    identity honest_ = rhumb::test::identity_of(2);
};

TEST_F(overlay_broadcast_liar, cannot_forge_messages_of_others) {
    service& a = start(speaking("a"));
    listen(a);
    const auto peer = join(a, liar_);
    const std::int64_t now = system_ms();
    peer->send(gossip(honest_, 1, now, "true"));
    run_until([&] { return count_heard(a, "true") == 1; });
    peer->send(gossip(honest_, 2, now, "false", true));
    run_until([&] { return peer->ended.has_value(); });
    EXPECT_NE(peer->ended->find("refused"), std::string::npos) << *peer->ended;
    EXPECT_EQ(dropped(a, drop_reason::bad_signature), 1U);
    EXPECT_EQ(heard_[&a].size(), 1U);
    EXPECT_EQ(neighbours(a), 0U);
    EXPECT_TRUE(peer->is_open());  // only this stream has ended

    // The true one is not kept out by the forged one.
    const auto again = join(a, liar_);
    again->send(gossip(honest_, 2, now, "true again"));
    run_until([&] { return count_heard(a, "true again") == 1; });
}

TEST_F(overlay_broadcast_liar, replays_are_worth_nothing) {
    service_settings with = speaking("a");
    with.broadcast->lifetime = 10;
    service& a = start(with);
    listen(a);
    const auto peer = join(a, liar_);
    const std::int64_t now = system_ms();
    const auto fresh = gossip(honest_, 5, now, "fresh");
    peer->send(fresh);
    peer->send(fresh);
    peer->send(gossip(honest_, 6, now - 20'000, "old"));
    peer->send(gossip(honest_, 7, now + 20'000, "of tomorrow"));
    peer->send(gossip(honest_, 8, now, "last"));
    run_until([&] { return count_heard(a, "last") == 1; });
    EXPECT_EQ(heard_[&a].size(), 2U);
    EXPECT_EQ(dropped(a, drop_reason::unwanted), 2U);
    EXPECT_EQ(dropped(a, drop_reason::duplicate), 1U);
    EXPECT_FALSE(peer->ended);  // who passes on what is too old is not to blame

    // What the node has forgotten by a restart, the time keeps out.
    stop(a);
    running_.pop_back();
    heard_.clear();
    service& restarted = start(with);
    listen(restarted);
    const auto later = join(restarted, liar_);
    later->send(gossip(honest_, 6, now - 20'000, "old"));
    run_until([&] { return dropped(restarted, drop_reason::unwanted) == 1; });
    EXPECT_TRUE(heard_[&restarted].empty());
}

TEST_F(overlay_broadcast_liar, only_whom_we_know_may_speak) {
    service_settings with = speaking("a");
    with.admits_anyone = false;
    with.follow = {liar_.id()};
    service& a = start(with);
    listen(a);
    const auto peer = join(a, liar_);
    const std::int64_t now = system_ms();
    peer->send(gossip(honest_, 1, now, "of a stranger"));
    peer->send(gossip(liar_, 1, now, "of its own"));
    run_until([&] { return count_heard(a, "of its own") == 1; });
    EXPECT_EQ(heard_[&a].size(), 1U);
    EXPECT_EQ(dropped(a, drop_reason::unwanted), 1U);
    ask(a, "overlay.follow", {{"feed", feed_id_text(honest_.id())}});
    peer->send(gossip(honest_, 2, now, "followed"));
    run_until([&] { return count_heard(a, "followed") == 1; });
    ask(a, "overlay.block", {{"peer", feed_id_text(honest_.id())}});
    peer->send(gossip(honest_, 3, now, "blocked"));
    peer->send(gossip(liar_, 2, now, "after"));
    run_until([&] { return count_heard(a, "after") == 1; });
    EXPECT_EQ(count_heard(a, "blocked"), 0U);
}

TEST_F(overlay_broadcast_liar, frames_that_are_none_end_the_stream) {
    service& a = start(speaking("a"));
    const std::vector<byte> short_frame{1};
    const std::vector<byte> unknown_version{99, 8, 0};
    const auto no_envelope = of_payload(honest_, 1, {0, 1, 2}, false);
    for (const auto& frame : {short_frame, unknown_version, no_envelope}) {
        const auto peer = join(a, liar_);
        peer->send(frame);
        run_until([&] { return peer->ended.has_value() && neighbours(a) == 0; });
        EXPECT_FALSE(peer->ended->empty());
    }
    const auto peer = join(a, liar_);
    peer->send(std::vector<byte>{'1'}, body_type::json);
    run_until([&] { return peer->ended.has_value() && neighbours(a) == 0; });

    const auto other = std::make_unique<raw_peer>(io_, settings("x").network, honest_, target(a));
    run_until([&] { return other->is_open(); });
    other->open(R"([{"version":2}])");
    run_until([&] { return other->ended.has_value(); });
    EXPECT_EQ(*other->ended, "expected rhumb.broadcast({version: 1})");
    EXPECT_EQ(a.spread()->links(), 0U);
}

// The one who has dialled calls again; the connection, which replicates, stays.
TEST_F(overlay_broadcast_liar, gets_another_stream_later) {
    service& a = start(speaking("a"));
    ask(a, "overlay.connect", {{"address", address_text(await_call(liar_))}});
    run_until([&] { return called_ && called_->calls == 1; });
    called_->send(std::vector<byte>{1});
    run_until([&] { return called_->ended.has_value(); });
    EXPECT_EQ(a.spread()->links(), 0U);
    run_until([&] { return called_->calls == 2; });
    EXPECT_EQ(a.spread()->links(), 1U);
    EXPECT_EQ(open_to(a, liar_), 1U);
    // Who has said that there is nothing to call is not called again.
    called_->end("muxrpc: no such command: rhumb.broadcast");
    run_until([&] { return a.spread()->links() == 0; });
    EXPECT_FALSE(called_->is_cut);
}

// What was dialled for broadcast alone is closed when it is of no use any more.
TEST_F(overlay_broadcast_liar, connections_for_broadcast_go_with_the_neighbour) {
    service& a = start(speaking("a"));
    const auto liar = join(a, liar_);
    have_dialled(*liar, await_call(honest_));
    broadcast::frame asked;
    ASSERT_EQ(broadcast::read_frame(called_->frames.front(), asked), drop_reason::none);
    ASSERT_EQ(asked.type, broadcast::frame_type::neighbour);
    std::vector<byte> frame;
    broadcast::write_neighbour_reply(frame, true, asked.tag);
    called_->send(frame);
    run_until([&] { return neighbours(a) == 2; });
    frame.clear();
    broadcast::write_disconnect(frame);
    called_->send(frame);
    run_until([&] { return called_->is_cut && open_to(a, honest_) == 0; });
    EXPECT_EQ(neighbours(a), 1U);
}

TEST_F(overlay_broadcast_liar, connections_for_broadcast_go_with_the_stream) {
    service& a = start(speaking("a"));
    const auto liar = join(a, liar_);
    have_dialled(*liar, await_call(honest_));
    called_->end("no more");
    run_until([&] { return called_->is_cut && open_to(a, honest_) == 0; });
    run_until([&] { return a.peers().missing_peers().empty(); });
    EXPECT_EQ(neighbours(a), 1U);
}

// More signatures than a peer may cost: it is read from more slowly, and nothing is lost.
TEST_F(overlay_broadcast_liar, verifies_are_within_the_limit) {
    service_settings with = speaking("a");
    with.verifies_per_second = 50;
    service& a = start(with);
    listen(a);
    const auto peer = join(a, liar_);
    const auto begin = std::chrono::steady_clock::now();
    const std::int64_t now = system_ms();
    for (std::uint64_t n = 1; n <= 150; ++n) {
        peer->send(gossip(honest_, n, now, std::to_string(n) + std::string(4000, '.')));
    }
    run_until([&] { return heard_[&a].size() == 150; });
    // 50 at once, 16 in the last piece that was read, the others at 50 a second.
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1400));
}

// Addresses that a peer makes up: dialled at most so many, and none beyond max_peers.
TEST_F(overlay_broadcast_liar, cannot_make_us_dial_without_end) {
    service_settings with = speaking("a");
    with.max_peers = 4;
    service& a = start(with);
    const auto peer = join(a, liar_);
    for (byte n = 0; n < 40; ++n) {
        peer_target invented{{"127.0.0.1", 1}, {}};
        invented.key.fill(static_cast<byte>(100 + n));
        tell_of(*peer, invented);
    }
    std::size_t most = 0;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    run_until([&] {
        most = std::max(most, a.peers().missing_peers().size());
        return std::chrono::steady_clock::now() > until;
    });
    EXPECT_LE(most, 4U);
    run_until([&] { return a.peers().missing_peers().empty(); });
    EXPECT_EQ(neighbours(a), 1U);
}

// Peers that take the call, and never answer: each costs a connection for as long as it may take.
TEST_F(overlay_broadcast_liar, cannot_keep_connections_by_silence) {
    service_settings with = speaking("a");
    with.broadcast->neighbour_timeout = 500;
    service& a = start(with);
    const auto liar = join(a, liar_);
    struct silent {
        identity as;
        boost::asio::ip::tcp::acceptor at;
        std::unique_ptr<raw_peer> called{};
    };
    std::vector<std::unique_ptr<silent>> all;
    for (byte n = 0; n < 12; ++n) {
        all.push_back(
            std::make_unique<silent>(silent{rhumb::test::identity_of(static_cast<byte>(10 + n)),
                                            boost::asio::ip::tcp::acceptor(io_)}));
        silent& one = *all.back();
        tell_of(*liar, await_call(one.at, one.as, one.called));
    }
    run_until([&] {
        return std::ranges::all_of(all, [](const auto& one) { return one->called != nullptr; });
    });
    run_until(
        [&] { return a.peers().connections().size() == 1 && a.peers().missing_peers().empty(); });
    EXPECT_EQ(neighbours(a), 1U);
}

// Who answers the call only when nobody waits any more is neither asked nor kept.
TEST_F(overlay_broadcast_liar, connections_for_broadcast_that_come_too_late_are_let_go) {
    service_settings with = speaking("a");
    with.broadcast->neighbour_timeout = 100;
    service& a = start(with);
    const auto liar = join(a, liar_);
    boost::asio::ip::tcp::acceptor at(io_, {boost::asio::ip::make_address("127.0.0.1"), 0});
    boost::asio::ip::tcp::socket socket(io_);
    at.async_accept(socket, [](const boost::system::error_code&) {});
    tell_of(*liar, {{"127.0.0.1", at.local_endpoint().port()}, honest_.id()});
    run_until([&] { return socket.is_open(); });
    run_until([&] { return !a.spread()->node().peers().awaits(honest_.id()); });
    raw_peer late(std::move(socket), settings("x").network, honest_);
    run_until([&] { return late.is_cut; });
    EXPECT_TRUE(late.frames.empty());
    run_until([&] { return a.peers().missing_peers().empty(); });
    EXPECT_EQ(neighbours(a), 1U);
}

}  // namespace
}  // namespace rhumb::overlay

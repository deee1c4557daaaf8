// What all ways of spreading share: verification, rates, memory.
#include <gtest/gtest.h>

#include "tests/unit/broadcast_rig.hh"

namespace rhumb::overlay::broadcast::test {
namespace {

constexpr auto gossip = frame_type::gossip;

TEST(broadcast_verification, comes_before_delivery_and_before_passing_on) {
    node_rig rig(verifying());
    rig.neighbour(1);
    rig.neighbour(2);
    rig.gossip(1, 9, 5, 1, "text");
    EXPECT_TRUE(rig.sent.empty());
    EXPECT_TRUE(rig.delivered.empty());
    ASSERT_EQ(rig.questions.size(), 1U);
    EXPECT_EQ(rig.questions[0].origin, 9U);
    EXPECT_EQ(rig.questions[0].text, "text");
    rig.answer(rig.questions[0].ticket, true);
    EXPECT_EQ(rig.delivered.size(), 1U);
    EXPECT_EQ(rig.receivers(gossip), numbers{2});
    rig.answer(rig.questions[0].ticket, true);  // twice is nothing
    rig.answer(12345, true);
    EXPECT_EQ(rig.delivered.size(), 1U);
}

TEST(broadcast_verification, of_a_refused_message_reports_who_brought_it) {
    node_rig rig(verifying());
    rig.neighbour(1);
    rig.neighbour(2);
    rig.gossip(1, 9, 5);
    rig.answer(rig.questions[0].ticket, false);
    EXPECT_TRUE(rig.sent.empty());
    EXPECT_TRUE(rig.delivered.empty());
    ASSERT_EQ(rig.misbehaved.size(), 1U);
    EXPECT_EQ(rig.misbehaved[0], std::make_pair(1U, drop_reason::bad_signature));
    EXPECT_EQ(rig.n.waiting().size(), 0U);
}

TEST(broadcast_verification, of_an_unwanted_message_blames_nobody) {
    node_rig rig(verifying());
    rig.neighbour(1);
    rig.neighbour(2);
    rig.gossip(1, 9, 5, 1, "old");
    rig.gossip(2, 9, 5, 1, "another");
    rig.unwanted(rig.questions[0].ticket);
    EXPECT_TRUE(rig.misbehaved.empty());
    EXPECT_TRUE(rig.delivered.empty());
    EXPECT_TRUE(rig.sent.empty());
    EXPECT_EQ(rig.n.counts().of(drop_reason::unwanted), 1U);
    ASSERT_EQ(rig.questions.size(), 2U);  // the next copy has its turn
    rig.unwanted(rig.questions[1].ticket);
    EXPECT_EQ(rig.n.waiting().size(), 0U);
}

TEST(broadcast_verification, a_forged_copy_does_not_keep_the_true_one_out) {
    node_rig rig(verifying());
    for (const std::uint32_t peer : {1U, 2U, 3U}) {
        rig.neighbour(peer);
    }
    rig.gossip(1, 9, 5, 1, "forged");
    rig.gossip(2, 9, 5, 1, "true");
    rig.gossip(3, 9, 5, 1, "true");
    EXPECT_EQ(rig.questions.size(), 1U);  // one after the other
    EXPECT_EQ(rig.receivers(frame_type::prune), numbers{3});
    EXPECT_EQ(rig.n.waiting().size(), 2U);
    rig.answer(rig.questions[0].ticket, false);
    ASSERT_EQ(rig.questions.size(), 2U);
    EXPECT_EQ(rig.questions[1].text, "true");
    rig.answer(rig.questions[1].ticket, true);
    ASSERT_EQ(rig.delivered.size(), 1U);
    EXPECT_EQ(rig.delivered[0].text, "true");
    EXPECT_EQ(rig.n.waiting().size(), 0U);
    EXPECT_EQ(rig.n.waiting().bytes(), 0U);
    // What comes now is a duplicate, whatever it says.
    rig.gossip(1, 9, 5, 1, "forged");
    EXPECT_EQ(rig.questions.size(), 2U);
}

TEST(broadcast_verification, a_valid_message_ends_the_wait_of_its_other_copies) {
    node_rig rig(verifying());
    rig.gossip(1, 9, 5, 1, "true");
    rig.gossip(2, 9, 5, 1, "forged");
    rig.answer(rig.questions[0].ticket, true);
    EXPECT_EQ(rig.n.waiting().size(), 0U);
    EXPECT_EQ(rig.questions.size(), 1U);
}

TEST(broadcast_verification, is_bounded_by_peer_number_and_bytes) {
    options wanted = verifying();
    wanted.memory.unverified = 10;
    wanted.memory.unverified_per_peer = 4;
    node_rig rig(wanted);
    for (std::uint64_t n = 0; n < 6; ++n) {
        rig.gossip(1, 9, n);
    }
    EXPECT_EQ(rig.n.waiting().size(), 4U);
    for (std::uint64_t n = 10; n < 30; ++n) {
        rig.gossip(static_cast<std::uint32_t>(n), 9, n);
    }
    EXPECT_EQ(rig.n.waiting().size(), 10U);
    EXPECT_EQ(rig.n.counts().of(drop_reason::unverified_full), 16U);

    wanted = verifying();
    wanted.payload = 1000;
    wanted.memory.unverified_bytes = 2500;
    node_rig large(wanted);
    for (std::uint32_t n = 1; n <= 3; ++n) {
        large.gossip(n, 9, n, 1, std::string(1000, 'x'));
    }
    EXPECT_EQ(large.n.waiting().size(), 2U);
    EXPECT_LE(large.n.waiting().bytes(), 2500U);
}

TEST(broadcast_rates, hold_each_peer_to_its_own) {
    options wanted = quiet_options();
    wanted.rate.frames_per_second = 10;
    wanted.rate.frames_burst = 20;
    node_rig rig(wanted);
    for (std::uint64_t n = 0; n < 100; ++n) {
        rig.gossip(1, 9, n);
    }
    rig.gossip(2, 9, 1000);
    EXPECT_EQ(rig.delivered.size(), 21U);
    EXPECT_EQ(rig.n.counts().of(drop_reason::rate), 80U);
    rig.pass(1s);
    for (std::uint64_t n = 2000; n < 2100; ++n) {
        rig.gossip(1, 9, n);
    }
    EXPECT_EQ(rig.delivered.size(), 31U);
}

TEST(broadcast_rates, hold_bytes_and_membership_too) {
    options wanted = quiet_options();
    wanted.rate.bytes_per_second = 100'000;
    wanted.rate.bytes_burst = 100'000;
    wanted.rate.membership_per_second = 1;
    wanted.rate.membership_burst = 5;
    ASSERT_TRUE(check(wanted));
    node_rig rig(wanted);
    for (std::uint64_t n = 0; n < 100; ++n) {
        rig.gossip(1, 9, n, 1, std::string(9'900, 'x'));
    }
    EXPECT_EQ(rig.delivered.size(), 9U);
    for (std::uint32_t n = 0; n < 20; ++n) {
        rig.receive(2, [](bytes& to) { write_join(to, 77, where(2)); });
    }
    EXPECT_EQ(rig.receivers(frame_type::neighbour_reply).size(), 5U);
}

TEST(broadcast_rates, remember_a_bounded_number_of_peers) {
    options wanted = quiet_options();
    wanted.rate.frames_per_second = 10;
    wanted.rate.frames_burst = 10;
    wanted.rate.peers = 4;
    peer_rates rates(wanted.rate, {1, 2});
    const time_point start(1h);
    for (std::uint32_t peer = 0; peer < 100; ++peer) {
        EXPECT_TRUE(rates.take(key(peer), 100, start + 1us * peer));
        EXPECT_LE(rates.size(), 4U);
    }
    // One that is heard often stays, and pays.
    for (int n = 0; n < 100; ++n) {
        const time_point now = start + 1s + 1us * n;
        EXPECT_EQ(rates.take(key(7), 1, now), n < 10);
        EXPECT_TRUE(rates.take(key(1000 + static_cast<std::uint32_t>(n)), 1, now));
    }
}

TEST(broadcast_frames_received, that_are_wrong_are_counted_and_reported) {
    node_rig rig;
    rig.receive_raw(1, {});
    rig.receive_raw(1, {1, 1});
    rig.receive_raw(1, {9, 9});
    rig.receive_raw(1, {1, 99});
    rig.receive_raw(1, bytes(most_payload + 1000, 1));
    rig.gossip(1, 9, 5, 1, std::string(20'000, 'x'));
    rig.receive(0, [](bytes& to) { write_join(to, 77, where(1)); });  // from ourselves
    const std::vector<std::pair<std::uint32_t, drop_reason>> wanted{
        {1, drop_reason::malformed}, {1, drop_reason::malformed}, {1, drop_reason::version},
        {1, drop_reason::type},      {1, drop_reason::too_long},  {1, drop_reason::too_long}};
    EXPECT_EQ(rig.misbehaved, wanted);
    EXPECT_EQ(rig.n.counts().of(drop_reason::from_self), 1U);
    EXPECT_TRUE(rig.sent.empty());
    EXPECT_TRUE(rig.delivered.empty());
}

TEST(broadcast_message, of_our_own_may_be_as_long_as_allowed) {
    node_rig rig;
    EXPECT_EQ(rig.n.next_sequence(), 1U);
    EXPECT_EQ(rig.broadcast(std::string(16 << 10, 'x')), 1U);
    EXPECT_EQ(rig.broadcast(std::string((16 << 10) + 1, 'x')), 0U);
    EXPECT_EQ(rig.n.next_sequence(), 2U);
    options later = quiet_options();
    later.first_sequence = 1'000'000;
    EXPECT_EQ(node_rig(later).broadcast("x"), 1'000'000U);
}

TEST(memory, of_messages_ends_with_their_time) {
    node_rig rig;
    rig.gossip(1, 9, 1, 1, std::string(1000, 'x'));
    EXPECT_EQ(rig.n.store().size(), 1U);
    rig.neighbour(1);
    rig.pass(31s);
    rig.n.tick(rig.now, rig.out);
    EXPECT_EQ(rig.n.store().size(), 1U);
    EXPECT_EQ(rig.n.store().body_bytes(), 0U);
    rig.pass(60s);
    rig.n.tick(rig.now, rig.out);
    EXPECT_EQ(rig.n.store().size(), 0U);
}

}  // namespace
}  // namespace rhumb::overlay::broadcast::test

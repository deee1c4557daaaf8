// Copies that go again until they are acknowledged.
#include <gtest/gtest.h>

#include <array>

#include "tests/unit/broadcast_rig.hh"

namespace rhumb::overlay::broadcast::test {
namespace {

constexpr auto gossip = frame_type::gossip;
constexpr auto ack = frame_type::ack;

options retransmitting() {
    options made = quiet_options();
    made.retransmission.on = true;
    made.retransmission.wait = 100ms;
    made.retransmission.attempts = 3;
    return made;
}

TEST(retransmission, repeats_after_growing_waits_until_it_gives_up) {
    node_rig rig(retransmitting());
    rig.neighbour(1);
    rig.broadcast("x");
    ASSERT_EQ(rig.receivers(gossip).size(), 1U);
    EXPECT_TRUE(rig.sent[0].f.flag);
    EXPECT_FALSE(rig.sent[0].f.again);
    rig.pass(99ms);
    EXPECT_EQ(rig.sent.size(), 1U);
    rig.pass(2ms);
    ASSERT_EQ(rig.sent.size(), 2U);
    EXPECT_TRUE(rig.sent[1].f.again);
    EXPECT_EQ(rig.sent[1].f.tag, rig.sent[0].f.tag);
    rig.pass(195ms);
    EXPECT_EQ(rig.sent.size(), 2U);
    rig.pass(10ms);
    EXPECT_EQ(rig.sent.size(), 3U);
    EXPECT_EQ(rig.n.outstanding(), 1U);
    rig.pass(2s);
    EXPECT_EQ(rig.sent.size(), 3U);
    EXPECT_EQ(rig.n.outstanding(), 0U);
    EXPECT_EQ(rig.n.counts().of(drop_reason::given_up), 1U);
    EXPECT_EQ(rig.n.counts().retransmitted, 2U);
}

TEST(retransmission, ends_with_the_receivers_acknowledgement_and_nobody_elses) {
    node_rig rig(retransmitting());
    rig.neighbour(1);
    rig.neighbour(2);
    rig.broadcast("x");
    ASSERT_EQ(rig.receivers(gossip), (numbers{1, 2}));
    std::array<std::uint32_t, 3> tag{};
    for (const auto& s : rig.sent) {
        tag[s.to] = s.f.tag;
    }
    rig.receive(2, [&](bytes& to) { write_ack(to, tag[1]); });
    rig.receive(1, [&](bytes& to) { write_ack(to, tag[1] + 0x10000); });
    rig.receive(1, [&](bytes& to) { write_ack(to, 0xffffffff); });
    EXPECT_EQ(rig.n.outstanding(), 2U);
    EXPECT_EQ(rig.n.counts().of(drop_reason::unexpected), 3U);
    rig.receive(1, [&](bytes& to) { write_ack(to, tag[1]); });
    EXPECT_EQ(rig.n.outstanding(), 1U);
    rig.sent.clear();
    rig.pass(101ms);
    EXPECT_EQ(rig.receivers(gossip), numbers{2});
    rig.lose(2);
    EXPECT_EQ(rig.n.outstanding(), 0U);
}

TEST(retransmission, acknowledges_each_copy_and_prunes_for_no_repetition) {
    node_rig rig;
    rig.neighbour(1);
    rig.neighbour(2);
    rig.gossip(1, 9, 5, 1, "x", {true, false, 0, 42});
    EXPECT_EQ(rig.only_frame(ack).tag, 42U);
    rig.sent.clear();
    rig.gossip(1, 9, 5, 1, "x", {true, true, 0, 42});
    EXPECT_EQ(rig.only_frame(ack).tag, 42U);
    EXPECT_TRUE(rig.receivers(frame_type::prune).empty());
    EXPECT_EQ(rig.eager(), (numbers{1, 2}));
    EXPECT_EQ(rig.delivered.size(), 1U);
}

TEST(retransmission, does_not_acknowledge_what_found_no_room) {
    options wanted = verifying();
    wanted.memory.unverified_per_peer = 1;
    node_rig rig(wanted);
    rig.neighbour(1);
    rig.gossip(1, 9, 5, 1, "x", {true, false, 0, 1});
    rig.gossip(1, 9, 6, 1, "x", {true, false, 0, 2});
    EXPECT_EQ(rig.only_frame(ack).tag, 1U);
}

TEST(retransmission, is_bounded) {
    options wanted = retransmitting();
    wanted.retransmission.outstanding = 5;
    node_rig rig(wanted);
    rig.neighbour(1);
    for (int n = 0; n < 8; ++n) {
        rig.broadcast("x");
    }
    EXPECT_EQ(rig.receivers(gossip).size(), 8U);
    EXPECT_EQ(rig.n.outstanding(), 5U);
    EXPECT_EQ(rig.n.counts().of(drop_reason::retransmission_full), 3U);
}

TEST(retransmission, asks_announcers_again_in_turn) {
    node_rig rig(retransmitting());
    rig.neighbour(1);
    rig.neighbour(2);
    rig.announce(1, 9, 5);
    rig.announce(2, 9, 5);
    rig.pass(1s);
    EXPECT_EQ(rig.receivers(frame_type::graft), (numbers{1, 1, 2}));
}

}  // namespace
}  // namespace rhumb::overlay::broadcast::test

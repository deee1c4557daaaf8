// HyParView: whom a node asks to be its neighbour, and what becomes of what it has asked.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/broadcast_rig.hh"

namespace rhumb::overlay::broadcast::test {
namespace {

// The end of a walk: the node asks this peer.
void have_asked(node_rig& rig, std::uint32_t peer) {
    rig.receive(1, [&](bytes& to) { write_forward_join(to, who(peer), 0); });
    EXPECT_TRUE(rig.n.peers().awaits(key(peer)));
}

TEST(hyparview, who_is_not_waited_for_any_more_is_let_go) {
    node_rig rig(small(3));
    rig.neighbour(1);
    for (std::uint32_t peer = 10; peer < 18; ++peer) {
        have_asked(rig, peer);
    }
    EXPECT_TRUE(rig.released.empty());
    have_asked(rig, 18);
    EXPECT_FALSE(rig.n.peers().awaits(key(10)));
    EXPECT_EQ(rig.released, numbers{10});
    // One that is a neighbour by now keeps its link.
    rig.receive(11, [](bytes& to) { write_join(to, 77, where(11)); });
    have_asked(rig, 19);
    EXPECT_FALSE(rig.n.peers().awaits(key(11)));
    EXPECT_EQ(rig.released, numbers{10});
    rig.pass(501ms);
    EXPECT_EQ(rig.released, (numbers{10, 12, 13, 14, 15, 16, 17, 18, 19}));
    EXPECT_EQ(rig.neighbours(), (numbers{1, 11}));
}

TEST(hyparview, nobody_is_let_go_whose_answer_is_waited_for) {
    node_rig rig(small(2));
    rig.neighbour(1);
    rig.neighbour(2);
    have_asked(rig, 9);
    // It has had the same idea, and there is no place; nor is it gone when its own walk ends here.
    rig.receive(9, [](bytes& to) { write_neighbour(to, false, 77, where(9)); });
    EXPECT_FALSE(rig.only_frame(frame_type::neighbour_reply).flag);
    rig.receive(1, [](bytes& to) { write_shuffle(to, 1, who(9), {}); });
    EXPECT_EQ(rig.receivers(frame_type::shuffle_reply), numbers{9});
    EXPECT_TRUE(rig.released.empty());
    reply(rig, 9, false);
    EXPECT_EQ(rig.released, numbers{9});
}

TEST(hyparview, a_lost_neighbour_is_replaced_from_the_passive_view) {
    node_rig rig;
    remember(rig, 5);
    rig.neighbour(1);
    rig.neighbour(2);
    rig.pass_until(frame_type::shuffle);
    reply(rig, 5, false);
    rig.sent.clear();
    // 5 has refused in this round; 6 has not been asked.
    const std::vector<contact> list{who(6)};
    rig.receive(8, [&](bytes& to) { write_shuffle_reply(to, list); });
    rig.lose(1);
    EXPECT_EQ(rig.neighbours(), numbers{2});
    EXPECT_EQ(rig.receivers(frame_type::neighbour), numbers{6});
    EXPECT_EQ(rig.passive(), (numbers{5, 6}));
    reply(rig, 6, true);
    EXPECT_EQ(rig.neighbours(), (numbers{2, 6}));
    EXPECT_EQ(rig.passive(), numbers{5});
}

TEST(hyparview, a_node_alone_asks_with_high_priority_others_with_low) {
    node_rig alone;
    alone.neighbour(1);
    alone.pass_until(frame_type::shuffle);
    const std::vector<contact> list{who(6)};
    alone.sent.clear();
    alone.lose(1);
    EXPECT_TRUE(alone.sent.empty());  // it knows nobody
    alone.receive(8, [&](bytes& to) { write_shuffle_reply(to, list); });
    EXPECT_EQ(alone.receivers(frame_type::neighbour), numbers{6});
    EXPECT_TRUE(alone.only_frame(frame_type::neighbour).flag);

    node_rig other;
    remember(other, 5);
    other.neighbour(1);
    other.neighbour(2);
    other.pass_until(frame_type::shuffle);
    ASSERT_FALSE(other.receivers(frame_type::neighbour).empty());
    EXPECT_FALSE(other.only_frame(frame_type::neighbour).flag);
}

// Else the nodes around one that has not place for all would displace each other without a pause.
TEST(hyparview, who_sent_disconnect_is_asked_again_after_a_while_only) {
    node_rig rig;
    rig.neighbour(1);
    for (int n = 0; n < 6; ++n) {
        rig.sent.clear();
        rig.receive(1, [](bytes& to) { write_disconnect(to); });
        EXPECT_TRUE(rig.sent.empty());
        const time_point before = rig.now;
        rig.pass_until(frame_type::neighbour);
        EXPECT_TRUE(rig.only_frame(frame_type::neighbour).flag);
        EXPECT_GT(rig.now - before, 300ms * (1 << n));
        reply(rig, 1, true);
        EXPECT_EQ(rig.neighbours(), numbers{1});
    }
}

TEST(hyparview, refusals_leave_the_peer_in_the_passive_view_and_the_next_is_asked) {
    node_rig rig;
    for (const std::uint32_t peer : {5U, 6U, 7U}) {
        remember(rig, peer);
    }
    rig.neighbour(1);
    rig.pass_until(frame_type::shuffle);
    std::set<std::uint32_t> asked;
    for (int n = 0; n < 3; ++n) {
        ASSERT_EQ(rig.receivers(frame_type::neighbour).size(), 1U);
        const std::uint32_t peer = rig.receivers(frame_type::neighbour)[0];
        asked.insert(peer);
        rig.sent.clear();
        reply(rig, peer, false);
    }
    EXPECT_EQ(asked, (std::set<std::uint32_t>{5, 6, 7}));
    EXPECT_TRUE(rig.receivers(frame_type::neighbour).empty());  // all have refused
    EXPECT_EQ(rig.passive(), (numbers{5, 6, 7}));
}

TEST(hyparview, no_more_refusals_are_sought_than_a_round_may_have) {
    options wanted = quiet_options();
    wanted.membership.most_refusals = 1;
    node_rig rig(wanted);
    for (const std::uint32_t peer : {5U, 6U, 7U}) {
        remember(rig, peer);
    }
    rig.neighbour(1);
    rig.pass_until(frame_type::shuffle);
    ASSERT_EQ(rig.receivers(frame_type::neighbour).size(), 1U);
    const std::uint32_t peer = rig.receivers(frame_type::neighbour)[0];
    rig.sent.clear();
    reply(rig, peer, false);
    EXPECT_TRUE(rig.receivers(frame_type::neighbour).empty());
}

TEST(hyparview, who_cannot_be_dialled_or_does_not_answer_is_forgotten) {
    node_rig rig;
    remember(rig, 5);
    remember(rig, 6);
    rig.neighbour(1);
    rig.pass_until(frame_type::shuffle);
    ASSERT_EQ(rig.receivers(frame_type::neighbour).size(), 1U);
    const std::uint32_t first = rig.receivers(frame_type::neighbour)[0];
    const std::uint32_t second = first == 5 ? 6 : 5;
    rig.sent.clear();
    rig.lose(first);
    EXPECT_EQ(rig.passive(), numbers{second});
    EXPECT_EQ(rig.receivers(frame_type::neighbour), numbers{second});
    rig.pass(501ms);
    EXPECT_TRUE(rig.passive().empty());
    // Its answer comes late: it must not take us for a neighbour.
    rig.sent.clear();
    reply(rig, second, true);
    EXPECT_EQ(rig.receivers(frame_type::disconnect), numbers{second});
    EXPECT_EQ(rig.n.counts().of(drop_reason::unexpected), 1U);
    EXPECT_EQ(rig.neighbours(), numbers{1});
}

TEST(hyparview, an_accepted_request_that_finds_no_place_any_more_is_taken_back) {
    node_rig rig(small(2));
    remember(rig, 5);
    rig.neighbour(1);
    rig.pass_until(frame_type::shuffle);
    ASSERT_EQ(rig.receivers(frame_type::neighbour), numbers{5});
    rig.neighbour(2);
    reply(rig, 5, true);
    EXPECT_EQ(rig.receivers(frame_type::disconnect), numbers{5});
    EXPECT_EQ(rig.neighbours(), (numbers{1, 2}));
    EXPECT_EQ(rig.passive(), numbers{5});
}

TEST(hyparview, an_answer_that_crosses_our_disconnect_counts_no_more) {
    node_rig rig(small(1));
    rig.join({who(1)});
    rig.receive(1, [](bytes& to) { write_join(to, 77, where(1)); });  // it has had the same idea
    rig.receive(2, [](bytes& to) { write_join(to, 77, where(2)); });
    EXPECT_EQ(rig.neighbours(), numbers{2});
    EXPECT_EQ(rig.receivers(frame_type::disconnect), numbers{1});
    reply(rig, 1, true);  // sent before that arrived
    EXPECT_EQ(rig.neighbours(), numbers{2});
    EXPECT_EQ(rig.receivers(frame_type::disconnect), (numbers{1, 1}));
}

TEST(hyparview, an_answer_to_an_older_request_counts_no_more) {
    node_rig rig;
    rig.join({who(1)});
    const std::uint32_t first = rig.tags[1];
    rig.join({who(1)});
    EXPECT_NE(rig.tags[1], first);
    rig.receive(1, [&](bytes& to) { write_neighbour_reply(to, true, first); });
    EXPECT_TRUE(rig.neighbours().empty());
    // What it thinks now is settled by its next answer.
    EXPECT_TRUE(rig.receivers(frame_type::disconnect).empty());
    reply(rig, 1, true);
    EXPECT_EQ(rig.neighbours(), numbers{1});
}

TEST(hyparview, a_node_without_anybody_asks_its_contacts_again_ever_more_rarely) {
    node_rig rig;
    rig.join({who(1), who(0)});  // ourselves are no contact
    EXPECT_EQ(rig.receivers(frame_type::join), numbers{1});
    rig.lose(1);
    rig.pass(1s);
    EXPECT_EQ(rig.receivers(frame_type::join), (numbers{1, 1}));
    rig.pass(10min);
    const std::size_t asked = rig.receivers(frame_type::join).size();
    EXPECT_GT(asked, 8U);
    EXPECT_LT(asked, 30U);
    rig.pass_until(frame_type::join);
    reply(rig, 1, true);
    EXPECT_EQ(rig.neighbours(), numbers{1});
    rig.pass_until(frame_type::shuffle);
    rig.lose(1);
    rig.pass(1s);  // soon, as it was well in between
    EXPECT_FALSE(rig.receivers(frame_type::join).empty());
}

}  // namespace
}  // namespace rhumb::overlay::broadcast::test

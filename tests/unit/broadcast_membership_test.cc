// HyParView: joining, being asked, leaving.
#include <gtest/gtest.h>

#include "tests/unit/broadcast_rig.hh"

namespace rhumb::overlay::broadcast::test {
namespace {

TEST(hyparview, join_asks_a_contact_and_waits_for_its_answer) {
    node_rig rig;
    rig.join({who(1)});
    EXPECT_EQ(rig.receivers(frame_type::join), numbers{1});
    EXPECT_EQ(rig.only_frame(frame_type::join).who.where, where(0));
    EXPECT_EQ(rig.dialled, numbers{1});
    EXPECT_TRUE(rig.neighbours().empty());
    reply(rig, 1, true);
    EXPECT_EQ(rig.neighbours(), numbers{1});
}

TEST(hyparview, who_is_met_is_asked_at_once_and_again_when_nobody_is_left) {
    node_rig rig;
    rig.meet(who(1));
    EXPECT_EQ(rig.receivers(frame_type::join), numbers{1});
    EXPECT_TRUE(rig.n.peers().awaits(key(1)));
    EXPECT_FALSE(rig.n.peers().awaits(key(2)));
    reply(rig, 1, true);
    EXPECT_FALSE(rig.n.peers().awaits(key(1)));
    rig.meet(who(2));  // beside the first
    EXPECT_EQ(rig.receivers(frame_type::join), (numbers{1, 2}));
    reply(rig, 2, true);
    EXPECT_EQ(rig.neighbours(), (numbers{1, 2}));
    rig.sent.clear();
    rig.meet(who(1));  // a neighbour: nothing to ask
    rig.meet(who(0));  // itself
    EXPECT_TRUE(rig.sent.empty());
    for (const std::uint32_t peer : {1U, 2U}) {
        rig.n.lost(key(peer), rig.now, rig.out);
    }
    rig.pass(std::chrono::seconds(10));
    EXPECT_FALSE(rig.receivers(frame_type::join).empty());
}

TEST(hyparview, join_is_accepted_and_told_to_all_other_neighbours) {
    node_rig rig(small(3));
    rig.neighbour(1);
    rig.neighbour(2);
    rig.receive(9, [](bytes& to) { write_join(to, 77, where(9)); });
    EXPECT_EQ(rig.neighbours(), (numbers{1, 2, 9}));
    EXPECT_EQ(rig.receivers(frame_type::neighbour_reply), numbers{9});
    EXPECT_EQ(rig.only_frame(frame_type::neighbour_reply).tag, 77U);
    EXPECT_EQ(rig.receivers(frame_type::forward_join), (numbers{1, 2}));
    for (const auto& s : rig.sent) {
        if (s.f.type == frame_type::forward_join) {
            EXPECT_EQ(s.f.ttl, 6);
            EXPECT_EQ(s.f.who.key, key(9));
            EXPECT_EQ(s.f.who.where, where(9));
        }
    }
}

TEST(hyparview, join_makes_room_by_a_disconnect) {
    node_rig rig(small(2));
    rig.neighbour(1);
    rig.neighbour(2);
    rig.receive(9, [](bytes& to) { write_join(to, 77, where(9)); });
    ASSERT_EQ(rig.receivers(frame_type::disconnect).size(), 1U);
    const std::uint32_t left = rig.receivers(frame_type::disconnect)[0];
    EXPECT_EQ(rig.neighbours(), (left == 1 ? numbers{2, 9} : numbers{1, 9}));
    EXPECT_EQ(rig.passive(), numbers{left});
    EXPECT_EQ(rig.released, numbers{left});
}

TEST(hyparview, join_of_a_neighbour_that_has_restarted_is_accepted_again) {
    node_rig rig;
    rig.neighbour(1);
    rig.gossip(1, 7, 1);
    rig.gossip(1, 7, 1);
    EXPECT_TRUE(rig.eager().empty());  // pruned, and the peer does not know any more
    rig.receive(1, [](bytes& to) { write_join(to, 77, where(1)); });
    EXPECT_EQ(rig.neighbours(), numbers{1});
    EXPECT_EQ(rig.eager(), numbers{1});
}

TEST(hyparview, forward_join_ends_by_asking_with_high_priority) {
    node_rig rig;
    rig.neighbour(1);
    rig.neighbour(2);
    rig.receive(1, [](bytes& to) { write_forward_join(to, who(9), 0); });
    EXPECT_EQ(rig.receivers(frame_type::neighbour), numbers{9});
    EXPECT_TRUE(rig.only_frame(frame_type::neighbour).flag);
    EXPECT_EQ(rig.dialled, numbers{9});
    EXPECT_EQ(rig.neighbours(), (numbers{1, 2}));
    reply(rig, 9, true);
    EXPECT_EQ(rig.neighbours(), (numbers{1, 2, 9}));
}

TEST(hyparview, forward_join_ends_at_a_node_with_one_neighbour) {
    node_rig rig;
    rig.neighbour(1);
    rig.receive(1, [](bytes& to) { write_forward_join(to, who(9), 5); });
    EXPECT_EQ(rig.receivers(frame_type::neighbour), numbers{9});
    EXPECT_TRUE(rig.receivers(frame_type::forward_join).empty());
}

TEST(hyparview, forward_join_walks_on_but_never_back) {
    for (std::uint32_t run = 0; run < 20; ++run) {
        options wanted = small(4);
        wanted.key = {run, run};
        node_rig rig(wanted);
        for (const std::uint32_t peer : {1U, 2U, 9U}) {
            rig.neighbour(peer);
        }
        rig.receive(1, [](bytes& to) { write_forward_join(to, who(9), 5); });
        // Nor to the one that joins.
        EXPECT_EQ(rig.receivers(frame_type::forward_join), numbers{2});
        EXPECT_EQ(rig.only_frame(frame_type::forward_join).ttl, 4);
        EXPECT_TRUE(rig.passive().empty());
    }
}

TEST(hyparview, forward_join_is_remembered_where_the_passive_walk_ends) {
    node_rig rig;
    rig.neighbour(1);
    rig.neighbour(2);
    rig.receive(1, [](bytes& to) { write_forward_join(to, who(9), 3); });
    EXPECT_EQ(rig.passive(), numbers{9});
    EXPECT_EQ(rig.only_frame(frame_type::forward_join).ttl, 2);
}

TEST(hyparview, forward_join_walks_no_longer_than_ours) {
    node_rig rig;
    rig.neighbour(1);
    rig.neighbour(2);
    rig.receive(1, [](bytes& to) { write_forward_join(to, who(9), 255); });
    EXPECT_EQ(rig.only_frame(frame_type::forward_join).ttl, 5);
}

TEST(hyparview, frames_for_neighbours_are_answered_with_disconnect_to_others) {
    node_rig rig;
    rig.neighbour(1);
    rig.receive(5, [](bytes& to) { write_forward_join(to, who(9), 0); });
    rig.receive(5, [](bytes& to) { write_shuffle(to, 6, who(5), {}); });
    rig.receive(5, [](bytes& to) { write_prune(to); });
    EXPECT_EQ(rig.receivers(frame_type::disconnect), (numbers{5, 5, 5}));
    EXPECT_EQ(rig.n.counts().of(drop_reason::not_neighbour), 3U);
    EXPECT_EQ(rig.sent.size(), 3U);
}

TEST(hyparview, neighbour_of_low_priority_wants_a_free_place) {
    node_rig rig(small(2));
    const auto ask = [&](std::uint32_t from, bool high) {
        rig.sent.clear();
        rig.receive(from, [&](bytes& to) { write_neighbour(to, high, 77, where(from)); });
        return rig.only_frame(frame_type::neighbour_reply).flag;
    };
    EXPECT_TRUE(ask(1, false));
    EXPECT_TRUE(ask(2, false));
    EXPECT_FALSE(ask(3, false));
    EXPECT_EQ(rig.neighbours(), (numbers{1, 2}));
    EXPECT_EQ(rig.released, numbers{3});
    EXPECT_TRUE(ask(2, false));  // is one already
    EXPECT_TRUE(ask(3, true));
    EXPECT_EQ(rig.receivers(frame_type::disconnect).size(), 1U);
    EXPECT_EQ(rig.neighbours().size(), 2U);
}

TEST(hyparview, disconnect_moves_a_neighbour_to_the_passive_view) {
    node_rig rig;
    rig.neighbour(1);
    rig.neighbour(2);
    rig.receive(1, [](bytes& to) { write_disconnect(to); });
    EXPECT_EQ(rig.neighbours(), numbers{2});
    EXPECT_EQ(rig.passive(), numbers{1});
    rig.receive(7, [](bytes& to) { write_disconnect(to); });  // of a stranger: nothing
    EXPECT_EQ(rig.passive(), numbers{1});
}

TEST(hyparview, views_never_exceed_their_sizes) {
    node_rig rig(small(3, 4));
    for (std::uint32_t peer = 1; peer < 200; ++peer) {
        rig.receive(peer, [&](bytes& to) { write_join(to, 77, where(peer)); });
        EXPECT_LE(rig.neighbours().size(), 3U);
        EXPECT_LE(rig.passive().size(), 4U);
    }
    EXPECT_EQ(rig.neighbours().size(), 3U);
    EXPECT_EQ(rig.passive().size(), 4U);
}

}  // namespace
}  // namespace rhumb::overlay::broadcast::test

// HyParView, message by message.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/broadcast_rig.hh"

namespace rhumb::overlay::broadcast::test {
namespace {

options small(std::size_t active, std::size_t passive = 30) {
    options made = quiet_options();
    made.membership.active = active;
    made.membership.passive = passive;
    return made;
}

void reply(node_rig& rig, std::uint32_t from, bool accepted) {
    rig.receive(from, [&](bytes& to) { write_neighbour_reply(to, accepted, rig.tags[from]); });
}

// A peer of the passive view: one that was a neighbour and left in peace.
void remember(node_rig& rig, std::uint32_t peer) {
    rig.neighbour(peer);
    rig.receive(peer, [](bytes& to) { write_disconnect(to); });
    rig.sent.clear();
    rig.dialled.clear();
    rig.released.clear();
}

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

TEST(hyparview, shuffle_offers_itself_neighbours_and_passive_peers) {
    node_rig rig;
    for (const std::uint32_t peer : {11U, 12U, 13U, 14U, 15U, 16U}) {
        remember(rig, peer);
    }
    for (const std::uint32_t peer : {1U, 2U, 3U, 4U, 5U}) {
        rig.neighbour(peer);
    }
    rig.pass_until(frame_type::shuffle);
    ASSERT_FALSE(rig.receivers(frame_type::shuffle).empty());
    const frame& f = rig.sent.front().f;
    ASSERT_EQ(f.type, frame_type::shuffle);
    EXPECT_EQ(f.ttl, 6);
    EXPECT_EQ(f.who.key, key(0));
    std::set<std::uint32_t> near;
    std::set<std::uint32_t> far;
    contact_reader list(f);
    for (contact each; list.next(each);) {
        (number(each.key) < 10 ? near : far).insert(number(each.key));
    }
    EXPECT_EQ(near.size(), 3U);
    EXPECT_EQ(far.size(), 4U);
}

TEST(hyparview, shuffle_walks_on_and_the_last_node_answers_its_origin) {
    node_rig rig;
    rig.neighbour(1);
    rig.neighbour(2);
    const std::vector<contact> list{who(20), who(21), who(0), who(1)};
    rig.receive(1, [&](bytes& to) { write_shuffle(to, 2, who(9), list); });
    EXPECT_EQ(rig.receivers(frame_type::shuffle), numbers{2});
    EXPECT_EQ(rig.only_frame(frame_type::shuffle).ttl, 1);
    EXPECT_TRUE(rig.passive().empty());
    rig.sent.clear();
    remember(rig, 30);
    rig.receive(1, [&](bytes& to) { write_shuffle(to, 1, who(9), list); });
    EXPECT_EQ(rig.receivers(frame_type::shuffle_reply), numbers{9});
    EXPECT_EQ(rig.dialled, numbers{9});
    EXPECT_EQ(rig.only_frame(frame_type::shuffle_reply).count, 1U);  // 30
    // Neither ourselves nor neighbours, but the origin.
    EXPECT_EQ(rig.passive(), (numbers{9, 20, 21, 30}));
}

TEST(hyparview, shuffle_replies_are_merged_once_and_only_when_asked_for) {
    node_rig rig;
    rig.neighbour(1);
    const std::vector<contact> list{who(20), who(21)};
    rig.receive(8, [&](bytes& to) { write_shuffle_reply(to, list); });
    EXPECT_TRUE(rig.passive().empty());
    rig.pass_until(frame_type::shuffle);
    const std::vector<contact> many(9, who(22));
    rig.receive(8, [&](bytes& to) { write_shuffle_reply(to, many); });  // more than were sent
    EXPECT_TRUE(rig.passive().empty());
    rig.receive(8, [&](bytes& to) { write_shuffle_reply(to, list); });
    EXPECT_EQ(rig.passive(), (numbers{20, 21}));
    rig.receive(8, [&](bytes& to) { write_shuffle_reply(to, many); });
    EXPECT_EQ(rig.passive(), (numbers{20, 21}));
    EXPECT_EQ(rig.n.counts().of(drop_reason::unexpected), 3U);
}

TEST(hyparview, a_full_passive_view_gives_up_first_what_it_has_sent) {
    options wanted = small(5, 4);
    wanted.membership.shuffle_passive = 2;
    node_rig rig(wanted);
    for (const std::uint32_t peer : {11U, 12U, 13U, 14U}) {
        remember(rig, peer);
    }
    for (const std::uint32_t peer : {1U, 2U, 3U, 4U, 5U}) {
        rig.neighbour(peer);
    }
    rig.pass_until(frame_type::shuffle);
    std::set<std::uint32_t> kept{11, 12, 13, 14};
    contact_reader sent(rig.sent.front().f);
    for (contact each; sent.next(each);) {
        kept.erase(number(each.key));
    }
    ASSERT_EQ(kept.size(), 2U);
    const std::vector<contact> list{who(20), who(21)};
    rig.receive(8, [&](bytes& to) { write_shuffle_reply(to, list); });
    kept.insert({20, 21});
    EXPECT_EQ(rig.passive(), numbers(kept.begin(), kept.end()));
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

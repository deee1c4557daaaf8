// HyParView: the passive view, kept fresh by SHUFFLE.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/broadcast_rig.hh"

namespace rhumb::overlay::broadcast::test {
namespace {

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

}  // namespace
}  // namespace rhumb::overlay::broadcast::test

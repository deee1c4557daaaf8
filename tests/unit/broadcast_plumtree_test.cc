// Plumtree rule by rule, and what flooding and random gossip do instead.
#include <gtest/gtest.h>

#include "tests/unit/broadcast_rig.hh"

namespace rhumb::overlay::broadcast::test {
namespace {

constexpr auto gossip = frame_type::gossip;
constexpr auto ihave = frame_type::ihave;
constexpr auto graft = frame_type::graft;
constexpr auto prune = frame_type::prune;

// With neighbours 1 to 4, of which `lazy` have pruned us.
struct tree_rig : node_rig {
    explicit tree_rig(const numbers& lazy = {}, const options& wanted = quiet_options())
        : node_rig(wanted) {
        for (const std::uint32_t peer : {1U, 2U, 3U, 4U}) {
            neighbour(peer);
        }
        for (const std::uint32_t peer : lazy) {
            receive(peer, [](bytes& to) { write_prune(to); });
        }
    }
    void take_graft(std::uint32_t from, std::uint32_t origin, std::uint64_t sequence,
                    bool send_message) {
        receive(from,
                [&](bytes& to) { write_graft(to, send_message, {{key(origin), sequence}, 1}); });
    }
};

TEST(plumtree, own_messages_go_to_eager_neighbours_and_are_announced_to_lazy_ones) {
    tree_rig rig({3});
    EXPECT_EQ(rig.broadcast("hello"), 1U);
    EXPECT_EQ(rig.receivers(gossip), (numbers{1, 2, 4}));
    EXPECT_EQ(rig.receivers(ihave), numbers{3});
    EXPECT_EQ(announcement_of(rig.only_frame(ihave), 0).id, (message_id{key(0), 1}));
    EXPECT_EQ(rig.sent[0].f.hops, 1);
    EXPECT_EQ(announcement_of(rig.only_frame(ihave), 0).hops, 1);
    EXPECT_TRUE(rig.delivered.empty());
    EXPECT_EQ(rig.broadcast("again"), 2U);
}

TEST(plumtree, new_messages_are_delivered_and_passed_on_but_not_back) {
    tree_rig rig({2, 3});
    rig.gossip(1, 9, 5, 3, "text");
    ASSERT_EQ(rig.delivered.size(), 1U);
    EXPECT_EQ(rig.delivered[0], (node_rig::delivery{9, 5, "text", 3}));
    EXPECT_EQ(rig.receivers(gossip), numbers{4});
    EXPECT_EQ(rig.only_frame(gossip).hops, 4);
    EXPECT_EQ(rig.receivers(ihave), (numbers{2, 3}));
}

TEST(plumtree, who_brings_a_new_message_becomes_eager) {
    tree_rig rig({1});
    EXPECT_EQ(rig.eager(), (numbers{2, 3, 4}));
    rig.gossip(1, 9, 5);
    EXPECT_EQ(rig.eager(), (numbers{1, 2, 3, 4}));
}

TEST(plumtree, who_brings_a_duplicate_is_pruned) {
    tree_rig rig;
    rig.gossip(1, 9, 5);
    rig.sent.clear();
    rig.gossip(2, 9, 5);
    EXPECT_EQ(rig.receivers(prune), numbers{2});
    EXPECT_EQ(rig.sent.size(), 1U);
    EXPECT_EQ(rig.eager(), (numbers{1, 3, 4}));
    EXPECT_EQ(rig.delivered.size(), 1U);
    EXPECT_EQ(rig.n.counts().of(drop_reason::duplicate), 1U);
}

TEST(plumtree, our_own_message_that_comes_back_is_a_duplicate) {
    tree_rig rig;
    rig.broadcast("x");
    rig.gossip(2, 0, 1);
    EXPECT_EQ(rig.receivers(prune), numbers{2});
    EXPECT_TRUE(rig.delivered.empty());
    rig.gossip(2, 0, 77);  // and one that we have not sent is none at all
    EXPECT_EQ(rig.n.counts().of(drop_reason::from_self), 1U);
    EXPECT_TRUE(rig.delivered.empty());
}

TEST(plumtree, prune_may_wait_for_several_duplicates) {
    options wanted = quiet_options();
    wanted.tree.prune_after = 3;
    tree_rig rig({}, wanted);
    for (std::uint64_t n = 1; n <= 3; ++n) {
        EXPECT_TRUE(rig.receivers(prune).empty());
        rig.gossip(1, 9, n);
        rig.gossip(2, 9, n);
    }
    EXPECT_EQ(rig.receivers(prune), numbers{2});
}

TEST(plumtree, a_pruned_neighbour_gets_announcements_only) {
    tree_rig rig;
    rig.receive(3, [](bytes& to) { write_prune(to); });
    EXPECT_EQ(rig.eager(), (numbers{1, 2, 4}));
    rig.broadcast("x");
    EXPECT_EQ(rig.receivers(ihave), numbers{3});
}

TEST(plumtree, what_is_announced_and_does_not_come_is_grafted) {
    tree_rig rig({2, 3});
    rig.announce(2, 9, 5, 4);
    rig.pass(79ms);
    EXPECT_TRUE(rig.sent.empty());
    rig.pass(2ms);
    EXPECT_EQ(rig.receivers(graft), numbers{2});
    EXPECT_TRUE(rig.only_frame(graft).flag);
    EXPECT_EQ(rig.only_frame(graft).id, (message_id{key(9), 5}));
    EXPECT_EQ(rig.eager(), (numbers{1, 2, 4}));
}

TEST(plumtree, the_next_announcer_is_asked_after_the_shorter_wait) {
    tree_rig rig({2, 3});
    rig.announce(2, 9, 5);
    rig.announce(3, 9, 5);
    rig.announce(3, 9, 5);  // twice is once
    rig.pass(81ms);
    EXPECT_EQ(rig.receivers(graft), numbers{2});
    rig.sent.clear();
    rig.pass(38ms);
    EXPECT_TRUE(rig.sent.empty());
    rig.pass(3ms);
    EXPECT_EQ(rig.receivers(graft), numbers{3});
    rig.sent.clear();
    rig.pass(1s);  // nobody else has it
    EXPECT_TRUE(rig.sent.empty());
    EXPECT_EQ(rig.n.counts().of(drop_reason::given_up), 1U);
    rig.announce(3, 9, 5);  // it may be announced anew
    rig.pass(81ms);
    EXPECT_EQ(rig.receivers(graft), numbers{3});
}

TEST(plumtree, what_has_come_is_not_grafted) {
    tree_rig rig({2});
    rig.announce(2, 9, 5, 1);
    rig.gossip(1, 9, 5, 1);
    rig.announce(2, 9, 5, 1);
    rig.sent.clear();
    rig.pass(1s);
    EXPECT_TRUE(rig.sent.empty());
}

TEST(plumtree, a_graft_is_answered_with_the_message) {
    tree_rig rig({2});
    rig.gossip(1, 9, 5, 7, "text");
    rig.sent.clear();
    rig.take_graft(2, 9, 5, true);
    EXPECT_EQ(rig.receivers(gossip), numbers{2});
    const frame& f = rig.only_frame(gossip);
    EXPECT_EQ(f.hops, 8);
    EXPECT_EQ(std::string(f.payload.begin(), f.payload.end()), "text");
    EXPECT_EQ(rig.eager(), (numbers{1, 2, 3, 4}));
}

TEST(plumtree, a_graft_without_message_changes_the_tree_only) {
    tree_rig rig({2});
    rig.gossip(1, 9, 5);
    rig.sent.clear();
    rig.take_graft(2, 9, 5, false);
    EXPECT_TRUE(rig.sent.empty());
    EXPECT_EQ(rig.eager(), (numbers{1, 2, 3, 4}));
}

TEST(plumtree, a_graft_for_what_is_gone_is_counted) {
    tree_rig rig;
    rig.take_graft(2, 9, 5, true);
    rig.gossip(1, 9, 6);
    rig.pass(31s);
    rig.sent.clear();
    rig.gossip(1, 9, 7);  // makes the store look at the clock
    rig.take_graft(2, 9, 6, true);
    EXPECT_EQ(rig.n.counts().of(drop_reason::payload_gone), 2U);
}

TEST(plumtree, a_new_neighbour_is_eager_and_one_that_is_gone_is_nothing) {
    tree_rig rig;
    rig.neighbour(5);
    EXPECT_EQ(rig.eager(), (numbers{1, 2, 3, 4, 5}));
    rig.announce(5, 9, 5);
    rig.lose(5);
    EXPECT_EQ(rig.eager(), (numbers{1, 2, 3, 4}));
    rig.sent.clear();
    rig.pass(1s);
    EXPECT_TRUE(rig.receivers(graft).empty());
}

// What each IHAVE for `to` has, as numbers of its origin's messages.
std::vector<std::uint64_t> announced(const node_rig& rig, std::uint32_t to) {
    std::vector<std::uint64_t> made;
    for (const auto& s : rig.sent) {
        for (std::size_t n = 0; s.to == to && s.f.type == ihave && n < s.f.count; ++n) {
            made.push_back(announcement_of(s.f, n).id.sequence);
        }
    }
    return made;
}

TEST(plumtree, a_new_neighbour_is_announced_what_came_lately) {
    options wanted = quiet_options();
    wanted.tree.announce_recent = 3;
    wanted.tree.announce_delay = 5ms;
    wanted.hop_limit = 7;
    wanted.memory.payload_age = 10s;
    tree_rig rig({}, wanted);
    rig.pass(1s);
    for (std::uint64_t n = 11; n <= 15; ++n) {
        rig.gossip(1, 9, n, n == 14 ? 7 : 2);  // one has come too far to be passed on
    }
    rig.neighbour(5);
    rig.lose(5);
    rig.neighbour(6);  // in the place of the one that has gone again
    rig.pass(1s);
    EXPECT_EQ(announced(rig, 6), (std::vector<std::uint64_t>{13, 15}));
    EXPECT_EQ(announcement_of(rig.only_frame(ihave), 0).hops, 3);
    EXPECT_EQ(announcement_of(rig.only_frame(ihave), 0).id.origin, key(9));
    rig.take_graft(6, 9, 13, true);
    EXPECT_EQ(rig.receivers(gossip), numbers{6});

    // What is gone cannot be announced.
    rig.lose(6);
    rig.pass(11s);
    rig.neighbour(7);
    rig.pass(1s);
    EXPECT_TRUE(rig.receivers(ihave).empty());
}

TEST(plumtree, as_in_the_paper_a_new_neighbour_is_announced_nothing) {
    tree_rig rig;
    rig.gossip(1, 9, 5);
    rig.neighbour(5);
    rig.pass(1s);
    EXPECT_TRUE(rig.receivers(ihave).empty());
}

TEST(plumtree, who_announced_second_is_asked_when_the_first_is_gone) {
    tree_rig rig({2, 3});
    rig.announce(2, 9, 5);
    rig.announce(3, 9, 5);
    rig.pass(81ms);
    rig.lose(2);
    rig.sent.clear();
    rig.pass(41ms);
    EXPECT_EQ(rig.receivers(graft), numbers{3});
}

TEST(plumtree, a_branch_that_is_longer_by_the_threshold_is_changed) {
    tree_rig rig({2, 3});
    rig.announce(3, 9, 5, 4);
    rig.announce(2, 9, 5, 2);
    rig.gossip(1, 9, 5, 5);
    EXPECT_EQ(rig.receivers(graft), numbers{2});
    EXPECT_FALSE(rig.only_frame(graft).flag);
    EXPECT_EQ(rig.receivers(prune), numbers{1});
    EXPECT_EQ(rig.eager(), (numbers{2, 4}));
    EXPECT_EQ(rig.n.counts().optimised, 1U);
}

TEST(plumtree, a_branch_that_is_longer_by_less_stays) {
    tree_rig rig({2, 3});
    rig.announce(2, 9, 5, 2);
    rig.gossip(1, 9, 5, 4);
    EXPECT_TRUE(rig.receivers(graft).empty());
    EXPECT_TRUE(rig.receivers(prune).empty());
    options never = quiet_options();
    never.tree.threshold = 0;
    tree_rig without({2, 3}, never);
    without.announce(2, 9, 5, 1);
    without.gossip(1, 9, 5, 50);
    EXPECT_TRUE(without.receivers(graft).empty());
}

TEST(plumtree, announcements_are_collected) {
    options wanted = quiet_options();
    wanted.tree.announce_delay = 5ms;
    wanted.tree.announce_batch = 3;
    tree_rig rig({2}, wanted);
    rig.broadcast("a");
    rig.broadcast("b");
    EXPECT_TRUE(rig.receivers(ihave).empty());
    rig.pass(6ms);
    EXPECT_EQ(rig.receivers(ihave), numbers{2});
    EXPECT_EQ(rig.only_frame(ihave).count, 2U);
    rig.sent.clear();
    for (int n = 0; n < 3; ++n) {
        rig.broadcast("c");
    }
    EXPECT_EQ(rig.only_frame(ihave).count, 3U);  // full, so at once
    rig.sent.clear();
    rig.pass(1s);
    EXPECT_TRUE(rig.receivers(ihave).empty());
}

TEST(plumtree, a_neighbour_may_announce_so_much_that_does_not_come) {
    options wanted = quiet_options();
    wanted.tree.missing_per_peer = 10;
    tree_rig rig({2, 3}, wanted);
    for (std::uint64_t n = 1; n <= 15; ++n) {
        rig.announce(2, 9, n);
    }
    EXPECT_EQ(rig.n.counts().of(drop_reason::missing_full), 5U);
    rig.announce(3, 9, 15);  // others may still
    rig.gossip(1, 9, 1);     // and what comes makes room
    rig.announce(2, 9, 14);
    EXPECT_EQ(rig.n.counts().of(drop_reason::missing_full), 5U);
}

TEST(plumtree, messages_that_came_too_far_are_delivered_and_not_passed_on) {
    options wanted = quiet_options();
    wanted.hop_limit = 10;
    tree_rig rig({2}, wanted);
    rig.gossip(1, 9, 5, 9);
    EXPECT_EQ(rig.receivers(gossip), (numbers{3, 4}));
    rig.sent.clear();
    rig.gossip(1, 9, 6, 10);
    EXPECT_TRUE(rig.sent.empty());
    EXPECT_EQ(rig.delivered.size(), 2U);
    EXPECT_EQ(rig.n.counts().of(drop_reason::hop_limit), 1U);
}

TEST(plumtree, strangers_may_bring_messages_but_are_no_branches) {
    tree_rig rig;
    rig.gossip(8, 9, 5);
    EXPECT_EQ(rig.delivered.size(), 1U);
    EXPECT_EQ(rig.receivers(gossip), (numbers{1, 2, 3, 4}));
    EXPECT_EQ(rig.receivers(frame_type::disconnect), numbers{8});
    EXPECT_EQ(rig.neighbours(), (numbers{1, 2, 3, 4}));
}

TEST(flooding, sends_each_message_once_to_all_but_its_sender) {
    options wanted = quiet_options();
    wanted.way = spreading::flooding;
    tree_rig rig({2}, wanted);  // PRUNE means nothing to it
    EXPECT_EQ(rig.n.counts().of(drop_reason::unexpected), 1U);
    rig.broadcast("x");
    EXPECT_EQ(rig.receivers(gossip), (numbers{1, 2, 3, 4}));
    rig.sent.clear();
    rig.gossip(1, 9, 5);
    EXPECT_EQ(rig.receivers(gossip), (numbers{2, 3, 4}));
    rig.sent.clear();
    rig.gossip(2, 9, 5);
    rig.announce(2, 9, 6);
    rig.pass(1s);
    EXPECT_TRUE(rig.sent.empty());
    EXPECT_EQ(rig.delivered.size(), 1U);
}

TEST(random_gossip, sends_each_message_to_some_of_both_views) {
    options wanted = quiet_options();
    wanted.way = spreading::gossip;
    wanted.gossip_fanout = 3;
    std::vector<std::size_t> times(12);
    for (std::uint32_t run = 0; run < 400; ++run) {
        wanted.key = {run, 1};
        tree_rig rig({}, wanted);
        rig.neighbour(5);
        for (const std::uint32_t peer : {6U, 7U, 8U, 9U, 10U, 11U}) {
            rig.neighbour(peer);  // each in place of another one, which is remembered
        }
        rig.dialled.clear();
        rig.gossip(11, 99, 5);
        const numbers to = rig.receivers(gossip);
        ASSERT_EQ(to.size(), 3U);
        EXPECT_EQ(std::adjacent_find(to.begin(), to.end()), to.end());
        for (const std::uint32_t peer : to) {
            ++times[peer];
            const numbers near = rig.neighbours();
            const bool is_near = std::find(near.begin(), near.end(), peer) != near.end();
            const bool dialled =
                std::find(rig.dialled.begin(), rig.dialled.end(), peer) != rig.dialled.end();
            EXPECT_NE(is_near, dialled);
        }
        rig.sent.clear();
        rig.gossip(1, 99, 5);
        EXPECT_TRUE(rig.sent.empty());
    }
    EXPECT_EQ(times[11], 0U);  // never back
    for (std::uint32_t peer = 1; peer < 11; ++peer) {
        EXPECT_NEAR(static_cast<double>(times[peer]), 120, 45) << peer;
    }
}

}  // namespace
}  // namespace rhumb::overlay::broadcast::test

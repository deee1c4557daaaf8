// What all ways of spreading share: verification, rates, retransmission, order, memory.
#include <gtest/gtest.h>

#include <array>

#include "tests/unit/broadcast_rig.hh"

namespace rhumb::overlay::broadcast::test {
namespace {

constexpr auto gossip = frame_type::gossip;
constexpr auto ack = frame_type::ack;

options verifying() {
    options made = quiet_options();
    made.verify = true;
    return made;
}

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

options ordering() {
    options made = quiet_options();
    made.order.on = true;
    made.order.gap_wait = 1s;
    made.order.window = 4;
    return made;
}

struct order_rig : node_rig {
    explicit order_rig(const options& wanted = ordering()) : node_rig(wanted) {}
    void take(std::uint32_t origin, const std::vector<std::uint64_t>& sequences) {
        for (const std::uint64_t s : sequences) {
            gossip(1, origin, s, 1, std::to_string(s));
        }
    }
    [[nodiscard]] std::vector<std::uint64_t> got(std::uint32_t origin) const {
        std::vector<std::uint64_t> made;
        for (const delivery& d : delivered) {
            if (d.origin == origin) {
                made.push_back(d.sequence);
                EXPECT_EQ(d.text, std::to_string(d.sequence));
            }
        }
        return made;
    }
};

using sequences = std::vector<std::uint64_t>;

TEST(delivery_in_order, waits_for_what_is_missing) {
    order_rig rig;
    rig.take(9, {10, 12, 13});
    rig.take(8, {3});
    EXPECT_EQ(rig.got(9), (sequences{10}));
    EXPECT_EQ(rig.got(8), (sequences{3}));
    rig.take(9, {11, 14});
    EXPECT_EQ(rig.got(9), (sequences{10, 11, 12, 13, 14}));
    EXPECT_EQ(rig.n.counts().gaps, 0U);
    EXPECT_EQ(rig.n.order().waiting_bytes(), 0U);
}

TEST(delivery_in_order, passes_messages_on_without_waiting) {
    order_rig rig;
    rig.neighbour(2);
    rig.take(9, {10, 12});
    EXPECT_EQ(rig.receivers(gossip), (numbers{2, 2}));
}

TEST(delivery_in_order, gives_a_gap_up_after_its_time) {
    order_rig rig;
    rig.take(9, {10, 12});
    rig.pass(500ms);
    rig.take(9, {14});
    rig.pass(499ms);
    EXPECT_EQ(rig.got(9), (sequences{10}));
    rig.pass(2ms);
    EXPECT_EQ(rig.got(9), (sequences{10, 12}));
    EXPECT_EQ(rig.n.counts().gaps, 1U);
    rig.take(9, {11, 13});  // too late, and in time
    EXPECT_EQ(rig.got(9), (sequences{10, 12, 13, 14}));
    EXPECT_EQ(rig.n.counts().of(drop_reason::late), 1U);
    rig.pass(10s);
    EXPECT_EQ(rig.n.counts().gaps, 1U);
}

TEST(delivery_in_order, lets_no_message_be_further_ahead_than_the_window) {
    order_rig rig;
    rig.take(9, {10, 13, 15});
    EXPECT_EQ(rig.got(9), (sequences{10}));
    rig.take(9, {16});  // 11 would have to wait no more than 4 numbers long
    EXPECT_EQ(rig.got(9), (sequences{10, 13}));
    // An origin that has restarted does not wait for what lies between.
    rig.take(9, {1'000'000});
    EXPECT_EQ(rig.got(9), (sequences{10, 13, 15, 16, 1'000'000}));
    EXPECT_EQ(rig.n.order().waiting_bytes(), 0U);
}

TEST(delivery_in_order, keeps_a_bounded_number_of_bytes) {
    options wanted = ordering();
    wanted.order.bytes = 100;
    order_rig rig(wanted);
    for (std::uint32_t origin = 1; origin < 50; ++origin) {
        rig.gossip(1, 100 + origin, 1, 1, "x");
        rig.gossip(1, 100 + origin, 3, 1, std::string(30, 'y'));
        EXPECT_LE(rig.n.order().waiting_bytes(), 100U);
    }
    EXPECT_GT(rig.n.counts().gaps, 40U);
}

TEST(delivery_in_order, loses_nothing_of_an_origin_that_is_forgotten) {
    options wanted = ordering();
    wanted.memory.origins = 2;
    order_rig rig(wanted);
    rig.take(9, {10, 12});
    rig.take(8, {1});
    rig.take(7, {1});  // 9 goes
    EXPECT_EQ(rig.got(9), (sequences{10, 12}));
    EXPECT_EQ(rig.n.order().size(), 2U);
    rig.pass(10s);
    EXPECT_EQ(rig.delivered.size(), 4U);
}

TEST(delivery_in_order, is_right_whatever_the_order_of_arrival) {
    for (std::uint32_t run = 0; run < 200; ++run) {
        options wanted = ordering();
        wanted.order.window = 30;
        order_rig rig(wanted);
        dice random({run, 77});
        sequences all;
        for (std::uint64_t s = 2; s <= 30; ++s) {
            all.push_back(s);
        }
        rig.take(9, {1});
        for (std::size_t n = all.size(); n > 1; --n) {
            std::swap(all[n - 1], all[random.below(n)]);
        }
        rig.take(9, all);
        sequences wanted_order{1};
        for (std::uint64_t s = 2; s <= 30; ++s) {
            wanted_order.push_back(s);
        }
        ASSERT_EQ(rig.got(9), wanted_order);
    }
}

TEST(replay, of_messages_whose_names_are_forgotten_is_dropped) {
    node_rig rig;
    rig.gossip(1, 9, 5);
    rig.gossip(1, 9, 7);
    rig.pass(10min);
    rig.gossip(1, 9, 600);
    EXPECT_EQ(rig.n.store().size(), 1U);
    rig.sent.clear();
    rig.gossip(1, 9, 7);
    rig.gossip(1, 9, 5);
    rig.gossip(1, 9, 88);  // further back than anybody remembers
    rig.gossip(1, 9, 89);  // not seen, and in the window
    EXPECT_EQ(rig.n.counts().of(drop_reason::stale), 3U);
    EXPECT_EQ(rig.delivered.size(), 4U);
}

TEST(replay, window_agrees_with_a_plain_set) {
    node_rig rig;
    dice random({3, 4});
    std::vector<std::uint64_t> seen;
    std::uint64_t highest = 0;
    for (int n = 0; n < 20'000; ++n) {
        const std::uint64_t s = highest / 2 + random.below(highest / 2 + 700);
        const bool wanted =
            highest == 0 || s > highest ||
            (highest - s < origins::window && std::find(seen.begin(), seen.end(), s) == seen.end());
        const std::size_t before = rig.delivered.size();
        rig.gossip(1, 9, s);
        ASSERT_EQ(rig.delivered.size() - before, wanted ? 1U : 0U) << n << " " << s;
        if (wanted) {
            seen.push_back(s);
        }
        highest = std::max(highest, s);
        if (seen.size() > 2000) {
            seen.erase(seen.begin(), seen.begin() + 500);
        }
        if (n % 100 == 0) {
            highest += 300;
            rig.gossip(1, 9, highest);
            seen.push_back(highest);
        }
    }
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

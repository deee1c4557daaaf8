// Delivery in the order of each origin's numbers, and no message a second time.
#include <gtest/gtest.h>

#include "tests/unit/broadcast_rig.hh"

namespace rhumb::overlay::broadcast::test {
namespace {

constexpr auto gossip = frame_type::gossip;

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

}  // namespace
}  // namespace rhumb::overlay::broadcast::test

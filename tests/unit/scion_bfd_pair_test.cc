// Two BFD sessions against each other, over a link that takes time and loses packets.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "controlplane/scion/bfd.hh"

namespace rhumb::bfd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const time_point start{std::chrono::hours(1)};

// Simulated time: nothing happens but at deadlines and when packets arrive.
class link {
public:
    explicit link(unsigned seed) : dice_(seed) {}

    // Side 0 or 1 begins anew at `at`, with another discriminator.
    void restart(std::size_t side, time_point at, settings wanted = {}) {
        wanted.discriminator = ++discriminators_;
        ends_[side] = std::make_unique<session>(
            wanted, [this] { return static_cast<std::uint32_t>(dice_()); }, at);
    }
    void stop(std::size_t side) { ends_[side].reset(); }
    void disable(std::size_t side) { follow(side, ends_[side]->disable(now_)); }
    void enable(std::size_t side) { follow(side, ends_[side]->enable(now_)); }

    void run_until(time_point end) {
        for (time_point at = next(); at <= end; at = next()) {
            now_ = at;
            deliver();
            for (std::size_t side = 0; side < 2; ++side) {
                if (ends_[side] != nullptr && ends_[side]->next_deadline() <= now_) {
                    follow(side, ends_[side]->tick(now_));
                    ASSERT_GT(ends_[side]->next_deadline(), now_);
                }
            }
        }
        now_ = end;
    }
    // Runs until both are up, for at most a minute; returns how long it took.
    time_point::duration run_until_up() {
        const time_point from = now_;
        while (!both_up() && now_ < from + seconds(60)) {
            run_until(now_ + milliseconds(1));
        }
        EXPECT_TRUE(both_up());
        return now_ - from;
    }

    [[nodiscard]] bool both_up() const {
        return std::ranges::all_of(ends_, [](const auto& end) { return end && end->is_up(); });
    }
    session& end(std::size_t side) { return *ends_[side]; }
    [[nodiscard]] time_point now() const { return now_; }

    std::array<double, 2> loss{0, 0};  // of what each side sends
    milliseconds delay{5};
    struct seen {
        time_point at;
        std::size_t side;
        state_change change;
    };
    std::vector<seen> changes;

private:
    struct flying {
        time_point at;
        std::size_t to;
        control_packet packet;
    };

    [[nodiscard]] time_point next() const {
        time_point at = time_point::max();
        for (const auto& end : ends_) {
            at = end ? std::min(at, end->next_deadline()) : at;
        }
        for (const flying& one : air_) {
            at = std::min(at, one.at);
        }
        return at;
    }
    void deliver() {
        for (std::size_t n = 0; n < air_.size();) {
            if (air_[n].at > now_) {
                ++n;
                continue;
            }
            const flying one = air_[n];
            air_.erase(air_.begin() + static_cast<std::ptrdiff_t>(n));
            if (ends_[one.to] != nullptr) {
                follow(one.to, ends_[one.to]->received(one.packet, now_));
            }
        }
    }
    void follow(std::size_t side, const outcome& out) {
        if (out.change) {
            changes.push_back({now_, side, *out.change});
        }
        if (out.send && std::uniform_real_distribution<>()(dice_) >= loss[side]) {
            // As it goes over the wire: whatever is sent must be what the other side takes.
            std::array<byte, packet_bytes> bytes{};
            store(bytes.data(), *out.send);
            const auto read = parse(bytes);
            ASSERT_EQ(read, *out.send);
            air_.push_back({now_ + delay, 1 - side, *read});
        }
    }

    std::array<std::unique_ptr<session>, 2> ends_;
    std::vector<flying> air_;
    time_point now_ = start;
    std::uint32_t discriminators_ = 100;
    std::mt19937 dice_;
};

TEST(bfd_pair, two_that_start_together_are_up_in_less_than_a_second) {
    for (unsigned seed = 0; seed < 100; ++seed) {
        link pair(seed);
        pair.restart(0, start);
        pair.restart(1, start);
        EXPECT_LE(pair.run_until_up(), milliseconds(100)) << seed;
        pair.run_until(start + seconds(30));
        EXPECT_EQ(pair.changes.size(), 4U) << "no flaps";
    }
}

TEST(bfd_pair, who_starts_later_is_up_within_a_second_too) {
    for (unsigned seed = 0; seed < 100; ++seed) {
        link pair(seed);
        pair.restart(0, start);
        pair.run_until(start + milliseconds(seed * 37));
        pair.restart(1, pair.now());
        EXPECT_LE(pair.run_until_up(), milliseconds(1000)) << seed;
    }
}

TEST(bfd_pair, the_first_packets_lost_cost_about_a_second) {
    for (unsigned seed = 0; seed < 100; ++seed) {
        link pair(seed);
        pair.loss = {1, 1};
        pair.restart(0, start);
        pair.restart(1, start);
        pair.run_until(start + milliseconds(1));
        pair.loss = {0, 0};
        const auto took = pair.run_until_up();
        EXPECT_GE(took, milliseconds(740)) << seed;
        EXPECT_LE(took, milliseconds(1500)) << seed;
    }
}

TEST(bfd_pair, a_link_that_loses_every_fifth_packet_comes_up) {
    for (unsigned seed = 0; seed < 100; ++seed) {
        link pair(seed);
        pair.loss = {0.2, 0.2};
        pair.restart(0, start);
        pair.restart(1, start);
        EXPECT_LE(pair.run_until_up(), seconds(15)) << seed;
        pair.loss = {0, 0};
        pair.run_until(pair.now() + seconds(15));
        EXPECT_TRUE(pair.both_up());
    }
}

TEST(bfd_pair, a_link_that_breaks_is_noticed_within_the_detection_time) {
    for (unsigned seed = 0; seed < 100; ++seed) {
        link pair(seed);
        pair.restart(0, start);
        pair.restart(1, start);
        pair.run_until(start + milliseconds(5000 + seed * 7));
        ASSERT_TRUE(pair.both_up());
        pair.changes.clear();
        const time_point broken = pair.now();
        pair.loss = {1, 1};
        pair.run_until(broken + seconds(5));
        ASSERT_EQ(pair.changes.size(), 2U);
        for (const auto& seen : pair.changes) {
            EXPECT_EQ(seen.change,
                      (state_change{state::up, state::down, diagnostic::detection_time_expired}));
            // The last packet came up to an interval before, or was in the air.
            EXPECT_GE(seen.at - broken, milliseconds(600 - 200)) << seed;
            EXPECT_LE(seen.at - broken, milliseconds(600) + pair.delay) << seed;
        }
        pair.loss = {0, 0};
        EXPECT_LE(pair.run_until_up(), milliseconds(1500)) << seed;
    }
}

TEST(bfd_pair, a_link_that_breaks_in_one_direction_goes_down_at_both_ends) {
    link pair(1);
    pair.restart(0, start);
    pair.restart(1, start);
    pair.run_until(start + seconds(5));
    pair.changes.clear();
    pair.loss = {1, 0};  // what 0 says is not heard
    pair.run_until(start + seconds(7));
    ASSERT_GE(pair.changes.size(), 2U);
    EXPECT_EQ(pair.changes[0].side, 1U);
    EXPECT_EQ(pair.changes[0].change.why, diagnostic::detection_time_expired);
    EXPECT_EQ(pair.changes[1].side, 0U);
    EXPECT_EQ(pair.changes[1].change.why, diagnostic::neighbor_signaled_down);
    EXPECT_EQ(pair.changes[1].at - pair.changes[0].at, pair.delay) << "told at once";
    EXPECT_FALSE(pair.end(0).is_up());
    EXPECT_FALSE(pair.end(1).is_up());
}

// Faster than the other's detection time or slower: it must not matter.
TEST(bfd_pair, a_restarted_peer_recovers) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        link pair(seed);
        pair.restart(0, start);
        pair.restart(1, start);
        pair.run_until(start + seconds(5));
        ASSERT_TRUE(pair.both_up());
        pair.stop(seed % 2);
        pair.run_until(pair.now() + milliseconds(seed * 11));
        pair.restart(seed % 2, pair.now());
        EXPECT_LE(pair.run_until_up(), milliseconds(2000)) << seed;
        pair.run_until(pair.now() + seconds(5));
        EXPECT_TRUE(pair.both_up());
        EXPECT_EQ(pair.end(0).status().peer.discriminator, pair.end(1).status().own.discriminator);
        EXPECT_EQ(pair.end(1).status().peer.discriminator, pair.end(0).status().own.discriminator);
    }
}

TEST(bfd_pair, each_side_sends_as_often_as_both_can_bear) {
    link pair(3);
    const settings eager{.desired_min_tx = milliseconds(50), .required_min_rx = milliseconds(20)};
    const settings tired{.detect_multiplier = 5,
                         .desired_min_tx = milliseconds(300),
                         .required_min_rx = milliseconds(100)};
    pair.restart(0, start, eager);
    pair.restart(1, start, tired);
    pair.run_until(start + seconds(10));
    ASSERT_TRUE(pair.both_up());
    EXPECT_EQ(pair.end(0).status().tx_interval, milliseconds(100));
    EXPECT_EQ(pair.end(1).status().tx_interval, milliseconds(300));
    EXPECT_EQ(pair.end(0).status().detection_time, 5 * milliseconds(300));
    EXPECT_EQ(pair.end(1).status().detection_time, 3 * milliseconds(100));
    const auto before = std::pair(pair.end(0).status().sent, pair.end(1).status().sent);
    pair.run_until(start + seconds(110));
    EXPECT_EQ(pair.changes.size(), 4U) << "no flaps";
    // Seven eighths of the interval on average.
    EXPECT_NEAR(static_cast<double>(pair.end(0).status().sent - before.first), 1143, 30);
    EXPECT_NEAR(static_cast<double>(pair.end(1).status().sent - before.second), 381, 15);

    pair.changes.clear();
    const time_point broken = pair.now();
    pair.loss = {1, 1};
    pair.run_until(broken + seconds(3));
    ASSERT_EQ(pair.changes.size(), 2U);
    EXPECT_EQ(pair.changes[0].side, 1U);
    EXPECT_LE(pair.changes[0].at - broken, milliseconds(300) + pair.delay);
    EXPECT_LE(pair.changes[1].at - broken, milliseconds(1500) + pair.delay);
    EXPECT_GE(pair.changes[1].at - broken, milliseconds(1200));
}

TEST(bfd_pair, an_administrator_at_one_end_takes_both_down_and_back) {
    link pair(4);
    pair.restart(0, start);
    pair.restart(1, start);
    pair.run_until(start + seconds(2));
    pair.disable(0);
    pair.run_until(start + seconds(20));
    EXPECT_EQ(pair.end(0).status().state, state::admin_down);
    EXPECT_EQ(pair.end(1).status().state, state::down);
    EXPECT_EQ(pair.end(1).status().diagnostic, diagnostic::neighbor_signaled_down);
    EXPECT_EQ(pair.end(1).status().peer.diagnostic, diagnostic::administratively_down);
    pair.enable(0);
    EXPECT_LE(pair.run_until_up(), milliseconds(2000));
}

}  // namespace
}  // namespace rhumb::bfd

// Token buckets: how many are let through, to the packet.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "controlplane/scion/rate_limit.hh"

namespace rhumb::scion {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using time_point = token_bucket::time_point;

const time_point start{std::chrono::hours(5)};

// How many of `tries` packets at `now` are let through.
unsigned taken(token_bucket& from, time_point now, unsigned tries) {
    unsigned count = 0;
    for (unsigned n = 0; n < tries; ++n) {
        count += from.take(now) ? 1U : 0U;
    }
    return count;
}

TEST(token_bucket, lets_a_burst_through_and_then_its_rate) {
    token_bucket bucket({.per_second = 100, .burst = 10}, start);
    EXPECT_EQ(taken(bucket, start, 100), 10U);
    EXPECT_EQ(taken(bucket, start + nanoseconds(9'999'999), 100), 0U);
    EXPECT_EQ(taken(bucket, start + nanoseconds(10'000'000), 100), 1U);
    EXPECT_EQ(taken(bucket, start + nanoseconds(50'000'000), 100), 4U);
    EXPECT_EQ(taken(bucket, start + seconds(1), 100), 10U) << "no more than a burst";
}

// Rates that don't divide a second, looked at far more often than tokens come.
TEST(token_bucket, does_not_drift) {
    for (const std::uint32_t rate : {1U, 3U, 7U, 997U, 300'007U}) {
        token_bucket bucket({.per_second = rate, .burst = 2}, start);
        ASSERT_EQ(taken(bucket, start, 3), 2U);
        std::mt19937 dice(rate);
        std::uniform_int_distribution<int> step(1, 2000);
        std::uint64_t let_through = 0;
        time_point now = start;
        for (int n = 0; n < 1'000'000; ++n) {
            now += nanoseconds(step(dice));
            let_through += bucket.take(now) ? 1U : 0U;
        }
        const auto passed = static_cast<std::uint64_t>((now - start).count());
        EXPECT_EQ(let_through, passed * rate / 1'000'000'000) << rate;
    }
}

TEST(token_bucket, takes_any_length_of_idleness_and_any_rate) {
    const std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
    for (const rate& limit : {rate{most, most}, rate{1, most}, rate{most, 1}, rate{1, 1}}) {
        token_bucket bucket(limit, time_point::min());
        ASSERT_TRUE(bucket.take(time_point::min()));
        ASSERT_TRUE(bucket.take(time_point::max()));
        EXPECT_EQ(bucket.take(time_point::max()), limit.burst > 1);
    }
    // Full after as long as it takes, not earlier: 2^32 - 1 seconds.
    token_bucket slow({.per_second = 1, .burst = 3}, start);
    EXPECT_EQ(taken(slow, start, 5), 3U);
    EXPECT_EQ(taken(slow, start + std::chrono::years(290), 5), 3U);
}

TEST(token_bucket, a_clock_that_goes_back_brings_nothing_and_takes_nothing) {
    token_bucket bucket({.per_second = 1000, .burst = 1}, start);
    EXPECT_TRUE(bucket.take(start));
    EXPECT_FALSE(bucket.take(start - seconds(100)));
    EXPECT_FALSE(bucket.take(start + nanoseconds(999'999)));
    EXPECT_TRUE(bucket.take(start + nanoseconds(1'000'000)));
}

TEST(token_bucket, a_rate_or_burst_of_zero_ends_at_once) {
    token_bucket no_rate({.per_second = 0, .burst = 2}, start);
    EXPECT_EQ(taken(no_rate, start + std::chrono::years(100), 5), 2U);
    EXPECT_EQ(taken(no_rate, start + std::chrono::years(200), 5), 0U);
    token_bucket no_burst({.per_second = 1000, .burst = 0}, start);
    EXPECT_FALSE(no_burst.take(start + std::chrono::years(100)));
}

TEST(rate_limit, a_link_over_its_limit_takes_nothing_from_the_others) {
    rate_limit limits(3, {.per_second = 10, .burst = 4}, {.per_second = 100, .burst = 9}, start);
    const auto taken_by = [&](std::size_t link, time_point now) {
        unsigned count = 0;
        for (int n = 0; n < 1000; ++n) {
            count += limits.take(link, now) ? 1U : 0U;
        }
        return count;
    };
    EXPECT_EQ(taken_by(0, start), 4U);
    EXPECT_EQ(taken_by(1, start), 4U);
    EXPECT_EQ(taken_by(2, start), 1U) << "what is left for all together";
    EXPECT_EQ(taken_by(limits.links(), start), 0U) << "there is no such link";
    // What the total refused was not charged to the link: that has three left.
    EXPECT_EQ(taken_by(2, start + std::chrono::milliseconds(90)), 3U);
}

}  // namespace
}  // namespace rhumb::scion

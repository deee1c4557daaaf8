#include "controlplane/publish/interned.hh"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <string>

#include "tests/support/dice.hh"

namespace rhumb::publish {
namespace {

TEST(number_pool, hands_out_each_number_once) {
    number_pool pool(1, 3);
    EXPECT_EQ(pool.available(), 3U);
    EXPECT_EQ(pool.acquire(), 1U);
    EXPECT_EQ(pool.acquire(), 2U);
    pool.release(1);
    EXPECT_EQ(pool.acquire(), 3U);    // never used before used again
    EXPECT_EQ(pool.available(), 0U);  // what was released has to settle first
    pool.settle();
    EXPECT_EQ(pool.available(), 1U);
    EXPECT_EQ(pool.acquire(), 1U);
    EXPECT_EQ(pool.available(), 0U);
}

TEST(number_pool, gives_the_one_longest_free_first) {
    number_pool pool(0, 3);
    for (int n = 0; n < 3; ++n) {
        (void)pool.acquire();
    }
    pool.release(2);
    pool.release(0);
    pool.settle();
    EXPECT_EQ(pool.acquire(), 2U);
    pool.release(1);
    pool.settle();
    EXPECT_EQ(pool.acquire(), 0U);
    EXPECT_EQ(pool.acquire(), 1U);
}

TEST(number_pool, comings_and_goings_do_not_use_up_all_numbers) {
    number_pool pool(0, 65'536);
    std::deque<std::uint32_t> in_use;
    std::map<std::uint32_t, int> released_in;
    for (int round = 0; round < 1'000; ++round) {
        for (int n = 0; n < 100; ++n) {
            in_use.push_back(pool.acquire());
            EXPECT_LT(in_use.back(), 1'500U);
            // It has rested for as long as a quarter of the others took to come and go.
            const auto known = released_in.find(in_use.back());
            EXPECT_TRUE(known == released_in.end() || known->second < round - 1);
        }
        while (in_use.size() > 900) {
            released_in[in_use.front()] = round;
            pool.release(in_use.front());
            in_use.pop_front();
        }
        pool.settle();
    }
    EXPECT_EQ(pool.available(), 65'536 - in_use.size());
}

TEST(interned, equal_values_share_a_number_until_the_last_user_leaves) {
    interned<std::string> values(4);
    const auto first = values.acquire("a");
    EXPECT_TRUE(first.is_new);
    const auto again = values.acquire("a");
    EXPECT_FALSE(again.is_new);
    EXPECT_EQ(again.number, first.number);
    EXPECT_NE(values.acquire("b").number, first.number);
    EXPECT_EQ(values.value(first.number), "a");
    EXPECT_FALSE(values.release(first.number));
    EXPECT_TRUE(values.release(first.number));
    EXPECT_EQ(values.values().size(), 1U);
    EXPECT_TRUE(values.acquire("a").is_new);
}

TEST(interned, agrees_with_a_multiset) {
    interned<int> values(50);
    std::multiset<int> should;
    std::map<int, std::uint32_t> numbers;
    test::dice random(9);
    for (int round = 0; round < 20000; ++round) {
        const int value = static_cast<int>(random() % 40);
        if (random() % 2 == 0) {
            const auto got = values.acquire(value);
            EXPECT_EQ(got.is_new, !should.contains(value));
            EXPECT_TRUE(got.is_new || got.number == numbers[value]);
            numbers[value] = got.number;
            should.insert(value);
        } else if (const auto it = should.find(value); it != should.end()) {
            should.erase(it);
            EXPECT_EQ(values.release(numbers[value]), !should.contains(value));
        }
        const std::set<int> distinct(should.begin(), should.end());
        ASSERT_EQ(values.values().size(), distinct.size());
        ASSERT_EQ(values.available(), 50 - distinct.size());
    }
}

}  // namespace
}  // namespace rhumb::publish

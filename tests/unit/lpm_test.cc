#include "rhumb/table/lpm.hh"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "tests/support/dice.hh"

namespace rhumb {
namespace {

using address = std::array<byte, 16>;

ip_prefix make(family af, std::initializer_list<int> bytes, unsigned length) {
    ip_prefix prefix;
    prefix.af = af;
    prefix.length = static_cast<std::uint8_t>(length);
    std::size_t n = 0;
    for (const int b : bytes) {
        prefix.address[n++] = static_cast<byte>(b);
    }
    return prefix;
}

// The obvious way: ask for every length, longest first.
using slow_table = std::map<ip_prefix, std::uint32_t>;
std::uint32_t slow_lookup(const slow_table& table, family af, const address& of) {
    for (unsigned length = address_bits(af) + 1; length-- > 0;) {
        ip_prefix all;
        all.af = af;
        all.length = static_cast<std::uint8_t>(address_bits(af));
        all.address = of;
        const auto it = table.find(all.shortened(length));
        if (it != table.end()) {
            return it->second;
        }
    }
    return 0;
}

TEST(prefix, shortened_keeps_the_first_bits) {
    const auto all = make(family::ipv4, {0xff, 0xff, 0xff, 0xff}, 32);
    EXPECT_EQ(all.shortened(0), make(family::ipv4, {}, 0));
    EXPECT_EQ(all.shortened(1), make(family::ipv4, {0x80}, 1));
    EXPECT_EQ(all.shortened(8), make(family::ipv4, {0xff}, 8));
    EXPECT_EQ(all.shortened(13), make(family::ipv4, {0xff, 0xf8}, 13));
    EXPECT_EQ(all.shortened(32), all);
}

TEST(lpm, is_empty_at_first) {
    lpm_pool pool(16);
    lpm_table table(pool, family::ipv4);
    retired_list retired;
    const lpm_view view = table.commit(retired);
    const address any{10, 1, 2, 3};
    EXPECT_EQ(view.lookup(any.data()), 0U);
    EXPECT_FALSE(table.erase(make(family::ipv4, {10}, 8)));
    EXPECT_EQ(pool.in_use(), 1U);
}

TEST(lpm, default_route_host_route_and_what_lies_between) {
    lpm_pool pool(64);
    lpm_table table(pool, family::ipv4);
    ASSERT_TRUE(table.set(make(family::ipv4, {10, 2, 16, 7}, 32), 4));
    ASSERT_TRUE(table.set(make(family::ipv4, {10, 2, 16}, 20), 3));
    ASSERT_TRUE(table.set(make(family::ipv4, {}, 0), 1));
    ASSERT_TRUE(table.set(make(family::ipv4, {10}, 8), 2));
    retired_list retired;
    lpm_view view = table.commit(retired);
    const auto at = [&](std::initializer_list<int> bytes) {
        return view.lookup(make(family::ipv4, bytes, 32).address.data());
    };
    EXPECT_EQ(at({9, 255, 255, 255}), 1U);
    EXPECT_EQ(at({10, 0, 0, 0}), 2U);
    EXPECT_EQ(at({10, 2, 15, 255}), 2U);
    EXPECT_EQ(at({10, 2, 16, 6}), 3U);
    EXPECT_EQ(at({10, 2, 16, 7}), 4U);
    EXPECT_EQ(at({10, 2, 31, 255}), 3U);
    EXPECT_EQ(at({10, 2, 32, 0}), 2U);
    EXPECT_EQ(at({255, 255, 255, 255}), 1U);
    EXPECT_EQ(table.find(make(family::ipv4, {10}, 8)), 2U);
    EXPECT_EQ(table.find(make(family::ipv4, {10}, 9)), std::nullopt);
    ASSERT_TRUE(table.erase(make(family::ipv4, {}, 0)));
    ASSERT_TRUE(table.erase(make(family::ipv4, {10, 2, 16}, 20)));
    view = table.commit(retired);
    EXPECT_EQ(at({9, 0, 0, 0}), 0U);
    EXPECT_EQ(at({10, 2, 16, 6}), 2U);
    EXPECT_EQ(at({10, 2, 16, 7}), 4U);
}

TEST(lpm, all_bits_of_an_ipv6_address_count) {
    lpm_pool pool(64);
    lpm_table table(pool, family::ipv6);
    auto host = make(family::ipv6, {0x20, 1, 0xd, 0xb8}, 128);
    host.address[15] = 7;
    ASSERT_TRUE(table.set(host, 5));
    ASSERT_TRUE(table.set(host.shortened(127), 6));
    ASSERT_TRUE(table.set(host.shortened(0), 7));
    retired_list retired;
    const lpm_view view = table.commit(retired);
    address at = host.address;
    EXPECT_EQ(view.lookup(at.data()), 5U);
    at[15] = 6;
    EXPECT_EQ(view.lookup(at.data()), 6U);
    at[15] = 5;
    EXPECT_EQ(view.lookup(at.data()), 7U);
    at[0] = 0;
    EXPECT_EQ(view.lookup(at.data()), 7U);
}

TEST(lpm, setting_a_prefix_again_changes_its_value) {
    lpm_pool pool(64);
    lpm_table table(pool, family::ipv4);
    retired_list retired;
    const auto prefix = make(family::ipv4, {10, 2}, 15);
    ASSERT_TRUE(table.set(prefix, 1));
    (void)table.commit(retired);
    ASSERT_TRUE(table.set(prefix, 2));
    EXPECT_EQ(table.commit(retired).lookup(prefix.address.data()), 2U);
    EXPECT_EQ(table.size(), 1U);
}

// A random address near the prefixes that random_prefix() makes: few values a byte, so that they
// nest and meet.
address random_address(test::dice& random) {
    address a{};
    for (byte& b : a) {
        constexpr std::array<byte, 5> values{0x00, 0x01, 0x7f, 0x80, 0xff};
        b = random() % 8 == 0 ? static_cast<byte>(random()) : values[random() % values.size()];
    }
    return a;
}
ip_prefix random_prefix(test::dice& random, family af) {
    ip_prefix all;
    all.af = af;
    all.address = random_address(random);
    if (af == family::ipv4) {
        std::fill(all.address.begin() + 4, all.address.end(), byte{0});
    }
    return all.shortened(random() % (address_bits(af) + 1));
}

class lpm_random : public testing::TestWithParam<family> {};

// Sets and erases at random, with commits in between; old versions go on answering as they did.
TEST_P(lpm_random, agrees_with_the_slow_table) {
    struct version {
        lpm_view view;
        slow_table should;
        retired_list replaced_by_next;
    };
    lpm_pool pool(1U << 14);
    lpm_table table(pool, GetParam());
    slow_table should;
    std::deque<version> versions;
    test::dice random(5);
    for (int round = 0; round < 300; ++round) {
        const bool growing = round / 50 % 2 == 0;
        for (unsigned changes = random() % 12; changes > 0; --changes) {
            const bool adding = should.empty() || random() % 10 < (growing ? 8 : 2);
            if (adding) {
                const ip_prefix prefix = random_prefix(random, GetParam());
                should[prefix] = random() % 1000 + 1;
                ASSERT_TRUE(table.set(prefix, should[prefix]));
            } else {
                auto it = should.begin();
                std::advance(it, random() % should.size());
                ASSERT_TRUE(table.erase(it->first));
                should.erase(it);
            }
        }
        ASSERT_EQ(table.size(), should.size());
        retired_list replaced;
        const lpm_view view = table.commit(replaced);
        if (!versions.empty()) {
            versions.back().replaced_by_next = std::move(replaced);
        }
        versions.push_back({view, should, {}});
        while (versions.size() > 4) {
            versions.pop_front();
        }
        for (const version& v : versions) {
            for (int n = 0; n < 60; ++n) {
                const address at = random_address(random);
                address only = at;
                if (GetParam() == family::ipv4) {
                    std::fill(only.begin() + 4, only.end(), byte{0});
                }
                ASSERT_EQ(v.view.lookup(at.data()), slow_lookup(v.should, GetParam(), only));
            }
            for (const auto& [prefix, value] : v.should) {
                ASSERT_EQ(v.view.lookup(prefix.address.data()),
                          slow_lookup(v.should, GetParam(), prefix.address));
            }
        }
    }
    // Once everything is erased, only the root is left.
    while (!should.empty()) {
        ASSERT_TRUE(table.erase(should.begin()->first));
        should.erase(should.begin());
    }
    {
        retired_list last;
        (void)table.commit(last);
        versions.clear();
    }
    EXPECT_EQ(pool.in_use(), 1U);
}
INSTANTIATE_TEST_SUITE_P(families, lpm_random, testing::Values(family::ipv4, family::ipv6),
                         [](const auto& which) {
                             return which.param == family::ipv4 ? "ipv4" : "ipv6";
                         });

TEST(lpm, two_tables_share_a_pool) {
    lpm_pool pool(256);
    lpm_table four(pool, family::ipv4);
    lpm_table six(pool, family::ipv6);
    retired_list retired;
    test::dice random(6);
    for (int round = 0; round < 100; ++round) {
        const auto a = make(family::ipv4, {10, round, 3}, 24);
        const auto b = make(family::ipv6, {10, round, 3}, 24);
        ASSERT_TRUE(four.set(a, 4));
        ASSERT_TRUE(six.set(b, 6));
        EXPECT_EQ(four.commit(retired).lookup(a.address.data()), 4U);
        EXPECT_EQ(six.commit(retired).lookup(b.address.data()), 6U);
        retired.release();
        ASSERT_TRUE(six.erase(b));
        ASSERT_TRUE(four.erase(a));
    }
    (void)four.commit(retired);
    (void)six.commit(retired);
    retired.release();
    EXPECT_EQ(pool.in_use(), 2U);
}

// With a pool that is too small every change either happens or changes nothing at all, and what
// was changed since the last commit can always be undone.
TEST(lpm, a_full_pool_refuses_and_changes_nothing) {
    for (const std::size_t capacity : {2U, 3U, 5U, 9U, 20U}) {
        lpm_pool pool(capacity);
        ASSERT_EQ(pool.capacity(), capacity);
        lpm_table table(pool, family::ipv4);
        retired_list retired;
        lpm_view view = table.commit(retired);
        slow_table should;
        test::dice random(7);
        int refused = 0;
        for (int round = 0; round < 2000; ++round) {
            const slow_table committed = should;
            std::vector<std::pair<ip_prefix, std::optional<std::uint32_t>>> undo;
            for (unsigned changes = random() % 4 + 1; changes > 0; --changes) {
                const bool adding = should.empty() || random() % 2 == 0;
                ip_prefix prefix = random_prefix(random, family::ipv4);
                if (!adding) {
                    auto it = should.begin();
                    std::advance(it, random() % should.size());
                    prefix = it->first;
                }
                const auto old = table.find(prefix);
                const std::size_t used = pool.in_use();
                const std::uint32_t value = random() % 1000 + 1;
                if (adding ? table.set(prefix, value) : table.erase(prefix)) {
                    undo.emplace_back(prefix, old);
                    if (adding) {
                        should[prefix] = value;
                    } else {
                        should.erase(prefix);
                    }
                } else {
                    ++refused;
                    EXPECT_EQ(pool.in_use(), used);
                    EXPECT_EQ(table.find(prefix), old);
                }
            }
            if (random() % 3 == 0) {
                for (auto it = undo.rbegin(); it != undo.rend(); ++it) {
                    ASSERT_TRUE(it->second ? table.set(it->first, *it->second)
                                           : table.erase(it->first));
                }
                should = committed;
            }
            view = table.commit(retired);
            retired.release();
            for (int n = 0; n < 10; ++n) {
                address at = random_address(random);
                std::fill(at.begin() + 4, at.end(), byte{0});
                ASSERT_EQ(view.lookup(at.data()), slow_lookup(should, family::ipv4, at));
            }
        }
        EXPECT_GT(refused, 0);
    }
}

}  // namespace
}  // namespace rhumb

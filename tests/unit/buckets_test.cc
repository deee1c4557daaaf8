#include "controlplane/publish/buckets.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "tests/support/dice.hh"

namespace rhumb::publish {
namespace {

struct weighted {
    nexthop_id hop = 0;
    std::uint16_t weight = 1;
};

path_group make(const std::vector<weighted>& paths, const path_group* previous = nullptr) {
    path_group group;
    group.count = static_cast<std::uint8_t>(paths.size());
    for (std::size_t n = 0; n < paths.size(); ++n) {
        group.paths[n].nexthop = paths[n].hop;
        group.weights[n] = paths[n].weight;
    }
    fill_buckets(group, previous);
    return group;
}

nexthop_id owner(const path_group& group, std::size_t bucket) {
    return group.paths[group.bucket[bucket]].nexthop;
}

std::vector<std::size_t> shares(const path_group& group) {
    std::vector<std::size_t> count(group.count);
    for (const std::uint8_t path : group.bucket) {
        EXPECT_LT(path, group.count);
        ++count[path];
    }
    return count;
}

void expect_exact(const path_group& group) {
    const auto total = static_cast<double>(
        std::accumulate(group.weights.begin(), group.weights.begin() + group.count, 0));
    const auto count = shares(group);
    bool some_got_the_minimum = false;
    for (std::size_t n = 0; n < group.count; ++n) {
        EXPECT_GE(count[n], 1U);
        some_got_the_minimum |= path_group::buckets * group.weights[n] / total < 1;
    }
    if (!some_got_the_minimum) {
        for (std::size_t n = 0; n < group.count; ++n) {
            const double exact = path_group::buckets * group.weights[n] / total;
            EXPECT_LE(std::abs(static_cast<double>(count[n]) - exact), 1.0);
        }
    }
}

TEST(buckets, shares_follow_the_weights) {
    EXPECT_EQ(shares(make({{1, 1}})), std::vector<std::size_t>{1024});
    EXPECT_EQ(shares(make({{1, 1}, {2, 1}})), (std::vector<std::size_t>{512, 512}));
    EXPECT_EQ(shares(make({{1, 1}, {2, 3}})), (std::vector<std::size_t>{256, 768}));
    EXPECT_EQ(shares(make({{1, 1}, {2, 1}, {3, 1}})), (std::vector<std::size_t>{342, 341, 341}));
}

TEST(buckets, every_path_gets_one_however_light) {
    std::vector<weighted> paths;
    for (nexthop_id n = 0; n < max_paths; ++n) {
        paths.push_back({n, static_cast<std::uint16_t>(n == 0 ? 256 : 1)});
    }
    expect_exact(make(paths));
    const auto count = shares(make({{1, 256}, {2, 256}, {3, 256}, {4, 256}, {5, 1}}));
    EXPECT_GE(count[4], 1U);
    paths.assign(max_paths, {0, 256});
    for (nexthop_id n = 0; n < max_paths; ++n) {
        paths[n] = {n, static_cast<std::uint16_t>(n < 60 ? 256 : 1)};
    }
    const auto light = shares(make(paths));
    EXPECT_EQ(std::accumulate(light.begin(), light.end(), std::size_t{0}), path_group::buckets);
    EXPECT_EQ(*std::min_element(light.begin(), light.end()), 1U);
}

TEST(buckets, paths_take_turns) {
    // Neighbouring buckets belong to different paths, should hash values come in runs.
    const path_group group = make({{1, 1}, {2, 1}, {3, 1}, {4, 1}});
    for (std::size_t n = 0; n + 4 <= path_group::buckets; ++n) {
        EXPECT_NE(owner(group, n), owner(group, n + 1));
    }
}

TEST(buckets, a_path_that_comes_takes_its_share_and_moves_nothing_else) {
    const path_group before = make({{1, 1}, {2, 1}, {3, 1}});
    const path_group after = make({{1, 1}, {2, 1}, {3, 1}, {4, 1}}, &before);
    expect_exact(after);
    for (std::size_t n = 0; n < path_group::buckets; ++n) {
        EXPECT_TRUE(owner(after, n) == owner(before, n) || owner(after, n) == 4);
    }
}

TEST(buckets, a_path_that_goes_leaves_its_buckets_and_moves_nothing_else) {
    const path_group before = make({{1, 1}, {2, 1}, {3, 1}, {4, 1}});
    const path_group after = make({{1, 1}, {3, 1}, {4, 1}}, &before);
    expect_exact(after);
    for (std::size_t n = 0; n < path_group::buckets; ++n) {
        EXPECT_TRUE(owner(after, n) == owner(before, n) || owner(before, n) == 2);
    }
}

TEST(buckets, the_order_of_paths_does_not_matter) {
    const path_group before = make({{1, 1}, {2, 2}, {3, 3}});
    const path_group after = make({{3, 3}, {1, 1}, {2, 2}}, &before);
    std::size_t moved = 0;
    for (std::size_t n = 0; n < path_group::buckets; ++n) {
        moved += owner(after, n) == owner(before, n) ? 0U : 1U;
    }
    EXPECT_LE(moved, 3U);  // rounding may go another way
}

TEST(buckets, paths_to_one_next_hop_with_different_labels_are_different) {
    path_group before;
    before.count = 2;
    before.paths = {path{1, 100}, path{1, 200}};
    before.weights = {1, 1};
    fill_buckets(before, nullptr);
    path_group after = before;
    std::swap(after.paths[0], after.paths[1]);
    fill_buckets(after, &before);
    for (std::size_t n = 0; n < path_group::buckets; ++n) {
        EXPECT_EQ(after.paths[after.bucket[n]], before.paths[before.bucket[n]]);
    }
}

// Random changes, one after the other: shares stay exact, and no more buckets change hands than
// the new shares ask for.
TEST(buckets, no_bucket_moves_without_need) {
    test::dice random(8);
    std::vector<weighted> paths{{0, 1}};
    path_group group = make(paths);
    for (int round = 0; round < 1000; ++round) {
        const std::size_t which = random() % paths.size();
        switch (random() % 3) {
            case 0:
                if (paths.size() < max_paths) {
                    paths.push_back({static_cast<nexthop_id>(round + 1),
                                     static_cast<std::uint16_t>(random() % 256 + 1)});
                }
                break;
            case 1:
                if (paths.size() > 1) {
                    paths.erase(paths.begin() + static_cast<std::ptrdiff_t>(which));
                }
                break;
            default: paths[which].weight = static_cast<std::uint16_t>(random() % 256 + 1);
        }
        const path_group next = make(paths, &group);
        expect_exact(next);
        const auto count = shares(next);
        std::size_t moved = 0;
        for (std::size_t n = 0; n < path_group::buckets; ++n) {
            moved += owner(next, n) == owner(group, n) ? 0U : 1U;
        }
        std::size_t needed = 0;  // what paths have now and had not before
        const auto old_count = shares(group);
        for (std::size_t n = 0; n < next.count; ++n) {
            std::size_t had = 0;
            for (std::size_t o = 0; o < group.count; ++o) {
                had += group.paths[o] == next.paths[n] ? old_count[o] : 0;
            }
            needed += count[n] > had ? count[n] - had : 0;
        }
        ASSERT_EQ(moved, needed);
        group = next;
    }
}

}  // namespace
}  // namespace rhumb::publish

// The map against one that works everything out anew, over random updates.
#include <gtest/gtest.h>

#include "tests/support/naive_map.hh"
#include "tests/support/random_advertisements.hh"

namespace rhumb::topology {
namespace {

using test::map_picture;
using test::naive_map;
using test::random_advertisements;

// One more update: a new advertisement, a varied or an old one, or a withdrawal.
void step(random_advertisements& source, map& m, naive_map& naive) {
    const std::string origin = source.name();
    const auto node = m.find(origin);
    const map_picture before(m);
    change changed;
    if (node && source.once_in(6)) {
        const std::uint64_t version = 1 + source.below(60);
        changed = m.withdraw(origin, version);
        ASSERT_EQ(changed.stale, !naive.withdraw(origin, version));
    } else {
        advertisement said = source.make(origin, 1 + source.below(60));
        if (node && m.said(*node) != nullptr && !source.once_in(4)) {
            said = *m.said(*node);
            source.vary(said);
        }
        auto done = m.apply(said);
        ASSERT_TRUE(done.ok()) << done.why().text();
        changed = *done;
        ASSERT_EQ(changed.stale, !naive.apply(said));
    }
    ASSERT_EQ(naive.difference(m), "");
    ASSERT_EQ(before.wrong(m, changed, true), "");
}

TEST(map_random, is_as_a_naive_one_after_each_update) {
    for (std::uint32_t seed = 0; seed < 600; ++seed) {
        random_advertisements source(seed, 2 + seed % 6);
        map m;
        naive_map naive;
        for (int n = 0; n < 60; ++n) {
            step(source, m, naive);
            ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << ", step " << n;
        }
    }
}

TEST(map_random, takes_many_as_if_one_after_the_other) {
    for (std::uint32_t seed = 0; seed < 600; ++seed) {
        random_advertisements source(1000 + seed, 2 + seed % 6);
        map m;
        naive_map naive;
        for (int n = 0; n < 10; ++n) {
            std::vector<advertisement> said;
            bool stale = true;
            for (std::uint32_t count = source.below(8); count > 0; --count) {
                const std::string origin = source.name();
                const auto node = m.find(origin);
                said.push_back(source.make(origin, 1 + source.below(30)));
                if (node && m.said(*node) != nullptr && !source.once_in(3)) {
                    said.back() = *m.said(*node);
                    source.vary(said.back());
                }
                stale = !naive.apply(said.back()) && stale;
            }
            const map_picture before(m);
            auto changed = m.apply(said);
            ASSERT_TRUE(changed.ok());
            ASSERT_EQ(changed->stale, stale);
            ASSERT_EQ(naive.difference(m), "") << "seed " << seed;
            ASSERT_EQ(before.wrong(m, *changed, false), "") << "seed " << seed;
        }
    }
}

}  // namespace
}  // namespace rhumb::topology

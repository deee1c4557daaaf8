#include "rhumb/table/paged_array.hh"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "tests/support/dice.hh"

namespace rhumb {
namespace {

// Counts how many of it exist, for leaks and double releases to show without a sanitizer.
struct counted {
    static inline int alive = 0;
    int value = 0;
    counted() { ++alive; }
    counted(const counted& other) : value(other.value) { ++alive; }
    counted& operator=(const counted&) = default;
    ~counted() { --alive; }
};

using small_array = paged_array<counted, 2>;  // 4 slots a page

TEST(paged_array, starts_empty) {
    small_array array(10);
    EXPECT_EQ(array.capacity(), 12U);
    for (std::size_t n = 0; n < array.capacity(); ++n) {
        EXPECT_EQ(array[n].value, 0);
        EXPECT_FALSE(array.page_in_use(n));
    }
    array.edit(5).value = 1;
    EXPECT_TRUE(array.page_in_use(4));
    EXPECT_FALSE(array.page_in_use(3));
}

TEST(paged_array, an_edit_is_seen_by_the_next_version_only) {
    small_array array(16);
    retired_list retired;  // before the array goes, what is in it must
    const auto zero = array.commit(retired);
    array.edit(3).value = 1;
    EXPECT_EQ(array[3].value, 1);
    EXPECT_EQ(zero[3].value, 0);
    const auto one = array.commit(retired);
    array.edit(3).value = 2;
    array.edit(12).value = 3;
    const auto two = array.commit(retired);
    EXPECT_EQ(zero[3].value, 0);
    EXPECT_EQ(one[3].value, 1);
    EXPECT_EQ(one[12].value, 0);
    EXPECT_EQ(two[3].value, 2);
    EXPECT_EQ(two[12].value, 3);
}

TEST(paged_array, a_version_without_edits_replaces_nothing) {
    small_array array(16);
    retired_list first;
    array.edit(1).value = 1;
    (void)array.commit(first);
    retired_list second;
    (void)array.commit(second);
    EXPECT_TRUE(second.empty());
}

// Random edits against std::map. Versions are kept for a while and must not change until they are
// retired, oldest first; at the end everything is given back exactly once.
TEST(paged_array, versions_do_not_change) {
    const int before = counted::alive;
    {
        constexpr std::size_t size = 200;
        struct version {
            small_array::view view;
            std::map<std::size_t, int> should;
            retired_list replaced_by_next;
        };
        auto array = std::make_unique<small_array>(size);
        std::deque<version> versions;
        std::map<std::size_t, int> should;
        test::dice random(4);
        for (int round = 0; round < 500; ++round) {
            for (unsigned edits = random() % 20; edits > 0; --edits) {
                const std::size_t slot = random() % size;
                should[slot] = array->edit(slot).value = static_cast<int>(random() & 0xffff);
            }
            retired_list replaced;
            const auto view = array->commit(replaced);
            if (!versions.empty()) {
                versions.back().replaced_by_next = std::move(replaced);
            }
            versions.push_back({view, should, {}});
            while (versions.size() > random() % 10 + 1) {
                versions.pop_front();
            }
            for (const version& v : versions) {
                for (std::size_t slot = 0; slot < size; ++slot) {
                    const auto it = v.should.find(slot);
                    ASSERT_EQ(v.view[slot].value, it == v.should.end() ? 0 : it->second);
                }
            }
        }
        versions.clear();
        // What is left: the pages of the last version, none of them twice.
        EXPECT_LE(counted::alive - before, static_cast<int>(array->capacity() + 4));
    }
    EXPECT_LE(counted::alive - before, 4);  // the one empty page
}

TEST(paged_array, goes_away_with_edits_that_were_never_committed) {
    const int before = counted::alive;
    {
        small_array array(16);
        retired_list retired;
        array.edit(1).value = 1;
        (void)array.commit(retired);
        array.edit(1).value = 2;
        array.edit(9).value = 2;
    }
    EXPECT_LE(counted::alive - before, 4);
}

TEST(retired_list, gives_back_once_and_in_order) {
    static std::vector<int> given;
    given.clear();
    const auto give = [](void* owner, void* object) noexcept {
        given.push_back(*static_cast<int*>(owner) * 10 + *static_cast<int*>(object));
    };
    int owner = 1;
    int a = 2;
    int b = 3;
    {
        retired_list first;
        first.add(give, &owner, &a);
        retired_list second;
        second.add(give, &owner, &b);
        second = std::move(first);  // what was in it is given back now
        EXPECT_EQ(given, std::vector<int>{13});
        EXPECT_TRUE(first.empty());
        retired_list third(std::move(second));
        EXPECT_EQ(given, std::vector<int>{13});
    }
    EXPECT_EQ(given, (std::vector<int>{13, 12}));
}

}  // namespace
}  // namespace rhumb

#include "rhumb/table/flat_array.hh"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "tests/support/dice.hh"

namespace rhumb {
namespace {

TEST(flat_array, slots_that_were_never_edited_are_empty) {
    flat_array<int> array;
    EXPECT_EQ(array[0], 0);
    EXPECT_EQ(array[1000], 0);
    array.edit(7) = 3;
    EXPECT_EQ(array[6], 0);
    EXPECT_EQ(array[7], 3);
    EXPECT_EQ(array[8], 0);
}

TEST(flat_array, a_version_without_edits_replaces_nothing) {
    flat_array<int> array;
    retired_list first;
    array.edit(1) = 1;
    (void)array.commit(first);
    retired_list second;
    (void)array.commit(second);
    EXPECT_TRUE(second.empty());
}

// Random edits against a vector. Versions are kept for a while and must not change until they are
// retired, oldest first.
TEST(flat_array, versions_do_not_change) {
    struct version {
        flat_array<int>::view view;
        std::vector<int> should;
        retired_list replaced_by_next;
    };
    flat_array<int> array;
    std::deque<version> versions;
    std::vector<int> should;
    test::dice random(4);
    for (int round = 0; round < 2000; ++round) {
        for (unsigned edits = random() % 4; edits > 0; --edits) {
            const std::size_t slot = random() % (1 + static_cast<unsigned>(round) / 4);
            should.resize(std::max(should.size(), slot + 1));
            should[slot] = array.edit(slot) = static_cast<int>(random() & 0xffff);
            EXPECT_EQ(array[slot], should[slot]);
        }
        retired_list replaced;
        const auto view = array.commit(replaced);
        if (!versions.empty()) {
            versions.back().replaced_by_next = std::move(replaced);
        }
        versions.push_back({view, should, {}});
        while (versions.size() > random() % 10 + 1) {
            versions.pop_front();
        }
        for (const version& v : versions) {
            for (std::size_t slot = 0; slot < v.should.size(); ++slot) {
                ASSERT_EQ(v.view[slot], v.should[slot]);
            }
        }
    }
}

}  // namespace
}  // namespace rhumb

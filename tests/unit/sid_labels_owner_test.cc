// Labels of a node and whose they are.
#include <gtest/gtest.h>

#include <set>

#include "controlplane/labels/label_owner.hh"

namespace rhumb::test {
namespace {

using labels::label_blocks;
using labels::label_owner;
using labels::label_pool;

// As FRR has it: everything below the SRGB is dynamic, and the SRLB and LDP's labels are within.
label_blocks usual() {
    return {.srgb = {{16'000, 8'000}},
            .srlb = {{15'000, 10}},
            .dynamic = {{16, 15'984}},
            .reserved = {{{16, 1'000}, "ldp"}, {{500'000, 1'000}, "rsvp-te"}}};
}

label_owner make(const label_blocks& blocks) {
    auto made = label_owner::make(blocks);
    EXPECT_TRUE(made) << (made ? "" : made.why().message);
    return std::move(made).value();
}

TEST(LabelOwner, RangesDoNotOverlap) {
    const auto why = [](auto change) {
        label_blocks blocks = usual();
        change(blocks);
        const auto made = label_owner::make(blocks);
        return made ? std::string() : made.why().message;
    };
    EXPECT_EQ(why([](label_blocks&) {}), "");
    EXPECT_EQ(why([](label_blocks& b) { b.reserved.push_back({{23'999, 2}, "bgp"}); }),
              "label 23999 is claimed by SRGB and bgp");
    EXPECT_EQ(why([](label_blocks& b) { b.srlb = {{1'000, 100}}; }),
              "label 1000 is claimed by ldp and SRLB");
    EXPECT_NE(why([](label_blocks& b) { b.srgb = {{15, 2}}; }), "");
    EXPECT_NE(why([](label_blocks& b) { b.dynamic = {{1'048'575, 2}}; }), "");
    EXPECT_NE(why([](label_blocks& b) { b.reserved[0].block.count = 0; }), "");
}

TEST(LabelOwner, PoolsAreKeptApart) {
    label_owner owner = make(usual());
    std::set<mpls::label> given;
    for (int n = 0; n < 10; ++n) {
        const auto label = owner.allocate("adjacency " + std::to_string(n), label_pool::srlb);
        ASSERT_TRUE(label);
        EXPECT_TRUE(*label >= 15'000 && *label < 15'010);
        given.insert(*label);
    }
    EXPECT_EQ(given.size(), 10U);
    EXPECT_EQ(owner.allocate("one more", label_pool::srlb), std::nullopt);
    for (int n = 0; n < 15'984 - 1'000 - 10; ++n) {
        const auto label = owner.allocate("policy " + std::to_string(n), label_pool::dynamic);
        ASSERT_TRUE(label) << n;
        ASSERT_TRUE(*label >= 1'016 && (*label < 15'000 || *label >= 15'010) && *label < 16'000);
        given.insert(*label);
    }
    EXPECT_EQ(given.size(), 15'984U - 1'000U);
    EXPECT_EQ(owner.allocate("one more", label_pool::dynamic), std::nullopt);
    owner.release("policy 5");
    EXPECT_TRUE(owner.allocate("one more", label_pool::dynamic));
    EXPECT_EQ(make({}).allocate("x", label_pool::srlb), std::nullopt);
}

TEST(LabelOwner, KeysKeepTheirLabels) {
    label_owner first = make(usual());
    label_owner second = make(usual());
    const auto a = first.allocate("a", label_pool::dynamic);
    const auto b = first.allocate("b", label_pool::dynamic);
    EXPECT_EQ(first.allocate("a", label_pool::dynamic), a);
    EXPECT_EQ(second.allocate("b", label_pool::dynamic), b);  // in another order
    EXPECT_EQ(second.allocate("a", label_pool::dynamic), a);
    first.release("a");
    EXPECT_EQ(first.label_of("a"), std::nullopt);
    EXPECT_EQ(first.allocate("a", label_pool::dynamic), a);
    // What was written down holds.
    label_owner third = make(usual());
    for (const auto& [key, label] : first.assignments()) {
        EXPECT_TRUE(third.claim(key, label));
    }
    EXPECT_EQ(third.assignments(), first.assignments());
}

TEST(LabelOwner, ClaimsRespectOthers) {
    label_owner owner = make(usual());
    EXPECT_EQ(owner.claim("x", 16'001).why().message, "label 16001 belongs to SRGB");
    EXPECT_EQ(owner.claim("x", 20).why().message, "label 20 belongs to ldp");
    EXPECT_EQ(owner.claim("x", 500'999).why().message, "label 500999 belongs to rsvp-te");
    EXPECT_FALSE(owner.claim("x", 15));
    EXPECT_FALSE(owner.claim("x", 1U << 20));
    EXPECT_TRUE(owner.claim("x", 900'000));  // nobody's
    EXPECT_TRUE(owner.claim("x", 900'000));
    EXPECT_EQ(owner.claim("x", 900'001).why().message, "x has label 900000");
    EXPECT_EQ(owner.claim("y", 900'000).why().message, "label 900000 belongs to x");
    EXPECT_TRUE(owner.claim("y", 15'003));  // of the SRLB
    EXPECT_EQ(owner.owner_of(15'003), "y");
    EXPECT_EQ(owner.owner_of(15'004), "SRLB");
    EXPECT_EQ(owner.owner_of(16), "ldp");
    EXPECT_EQ(owner.owner_of(501'000), "");
}

}  // namespace
}  // namespace rhumb::test

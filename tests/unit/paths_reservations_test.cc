#include <gtest/gtest.h>

#include <map>

#include "controlplane/paths/cspf.hh"
#include "controlplane/paths/reservations.hh"
#include "tests/support/dice.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::paths {
namespace {

using topology::link_number;

std::vector<topology::advertisement> ring_with_bandwidth(std::uint64_t bandwidth) {
    auto said = test::make_advertisements(test::ring(4));
    for (auto& a : said) {
        for (auto& l : a.links) {
            l.bandwidth = bandwidth;
        }
    }
    return said;
}

TEST(reservations, what_is_admitted_is_no_longer_free) {
    const auto m = test::make_map(ring_with_bandwidth(100));
    reservations r(m);
    const auto first = *shortest_path(m, *m.find("n0"), *m.find("n2"), {});
    ASSERT_TRUE(r.admit(1, first.links, 60).ok());
    EXPECT_EQ(r.available(first.links[0]), 40U);
    EXPECT_EQ(r.available(first.links[0], 1), 100U);
    constraints c;
    c.bandwidth = 50;
    const auto second = shortest_path(m, *m.find("n0"), *m.find("n2"), c, &r, 2);
    ASSERT_TRUE(second.ok());
    EXPECT_NE(second->links, first.links);
    // For its owner the bandwidth is there.
    EXPECT_EQ(shortest_path(m, *m.find("n0"), *m.find("n2"), c, &r, 1)->links, first.links);
    ASSERT_TRUE(r.admit(2, second->links, 50).ok());
    c.bandwidth = 51;
    const auto third = shortest_path(m, *m.find("n0"), *m.find("n2"), c, &r, 3);
    ASSERT_FALSE(third.ok());
    EXPECT_EQ(third.why().reason, no_path_reason::bandwidth);
    const auto refused = r.admit(3, first.links, 51);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.why().message.find("has 40 bit/s free"), std::string::npos);
}

TEST(reservations, moving_counts_once_where_old_and_new_meet) {
    const auto m = test::make_map(ring_with_bandwidth(100));
    reservations r(m);
    const auto link = [&](const char* from, const char* to) {
        return *m.find_link(*m.find(from), to);
    };
    const link_number a = link("n0", "to-n1");
    const link_number b = link("n1", "to-n2");
    const link_number c = link("n2", "to-n3");
    ASSERT_TRUE(r.admit(1, std::vector<claim>{{a, 70}, {b, 70}}).ok());
    r.settle(1);
    ASSERT_TRUE(r.admit(1, std::vector<claim>{{a, 80}, {c, 80}}).ok());
    EXPECT_EQ(r.reserved(a), 80U);
    EXPECT_EQ(r.reserved(b), 70U);
    EXPECT_EQ(r.reserved(c), 80U);
    r.abandon(1);
    EXPECT_EQ(r.reserved(a), 70U);
    EXPECT_EQ(r.reserved(c), 0U);
    ASSERT_TRUE(r.admit(1, std::vector<claim>{{a, 80}, {c, 80}}).ok());
    r.settle(1);
    EXPECT_EQ(r.reserved(a), 80U);
    EXPECT_EQ(r.reserved(b), 0U);
    r.release(1);
    EXPECT_EQ(r.reserved(a), 0U);
    EXPECT_EQ(r.owner_count(), 0U);
}

TEST(reservations, they_stay_with_their_links) {
    auto said = ring_with_bandwidth(100);
    for (topology::link& l : said[1].links) {
        l.reserved = l.name == "to-n2" ? 20 : 0;
    }
    auto m = test::make_map(said);
    reservations r(m);
    const link_number l = *m.find_link(*m.find("n1"), "to-n2");
    ASSERT_TRUE(r.admit(1, std::vector<claim>{{l, 30}}).ok());
    // A new link at n0 gives all others new numbers.
    topology::link more = said[0].links[0];
    more.name = "another";
    more.remote = "n2";
    more.remote_link = "";
    more.sids.clear();
    said[0].links.insert(said[0].links.begin(), more);
    said[0].version = 2;
    ASSERT_TRUE(m.apply(said[0])->renumbered);
    r.update(m);
    const link_number now = *m.find_link(*m.find("n1"), "to-n2");
    ASSERT_NE(l, now);
    EXPECT_EQ(r.available(now), 50U);
    EXPECT_EQ(r.available(now, 1), 80U);
    // Less capacity than is promised.
    for (auto& x : said[1].links) {
        x.bandwidth = 40;
    }
    said[1].version = 2;
    ASSERT_TRUE(m.apply(said[1]).ok());
    r.update(m);
    EXPECT_EQ(r.available(now), 0U);
    // Gone, and back.
    auto without = said[1];
    without.version = 3;
    without.links.clear();
    ASSERT_TRUE(m.apply(without).ok());
    r.update(m);
    EXPECT_EQ(r.available(now, 1), 0U);
    said[1].version = 4;
    said[1].links[1].bandwidth = 100;
    ASSERT_TRUE(m.apply(said[1]).ok());
    r.update(m);
    EXPECT_EQ(r.available(now), 50U);
}

TEST(reservations, amounts_do_not_overflow) {
    auto said = ring_with_bandwidth(~std::uint64_t{0});
    auto m = test::make_map(said);
    reservations r(m);
    EXPECT_FALSE(r.admit(no_owner, std::vector<claim>{{0, 1}}).ok());
    EXPECT_FALSE(r.admit(1, std::vector<claim>{{99, 1}}).ok());
    ASSERT_TRUE(r.admit(1, std::vector<claim>{{0, ~std::uint64_t{0} - 5}, {0, 3}}).ok());
    const auto at = std::find_if(said[0].links.begin(), said[0].links.end(),
                                 [&](const auto& l) { return m.said_of(0)->name == l.name; });
    ASSERT_EQ(m.graph().from[0], 0U);
    at->reserved = ~std::uint64_t{0};
    said[0].version = 2;
    EXPECT_EQ(m.apply(said[0])->links, std::vector<link_number>{0});
    r.update(m);
    EXPECT_EQ(r.available(0), 0U);
    EXPECT_FALSE(r.admit(2, std::vector<claim>{{0, 1}}).ok());
}

// Against sums that are made anew each time.
TEST(reservations, sums_are_right_after_any_steps) {
    test::dice roll(21);
    const auto m = test::make_map(ring_with_bandwidth(100));
    const auto links = static_cast<std::uint32_t>(m.graph().link_count());
    reservations r(m);
    struct two {
        std::map<link_number, std::uint64_t> standing;
        std::map<link_number, std::uint64_t> coming;
        bool moves = false;
    };
    std::map<owner_id, two> owners;
    const auto held = [&](owner_id owner, link_number l) {
        return std::max(owners[owner].standing[l], owners[owner].coming[l]);
    };
    const auto sum = [&](link_number l, owner_id but) {
        std::uint64_t all = 0;
        for (owner_id owner = 0; owner < 5; ++owner) {
            all += owner == but ? 0 : held(owner, l);
        }
        return all;
    };
    int admitted = 0;
    for (int n = 0; n < 20'000; ++n) {
        const owner_id owner = roll() % 5;
        switch (roll() % 6) {
            case 0:
                r.settle(owner);
                if (owners[owner].moves) {
                    owners[owner] = {owners[owner].coming, {}, false};
                }
                break;
            case 1:
                r.abandon(owner);
                owners[owner].coming.clear();
                owners[owner].moves = false;
                break;
            case 2:
                r.release(owner);
                owners[owner] = {};
                break;
            default: {
                std::vector<claim> claims;
                std::map<link_number, std::uint64_t> wanted;
                for (std::uint32_t i = 0; i < 1 + roll() % 4; ++i) {
                    claims.push_back({roll() % links, roll() % 60});
                    wanted[claims.back().link] += claims.back().bandwidth;
                }
                bool fits = true;
                for (const auto& [l, amount] : wanted) {
                    fits &= sum(l, owner) + amount <= 100;
                }
                ASSERT_EQ(r.admit(owner, claims).ok(), fits);
                if (fits) {
                    ++admitted;
                    owners[owner].coming = wanted;
                    owners[owner].moves = true;
                }
            }
        }
        for (link_number l = 0; l < links; ++l) {
            ASSERT_EQ(r.reserved(l), sum(l, 99));
            ASSERT_EQ(r.available(l, owner), 100 - sum(l, owner));
            ASSERT_LE(r.reserved(l), 100U);
        }
    }
    EXPECT_GT(admitted, 1000);
}

}  // namespace
}  // namespace rhumb::paths

// Explicit lists that lead back to themselves by binding SIDs are not valid, and nobody is given a
// label that lists name.
#include <gtest/gtest.h>

#include <random>

#include "controlplane/topology/binding_cycles.hh"
#include "tests/unit/policies_rig.hh"

namespace rhumb::paths {
namespace {

using test::policies_rig;

class policies_loops : public ::testing::Test {
protected:
    policies_loops() : rig({{"a", "b"}, {"b", "c"}, {"c", "a"}, {"c", "d"}}) {}

    // A path with a binding SID of its own.
    static candidate_path bound(mpls::label label, std::vector<hop> hops,
                                std::uint32_t preference = 100, std::uint32_t discriminator = 0) {
        candidate_path c = policies_rig::explicit_path(std::move(hops), preference, discriminator);
        c.binding_sid = label;
        return c;
    }
    [[nodiscard]] list_fault fault(const policy_key& key, std::size_t candidate = 0) const {
        return rig.all->find(key)->states[candidate].fault;
    }
    [[nodiscard]] bool is_up(const policy_key& key) const {
        return rig.all->find(key)->active.has_value();
    }

    policies_rig rig;
    policy_key a = rig.key("a", 1, "d");
    policy_key b = rig.key("b", 1, "d");
    policy_key c = rig.key("c", 1, "d");
};

TEST_F(policies_loops, of_three_policies_last_until_one_goes) {
    rig.all->set(a, bound(15'001, {rig.to("b"), rig.label(15'002)}));
    rig.all->set(b, bound(15'002, {rig.to("c"), rig.label(15'003)}));
    (void)rig.all->update(0);
    EXPECT_TRUE(is_up(a) && is_up(b));
    rig.all->set(c, bound(15'003, {rig.to("a"), rig.label(15'001)}));
    (void)rig.all->update(1);
    for (const policy_key& key : {a, b, c}) {
        EXPECT_FALSE(is_up(key));
        EXPECT_EQ(fault(key), list_fault::comes_back);
    }
    // Another path of one of them, whether or not it is the better one.
    rig.all->set(b, bound(15'002, {rig.to("d")}, 50, 1));
    (void)rig.all->update(2);
    EXPECT_TRUE(is_up(b));
    EXPECT_FALSE(is_up(a) || is_up(c));
    rig.all->remove(b, {protocol_origin::config, {}, 0});
    (void)rig.all->update(3);
    EXPECT_TRUE(is_up(a) && is_up(b) && is_up(c));
}

TEST_F(policies_loops, a_label_is_looked_up_where_the_list_has_come_to) {
    rig.all->set(a, bound(15'001, {rig.to("b"), rig.label(15'001)}));
    rig.all->set(b, bound(15'001, {rig.to("c"), rig.label(15'001)}));
    (void)rig.all->update(0);
    EXPECT_TRUE(is_up(a) && is_up(b));
    // b's policy ends at d: what comes then is d's.
    rig.all->set(a, bound(15'001, {rig.to("b"), rig.label(15'001), rig.label(15'001)}));
    (void)rig.all->update(1);
    EXPECT_TRUE(is_up(a));
    // By adjacencies: 4000 is c's first one, to b; b's second one leads to c.
    rig.all->set(c, bound(15'001, {rig.over("c", "b"), rig.label(4'002), rig.label(15'001)}));
    (void)rig.all->update(2);
    EXPECT_FALSE(is_up(c));
    EXPECT_EQ(fault(c), list_fault::comes_back);
    EXPECT_TRUE(is_up(b));
}

TEST_F(policies_loops, nobody_is_given_a_label_that_lists_name) {
    rig.all->set(a, rig.explicit_path({rig.to("b"), rig.to("a"), rig.label(24'000)}));
    rig.all->set(b, rig.explicit_path({rig.to("d")}));
    (void)rig.all->update(0);
    EXPECT_EQ(rig.all->find(a)->bound.label, 24'001U);
    EXPECT_EQ(rig.all->find(b)->bound.label, 24'001U);
    // One that has been given already is its policy's.
    rig.all->set(b, rig.explicit_path({rig.to("a"), rig.to("b"), rig.label(24'001)}));
    (void)rig.all->update(1);
    EXPECT_EQ(fault(b), list_fault::comes_back);
    // It has gone from there: what the list names then leads nowhere that would come back.
    (void)rig.all->update(10'000'000);
    EXPECT_TRUE(is_up(b));
    EXPECT_NE(fault(b), list_fault::comes_back);
    rig.all->set(b, rig.explicit_path({rig.to("d")}, 50, 1));
    (void)rig.all->update(10'000'001);
    EXPECT_EQ(rig.all->find(b)->bound.label, 24'002U);
    EXPECT_TRUE(is_up(b));
}

// Uses on cycles are those from whose end one comes back to where they begin.
// A link that gets cheaper makes what p's binding SID stands for too long for p's MSD: p has no
// rule for it any more, though the list's own way is as it was.
TEST(policies_bindings, lists_go_with_what_is_behind_the_binding_sids_that_they_name) {
    std::vector<topology::advertisement> said = test::make_advertisements(test::dear_row());
    const auto p = std::find_if(said.begin(), said.end(), [](auto& a) { return a.origin == "p"; });
    p->bindings = {{15'100, {"b", "q", "c", "r"}}};
    p->msd = 1;
    policies_rig rig(said);
    const policy_key a = rig.key("a", 1, "r");
    rig.all->set(a, policies_rig::explicit_path({rig.to("p"), policies_rig::label(15'100)}));
    (void)rig.all->update(0);
    ASSERT_TRUE(rig.all->find(a)->active);
    for (topology::link& l : rig.of("p").links) {
        l.metric = l.remote == "q" ? 1 : l.metric;
    }
    (void)rig.say({"p"}, 1);
    EXPECT_FALSE(rig.all->find(a)->active);
    for (topology::link& l : rig.of("p").links) {
        l.metric = l.remote == "q" ? 100 : l.metric;
    }
    (void)rig.say({"p"}, 2);
    EXPECT_TRUE(rig.all->find(a)->active);
}

TEST(binding_cycles, are_found_by_coming_back) {
    std::mt19937_64 dice(5);
    std::size_t found = 0;
    for (std::size_t round = 0; round < 2'000; ++round) {
        const auto policies = static_cast<std::uint32_t>(1 + dice() % 9);
        std::vector<topology::binding_use> uses(dice() % 14);
        for (topology::binding_use& u : uses) {
            u = {static_cast<std::uint32_t>(dice() % policies),
                 static_cast<std::uint32_t>(dice() % policies)};
        }
        const auto loops = topology::on_cycles(policies, uses);
        for (std::size_t i = 0; i < uses.size(); ++i) {
            std::set<std::uint32_t> reached{uses[i].to};
            for (std::size_t before = 0; before != reached.size();) {
                before = reached.size();
                for (const topology::binding_use& u : uses) {
                    if (reached.contains(u.from)) {
                        reached.insert(u.to);
                    }
                }
            }
            ASSERT_EQ(loops[i], reached.contains(uses[i].from));
            found += loops[i] ? 1U : 0U;
        }
    }
    EXPECT_GT(found, 1'000U);
    // A long one.
    constexpr std::uint32_t many = 300'000;
    std::vector<topology::binding_use> ring;
    ring.reserve(many);
    for (std::uint32_t n = 0; n < many; ++n) {
        ring.push_back({n, (n + 1) % many});
    }
    EXPECT_TRUE(topology::on_cycles(many, ring)[many / 2]);
    ring.pop_back();
    EXPECT_FALSE(topology::on_cycles(many, ring)[many / 2]);
}

}  // namespace
}  // namespace rhumb::paths

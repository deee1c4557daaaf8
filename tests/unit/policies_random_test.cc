// Random networks, policies and failures: what is kept up to date step by step is what a fresh
// start would compute, the most preferred valid path is active, and nobody else is disturbed.
#include <gtest/gtest.h>

#include <random>

#include "controlplane/paths/policy_selection.hh"
#include "tests/unit/policies_rig.hh"

namespace rhumb::paths {
namespace {

using test::policies_rig;

class random_policies {
public:
    random_policies(std::uint64_t seed, bool real)
        : dice_(seed), edges_(test::random_graph(14, 24, 9, seed)), rig(said(), {}, real) {}

    std::uint64_t below(std::uint64_t n) { return dice_() % n; }
    std::string name() { return "n" + std::to_string(below(14)); }

    hop random_hop() {
        const auto& e = edges_[below(edges_.size())];
        switch (below(4)) {
            case 0: return rig.over(e.a, e.b);
            case 1: return rig.label(static_cast<std::uint32_t>(16'000 + below(17)));
            case 2: {
                hop h;
                h.is = hop::kind::prefix;
                h.address = rig.address(name());
                return h;
            }
            default: return rig.to(name());
        }
    }
    candidate_path random_candidate() {
        candidate_path c;
        c.preference = static_cast<std::uint32_t>(100 + below(3));
        c.key.discriminator = static_cast<std::uint32_t>(below(3));
        c.drop_upon_invalid = below(8) == 0;
        if (below(2) == 0) {
            c.dynamic.emplace();
            c.dynamic->within.metric = static_cast<topology::metric_type>(below(3));
            c.dynamic->within.exclude_any = below(4);
            if (below(4) == 0) {
                c.dynamic->within.exclude_srlgs.push_back(static_cast<std::uint32_t>(below(4)));
            }
            return c;
        }
        for (auto lists = 1 + below(2); lists != 0; --lists) {
            auto& list = c.lists.emplace_back();
            list.weight = static_cast<std::uint32_t>(below(4));
            for (auto hops = below(4); hops != 0; --hops) {
                list.hops.push_back(random_hop());
            }
        }
        return c;
    }
    policy_key random_key() {
        return rig.key(name(), static_cast<std::uint32_t>(1 + below(2)), name());
    }
    // Something happens.
    evaluation step(microseconds now) {
        const auto& e = edges_[below(edges_.size())];
        switch (below(6)) {
            case 0: return rig.fail(e.a, e.b, now);
            case 1: return rig.repair(e.a, e.b, now);
            case 2: {
                auto& links = rig.of(e.a).links;
                if (!links.empty()) {
                    auto& l = links[below(links.size())];
                    l.metric = static_cast<topology::cost>(1 + below(9));
                    l.affinities = below(4);
                }
                return rig.say({e.a}, now);
            }
            case 3: {
                auto& node = rig.of(e.a);
                node.overload = !node.overload;
                return rig.say({e.a}, now);
            }
            case 4: {
                auto& node = rig.of(e.a);
                if (node.prefixes.front().sids.empty()) {
                    node.prefixes.front().sids.push_back({rig.node(e.a) + 1, 0, false, false});
                } else {
                    node.prefixes.front().sids.clear();
                }
                return rig.say({e.a}, now);
            }
            default: break;
        }
        if (below(3) == 0) {
            rig.all->remove(random_key());
        } else {
            rig.all->set(random_key(), random_candidate());
        }
        return rig.all->update(now);
    }

private:
    std::vector<topology::advertisement> said() {
        for (auto& e : edges_) {
            e.delay = static_cast<topology::cost>(below(3) * 10);
            e.te_metric = static_cast<topology::cost>(1 + below(20));
            e.affinities = below(4);
            e.srlgs = {static_cast<std::uint32_t>(below(4))};
        }
        return make_advertisements(edges_);
    }
    std::mt19937_64 dice_;
    std::vector<test::edge> edges_;

public:
    policies_rig rig;
};

// Computations for a fresh start.
struct fresh_services {
    fresh_services(policies_rig& rig, bool real) : computes(rig.map) {
        made = computes.services();
        if (!real) {
            made.compute = [&rig](auto headend, auto endpoint, const auto& within) {
                return rig.compute(headend, endpoint, within);
            };
        }
    }
    policy_services computes;
    path_services made;
};

// Whether packets with these segments follow the links, and nothing else.
bool pins(const topology::map& m, topology::node_number from, const topology::segments& segments,
          std::span<const topology::link_number> links) {
    const topology::plane view = make_plane(m, 0);
    std::size_t at = 0;
    for (const topology::segment& s : segments) {
        if (s.kind == topology::segment_kind::adjacency) {
            if (at == links.size() || links[at++] != s.number) {
                return false;
            }
            from = m.graph().to[s.number];
            continue;
        }
        shortest_tree tree;
        tree_workspace memory;
        shortest_tree_from(m.graph(), view, from, {}, tree, memory);
        if (s.kind != topology::segment_kind::node || !tree.reaches(s.node) ||
            tree.only[s.node] == 0) {
            return false;
        }
        for (const topology::link_number l : tree.links_to(m.graph(), s.node)) {
            if (at == links.size() || links[at++] != l) {
                return false;
            }
        }
        from = s.node;
    }
    return at == links.size();
}

void compare_with_fresh(random_policies& random, bool real, std::uint64_t seed) {
    const policies& kept = *random.rig.all;
    const fresh_services services(random.rig, real);
    policies fresh(random.rig.map, services.made);
    for (std::uint32_t n = 0; n < kept.size(); ++n) {
        if (const policy_state* const state = kept.at(n)) {
            for (const candidate_path& c : state->candidates) {
                fresh.set(state->key, c);
            }
        }
    }
    (void)fresh.update(0);
    for (std::uint32_t n = 0; n < kept.size(); ++n) {
        const policy_state* const was = kept.at(n);
        const policy_state* const is = was == nullptr ? nullptr : fresh.find(was->key);
        if (was == nullptr || was->candidates.empty()) {
            continue;
        }
        ASSERT_NE(is, nullptr);
        ASSERT_EQ(was->active, is->active) << "seed " << seed << " policy " << n;
        ASSERT_EQ(random.rig.way(was->key), random.rig.way(*is)) << "seed " << seed;
        ASSERT_EQ(was->links, is->links) << seed;
        const auto& lists = was->lists.in_force().lists;
        const candidate_path* const active = was->active_path();
        if (real && active != nullptr && active->dynamic) {
            // What was the shortest spelling of the same path still pins it.
            ASSERT_EQ(lists.size(), 1U);
            ASSERT_TRUE(pins(random.rig.map, was->key.headend, lists[0].segments, was->links))
                << "seed " << seed << " policy " << n;
        } else {
            ASSERT_EQ(lists, is->lists.in_force().lists) << seed;
        }
        ASSERT_EQ(was->dropping, is->dropping) << seed;
    }
}

// By itself each candidate that goes before the active one is not valid.
void expect_most_preferred(random_policies& random, bool real) {
    const policies& kept = *random.rig.all;
    const fresh_services services(random.rig, real);
    for (std::uint32_t n = 0; n < kept.size(); ++n) {
        const policy_state* const state = kept.at(n);
        for (std::size_t i = 0; state != nullptr && i < state->candidates.size(); ++i) {
            const candidate_path& c = state->candidates[i];
            const candidate_path* const active = state->active_path();
            policies alone(random.rig.map, services.made);
            alone.set(state->key, c);
            (void)alone.update(0);
            if (active == nullptr || goes_before(c, *active)) {
                EXPECT_FALSE(alone.find(state->key)->active);
            } else if (c.key == active->key) {
                EXPECT_TRUE(alone.find(state->key)->active);
            }
        }
    }
}

class random_policies_test : public testing::TestWithParam<bool> {};

TEST_P(random_policies_test, step_by_step_is_as_good_as_a_fresh_start) {
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
        random_policies random(seed, GetParam());
        for (int n = 0; n < 25; ++n) {
            random.rig.all->set(random.random_key(), random.random_candidate());
        }
        (void)random.rig.all->update(0);
        for (microseconds now = 1; now <= 40; ++now) {
            std::map<policy_key, installed_policy> before;
            for (std::uint32_t n = 0; n < random.rig.all->size(); ++n) {
                if (const auto* const state = random.rig.all->at(n)) {
                    before.emplace(state->key, policies::installed(*state));
                }
            }
            const auto renumberings = random.rig.map.renumberings();
            const evaluation done = random.step(now * 400'000);
            compare_with_fresh(random, GetParam(), seed);
            if (testing::Test::HasFatalFailure()) {
                return;
            }
            // Whoever is not named has what it had.
            for (std::uint32_t n = 0; n < random.rig.all->size(); ++n) {
                const auto* const state = random.rig.all->at(n);
                if (state != nullptr && renumberings == random.rig.map.renumberings() &&
                    before.contains(state->key) &&
                    !std::binary_search(done.changed.begin(), done.changed.end(), n)) {
                    EXPECT_EQ(before.at(state->key), policies::installed(*state)) << seed;
                }
            }
            if (now % 20 == 0) {
                expect_most_preferred(random, GetParam());
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(plain_and_real, random_policies_test, testing::Bool());

}  // namespace
}  // namespace rhumb::paths

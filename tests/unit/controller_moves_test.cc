// Plans of moves for random policies with all kinds of demands: each move can be done, in order, is
// what the plan says, and keeps to what its policy demands; nobody else has to move by it.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "controlplane/controller/policy_moves.hh"
#include "controlplane/controller/policy_traffic.hh"
#include "tests/unit/policies_rig.hh"

namespace rhumb::controller {
namespace {

using paths::candidate_path;
using paths::kept_apart;
using topology::link_number;

constexpr std::size_t nodes = 9;

class moving_policies {
public:
    explicit moving_policies(std::uint64_t seed) : dice_(seed), rig(said(seed), {}, true) {
        for (std::uint32_t color = 0; color < 12; ++color) {
            const std::string from = name();
            const std::string to = name();
            if (from != to) {
                add(rig.key(from, color, to), to);
            }
        }
        (void)rig.all->update(0);
    }

    // How many a plan moves; all of it is done and checked.
    std::size_t run() {
        traffic t(rig.map, routed_by(*rig.all, rig.map, demands_));
        policy_moves moves(rig.map, *rig.all, *rig.reserved, demands_);
        const auto found = reoptimise(t, moves.movable(), moves.ways());
        paths::microseconds now = 0;
        for (const move& one : found.moves) {
            const auto key = *demands_[one.demand].policy;
            const auto before = ways();
            const paths::dynamic_path wanted =
                rig.all->find(key)->active_path()->dynamic.value_or(paths::dynamic_path());
            rig.all->set(key, moves.candidate_for(one));
            (void)rig.all->update(now += 2'000'000);
            const paths::policy_state& state = *rig.all->find(key);
            EXPECT_EQ(state.active_path()->name, "controller");
            EXPECT_EQ(state.links, one.to.links);
            EXPECT_EQ(state.lists.in_force().lists.front().segments, one.to.spelt);
            for (const auto& [other, links] : ways()) {
                EXPECT_TRUE(other == key || links == before.at(other));
            }
            check(state, wanted);
            (void)rig.all->update(now += 2'000'000);  // its old lists are gone
        }
        return found.moves.size();
    }

private:
    std::uint64_t below(std::uint64_t n) { return dice_() % n; }
    std::string name() { return "n" + std::to_string(below(nodes)); }

    static std::vector<topology::advertisement> said(std::uint64_t seed) {
        std::mt19937_64 dice(seed ^ 77);
        auto edges = test::random_graph(nodes, 20, 6, seed);
        for (test::edge& e : edges) {
            e.srlgs = {static_cast<std::uint32_t>(dice() % 6)};
            e.affinities = dice() % 4;
            e.delay = static_cast<topology::cost>(1 + dice() % 9);
        }
        auto made = test::make_advertisements(edges);
        for (auto& a : made) {
            a.msd = static_cast<std::uint8_t>(1 + dice() % 4);
            for (auto& l : a.links) {
                l.bandwidth = 60 + dice() % 100;
            }
        }
        return made;
    }

    candidate_path random_path(std::uint32_t color) {
        candidate_path made = rig.dynamic_path({}, 100, 0);
        paths::dynamic_path& d = *made.dynamic;
        d.within.metric = static_cast<topology::metric_type>(below(2));
        switch (below(9)) {
            case 0: d.within.exclude_any = 1; break;
            case 1: d.within.exclude_srlgs = {static_cast<std::uint32_t>(below(6))}; break;
            case 2: d.within.max_hops = 3; break;
            case 3: d.within.max_delay = 14; break;
            case 4: d.within.via = {rig.node(name())}; break;
            case 5: d.within.bandwidth = 1 + below(40); break;
            case 6: d.ecmp = true; break;
            case 7:
                if (!keys_.empty()) {
                    d.disjoint_from = keys_[below(keys_.size())];
                    d.disjoint = static_cast<kept_apart>(below(4));
                }
                break;
            default: d.group = "g" + std::to_string(color / 4); break;
        }
        return made;
    }

    void add(const paths::policy_key& key, const std::string& to) {
        candidate_path made =
            below(6) == 0 ? rig.explicit_path({rig.to(to)}) : random_path(key.color);
        if (below(3) == 0) {
            made.binding_sid = 15'000 + key.color;
        }
        rig.all->set(key, made);
        rig.all->set(key, rig.dynamic_path({}, 50, 1));
        demands_.push_back({key.headend, rig.node(to), static_cast<double>(1 + below(40)), key});
        keys_.push_back(key);
    }

    std::map<paths::policy_key, std::vector<link_number>> ways() const {
        std::map<paths::policy_key, std::vector<link_number>> found;
        for (const auto& key : keys_) {
            found.emplace(key, rig.all->find(key)->links);
        }
        return found;
    }

    // Link by link, by the letter.
    void check(const paths::policy_state& state, const paths::dynamic_path& wanted) const {
        const topology::graph& g = rig.map.graph();
        const paths::constraints& within = wanted.within;
        topology::distance delay = 0;
        std::size_t passed = 0;
        for (const link_number l : state.links) {
            EXPECT_EQ(g.affinities[l] & within.exclude_any, 0U);
            for (const std::uint32_t risk : rig.map.said_of(l)->srlgs) {
                EXPECT_EQ(std::ranges::count(within.exclude_srlgs, risk), 0);
            }
            EXPECT_LE(rig.reserved->reserved(l), rig.map.said_of(l)->bandwidth);
            delay += g.costs(topology::metric_type::delay)[l];
            passed +=
                !within.via.empty() && (g.from[l] == within.via[0] || g.to[l] == within.via[0])
                    ? 1U
                    : 0U;
        }
        EXPECT_LE(state.links.size(), within.max_hops);
        EXPECT_LE(delay, within.max_delay);
        EXPECT_TRUE(within.via.empty() || passed != 0);
        if (within.bandwidth != 0) {
            for (const link_number l : state.links) {
                EXPECT_GE(rig.reserved->reserved(l), within.bandwidth);
            }
        }
        if (wanted.disjoint_from) {
            check_apart(state, *rig.all->find(*wanted.disjoint_from), wanted.disjoint);
        }
        if (!wanted.group.empty()) {
            const auto* const with = partner(state);
            if (with != nullptr) {
                check_apart(state, *with, wanted.disjoint);
            }
        }
        for (const paths::weighted_segments& list : state.lists.in_force().lists) {
            const auto& first = list.segments.front();
            const bool own = first.node == state.key.headend &&
                             (first.kind == topology::segment_kind::adjacency ||
                              first.kind == topology::segment_kind::parallel);
            EXPECT_LE(list.segments.size(), rig.map.said(state.key.headend)->msd + (own ? 1U : 0U));
        }
    }
    void check_apart(const paths::policy_state& one, const paths::policy_state& two,
                     kept_apart kind) const {
        const topology::graph& g = rig.map.graph();
        for (const link_number a : one.links) {
            for (const link_number b : two.links) {
                EXPECT_TRUE(a != b && g.reverse[a] != b);
                if (kind >= kept_apart::srlg) {
                    EXPECT_NE(rig.map.said_of(a)->srlgs, rig.map.said_of(b)->srlgs);
                }
            }
        }
    }
    // The other one of its pair.
    const paths::policy_state* partner(const paths::policy_state& state) const {
        const auto group = [](const paths::policy_state& of) {
            const auto& all = of.candidates;
            return all[0].dynamic ? all[0].dynamic->group : std::string();
        };
        const paths::policy_state* found = nullptr;
        std::size_t count = 0;
        for (const auto& key : keys_) {
            const paths::policy_state* const other = rig.all->find(key);
            if (other != &state && group(*other) == group(state)) {
                found = other;
                ++count;
            }
        }
        return count == 1 ? found : nullptr;
    }

    std::mt19937_64 dice_;
    test::policies_rig rig;
    std::vector<paths::policy_key> keys_;
    std::vector<demand> demands_;
};

TEST(policy_moves, are_what_policies_can_do) {
    std::size_t moves = 0;
    for (std::uint64_t seed = 0; seed < 1500 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        moves += moving_policies(seed).run();
    }
    EXPECT_GT(moves, 1000U);
}

}  // namespace
}  // namespace rhumb::controller

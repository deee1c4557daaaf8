// Links, nodes and shared risks fail before any router computes anew: packets between all others
// arrive by the repairs that are in the tables already, along the post-convergence path.
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "tests/unit/routers_rig.hh"

namespace rhumb {
namespace {

using config::protected_resource;
using test::distances;
using test::routers_rig;
using test::small_graph;
using test::walked;
using test::without;
using topology::advertisement;
using topology::link_number;
using topology::node_number;
using topology::protection;

// SRGBs and flags differ from node to node in some.
std::vector<advertisement> said_for(const std::vector<test::edge>& edges, std::uint32_t seed) {
    auto said = test::make_advertisements(edges);
    for (std::size_t n = 0; n < said.size() && seed % 3 == 0; ++n) {
        said[n].srgb = {{static_cast<std::uint32_t>(20'000 + 1'000 * n), 1'000}};
        said[n].prefixes.front().sids.front().no_php = n % 3 == 1;
    }
    return said;
}

config::topology_section protecting(protected_resource what) {
    config::topology_section keys;
    keys.protects = what;
    return keys;
}

// What has failed, and what the routers next to it protect from.
struct outage {
    std::set<link_number> links;
    node_number node = topology::nobody;
    // By definition: what a repair of link l does without, the best that there is first.
    std::vector<protection> tried;
    std::size_t enough = 1;  // of these, those that do against the outage
};

class failing_network {
public:
    failing_network(const std::vector<advertisement>& said, const config::topology_section& keys,
                    std::uint16_t flow, std::uint8_t algorithm = 0)
        : rig_(said, keys, algorithm), flow_(flow) {
        const distances all(rig_.g, rig_.view);
        rig_.each_pair([&](node_number from, node_number to, bool labelled) {
            walked way = rig_.send(from, to, labelled, flow_);
            ASSERT_EQ(way.delivered, all.reaches(from, to)) << rig_.text(way);
            if (way.delivered) {
                ASSERT_EQ(way.nodes.back(), to);
                ASSERT_EQ(rig_.cost(way, way.links.size()), all(from, to));
            }
            usual_[{from, to, labelled}] = std::move(way);
        });
    }

    [[nodiscard]] routers_rig& rig() { return rig_; }
    [[nodiscard]] std::size_t repaired() const { return repaired_; }

    void expect_repaired(const outage& what) {
        for (const link_number l : what.links) {
            rig_.net.set_link(l, false);
        }
        without_.clear();
        const distances left(rig_.g, without(rig_.view, {what.links.begin(), what.links.end()}));
        rig_.each_pair([&](node_number from, node_number to, bool labelled) {
            if (from != what.node && to != what.node) {
                look_at(what, left, from, to, labelled);
            }
        });
        for (const link_number l : what.links) {
            rig_.net.set_link(l, true);
        }
    }

private:
    void look_at(const outage& what, const distances& left, node_number from, node_number to,
                 bool labelled) {
        const walked& before = usual_.at({from, to, labelled});
        if (!before.delivered) {
            return;
        }
        const walked now = rig_.send(from, to, labelled, flow_);
        const auto hit = std::find_if(before.links.begin(), before.links.end(),
                                      [&](link_number l) { return what.links.contains(l); });
        if (hit == before.links.end()) {
            ASSERT_EQ(now.links, before.links);
            return;
        }
        const node_number at = rig_.g.from[*hit];
        if (!left.reaches(at, to)) {
            ASSERT_FALSE(now.delivered);
            return;
        }
        for (std::size_t n = 0; n < what.enough; ++n) {
            const distances& rest = distances_without(*hit, what.tried[n]);
            if (!rest.reaches(at, to)) {
                continue;
            }
            ASSERT_TRUE(now.delivered)
                << rig_.m.name(from) << " to " << rig_.m.name(to) << " without " << rig_.m.name(at)
                << "-" << rig_.m.name(rig_.g.to[*hit]) << rig_.text(now);
            ASSERT_EQ(now.nodes.back(), to);
            ASSERT_EQ(std::count(now.nodes.begin(), now.nodes.end(), what.node), 0);
            const auto spent = static_cast<std::size_t>(hit - before.links.begin());
            ASSERT_EQ(rig_.cost(now, now.links.size()), rig_.cost(before, spent) + rest(at, to))
                << rig_.text(now);
            for (const link_number l : now.links) {
                ASSERT_NE(rig_.view.costs[l], topology::unusable);
            }
            ++repaired_;
            return;
        }
    }

    [[nodiscard]] const distances& distances_without(link_number l, protection what) {
        auto& known = without_[{l, what}];
        if (known == nullptr) {
            const bool node = what == protection::node || what == protection::node_and_srlg;
            const bool srlg = what == protection::srlg || what == protection::node_and_srlg;
            topology::plane rest = without(rig_.view, {l, rig_.g.reverse[l]});
            for (link_number x = 0; x < rig_.g.link_count(); ++x) {
                const bool there = rig_.g.from[x] == rig_.g.to[l] || rig_.g.to[x] == rig_.g.to[l];
                if ((node && there) || (srlg && share_risk(x, l))) {
                    rest.costs[x] = topology::unusable;
                }
            }
            known = std::make_unique<distances>(rig_.g, rest);
        }
        return *known;
    }
    [[nodiscard]] bool share_risk(link_number a, link_number b) const {
        const auto& risks = rig_.m.said_of(a)->srlgs;
        const auto& others = rig_.m.said_of(b)->srlgs;
        return std::any_of(risks.begin(), risks.end(), [&](std::uint32_t one) {
            return std::find(others.begin(), others.end(), one) != others.end();
        });
    }

    routers_rig rig_;
    std::uint16_t flow_;
    std::map<std::tuple<node_number, node_number, bool>, walked> usual_;
    std::map<std::pair<link_number, protection>, std::unique_ptr<distances>> without_;
    std::size_t repaired_ = 0;
};

// Each link, each node or each shared risk.
std::size_t fail_links(const std::vector<advertisement>& said, std::uint16_t flow,
                       std::uint8_t algorithm = 0) {
    failing_network all(said, protecting(protected_resource::link), flow, algorithm);
    const topology::graph& g = all.rig().g;
    for (link_number l = 0; l < g.link_count(); ++l) {
        if (l < g.reverse[l]) {
            all.expect_repaired({{l, g.reverse[l]}, topology::nobody, {protection::link}});
        }
    }
    return all.repaired();
}

std::size_t fail_nodes(const std::vector<advertisement>& said, std::uint16_t flow,
                       protected_resource how) {
    failing_network all(said, protecting(how), flow);
    const topology::graph& g = all.rig().g;
    for (node_number n = 0; n < g.node_count(); ++n) {
        outage what;
        what.node = n;
        for (link_number l = g.first[n]; l < g.first[n + 1]; ++l) {
            what.links.insert({l, g.reverse[l]});
        }
        what.tried = how == protected_resource::node
                         ? std::vector{protection::node}
                         : std::vector{protection::node_and_srlg, protection::node};
        what.enough = what.tried.size();
        all.expect_repaired(what);
    }
    return all.repaired();
}

std::size_t fail_risks(const std::vector<advertisement>& said, std::uint16_t flow) {
    failing_network all(said, protecting(protected_resource::srlg), flow);
    const topology::map& m = all.rig().m;
    for (const std::uint32_t risk : m.srlgs()) {
        outage what;
        what.tried = {protection::srlg};
        for (const link_number l : m.links_with_srlg(risk)) {
            what.links.insert({l, m.graph().reverse[l]});
        }
        all.expect_repaired(what);
    }
    return all.repaired();
}

std::vector<test::edge> with_risks(std::vector<test::edge> edges, std::uint32_t seed) {
    for (std::size_t n = 0; n < edges.size(); ++n) {
        edges[n].srlgs = {static_cast<std::uint32_t>((n * 7 + seed) % (edges.size() / 2 + 1))};
        if ((n + seed) % 4 == 0) {
            edges[n].srlgs.push_back(100 + static_cast<std::uint32_t>(n % 3));
        }
    }
    return edges;
}

// Published and made shapes, of a size at which all pairs cost little.
std::vector<std::vector<test::edge>> shapes() {
    return {test::ring(9),
            test::grid(4, 4),
            test::fat_tree(4),
            test::router_network(22, 38, 3),
            test::fibre_network(20, 28, 4),
            test::provider(22, 5)};
}

TEST(routers_failures, a_link) {
    std::size_t repaired = 0;
    for (std::uint32_t seed = 0; seed < 150 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        repaired += fail_links(said_for(small_graph(seed), seed), static_cast<std::uint16_t>(seed));
    }
    for (const auto& edges : shapes()) {
        repaired += fail_links(said_for(edges, 0), 1);
    }
    EXPECT_GT(repaired, 15'000U);
}

TEST(routers_failures, a_node) {
    std::size_t repaired = 0;
    for (std::uint32_t seed = 0; seed < 150 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        repaired += fail_nodes(said_for(small_graph(seed), seed), static_cast<std::uint16_t>(seed),
                               protected_resource::node);
    }
    for (const auto& edges : shapes()) {
        repaired += fail_nodes(said_for(edges, 0), 2, protected_resource::node);
    }
    EXPECT_GT(repaired, 5'000U);
}

TEST(routers_failures, a_shared_risk) {
    std::size_t repaired = 0;
    for (std::uint32_t seed = 0; seed < 150 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        repaired += fail_risks(said_for(with_risks(small_graph(seed), seed), seed),
                               static_cast<std::uint16_t>(seed));
    }
    for (const auto& edges : shapes()) {
        repaired += fail_risks(said_for(with_risks(edges, 1), 0), 3);
    }
    EXPECT_GT(repaired, 5'000U);
}

TEST(routers_failures, a_node_where_links_share_risks) {
    std::size_t repaired = 0;
    for (std::uint32_t seed = 0; seed < 100 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        repaired += fail_nodes(said_for(with_risks(small_graph(seed), seed), seed),
                               static_cast<std::uint16_t>(seed), protected_resource::node_and_srlg);
    }
    EXPECT_GT(repaired, 1'000U);
}

// The planes of a flexible algorithm: without links of an affinity, by delay, of some nodes.
TEST(routers_failures, a_link_of_a_flexible_algorithm) {
    std::size_t repaired = 0;
    for (std::uint32_t seed = 0; seed < 100 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        auto edges = small_graph(seed);
        for (std::size_t n = 0; n < edges.size(); ++n) {
            edges[n].delay = 1 + static_cast<topology::cost>((n * 5 + seed) % 9);
            edges[n].affinities = (n + seed) % 5 == 0 ? 1 : 0;
        }
        auto said = said_for(edges, seed);
        for (std::size_t n = 0; n < said.size(); ++n) {
            if ((n + seed) % 7 != 0) {
                said[n].algorithms = {128};
                said[n].prefixes.front().sids.push_back(
                    {static_cast<std::uint32_t>(n + 101), 128, false, false});
            }
        }
        topology::flex_algo_definition rule;
        rule.algorithm = 128;
        rule.metric = topology::metric_type::delay;
        rule.exclude_any = 1;
        said.front().definitions = {rule};
        repaired += fail_links(said, static_cast<std::uint16_t>(seed), 128);
    }
    EXPECT_GT(repaired, 1'000U);
}

}  // namespace
}  // namespace rhumb

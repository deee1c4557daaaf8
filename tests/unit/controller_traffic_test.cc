// Placement against a packet-by-packet splitting of flows, failures against a map without them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "controlplane/controller/traffic.hh"
#include "controlplane/controller/what_if.hh"
#include "tests/unit/controller_rig.hh"

namespace rhumb::controller {
namespace {

using test::random_network;
using topology::link_number;
using topology::node_number;

// Flows by themselves: distances by Floyd and Warshall, and from node to node by recursion.
class plain_flows {
public:
    explicit plain_flows(const topology::map& m)
        : map_(m), nodes_(m.graph().node_count()), loads(m.graph().link_count(), 0) {
        const topology::graph& g = m.graph();
        const auto& costs = g.costs(topology::metric_type::igp);
        distances_.assign(nodes_ * nodes_, far);
        for (node_number n = 0; n < nodes_; ++n) {
            distance(n, n) = 0;
        }
        for (link_number l = 0; l < g.link_count(); ++l) {
            if (costs[l] != topology::unusable) {
                distance(g.from[l], g.to[l]) =
                    std::min<double>(distance(g.from[l], g.to[l]), costs[l]);
            }
        }
        for (node_number via = 0; via < nodes_; ++via) {
            for (node_number a = 0; a < nodes_ && g.no_transit[via] == 0; ++a) {
                for (node_number b = 0; b < nodes_; ++b) {
                    distance(a, b) = std::min(distance(a, b), distance(a, via) + distance(via, b));
                }
            }
        }
    }

    // One list of a demand, of which `share` follows it; false: it leads nowhere.
    bool follow(const routed_demand& d, const topology::segments& segments, double amount) {
        const std::vector<double> before = loads;
        node_number at = d.from;
        for (const topology::segment& s : segments) {
            if (!step(s, amount, at)) {
                loads = before;
                return false;
            }
        }
        if (!go(at, d.to, amount)) {
            loads = before;
            return false;
        }
        return true;
    }
    // All of a demand; false: it has no way.
    bool place(const routed_demand& d) {
        for (const segment_lists& lists : d.choices) {
            double sum = 0;
            for (const auto& list : lists) {
                const std::vector<double> before = loads;
                sum += list.weight != 0 && follow(d, list.segments, 0) ? list.weight : 0;
            }
            for (const auto& list : lists) {
                if (sum != 0 && list.weight != 0) {
                    (void)follow(d, list.segments, d.rate * list.weight / sum);
                }
            }
            if (sum != 0) {
                return true;
            }
        }
        return !d.drop && follow(d, {}, d.rate);
    }

private:
    static constexpr double far = 1e18;
    double& distance(node_number a, node_number b) { return distances_[a * nodes_ + b]; }

    bool go(node_number at, node_number to, double amount) {
        const topology::graph& g = map_.graph();
        if (at == to) {
            return true;
        }
        if (distance(at, to) >= far) {
            return false;
        }
        std::vector<link_number> next;
        for (link_number l = g.first[at]; l < g.first[at + 1]; ++l) {
            const auto cost = g.costs(topology::metric_type::igp)[l];
            if (cost != topology::unusable && (g.no_transit[g.to[l]] == 0 || g.to[l] == to) &&
                cost + distance(g.to[l], to) == distance(at, to)) {
                next.push_back(l);
            }
        }
        for (const link_number l : next) {
            loads[l] += amount / static_cast<double>(next.size());
            if (amount != 0) {
                (void)go(g.to[l], to, amount / static_cast<double>(next.size()));
            }
        }
        return !next.empty();
    }
    bool cross(std::vector<link_number> links, double amount) {
        std::erase_if(links, [&](link_number l) {
            return map_.graph().costs(topology::metric_type::igp)[l] == topology::unusable;
        });
        for (const link_number l : links) {
            loads[l] += amount / static_cast<double>(links.size());
        }
        return !links.empty();
    }
    bool step(const topology::segment& s, double amount, node_number& at) {
        const topology::graph& g = map_.graph();
        node_number to = s.node;
        std::vector<link_number> links;
        switch (s.kind) {
            case topology::segment_kind::adjacency:
            case topology::segment_kind::parallel:
                if (at != s.node) {
                    return false;
                }
                for (link_number l = g.first[at]; l < g.first[at + 1]; ++l) {
                    if (l == s.number ||
                        (s.kind == topology::segment_kind::parallel && g.to[l] == g.to[s.number])) {
                        links.push_back(l);
                    }
                }
                at = g.to[s.number];
                return cross(links, amount);
            case topology::segment_kind::anycast:
                to = topology::nobody;
                for (const auto& source : map_.sources(s.number)) {
                    if (to == topology::nobody || distance(at, source.node) < distance(at, to)) {
                        to = source.node;
                    }
                }
                break;
            case topology::segment_kind::sid:  // the index of n0 is 1
                to = *map_.find("n" + std::to_string(s.number - 16'001));
                break;
            default: break;
        }
        const node_number from = std::exchange(at, to);
        return go(from, to, amount);
    }

    const topology::map& map_;
    std::size_t nodes_;
    std::vector<double> distances_;

public:
    std::vector<double> loads;
};

void expect_equal(const std::vector<double>& a, const std::vector<double>& b, double scale,
                  std::uint64_t seed) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t l = 0; l < a.size(); ++l) {
        ASSERT_NEAR(a[l], b[l], 1e-7 * scale) << "link " << l << " seed " << seed;
    }
}

TEST(traffic, is_placed_as_flow_by_flow) {
    std::size_t routable = 0;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        random_network network(4 + seed % 8, 6 + seed % 16, seed);
        traffic t(network.map, network.demands(20));
        plain_flows flows(network.map);
        std::vector<std::uint32_t> unroutable;
        for (std::uint32_t d = 0; d < t.demands().size(); ++d) {
            if (!flows.place(t.demands()[d])) {
                unroutable.push_back(d);
            }
        }
        routable += 20 - unroutable.size();
        EXPECT_EQ(t.now().unroutable, unroutable) << seed;
        expect_equal(t.now().loads, flows.loads, 1000, seed);
        if (HasFatalFailure()) {
            return;
        }
    }
    EXPECT_GT(routable, 5000U);
}

TEST(traffic, after_a_failure_is_that_of_a_network_without_what_failed) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        random_network network(5 + seed % 8, 8 + seed % 16, seed);
        const topology::graph& g = network.map.graph();
        traffic t(network.map, network.demands(25));
        for (const failure& f : single_failures(network.map)) {
            std::vector<std::uint8_t> failed(g.link_count(), 0);
            for (link_number l = 0; l < g.link_count(); ++l) {
                const bool hit = f.of == failure::kind::link
                                     ? l == f.number || g.reverse[l] == f.number
                                 : f.of == failure::kind::node
                                     ? g.from[l] == f.number || g.to[l] == f.number
                                     : network.map.said_of(l)->srlgs.front() == f.number;
                if (hit) {
                    failed[l] = 1;
                    failed[g.reverse[l]] = 1;
                }
            }
            const placement then = t.after(f);
            const topology::map without = network.without(failed);
            std::vector<routed_demand> demands = t.demands();
            for (const std::uint32_t d : then.lost) {
                EXPECT_TRUE(f.of == failure::kind::node &&
                            (demands[d].from == f.number || demands[d].to == f.number));
                demands[d].rate = 0;
            }
            const traffic fresh(without, demands);
            expect_equal(then.loads, fresh.now().loads, 1000, seed);
            std::vector<std::uint32_t> unroutable;
            for (const std::uint32_t d : fresh.now().unroutable) {
                if (!std::binary_search(then.lost.begin(), then.lost.end(), d)) {
                    unroutable.push_back(d);
                }
            }
            EXPECT_EQ(then.unroutable, unroutable) << seed;
            if (HasFatalFailure()) {
                return;
            }
        }
    }
}

TEST(traffic, new_choices_are_as_if_they_had_always_been_there) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        random_network network(8, 14, seed);
        traffic t(network.map, network.demands(15));
        for (int step = 0; step < 30; ++step) {
            const auto d = static_cast<std::uint32_t>(network.below(15));
            t.set_choices(d, {{{network.walk(t.demands()[d].from), 1}}});
            const traffic fresh(network.map, t.demands());
            expect_equal(t.now().loads, fresh.now().loads, 1000, seed);
            EXPECT_EQ(t.now().unroutable, fresh.now().unroutable);
            // Shares are what a demand adds.
            std::vector<double> sum(t.now().loads.size(), 0);
            for (std::uint32_t n = 0; n < 15; ++n) {
                for (const auto& [l, share] : t.shares_of(n)) {
                    sum[l] += share * t.demands()[n].rate;
                }
            }
            expect_equal(t.now().loads, sum, 1000, seed);
            if (HasFatalFailure()) {
                return;
            }
        }
    }
}

// Two ways of equal cost, then one.
TEST(what_if, reports_the_worst_link_and_what_has_no_way) {
    auto said =
        test::make_advertisements({{"a", "b"}, {"b", "d"}, {"a", "c"}, {"c", "d"}, {"d", "e"}});
    for (auto& a : said) {
        for (auto& l : a.links) {
            l.bandwidth = l.name == "to-b" ? 100 : 1000;
        }
    }
    const topology::map m = test::make_map(said);
    traffic t(m, {{*m.find("a"), *m.find("e"), 120, {}, false}});
    const auto failures = single_failures(m);
    ASSERT_EQ(failures.size(), 10U);
    const what_if_report found = what_if(t, failures, 0.9);
    ASSERT_TRUE(found.now.worst);
    EXPECT_EQ(found.now.worst->link, *m.find_link(*m.find("a"), "to-b"));
    EXPECT_DOUBLE_EQ(found.now.worst->utilisation, 0.6);
    EXPECT_TRUE(found.now.overloaded.empty());
    const auto of = [&](failure::kind kind, std::uint32_t number) {
        return *std::find_if(found.failures.begin(), found.failures.end(),
                             [&](const auto& r) { return r.what == failure{kind, number}; });
    };
    const auto c = of(failure::kind::node, *m.find("c"));
    ASSERT_EQ(c.loads.overloaded.size(), 1U);
    EXPECT_DOUBLE_EQ(c.loads.overloaded[0].utilisation, 1.2);
    const auto d = of(failure::kind::node, *m.find("d"));
    EXPECT_EQ(d.unroutable, (std::vector<std::uint32_t>{0}));
    EXPECT_DOUBLE_EQ(d.unroutable_rate, 120);
    EXPECT_FALSE(d.loads.worst);
    const auto a = of(failure::kind::node, *m.find("a"));
    EXPECT_TRUE(a.unroutable.empty());
    EXPECT_DOUBLE_EQ(a.lost_rate, 120);
    EXPECT_DOUBLE_EQ(found.failures[*found.worst_load].loads.worst->utilisation, 1.2);
    EXPECT_DOUBLE_EQ(found.failures[*found.worst_loss].unroutable_rate, 120);
}

// A headend that computes a new path when its own have failed.
TEST(what_if, asks_for_new_paths_where_it_may) {
    const topology::map m = test::make_map(
        std::vector<test::edge>{{"a", "b"}, {"b", "d"}, {"a", "c", 50, 50}, {"c", "d"}});
    const auto over = [&](const char* from, const char* to) {
        return topology::segment::over_link(m.graph(),
                                            *m.find_link(*m.find(from), std::string("to-") + to));
    };
    const segment_lists north{{{over("a", "b"), over("b", "d")}, 1}};
    const segment_lists south{{{over("a", "c"), over("c", "d")}, 1}};
    traffic t(m, {{*m.find("a"), *m.find("d"), 10, {north}, true}});
    const failure f{failure::kind::link, over("a", "b").number};
    EXPECT_EQ(t.after(f).unroutable.size(), 1U);
    const auto then = t.after(f, [&](std::uint32_t, const auto& failed) {
        EXPECT_EQ(failed[f.number], 1);
        return std::optional(south);
    });
    EXPECT_TRUE(then.unroutable.empty());
    EXPECT_EQ(then.moved, (std::vector<std::uint32_t>{0}));
    EXPECT_DOUBLE_EQ(then.loads[over("c", "d").number], 10);
}

}  // namespace
}  // namespace rhumb::controller

// Every node computes its tables from the map; packets walk through them all, with links up, with a
// link that has just failed, and after everybody has computed anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "controlplane/topology/flex_algo.hh"
#include "rhumb/bytes.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/simulated_network.hh"

namespace rhumb {
namespace {

using test::simulated_network;
using test::walked;
using topology::advertisement;
using topology::distance;
using topology::link_number;
using topology::node_number;

// How a network's nodes differ from the plain one.
enum class variety { plain, srgbs, flags, all };

std::vector<advertisement> varied(const std::vector<test::edge>& edges, variety v) {
    std::vector<advertisement> said = test::make_advertisements(edges);
    for (std::size_t n = 0; n < said.size(); ++n) {
        if (v == variety::srgbs || v == variety::all) {
            const auto first = static_cast<std::uint32_t>(20'000 + 1000 * (n % 7));
            said[n].srgb = {{first + 500, 40}, {first, 400}};
        }
        if (v == variety::flags || v == variety::all) {
            topology::prefix_sid& sid = said[n].prefixes.front().sids.front();
            sid.no_php = n % 3 != 0;
            sid.explicit_null = n % 3 == 2;
        }
    }
    return said;
}

std::uint32_t address_of(const topology::map& m, node_number node) {
    return load_be32(m.said(node)->prefixes.front().address.address.data());
}

distance shortest(const topology::map& m, const topology::plane& view, node_number from,
                  node_number to) {
    topology::tree tree;
    topology::spf_workspace memory;
    topology::shortest_paths_from(m.graph(), view, from, tree, memory);
    return tree.distances[to];
}

std::string way_text(const topology::map& m, const walked& way) {
    std::string text = way.why + ":";
    for (const node_number n : way.nodes) {
        text += " " + m.name(n);
    }
    return text;
}

// All pairs, labelled and IP; costs by pair and form.
class all_pairs {
public:
    all_pairs(const topology::map& m, simulated_network& net) : m_(m), net_(net) {}

    template <class Check>
    void each(std::uint16_t flow, Check check) {
        const labels::sid_labels labels(m_);
        for (node_number from = 0; from < m_.node_count(); ++from) {
            for (node_number to = 0; to < m_.node_count(); ++to) {
                if (from == to) {
                    continue;
                }
                const auto p = labels.node_prefix(to, 0);
                ASSERT_TRUE(p);
                const auto label = labels.prefix_label(*p, 0, from);
                ASSERT_TRUE(label);
                for (const bool labelled : {true, false}) {
                    check(
                        from, to, labelled,
                        net_.send(from, labelled ? std::vector{*label} : std::vector<mpls::label>{},
                                  address_of(m_, to), flow));
                    if (::testing::Test::HasFailure()) {
                        return;
                    }
                }
            }
        }
    }

private:
    const topology::map& m_;
    simulated_network& net_;
};

// Everybody reaches everybody on shortest paths; with a link down, over the repair; and after
// reconvergence.
void expect_protected(const std::vector<test::edge>& edges, variety v, std::uint16_t flow) {
    std::vector<advertisement> said = varied(edges, v);
    const topology::map m = test::make_map(said);
    const topology::graph& g = m.graph();
    simulated_network net(m, true);
    ASSERT_EQ(net.error(), "");
    const topology::plane view = topology::make_plane(m, 0);
    std::map<std::tuple<node_number, node_number, bool>, walked> usual;
    all_pairs(m, net).each(
        flow, [&](node_number from, node_number to, bool labelled, const walked& way) {
            ASSERT_TRUE(way.delivered) << m.name(from) << " to " << m.name(to) << way_text(m, way);
            ASSERT_EQ(way.nodes.back(), to);
            ASSERT_EQ(way.cost(g), shortest(m, view, from, to));
            usual[{from, to, labelled}] = way;
        });
    for (link_number l = 0; l < g.link_count() && !::testing::Test::HasFailure(); ++l) {
        if (g.reverse[l] < l) {
            continue;
        }
        topology::plane without = view;
        without.costs[l] = topology::unusable;
        without.costs[g.reverse[l]] = topology::unusable;
        net.set_link(l, false);
        all_pairs(m, net).each(
            flow, [&](node_number from, node_number to, bool labelled, const walked& way) {
                const walked& before = usual[{from, to, labelled}];
                const auto hit = std::find_if(
                    before.links.begin(), before.links.end(),
                    [&](link_number used) { return used == l || used == g.reverse[l]; });
                if (hit == before.links.end()) {
                    ASSERT_EQ(way.links, before.links);
                    return;
                }
                distance want = 0;
                for (auto it = before.links.begin(); it != hit; ++it) {
                    want += view.costs[*it];
                }
                const distance rest = shortest(m, without, g.from[*hit], to);
                if (rest == topology::unreachable) {
                    ASSERT_FALSE(way.delivered);
                    return;
                }
                ASSERT_TRUE(way.delivered)
                    << m.name(from) << " to " << m.name(to) << " without " << m.name(g.from[l])
                    << "-" << m.name(g.to[l]) << way_text(m, way);
                ASSERT_EQ(way.nodes.back(), to);
                ASSERT_EQ(way.cost(g), want + rest);
            });
        net.set_link(l, true);
    }
}

// A link goes for good, and comes back.
void expect_convergence(const std::vector<test::edge>& edges, variety v) {
    std::vector<advertisement> said = varied(edges, v);
    topology::map m = test::make_map(said);
    simulated_network net(m, true);
    ASSERT_EQ(net.error(), "");
    for (std::size_t n = 0; n < said.size(); n += 3) {
        advertisement less = said[n];
        less.version = m.said(static_cast<node_number>(n))->version + 1;
        const std::size_t gone = n % less.links.size();
        less.links.erase(less.links.begin() + static_cast<std::ptrdiff_t>(gone));
        ASSERT_TRUE(m.apply(less));
        net.converge(m, true);
        ASSERT_EQ(net.error(), "");
        const topology::plane view = topology::make_plane(m, 0);
        all_pairs(m, net).each(7, [&](node_number from, node_number to, bool, const walked& way) {
            const distance want = shortest(m, view, from, to);
            ASSERT_EQ(way.delivered, want != topology::unreachable) << way_text(m, way);
            if (way.delivered) {
                ASSERT_EQ(way.cost(m.graph()), want);
            }
        });
        advertisement again = said[n];
        again.version = less.version + 1;
        ASSERT_TRUE(m.apply(again));
        net.converge(m, true);
        ASSERT_EQ(net.error(), "");
    }
}

TEST(computed_network, ring) {
    expect_protected(test::ring(7), variety::plain, 1);
    expect_protected(test::ring(7), variety::all, 2);
    expect_convergence(test::ring(6), variety::all);
}

TEST(computed_network, grid) {
    expect_protected(test::grid(4, 3), variety::plain, 3);
    expect_protected(test::grid(3, 3), variety::srgbs, 4);
    expect_protected(test::grid(3, 3), variety::flags, 5);
    expect_protected(test::grid(3, 3), variety::all, 6);
    expect_convergence(test::grid(3, 3), variety::all);
}

TEST(computed_network, fat_tree) {
    expect_protected(test::fat_tree(4), variety::plain, 7);
    expect_protected(test::fat_tree(4), variety::all, 8);
}

TEST(computed_network, provider) {
    expect_protected(test::provider(24, 1), variety::plain, 9);
    expect_protected(test::provider(24, 2), variety::all, 10);
    expect_convergence(test::provider(20, 3), variety::flags);
}

TEST(computed_network, random) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        SCOPED_TRACE(seed);
        const auto edges = test::random_graph(10 + seed, 18 + 2 * seed, 10, seed, seed % 2 == 0);
        expect_protected(edges, seed % 2 == 0 ? variety::all : variety::srgbs,
                         static_cast<std::uint16_t>(seed));
        expect_convergence(edges, variety::all);
    }
}

// What prefixes push counts with what their backups push.
TEST(computed_network, little_room_for_labels) {
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(seed);
        auto said = test::make_advertisements(
            test::random_graph(8, 10 + seed % 4, 1 + seed % 10, seed, true));
        for (topology::advertisement& one : said) {
            one.msd = static_cast<std::uint8_t>(1 + seed % 3);
        }
        const topology::map m = test::make_map(said);
        const test::simulated_network net(m, true);
        ASSERT_EQ(net.error(), "");
    }
}

TEST(computed_network, parallel_links) {
    std::vector<test::edge> edges = test::ring(5);
    edges.push_back({"n0", "n1"});
    edges.push_back({"n0", "n1", 12, 12});
    edges.push_back({"n2", "n3"});
    for (std::uint16_t flow = 0; flow < 4; ++flow) {
        expect_protected(edges, flow % 2 == 0 ? variety::plain : variety::all, flow);
    }
}

}  // namespace
}  // namespace rhumb

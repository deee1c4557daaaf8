// Whole routers of a network, and packets between all pairs of them: what the tests of failures
// and of convergence share. Threads: any.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/labels/sid_labels.hh"
#include "controlplane/topology/flex_algo.hh"
#include "rhumb/bytes.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/simulated_routers.hh"

namespace rhumb::test {

// Distances from each node to each other in a plane.
class distances {
public:
    distances(const topology::graph& g, const topology::plane& view) : trees_(g.node_count()) {
        topology::spf_workspace memory;
        for (topology::node_number n = 0; n < g.node_count(); ++n) {
            topology::shortest_paths_from(g, view, n, trees_[n], memory);
        }
    }
    [[nodiscard]] topology::distance operator()(topology::node_number from,
                                                topology::node_number to) const {
        return trees_[from].distances[to];
    }
    [[nodiscard]] bool reaches(topology::node_number from, topology::node_number to) const {
        return trees_[from].reaches(to);
    }

private:
    std::vector<topology::tree> trees_;
};

[[nodiscard]] inline topology::plane without(topology::plane view,
                                             const std::vector<topology::link_number>& links) {
    for (const topology::link_number l : links) {
        view.costs[l] = topology::unusable;
    }
    return view;
}

// Five to nine nodes; every other one with costs that differ by direction.
[[nodiscard]] inline std::vector<edge> small_graph(std::uint32_t seed,
                                                   topology::cost max_cost = 0) {
    const std::size_t nodes = 5 + seed % 5;
    return random_graph(nodes, nodes + 1 + seed % nodes, max_cost != 0 ? max_cost : 1 + seed % 10,
                        seed, seed % 2 == 0);
}

struct routers_rig {
    routers_rig(const std::vector<topology::advertisement>& said,
                const config::topology_section& keys, std::uint8_t in_algorithm = 0,
                const std::string& more = {})
        : m(make_map(said)),
          g(m.graph()),
          algorithm(in_algorithm),
          view(topology::make_plane(m, in_algorithm)),
          labels(m),
          net(m, keys, more) {
        EXPECT_EQ(net.error(), "");
    }

    [[nodiscard]] std::uint32_t address(topology::node_number node) const {
        return load_be32(m.said(node)->prefixes.front().address.address.data());
    }
    // The SID of `to` in the rig's algorithm, as `at` wants it; 0: there is none.
    [[nodiscard]] mpls::label label(topology::node_number at, topology::node_number to) const {
        const auto p = labels.node_prefix(to, algorithm);
        return p ? labels.prefix_label(*p, algorithm, at).value_or(0) : 0;
    }
    // With the SID's label, or plain IP.
    [[nodiscard]] walked send(topology::node_number from, topology::node_number to, bool labelled,
                              std::uint16_t flow) {
        return net.send(from, labelled ? std::vector{label(from, to)} : std::vector<mpls::label>{},
                        address(to), flow);
    }
    [[nodiscard]] topology::distance cost(const walked& way, std::size_t links) const {
        topology::distance sum = 0;
        for (std::size_t n = 0; n < links; ++n) {
            sum += view.costs[way.links[n]];
        }
        return sum;
    }
    [[nodiscard]] std::string text(const walked& way) const {
        std::string text = way.why + ":";
        for (const topology::node_number n : way.nodes) {
            text += " " + m.name(n);
        }
        return text;
    }
    // Plain IP goes by algorithm 0 only.
    template <class Check>
    void each_pair(Check check) const {
        for (topology::node_number from = 0; from < g.node_count(); ++from) {
            for (topology::node_number to = 0; to < g.node_count(); ++to) {
                for (const bool labelled : {true, false}) {
                    if (from != to && (labelled ? label(from, to) != 0 : algorithm == 0) &&
                        !::testing::Test::HasFatalFailure()) {
                        check(from, to, labelled);
                    }
                }
            }
        }
    }

    topology::map m;
    const topology::graph& g;
    std::uint8_t algorithm;
    topology::plane view;
    labels::sid_labels labels;
    simulated_routers net;
};

}  // namespace rhumb::test

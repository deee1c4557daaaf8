// Networks for tests: maps from a list of links, and shapes of any size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/topology/map.hh"

namespace rhumb::test {

// A link in both directions. Several with equal ends are parallel.
struct edge {
    std::string a;
    std::string b;
    topology::cost there = 10;  // a -> b
    topology::cost back = 10;
    topology::affinity_set affinities = 0;
    std::vector<std::uint32_t> srlgs{};
    topology::cost delay = 0;      // microseconds, both directions
    topology::cost te_metric = 0;  // both directions
};

// What nodes of these links say, by order of first mention. Node number n (from 0) has prefix
// 10.x.y.z/32 of n + 1 with SID index n + 1 and flag N, SRGB 16000 to 1015999 less what stands
// above, and for its link number k (from 0) the adjacency SIDs 4000 + 2k (unprotected) and
// 4001 + 2k (protected), from SRLB 4000 to 15999. Links are called "to-REMOTE", the second and
// further of parallel ones "to-REMOTE.2" and so on.
[[nodiscard]] std::vector<topology::advertisement> make_advertisements(
    const std::vector<edge>& edges);
[[nodiscard]] topology::map make_map(const std::vector<topology::advertisement>& said);
[[nodiscard]] inline topology::map make_map(const std::vector<edge>& edges) {
    return make_map(make_advertisements(edges));
}

// Shapes. Nodes are called n0, n1 ... Costs are 10 where nothing else is said.
[[nodiscard]] std::vector<edge> ring(std::size_t nodes);
[[nodiscard]] std::vector<edge> grid(std::size_t width, std::size_t height);
[[nodiscard]] std::vector<edge> fat_tree(std::size_t ports);  // RFC 7938-like, k-ary, k even
// A connected random graph: a random tree and further links, costs within 1 to max_cost;
// `asymmetric` draws them for each direction.
[[nodiscard]] std::vector<edge> random_graph(std::size_t nodes, std::size_t links,
                                             topology::cost max_cost, std::uint64_t seed,
                                             bool asymmetric = false);
// Like an operator's network: a meshed core, regional rings, customers' edges with two uplinks.
[[nodiscard]] std::vector<edge> provider(std::size_t nodes, std::uint64_t seed);

// a - p, then p - q - r - e by links that cost 100; p - b - q - c - r - d - e costs 20 from one of
// these to the next.
[[nodiscard]] std::vector<edge> dear_row();

// Networks of the numbers of nodes and links that were published of real ones. These numbers and
// the names are all that is real: which nodes the links connect, their lengths and costs are made
// up, the same each time. All are connected, without parallel links; delays go with costs.
//   fibre     neighbours are near each other, and few nodes hang by one link (Topology Zoo:
//             Knight et al., JSAC 29(9), 2011)
//   router    some nodes have a great many links (Rocketfuel: Mahajan et al., IMW 2002; the largest
//             connected part of each)
[[nodiscard]] std::vector<edge> fibre_network(std::size_t nodes, std::size_t links,
                                              std::uint64_t seed);
[[nodiscard]] std::vector<edge> router_network(std::size_t nodes, std::size_t links,
                                               std::uint64_t seed);

struct shape {
    std::string name;
    std::vector<edge> edges;
    bool large;  // more than 250 nodes: leave it out where each pair of nodes costs much
};
// Networks of all kinds to loop over: the shapes above and the published ones, 3 to 804 nodes.
[[nodiscard]] std::vector<shape> all_shapes();

}  // namespace rhumb::test

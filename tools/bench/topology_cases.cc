// The cases of topology_bench that are about the map and shortest paths.
#include <malloc.h>

#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <utility>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/spf.hh"
#include "tests/support/network_maps.hh"
#include "tools/bench/topology_bench.hh"

namespace rhumb::bench {

namespace {

using namespace topology;

constexpr std::uint64_t seed = 7;

struct boost_link {
    distance cost;
};
using boost_graph =
    boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost_link>;

boost_graph same_graph(const topology::graph& g, const plane& view) {
    std::vector<std::pair<std::size_t, std::size_t>> ends;
    std::vector<boost_link> costs;
    for (link_number l = 0; l < g.link_count(); ++l) {
        ends.emplace_back(g.from[l], g.to[l]);
        costs.push_back({view.costs[l]});
    }
    return {boost::edges_are_sorted, ends.begin(), ends.end(), costs.begin(), g.node_count()};
}

// A loaded map and what is computed from it.
struct loaded {
    explicit loaded(const std::vector<test::edge>& edges)
        : said(test::make_advertisements(edges)), m(test::make_map(said)), view(make_plane(m, 0)) {}

    [[nodiscard]] node_number a_node() {
        return static_cast<node_number>(dice() % m.graph().node_count());
    }

    std::vector<advertisement> said;
    topology::map m;
    plane view;
    node_number root = 0;
    tree from;
    tree to;
    first_hops hops;
    spf_workspace memory;
    std::mt19937_64 dice{seed};
};

std::shared_ptr<loaded> load(const bench_size& size, cost max_cost) {
    return std::make_shared<loaded>(test::random_graph(size.nodes, size.links, max_cost, seed));
}

void compute(loaded& at) {
    shortest_paths_from(at.m.graph(), at.view, at.root, at.from, at.memory);
    at.hops.compute(at.m.graph(), at.view, at.from);
}

result<change> must(result<change> done) {
    if (!done) {
        std::puts(done.why().text().c_str());
        std::exit(1);
    }
    return done;
}

}  // namespace

case_group shortest_path_cases(const bench_size& size, unsigned max_cost) {
    const auto at = load(size, max_cost);
    const auto boosts = std::make_shared<boost_graph>(same_graph(at->m.graph(), at->view));
    const auto distances = std::make_shared<std::vector<distance>>(size.nodes);
    const auto dijkstra = [at, boosts, distances] {
        boost::dijkstra_shortest_paths(
            *boosts, at->root,
            boost::weight_map(boost::get(&boost_link::cost, *boosts))
                .distance_map(boost::make_iterator_property_map(
                    distances->begin(), boost::get(boost::vertex_index, *boosts)))
                .distance_inf(unreachable));
    };
    for (node_number root : {0U, 1U, 2U}) {
        at->root = root;
        compute(*at);
        dijkstra();
        if (at->from.distances != *distances) {
            differ("distances");
        }
    }
    case_group group{"shortest paths, costs to " + std::to_string(max_cost), {}};
    const auto next_root = [at] { at->root = at->a_node(); };
    group.cases.push_back(
        {"tree from a node", 1,
         [at] { shortest_paths_from(at->m.graph(), at->view, at->root, at->from, at->memory); },
         next_root});
    group.cases.push_back({"first hops of that tree", 1,
                           [at] { at->hops.compute(at->m.graph(), at->view, at->from); }});
    group.cases.push_back(
        {"tree to a node", 1,
         [at] { shortest_paths_to(at->m.graph(), at->view, at->root, at->to, at->memory); }});
    group.cases.push_back({"Boost.Graph dijkstra_shortest_paths, CSR", 1, dijkstra});
    return group;
}

case_group map_cases(const bench_size& size) {
    case_group group{"the map", {}};
    const auto at = load(size, 100);
    const auto copy = std::make_shared<std::vector<advertisement>>();
    const auto made = std::make_shared<std::unique_ptr<topology::map>>();
    group.cases.push_back({"all advertisements in one piece", 1,
                           [=] {
                               *made = std::make_unique<topology::map>();
                               (void)must((*made)->apply(std::move(*copy)));
                           },
                           [=] {
                               made->reset();
                               *copy = at->said;
                           }});
    group.cases.push_back({"one link of a node has another metric", 100, [=] {
                               for (int n = 0; n < 100; ++n) {
                                   advertisement& said = at->said[at->a_node()];
                                   ++said.version;
                                   said.links[0].metric = 1 + said.links[0].metric % 100;
                                   if (must(at->m.apply(said))->links.size() != 1) {
                                       differ("a changed link");
                                   }
                               }
                           }});
    group.cases.push_back({"a node has a link more: all are numbered anew", 1, [=] {
                               advertisement& said = at->said[0];
                               ++said.version;
                               said.links.push_back(said.links.front());
                               said.links.back().name = std::to_string(said.version);
                               if (!must(at->m.apply(said))->renumbered) {
                                   differ("a new link");
                               }
                           }});
    group.cases.push_back({"plane of algorithm 0", 1, [=] { at->view = make_plane(at->m, 0); }});
    std::vector<test::edge> spokes;
    spokes.reserve(size.hub_links);
    for (std::size_t n = 0; n < size.hub_links; ++n) {
        spokes.push_back({"hub", "n" + std::to_string(n)});
    }
    const auto hub = std::make_shared<loaded>(spokes);
    group.cases.push_back(
        {"one metric of a hub of " + std::to_string(size.hub_links) + " links", 1, [=] {
             advertisement& said = hub->said[0];
             ++said.version;
             said.links[said.version % size.hub_links].metric = 77;
             (void)must(hub->m.apply(said));
         }});
    return group;
}

void print_memory(const bench_size& size) {
    const auto in_use = [] {
        const struct mallinfo2 now = mallinfo2();
        return static_cast<double>(now.uordblks + now.hblkhd);
    };
    // A ring has a link a node: what the larger network takes beyond it is that of its links.
    const auto bytes_of = [&](const std::vector<test::edge>& edges) {
        const double before = in_use();
        const topology::map m = test::make_map(edges);
        return in_use() - before;
    };
    const double ring = bytes_of(test::ring(size.nodes));
    const double whole = bytes_of(test::random_graph(size.nodes, size.links, 100, seed));
    const double link = (whole - ring) / static_cast<double>(2 * (size.links - size.nodes));
    const double node = ring / static_cast<double>(size.nodes) - 2 * link;
    std::printf("\nmemory of the map, with two adjacency SIDs a link and one prefix a node\n");
    std::printf("  %-50s %12.0f\n  %-50s %12.0f\n  %-50s %12.2f\n",
                "bytes of one direction of a link", link, "bytes of a node", node, "all of it, MiB",
                whole / (1 << 20));
}

}  // namespace rhumb::bench

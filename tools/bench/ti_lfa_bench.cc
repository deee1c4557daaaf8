// Repairs for all links of a node (controlplane/topology/ti_lfa.hh), and paths pinned against
// microloops, on networks of several sizes; beside one shortest-path search of the same network in
// the same run. Of each network the nodes of the median and the highest number of links.
//
//   build/tools/bench/ti_lfa_bench
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/microloop.hh"
#include "controlplane/topology/ti_lfa.hh"
#include "tests/support/network_maps.hh"

namespace {

using namespace rhumb;
using namespace rhumb::topology;

constexpr int repetitions = 7;

template <class Run>
double milliseconds(Run&& run) {
    std::vector<double> took;
    for (int n = 0; n < repetitions; ++n) {
        const auto start = std::chrono::steady_clock::now();
        run();
        const std::chrono::duration<double, std::milli> time =
            std::chrono::steady_clock::now() - start;
        took.push_back(time.count());
    }
    std::sort(took.begin(), took.end());
    return took[took.size() / 2];
}

// Every ninth link or so shares a conduit with some others.
void share_risks(std::vector<test::edge>& edges) {
    for (std::size_t i = 0; i < edges.size(); ++i) {
        edges[i].srlgs = {static_cast<std::uint32_t>(i * 7'919 % (edges.size() / 4 + 1))};
    }
}

struct summary {
    std::size_t repairs = 0;
    std::size_t destinations = 0;
    std::size_t segments = 0;  // of all destinations
    std::size_t longest = 0;
};

summary summary_of(const std::vector<link_repairs>& all) {
    summary made;
    for (const link_repairs& of : all) {
        made.repairs += of.repairs.size();
        for (const std::uint32_t number : of.by_node) {
            if (number != link_repairs::none) {
                ++made.destinations;
                made.segments += of.repairs[number].segments.size();
                made.longest = std::max(made.longest, of.repairs[number].segments.size());
            }
        }
    }
    return made;
}

// A link that many destinations of the node lie behind, but not its own.
link_number far_link(const graph& g, const tree& from) {
    const node_number node = from.order[from.order.size() / 100 + 2];
    return g.first[node];
}

void measure_node(const std::string& name, const topology::map& m, const plane& view,
                  node_number own) {
    const graph& g = m.graph();
    spf_workspace memory;
    tree from;
    const double search = milliseconds([&] { shortest_paths_from(g, view, own, from, memory); });
    std::printf("%-18s %6zu %6zu %6u %8.2f", name.c_str(), g.node_count(), g.link_count() / 2,
                g.first[own + 1] - g.first[own], search);
    repair_computer computer;
    summary last;
    for (const protection what :
         {protection::link, protection::node, protection::srlg, protection::node_and_srlg}) {
        ti_lfa_options options;
        options.protects = what;
        const double took =
            milliseconds([&] { last = summary_of(computer.compute(m, view, 0, own, options)); });
        std::printf(" %9.2f", took);
    }
    plane without = view;
    const link_number failed = far_link(g, from);
    without.costs[failed] = without.costs[g.reverse[failed]] = unusable;
    microloop_avoider avoider;
    const double pinned =
        milliseconds([&] { (void)avoider.compute(g, view, without, 0, own, {}); });
    std::printf(" %9.2f %9zu %8.2f %7zu\n", pinned, last.repairs,
                last.destinations == 0
                    ? 0.0
                    : static_cast<double>(last.segments) / static_cast<double>(last.destinations),
                last.longest);
}

void measure(const std::string& name, std::vector<test::edge> edges) {
    share_risks(edges);
    const topology::map m = test::make_map(edges);
    const plane view = make_plane(m, 0);
    const graph& g = m.graph();
    std::vector<node_number> nodes(g.node_count());
    for (node_number n = 0; n < g.node_count(); ++n) {
        nodes[n] = n;
    }
    const auto degree = [&](node_number n) { return g.first[n + 1] - g.first[n]; };
    std::sort(nodes.begin(), nodes.end(), [&](node_number a, node_number b) {
        return std::pair(degree(a), a) < std::pair(degree(b), b);
    });
    measure_node(name, m, view, nodes[nodes.size() / 2]);
    measure_node("", m, view, nodes.back());
}

}  // namespace

int main() {
    std::printf("milliseconds, median of %d; repairs of the last kind\n", repetitions);
    std::printf("%-18s %6s %6s %6s %8s %9s %9s %9s %9s %9s %9s %8s %7s\n", "network", "nodes",
                "links", "own", "search", "link", "node", "srlg", "both", "pinned", "repairs",
                "segments", "longest");
    measure("random", test::random_graph(1'000, 4'000, 100, 1));
    measure("random, one-way", test::random_graph(1'000, 4'000, 100, 2, true));
    measure("provider", test::provider(1'000, 3));
    measure("random", test::random_graph(10'000, 40'000, 100, 4));
    measure("random, one-way", test::random_graph(10'000, 40'000, 100, 5, true));
    measure("equal costs", test::random_graph(10'000, 40'000, 1, 6));
    measure("provider", test::provider(10'000, 7));
    measure("routers", test::router_network(10'000, 40'000, 8));
    measure("fat tree", test::fat_tree(48));
    return 0;
}

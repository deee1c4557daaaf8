// From a map to tables for one node, all of it: shortest paths, repairs, rules, the check for
// loops, differences, and their way into the tables. Anew, and after a change of one link.
//
//   network_bench [NODES [ROUNDS [last]]]      last: only the last of the networks
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "controlplane/publish/forwarding.hh"
#include "controlplane/routing/merge.hh"
#include "controlplane/routing/network.hh"
#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/spf.hh"
#include "tests/support/network_files.hh"
#include "tests/support/network_maps.hh"

namespace rhumb {
namespace {

template <class Result>
auto need(Result made) {
    if (!made) {
        std::fprintf(stderr, "%s\n", made.why().text().c_str());
        std::exit(1);
    }
    return std::move(*made);
}

class stopwatch {
public:
    [[nodiscard]] double milliseconds() const {
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun_)
            .count();
    }

private:
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

void print(const char* what, std::vector<double> times) {
    std::sort(times.begin(), times.end());
    std::printf("  %-42s %8.2f %8.2f %8.2f\n", what, times.front(), times[times.size() / 2],
                times.back());
}

// `srgbs`: they differ from node to node, so that no two nodes have one label for a destination.
void measure(const char* name, const std::vector<test::edge>& edges, int rounds,
             bool srgbs = false) {
    const test::temporary_folder folder;
    auto said = test::make_advertisements(edges);
    for (std::size_t n = 0; srgbs && n < said.size(); ++n) {
        said[n].srgb = {{static_cast<std::uint32_t>(20'000 + 20'000 * (n % 50)), 20'000}};
    }
    std::size_t own = 0;
    for (std::size_t n = 0; n < said.size(); ++n) {
        if (said[n].links.size() <= 8 && said[n].links.size() > said[own].links.size()) {
            own = n;
        }
    }
    config::topology_section keys;
    const config::file file = test::write_network(folder, said, own, "", keys);
    publish::port_map ports;
    for (const config::port& port : file.ports) {
        ports[port.name] = {static_cast<std::uint8_t>(ports.size()), {2, 0, 0, 0, 0, 1}};
    }
    std::vector<double> anew;
    std::vector<double> into_tables;
    std::unique_ptr<routing::network> known = need(routing::network::open(file));
    std::unique_ptr<publish::forwarding> tables;
    for (int i = 0; i < std::min(rounds, 21); ++i) {
        const stopwatch watch;
        publish::computed_tables computed = need(known->compute(0));
        anew.push_back(watch.milliseconds());
        config::file whole = file;
        const stopwatch building;
        routing::add_to(whole, computed);
        tables = need(publish::forwarding::build(std::move(whole), ports, nullptr));
        into_tables.push_back(building.milliseconds());
        known->adopt(std::move(computed));
    }
    std::vector<double> search;
    const topology::plane view = topology::make_plane(known->map(), 0);
    topology::spf_workspace memory;
    topology::tree from;
    topology::first_hops hops;
    for (int i = 0; i < rounds; ++i) {
        const stopwatch watch;
        topology::shortest_paths_from(known->map().graph(), view, known->own(), from, memory);
        hops.compute(known->map().graph(), view, from);
        search.push_back(watch.milliseconds());
    }
    std::vector<double> change;
    std::vector<double> to_difference;
    std::size_t rules = 0;
    const std::string link = said[own].links.front().name;
    for (int i = 0; i < rounds; ++i) {
        retired_list replaced;
        const stopwatch watch;
        (void)known->set_link(link, i % 2 != 0, 0);
        publish::computed_tables computed = need(known->compute(0));
        const publish::changes changes = publish::difference(known->tables(), computed);
        to_difference.push_back(watch.milliseconds());
        if (auto done = tables->apply(changes); !done) {
            std::fprintf(stderr, "%s\n", done.why().text().c_str());
            std::exit(1);
        }
        (void)tables->snapshot(replaced);
        change.push_back(watch.milliseconds());
        rules = changes.rules.labels.size() + changes.rules.prefixes.size();
        known->adopt(std::move(computed));
        replaced.release();
    }
    std::printf("%s: %zu nodes, %zu links, %zu of its own; a change of %zu rules\n", name,
                said.size(), edges.size(), said[own].links.size(), rules);
    print("rules and repairs for all prefixes", anew);
    print("of that, its shortest paths and first hops", search);
    print("the same into new tables", into_tables);
    print("one own link changes, to the difference", to_difference);
    print("... to published tables", change);
}

}  // namespace
}  // namespace rhumb

int main(int count, char** arguments) {
    const std::size_t nodes = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 1000;
    const int rounds = count > 2 ? std::atoi(arguments[2]) : 21;
    if (nodes < 10 || nodes > 20'000 || rounds < 1) {
        std::fprintf(stderr, "usage: network_bench [NODES (10 to 20000) [ROUNDS [last]]]\n");
        return 2;
    }
    const auto random = rhumb::test::random_graph(nodes, 2 * nodes, 20, 7);
    const bool all = count <= 3;
    std::printf("milliseconds: least, median and worst of %d\n", rounds);
    if (all) {
        rhumb::measure("an operator's network", rhumb::test::provider(nodes, 7), rounds);
        rhumb::measure("a random network", random, rounds);
    }
    rhumb::measure("a random network, SRGBs differ", random, rounds, true);
    return 0;
}

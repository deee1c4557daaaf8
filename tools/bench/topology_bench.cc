// The map of a network and what is computed from it, on 10,000 nodes and 40,000 links, one core;
// shortest paths beside those of Boost.Graph on the same graph.
//
//   build-bench/tools/bench/topology_bench [--quick]
#include "tools/bench/topology_bench.hh"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using namespace rhumb::bench;

double once(const timed_case& one) {
    if (one.prepare) {
        one.prepare();
    }
    const auto start = std::chrono::steady_clock::now();
    one.run();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    return took.count() / static_cast<double>(one.per_run);
}

void measure(case_group group, int rounds) {
    for (int round = 0; round <= rounds; ++round) {
        for (timed_case& one : group.cases) {
            const double took = once(one);
            if (round > 0) {  // the first one warms up
                one.microseconds.push_back(took);
            }
        }
    }
    std::printf("\n%-52s %12s %12s\n", group.title.c_str(), "best us", "median us");
    for (timed_case& one : group.cases) {
        std::sort(one.microseconds.begin(), one.microseconds.end());
        std::printf("  %-50s %12.2f %12.2f\n", one.what.c_str(), one.microseconds.front(),
                    one.microseconds[one.microseconds.size() / 2]);
    }
    std::fflush(stdout);
}

}  // namespace

void rhumb::bench::differ(const char* what) {
    std::printf("THE RESULTS DIFFER: %s\n", what);
    std::exit(1);
}

int main(int argc, char** argv) {
    bench_size size;
    if (argc == 2 && std::string_view(argv[1]) == "--quick") {
        size = {.nodes = 500, .links = 2'000, .hub_links = 500, .rounds = 3};
    } else if (argc != 1) {
        std::fputs("usage: topology_bench [--quick]\n", stderr);
        return 2;
    }
    std::printf("%zu nodes, %zu links; microseconds, of %d rounds in turns\n", size.nodes,
                size.links, size.rounds);
    measure(shortest_path_cases(size, 100), size.rounds);
    measure(shortest_path_cases(size, (1U << 24) - 2), size.rounds);
    measure(map_cases(size), size.rounds);
    print_memory(size);
    return 0;
}

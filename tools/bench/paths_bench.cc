// How long paths take: constrained shortest ones, k shortest, disjoint pairs, and their segments.
//
//   build-bench/tools/bench/paths_bench [NODES...]      (1000 and 10000)
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "controlplane/paths/compress.hh"
#include "controlplane/paths/cspf.hh"
#include "controlplane/paths/disjoint.hh"
#include "controlplane/paths/k_shortest.hh"
#include "tests/support/network_maps.hh"

namespace {

using namespace rhumb;
using namespace rhumb::paths;
using topology::node_number;

using dice = std::mt19937_64;

// An operator's network with delays, TE metrics, colours and shared risks drawn for each link.
std::vector<topology::advertisement> make_network(std::size_t nodes) {
    dice roll(nodes);
    auto edges = test::provider(nodes, nodes);
    std::uint32_t srlg = 0;
    for (test::edge& e : edges) {
        e.delay = static_cast<topology::cost>(100 + roll() % 5'000);
        e.te_metric = static_cast<topology::cost>(1 + roll() % 100);
        e.affinities = roll() % 16;
        // About three links to a group.
        srlg += roll() % 3 == 0 ? 1U : 0U;
        e.srlgs = {1 + srlg};
    }
    std::shuffle(edges.begin(), edges.end(), roll);
    return test::make_advertisements(edges);
}

struct request {
    node_number from;
    node_number to;
};

std::vector<request> draw(const topology::map& m, std::size_t count, dice& roll) {
    std::vector<request> all;
    while (all.size() < count) {
        const auto from = static_cast<node_number>(roll() % m.node_count());
        const auto to = static_cast<node_number>(roll() % m.node_count());
        if (from != to) {
            all.push_back({from, to});
        }
    }
    return all;
}

// Microseconds of the processor, which other programs do not add to.
double now() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

// Microseconds of each call: the median, the 99th of a hundred, and how many said yes.
template <class F>
void measure(const char* what, const std::vector<request>& requests, const F& f) {
    std::vector<double> times;
    std::size_t yes = 0;
    for (const request& r : requests) {
        const double start = now();
        yes += f(r) ? 1U : 0U;
        times.push_back(now() - start);
    }
    std::sort(times.begin(), times.end());
    std::printf("  %-52s %10.1f %10.1f %9zu/%zu\n", what, times[times.size() / 2],
                times[times.size() * 99 / 100], yes, requests.size());
}

void measure_cspf(const topology::map& m, const std::vector<request>& some) {
    constraints none;
    constraints coloured;
    coloured.metric = topology::metric_type::te;
    coloured.exclude_any = 1;
    measure("cspf, TE metric, a colour excluded", some,
            [&](const request& r) { return shortest_path(m, r.from, r.to, coloured).ok(); });
    measure("cspf, delay and hops bounded", some, [&](const request& r) {
        // Somewhat more than the least: there is something to be weighed.
        constraints c;
        c.metric = topology::metric_type::delay;
        const auto fastest = shortest_path(m, r.from, r.to, c);
        c.metric = topology::metric_type::te;
        c.max_delay = fastest.ok() ? fastest->metric * 5 / 4 : 1;
        c.max_hops = 16;
        return shortest_path(m, r.from, r.to, c).ok();
    });
    path_finder finder(m);
    for (const request& r : some) {
        static_cast<void>(finder.find(m, some.front().from, r.to, coloured));
    }
    measure("cspf, from one headend, remembered", some, [&](const request& r) {
        return finder.find(m, some.front().from, r.to, coloured).ok();
    });
    for (const std::size_t k : {std::size_t{10}, std::size_t{100}}) {
        measure(("k shortest, k = " + std::to_string(k)).c_str(), some, [&](const request& r) {
            return k_shortest_paths(m, r.from, r.to, k, none).paths.size() == k;
        });
    }
}

void measure_pairs(const topology::map& m, const std::vector<request>& some) {
    const auto pair = [&](disjointness kind) {
        return [&m, kind](const request& r) {
            disjoint_options options;
            options.kind = kind;
            const auto found = disjoint_pair(m, r.from, r.to, {}, options);
            return found.ok() && found->disjoint;
        };
    };
    measure("disjoint by links", some, pair(disjointness::links));
    measure("disjoint by nodes", some, pair(disjointness::nodes));
    measure("disjoint by SRLGs", some, pair(disjointness::srlgs));
    std::size_t proven = 0;
    for (const request& r : some) {
        disjoint_options options;
        options.kind = disjointness::srlgs;
        const auto found = disjoint_pair(m, r.from, r.to, {}, options);
        proven += found.ok() && found->proven ? 1U : 0U;
    }
    std::printf("  %-52s %31zu/%zu\n", "  of these proven", proven, some.size());
}

void measure_segments(const topology::map& m, const std::vector<request>& some) {
    constraints te;
    te.metric = topology::metric_type::te;
    std::vector<path> paths;
    for (const request& r : some) {
        auto found = shortest_path(m, r.from, r.to, te);
        paths.push_back(found.ok() ? *std::move(found) : path{});
    }
    path_engine engine(m);
    for (const char* const what : {"compress, no trees yet", "compress, trees known"}) {
        std::size_t n = 0;
        measure(what, some,
                [&](const request& r) { return compress(engine, r.from, paths[n++].links).ok(); });
    }
    std::size_t segments = 0;
    std::size_t links = 0;
    for (std::size_t n = 0; n < some.size(); ++n) {
        auto list = compress(engine, some[n].from, paths[n].links);
        segments += list.ok() ? list->size() : 0;
        links += paths[n].links.size();
    }
    std::printf("  %-52s %10.1f links become %.1f segments\n", "  on average",
                static_cast<double>(links) / static_cast<double>(some.size()),
                static_cast<double>(segments) / static_cast<double>(some.size()));
}

}  // namespace

int main(int count, char** arguments) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::vector<std::size_t> sizes;
    for (int n = 1; n < count; ++n) {
        sizes.push_back(std::strtoul(arguments[n], nullptr, 10));
    }
    if (sizes.empty()) {
        sizes = {1'000, 10'000};
    }
    for (const std::size_t nodes : sizes) {
        if (nodes < 10 || nodes > 100'000) {
            std::puts("usage: paths_bench [NODES...], each 10 to 100000");
            return 2;
        }
        topology::map m = test::make_map(make_network(nodes));
        dice roll(1);
        const auto some = draw(m, nodes > 2'000 ? 50 : 200, roll);
        std::printf("%zu nodes, %zu links (both directions counted)\n", m.node_count(),
                    m.graph().link_count());
        std::printf("  %-52s %10s %10s %13s\n", "microseconds", "median", "99 %", "yes");
        measure_cspf(m, some);
        measure_pairs(m, some);
        measure_segments(m, some);
    }
}

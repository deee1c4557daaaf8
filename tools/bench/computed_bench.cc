// How long it takes from a map to tables, with all links protected: everything anew, and after one
// link of the network has gone. Repairs are given: what is measured is the search from this node,
// rules, next hops, the check for loops, the difference, and its way into the tables.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "controlplane/publish/computed.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/simulated_network.hh"

namespace rhumb {
namespace {

// A node of a network of this many, and the network without one of its links.
struct scene {
    topology::map before;
    topology::map after;
    std::unique_ptr<labels::sid_labels> labels_before;
    std::unique_ptr<labels::sid_labels> labels_after;
    test::node_inputs inputs_before;
    test::node_inputs inputs_after;
    topology::node_number own = 0;
};

// `shape`: 0 an operator's network, 1 a random one, 2 a random one with SRGBs that differ.
std::vector<topology::advertisement> network(std::size_t nodes, int shape) {
    const auto edges =
        shape == 0 ? test::provider(nodes, 7) : test::random_graph(nodes, 2 * nodes, 20, 7);
    auto said = test::make_advertisements(edges);
    for (std::size_t n = 0; shape == 2 && n < said.size(); ++n) {
        said[n].srgb = {{static_cast<std::uint32_t>(20'000 + 5'000 * (n % 50)), 5'000}};
    }
    return said;
}

std::unique_ptr<scene> make_scene(std::size_t nodes, int shape) {
    auto made = std::make_unique<scene>();
    auto said = network(nodes, shape);
    made->before = test::make_map(said);
    // A link of the node with the most links, to somebody else than this one.
    std::size_t busiest = 1;
    for (std::size_t n = 1; n < said.size(); ++n) {
        busiest = said[n].links.size() > said[busiest].links.size() ? n : busiest;
    }
    said[busiest].links.pop_back();
    made->after = test::make_map(said);
    made->labels_before = std::make_unique<labels::sid_labels>(made->before);
    made->labels_after = std::make_unique<labels::sid_labels>(made->after);
    made->inputs_before = test::inputs_for(made->before, made->own, true);
    made->inputs_after = test::inputs_for(made->after, made->own, true);
    return made;
}

const scene& scene_for(const benchmark::State& state) {
    static std::map<std::pair<std::int64_t, std::int64_t>, std::unique_ptr<scene>> scenes;
    auto& known = scenes[{state.range(0), state.range(1)}];
    if (known == nullptr) {
        known =
            make_scene(static_cast<std::size_t>(state.range(0)), static_cast<int>(state.range(1)));
    }
    return *known;
}

template <class Result>
auto need(Result made) {
    if (!made) {
        std::fprintf(stderr, "%s\n", made.why().text().c_str());
        std::abort();
    }
    return std::move(*made);
}

void compute(benchmark::State& state) {
    const scene& s = scene_for(state);
    publish::table_computer computer;
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            need(computer.compute(s.inputs_before.on(s.before, *s.labels_before, s.own))));
    }
}

void check(benchmark::State& state) {
    const scene& s = scene_for(state);
    publish::table_computer computer;
    const auto from = s.inputs_before.on(s.before, *s.labels_before, s.own);
    const auto tables = need(computer.compute(from));
    for (auto _ : state) {
        benchmark::DoNotOptimize(publish::check_loops(from, tables));
    }
}

void labels_of_all(benchmark::State& state) {
    const scene& s = scene_for(state);
    for (auto _ : state) {
        benchmark::DoNotOptimize(labels::sid_labels(s.before));
    }
}

// From nothing to tables in force.
void everything(benchmark::State& state) {
    const scene& s = scene_for(state);
    publish::table_computer computer;
    const config::file& file = *s.inputs_before.file;
    for (auto _ : state) {
        state.PauseTiming();
        auto tables = need(publish::forwarding::build(file, test::ports_of(file, s.own), nullptr));
        retired_list retired;
        (void)tables->snapshot(retired);
        state.ResumeTiming();
        const auto made =
            need(computer.compute(s.inputs_before.on(s.before, *s.labels_before, s.own)));
        if (const auto done = tables->apply(publish::difference({}, made)); !done) {
            std::abort();
        }
        benchmark::DoNotOptimize(tables->snapshot(retired));
        state.PauseTiming();
        retired.release();
        tables.reset();
        state.ResumeTiming();
    }
}

// A link goes, and comes back: two changes a round.
void link_change(benchmark::State& state) {
    const scene& s = scene_for(state);
    publish::table_computer computer;
    const config::file& file = *s.inputs_before.file;
    auto tables = need(publish::forwarding::build(file, test::ports_of(file, s.own), nullptr));
    publish::computed_tables in_force;
    retired_list retired;
    std::size_t changed = 0;
    const auto change_to = [&](const test::node_inputs& inputs, const topology::map& m,
                               const labels::sid_labels& labels) {
        auto made = need(computer.compute(inputs.on(m, labels, s.own)));
        const publish::changes changes = publish::difference(in_force, made);
        changed = changes.rules.labels.size() + changes.rules.prefixes.size();
        if (const auto done = tables->apply(changes); !done) {
            std::fprintf(stderr, "%s\n", done.why().text().c_str());
            std::abort();
        }
        benchmark::DoNotOptimize(tables->snapshot(retired));
        in_force = std::move(made);
    };
    change_to(s.inputs_before, s.before, *s.labels_before);
    bool there = true;
    for (auto _ : state) {
        if (there) {
            change_to(s.inputs_after, s.after, *s.labels_after);
        } else {
            change_to(s.inputs_before, s.before, *s.labels_before);
        }
        there = !there;
        retired.release();
    }
    state.counters["rules_changed"] = static_cast<double>(changed);
    state.counters["next_hops"] = static_cast<double>(tables->nexthops().size());
}

void arguments(benchmark::internal::Benchmark* b) {
    b->ArgNames({"nodes", "shape"})->Unit(benchmark::kMillisecond);
    for (const int shape : {0, 1, 2}) {
        b->Args({1000, shape});
    }
}

BENCHMARK(labels_of_all)->Apply(arguments);
BENCHMARK(compute)->Apply(arguments);
BENCHMARK(check)->Apply(arguments);
BENCHMARK(everything)->Apply(arguments);
BENCHMARK(link_change)->Apply(arguments);

}  // namespace
}  // namespace rhumb

BENCHMARK_MAIN();

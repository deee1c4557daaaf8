// What the packet path costs from classify to rewrite, in TSC cycles per packet, counters on: no
// DPDK, so nothing but our own code is measured.
//
// Each case runs over a hot set of buffers (256, whose headers are in the level-1 cache) and a
// large one (16,384 in 4 MiB). Every round over the set brings new frames of the same kind: random
// labels and addresses are drawn from the whole table all the time. A repetition's figure is the
// mean of the middle half of its bursts, so that other processes do not count.
//
//   build-bench/tools/bench/stage_bench [--scaling] [--benchmark_filter=swap]
//       [--benchmark_repetitions=9]
//       [--benchmark_out=FILE --benchmark_out_format=json]
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "controlplane/publish/forwarding.hh"
#include "dataplane/pipeline/pipeline.hh"
#include "tools/bench/stage_cases.hh"

namespace rhumb::bench {
namespace {

#if defined(__x86_64__)
// What came before has ended; what follows has not begun.
std::uint64_t cycles() noexcept {
    __builtin_ia32_lfence();
    const std::uint64_t now = __builtin_ia32_rdtsc();
    __builtin_ia32_lfence();
    return now;
}
#elif defined(__aarch64__)
std::uint64_t cycles() noexcept {
    std::uint64_t value = 0;
    asm volatile("isb; mrs %0, cntvct_el0" : "=r"(value));
    return value;
}
#endif

// The mean of the middle half: what other processes do to some does not count, and the steps of a
// coarse clock (virtual machines have those) average out.
double middle_mean(std::vector<std::uint64_t>& times) {
    std::sort(times.begin(), times.end());
    const auto quarter = static_cast<std::ptrdiff_t>(times.size() / 4);
    const auto first = times.begin() + quarter;
    const auto last = times.end() - quarter;
    return static_cast<double>(std::accumulate(first, last, std::uint64_t{0})) /
           static_cast<double>(last - first);
}

// What asking for the time twice costs by itself.
double clock_cost() {
    std::vector<std::uint64_t> times(20000);
    for (std::uint64_t& time : times) {
        const std::uint64_t start = cycles();
        time = cycles() - start;
    }
    return middle_mean(times);
}

constexpr std::size_t headroom = 128;
constexpr std::size_t hot_frames = 256;
constexpr std::size_t large_frames = 16384;

// A router with one port, some next hops, and the rules of one case.
class router {
public:
    explicit router(const stage_case& wanted) {
        config::file file;
        file.files = {"bench"};
        file.node.msd = max_segments;
        file.node.static_labels = {{16, 14999}, {24000, mpls::label_count - 1}};
        config::port port;
        port.name = "p";
        file.ports.push_back(port);
        for (unsigned n = 0; n < nexthop_count; ++n) {
            config::nexthop hop;
            hop.name = "n" + std::to_string(n);
            hop.port = "p";
            hop.mac = {2, 0, 0, 0, 2, static_cast<byte>(n)};
            file.nexthops.push_back(hop);
        }
        make_frame_ = wanted.make(file.rules);
        for (const config::label_rule& rule : file.rules.labels) {
            counters_.labels.populate(rule.label);  // as the engine does
        }
        for (std::uint32_t id = 0; id <= file.rules.prefixes.size(); ++id) {
            counters_.prefixes.populate(id);
        }
        auto built = publish::forwarding::build(std::move(file), {{"p", {0, our_mac}}}, nullptr);
        if (!built) {
            throw std::runtime_error(built.why().text());
        }
        tables_ = std::move(built).value();
        tables_->set_scion(wanted.scion.table.get(), wanted.scion.table);
        now_ms_ = wanted.scion.now_ms;
        for (std::size_t link = 0; wanted.scion.table && link < wanted.scion.table->links.size();
             ++link) {
            counters_.scion_links.populate(link);
        }
        retired_list none;
        set_ = tables_->snapshot(none);
        live_.set_port(0, true);
    }

    [[nodiscard]] stage_context context() { return {set_, live_, counters_, now_ms_}; }
    [[nodiscard]] frame make_frame(std::size_t n) const { return make_frame_(n); }

private:
    std::function<frame(std::size_t)> make_frame_;
    std::unique_ptr<publish::forwarding> tables_;
    table_set set_;
    liveness live_;
    worker_counters counters_;
    std::uint64_t now_ms_ = 0;
};

// The frames of one case in buffers.
class traffic {
public:
    traffic(const router& r, std::size_t count)
        : router_(r),
          slot_bytes_((headroom + r.make_frame(0).size() + 255) / 256 * 256),
          lengths_(count),
          buffers_(count * slot_bytes_) {}
    // New frames in all buffers.
    void arrive() {
        for (std::size_t n = 0; n < lengths_.size(); ++n) {
            const frame made = router_.make_frame(next_++);
            std::memcpy(&buffers_[n * slot_bytes_ + headroom], made.data(), made.size());
            lengths_[n] = made.size();
        }
    }
    // `count` frames from the n-th on, as they are received.
    void receive(burst& b, std::size_t n, std::size_t count) {
        b.count = static_cast<std::uint16_t>(count);
        b.in_port = 0;
        for (std::size_t i = 0; i < count; ++i) {
            b.put(i, &buffers_[(n + i) * slot_bytes_ + headroom], lengths_[n + i], headroom);
        }
    }

private:
    const router& router_;
    std::size_t slot_bytes_;  // headroom and frame
    std::size_t next_ = 0;
    std::vector<std::size_t> lengths_;
    std::vector<byte> buffers_;
};

void measure(benchmark::State& state, const stage_case& wanted, std::size_t frame_count,
             std::size_t burst_size) {
    // Tables of a million labels are made once, not for each repetition.
    static std::string name;
    static std::unique_ptr<router> r;
    if (name != wanted.name) {
        r = nullptr;
        r = std::make_unique<router>(wanted);
        name = wanted.name;
    }
    traffic frames(*r, frame_count);
    const auto b = std::make_unique<burst>();
    const stage_context context = r->context();
    std::vector<std::uint64_t> bursts;
    no_trace trace;
    std::size_t warm_up = frame_count == large_frames ? 12 : 2;
    for (auto _ : state) {
        frames.arrive();
        for (std::size_t n = 0; n + burst_size <= frame_count; n += burst_size) {
            frames.receive(*b, n, burst_size);
            const std::uint64_t start = cycles();
            run_pipeline(*b, context, trace);
            bursts.push_back(cycles() - start);
            if (wanted.all_forwarded && b->fate[burst_size - 1] != verdict::forward) {
                const std::string why(text_of(b->reason[burst_size - 1]).sentence);
                state.SkipWithError(why.c_str());
                return;
            }
        }
        // Pages are there, and the level-3 cache has settled, after some rounds.
        if (warm_up != 0) {
            --warm_up;
            bursts.clear();
        }
    }
    static const double clock = clock_cost();
    state.counters["cycles"] = (middle_mean(bursts) - clock) / static_cast<double>(burst_size);
}

}  // namespace
}  // namespace rhumb::bench

int main(int argc, char** argv) {
    using namespace rhumb::bench;
    const auto scaling = std::find(argv, argv + argc, std::string_view("--scaling"));
    const bool is_scaling = scaling != argv + argc;
    if (is_scaling) {
        std::copy(scaling + 1, argv + argc, scaling);
        --argc;
    }
    const auto cases = is_scaling ? scaling_cases() : stage_cases();
    for (const stage_case& one : cases) {
        for (const std::size_t burst_size : {32UL, 64UL, 256UL}) {
            for (const bool hot : {true, false}) {
                const std::string name = one.name + (hot ? "/hot/" : "/large/");
                benchmark::RegisterBenchmark(
                    (name + std::to_string(burst_size)).c_str(),
                    [&one, hot, burst_size](benchmark::State& state) {
                        measure(state, one, hot ? hot_frames : large_frames, burst_size);
                    })
                    ->Iterations(hot ? 258 : 16)
                    ->Unit(benchmark::kMicrosecond);
            }
        }
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 1;
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}

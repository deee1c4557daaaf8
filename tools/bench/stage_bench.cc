// What the packet path costs from classify to rewrite, in TSC cycles per packet, counters on: no
// DPDK, so nothing but our own code is measured. Frames come from a set that is larger than the
// level-2 cache, in random order of labels; each burst is refreshed before it is timed, so every
// round does the same work.
//
//   build/tools/bench/stage_bench [--benchmark_filter=swap]
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "controlplane/publish/forwarding.hh"
#include "dataplane/pipeline/pipeline.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb {
namespace {

#if defined(__x86_64__)
std::uint64_t cycles() noexcept { return __builtin_ia32_rdtsc(); }
#elif defined(__aarch64__)
std::uint64_t cycles() noexcept {
    std::uint64_t value = 0;
    asm volatile("isb; mrs %0, cntvct_el0" : "=r"(value));
    return value;
}
#endif

constexpr ethernet::mac_address our_mac{2, 0, 0, 0, 1, 1};
constexpr std::size_t headroom = 128;
constexpr std::size_t slot_bytes = 256;  // headroom and frame
constexpr std::size_t frame_bytes = 64;
constexpr std::size_t frame_count = 16384;  // 4 MiB of frames

// A router with one port, some next hops, and the rules of one measurement.
class router {
public:
    explicit router(config::rules rules) {
        config::file file;
        file.files = {"bench"};
        file.node.static_labels = {{16, 14999}, {24000, mpls::label_count - 1}};
        config::port port;
        port.name = "p";
        file.ports.push_back(port);
        for (unsigned n = 0; n < 8; ++n) {
            config::nexthop hop;
            hop.name = "n" + std::to_string(n);
            hop.port = "p";
            hop.mac = {2, 0, 0, 0, 2, static_cast<byte>(n)};
            file.nexthops.push_back(hop);
        }
        file.rules = std::move(rules);
        auto built = publish::forwarding::build(std::move(file), {{"p", {0, our_mac}}}, nullptr);
        if (!built) {
            throw std::runtime_error(built.why().text());
        }
        tables_ = std::move(built).value();
        retired_list none;
        set_ = tables_->snapshot(none);
        live_.set_port(0, true);
    }

    [[nodiscard]] stage_context context() { return {set_, live_, live_.ports(), counters_}; }

private:
    std::unique_ptr<publish::forwarding> tables_;
    table_set set_;
    liveness live_;
    worker_counters counters_;
};

// Frames that all look like `model`, but for the top label, which goes over `labels` at random.
class frames {
public:
    frames(const std::vector<byte>& model, const std::vector<mpls::label>& labels)
        : memory_(frame_count * slot_bytes), model_(model) {
        std::mt19937 dice(1);
        for (std::size_t n = 0; n < frame_count; ++n) {
            top_.push_back(labels.empty() ? 0 : labels[dice() % labels.size()]);
        }
    }

    // The next `count` frames as a received burst.
    void fill(burst& b, std::size_t count) {
        b.count = static_cast<std::uint16_t>(count);
        b.in_port = 0;
        for (std::size_t i = 0; i < count; ++i, next_ = (next_ + 1) % frame_count) {
            byte* const frame = &memory_[next_ * slot_bytes + headroom];
            std::memcpy(frame, model_.data(), model_.size());
            if (top_[next_] != 0) {
                store_be32(
                    frame + ethernet::header_bytes,
                    mpls::make(top_[next_], 0,
                               mpls::is_bottom(load_be32(frame + ethernet::header_bytes)), 64));
            }
            b.front[i] = frame;
            b.length[i] = frame_bytes;
            b.headroom[i] = headroom;
        }
    }

private:
    std::vector<byte> memory_;
    std::vector<byte> model_;
    std::vector<mpls::label> top_;
    std::size_t next_ = 0;
};

std::vector<byte> ethernet_frame(std::uint16_t type) {
    std::vector<byte> frame(frame_bytes);
    ethernet::write_header(frame.data(), our_mac, {2, 0, 0, 0, 9, 9}, 0, type);
    return frame;
}

// 10.2.0.1, from `at` to the frame's end.
void put_ipv4(std::vector<byte>& frame, std::size_t at) {
    byte* const ip = frame.data() + at;
    ip[0] = 0x45;
    store_be16(ip + 2, static_cast<std::uint16_t>(frame.size() - at));
    ip[8] = 64;
    ip[9] = 17;
    store_be32(ip + 12, 0x0a000001);
    store_be32(ip + 16, 0x0a020001);
    store_be16(ip + 10, checksum_of(ip, ipv4::min_header_bytes));
}

std::vector<byte> labelled_frame(std::initializer_list<mpls::label> labels) {
    std::vector<byte> frame = ethernet_frame(ethernet::type_mpls);
    std::size_t at = ethernet::header_bytes;
    for (const mpls::label label : labels) {
        const bool bottom = at / 4 - 3 == labels.size();
        store_be32(frame.data() + at, mpls::make(label, 0, bottom, 64));
        at += mpls::lse_bytes;
    }
    put_ipv4(frame, at);
    return frame;
}

// Times the pipeline over bursts of state.range(0); reports cycles per packet.
void measure(benchmark::State& state, router& r, frames& traffic) {
    const auto size = static_cast<std::size_t>(state.range(0));
    auto b = std::make_unique<burst>();
    std::uint64_t total = 0;
    std::uint64_t packets = 0;
    no_trace trace;
    for (auto _ : state) {
        traffic.fill(*b, size);
        const stage_context context = r.context();
        const std::uint64_t start = cycles();
        run_pipeline(*b, context, trace);
        total += cycles() - start;
        packets += size;
        if (b->fate[0] != verdict::forward) {
            state.SkipWithError(std::string(text_of(b->reason[0]).sentence).c_str());
            return;
        }
    }
    state.counters["cycles/packet"] =
        benchmark::Counter(static_cast<double>(total) / static_cast<double>(packets));
    state.SetItemsProcessed(static_cast<std::int64_t>(packets));
}

config::label_rule rule(mpls::label label, config::operation op) {
    config::label_rule made;
    made.label = label;
    made.op = op;
    return made;
}

// `count` labels, swapped to another.
void swap(benchmark::State& state, std::size_t count) {
    std::vector<mpls::label> all(mpls::label_count - 15000 - 9000);
    std::mt19937 dice(2);
    for (std::size_t n = 0; n < all.size(); ++n) {
        all[n] = static_cast<mpls::label>(24000 + n);
    }
    std::shuffle(all.begin(), all.end(), dice);
    all.resize(count);
    config::rules rules;
    for (const mpls::label label : all) {
        config::label_rule made = rule(label, config::operation::continue_);
        made.out = label;
        made.paths = rules.intern(config::path_list{{"n" + std::to_string(label % 8), 1, {}}});
        rules.labels.push_back(made);
    }
    router r(std::move(rules));
    frames traffic(labelled_frame({24000}), all);
    measure(state, r, traffic);
}
BENCHMARK_CAPTURE(swap, 1_label, 1)->Arg(32)->Arg(256);
BENCHMARK_CAPTURE(swap, 10000_labels, 10000)->Arg(32)->Arg(256);
BENCHMARK_CAPTURE(swap, 100000_labels, 100000)->Arg(32)->Arg(256);

// Ingress: a prefix imposes `count` labels.
void push(benchmark::State& state, std::size_t count) {
    config::rules rules;
    config::prefix_rule to;
    to.match = {family::ipv4, 16, {10, 2}};
    to.paths = rules.intern(config::path_list{{"n0", 1, {}}});
    config::segments list;
    for (std::size_t n = 0; n < count; ++n) {
        list.push_back(static_cast<mpls::label>(16000 + n));
    }
    to.list = rules.intern(list);
    rules.prefixes.push_back(to);
    router r(std::move(rules));
    std::vector<byte> frame = ethernet_frame(ethernet::type_ipv4);
    put_ipv4(frame, ethernet::header_bytes);
    frames traffic(frame, {});
    measure(state, r, traffic);
}
BENCHMARK_CAPTURE(push, 3_labels_on_ipv4, 3)->Arg(32)->Arg(256);

// A binding SID is replaced by `count` segments.
void binding(benchmark::State& state, std::size_t count) {
    config::rules rules;
    config::label_rule made = rule(24000, config::operation::push);
    made.paths = rules.intern(config::path_list{{"n0", 1, {}}});
    config::segments list;
    for (std::size_t n = 0; n < count; ++n) {
        list.push_back(static_cast<mpls::label>(16000 + n));
    }
    made.list = rules.intern(list);
    rules.labels.push_back(made);
    router r(std::move(rules));
    frames traffic(labelled_frame({24000}), {});
    measure(state, r, traffic);
}
BENCHMARK_CAPTURE(binding, sid_of_3_segments, 3)->Arg(32)->Arg(256);

}  // namespace
}  // namespace rhumb

BENCHMARK_MAIN();

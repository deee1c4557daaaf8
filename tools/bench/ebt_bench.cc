// The EBT machine by itself: two of them in one process, logs in memory, messages passed by
// reference, no signatures; as JSON they are in ebt_json_bench.cc. The cases are those of the
// reference's measurements (docs/ebt.md), which tools/bench/ebt.py runs beside these.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "controlplane/overlay/ebt/machine.hh"
#include "tools/bench/ebt_pair.hh"

namespace rhumb::overlay::ebt {
namespace {

std::string feed_name(int n) {  // as long as one of SSB
    char text[64];
    std::snprintf(text, sizeof(text), "@%043d=.ed25519", n);
    return text;
}

class pair_of_nodes : public linked_nodes {
public:
    pair_of_nodes(int feeds, int messages) : body_(std::make_shared<const std::string>(345, 'x')) {
        for (int n = 0; n < feeds; ++n) {
            begin_feed(feed_name(n), messages, [&](int /*sequence*/) { return body_; });
        }
    }
    traffic exchange() { return run_until_quiet(*this); }
    void change(int feeds) {
        for (int n = 0; n < feeds; ++n) {
            a.append_own(names[static_cast<std::size_t>(n)], body_);
        }
    }

    // Both as they are.
    static void message(node& into, stream from, std::string_view author, ebt::message& what) {
        (void)into.m.receive(from, author, what.sequence, what.size, std::move(what.body));
    }
    static void notes(node& into, stream from, std::span<const note> frame) {
        into.m.notes(from, frame);
    }

private:
    std::shared_ptr<const void> body_;
};

std::size_t used_memory() { return mallinfo2().uordblks; }

template <class Function>
double seconds(Function work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void set_traffic(benchmark::State& state, const traffic& all) {
    state.counters["messages"] = static_cast<double>(all.messages);
    state.counters["notes"] = static_cast<double>(all.notes);
}

// All of a's log to b. `machines_kib`: what both machines hold afterwards, without the logs.
void synchronise(benchmark::State& state) {
    const auto feeds = static_cast<int>(state.range(0));
    const auto messages = static_cast<int>(state.range(1));
    traffic all;
    for ([[maybe_unused]] auto each : state) {
        const std::size_t before = used_memory();
        pair_of_nodes nodes(feeds, messages);
        state.SetIterationTime(seconds([&] {
            nodes.connect();
            all = nodes.exchange();
        }));
        if (all.messages !=
            static_cast<std::uint64_t>(feeds) * static_cast<std::uint64_t>(messages)) {
            state.SkipWithError("messages are missing");
            return;
        }
        const std::size_t with_logs = used_memory() - before;
        state.counters["total_kib"] = static_cast<double>(with_logs) / 1024;
        nodes.a.log = {};
        nodes.b.log = {};
        state.counters["machines_kib"] = static_cast<double>(used_memory() - before) / 1024;
    }
    state.counters["rate"] = benchmark::Counter(static_cast<double>(all.messages),
                                                benchmark::Counter::kIsIterationInvariantRate);
    set_traffic(state, all);
}

// A new session after `sessions` earlier ones, with `changed` feeds that have got a message since.
void reconnect(benchmark::State& state) {
    const auto feeds = static_cast<int>(state.range(0));
    traffic all;
    for ([[maybe_unused]] auto each : state) {
        pair_of_nodes nodes(feeds, 10);
        for (int session = 0; session < state.range(1); ++session) {
            nodes.connect();
            (void)nodes.exchange();
            nodes.close();
        }
        nodes.change(static_cast<int>(state.range(2)));
        state.SetIterationTime(seconds([&] {
            nodes.connect();
            all = nodes.exchange();
        }));
    }
    set_traffic(state, all);
}

// A tick with `peers` that all claim more of all feeds; every second one finds its source stalled.
void timeout_tick(benchmark::State& state) {
    const auto peers = static_cast<int>(state.range(0));
    node one("@me");
    std::vector<std::string> names;
    std::vector<note> claims;
    for (int n = 0; n < state.range(1); ++n) {
        names.push_back(feed_name(n));
        const std::vector<clock_entry> heads{{.feed = names.back(), .sequence = 10}};
        one.m.load_clock(heads);
        one.m.request(names.back());
    }
    for (const std::string& name : names) {
        claims.push_back({.feed = name, .value = encode_note(20, true)});
    }
    std::vector<stream> streams;
    const std::size_t before = used_memory();
    for (int n = 0; n < peers; ++n) {
        result<stream> made = one.m.create_stream("@p" + std::to_string(n), 3, false);
        streams.push_back(made.value());
        one.m.notes(streams.back(), claims);
    }
    state.counters["bytes_per_pair"] = static_cast<double>(used_memory() - before) /
                                       static_cast<double>(state.range(0) * state.range(1));
    std::vector<note> frame;
    std::int64_t now = 0;
    for ([[maybe_unused]] auto each : state) {
        now += 1'000'000;
        state.SetIterationTime(seconds([&] { one.m.tick(now); }));
        for (const stream to : streams) {
            while (one.m.next_notes(to, 100'000, frame)) {
            }
        }
    }
}

BENCHMARK(synchronise)
    ->Args({1000, 100})
    ->Args({10000, 10})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(reconnect)
    ->Args({10000, 1, 0})
    ->Args({10000, 2, 0})
    ->Args({10000, 3, 10})
    ->Args({10000, 3, 100})
    ->Args({10000, 3, 1000})
    ->UseManualTime()
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(timeout_tick)
    ->Args({2, 10000})
    ->Args({10, 10000})
    ->Args({20, 10000})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rhumb::overlay::ebt

BENCHMARK_MAIN();

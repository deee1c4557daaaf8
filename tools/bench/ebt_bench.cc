// The EBT machine by itself: two of them in one process, logs in memory, messages passed by
// reference, no signatures. The cases are those of the reference's measurements (docs/ebt.md),
// which tools/bench/ebt.py runs beside these.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/overlay/ebt/machine.hh"

namespace rhumb::overlay::ebt {
namespace {

std::string feed_name(int n) {  // as long as one of SSB
    char text[64];
    std::snprintf(text, sizeof(text), "@%043d=.ed25519", n);
    return text;
}

class node : public host {
public:
    explicit node(std::string name) : id(std::move(name)), m(id, *this, with_key()) {}

    void get_clock(stream from, std::string_view peer) override {
        std::vector<clock_entry> clock;
        for (const auto& [feed, sequence] : clocks[std::string(peer)]) {
            clock.push_back({.feed = feed, .sequence = sequence});
        }
        m.peer_clock(from, clock);
    }
    void set_clock(std::string_view peer, std::span<const clock_entry> changed) override {
        auto& clock = clocks[std::string(peer)];
        for (const clock_entry& each : changed) {
            clock[std::string(each.feed)] = each.sequence;
        }
    }
    void get_at(feed_number feed, std::int64_t sequence, std::int64_t /*following*/) override {
        m.retrieved({.feed = feed,
                     .size = 345,
                     .sequence = sequence,
                     .body = log[feed][static_cast<std::size_t>(sequence - 1)]});
    }
    void append(stream /*from*/, message&& what) override {
        store(what.feed, what.body);
        m.on_append(what);
    }
    [[nodiscard]] bool is_feed(std::string_view feed) const override { return !feed.empty(); }
    void end(stream /*which*/, end_reason /*why*/) override {}
    void wake(stream /*which*/, bool /*urgent*/) override {}

    void store(feed_number feed, std::shared_ptr<const void> body) {
        if (feed >= log.size()) {
            log.resize(feed + 1);
        }
        log[feed].push_back(std::move(body));
    }
    // A log that was there before.
    void fill(const std::string& feed, int count, const std::shared_ptr<const void>& body) {
        for (int n = 0; n < count; ++n) {
            store(m.feed_of(feed), body);
        }
        const std::vector<clock_entry> heads{{.feed = feed, .sequence = count}};
        m.load_clock(heads);
    }
    void append_own(const std::string& feed, const std::shared_ptr<const void>& body) {
        const feed_number f = m.feed_of(feed);
        store(f, body);
        m.on_append({.feed = f,
                     .size = 345,
                     .sequence = static_cast<std::int64_t>(log[f].size()),
                     .body = body});
    }

    static options with_key() {
        options chosen;
        chosen.key = {.first = 0x0123456789abcdef, .second = 0xfedcba9876543210};
        return chosen;
    }

    std::string id;
    machine m;
    std::vector<std::vector<std::shared_ptr<const void>>> log;
    std::map<std::string, std::map<std::string, std::int64_t>> clocks;
};

struct traffic {
    std::uint64_t messages = 0;
    std::uint64_t notes = 0;
};

// Two nodes and the link between them.
class pair_of_nodes {
public:
    pair_of_nodes(int feeds, int messages) : body_(std::make_shared<const std::string>(345, 'x')) {
        for (int n = 0; n < feeds; ++n) {
            names.push_back(feed_name(n));
            a.fill(names.back(), messages, body_);
            a.m.request(names.back());
            b.m.request(names.back());
        }
    }
    void connect() {
        result<stream> at_a = a.m.create_stream(b.id, 3, false);
        result<stream> at_b = b.m.create_stream(a.id, 3, true);
        to_b_ = at_a.value();
        to_a_ = at_b.value();
    }
    traffic exchange() {
        traffic all;
        bool is_busy = true;
        while (is_busy) {
            a.m.run();
            is_busy = carry(a, to_b_, b, to_a_, all);
            b.m.run();
            is_busy = carry(b, to_a_, a, to_b_, all) || is_busy;
        }
        return all;
    }
    void close() {
        a.m.close(to_b_);
        b.m.close(to_a_);
    }
    void change(int feeds) {
        for (int n = 0; n < feeds; ++n) {
            a.append_own(names[static_cast<std::size_t>(n)], body_);
        }
    }

    node a{"@a"};
    node b{"@b"};
    std::vector<std::string> names;

private:
    bool carry(node& from, stream to, node& into, stream back, traffic& all) {
        bool is_any = false;
        for (message what; from.m.next_message(to, what); ++all.messages) {
            (void)into.m.receive(back, from.m.id_of(what.feed), what.sequence, what.size,
                                 std::move(what.body));
            is_any = true;
        }
        while (from.m.next_notes(to, 100'000, frame_)) {
            into.m.notes(back, frame_);
            all.notes += frame_.size();
            is_any = true;
        }
        return is_any;
    }

    std::shared_ptr<const void> body_;
    stream to_a_;
    stream to_b_;
    std::vector<note> frame_;
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

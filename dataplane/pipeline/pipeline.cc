#include "dataplane/pipeline/pipeline.hh"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "dataplane/pipeline/classify.hh"
#include "dataplane/pipeline/protocols.hh"
#include "dataplane/pipeline/rewrite.hh"

namespace rhumb {

namespace {

// The lane of a burst whose packets all need the same stage.
constexpr std::array<std::uint8_t, burst::capacity> every_packet = [] {
    std::array<std::uint8_t, burst::capacity> index{};
    std::iota(index.begin(), index.end(), std::uint8_t{0});
    return index;
}();

template <class Stage, class Trace>
void run_stage(burst& b, protocol whole_burst, const stage_context& context, lanes& waiting,
               Trace& trace) noexcept {
    if (whole_burst == Stage::kind) {
        return Stage::process(b, {every_packet.data(), b.count}, context, waiting, trace);
    }
    lane_list& mine = waiting.of(Stage::kind);
    if (mine.count != 0) {
        const lane_list packets = mine;  // the stage may put packets into any lane
        mine.count = 0;
        Stage::process(b, packets.all(), context, waiting, trace);
    }
}

template <class... Stages>
bool any_waits(lanes& waiting, std::tuple<Stages...>) noexcept {
    return ((waiting.of(Stages::kind).count != 0) || ...);
}

// Counts the frames that go no further; a packet that no round settled is dropped here.
void settle(burst& b, port_counters& port) noexcept {
    for (std::size_t i = 0; i < b.count; ++i) {
        switch (b.fate[i]) {
            case verdict::forward: break;
            case verdict::again: b.drop(i, drop_reason::too_many_rounds); [[fallthrough]];
            case verdict::drop:
                count_up(port.drops[static_cast<std::size_t>(b.reason[i])], 1);
                break;
            case verdict::punt: ++b.punt_count; [[fallthrough]];
            case verdict::slow:
                count_up(port.punts[static_cast<std::size_t>(b.reason[i])], 1);
                break;
        }
    }
}

// Through the stages and out. `whole_burst`: what all packets need, or `unknown` and they are in
// their lanes.
template <class Trace>
[[gnu::always_inline]] inline void run_stages(burst& b, protocol whole_burst, lanes& waiting,
                                              const stage_context& context, Trace& trace) noexcept {
    for (unsigned round = 0; round < max_rounds; ++round) {
        std::apply(
            [&](auto... stage) {
                (run_stage<decltype(stage)>(b, whole_burst, context, waiting, trace), ...);
            },
            protocols{});
        whole_burst = protocol::unknown;
        if (!any_waits(waiting, protocols{})) [[likely]] {
            break;
        }
    }
    if (!rewrite(b, context, trace)) {
        settle(b, context.counters.ports[b.in_port]);
    }
}

}  // namespace

template <class Trace>
void run_pipeline(burst& b, const stage_context& context, Trace& trace) noexcept {
    lanes waiting;
    const protocol whole_burst = classify(b, context.tables.filters[b.in_port], waiting, trace);
    run_stages(b, whole_burst, waiting, context, trace);
}

void run_own(burst& b, protocol kind, const stage_context& context) noexcept {
    lanes waiting;
    no_trace trace;
    b.start();
    b.set_kinds(kind);
    constexpr std::uint8_t as_it_is = 255;  // nothing is taken off the TTL that it was made with
    std::fill_n(b.ttl.begin(), b.count, as_it_is);
    run_stages(b, kind, waiting, context, trace);
}

template void run_pipeline(burst&, const stage_context&, no_trace&) noexcept;
template void run_pipeline(burst&, const stage_context&, trace_log&) noexcept;

}  // namespace rhumb

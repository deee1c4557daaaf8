#include "dataplane/pipeline/pipeline.hh"

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
            case verdict::punt:
                count_up(port.punts[static_cast<std::size_t>(b.reason[i])], 1);
                break;
        }
    }
}

}  // namespace

template <class Trace>
void run_pipeline(burst& b, const stage_context& context, Trace& trace) noexcept {
    lanes waiting;
    protocol whole_burst = classify(b, context.tables.filters[b.in_port], waiting, trace);
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

template void run_pipeline(burst&, const stage_context&, no_trace&) noexcept;
template void run_pipeline(burst&, const stage_context&, trace_log&) noexcept;

}  // namespace rhumb

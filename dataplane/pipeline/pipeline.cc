#include "dataplane/pipeline/pipeline.hh"

#include <tuple>

#include "dataplane/pipeline/classify.hh"
#include "dataplane/pipeline/protocols.hh"
#include "dataplane/pipeline/rewrite.hh"

namespace rhumb {

namespace {

template <class Stage>
lane lane_of(const burst& b) noexcept {
    lane result;
    for (std::size_t i = 0; i < b.count; ++i) {
        if (b.fate[i] == verdict::again && b.kind[i] == Stage::kind) {
            result.add(i);
        }
    }
    return result;
}

template <class Stage, class Trace>
void run_stage(burst& b, const stage_context& context, Trace& trace) noexcept {
    const lane packets = lane_of<Stage>(b);
    if (packets.count != 0) {
        Stage::process(b, packets, context, trace);
    }
}

bool any_left(const burst& b) noexcept {
    for (std::size_t i = 0; i < b.count; ++i) {
        if (b.fate[i] == verdict::again) {
            return true;
        }
    }
    return false;
}

// Counts the frames that came in and those that go no further; a packet that no round settled is
// dropped here.
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
    classify(b, context.tables.filters[b.in_port], trace);
    for (unsigned round = 0; round < max_rounds && any_left(b); ++round) {
        std::apply([&](auto... stage) { (run_stage<decltype(stage)>(b, context, trace), ...); },
                   protocols{});
    }
    rewrite(b, context, trace);
    settle(b, context.counters.ports[b.in_port]);
}

template void run_pipeline(burst&, const stage_context&, no_trace&) noexcept;
template void run_pipeline(burst&, const stage_context&, trace_log&) noexcept;

}  // namespace rhumb

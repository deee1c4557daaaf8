// The SCION stage: a border router (draft-dekater-scion-dataplane). It checks the current hop
// field of each packet, MAC included, moves the pointer, and forwards to the link, the sibling
// router or the host that the packet names. See README.md here. Threads: worker.
#pragma once

#include "rhumb/packet/burst.hh"
#include "rhumb/packet/lane.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/table/stage_context.hh"

namespace rhumb::scion {

struct stage {
    static constexpr protocol kind = protocol::scion;

    // In: `front` is the IP header, checked, of a packet for one of this router's underlay
    // addresses. Out: a new IP header in front, in the lane of its version; or drop, punt, slow.
    template <class Trace>
    static void process(burst& b, lane packets, const stage_context& context, lanes& uncovered,
                        Trace& trace) noexcept;
};

extern template void stage::process(burst&, lane, const stage_context&, lanes&, no_trace&) noexcept;
extern template void stage::process(burst&, lane, const stage_context&, lanes&,
                                    trace_log&) noexcept;

}  // namespace rhumb::scion

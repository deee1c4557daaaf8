// The SR-MPLS stage: RFC 8402's PUSH, NEXT and CONTINUE spelled in labels (RFC 8660, RFC 3032),
// with the TTL rules of RFC 3443 and entropy labels of RFC 6790. See README.md here.
// Threads: worker.
#pragma once

#include <cstdint>

#include "rhumb/packet/burst.hh"
#include "rhumb/packet/lane.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/table/stage_context.hh"
#include "rhumb/wire/ethernet.hh"

namespace rhumb::mpls {

struct stage {
    static constexpr protocol kind = protocol::mpls;
    static constexpr std::uint16_t ethertype = ethernet::type_mpls;

    // One verdict for each packet of the lane, whose front is the top label stack entry:
    // forward, drop or punt; again where an IP packet was uncovered that is to be looked up.
    template <class Trace>
    static void process(burst& b, lane packets, const stage_context& context, lanes& uncovered,
                        Trace& trace) noexcept;
};

extern template void stage::process(burst&, lane, const stage_context&, lanes&, no_trace&) noexcept;
extern template void stage::process(burst&, lane, const stage_context&, lanes&,
                                    trace_log&) noexcept;

}  // namespace rhumb::mpls

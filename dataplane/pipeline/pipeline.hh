// A burst's way from received frames to frames to send:
//
//   classify -> (lanes -> stages) at most three rounds -> rewrite
//
// A stage that uncovers a packet of another protocol leaves the verdict `again`, and the next round
// brings it to that protocol's stage. Threads: worker.
#pragma once

#include "rhumb/packet/burst.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/table/stage_context.hh"

namespace rhumb {

inline constexpr unsigned max_rounds = 3;

// In: count, in_port, and front, end and room of each frame. Out: one verdict a packet, never
// `again`; see rewrite.hh for those to forward. Counts what labels, prefixes, next hops and drop
// reasons did.
template <class Trace>
void run_pipeline(burst& b, const stage_context& context, Trace& trace) noexcept;

// The same for IPv4 or IPv6 packets of this router's own: front is the IP header, and they leave
// with the TTL that they have.
void run_own(burst& b, protocol kind, const stage_context& context) noexcept;

extern template void run_pipeline(burst&, const stage_context&, no_trace&) noexcept;
extern template void run_pipeline(burst&, const stage_context&, trace_log&) noexcept;

}  // namespace rhumb

// Last step of the pipeline: the next hop, or its backup, and the layer 2 header. One place for
// all protocols. Threads: worker.
#pragma once

#include "rhumb/packet/burst.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/table/stage_context.hh"

namespace rhumb {

// For each packet to forward: out_port is set, and front is the Ethernet header of the frame to
// send; or it is dropped (next hop down, MTU, headroom). True if all packets of the burst are to be
// forwarded.
template <class Trace>
[[nodiscard]] bool rewrite(burst& b, const stage_context& context, Trace& trace) noexcept;

extern template bool rewrite(burst&, const stage_context&, no_trace&) noexcept;
extern template bool rewrite(burst&, const stage_context&, trace_log&) noexcept;

}  // namespace rhumb

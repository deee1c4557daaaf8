// First step of the pipeline: from Ethernet frames to packets of a protocol. Threads: worker.
#pragma once

#include "rhumb/packet/burst.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/table/table_set.hh"

namespace rhumb {

// In: front, length and headroom of each packet are those of its Ethernet frame; length 0 stands
// for a frame that came in several buffers.
// Out: front is the network header, kind the protocol, and the verdict is `again`; or a verdict:
// dropped, or punted, frames that are not for the data plane.
template <class Trace>
void classify(burst& b, const port_filter& filter, Trace& trace) noexcept;

extern template void classify(burst&, const port_filter&, no_trace&) noexcept;
extern template void classify(burst&, const port_filter&, trace_log&) noexcept;

}  // namespace rhumb

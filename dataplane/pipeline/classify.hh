// First step of the pipeline: from Ethernet frames to packets of a protocol. Threads: worker.
#pragma once

#include "rhumb/packet/burst.hh"
#include "rhumb/packet/lane.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/table/table_set.hh"

namespace rhumb {

// In: front, end and room of each packet are those of its Ethernet frame; length 0 stands for a
// frame that came in several buffers.
// Out: front is the network header, kind the protocol, and the verdict is `again`; or a verdict:
// dropped, or punted, frames that are not for the data plane. If all packets are of one protocol,
// which is the usual case, classify() returns it; else `unknown`, and puts them into their lanes.
template <class Trace>
[[nodiscard]] protocol classify(burst& b, const port_filter& filter, lanes& waiting,
                                Trace& trace) noexcept;

extern template protocol classify(burst&, const port_filter&, lanes&, no_trace&) noexcept;
extern template protocol classify(burst&, const port_filter&, lanes&, trace_log&) noexcept;

}  // namespace rhumb

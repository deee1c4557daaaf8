// The IP stage: forwarding as a router does it (RFC 1812, RFC 8200), and ingress and egress of
// segment lists (RFC 8402, RFC 8660). See README.md here. Threads: worker.
#pragma once

#include <cstdint>

#include "rhumb/packet/burst.hh"
#include "rhumb/packet/lane.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/table/stage_context.hh"
#include "rhumb/wire/ethernet.hh"

namespace rhumb::ip {

struct ipv4_stage {
    static constexpr protocol kind = protocol::ipv4;
    static constexpr std::uint16_t ethertype = ethernet::type_ipv4;

    // One verdict for each packet of the lane, whose front is the IPv4 header: forward, drop, punt.
    template <class Trace>
    static void process(burst& b, lane packets, const stage_context& context, lanes& uncovered,
                        Trace& trace) noexcept;
};

struct ipv6_stage {
    static constexpr protocol kind = protocol::ipv6;
    static constexpr std::uint16_t ethertype = ethernet::type_ipv6;

    template <class Trace>
    static void process(burst& b, lane packets, const stage_context& context, lanes& uncovered,
                        Trace& trace) noexcept;
};

extern template void ipv4_stage::process(burst&, lane, const stage_context&, lanes&,
                                         no_trace&) noexcept;
extern template void ipv4_stage::process(burst&, lane, const stage_context&, lanes&,
                                         trace_log&) noexcept;
extern template void ipv6_stage::process(burst&, lane, const stage_context&, lanes&,
                                         no_trace&) noexcept;
extern template void ipv6_stage::process(burst&, lane, const stage_context&, lanes&,
                                         trace_log&) noexcept;

}  // namespace rhumb::ip

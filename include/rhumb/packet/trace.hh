// Following a packet through the pipeline, step by step. Stages are templates over a tracer: with
// no_trace all of it compiles away; with trace_log each decision becomes an event, which the
// control thread turns into words (api/explain.hh). Threads: a tracer belongs to one worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rhumb/packet/burst.hh"

namespace rhumb {

// What happened, and what `a` and `b` of the event say.
enum class step : std::uint8_t {
    classified,      // a: ethertype
    label_lookup,    // a: label stack entry as it came, b: label_op
    label_popped,    // a: label
    entropy_popped,  // a: entropy label
    ttl_taken,       // a: TTL that came, b: TTL to leave with
    label_swapped,   // a: old label stack entry, b: new one
    labels_pushed,   // a: how many, b: top label stack entry
    payload_ttl,     // a: old TTL of what the pop uncovered, b: new one
    to_protocol,     // a: protocol
    route_found,     // a: route number
    path_chosen,     // a: bucket of the group, b: next hop
    sent_to,         // a: next hop
    backup_taken,    // a: the next hop that is down, b: its backup
    scion_arrived,   // a: link, b: interface
    // Byte offsets count from SCION's common header on.
    scion_path,        // a: PathMeta, b: its offset, and above 16 bits the path type
    scion_hop,         // a: ingress above 16 bits, egress below, by the direction of travel;
                       // b: the hop field's offset, and above 16 bits its info field's flags
    scion_good_until,  // a: seconds since 1970
    scion_one_hop,     // a: the interface between the two ASes, b: 1 for a packet that leaves
    scion_id,          // a: SegID to verify with, b: 1 where a MAC has been taken back out of it
    scion_mac,         // a: 0 right under the current key, 1 under the former, 2 under neither
    scion_switched,    // a: PathMeta
    scion_id_chained,  // a: SegID that leaves
    scion_advanced,    // a: PathMeta
    scion_epic,        // a: 2 for the last hop but one, 1 for the last
    scion_delivered,   // a: the host's IPv4 address, else 0, b: UDP port
    scion_sent,        // a: link, b: scion::traffic
    layer2_written,    // a: port
};

struct trace_event {
    step what = step::classified;
    std::uint32_t a = 0;
    std::uint32_t b = 0;
};

struct no_trace {
    static constexpr bool on = false;
    static constexpr void note(std::size_t, step, std::uint32_t = 0, std::uint32_t = 0) noexcept {}
};

// Keeps the first events of every packet of one burst.
class trace_log {
public:
    static constexpr bool on = true;
    static constexpr std::size_t max_events = 48;

    struct events {
        std::array<trace_event, max_events> list;
        std::uint8_t count = 0;
    };

    void clear() noexcept {
        for (events& e : packets_) {
            e.count = 0;
        }
    }
    void note(std::size_t packet, step what, std::uint32_t a = 0, std::uint32_t b = 0) noexcept {
        events& e = packets_[packet];
        if (e.count < max_events) {
            e.list[e.count++] = {what, a, b};
        }
    }
    [[nodiscard]] const events& of(std::size_t packet) const noexcept { return packets_[packet]; }

private:
    std::array<events, burst::capacity> packets_;
};

}  // namespace rhumb

// Looking at packets while they pass: traces of single packets, and captures of ports. The packet
// path pays one relaxed load a burst while nobody looks. Threads: requests by control, the rest by
// the worker that owns the tap; records go through record_queue.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "dataplane/io/record_queue.hh"
#include "rhumb/bytes.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/table/stage_context.hh"

namespace rhumb::io {

inline constexpr std::size_t trace_bytes = 256;     // of a frame, kept in a trace
inline constexpr std::size_t capture_bytes = 9728;  // of a frame, kept in a capture
inline constexpr std::size_t most_traces = 256;     // that wait for control, a worker

struct trace_record {
    std::uint64_t generation;  // of the tables used
    std::uint16_t length_in;
    std::uint16_t length_out;  // forwarded packets only
    std::uint8_t in_port;
    std::uint8_t out_port;  // likewise
    verdict fate;
    drop_reason reason;
    slow_request asked;  // packets for the slow path only
    trace_log::events steps;
    std::array<byte, trace_bytes> in;
    std::array<byte, trace_bytes> out;
};

struct capture_record {
    std::uint64_t nanoseconds;  // since 1970
    std::uint16_t length;       // of the frame
    std::uint16_t captured;     // bytes in data
    std::uint8_t port;
    bool sent;  // else received
    std::array<byte, capture_bytes> data;
};

// What to look at: one for all workers. `active` says whether anything is wanted at all.
struct tap_requests {
    std::atomic<bool> active{false};
    std::atomic<std::uint32_t> traces_left{0};
    std::atomic<std::int32_t> trace_port{-1};   // -1: any
    std::atomic<std::int32_t> trace_label{-1};  // anywhere in the stack that comes in; -1: any
    std::atomic<std::uint64_t> capture_ports{0};
};

class tap {
public:
    // `punt_port`: where frames for the control plane go, or transmitter::no_port.
    tap(tap_requests& requests, std::uint8_t punt_port)
        : requests_(requests), punt_port_(punt_port) {}

    // Runs the pipeline over the burst and records what was asked for.
    void run_watched(burst& b, const stage_context& context) noexcept;

    record_queue<trace_record> traces{most_traces};
    record_queue<capture_record> captures{256};

private:
    void capture_sent(const burst& b, std::uint64_t ports) noexcept;
    // `here`: how much of the frame, `length` bytes long, is in the buffer at `frame`.
    void capture(const byte* frame, std::size_t here, std::size_t length, std::uint8_t port,
                 bool sent) noexcept;
    [[nodiscard]] bool wanted(const burst& b, std::size_t i) const noexcept;
    void remember(const burst& b) noexcept;
    void trace(const burst& b, std::size_t i, const stage_context& context) noexcept;

    tap_requests& requests_;
    const std::uint8_t punt_port_;
    trace_log log_;
    // The frames as they came in.
    std::array<std::array<byte, trace_bytes>, burst::capacity> before_;
    std::array<std::uint16_t, burst::capacity> length_before_;
    std::array<bool, burst::capacity> wanted_;
};

}  // namespace rhumb::io

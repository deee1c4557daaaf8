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
    std::uint32_t round;
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
    std::uint32_t round;
    std::uint16_t length;    // of the frame
    std::uint16_t captured;  // bytes in data
    std::uint8_t port;
    bool sent;  // else received
    std::array<byte, capture_bytes> data;
};

// What to look at: one for all workers. `active` says whether anything is wanted at all.
//
// Traces and captures are numbered by `round`, which goes up before each. A worker may still be in
// the middle of a burst of an earlier one: its records have the round that it saw.
struct tap_requests {
    std::atomic<bool> active{false};
    std::atomic<std::uint32_t> round{0};
    std::atomic<std::uint64_t> traces_left{0};  // and of which round: traces_of()
    std::atomic<std::int32_t> trace_port{-1};   // -1: any
    std::atomic<std::int32_t> trace_label{-1};  // anywhere in the stack that comes in; -1: any
    std::atomic<std::uint64_t> capture_ports{0};

    // `count` traces of a round, in one value: who counts down cannot count those of another.
    static constexpr std::uint64_t traces_of(std::uint32_t round, std::uint32_t count) noexcept {
        return std::uint64_t{round} << 32 | count;
    }
    static constexpr std::uint32_t round_of(std::uint64_t left) noexcept {
        return static_cast<std::uint32_t>(left >> 32);
    }
    static constexpr bool has_traces(std::uint64_t left) noexcept {
        return static_cast<std::uint32_t>(left) != 0;
    }
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
    void capture_received(const burst& b) noexcept;
    void capture_sent(const burst& b, std::uint64_t ports) noexcept;
    // `here`: how much of the frame, `length` bytes long, is in the buffer at `frame`.
    void capture(const byte* frame, std::size_t here, std::size_t length, std::uint8_t port,
                 bool sent) noexcept;
    // Takes one of the traces that are left of `trace_round_`.
    [[nodiscard]] bool count_down() noexcept;
    [[nodiscard]] bool wanted(const burst& b, std::size_t i) const noexcept;
    void remember(const burst& b) noexcept;
    void trace(const burst& b, std::size_t i, const stage_context& context) noexcept;

    tap_requests& requests_;
    const std::uint8_t punt_port_;
    std::uint32_t capture_round_ = 0;  // at the start of the burst
    std::uint32_t trace_round_ = 0;    // likewise
    trace_log log_;
    // The frames as they came in.
    std::array<std::array<byte, trace_bytes>, burst::capacity> before_;
    std::array<std::uint16_t, burst::capacity> length_before_;
    std::array<bool, burst::capacity> wanted_;
};

}  // namespace rhumb::io

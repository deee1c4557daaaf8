#include "dataplane/io/tap.hh"

#include <rte_mbuf.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "dataplane/io/transmit.hh"
#include "dataplane/pipeline/pipeline.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::io {

namespace {

bool has_label(const byte* frame, std::size_t length, mpls::label label) noexcept {
    std::size_t at = ethernet::header_bytes;
    if (length < at) {
        return false;
    }
    std::uint16_t type = load_be16(frame + ethernet::type_offset);
    if (type == ethernet::type_vlan && length >= ethernet::tagged_header_bytes) {
        at = ethernet::tagged_header_bytes;
        type = load_be16(frame + at - 2);
    }
    if (type != ethernet::type_mpls) {
        return false;
    }
    for (; length - at >= mpls::lse_bytes; at += mpls::lse_bytes) {
        const mpls::lse entry = load_be32(frame + at);
        if (mpls::label_of(entry) == label) {
            return true;
        }
        if (mpls::is_bottom(entry)) {
            return false;
        }
    }
    return false;
}

}  // namespace

void tap::run_watched(burst& b, const stage_context& context) noexcept {
    // Before the ports and the clock: a record is never older than its round.
    capture_round_ = requests_.round.load(std::memory_order_acquire);
    const std::uint64_t ports = requests_.capture_ports.load(std::memory_order_relaxed);
    if ((ports >> b.in_port & 1) != 0) {
        capture_received(b);
    }
    const std::uint64_t left = requests_.traces_left.load(std::memory_order_acquire);
    if (tap_requests::has_traces(left)) {
        trace_round_ = tap_requests::round_of(left);
        remember(b);
        run_pipeline(b, context, log_);
        for (std::size_t i = 0; i < b.count; ++i) {
            if (wanted_[i]) {
                trace(b, i, context);
            }
        }
    } else {
        no_trace none;
        run_pipeline(b, context, none);
    }
    capture_sent(b, ports);
}

void tap::capture_received(const burst& b) noexcept {
    for (std::size_t i = 0; i < b.count; ++i) {
        // A frame in several buffers has no length in the burst.
        const auto* const m = static_cast<const rte_mbuf*>(b.handle[i]);
        capture(b.front[i], m->data_len, m->pkt_len, b.in_port, false);
    }
}

void tap::capture_sent(const burst& b, std::uint64_t ports) noexcept {
    const bool punts = transmitter::punts(punt_port_, b.in_port) && (ports >> punt_port_ & 1) != 0;
    for (std::size_t i = 0; i < b.count; ++i) {
        if (b.fate[i] == verdict::forward && (ports >> b.out_port[i] & 1) != 0) {
            capture(b.front[i], b.length(i), b.length(i), b.out_port[i], true);
        } else if (b.fate[i] == verdict::punt && punts) {
            // It leaves as it came; `front` may be behind headers that were looked at.
            const auto* const m = static_cast<const rte_mbuf*>(b.handle[i]);
            capture(rte_pktmbuf_mtod(m, const byte*), m->data_len, m->pkt_len, punt_port_, true);
        }
    }
}

void tap::capture(const byte* frame, std::size_t here, std::size_t length, std::uint8_t port,
                  bool sent) noexcept {
    capture_record* const record = captures.acquire();
    if (record == nullptr) {
        return;
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    record->nanoseconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
    record->round = capture_round_;
    record->length = static_cast<std::uint16_t>(length);
    record->captured = static_cast<std::uint16_t>(std::min<std::size_t>(here, capture_bytes));
    record->port = port;
    record->sent = sent;
    std::memcpy(record->data.data(), frame, record->captured);
    captures.push(record);
}

bool tap::wanted(const burst& b, std::size_t i) const noexcept {
    const std::int32_t port = requests_.trace_port.load(std::memory_order_relaxed);
    const std::int32_t label = requests_.trace_label.load(std::memory_order_relaxed);
    return (port < 0 || port == b.in_port) &&
           (label < 0 || has_label(b.front[i], b.length(i), static_cast<mpls::label>(label)));
}

void tap::remember(const burst& b) noexcept {
    log_.clear();
    for (std::size_t i = 0; i < b.count; ++i) {
        wanted_[i] = wanted(b, i);
        if (wanted_[i]) {
            length_before_[i] = static_cast<std::uint16_t>(b.length(i));
            std::memcpy(before_[i].data(), b.front[i],
                        std::min<std::size_t>(b.length(i), trace_bytes));
        }
    }
}

bool tap::count_down() noexcept {
    // Several workers may count down at once.
    std::uint64_t left = requests_.traces_left.load(std::memory_order_relaxed);
    while (tap_requests::round_of(left) == trace_round_ && tap_requests::has_traces(left)) {
        if (requests_.traces_left.compare_exchange_weak(left, left - 1)) {
            return true;
        }
    }
    return false;
}

void tap::trace(const burst& b, std::size_t i, const stage_context& context) noexcept {
    trace_record* const record = count_down() ? traces.acquire() : nullptr;
    if (record == nullptr) {
        return;
    }
    record->generation = context.tables.generation;
    record->round = trace_round_;
    record->length_in = length_before_[i];
    record->in_port = b.in_port;
    record->in = before_[i];
    record->fate = b.fate[i];
    record->reason = b.fate[i] == verdict::forward ? drop_reason::none : b.reason[i];
    record->asked = b.fate[i] == verdict::slow ? b.slow[i] : slow_request{};
    record->steps = log_.of(i);
    record->length_out = 0;
    if (b.fate[i] == verdict::forward) {
        record->out_port = b.out_port[i];
        record->length_out = static_cast<std::uint16_t>(b.length(i));
        std::memcpy(record->out.data(), b.front[i],
                    std::min<std::size_t>(b.length(i), trace_bytes));
    }
    traces.push(record);
}

}  // namespace rhumb::io

// From verdicts to transmit queues: one call to the driver for all packets of a burst that leave by
// a port, none copied. Threads: a transmitter belongs to one worker.
#pragma once

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <cstdint>
#include <vector>

#include "rhumb/packet/burst.hh"
#include "rhumb/table/counters.hh"

namespace rhumb::io {

// How one worker reaches one port.
struct way_out {
    std::uint16_t device = 0;
    std::uint16_t queue = 0;
    rte_ring* hand_over = nullptr;  // set: another worker owns the port's only queue
};

class transmitter {
public:
    static constexpr std::uint8_t no_port = 0xff;

    // Whether punted frames leave by the punt port: not where there is none, or they came in by it.
    [[nodiscard]] static constexpr bool punts(std::uint8_t punt_port,
                                              std::uint8_t in_port) noexcept {
        return punt_port != no_port && punt_port != in_port;
    }

    // `ways`: by port number. `punt_port`: where frames for the control plane go, or no_port.
    transmitter(std::vector<way_out> ways, std::uint8_t punt_port, worker_counters& counters)
        : ways_(std::move(ways)),
          punt_port_(punt_port),
          counters_(counters),
          pending_(ways_.size()) {}

    // Sends, hands over or frees every packet of the burst.
    void send(burst& b) noexcept {
        if (b.leaves_by_one_port() && ways_[b.out_port[0]].hand_over == nullptr) [[likely]] {
            return send_as_it_is(b);
        }
        for (std::size_t i = 0; i < b.count; ++i) {
            auto* const m = static_cast<rte_mbuf*>(b.handle[i]);
            m->port = b.in_port;  // ours: whoever drops it counts it there
            switch (b.fate[i]) {
                case verdict::forward:
                    commit(b, i);
                    queue(b.out_port[i], m);
                    break;
                case verdict::punt:  // as it came in
                    if (punts(punt_port_, b.in_port)) {
                        queue(punt_port_, m);
                        break;
                    }
                    [[fallthrough]];
                default: rte_pktmbuf_free(m);  // also what the slow path has copied
            }
        }
        for (std::size_t port = 0; port < pending_.size(); ++port) {
            if (pending_[port].count != 0) {
                flush(port);
            }
        }
    }

    // Sends or hands over a packet of a BFD session, which is to be forwarded. Where a queue is
    // full data comes again at once and fills it, and a session that loses a few in a row is down:
    // so it is tried again, for a while.
    void send_session(const burst& b, std::size_t i) noexcept {
        commit(b, i);
        auto* const m = static_cast<rte_mbuf*>(b.handle[i]);
        m->port = b.in_port;
        if (!try_send(b.out_port[i], m)) {
            keep(b.out_port[i], m);
        }
    }
    [[nodiscard]] bool has_late() const noexcept { return late_count_ != 0; }
    // Whether any was sent or given up.
    bool send_late() noexcept {
        const std::uint64_t now = rte_get_tsc_cycles();
        std::size_t kept = 0;
        for (std::size_t n = 0; n < late_count_; ++n) {
            late_frame& one = late_[n];
            if (try_send(one.port, one.frame)) {
                continue;
            }
            if (now > one.until) {  // what it says is no longer news
                give_up(&one.frame, 1);
                continue;
            }
            late_[kept++] = one;
        }
        const bool any = kept != late_count_;
        late_count_ = kept;
        return any;
    }

    // Sends what other workers have put into a port's ring. Precondition: this worker owns the
    // queue.
    std::size_t drain(rte_ring* ring, std::uint8_t port) noexcept {
        std::array<rte_mbuf*, burst::capacity> from;
        const unsigned n = rte_ring_sc_dequeue_burst(ring, reinterpret_cast<void**>(from.data()),
                                                     burst::capacity, nullptr);
        if (n != 0) {
            const std::uint16_t sent =
                put(port, from.data(), static_cast<std::uint16_t>(n), bytes_of(from.data(), n));
            for (std::size_t i = sent; i < n; ++i) {
                if (from[i]->port == own_port) {  // perhaps a session's
                    keep(port, from[i]);
                } else {
                    give_up(&from[i], 1);
                }
            }
        }
        return n;
    }

private:
    struct line {
        std::array<rte_mbuf*, burst::capacity> packets;
        std::uint16_t count = 0;
    };
    struct late_frame {
        rte_mbuf* frame = nullptr;
        std::size_t port = 0;
        std::uint64_t until = 0;  // TSC
    };

    [[nodiscard]] bool try_send(std::size_t port, rte_mbuf* m) noexcept {
        return ways_[port].hand_over != nullptr ? rte_ring_mp_enqueue(ways_[port].hand_over, m) == 0
                                                : put(port, &m, 1, m->pkt_len) == 1;
    }
    void keep(std::size_t port, rte_mbuf* m) noexcept {
        if (late_count_ == late_.size()) {
            give_up(&m, 1);
            return;
        }
        late_[late_count_++] = {m, port, rte_get_tsc_cycles() + rte_get_tsc_hz() / 10};
    }

    void queue(std::size_t port, rte_mbuf* m) noexcept {
        line& waiting = pending_[port];
        waiting.packets[waiting.count++] = m;
    }

    void flush(std::size_t port) noexcept {
        line& waiting = pending_[port];
        if (ways_[port].hand_over == nullptr) {
            transmit(port, waiting.packets.data(), waiting.count,
                     bytes_of(waiting.packets.data(), waiting.count));
        } else {
            const unsigned taken = rte_ring_mp_enqueue_burst(
                ways_[port].hand_over, reinterpret_cast<void**>(waiting.packets.data()),
                waiting.count, nullptr);
            give_up(waiting.packets.data() + taken, waiting.count - taken);
        }
        waiting.count = 0;
    }

    // All packets of a burst by one port: the burst's own array of buffers is what the driver gets.
    void send_as_it_is(burst& b) noexcept {
        std::uint64_t bytes = 0;
        for (std::size_t i = 0; i < b.count; ++i) {
            bytes += commit(b, i);
            static_cast<rte_mbuf*>(b.handle[i])->port = b.in_port;
        }
        transmit(b.out_port[0], reinterpret_cast<rte_mbuf**>(b.handle.data()), b.count, bytes);
    }

    // Tells the buffer where its frame now is; returns the frame's length.
    static std::uint16_t commit(const burst& b, std::size_t i) noexcept {
        auto* const m = static_cast<rte_mbuf*>(b.handle[i]);
        const auto length = static_cast<std::uint16_t>(b.end[i] - b.front[i]);
        m->data_off = static_cast<std::uint16_t>(b.front[i] - b.room[i]);
        m->data_len = length;
        m->pkt_len = length;
        return length;
    }

    static std::uint64_t bytes_of(rte_mbuf* const* packets, std::size_t count) noexcept {
        std::uint64_t bytes = 0;
        for (std::size_t n = 0; n < count; ++n) {
            bytes += packets[n]->pkt_len;
        }
        return bytes;
    }

    // `bytes`: of all packets together.
    void transmit(std::size_t port, rte_mbuf** packets, std::uint16_t count,
                  std::uint64_t bytes) noexcept {
        const std::uint16_t sent = put(port, packets, count, bytes);
        give_up(packets + sent, count - sent);
    }

    // How many the driver took; the others are still the caller's.
    std::uint16_t put(std::size_t port, rte_mbuf** packets, std::uint16_t count,
                      std::uint64_t bytes) noexcept {
        const std::uint16_t sent =
            rte_eth_tx_burst(ways_[port].device, ways_[port].queue, packets, count);
        for (std::size_t n = sent; n < count; ++n) {
            bytes -= packets[n]->pkt_len;
        }
        count_up(counters_.ports[port].tx.packets, sent);
        count_up(counters_.ports[port].tx.bytes, bytes);
        return sent;
    }

    void give_up(rte_mbuf** packets, std::size_t count) noexcept {
        if (count != 0) [[unlikely]] {
            constexpr auto full = static_cast<std::size_t>(drop_reason::tx_queue_full);
            for (std::size_t n = 0; n < count; ++n) {
                count_up(counters_.ports[packets[n]->port].drops[full], 1);
            }
            rte_pktmbuf_free_bulk(packets, static_cast<unsigned>(count));
        }
    }

    std::vector<way_out> ways_;
    std::uint8_t punt_port_;
    worker_counters& counters_;
    std::vector<line> pending_;
    std::array<late_frame, 64> late_;
    std::size_t late_count_ = 0;
};

}  // namespace rhumb::io

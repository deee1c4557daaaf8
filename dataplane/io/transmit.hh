// From verdicts to transmit queues: one call to the driver for all packets of a burst that leave by
// a port, none copied. Threads: a transmitter belongs to one worker.
#pragma once

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

    // The frame of a packet that is to be forwarded, for try_send().
    [[nodiscard]] static rte_mbuf* frame_of(const burst& b, std::size_t i) noexcept {
        commit(b, i);
        auto* const m = static_cast<rte_mbuf*>(b.handle[i]);
        m->port = b.in_port;
        return m;
    }
    // Sends or hands over one frame; where there is no room it stays the caller's, and false.
    [[nodiscard]] bool try_send(std::size_t port, rte_mbuf* m) noexcept {
        const way_out& way = ways_[port];
        if (way.hand_over != nullptr) {
            return rte_ring_mp_enqueue(way.hand_over, m) == 0;
        }
        const std::uint32_t bytes = m->pkt_len;
        if (rte_eth_tx_burst(way.device, way.queue, &m, 1) != 1) {
            return false;
        }
        count_up(counters_.ports[port].tx.packets, 1);
        count_up(counters_.ports[port].tx.bytes, bytes);
        return true;
    }
    // Counts it as lost to a full queue.
    void give_up(rte_mbuf* m) noexcept { give_up(&m, 1); }

    // Sends what other workers have put into a port's ring. Precondition: this worker owns the
    // queue.
    std::size_t drain(rte_ring* ring, std::uint8_t port) noexcept {
        std::array<rte_mbuf*, burst::capacity> from;
        const unsigned n = rte_ring_sc_dequeue_burst(ring, reinterpret_cast<void**>(from.data()),
                                                     burst::capacity, nullptr);
        if (n != 0) {
            transmit(port, from.data(), static_cast<std::uint16_t>(n), bytes_of(from.data(), n));
        }
        return n;
    }

private:
    struct line {
        std::array<rte_mbuf*, burst::capacity> packets;
        std::uint16_t count = 0;
    };

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
        const std::uint16_t sent =
            rte_eth_tx_burst(ways_[port].device, ways_[port].queue, packets, count);
        for (std::size_t n = sent; n < count; ++n) {
            bytes -= packets[n]->pkt_len;
        }
        count_up(counters_.ports[port].tx.packets, sent);
        count_up(counters_.ports[port].tx.bytes, bytes);
        give_up(packets + sent, count - sent);
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
};

}  // namespace rhumb::io

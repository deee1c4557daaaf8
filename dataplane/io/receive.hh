// From a receive queue to a burst. Threads: the worker that owns the queue.
#pragma once

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "rhumb/packet/burst.hh"
#include "rhumb/table/counters.hh"

namespace rhumb::io {

// Fills `b` with at most `most` frames of the device's queue, and counts them.
inline void receive(std::uint16_t device, std::uint16_t queue, std::uint16_t most, burst& b,
                    counter& received) noexcept {
    auto** const buffers = reinterpret_cast<rte_mbuf**>(b.handle.data());
    b.count = rte_eth_rx_burst(device, queue, buffers, most);
    if (b.count == 0) {
        return;
    }
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < b.count; ++i) {
        const rte_mbuf* const m = buffers[i];
        // A frame in several buffers has only its first piece looked at, so that every length is
        // one that can be read; classify() gets to know by an empty one.
        const std::size_t length = m->nb_segs == 1 ? m->data_len : 0U;
        b.put(i, rte_pktmbuf_mtod(m, byte*), length, m->data_off);
        bytes += m->pkt_len;
    }
    count_up(received.packets, b.count);
    count_up(received.bytes, bytes);
}

}  // namespace rhumb::io

// From a receive queue to a burst. Threads: the worker that owns the queue.
#pragma once

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "rhumb/packet/burst.hh"

namespace rhumb::io {

// Fills `b` with at most `most` frames of the device's queue.
inline void receive(std::uint16_t device, std::uint16_t queue, std::uint16_t most,
                    burst& b) noexcept {
    auto** const buffers = reinterpret_cast<rte_mbuf**>(b.handle.data());
    b.count = rte_eth_rx_burst(device, queue, buffers, most);
    for (std::size_t i = 0; i < b.count; ++i) {
        const rte_mbuf* const m = buffers[i];
        // A frame in several buffers has only its first piece looked at, so that every length is
        // one that can be read; classify() gets to know by an empty one.
        b.put(i, rte_pktmbuf_mtod(m, byte*), m->nb_segs == 1 ? m->data_len : 0U, m->data_off);
    }
}

}  // namespace rhumb::io

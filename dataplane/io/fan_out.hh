// Spreads SCION packets over workers by their own flow. All packets of a link have the same outer
// addresses and ports, so what a NIC spreads by (RSS) sends them to one queue; its worker hands
// them on through rings, packets of one flow always to the same worker, in order. Threads: workers.
#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rhumb/packet/burst.hh"
#include "rhumb/table/counters.hh"

namespace rhumb::io {

class fan_out {
public:
    // `rings`: into each worker, by number; empty: nothing is spread. `self`: this worker.
    fan_out(std::vector<rte_ring*> rings, unsigned self)
        : rings_(std::move(rings)), self_(self), leaving_(rings_.size()) {}

    [[nodiscard]] bool is_on() const noexcept { return !rings_.empty(); }

    // Hands over the frames of a burst, as received, that are other workers'; the others move up.
    void spread(burst& b, port_counters& port) noexcept;

    // Frames that other workers have handed over, as if just received, all from one port; false
    // where there are none. Each is to be taken once.
    [[nodiscard]] bool take(burst& b, std::uint16_t most) noexcept;

private:
    struct line {
        std::array<rte_mbuf*, burst::capacity> packets;
        unsigned count = 0;
    };

    std::vector<rte_ring*> rings_;
    const unsigned self_;
    std::vector<line> leaving_;  // by worker
    // Taken from the ring and not yet given to the worker.
    std::array<rte_mbuf*, burst::capacity> arrived_{};
    unsigned arrived_count_ = 0;
    unsigned arrived_next_ = 0;
};

// By what a frame's flow goes: a number that is the same for all packets of a SCION flow, as the
// reference router tells flows apart (flow id and address header); nothing for other frames, nor
// for BFD, which must not be lost to a worker that is busy.
struct flow_number {
    bool is_scion = false;
    std::uint32_t number = 0;
};
[[nodiscard]] flow_number scion_flow(const byte* frame, std::size_t length) noexcept;

}  // namespace rhumb::io

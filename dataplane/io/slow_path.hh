// The worker's side of the slow path: packets of a burst into its queues, and what it has left
// there onto the wire. Threads: the worker's, but queues() as it says itself.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "dataplane/io/slow_queues.hh"
#include "dataplane/io/transmit.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/table/stage_context.hh"

namespace rhumb::io {

class slow_path {
public:
    slow_path(transmitter& out, rte_mempool* buffers) : out_(out), buffers_(buffers) {}

    // Takes copies of the burst's packets whose verdict is `slow`.
    void take(const burst& b, const stage_context& context) noexcept;
    // Of its punted frames those by which neighbours are found, as they came in.
    void take_neighbours(const burst& b, const stage_context& context) noexcept;
    // Sends what the slow path has left; whether there was anything.
    bool send(const stage_context& context) noexcept;
    [[nodiscard]] bool has_own() const noexcept { return late_count_ != 0 || queues_.has_own(); }

    [[nodiscard]] slow_queues& queues() noexcept { return queues_; }

private:
    // A BFD packet that found a full transmit queue. Data comes again at once and fills it; a
    // session that loses a few in a row is down. So it is tried again, for a while.
    struct late_packet {
        rte_mbuf* frame = nullptr;
        std::uint8_t port = 0;
        std::uint64_t until_ms = 0;
    };
    [[nodiscard]] bool send_late(std::uint64_t now_ms) noexcept;
    void send_one(const own_packet& packet, const stage_context& context) noexcept;
    void send_session(burst& b, std::uint64_t now_ms) noexcept;

    transmitter& out_;
    rte_mempool* const buffers_;
    slow_queues queues_;
    std::array<late_packet, 64> late_;
    std::size_t late_count_ = 0;
    std::unique_ptr<burst> burst_ = std::make_unique<burst>();
};

}  // namespace rhumb::io

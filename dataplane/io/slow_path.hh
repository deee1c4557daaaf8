// The worker's side of the slow path: packets of a burst into its queues, and what it has left
// there onto the wire. Threads: the worker's, but queues() as it says itself.
#pragma once

#include <rte_mbuf.h>

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
    [[nodiscard]] bool has_own() const noexcept { return queues_.has_own(); }

    [[nodiscard]] slow_queues& queues() noexcept { return queues_; }

private:
    void send_one(const own_packet& packet, const stage_context& context) noexcept;

    transmitter& out_;
    rte_mempool* const buffers_;
    slow_queues queues_;
    std::unique_ptr<burst> burst_ = std::make_unique<burst>();
};

}  // namespace rhumb::io

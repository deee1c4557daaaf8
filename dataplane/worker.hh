// A worker: one lcore that moves packets from the receive queues it owns to wherever they go.
// Threads: constructed and asked by control; run() on the worker's own thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/io/fan_out.hh"
#include "dataplane/io/slow_path.hh"
#include "dataplane/io/tap.hh"
#include "dataplane/io/transmit.hh"
#include "dataplane/sync/published.hh"
#include "dataplane/sync/qsbr.hh"
#include "rhumb/table/counters.hh"
#include "rhumb/table/liveness.hh"
#include "rhumb/table/table_set.hh"

namespace rhumb {

using published_tables = published<table_set, qsbr>;

// run: forward. drain: forward what is left, then report idle. stop: return.
enum class worker_phase : std::uint8_t { run, drain, stop };

// What all workers share with control.
struct worker_shared {
    explicit worker_shared(unsigned workers) : grace(workers), tables(grace) {}
    qsbr grace;
    published_tables tables;
    liveness live;
    io::tap_requests taps;
    std::atomic<worker_phase> phase{worker_phase::run};
};

struct rx_queue {
    std::uint16_t device = 0;  // DPDK's number
    std::uint16_t queue = 0;
    std::uint8_t port = 0;  // ours
};

// A ring through which other workers send by a port whose only queue this worker owns.
struct shared_queue {
    rte_ring* ring = nullptr;
    std::uint8_t port = 0;
};

struct worker_options {
    unsigned number = 0;
    std::uint16_t burst = 32;
    bool adaptive = true;  // sleep when idle
    std::vector<rx_queue> rx;
    std::vector<io::way_out> ways;  // by port
    std::vector<shared_queue> shared;
    std::uint8_t punt_port = io::transmitter::no_port;
    rte_mempool* buffers = nullptr;  // for what the slow path sends
    std::vector<rte_ring*> fan_out;  // into each worker; empty: flows stay where they come in
};

class worker {
public:
    worker(worker_options options, worker_shared& shared);

    // Until the phase is stop. Once the phase is drain: is_drained() when nothing came for a round.
    void run() noexcept;

    // When all workers have ended: forwards what others have handed over to this one and nobody has
    // forwarded; then, when all have done that, sends what waits for its ports.
    void forward_rest() noexcept;
    void send_rest() noexcept;

    [[nodiscard]] bool is_drained() const noexcept {
        return drained_.load(std::memory_order_acquire);
    }
    [[nodiscard]] worker_counters& counters() noexcept { return counters_; }
    [[nodiscard]] io::tap& tap() noexcept { return tap_; }
    [[nodiscard]] io::slow_path& slow_path() noexcept { return slow_path_; }
    [[nodiscard]] std::uint64_t rounds() const noexcept { return read_count(rounds_); }
    [[nodiscard]] std::uint64_t busy_rounds() const noexcept { return read_count(busy_rounds_); }
    [[nodiscard]] bool uses_interrupts() const noexcept {
        return interrupts_.load(std::memory_order_relaxed);
    }

private:
    [[nodiscard]] bool poll() noexcept;
    void forward(burst& b) noexcept;
    [[nodiscard]] stage_context context() noexcept;
    void rest(unsigned idle_rounds) noexcept;
    [[nodiscard]] bool register_interrupts() noexcept;
    void wait_for_interrupt() noexcept;
    void disarm_interrupts() noexcept;

    const worker_options options_;
    worker_shared& shared_;
    worker_counters counters_;
    io::transmitter transmitter_;
    io::tap tap_;
    io::slow_path slow_path_;
    io::fan_out fan_out_;
    bool armed_ = false;  // receive interrupts
    std::uint64_t rounds_ = 0;
    std::uint64_t busy_rounds_ = 0;
    std::atomic<bool> drained_{false};
    std::atomic<bool> interrupts_{false};
};

}  // namespace rhumb

#include "dataplane/worker.hh"

#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <rte_log.h>
#include <rte_pause.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

#include "dataplane/io/receive.hh"
#include "dataplane/pipeline/pipeline.hh"

namespace rhumb {

namespace {

constexpr unsigned idle_rounds_before_rest = 200;
constexpr std::chrono::microseconds longest_rest{500};
constexpr int longest_wait_ms = 10;

// Keeps ethdev from logging, and gives it its level back at the end. The level is the process's, so
// workers that start together take turns.
class quiet_ethdev {
public:
    quiet_ethdev() : turn_(turns), level_(rte_log_get_level(type())) {
        rte_log_set_level(type(), RTE_LOG_CRIT);
    }
    quiet_ethdev(const quiet_ethdev&) = delete;
    quiet_ethdev& operator=(const quiet_ethdev&) = delete;
    ~quiet_ethdev() { rte_log_set_level(type(), static_cast<std::uint32_t>(level_)); }

private:
    // A name that is registered already keeps its number and its level.
    static std::uint32_t type() {
        return static_cast<std::uint32_t>(rte_log_register("lib.ethdev"));
    }

    static inline std::mutex turns;
    const std::lock_guard<std::mutex> turn_;
    const int level_;
};

}  // namespace

worker::worker(worker_options options, worker_shared& shared)
    : options_(std::move(options)),
      shared_(shared),
      transmitter_(options_.ways, options_.punt_port, counters_),
      tap_(shared.taps, options_.punt_port),
      slow_path_(transmitter_, options_.buffers),
      fan_out_(options_.fan_out, options_.number) {}

void worker::run() noexcept {
    prctl(PR_SET_TIMERSLACK, 1000UL);  // ns: rests are as short as they say
    shared_.grace.online(options_.number);
    interrupts_.store(options_.adaptive && register_interrupts(), std::memory_order_relaxed);
    unsigned idle_rounds = 0;
    for (;;) {
        const worker_phase phase = shared_.phase.load(std::memory_order_acquire);
        const bool busy = poll();
        shared_.grace.quiescent(options_.number);
        count_up(rounds_, 1);
        if (phase == worker_phase::stop) {
            break;
        }
        if (busy) {
            count_up(busy_rounds_, 1);
            idle_rounds = 0;
            if (armed_) {
                disarm_interrupts();
            }
            continue;
        }
        if (phase == worker_phase::drain) {
            drained_.store(true, std::memory_order_release);
        }
        rest(++idle_rounds);
    }
    shared_.grace.offline(options_.number);
}

void worker::forward_rest() noexcept {
    burst b;
    while (fan_out_.is_on() && fan_out_.take(b, options_.burst)) {
        forward(b);
    }
}

void worker::send_rest() noexcept {
    for (const shared_queue& queue : options_.shared) {
        while (transmitter_.drain(queue.ring, queue.port) != 0) {
        }
    }
}

// One round over the queues; whether any had something.
bool worker::poll() noexcept {
    bool busy = false;
    burst b;
    for (const rx_queue& queue : options_.rx) {
        io::receive(queue.device, queue.queue, options_.burst, b, counters_.ports[queue.port].rx);
        if (b.count != 0) {
            busy = true;
            b.in_port = queue.port;
            if (fan_out_.is_on()) {
                fan_out_.spread(b, counters_.ports[queue.port]);
            }
            forward(b);
        }
    }
    // Packets of several ports make several bursts; not all at once, as others wait as well.
    constexpr int most_bursts = 4;
    for (int n = 0; n < most_bursts && fan_out_.is_on() && fan_out_.take(b, options_.burst); ++n) {
        busy = true;
        forward(b);
    }
    for (const shared_queue& queue : options_.shared) {
        busy |= transmitter_.drain(queue.ring, queue.port) != 0;
    }
    if (transmitter_.has_late()) [[unlikely]] {
        busy |= transmitter_.send_late();
    }
    if (slow_path_.has_own()) [[unlikely]] {
        busy |= slow_path_.send(context());
    }
    return busy;
}

// One version of the tables. The time is the kernel's last tick: the day's to a few milliseconds,
// which is all that SCION asks for, read without a system call.
stage_context worker::context() noexcept {
    const table_set& tables = *shared_.tables.load();
    std::uint64_t now_ms = 0;
    if (tables.scion != nullptr || tables.neighbour_ports != 0) {
        timespec now{};
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
        now_ms = static_cast<std::uint64_t>(now.tv_sec) * 1000 +
                 static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
    }
    return {tables, shared_.live, counters_, now_ms};
}

void worker::forward(burst& b) noexcept {
    const stage_context context = this->context();
    if (shared_.taps.active.load(std::memory_order_relaxed)) [[unlikely]] {
        tap_.run_watched(b, context);
    } else {
        no_trace none;
        run_pipeline(b, context, none);
    }
    if (b.slow_count != 0) [[unlikely]] {
        slow_path_.take(b, context);
    }
    if (b.punt_count != 0 && (context.tables.neighbour_ports >> b.in_port & 1) != 0) [[unlikely]] {
        slow_path_.take_neighbours(b, context);
    }
    transmitter_.send(b);
}

// Nothing came. A busy worker only tells the CPU; an adaptive one goes to sleep step by step.
void worker::rest(unsigned idle_rounds) noexcept {
    if (!options_.adaptive || idle_rounds < idle_rounds_before_rest) {
        rte_pause();
        return;
    }
    shared_.grace.offline(options_.number);
    if (interrupts_.load(std::memory_order_relaxed)) {
        wait_for_interrupt();
    } else {
        const std::chrono::microseconds wanted{(idle_rounds - idle_rounds_before_rest) / 4 + 5};
        std::this_thread::sleep_for(std::min(wanted, longest_rest));
    }
    shared_.grace.online(options_.number);
}

// Receive interrupts, if every queue of this worker has them, and nobody hands over to it.
bool worker::register_interrupts() noexcept {
    if (options_.rx.empty() || !options_.shared.empty() || fan_out_.is_on()) {
        return false;
    }
    const auto control = [this](std::size_t n, int operation) {
        return rte_eth_dev_rx_intr_ctl_q(options_.rx[n].device, options_.rx[n].queue,
                                         RTE_EPOLL_PER_THREAD, operation, nullptr) == 0;
    };
    std::size_t added = 0;
    {
        // DPDK logs an error for every driver that has none, which is the usual case here.
        const quiet_ethdev quiet;
        while (added < options_.rx.size() && control(added, RTE_INTR_EVENT_ADD)) {
            ++added;
        }
    }
    if (added == options_.rx.size()) {
        return true;
    }
    while (added-- > 0) {
        control(added, RTE_INTR_EVENT_DEL);
    }
    return false;
}

// A frame that came before its interrupt was armed would wait for the next one. So arming and
// waiting take turns with a round over the queues between them.
void worker::wait_for_interrupt() noexcept {
    if (!armed_) {
        for (const rx_queue& queue : options_.rx) {
            rte_eth_dev_rx_intr_enable(queue.device, queue.queue);
        }
        armed_ = true;
        return;
    }
    rte_epoll_event event{};
    rte_epoll_wait(RTE_EPOLL_PER_THREAD, &event, 1, longest_wait_ms);
    disarm_interrupts();
}

void worker::disarm_interrupts() noexcept {
    for (const rx_queue& queue : options_.rx) {
        rte_eth_dev_rx_intr_disable(queue.device, queue.queue);
    }
    armed_ = false;
}

}  // namespace rhumb

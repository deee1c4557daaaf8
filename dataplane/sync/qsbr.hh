// Quiescent-state-based reclamation (rte_rcu_qsbr, which needs no EAL): the control thread learns
// when every worker has let go of what it could have seen. Threads: as each function says.
#pragma once

#include <rte_rcu_qsbr.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace rhumb {

class qsbr {
public:
    using token = std::uint64_t;

    // For workers 0 to max_workers - 1.
    explicit qsbr(unsigned max_workers) {
        const std::size_t bytes = (rte_rcu_qsbr_get_memsize(max_workers) + 63) / 64 * 64;
        state_.reset(static_cast<rte_rcu_qsbr*>(std::aligned_alloc(64, bytes)));
        if (state_ == nullptr || rte_rcu_qsbr_init(state_.get(), max_workers) != 0) {
            throw std::bad_alloc();
        }
    }

    // Control: before the worker starts and after it has ended.
    void add_worker(unsigned worker) noexcept {
        rte_rcu_qsbr_thread_register(state_.get(), worker);
    }
    void remove_worker(unsigned worker) noexcept {
        rte_rcu_qsbr_thread_unregister(state_.get(), worker);
    }

    // Worker: between online and offline it may hold pointers, and must call quiescent() often, at
    // moments when it holds none. Offline (while asleep) it holds none.
    void online(unsigned worker) noexcept { rte_rcu_qsbr_thread_online(state_.get(), worker); }
    void offline(unsigned worker) noexcept { rte_rcu_qsbr_thread_offline(state_.get(), worker); }
    void quiescent(unsigned worker) noexcept { rte_rcu_qsbr_quiescent(state_.get(), worker); }

    // Any thread: a token for what was unpublished before this call, and whether every worker has
    // been quiescent, or offline, since.
    [[nodiscard]] token start() noexcept { return rte_rcu_qsbr_start(state_.get()); }
    [[nodiscard]] bool passed(token t) noexcept {
        return rte_rcu_qsbr_check(state_.get(), t, false) == 1;
    }

private:
    struct free_memory {
        void operator()(rte_rcu_qsbr* memory) const noexcept { std::free(memory); }
    };
    std::unique_ptr<rte_rcu_qsbr, free_memory> state_;
};

}  // namespace rhumb

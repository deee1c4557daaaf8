// One pointer from the control thread to the workers, replaced without a lock and without a wait.
//
//   control   publish(v2): exchange the pointer, take a token, put v1 on the retired line
//   worker    load() at the start of a burst; quiescent after it
//   control   reclaim(), now and then: frees what all workers have let go of; never blocks
//
// Grace is qsbr, or what a test puts in its place. Threads: load() by workers, all else by control.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "rhumb/table/retired.hh"

namespace rhumb {

template <class T, class Grace>
class published {
public:
    explicit published(Grace& grace) noexcept : grace_(grace) {}
    published(const published&) = delete;
    published& operator=(const published&) = delete;
    // No worker may be running.
    ~published() {
        while (!retired_.empty()) {
            retired_.pop_front();  // the oldest first, which clear() does not promise
        }
        delete current_.load(std::memory_order_relaxed);
    }

    [[nodiscard]] const T* load() const noexcept {
        return current_.load(std::memory_order_acquire);
    }

    // Makes `next` what workers see from their next burst on. `replaced` is what only earlier
    // versions use; `owner` (or null) what must live as long as they do.
    void publish(std::unique_ptr<const T> next, retired_list replaced,
                 std::shared_ptr<const void> owner = nullptr) {
        const T* const old = current_.exchange(next.release(), std::memory_order_acq_rel);
        retired_.push_back(
            {grace_.start(), std::unique_ptr<const T>(old), std::move(owner), std::move(replaced)});
    }

    // Frees what no worker can hold any more; returns how many versions still wait.
    std::size_t reclaim() {
        while (!retired_.empty() && grace_.passed(retired_.front().when)) {
            retired_.pop_front();
        }
        return retired_.size();
    }

private:
    // Members are destroyed from the last to the first: what was replaced goes back to its owner
    // before the owner goes.
    struct retired {
        typename Grace::token when;
        std::unique_ptr<const T> version;
        std::shared_ptr<const void> owner;
        retired_list replaced;
    };

    Grace& grace_;
    std::atomic<const T*> current_{nullptr};
    std::deque<retired> retired_;
};

}  // namespace rhumb

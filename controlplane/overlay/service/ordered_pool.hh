// Threads that work off batches, and results that come back to the control loop in the order in
// which the batches were handed over. For the verification of signatures, which the control loop
// has no time for.
// Threads: control (whoever runs what is posted); `work` runs on the pool's.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "controlplane/overlay/service/post.hh"

namespace rhumb::overlay {

template <class Item>
class ordered_pool {
public:
    // What is done with each item, on a thread of the pool, to items that are no one else's.
    using work_function = std::function<void(Item&)>;
    using done_function = std::function<void(std::vector<Item>)>;

    ordered_pool(std::size_t threads, work_function work, post_function post, done_function done)
        : work_(std::move(work)),
          post_(std::move(post)),
          inbox_(std::make_shared<inbox>(inbox{0, {}, std::move(done)})) {
        for (std::size_t i = 0; i < threads; ++i) {
            threads_.emplace_back([this] { run(); });
        }
    }
    ordered_pool(const ordered_pool&) = delete;
    ordered_pool& operator=(const ordered_pool&) = delete;
    // Batches that nobody has begun are dropped; results that come late are, too.
    ~ordered_pool() {
        inbox_->done = nullptr;
        {
            const std::lock_guard held(turn_);
            ending_ = true;
        }
        more_.notify_all();
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }

    void push(std::vector<Item> batch) {
        {
            const std::lock_guard held(turn_);
            batches_.emplace_back(next_++, std::move(batch));
        }
        more_.notify_one();
    }

private:
    // Of the control loop; outlives the pool where results are still posted.
    struct inbox {
        std::uint64_t next = 0;
        std::map<std::uint64_t, std::vector<Item>> early;
        done_function done;
    };

    void run() {
        for (;;) {
            std::pair<std::uint64_t, std::vector<Item>> batch;
            {
                std::unique_lock held(turn_);
                more_.wait(held, [this] { return ending_ || !batches_.empty(); });
                if (ending_) {
                    return;
                }
                batch = std::move(batches_.front());
                batches_.pop_front();
            }
            for (Item& one : batch.second) {
                work_(one);
            }
            post_([to = inbox_, batch = std::move(batch)]() mutable {
                to->early.insert(std::move(batch));
                for (auto it = to->early.begin();
                     to->done && it != to->early.end() && it->first == to->next;
                     it = to->early.erase(it)) {
                    ++to->next;
                    to->done(std::move(it->second));
                }
            });
        }
    }

    const work_function work_;  // called by several threads at once
    const post_function post_;
    const std::shared_ptr<inbox> inbox_;
    std::mutex turn_;  // over what follows
    std::condition_variable more_;
    std::deque<std::pair<std::uint64_t, std::vector<Item>>> batches_;
    std::uint64_t next_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace rhumb::overlay

// The store on a thread of its own: the control loop hands over work and gets results back on its
// own thread, so that it never waits for the disk. What is appended while a commit runs is
// committed together by the next one.
// Threads: control (whoever runs what is posted), but for the work itself.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "controlplane/overlay/service/post.hh"
#include "controlplane/overlay/store/store.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

// A verified message that owns its text.
struct appendable {
    key32 author{};
    std::int64_t sequence = 0;
    key32 id{};
    std::optional<key32> previous;
    std::shared_ptr<const std::string> raw;
};

class archive {
public:
    archive(store kept, post_function post);
    archive(const archive&) = delete;
    archive& operator=(const archive&) = delete;
    // Finishes what was handed over; results that come now are still posted.
    ~archive();

    // `done` when the message is durable, or not appended. An error concerns the store, not the
    // message: nothing of the same commit was kept.
    using appended = std::function<void(result<append_outcome>)>;
    void append(appendable message, std::int64_t now_ms, appended done);

    // Has `work` run with the store, and `done` with what it returns. In order with appends.
    template <class Work, class Done>
    void run(Work work, Done done) {
        add(task([this, work = std::move(work), done = std::move(done)](store& kept) mutable {
            post_([done = std::move(done), got = work(kept)]() mutable { done(std::move(got)); });
        }));
    }

    // What has been handed over and not been answered.
    [[nodiscard]] std::size_t waiting() const;

private:
    struct append_job {
        appendable message;
        std::int64_t now_ms;
        appended done;
    };
    using task = std::function<void(store&)>;
    using job = std::variant<append_job, task>;
    struct outcome {
        appended done;
        result<append_outcome> what;
    };

    void add(job more);
    void work();
    void do_append(append_job&& one);
    // Commits, and posts the outcomes of all appends since the last commit.
    void settle();

    post_function post_;
    store store_;
    std::vector<outcome> unsettled_;
    mutable std::mutex turn_;  // over what follows
    std::condition_variable more_;
    std::deque<job> jobs_;
    std::size_t waiting_ = 0;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace rhumb::overlay

#include "controlplane/overlay/service/archive.hh"

namespace rhumb::overlay {

archive::archive(store kept, post_function post)
    : post_(std::move(post)), store_(std::move(kept)), thread_([this] { work(); }) {}

archive::~archive() {
    {
        const std::lock_guard held(turn_);
        ending_ = true;
    }
    more_.notify_one();
    thread_.join();
}

void archive::append(appendable message, std::int64_t now_ms, appended done) {
    add(append_job{std::move(message), now_ms, std::move(done)});
}

std::size_t archive::waiting() const {
    const std::lock_guard held(turn_);
    return waiting_;
}

void archive::add(job more) {
    {
        const std::lock_guard held(turn_);
        jobs_.push_back(std::move(more));
        ++waiting_;
    }
    more_.notify_one();
}

void archive::work() {
    std::deque<job> taken;
    for (;;) {
        {
            std::unique_lock held(turn_);
            waiting_ -= taken.size();
            taken.clear();
            more_.wait(held, [this] { return ending_ || !jobs_.empty(); });
            if (jobs_.empty()) {
                return;
            }
            taken.swap(jobs_);
        }
        for (job& one : taken) {
            if (auto* const append = std::get_if<append_job>(&one)) {
                do_append(std::move(*append));
            } else {
                // What a task sees, and says to others, is durable.
                settle();
                std::get<task>(one)(store_);
            }
        }
        settle();
    }
}

void archive::do_append(append_job&& one) {
    const appendable& m = one.message;
    auto what = store_.append({m.author, m.sequence, m.id, m.previous, *m.raw}, one.now_ms);
    if (!what) {
        // The store has rolled back, so what came before is not kept either.
        for (outcome& before : unsettled_) {
            before.what = what.why();
        }
    }
    unsettled_.push_back({std::move(one.done), std::move(what)});
}

void archive::settle() {
    if (unsettled_.empty()) {
        return;
    }
    if (const auto done = store_.commit(); !done) {
        for (outcome& one : unsettled_) {
            one.what = done.why();
        }
    }
    post_([outcomes = std::move(unsettled_)]() mutable {
        for (outcome& one : outcomes) {
            one.done(std::move(one.what));
        }
    });
    unsettled_.clear();
}

}  // namespace rhumb::overlay

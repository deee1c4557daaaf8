#include "controlplane/overlay/service/archive.hh"

#include <algorithm>
#include <iterator>

namespace rhumb::overlay {
namespace {

constexpr std::size_t outcomes_a_turn = 64;
constexpr std::size_t most_a_commit = 4096;

}  // namespace

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
                if (store_.uncommitted() >= most_a_commit) {
                    settle();
                }
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
    // In parts, so that the control loop is free for others between them.
    for (std::size_t at = 0; at < unsettled_.size(); at += outcomes_a_turn) {
        const auto first = unsettled_.begin() + static_cast<std::ptrdiff_t>(at);
        const std::size_t count = std::min(outcomes_a_turn, unsettled_.size() - at);
        std::vector<outcome> part(
            std::make_move_iterator(first),
            std::make_move_iterator(first + static_cast<std::ptrdiff_t>(count)));
        post_([part = std::move(part)]() mutable {
            for (outcome& one : part) {
                one.done(std::move(one.what));
            }
        });
    }
    unsettled_.clear();
}

}  // namespace rhumb::overlay

// How long the control loop is busy with one handler: while it is, nobody else is served. Counted
// is the processor's time of the thread, which other programs do not add to; how long it was by the
// clock is kept of the longest that could be seen, while there was always something to do.
// Threads: that which runs the loop; views, too.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <utility>

namespace rhumb::overlay {

class turn_times {
public:
    using nanoseconds = std::chrono::nanoseconds;
    // Of bucket n: turns of less than 2^n microseconds, and of no bucket before.
    static constexpr std::size_t buckets = 24;

    void add(nanoseconds took, nanoseconds by_clock = {}) {
        const auto micros = static_cast<std::uint64_t>(took.count()) / 1000;
        ++counts_[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(micros)),
                                        buckets - 1)];
        ++count_;
        late_ += took > limit ? 1U : 0U;
        longest_ = std::max(longest_, took);
        longest_by_clock_ = std::max(longest_by_clock_, by_clock);
    }

    static constexpr nanoseconds limit = std::chrono::milliseconds(5);
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t late() const noexcept { return late_; }  // over the limit
    [[nodiscard]] nanoseconds longest() const noexcept { return longest_; }
    [[nodiscard]] nanoseconds longest_by_clock() const noexcept { return longest_by_clock_; }
    [[nodiscard]] const std::array<std::uint64_t, buckets>& counts() const noexcept {
        return counts_;
    }

private:
    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t late_ = 0;
    nanoseconds longest_{};
    nanoseconds longest_by_clock_{};
};

// The processor's time of the calling thread.
inline std::chrono::nanoseconds thread_time() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// As io.run(), and each turn is measured.
inline void run_turns(boost::asio::io_context& io, turn_times& times) {
    using clock = std::chrono::steady_clock;
    auto used = thread_time();
    const auto add = [&](std::chrono::nanoseconds by_clock) {
        const auto now = thread_time();
        times.add(now - std::exchange(used, now), by_clock);
    };
    while (!io.stopped()) {
        const auto began = clock::now();
        if (io.poll_one() != 0) {
            add(clock::now() - began);
        } else if (io.run_one() != 0) {
            add({});
        }
    }
}

}  // namespace rhumb::overlay

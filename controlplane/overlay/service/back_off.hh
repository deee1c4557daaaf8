// When to dial again: twice as long after each failure, and never all at once. Threads: one.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace rhumb::overlay {

class back_off {
public:
    using milliseconds = std::chrono::milliseconds;
    static constexpr milliseconds least{500};
    static constexpr milliseconds most{60'000};

    // From half to all of a time that doubles.
    template <class Random>
    [[nodiscard]] milliseconds next(Random& random) {
        const milliseconds whole = std::min(most, least * (1 << std::min(failures_, 10)));
        ++failures_;
        return milliseconds(std::uniform_int_distribution<milliseconds::rep>(
            whole.count() / 2, whole.count())(random));
    }
    // A connection has held for a while.
    void succeeded() { failures_ = 0; }

private:
    int failures_ = 0;
};

}  // namespace rhumb::overlay

// What one peer may cost in a second: messages, signatures to verify, bytes. Whoever has spent it
// is not read from for a while, so that nothing is lost; a second's worth may come at once.
// Threads: one at a time.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace rhumb::overlay {

class budget {
public:
    using time_point = std::chrono::steady_clock::time_point;
    enum item : std::size_t { messages, verifies, bytes };
    using rates = std::array<std::uint64_t, 3>;  // a second

    budget(const rates& per_second, time_point now) : rates_(per_second), filled_at_(now) {
        std::ranges::transform(rates_, credit_.begin(),
                               [](std::uint64_t rate) { return static_cast<double>(rate); });
    }

    void spend(item what, std::uint64_t amount) { credit_[what] -= static_cast<double>(amount); }

    // How long to wait until nothing is owed; 0: go on.
    [[nodiscard]] std::chrono::milliseconds wait(time_point now) {
        const double passed = std::chrono::duration<double>(now - filled_at_).count();
        filled_at_ = now;
        double longest = 0;
        for (std::size_t i = 0; i < credit_.size(); ++i) {
            const auto rate = static_cast<double>(rates_[i]);
            credit_[i] = std::min(credit_[i] + passed * rate, rate);
            longest = std::max(longest, -credit_[i] / rate);
        }
        return std::chrono::milliseconds(static_cast<std::int64_t>(longest * 1000.0 + 0.999));
    }

private:
    rates rates_;
    std::array<double, 3> credit_{};
    time_point filled_at_;
};

}  // namespace rhumb::overlay

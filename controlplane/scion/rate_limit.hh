// How much of the slow path may be asked for: token buckets, one a link and one for all together.
// Threads: one (each has its own). Time is what the caller says it is: of the steady clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rhumb::scion {

// `per_second` packets in the long run, `burst` at once; nothing at all with a burst of 0.
struct rate {
    std::uint32_t per_second = 0;
    std::uint32_t burst = 0;
};

// Counts in billionths of a token: what a nanosecond brings is then a whole number, and nothing is
// lost between two looks at the clock, however short.
class token_bucket {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // Full at `now`.
    token_bucket(const rate& limit, time_point now) noexcept
        : limit_(limit), credit_(limit.burst * token), filled_at_(now) {}

    // Whether there is a token at `now`; a time before that of an earlier call brings nothing.
    [[nodiscard]] bool has(time_point now) noexcept {
        fill(now);
        return credit_ >= token;
    }
    // Takes a token if there is one.
    [[nodiscard]] bool take(time_point now) noexcept {
        if (!has(now)) {
            return false;
        }
        credit_ -= token;
        return true;
    }

private:
    static constexpr std::uint64_t token = 1'000'000'000;

    void fill(time_point now) noexcept {
        if (now <= filled_at_) {
            return;
        }
        // Unsigned: the difference of two signed times may not fit in one.
        const auto passed = static_cast<std::uint64_t>(nanoseconds(now)) -
                            static_cast<std::uint64_t>(nanoseconds(filled_at_));
        filled_at_ = now;
        // However long it was idle: the product is only taken where it fits in the room that is
        // left.
        const std::uint64_t room = limit_.burst * token - credit_;
        if (limit_.per_second == 0 || passed <= room / limit_.per_second) {
            credit_ += passed * limit_.per_second;
        } else {
            credit_ += room;
        }
    }
    static std::int64_t nanoseconds(time_point at) noexcept {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
    }

    rate limit_;
    std::uint64_t credit_;
    time_point filled_at_;
};

class rate_limit {
public:
    using time_point = token_bucket::time_point;

    rate_limit(std::size_t links, const rate& each, const rate& total, time_point now)
        : links_(links, token_bucket(each, now)), total_(total, now) {}

    [[nodiscard]] std::size_t links() const noexcept { return links_.size(); }

    // Whether link `link` (an index) may have one packet more at `now`. It is charged to the link
    // and to all together, or to neither, so that a link over its limit takes nothing from others.
    [[nodiscard]] bool take(std::size_t link, time_point now) noexcept {
        if (link >= links_.size() || !links_[link].has(now) || !total_.take(now)) {
            return false;
        }
        return links_[link].take(now);
    }

private:
    std::vector<token_bucket> links_;
    token_bucket total_;
};

}  // namespace rhumb::scion

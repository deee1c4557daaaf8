// Make before break (RFC 3209 2.5 in spirit): new segment lists of a policy are installed before
// traffic is switched to them, and those that they replace stay until nothing can be under way on
// them. What has to happen, and in which order, is data; time is given, never looked up.
//
// In a batch of transitions installs come first, then switches, then removals. A version of tables
// does all installs and switches of a batch at once, so that nothing has to be waited for between
// the two; what a batch removes was switched away from in an earlier one. Reservations belong to
// generations, so that both count in between. Threads: any (values).
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "controlplane/paths/policy_lists.hh"

namespace rhumb::paths {

using microseconds = std::uint64_t;
inline constexpr microseconds never = std::numeric_limits<microseconds>::max();

enum class transition_step : std::uint8_t { install, switch_to, remove };

// `generation` 0 means no lists: to switch to it is to stop.
struct transition {
    transition_step step = transition_step::install;
    std::uint32_t policy = 0;
    std::uint64_t generation = 0;
    friend bool operator==(const transition&, const transition&) = default;
};

// Installs first, then switches, then removals; each by policy.
void put_in_order(std::vector<transition>& steps);

// What of one policy's lists is there.
struct list_generation {
    std::uint64_t number = 0;  // 0: none
    std::vector<weighted_segments> lists;
};

class list_exchange {
public:
    // These replace what is in force, which stays until `remove_at`. Without lists (number 0) the
    // policy stops.
    void replace(std::uint32_t policy, list_generation next, microseconds remove_at,
                 std::vector<transition>& steps);
    // Removes what is due.
    void advance(std::uint32_t policy, microseconds now, std::vector<transition>& steps);
    // Removes all that is not in force, at once.
    void flush(std::uint32_t policy, std::vector<transition>& steps);

    [[nodiscard]] const list_generation& in_force() const noexcept { return in_force_; }
    [[nodiscard]] microseconds due() const noexcept;  // `never` where nothing is under way

private:
    struct timed {
        list_generation lists;
        microseconds at = 0;
    };

    list_generation in_force_;
    std::vector<timed> leaving_;  // to be removed, the oldest first
};

// Later than any time is never.
[[nodiscard]] constexpr microseconds after(microseconds now, microseconds wait) noexcept {
    return wait > never - now ? never : now + wait;
}

}  // namespace rhumb::paths

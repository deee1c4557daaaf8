#include "controlplane/paths/policy_transition.hh"

#include <algorithm>
#include <tuple>
#include <utility>

namespace rhumb::paths {

void put_in_order(std::vector<transition>& steps) {
    std::sort(steps.begin(), steps.end(), [](const transition& a, const transition& b) {
        return std::tuple(a.step, a.policy, a.generation) <
               std::tuple(b.step, b.policy, b.generation);
    });
}

void list_exchange::replace(std::uint32_t policy, list_generation next, microseconds remove_at,
                            std::vector<transition>& steps) {
    if (next.number != 0) {
        steps.push_back({transition_step::install, policy, next.number});
    }
    steps.push_back({transition_step::switch_to, policy, next.number});
    if (in_force_.number != 0) {
        leaving_.push_back({std::move(in_force_), remove_at});
    }
    in_force_ = std::move(next);
}

void list_exchange::advance(std::uint32_t policy, microseconds now,
                            std::vector<transition>& steps) {
    const auto gone =
        std::find_if(leaving_.begin(), leaving_.end(), [&](const timed& t) { return t.at > now; });
    for (auto at = leaving_.begin(); at != gone; ++at) {
        steps.push_back({transition_step::remove, policy, at->lists.number});
    }
    leaving_.erase(leaving_.begin(), gone);
}

void list_exchange::flush(std::uint32_t policy, std::vector<transition>& steps) {
    advance(policy, never, steps);
}

microseconds list_exchange::due() const noexcept {
    microseconds first = never;
    for (const timed& t : leaving_) {
        first = std::min(first, t.at);
    }
    return first;
}

}  // namespace rhumb::paths

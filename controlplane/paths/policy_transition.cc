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

void list_exchange::switch_to(std::uint32_t policy, list_generation next, microseconds now,
                              const transition_times& times, std::vector<transition>& steps) {
    steps.push_back({transition_step::switch_to, policy, next.number});
    if (in_force_.number != 0) {
        leaving_.push_back({std::move(in_force_), after(now, times.remove)});
    }
    in_force_ = std::move(next);
}

void list_exchange::begin(std::uint32_t policy, list_generation next, bool broken, microseconds now,
                          const transition_times& times, std::vector<transition>& steps) {
    if (coming_) {  // nothing was ever sent along these
        steps.push_back({transition_step::remove, policy, coming_->lists.number});
        coming_.reset();
    }
    if (next.number != 0) {
        steps.push_back({transition_step::install, policy, next.number});
    }
    if (broken || next.number == 0 || in_force_.number == 0 || times.install == 0) {
        switch_to(policy, std::move(next), now, times, steps);
    } else {
        coming_ = timed{std::move(next), after(now, times.install)};
    }
}

void list_exchange::advance(std::uint32_t policy, microseconds now, const transition_times& times,
                            std::vector<transition>& steps) {
    const auto gone =
        std::find_if(leaving_.begin(), leaving_.end(), [&](const timed& t) { return t.at > now; });
    for (auto at = leaving_.begin(); at != gone; ++at) {
        steps.push_back({transition_step::remove, policy, at->lists.number});
    }
    leaving_.erase(leaving_.begin(), gone);
    if (coming_ && coming_->at <= now) {
        list_generation next = std::move(coming_->lists);
        coming_.reset();
        switch_to(policy, std::move(next), now, times, steps);
    }
}

void list_exchange::flush(std::uint32_t policy, std::vector<transition>& steps) {
    for (const timed& t : leaving_) {
        steps.push_back({transition_step::remove, policy, t.lists.number});
    }
    leaving_.clear();
    if (coming_) {
        steps.push_back({transition_step::remove, policy, coming_->lists.number});
        coming_.reset();
    }
}

microseconds list_exchange::due() const noexcept {
    microseconds first = coming_ ? coming_->at : never;
    for (const timed& t : leaving_) {
        first = std::min(first, t.at);
    }
    return first;
}

}  // namespace rhumb::paths

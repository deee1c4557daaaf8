#include "controlplane/paths/steering.hh"

#include <algorithm>
#include <tuple>
#include <utility>

namespace rhumb::paths {

namespace {

bool answers(const policy_state& state) {
    return state.dropping || !state.lists.in_force().lists.empty();
}

}  // namespace

void steering::set(colored_route route) {
    remove(route.prefix);
    // The highest color first, and of its mentions that which allows most.
    std::sort(route.colors.begin(), route.colors.end(), std::greater<>());
    for (const route_color& c : route.colors) {
        by_color_[c.color].insert(route.prefix);
    }
    const ip_prefix prefix = route.prefix;
    routes_.emplace(prefix, std::move(route));
}

void steering::remove(const ip_prefix& prefix) {
    dirty_.insert(prefix);
    const auto known = routes_.find(prefix);
    if (known == routes_.end()) {
        return;
    }
    for (const route_color& c : known->second.colors) {
        const auto of_color = by_color_.find(c.color);
        if (of_color != by_color_.end() && of_color->second.erase(prefix) != 0 &&
            of_color->second.empty()) {
            by_color_.erase(of_color);
        }
    }
    routes_.erase(known);
}

// Which policies answer to which color, and the routes that this may concern.
void steering::list_policies(std::span<const std::uint32_t> changed) {
    std::set<std::uint32_t> colors;
    for (const std::uint32_t number : changed) {
        const policy_state* const state = policies_.at(number);
        if (const auto known = known_.find(number); known != known_.end()) {
            colors.insert(known->second);
            std::erase_if(answering_[known->second],
                          [&](const answerer& a) { return a.policy == number; });
            known_.erase(known);
        }
        if (state == nullptr || state->key.headend != headend_ || !answers(*state)) {
            continue;
        }
        known_.emplace(number, state->key.color);
        colors.insert(state->key.color);
        auto& list = answering_[state->key.color];
        const answerer added{state->key.endpoint, number};
        list.insert(std::upper_bound(list.begin(), list.end(), added,
                                     [](const answerer& a, const answerer& b) {
                                         return a.endpoint < b.endpoint;
                                     }),
                    added);
    }
    for (const std::uint32_t color : colors) {
        if (const auto of_color = by_color_.find(color); of_color != by_color_.end()) {
            dirty_.insert(of_color->second.begin(), of_color->second.end());
        }
    }
}

// Prefixes by configuration.
void steering::configure() {
    std::map<ip_prefix, std::uint32_t> now;
    conflicts_.clear();
    for (std::uint32_t number = 0; number < policies_.size(); ++number) {
        const policy_state* const state = policies_.at(number);
        if (state == nullptr || state->key.headend != headend_ || !answers(*state)) {
            continue;
        }
        for (const ip_prefix& prefix : state->settings.steered) {
            const auto [at, is_new] = now.emplace(prefix, number);
            if (is_new || at->second == number) {
                continue;
            }
            const policy_key& holder = policies_.at(at->second)->key;
            const bool wins = std::tuple(state->key.color, holder.endpoint) >
                              std::tuple(holder.color, state->key.endpoint);
            conflicts_.push_back({prefix, wins ? number : at->second, wins ? at->second : number});
            at->second = wins ? number : at->second;
        }
    }
    for (const auto& [prefix, number] : configured_) {
        const auto at = now.find(prefix);
        if (at == now.end() || at->second != number) {
            dirty_.insert(prefix);
        }
    }
    for (const auto& [prefix, number] : now) {
        if (!configured_.contains(prefix)) {
            dirty_.insert(prefix);
        }
    }
    configured_ = std::move(now);
}

// RFC 9256 8.8.1, color by color.
std::optional<std::uint32_t> steering::resolve(const colored_route& route) const {
    for (const route_color& c : route.colors) {
        const auto of_color = answering_.find(c.color);
        if (of_color == answering_.end()) {
            continue;
        }
        const auto first = [&](auto fits) -> std::optional<std::uint32_t> {
            const auto at = std::find_if(of_color->second.begin(), of_color->second.end(),
                                         [&](const answerer& a) { return fits(a.endpoint); });
            return at == of_color->second.end() ? std::nullopt : std::optional(at->policy);
        };
        const auto same_family = [&](const ip_prefix& e) { return e.af == route.next_hop.af; };
        std::optional<std::uint32_t> found =
            first([&](const ip_prefix& e) { return e == route.next_hop; });
        if (!found && c.only != color_only::next_hop) {
            found = first([&](const ip_prefix& e) { return is_null(e) && same_family(e); });
            found = found ? found : first([](const ip_prefix& e) { return is_null(e); });
        }
        if (!found && c.only == color_only::any_endpoint) {
            found = first(same_family);
            found = found ? found : first([](const ip_prefix&) { return true; });
        }
        if (found) {
            return found;
        }
    }
    return std::nullopt;
}

// Configuration goes before what routes say.
void steering::steer(const ip_prefix& prefix, std::vector<steering_change>& changes) {
    std::optional<std::uint32_t> policy;
    if (const auto by_hand = configured_.find(prefix); by_hand != configured_.end()) {
        policy = by_hand->second;
    } else if (const auto route = routes_.find(prefix); route != routes_.end()) {
        policy = resolve(route->second);
    }
    if (policy == policy_of(prefix)) {
        return;
    }
    if (policy) {
        steered_[prefix] = *policy;
    } else {
        steered_.erase(prefix);
    }
    changes.push_back({prefix, policy});
}

std::vector<steering_change> steering::update(std::span<const std::uint32_t> changed) {
    list_policies(changed);
    if (!changed.empty()) {
        configure();
    }
    std::vector<steering_change> changes;
    for (const ip_prefix& prefix : std::exchange(dirty_, {})) {
        steer(prefix, changes);
    }
    return changes;
}

std::optional<std::uint32_t> steering::policy_of(const ip_prefix& prefix) const {
    const auto at = steered_.find(prefix);
    return at == steered_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<ip_prefix> steering::prefixes_of(std::uint32_t policy) const {
    std::vector<ip_prefix> found;
    for (const auto& [prefix, number] : steered_) {
        if (number == policy) {
            found.push_back(prefix);
        }
    }
    return found;
}

std::vector<installed_policy> steering::installed() const {
    std::unordered_map<std::uint32_t, std::vector<ip_prefix>> prefixes;
    for (const auto& [prefix, number] : steered_) {
        prefixes[number].push_back(prefix);
    }
    std::vector<const policy_state*> own;
    std::unordered_map<const policy_state*, std::uint32_t> numbers;
    for (std::uint32_t number = 0; number < policies_.size(); ++number) {
        const policy_state* const state = policies_.at(number);
        if (state != nullptr && state->key.headend == headend_ &&
            (answers(*state) || state->bound.label)) {
            own.push_back(state);
            numbers.emplace(state, number);
        }
    }
    std::sort(own.begin(), own.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
    std::vector<installed_policy> made;
    for (const policy_state* const state : own) {
        made.push_back(policies::installed(*state));
        for (const mpls::label former : policies_.former_labels(numbers.at(state))) {
            made.push_back(policies::installed(*state));
            made.back().binding_sid = former;
            made.back().steered.clear();
            std::swap(made.back(), made[made.size() - 2]);
        }
        made.back().steered = std::move(prefixes[numbers.at(state)]);
    }
    return made;
}

}  // namespace rhumb::paths

#include "controlplane/paths/policy_bindings.hh"

#include <algorithm>

namespace rhumb::paths {

using topology::node_number;

bool policy_bindings::take(std::uint32_t policy, node_number headend, mpls::label label) {
    const auto known = owners_.find(place(headend, label));
    if (known != owners_.end()) {
        if (known->second == policy) {  // perhaps it had just left it
            std::erase_if(leaving_, [&](const leaving& l) {
                return l.headend == headend && l.label == label;
            });
        }
        return known->second == policy;
    }
    if (label < mpls::first_unreserved || label >= mpls::label_count ||
        (services_.claim && !services_.claim(headend, label))) {
        return false;
    }
    owners_.emplace(place(headend, label), policy);
    return true;
}

bool policy_bindings::available(std::uint32_t policy, node_number headend, mpls::label label) {
    const auto known = owners_.find(place(headend, label));
    if (known != owners_.end()) {
        return known->second == policy;
    }
    if (!take(policy, headend, label)) {
        return false;
    }
    owners_.erase(place(headend, label));
    if (services_.release) {
        services_.release(headend, label);
    }
    return true;
}

std::optional<mpls::label> policy_bindings::allocate(node_number headend) const {
    std::vector<mpls::label> avoided;
    auto label = services_.allocate(headend);
    for (; label && avoided_.contains(*label); label = services_.allocate(headend)) {
        avoided.push_back(*label);
    }
    for (const mpls::label one : avoided) {
        if (services_.release) {
            services_.release(headend, one);
        }
    }
    return label;
}

void policy_bindings::bind(std::uint32_t policy, node_number headend,
                           std::optional<mpls::label> wanted, binding& to,
                           microseconds release_at) {
    std::optional<mpls::label> refused;
    if (wanted && to.label != wanted) {
        if (take(policy, headend, *wanted)) {
            unbind(policy, headend, to, release_at);
            to.label = wanted;
        } else {
            refused = wanted;
        }
    }
    to.refused = refused;
    // One that was allocated under other rules.
    if (to.label && !to.specified && to.label != wanted && !in_pool(headend, *to.label)) {
        unbind(policy, headend, to, release_at);
        to.refused = refused;
    }
    if (!to.label && services_.allocate) {
        // What it gives is new, unless a policy has specified the same label without asking.
        const auto label = allocate(headend);
        if (label && owners_.emplace(place(headend, *label), policy).second) {
            to.label = label;
        }
    }
    to.specified = wanted && to.label == wanted;
}

void policy_bindings::unbind(std::uint32_t policy, node_number headend, binding& to,
                             microseconds release_at) {
    if (to.label) {
        owners_[place(headend, *to.label)] = policy;
        leaving_.push_back({headend, *to.label, release_at});
    }
    to = {};
}

bool policy_bindings::claim_again(node_number headend) {
    const auto lost = [&](mpls::label label) {
        return services_.claim && !services_.claim(headend, label);
    };
    const std::size_t gone = std::erase_if(owners_, [&](const auto& owned) {
        return owned.first >> 32 == headend && lost(static_cast<mpls::label>(owned.first));
    });
    std::erase_if(leaving_, [&](const leaving& l) {
        return l.headend == headend && !owners_.contains(place(headend, l.label));
    });
    return gone != 0;
}

std::vector<mpls::label> policy_bindings::leaving_of(std::uint32_t policy,
                                                     node_number headend) const {
    std::vector<mpls::label> found;
    for (const leaving& l : leaving_) {
        if (l.headend == headend && has(policy, headend, l.label)) {
            found.push_back(l.label);
        }
    }
    return found;
}

bool policy_bindings::has(std::uint32_t policy, node_number headend, mpls::label label) const {
    const auto known = owners_.find(place(headend, label));
    return known != owners_.end() && known->second == policy;
}

bool policy_bindings::advance(microseconds now) {
    const std::size_t before = leaving_.size();
    std::erase_if(leaving_, [&](const leaving& l) {
        if (l.at > now) {
            return false;
        }
        owners_.erase(place(l.headend, l.label));
        if (services_.release) {
            services_.release(l.headend, l.label);
        }
        return true;
    });
    return leaving_.size() != before;
}

microseconds policy_bindings::due() const noexcept {
    microseconds first = never;
    for (const leaving& l : leaving_) {
        first = std::min(first, l.at);
    }
    return first;
}

}  // namespace rhumb::paths

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
    to.refused.reset();
    if (wanted && to.label != wanted) {
        if (take(policy, headend, *wanted)) {
            unbind(policy, headend, to, release_at);
            to.label = wanted;
        } else {
            to.refused = wanted;
        }
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

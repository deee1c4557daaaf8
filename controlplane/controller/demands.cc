#include "controlplane/controller/demands.hh"

#include <algorithm>
#include <map>
#include <tuple>

#include "controlplane/paths/policy_check.hh"

namespace rhumb::controller {

using topology::node_number;

std::vector<demand> merged(std::vector<demand> demands) {
    std::map<std::tuple<node_number, node_number, std::optional<paths::policy_key>>,
             bits_per_second>
        sums;
    for (const demand& d : demands) {
        sums[{d.from, d.to, d.policy}] += d.rate;
    }
    demands.clear();
    for (const auto& [ends, rate] : sums) {
        demands.push_back({std::get<0>(ends), std::get<1>(ends), rate, std::get<2>(ends)});
    }
    return demands;
}

namespace {

std::optional<node_number> egress_of(const topology::map& m, const ip_prefix& prefix) {
    for (unsigned bits = prefix.length + 1U; bits-- > 0;) {
        ip_prefix shorter = prefix.shortened(bits);
        shorter.length = static_cast<std::uint8_t>(bits);
        const auto known = m.find(shorter);
        if (known && !m.sources(*known).empty()) {
            return m.sources(*known).front().node;
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<demand> estimate_demands(const topology::map& m, std::span<const policy_rate> policies,
                                     std::span<const prefix_rate> prefixes) {
    std::vector<demand> found;
    const auto add = [&](node_number from, std::optional<node_number> to, bits_per_second rate,
                         std::optional<paths::policy_key> policy) {
        if (to && *to != from && rate > 0) {
            found.push_back({from, *to, rate, policy});
        }
    };
    for (const policy_rate& p : policies) {
        add(p.policy.headend, paths::endpoint_node(m, p.policy.endpoint), p.rate, p.policy);
    }
    for (const prefix_rate& p : prefixes) {
        add(p.at, egress_of(m, p.prefix), p.rate, std::nullopt);
    }
    return merged(std::move(found));
}

}  // namespace rhumb::controller

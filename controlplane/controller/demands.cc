#include "controlplane/controller/demands.hh"

#include <algorithm>
#include <map>
#include <set>
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

std::vector<demand> estimate_demands(const topology::map& m, const collector& counted) {
    std::vector<demand> found;
    const auto add = [&](node_number from, std::optional<node_number> to, bits_per_second rate,
                         std::optional<paths::policy_key> policy) {
        if (to && *to != from && rate > 0) {
            found.push_back({from, *to, rate, policy});
        }
    };
    for (const auto& [id, meter] : counted.meters()) {
        const bits_per_second rate = meter.rate().value_or(0);
        if (id.node >= m.node_count()) {
            continue;
        }
        switch (id.of) {
            case counter_id::kind::link: break;
            case counter_id::kind::policy:
                add(id.node, paths::endpoint_node(m, id.prefix), rate,
                    paths::policy_key{id.node, id.color, id.prefix});
                break;
            case counter_id::kind::prefix:
                add(id.node, egress_of(m, id.prefix), rate, std::nullopt);
                break;
        }
    }
    return merged(std::move(found));
}

std::vector<demand> with_measured(std::vector<demand> given, const topology::map& m,
                                  const collector& counted) {
    std::set<node_number> counting;
    for (const auto& [id, meter] : counted.meters()) {
        if (id.of != counter_id::kind::link && meter.rate()) {
            counting.insert(id.node);
        }
    }
    std::erase_if(given, [&](const demand& d) { return counting.contains(d.from); });
    const std::vector<demand> measured = estimate_demands(m, counted);
    given.insert(given.end(), measured.begin(), measured.end());
    return given;
}

}  // namespace rhumb::controller

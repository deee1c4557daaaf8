#include "controlplane/controller/demands.hh"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/spf.hh"

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

// Where packets for prefixes leave the network: at the nearest node that has the prefix, as
// algorithm 0 goes.
class egresses {
public:
    explicit egresses(const topology::map& m) : map_(m), view_(topology::make_plane(m, 0)) {}

    std::optional<node_number> of(node_number from, const ip_prefix& prefix);
    // Of the prefix itself, not of a shorter one.
    std::optional<node_number> nearest(node_number from, const ip_prefix& prefix);

private:
    const topology::map& map_;
    topology::plane view_;
    std::map<node_number, topology::tree> trees_;  // from where they were asked for
    topology::spf_workspace memory_;
};

std::optional<node_number> egresses::nearest(node_number from, const ip_prefix& prefix) {
    const auto known = map_.find(prefix);
    const auto sources = known ? map_.sources(*known) : std::span<const topology::prefix_source>();
    if (sources.size() < 2) {
        return sources.empty() ? std::nullopt : std::optional(sources.front().node);
    }
    topology::tree& tree = trees_[from];
    if (tree.distances.empty()) {
        topology::shortest_paths_from(map_.graph(), view_, from, tree, memory_);
    }
    const auto cost = [&](const topology::prefix_source& s) {
        return tree.reaches(s.node) ? tree.distances[s.node] + s.said->metric
                                    : topology::unreachable;
    };
    return std::min_element(sources.begin(), sources.end(),
                            [&](const auto& a, const auto& b) { return cost(a) < cost(b); })
        ->node;
}

std::optional<node_number> egresses::of(node_number from, const ip_prefix& prefix) {
    for (unsigned bits = prefix.length + 1U; bits-- > 0;) {
        ip_prefix shorter = prefix.shortened(bits);
        shorter.length = static_cast<std::uint8_t>(bits);
        if (const auto found = nearest(from, shorter)) {
            return found;
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<demand> estimate_demands(const topology::map& m, const collector& counted) {
    std::vector<demand> found;
    egresses egress(m);
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
                add(id.node, egress.nearest(id.node, id.prefix), rate,
                    paths::policy_key{id.node, id.color, id.prefix});
                break;
            case counter_id::kind::prefix:
                add(id.node, egress.of(id.node, id.prefix), rate, std::nullopt);
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

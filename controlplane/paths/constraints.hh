// What a path has to keep to, and a path: links of the map, with no word about the SIDs that will
// spell it. The terms are those of RFC 5305 and RFC 9256 5.2 (dynamic paths).
// Threads: any (values).
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "controlplane/topology/graph.hh"

namespace rhumb::paths {

struct constraints {
    topology::metric_type metric = topology::metric_type::igp;  // what is to be small
    topology::affinity_set exclude_any = 0;
    topology::affinity_set include_any = 0;  // 0: no such rule
    topology::affinity_set include_all = 0;
    std::vector<topology::node_number> exclude_nodes;
    std::vector<topology::link_number> exclude_links;  // that direction; name both if meant
    std::vector<std::uint32_t> exclude_srlgs;
    std::uint64_t bandwidth = 0;                            // bits a second, 0: any
    topology::distance max_metric = topology::unreachable;  // of `metric`
    topology::distance max_delay = topology::unreachable;   // microseconds
    std::uint32_t max_hops = 0xffffffff;
    // Loose hops, to be passed in this order. Only between two of them is the path free of loops.
    std::vector<topology::node_number> via;
    // More of them, behind these: one node of each set (an anycast group).
    std::vector<std::vector<topology::node_number>> through;
    friend bool operator==(const constraints&, const constraints&) = default;

    [[nodiscard]] bool has_waypoints() const { return !via.empty() || !through.empty(); }
    // Whether a path has to be held against more than what each of its links is.
    [[nodiscard]] bool bounded() const {
        return max_metric != topology::unreachable || max_delay != topology::unreachable ||
               max_hops != 0xffffffff;
    }
};

struct path {
    std::vector<topology::link_number> links;  // each begins where the one before ends
    topology::distance metric = 0;
    topology::distance delay = 0;  // microseconds; links that do not give theirs count 0
    friend bool operator==(const path&, const path&) = default;
};

// The order in which paths are preferred, and in which the k shortest come.
[[nodiscard]] inline bool nearer(const path& a, const path& b) {
    return std::forward_as_tuple(a.metric, a.links.size(), a.links) <
           std::forward_as_tuple(b.metric, b.links.size(), b.links);
}

}  // namespace rhumb::paths

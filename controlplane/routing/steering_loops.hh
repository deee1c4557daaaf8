// Steering of several headends that leads round: one steers a prefix into a policy that ends where
// another steers it back. One file says for all nodes what is steered where (docs/policies.md), so
// each node finds the same loops on the same map, and leaves out its own part.
//
// What counts is what headends are given, not which policy is up: any policy that may get a prefix
// counts, and plain IP beside it, wherever a headend might have neither. So nothing that goes up or
// down makes a loop, and now and then something is refused that would not have looped.
// Threads: one at a time, with the map.
#pragma once

#include <compare>
#include <map>
#include <utility>
#include <vector>

#include "controlplane/config/policies_file.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::routing {

// A prefix that a headend steers.
struct steered_prefix {
    topology::node_number headend = topology::nobody;
    ip_prefix prefix;
    friend auto operator<=>(const steered_prefix&, const steered_prefix&) = default;
};

class steering_loops {
public:
    // What headends steer, all of them, from now on: after each change of the file, and of what its
    // names mean. To be followed by find().
    void replace(const topology::map& m, const config::resolved_policies& all);
    // What may come back, in order; for a map whose nodes and prefixes are as they were.
    [[nodiscard]] std::vector<steered_prefix> find(const topology::map& m) const;

private:
    using leads_to = std::map<steered_prefix,
                              std::vector<topology::node_number>>;  // where policies for it may end
    // Packets that all nodes treat alike, as far as prefixes go.
    struct packets {
        std::vector<topology::prefix_number> on_map;  // that match them, the longest first
        std::vector<std::pair<topology::node_number, topology::node_number>> policies;  // and ends
        friend auto operator<=>(const packets&, const packets&) = default;
    };

    [[nodiscard]] static leads_to all_steered(const topology::map& m,
                                              const config::resolved_policies& all);
    // By which steerings they go.
    std::map<packets, std::vector<steered_prefix>> classes_;
};

}  // namespace rhumb::routing

// What is sent through the network: a matrix of demands, given or estimated from counters at
// ingress. Threads: any (values).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controlplane/controller/rates.hh"
#include "controlplane/paths/policy.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::controller {

struct demand {
    topology::node_number from = topology::nobody;
    topology::node_number to = topology::nobody;
    bits_per_second rate = 0;
    std::optional<paths::policy_key> policy;  // that it takes; none: the shortest paths
    // Where it has one; for reports. g++ warns where it is left out without an initializer.
    // NOLINTNEXTLINE(readability-redundant-member-init)
    std::string policy_name{};
    friend bool operator==(const demand&, const demand&) = default;
};

// Sums those of the same ends and policy; the rest goes in order of these.
[[nodiscard]] std::vector<demand> merged(std::vector<demand> demands);

// From what was counted at ingress. Policies' traffic goes to their endpoints; that to a prefix to
// whoever of the map advertises it or the longest prefix that contains it, the lowest node number
// of several. What leads nowhere on the map, or stays where it is, is left out.
[[nodiscard]] std::vector<demand> estimate_demands(const topology::map& m,
                                                   const collector& counted);

// `given` with what was counted in place of the demands of every node that counts at ingress.
[[nodiscard]] std::vector<demand> with_measured(std::vector<demand> given, const topology::map& m,
                                                const collector& counted);

}  // namespace rhumb::controller

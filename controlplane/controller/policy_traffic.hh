// From policies to traffic: which lists a demand may follow as its policy is. Threads: one at a
// time, as policies.
#pragma once

#include <span>
#include <vector>

#include "controlplane/controller/demands.hh"
#include "controlplane/controller/traffic.hh"
#include "controlplane/paths/policies.hh"

namespace rhumb::controller {

// Demands with the lists that their policies have in force, then those of other candidates with
// explicit lists, in order of preference. Without a policy, or where it is not known: shortest
// paths.
[[nodiscard]] std::vector<routed_demand> routed_by(const paths::policies& policies,
                                                   const topology::map& m,
                                                   std::span<const demand> demands);

// Gives demands the names of the policies that they take.
void name_policies(std::vector<demand>& demands, const paths::policies& policies);

}  // namespace rhumb::controller

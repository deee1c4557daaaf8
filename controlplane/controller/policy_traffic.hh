// Between policies and traffic: which lists a demand may follow as its policy is, and a path that a
// policy should take as a candidate path for it. Threads: one at a time, as policies.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/controller/demands.hh"
#include "controlplane/controller/reoptimise.hh"
#include "controlplane/controller/traffic.hh"
#include "controlplane/paths/policies.hh"

namespace rhumb::controller {

// Demands with the lists that their policies have in force, then those of other candidates with
// explicit lists, in order of preference. Without a policy, or where it is not known: shortest
// paths.
[[nodiscard]] std::vector<routed_demand> routed_by(const paths::policies& policies,
                                                   const topology::map& m,
                                                   std::span<const demand> demands);

// Demands whose policy is known: those that re-optimisation may move.
[[nodiscard]] std::vector<std::uint32_t> movable(const paths::policies& policies,
                                                 std::span<const demand> demands);

// Segments in the terms of candidate paths. nullopt: one has none (anycast without a prefix).
[[nodiscard]] std::optional<std::vector<paths::hop>> hops_of(
    const topology::map& m, std::span<const topology::segment> segments);

// A candidate path with these lists that goes before all others of its policy: for a move.
[[nodiscard]] std::optional<paths::candidate_path> candidate_for(const topology::map& m,
                                                                 const paths::policy_state& policy,
                                                                 const segment_lists& lists);

}  // namespace rhumb::controller

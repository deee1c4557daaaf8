// What SR policies (policies.hh) ask for: paths that keep to constraints, the segments that spell
// them, labels, bandwidth. policy_services.hh has all of it; tests bring their own.
// Threads: those of the policies.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/paths/disjoint.hh"
#include "controlplane/paths/policy.hh"
#include "controlplane/paths/policy_bindings.hh"
#include "controlplane/paths/policy_split.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::paths {

// A path that was computed, as segments and as the links that they pin (those of all branches).
// Without segments: no SIDs spell it.
struct computed_list {
    topology::segments segments;
    std::vector<topology::link_number> links;
};
using compute = std::function<std::optional<computed_list>(
    topology::node_number headend, topology::node_number endpoint, const constraints& within)>;
// Many endpoints at once, so that they can share trees.
using compute_many = std::function<void(topology::node_number headend, const constraints& within,
                                        std::span<const topology::node_number> endpoints,
                                        std::span<std::optional<computed_list>> found)>;
// Two paths at once that share no more than they have to. What the policies have reserved counts as
// free.
struct pair_request {
    std::array<topology::node_number, 2> headends;
    std::array<topology::node_number, 2> endpoints;
    std::array<std::uint32_t, 2> policies;
    kept_apart kind = kept_apart::link;
};
struct computed_pair {
    std::array<path, 2> paths;  // in the order of the policies
    bool found = false;
    bool disjoint = false;
    bool proven = false;  // no pair has a smaller sum, or none is disjoint
    shared_risks shared;
    std::string why;  // none was found
};
using compute_pair =
    std::function<computed_pair(const pair_request& asked, const constraints& within)>;
// What this policy has reserved counts as free.
using compute_sharing = std::function<std::optional<computed_list>(
    topology::node_number headend, topology::node_number endpoint, const constraints& within,
    std::uint32_t policy)>;
// Whether links that somebody has chosen keep to that; several paths of equal cost if `ecmp`.
using keep_to = std::function<bool(topology::node_number headend, topology::node_number endpoint,
                                   std::span<const topology::link_number> links,
                                   const constraints& within, bool ecmp, std::uint32_t policy)>;
// To the nearest of several endpoints: the members of an anycast one.
using compute_any = std::function<std::optional<computed_list>(
    topology::node_number headend, std::span<const topology::node_number> endpoints,
    const constraints& within, std::uint32_t policy)>;
// Segments for the same links, after shortest paths have changed.
using encode = std::function<std::optional<topology::segments>(
    topology::node_number headend, std::span<const topology::link_number> links)>;
// The same with the fewest labels: over its own link a headend needs none, and binding SIDs of
// other policies may stand for parts.
using encode_split = std::function<std::optional<topology::segments>(
    topology::node_number headend, std::span<const topology::link_number> links,
    std::span<const offered_binding> offers)>;
// Links that decide how a path is spelt: it can become shorter only where one of them changes.
using spelling_links =
    std::function<std::vector<topology::link_number>(std::span<const topology::link_number> links)>;

// Bandwidth by policy: a reservation beside the one that stands, and which of the two goes.
struct bandwidth_services {
    std::function<bool(std::uint32_t policy, std::span<const topology::link_number> links,
                       std::uint64_t bandwidth)>
        admit;
    std::function<void(std::uint32_t policy)> settle;   // the older goes
    std::function<void(std::uint32_t policy)> abandon;  // the newer goes
    std::function<void(std::uint32_t policy)> release;  // both go
};

struct path_services {
    paths::compute compute;
    paths::compute_many compute_many;        // none: compute, one by one
    paths::compute_sharing compute_sharing;  // none: compute
    paths::compute_any compute_any;          // none: compute, one by one, and the nearest
    paths::compute compute_ecmp;             // all paths of the least metric; none: there are none
    paths::compute_pair compute_pair;        // none: paths do not come in pairs
    paths::keep_to keeps_to;                 // none: paths cannot be chosen
    paths::encode encode;                    // none: a path is computed anew instead
    paths::encode_split encode_split;        // none: paths that are too long are not split
    paths::spelling_links spelling_links;    // none: no other links matter
    label_services labels;
    bandwidth_services bandwidth;
};

}  // namespace rhumb::paths

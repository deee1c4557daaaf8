// Binding SIDs of policies that stand for parts of others' paths (RFC 9256 6): what a headend
// cannot impose alone, policies on the way take over. Only specified binding SIDs are used, as all
// that compute have to know them. Threads: any (values).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/topology/map.hh"
#include "controlplane/topology/segment.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::paths {

struct offered_binding {
    topology::node_number node = topology::nobody;  // the policy's headend
    mpls::label label = 0;
    topology::node_number end = topology::nobody;
    std::vector<topology::link_number> links;  // its path, where that is one; or ...
    topology::segments segments;               // ... of an explicit list
    friend bool operator==(const offered_binding&, const offered_binding&) = default;
};

// Offers by node and label.
[[nodiscard]] std::optional<topology::node_number> end_of_offer(
    std::span<const offered_binding> offers, topology::node_number node, mpls::label label);

// The node at which each segment is looked at, and where the last one ends; nobody: one of several,
// or unknown.
[[nodiscard]] std::vector<topology::node_number> nodes_along(const topology::map& m,
                                                             topology::node_number headend,
                                                             const topology::segments& list);

// The list with as few segments as can be, where runs of its segments are those that a policy's
// binding SID stands for, or links that a binding SID of the map leads over. What its author wrote
// is not spelt otherwise.
[[nodiscard]] topology::segments replace_by_bindings(const topology::map& m,
                                                     topology::node_number headend,
                                                     const topology::segments& list,
                                                     std::span<const offered_binding> offers);

}  // namespace rhumb::paths

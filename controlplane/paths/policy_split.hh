// Binding SIDs of policies that stand for parts of others' paths (RFC 9256 6): what a headend
// cannot impose alone, policies on the way take over. Only specified binding SIDs are used, as all
// that compute have to know them. Threads: any (values).
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "controlplane/topology/map.hh"
#include "controlplane/topology/segment.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::paths {

// A binding SID by its node and label.
struct binding_place {
    topology::node_number node = topology::nobody;
    mpls::label label = 0;
    friend auto operator<=>(const binding_place&, const binding_place&) = default;
};

struct offered_binding {
    topology::node_number node = topology::nobody;  // the policy's headend
    mpls::label label = 0;
    topology::node_number end = topology::nobody;
    std::vector<topology::link_number> links;  // its path, where that is one; or ...
    topology::segments segments;               // ... of an explicit list
    friend bool operator==(const offered_binding&, const offered_binding&) = default;
};

// Offers by node and label.
[[nodiscard]] inline const offered_binding* find_offer(std::span<const offered_binding> offers,
                                                       topology::node_number node,
                                                       mpls::label label) {
    const auto at = std::lower_bound(offers.begin(), offers.end(), std::tuple(node, label),
                                     [](const offered_binding& o, const auto& wanted) {
                                         return std::tuple(o.node, o.label) < wanted;
                                     });
    return at != offers.end() && at->node == node && at->label == label ? &*at : nullptr;
}
[[nodiscard]] inline std::optional<topology::node_number> end_of_offer(
    std::span<const offered_binding> offers, topology::node_number node, mpls::label label) {
    const offered_binding* const offer = find_offer(offers, node, label);
    return offer == nullptr ? std::nullopt : std::optional(offer->end);
}

// The list as it is where binding SIDs of these offers are replaced by what they stand for: where
// its packets go.
[[nodiscard]] topology::segments expand_offers(const topology::graph& g,
                                               const topology::segments& list,
                                               std::span<const offered_binding> offers);

// The node at which each segment is looked at, and where the last one ends; nobody: one of several,
// or unknown.
[[nodiscard]] std::vector<topology::node_number> nodes_along(const topology::map& m,
                                                             topology::node_number headend,
                                                             const topology::segments& list);

// The list with as few segments as can be, where runs of its segments are those that a policy's
// binding SID stands for, or links that a binding SID of the map leads over, unless it is one of
// `bound`. What its author wrote is not spelt otherwise.
[[nodiscard]] topology::segments replace_by_bindings(const topology::map& m,
                                                     topology::node_number headend,
                                                     const topology::segments& list,
                                                     std::span<const offered_binding> offers,
                                                     const std::set<binding_place>& bound = {});

}  // namespace rhumb::paths

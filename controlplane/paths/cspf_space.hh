// The part of the map that constraints leave over, and the way that a path has to take through it.
// Parts of cspf.hh that k shortest and disjoint paths use too. Threads: any (values).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/paths/constraints.hh"
#include "controlplane/paths/reservations.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::paths {

using node_set = std::vector<topology::node_number>;

// From a node, through one node of each set in this order, to one node of the last: a set is an
// anycast group, or a single node.
struct route {
    topology::node_number from = topology::nobody;
    std::vector<node_set> through;
    node_set to;
};

// What bandwidth is taken from: an owner's own reservation counts as free.
struct bandwidth_pool {
    const reservations* reserved = nullptr;  // null: nothing is reserved
    owner_id owner = no_owner;
};

// Rules that links have to pass, by growing sets: to find the one that leaves no way.
enum class rule : std::uint8_t { link, metric, exclusions, affinities, bandwidth, known_delay };
inline constexpr std::array all_rules{rule::link,       rule::metric,    rule::exclusions,
                                      rule::affinities, rule::bandwidth, rule::known_delay};
// Whether it can leave out anything at all.
[[nodiscard]] bool says_something(rule r, const constraints& limits);

// Costs by `limits.metric`, unusable where one of the rules up to `last` says no. Rules before
// `metric` take the IGP metric.
[[nodiscard]] topology::plane prune(const topology::map& m, const constraints& limits,
                                    const bandwidth_pool& pool, rule last = rule::known_delay);

// Whether a packet can go that way at all.
[[nodiscard]] bool is_connected(const topology::graph& g, const topology::plane& view,
                                const route& way);

// The route with limits.via, then limits.through, in front of what it has to pass; false where a
// node is not on the map.
[[nodiscard]] bool add_via(const topology::map& m, const constraints& limits, route& way);

// Sums over links. Links that lack the metric count 0.
[[nodiscard]] path make_path(const topology::graph& g, topology::metric_type metric,
                             std::vector<topology::link_number> links);

[[nodiscard]] bool within(const path& p, const constraints& limits);

// Whether the links are a path between the two that keeps to all of this. `disjoint` and such are
// for the caller to have put into the exclusions.
[[nodiscard]] bool keeps_to(const topology::map& m, topology::node_number from,
                            topology::node_number to, std::span<const topology::link_number> links,
                            const constraints& limits, const bandwidth_pool& pool);

// Whether there is bandwidth for all of it, where waypoints make it take a link more than once.
[[nodiscard]] bool has_bandwidth(const topology::map& m, const path& p, const constraints& limits,
                                 const bandwidth_pool& pool);

}  // namespace rhumb::paths

// Dynamic paths of many policies with equal constraints at one headend, from one shortest-path
// tree: what policies::compute_many is made for. What a tree cannot answer (hops on the way,
// bandwidth, bounds that its path exceeds) goes to a function for single paths. Threads: one at a
// time, with the map.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "controlplane/paths/policies.hh"
#include "controlplane/topology/spf.hh"

namespace rhumb::paths {

// Whether a packet may take the link, costs apart.
[[nodiscard]] topology::plane plane_within(const topology::map& m, const constraints& within);

class policy_trees {
public:
    // `single` for what a tree cannot answer, `spell` for a path's segments.
    policy_trees(const topology::map& m, paths::compute single, paths::encode spell)
        : map_(m), single_(std::move(single)), spell_(std::move(spell)) {}

    void compute(topology::node_number headend, const constraints& within,
                 std::span<const topology::node_number> endpoints,
                 std::span<std::optional<computed_list>> found);

private:
    [[nodiscard]] bool path_to(topology::node_number endpoint, const constraints& within,
                               std::vector<topology::link_number>& links) const;

    const topology::map& map_;
    paths::compute single_;
    paths::encode spell_;
    topology::tree tree_;
    topology::spf_workspace memory_;
    std::vector<topology::link_number> parents_;  // by node: the link over which it is reached
};

}  // namespace rhumb::paths

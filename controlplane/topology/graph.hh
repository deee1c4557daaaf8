// The map's links in the form that computations want: numbers and columns instead of names.
//
// Nodes and links have dense numbers. The links of a node are consecutive, in the order in which it
// advertises them. Each link has a reverse, so that a search against the direction of links needs
// no lists of its own: it looks at the reverse of each outgoing link. A link that is gone, or that
// its other end does not advertise, keeps its number and is unusable.
// Threads: read by any, written by map alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/topology/advertisement.hh"

namespace rhumb::topology {

using node_number = std::uint32_t;
using link_number = std::uint32_t;
inline constexpr std::uint32_t nobody = 0xffffffff;

struct graph {
    std::vector<link_number> first;  // of a node's links; one more entry at the end

    // By link.
    std::vector<node_number> from;
    std::vector<node_number> to;
    std::vector<link_number> reverse;  // nobody: the other end does not know of it (then unusable)
    std::array<std::vector<cost>, metric_types> metrics;  // unusable where not given or no link
    std::vector<affinity_set> affinities;

    // By node: 1 if nothing goes through it (overload, or nothing known of it).
    std::vector<std::uint8_t> no_transit;

    [[nodiscard]] std::size_t node_count() const noexcept { return no_transit.size(); }
    [[nodiscard]] std::size_t link_count() const noexcept { return to.size(); }
    [[nodiscard]] const std::vector<cost>& costs(metric_type metric) const {
        return metrics[static_cast<std::size_t>(metric)];
    }
};

// What an algorithm sees of the graph: costs by link, and who may be passed through. A computation
// "as if this link had failed" works on a copy with that link unusable.
struct plane {
    std::vector<cost> costs;
    std::vector<std::uint8_t> no_transit;
};

}  // namespace rhumb::topology

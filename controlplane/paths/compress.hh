// From a path to the fewest segments that pin it (RFC 8402; RFC 9256 5.3 leaves it to whoever
// computes). A node segment stands for a part of the path that is the only shortest path on some
// algorithm's plane: parallel links and equal-cost branches count as others. An adjacency segment
// stands for one link, a binding segment for the nodes that a node offers it through.
//
// Parts of an only shortest path are only shortest paths. So where all nodes have SIDs, taking the
// farthest node each time gives the fewest, on several planes at once too: who starts farther on
// gets at least as far. Where SIDs are missing or binding SIDs fit, all ways to cut the path are
// weighed instead.
//
// compress_set lets traffic branch: it may take any of the wanted links, and sets of parallel links
// by their own SIDs. compress_to_msd splits
// what a headend cannot impose, by binding SIDs on the way (RFC 9256 6).
// Threads: one at a time, as the engine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/paths/compress_engine.hh"
#include "controlplane/paths/policy_split.hh"
#include "controlplane/topology/segment.hh"
#include "rhumb/result.hh"

namespace rhumb::paths {

struct compress_options {
    // Planes whose node SIDs may be used: bit n is engine plane n.
    std::uint64_t planes = ~std::uint64_t{0};
    bool use_bindings = true;  // that nodes advertise
    bool use_anycast = true;
    // Binding SIDs of policies that the map does not know.
    std::span<const offered_binding> offers;
    // The fewest labels rather than segments: for its own link a headend imposes none.
    bool own_link_is_free = false;
};

// Precondition: none; links that make no path from `from` are refused.
[[nodiscard]] result<topology::segments> compress(path_engine& engine, topology::node_number from,
                                                  std::span<const topology::link_number> links,
                                                  const compress_options& options = {});

// From `from` to `to` over any of the wanted links, and no other. Of equally short lists that which
// takes the most links (counted segment by segment), then one with the fewest adjacency segments.
[[nodiscard]] result<topology::segments> compress_set(path_engine& engine,
                                                      topology::node_number from,
                                                      topology::node_number to,
                                                      std::span<const topology::link_number> wanted,
                                                      const compress_options& options = {});

// A binding SID that a node on the way has to be given.
struct proposed_binding {
    topology::node_number node = topology::nobody;
    topology::segments segments;  // what it stands for
};

// In the lists, a binding segment with number first_proposed + n is binding n of the proposal:
// labels end far below.
inline constexpr std::uint32_t first_proposed = 0x80000000;

struct split_segments {
    topology::segments segments;  // for the headend
    std::vector<proposed_binding> bindings;
    bool fewest = true;  // fewer would not do; not known for paths beyond max_exact_hops
};

struct msd_options {
    std::size_t also = 0;  // labels that the headend needs for something else (a service, a repair)
    std::size_t max_exact_hops = 128;
};

// compress() within the MSD of the headend, and of each node that is given a binding SID.
[[nodiscard]] result<split_segments> compress_to_msd(path_engine& engine,
                                                     topology::node_number from,
                                                     std::span<const topology::link_number> links,
                                                     const msd_options& msd = {},
                                                     const compress_options& options = {});

}  // namespace rhumb::paths

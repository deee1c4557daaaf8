// Repairs as rows, and one of them in words: what fails, the P-space and Q-space (RFC 7490, RFC
// 9855), the post-convergence path, and why these segments. For a router's own map and for one of a
// file. Threads: any, with the map.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "controlplane/labels/sid_labels.hh"
#include "controlplane/topology/ti_lfa.hh"

namespace rhumb::routing {

// A map, and what an algorithm sees of it.
struct repair_scene {
    const topology::map& map;
    const labels::sid_labels& labels;
    std::uint8_t algorithm = 0;
    const topology::plane& view;
};

// Repairs that somebody takes, with the destinations that do.
[[nodiscard]] nlohmann::json repair_rows(const repair_scene& in,
                                         std::span<const topology::link_repairs> all);

// Destinations that these leave without a repair, as rows of the same kind, that nothing
// `protects`, and `why`. For people: it asks for each of them anew.
[[nodiscard]] nlohmann::json unrepaired_rows(const repair_scene& in, topology::node_number own,
                                             std::span<const topology::link_repairs> all,
                                             const topology::ti_lfa_options& options);

// For a destination, a row for each link of `own` that shortest paths to it begin with: what the
// repair rests on, and `words`, an array of lines.
[[nodiscard]] nlohmann::json explanation_rows(const repair_scene& in, topology::node_number own,
                                              topology::node_number destination,
                                              const topology::ti_lfa_options& options);

}  // namespace rhumb::routing

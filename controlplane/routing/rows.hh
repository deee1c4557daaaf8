// What a node knows of the network as rows for people and machines: what `rhumbctl show topology`,
// links, spf, protection, conflicts and
// policies are made of. Nodes and links stand there by name; costs are
// those of the algorithm's metric. Threads: one at a time, with the network.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "controlplane/routing/network.hh"
#include "rhumb/result.hh"

namespace rhumb::routing {

// Nodes: SID, addresses, links, and how far they are from here.
[[nodiscard]] nlohmann::json topology_rows(const network& known);
// Links, each direction a row; behind those of the map own ones that are down.
[[nodiscard]] nlohmann::json link_rows(const network& known);
// Shortest paths from here; an error where nobody defines the algorithm.
[[nodiscard]] result<nlohmann::json> spf_rows(const network& known, std::uint8_t algorithm);
// Repairs of own links, with the destinations that take them.
[[nodiscard]] nlohmann::json protection_rows(const network& known);
// Why packets for a node are repaired as they are (repair_rows.hh); an error where it is no node.
[[nodiscard]] result<nlohmann::json> protection_rows(const network& known,
                                                     std::string_view destination);
// SIDs that collide, and whatever of the map is not in the tables, and why.
[[nodiscard]] nlohmann::json conflict_rows(const network& known);

// SR policies with their candidate paths, and what is in force of each.
[[nodiscard]] nlohmann::json policy_rows(const network& known);
// The map as it is, as a topology file (docs/topology.md): own links that are down are left out,
// and what the router's file says of policies, routes and demands is there, too.
[[nodiscard]] std::string topology_file_text(const network& known);

}  // namespace rhumb::routing

// Which next hop of the configuration is which link of the map. Threads: any (pure).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/topology/advertisement.hh"
#include "rhumb/result.hh"

namespace rhumb::routing {

// For each link of `own` that has one, in its order: the next hop that [topology] links names, else
// the one of the link's own name, else that of the neighbour's name, where one link leads there.
// Errors: `links` names what is not there.
[[nodiscard]] result<std::vector<config::topology_section::adjacency>> match_links(
    const config::file& file, const topology::advertisement& own);

}  // namespace rhumb::routing

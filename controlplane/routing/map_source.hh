// The map that a configuration names or has: a topology file, or [topology.map].
// Threads: any (pure, but for reading the file).
#pragma once

#include <string>
#include <string_view>

#include "controlplane/config/config.hh"
#include "controlplane/config/policies_file.hh"
#include "controlplane/config/topology_file.hh"
#include "controlplane/routing/policies_text.hh"
#include "rhumb/result.hh"

namespace rhumb::routing {

struct map_told {
    std::string path;  // of the file in which it stands
    config::topology_file network;
    config::policies_file policies;
    policies_in_words words;
};

// Precondition: there is [topology]. `own_name`: the node whose policies name no headend. Errors
// have their place in the file in which the map stands.
[[nodiscard]] result<map_told> read_map(const config::file& file, std::string_view own_name);

}  // namespace rhumb::routing

// A map that stands in a router's configuration, [topology.map], with the sections that a topology
// file has (docs/topology.md). Threads: control.
#pragma once

#include <memory>
#include <string>

#include "controlplane/config/policies_file.hh"
#include "controlplane/config/topology_file.hh"

namespace rhumb::config {

struct inline_map {
    topology_file network;
    policies_file policies;     // names are not looked up yet
    std::string text;           // all of it, as a part of a configuration
    std::string policies_text;  // policies, routes and demands, as a part of a topology file
};

// Null after an error.
[[nodiscard]] std::shared_ptr<const inline_map> read_inline_map(value from, diagnostics& errors);

}  // namespace rhumb::config

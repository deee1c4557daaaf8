// Topology files: a network as TOML, written by people or programs (docs/topology.md), to what each
// node would say of itself and back. As strict as the configuration: each error has its file, line
// and column. Threads: control.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/config/diagnostics.hh"
#include "controlplane/config/reader.hh"
#include "controlplane/topology/advertisement.hh"
#include "rhumb/result.hh"

namespace rhumb::config {

struct topology_file {
    std::vector<topology::advertisement> nodes;  // in the order of the file
    std::vector<position> where;                 // of each of them
    std::vector<std::string> affinities;         // names by bit; empty or missing: none
};

// What reads the arrays policies, routes and demands of the same file, once the network has been
// read without errors; the value lives as long as the call.
using policies_reader = std::function<void(value root, const topology_file&, diagnostics&)>;

// The file may be a configuration that has the map itself: then [topology.map] is what is read of
// it. The error is the first one; all of them go to `all`, where it is given.
[[nodiscard]] result<topology_file> load_topology(const std::string& path,
                                                  std::vector<error>* all = nullptr,
                                                  const policies_reader& policies = {});
// A topology file's text; `name` stands in errors.
[[nodiscard]] result<topology_file> parse_topology(std::string_view text, const std::string& name,
                                                   std::vector<error>* all = nullptr,
                                                   const policies_reader& policies = {});

// The network as text that parse_topology() reads as the same. Links stand in an order that keeps
// that of each node, if there is one.
[[nodiscard]] std::string topology_text(const topology_file& network);

}  // namespace rhumb::config

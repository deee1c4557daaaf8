// A router's configuration and topology file for a node of a network, as files in a folder.
#pragma once

#include <string>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/topology/advertisement.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::test {

// Writes `map.toml`, with `more` behind it, and yields the configuration of its node number `own`:
// a port and a next hop for each link, called after it; [topology] has the given keys.
[[nodiscard]] config::file write_network(const temporary_folder& folder,
                                         const std::vector<topology::advertisement>& network,
                                         std::size_t own, const std::string& more = "",
                                         const config::topology_section& keys = {});

}  // namespace rhumb::test

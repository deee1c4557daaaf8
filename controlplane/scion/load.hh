// Everything that a SCION border router starts from, with one call: br.toml, and in the folder
// that it names topology.json, keys/master0.key and keys/master1.key. Errors name file, line and
// column. Threads: control.
#pragma once

#include <optional>
#include <string>

#include "controlplane/scion/br_toml.hh"
#include "controlplane/scion/keys.hh"
#include "controlplane/scion/topology.hh"
#include "rhumb/result.hh"

namespace rhumb::scion::control {

struct border_router_files {
    br_toml settings;
    topology as;
    master_keys keys;
    std::string topology_path;
    std::optional<port_range> dispatched_ports;  // the router's own, else the topology's

    // The router that this one is; load() has found it.
    [[nodiscard]] const border_router& own() const {
        return as.border_routers.find(settings.general.id)->second;
    }
    // What holds for one of its own links.
    [[nodiscard]] bfd_settings bfd_of(const interface& link) const {
        return with_overrides(settings.router.bfd, link.bfd);
    }
};

// A config_dir that is not absolute counts from the folder of br.toml, so that it does not matter
// where the router is started. (The reference implementation takes it from there.)
[[nodiscard]] result<border_router_files> load(const std::string& br_toml_path);

// The topology alone, for instance again after a change.
[[nodiscard]] result<topology> load_topology(const std::string& path);

}  // namespace rhumb::scion::control

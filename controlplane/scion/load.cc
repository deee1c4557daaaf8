#include "controlplane/scion/load.hh"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/config/form.hh"
#include "controlplane/scion/file.hh"
#include "controlplane/scion/json_document.hh"

namespace rhumb::scion::control {
namespace {

constexpr std::size_t max_toml_mib = 1;
constexpr std::size_t max_topology_mib = json_document::max_bytes >> 20;

// The names of all routers for a message, or as many as one can read.
std::string names_of(const topology& as) {
    constexpr std::size_t max_names = 16;
    if (as.border_routers.empty()) {
        return "it has none";
    }
    std::string names;
    std::size_t count = 0;
    for (const auto& [name, router] : as.border_routers) {
        if (count == max_names) {
            return fmt::format("it has {} and {} more", names, as.border_routers.size() - count);
        }
        names += (count++ == 0 ? "" : ", ") + config::in_quotes(name);
    }
    return "it has " + names;
}

result<br_toml> load_br_toml(const std::string& path) {
    const auto text = read_file(path, max_toml_mib);
    if (!text) {
        return error{"cannot read the router's configuration: " + text.why().message, {path, 0, 0}};
    }
    return parse_br_toml(text.value(), path);
}

// Finds this router in the topology and sees whether it can run.
result<void> check_own(const border_router_files& files, const std::string& br_toml_path) {
    const br_toml::general_section& general = files.settings.general;
    const auto own = files.as.border_routers.find(general.id);
    if (own == files.as.border_routers.end()) {
        return error{fmt::format("no border router {} in {}; {}", config::in_quotes(general.id),
                                 files.topology_path, names_of(files.as)),
                     {br_toml_path, general.id_where.line, general.id_where.column}};
    }
    return check_own_router(own->second, files.topology_path);
}

}  // namespace

result<topology> load_topology(const std::string& path) {
    const auto text = read_file(path, max_topology_mib);
    if (!text) {
        return error{"cannot read the topology: " + text.why().message, {path, 0, 0}};
    }
    return parse_topology(text.value(), path);
}

result<border_router_files> load(const std::string& br_toml_path) {
    auto settings = load_br_toml(br_toml_path);
    if (!settings) {
        return settings.why();
    }
    border_router_files files;
    files.settings = std::move(settings).value();
    // An absolute right side replaces the left one.
    const std::filesystem::path folder =
        std::filesystem::path(br_toml_path).parent_path() / files.settings.general.config_dir;
    files.topology_path = (folder / "topology.json").string();
    auto as = load_topology(files.topology_path);
    if (!as) {
        return as.why();
    }
    files.as = std::move(as).value();
    if (const auto done = check_own(files, br_toml_path); !done) {
        return done.why();
    }
    auto keys = load_master_keys(folder.string());
    if (!keys) {
        return keys.why();
    }
    files.keys = std::move(keys).value();
    files.dispatched_ports = files.as.dispatched_ports;
    if (const auto& instead = files.settings.router.dispatched_ports) {
        files.dispatched_ports = *instead == port_range{} ? std::nullopt : instead;
    }
    return files;
}

}  // namespace rhumb::scion::control

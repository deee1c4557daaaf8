#include "controlplane/routing/map_source.hh"

#include <filesystem>
#include <utility>

#include "controlplane/config/inline_map.hh"
#include "controlplane/config/load.hh"

namespace rhumb::routing {

namespace {

void look_names_up(const config::policies_file& policies, const config::topology_file& network,
                   std::string_view own_name, config::diagnostics& errors) {
    topology::map trial;
    if (!errors.failed() && trial.apply(network.nodes).ok()) {
        (void)config::resolve_policies(policies, trial, trial.find(own_name), errors);
    }
}

result<map_told> read_map_file(const std::string& path, std::string_view own_name) {
    map_told told{path, {}, {}, {}};
    const auto read_rest = [&](config::value root, const config::topology_file& network,
                               config::diagnostics& errors) {
        config::read_policies(root["policies"], network.affinities, told.policies, errors);
        config::read_routes(root["routes"], told.policies, errors);
        config::read_demands(root["demands"], told.policies, errors);
        look_names_up(told.policies, network, own_name, errors);
    };
    const auto text = config::read_file(path, config::max_toml_bytes);
    if (!text) {
        return error{"cannot read the topology: " + text.why().message, {path, 0, 0}};
    }
    auto read = config::parse_topology(text.value(), path, nullptr, read_rest);
    if (!read) {
        return read.why();
    }
    told.network = std::move(read).value();
    told.words = policies_text(text.value());
    return told;
}

result<map_told> take_inline_map(const config::file& file, std::string_view own_name) {
    const config::inline_map& map = *file.topology->map;
    config::diagnostics errors(file.files.front(), 0);
    look_names_up(map.policies, map.network, own_name, errors);
    if (errors.failed()) {
        return errors.why();
    }
    return map_told{file.files.front(), map.network, map.policies, {{}, map.policies_text}};
}

}  // namespace

result<map_told> read_map(const config::file& file, std::string_view own_name) {
    if (file.topology->map != nullptr) {
        return take_inline_map(file, own_name);
    }
    const std::filesystem::path folder = std::filesystem::path(file.files.front()).parent_path();
    return read_map_file((folder / file.topology->file).string(), own_name);
}

}  // namespace rhumb::routing

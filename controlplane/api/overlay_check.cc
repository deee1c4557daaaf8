#include "controlplane/api/overlay_check.hh"

#include <algorithm>
#include <string_view>

#include "controlplane/config/form.hh"
#include "controlplane/config/load.hh"
#include "controlplane/overlay/service/own_key.hh"
#include "controlplane/routing/map_source.hh"

namespace rhumb::api {
namespace {

error at_place(const config::file& file, config::position where, std::string what) {
    return {std::move(what), {file.files[where.file], where.line, where.column}};
}

// Of `nodes`, against the map that the router computes from.
result<std::vector<error>> check_nodes(const config::file& file, const std::string& own_feed) {
    const auto& named = file.overlay->nodes;
    std::vector<error> found;
    if (named.empty()) {
        return found;
    }
    const config::topology_section& section = *file.topology;
    const std::string& own = section.node.empty() ? file.node.name : section.node;
    const auto told = routing::read_map(file, own);
    if (!told) {
        return told.why();
    }
    std::vector<std::string_view> names;
    for (const auto& node : told.value().network.nodes) {
        names.push_back(node.origin);
    }
    for (const auto& [node, feed] : named) {
        if (node == own && feed.text != own_feed) {
            found.push_back(at_place(file, feed.where,
                                     "nodes names this router itself, " + config::in_quotes(node) +
                                         ", with a feed that is not its own: nothing that it says "
                                         "of this router is taken"));
        } else if (std::ranges::find(names, node) == names.end()) {
            found.push_back(at_place(file, feed.where,
                                     "nodes names " + config::in_quotes(node) +
                                         ", which is not on the map of " +
                                         (section.map ? "this file" : section.file) + "; " +
                                         config::advice(node, names)));
        }
    }
    return found;
}

}  // namespace

result<overlay_findings> check_overlay(const config::file& file) {
    overlay_findings found;
    if (!file.overlay) {
        return found;
    }
    const auto chosen = overlay::settings_of(*file.overlay, file.files.front());
    if (!chosen) {
        return chosen.why();
    }
    const auto key = overlay::look_at_own_key(chosen.value());
    if (!key) {
        return key.why();
    }
    found.notes = overlay::notes_of(key.value());
    if (file.overlay->link_state && !file.topology) {
        found.warnings.push_back(
            at_place(file, file.overlay->where,
                     "link_state = true does nothing for a router without a section [topology]"));
    } else if (file.overlay->link_state) {
        const auto nodes = check_nodes(
            file, key.value().id ? overlay::feed_id_text(*key.value().id) : std::string());
        if (!nodes) {
            return nodes.why();
        }
        found.warnings = nodes.value();
    }
    return found;
}

result<std::vector<std::string>> prepare_overlay(const std::string& config_file) {
    const auto file = config::load(config_file);
    if (!file) {
        return file.why();
    }
    if (!file.value().overlay) {
        return error{"the section [overlay] is missing", {config_file, 0, 0}};
    }
    const auto chosen = overlay::settings_of(*file.value().overlay, config_file);
    return chosen ? overlay::prepare_own_key(chosen.value()) : chosen.why();
}

}  // namespace rhumb::api

// The sections [topology] and [controller] of a router's configuration: which map it works from,
// how, and what it computes for the whole network.
#include <fmt/format.h>

#include <array>
#include <set>
#include <string>

#include "controlplane/config/form.hh"
#include "controlplane/config/inline_map.hh"
#include "controlplane/config/sections.hh"
#include "controlplane/config/toml_text.hh"
#include "controlplane/config/topology_parts.hh"

namespace rhumb::config {

namespace {

// links: from links of the map to next hops of this file.
std::vector<topology_section::adjacency> read_adjacencies(value from, diagnostics& errors) {
    std::vector<topology_section::adjacency> found;
    if (from && from.kind() != value_kind::table) {
        errors.fail(from.where(errors),
                    "links must be a table: write links = { LINK = \"NEXTHOP\" }");
        return found;
    }
    std::set<std::string> used;
    for (const value::member& m : from ? from.members() : std::vector<value::member>{}) {
        const position where = errors.at(m.line, m.column);
        const std::string key = fmt::format("links.{}", m.key);
        const std::string nexthop(read_text(m.value, key, errors).value_or(""));
        check_name(nexthop, key, m.value.where(errors), errors);
        if (!used.insert(nexthop).second) {
            errors.fail(m.value.where(errors),
                        fmt::format("next hop {} stands for two links", in_quotes(nexthop)));
        }
        found.push_back({std::string(m.key), nexthop, where});
    }
    return found;
}

// One of the two says what the map is.
void read_map(const table_reader& table, topology_section& into, diagnostics& errors) {
    const value file = table.find("file");
    const value map = table.find("map");
    into.map_where = (map ? map : file).where(errors);
    table.text("file", into.file);
    if (file && into.file.empty()) {
        errors.fail(file.where(errors), "file is empty; give the name of a topology file");
    }
    if (!file && !map) {
        errors.fail(table.where(),
                    "[topology] needs a map: file = \"network.toml\", or [topology.map]");
    } else if (file && map) {
        const position other = file.where(errors);
        errors.fail(into.map_where,
                    fmt::format("the map stands here and, at {}:{}, in a file; say one of them",
                                other.line, other.column));
    } else if (map) {
        into.map = read_inline_map(map, errors);
    }
}

}  // namespace

std::shared_ptr<const inline_map> read_inline_map(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 3> others{"policies", "routes", "demands"};
    auto made = std::make_shared<inline_map>();
    read_topology_map(from, made->network, errors);
    if (errors.failed()) {
        return nullptr;
    }
    read_policies(from["policies"], made->network.affinities, made->policies, errors);
    read_routes(from["routes"], made->policies, errors);
    read_demands(from["demands"], made->policies, errors);
    if (errors.failed()) {
        return nullptr;
    }
    made->text = sections_text(from, topology_sections, "topology.map.");
    made->policies_text = sections_text(from, others, "");
    return made;
}

topology_section read_topology_section(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 13> known{"file",
                                                     "map",
                                                     "node",
                                                     "links",
                                                     "protection",
                                                     "fall_back",
                                                     "local_delay",
                                                     "microloop_avoidance",
                                                     "measure",
                                                     "smoothing",
                                                     "policy_settle",
                                                     "policy_keep_installed",
                                                     "policy_reserved_labels"};
    constexpr std::int64_t max_delay = 60'000;  // milliseconds
    constexpr std::int64_t max_seconds = 3600;
    constexpr std::int64_t max_reserved_labels = 16;
    const table_reader table(from, "[topology]", known, errors);
    topology_section result;
    result.where = table.where();
    read_map(table, result, errors);
    table.name("node", result.node);
    result.adjacencies = read_adjacencies(table.find("links"), errors);
    table.word("protection", protected_resources, result.protects);
    table.flag("fall_back", result.fall_back);
    table.number("local_delay", 0, max_delay, result.local_delay);
    table.number("microloop_avoidance", 0, max_delay, result.microloop_avoidance);
    table.number("measure", 1, max_seconds, result.measure);
    table.number("smoothing", 0, max_seconds, result.smoothing);
    table.number("policy_settle", 0, max_seconds * 1000, result.policy_settle);
    table.flag("policy_keep_installed", result.policy_keep_installed);
    table.number("policy_reserved_labels", 0, max_reserved_labels, result.policy_reserved_labels);
    return result;
}

controller_section read_controller_section(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 4> known{"demands", "reoptimise", "target", "moves"};
    const table_reader table(from, "[controller]", known, errors);
    controller_section result;
    result.where = table.where();
    table.word("demands", demand_sources, result.demands);
    table.number("reoptimise", 0, 86'400, result.reoptimise);
    table.number("target", 0, 10'000, result.target);
    table.number("moves", 1, 10'000, result.moves);
    return result;
}

}  // namespace rhumb::config

// The sections [topology] and [controller] of a router's configuration: which map it works from,
// how, and what it computes for the whole network.
#include <fmt/format.h>

#include <array>
#include <set>
#include <string>

#include "controlplane/config/form.hh"
#include "controlplane/config/sections.hh"

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

}  // namespace

topology_section read_topology_section(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 12> known{"file",
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
    result.file_where = table.need("file", R"(file = "network.toml")").where(errors);
    table.text("file", result.file);
    if (table.find("file") && result.file.empty()) {
        errors.fail(result.file_where, "file is empty; give the name of a topology file");
    }
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

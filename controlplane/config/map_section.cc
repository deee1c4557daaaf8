// The section [topology] of a router's configuration: which map it works from, and how.
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
    constexpr std::array<std::string_view, 7> known{
        "file", "node", "links", "protection", "fall_back", "local_delay", "microloop_avoidance"};
    constexpr std::int64_t max_delay = 60'000;  // milliseconds
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
    return result;
}

}  // namespace rhumb::config

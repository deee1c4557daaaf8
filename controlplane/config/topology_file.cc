#include "controlplane/config/topology_file.hh"

#include "controlplane/config/load.hh"
#include "controlplane/config/topology_parts.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::config {

namespace {

void read_sections(const table_reader& table, topology_file& into, diagnostics& errors) {
    topology_reading reading(into, errors);
    read_affinity_names(table.find("affinities"), reading);
    read_defaults(table.find("defaults"), reading);
    read_nodes(table.find("nodes"), reading);
    read_flex_algos(table.find("flex_algo"), reading);
    read_links(table.find("links"), reading);
    if (errors.failed()) {
        return;
    }
    // What is left to the map's own rules, such as blocks that overlap, stands at the node.
    for (std::size_t n = 0; n < into.nodes.size(); ++n) {
        if (const auto sense = topology::check(into.nodes[n]); !sense) {
            errors.fail(into.where[n], sense.why().message);
        }
    }
}

// The table [topology.map] of a configuration; none in other files.
value map_of_configuration(value root) {
    const value section = root["topology"];
    return section.kind() == value_kind::table ? section["map"] : value();
}

result<topology_file> parse(std::string_view text, const std::string& name, std::vector<error>* all,
                            const policies_reader& policies, bool or_configuration) {
    topology_file made;
    diagnostics errors(name, 0);
    const document toml(text, errors);
    value root = toml.root();
    if (const value map = or_configuration ? map_of_configuration(root) : value(); map) {
        read_topology_map(map, made, errors);
        root = map;
    } else if (!errors.failed()) {
        const table_reader table(root, "this file", topology_sections, errors);
        read_sections(table, made, errors);
    }
    if (policies && !errors.failed()) {
        policies(root, made, errors);
    }
    if (!errors.failed()) {
        return made;
    }
    if (all != nullptr) {
        *all = errors.all();
    }
    return errors.why();
}

}  // namespace

void read_topology_map(value from, topology_file& into, diagnostics& errors) {
    const table_reader table(from, "[topology.map]", topology_sections, errors);
    read_sections(table, into, errors);
}

result<topology_file> parse_topology(std::string_view text, const std::string& name,
                                     std::vector<error>* all, const policies_reader& policies) {
    return parse(text, name, all, policies, false);
}

result<topology_file> load_topology(const std::string& path, std::vector<error>* all,
                                    const policies_reader& policies) {
    const auto text = read_file(path, max_toml_bytes);
    if (text) {
        return parse(text.value(), path, all, policies, true);
    }
    const error why{"cannot read the topology: " + text.why().message, {path, 0, 0}};
    if (all != nullptr) {
        *all = {why};
    }
    return why;
}

}  // namespace rhumb::config

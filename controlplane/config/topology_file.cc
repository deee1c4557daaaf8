#include "controlplane/config/topology_file.hh"

#include <array>

#include "controlplane/config/load.hh"
#include "controlplane/config/topology_parts.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::config {

namespace {

void read_topology(value root, topology_file& into, diagnostics& errors) {
    constexpr std::array<std::string_view, 8> known{"affinities", "defaults", "nodes",  "flex_algo",
                                                    "links",      "policies", "routes", "demands"};
    const table_reader table(root, "this file", known, errors);
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

}  // namespace

result<topology_file> parse_topology(std::string_view text, const std::string& name,
                                     std::vector<error>* all, const policies_reader& policies) {
    topology_file made;
    diagnostics errors(name, 0);
    const document toml(text, errors);
    if (!errors.failed()) {
        read_topology(toml.root(), made, errors);
    }
    if (policies && !errors.failed()) {
        policies(toml.root(), made, errors);
    }
    if (!errors.failed()) {
        return made;
    }
    if (all != nullptr) {
        *all = errors.all();
    }
    return errors.why();
}

result<topology_file> load_topology(const std::string& path, std::vector<error>* all,
                                    const policies_reader& policies) {
    const auto text = read_file(path, max_toml_bytes);
    if (text) {
        return parse_topology(text.value(), path, all, policies);
    }
    const error why{"cannot read the topology: " + text.why().message, {path, 0, 0}};
    if (all != nullptr) {
        *all = {why};
    }
    return why;
}

}  // namespace rhumb::config

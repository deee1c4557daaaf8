#include "tests/support/network_files.hh"

#include "controlplane/config/topology_file.hh"

namespace rhumb::test {

config::file write_network(const temporary_folder& folder,
                           const std::vector<topology::advertisement>& network, std::size_t own,
                           const std::string& more, const config::topology_section& keys) {
    config::topology_file text;
    text.nodes = network;
    folder.write("map.toml", config::topology_text(text) + more);

    const topology::advertisement& node = network[own];
    config::file file;
    file.files.push_back((folder.path() / "r.toml").string());
    file.node.name = node.origin;
    file.node.msd = node.msd;
    const auto ranges = [](const std::vector<topology::label_block>& blocks) {
        std::vector<config::label_range> made;
        for (const topology::label_block& b : blocks) {
            made.push_back({b.first, b.first + b.count - 1});
        }
        return made;
    };
    file.node.srgb = ranges(node.srgb);
    file.node.srlb = ranges(node.srlb);
    for (const topology::link& l : node.links) {
        config::port port;
        port.name = "port-" + l.name;
        port.device = "net_null" + std::to_string(file.ports.size());
        file.ports.push_back(port);
        config::nexthop hop;
        hop.name = l.name;
        hop.port = port.name;
        hop.mac = {2, 0, 0, 0, 1, static_cast<byte>(file.ports.size())};
        file.nexthops.push_back(hop);
    }
    file.topology = keys;
    file.topology->file = "map.toml";
    return file;
}

}  // namespace rhumb::test

// The section [overlay], and the file that has little else.
#include <array>

#include "controlplane/config/form.hh"
#include "controlplane/config/load.hh"
#include "controlplane/config/overlay_file.hh"
#include "controlplane/config/sections.hh"

namespace rhumb::config {
namespace {

std::vector<overlay_section::item> read_items(const table_reader& table, std::string_view key,
                                              diagnostics& errors) {
    std::vector<overlay_section::item> items;
    const value list = table.find(key);
    for (const value element : list ? read_array(list, key, errors) : std::vector<value>{}) {
        items.push_back(
            {std::string(read_text(element, key, errors).value_or("")), element.where(errors)});
    }
    return items;
}

void read_broadcast(const table_reader& table, overlay_section& into, diagnostics& errors) {
    constexpr std::int64_t max_fanout = 16;
    constexpr std::int64_t max_lifetime = 1800;  // seconds
    table.word("broadcast", overlay_broadcasts, into.broadcast);
    table.flag("broadcast_order", into.broadcast_order);
    table.flag("broadcast_retransmit", into.broadcast_retransmit);
    table.number("broadcast_fanout", 1, max_fanout, into.broadcast_fanout);
    table.number("broadcast_lifetime", 1, max_lifetime, into.broadcast_lifetime);
    table.text("broadcast_address", into.broadcast_address.text);
    into.broadcast_address.where = table.find("broadcast_address").where(errors);
}

// nodes = { r2 = "@KEY.ed25519" }: which feed speaks for a node.
void read_nodes(value from, overlay_section& into, diagnostics& errors) {
    if (!from) {
        return;
    }
    if (from.kind() != value_kind::table) {
        errors.fail(from.where(errors), R"(nodes must be a table, as in { r2 = "@KEY.ed25519" })");
        return;
    }
    for (const value::member& m : from.members()) {
        check_name(m.key, "name in nodes", errors.at(m.line, m.column), errors);
        into.nodes.push_back(
            {std::string(m.key),
             {std::string(read_text(m.value, m.key, errors).value_or("")), m.value.where(errors)}});
    }
}

}  // namespace

overlay_section read_overlay_section(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 23> known{"key",
                                                     "passphrase_file",
                                                     "store",
                                                     "network",
                                                     "listen",
                                                     "peers",
                                                     "follow",
                                                     "admit",
                                                     "discovery",
                                                     "broadcast",
                                                     "broadcast_order",
                                                     "broadcast_retransmit",
                                                     "broadcast_fanout",
                                                     "broadcast_lifetime",
                                                     "broadcast_address",
                                                     "link_state",
                                                     "nodes",
                                                     "max_peers",
                                                     "switch_timeout",
                                                     "handshake_timeout",
                                                     "messages_per_second",
                                                     "verifies_per_second",
                                                     "kilobytes_per_second"};
    constexpr std::int64_t max_rate = 1'000'000'000;
    constexpr std::int64_t max_timeout = 3'600'000;  // milliseconds
    const table_reader table(from, "[overlay]", known, errors);
    overlay_section result;
    result.where = table.where();
    table.text("key", result.key_file);
    table.text("passphrase_file", result.passphrase_file);
    table.text("store", result.store_file);
    for (const std::string_view file : {"key", "store"}) {
        const value given = table.find(file);
        if (given && given.kind() == value_kind::string && given.string().empty()) {
            errors.fail(given.where(errors), std::string(file) + " is empty; give a file's name");
        }
    }
    table.text("network", result.network.text);
    result.network.where = table.find("network").where(errors);
    result.listen = read_items(table, "listen", errors);
    result.peers = read_items(table, "peers", errors);
    result.follow = read_items(table, "follow", errors);
    table.word("admit", admissions, result.admits);
    table.flag("discovery", result.discovery);
    read_broadcast(table, result, errors);
    table.flag("link_state", result.link_state);
    read_nodes(table.find("nodes"), result, errors);
    table.number("max_peers", 1, 10'000, result.max_peers);
    table.number("switch_timeout", 10, max_timeout, result.switch_timeout);
    table.number("handshake_timeout", 100, max_timeout, result.handshake_timeout);
    table.number("messages_per_second", 1, max_rate, result.messages_per_second);
    table.number("verifies_per_second", 1, max_rate, result.verifies_per_second);
    table.number("kilobytes_per_second", 1, max_rate, result.kilobytes_per_second);
    return result;
}

result<overlay_file> parse_overlay(std::string_view text, const std::string& name) {
    constexpr std::array<std::string_view, 3> known{"node", "runtime", "overlay"};
    diagnostics errors(name, 0);
    const document toml(text, errors);
    const table_reader table(toml.root(), "this file", known, errors);
    overlay_file made;
    made.path = name;
    if (const value node = table.find("node")) {
        made.node = read_node(node, errors);
    }
    if (const value runtime = table.find("runtime")) {
        made.runtime = read_runtime(runtime, errors);
    }
    if (const value overlay = table.find("overlay")) {
        made.overlay = read_overlay_section(overlay, errors);
    } else {
        errors.fail(errors.at(1, 1), "the section [overlay] is missing");
    }
    if (errors.failed()) {
        return errors.why();
    }
    return made;
}

result<overlay_file> load_overlay(const std::string& path) {
    const auto text = read_file(path, max_toml_bytes);
    if (!text) {
        return error{"cannot read the configuration: " + text.why().message, {path}};
    }
    return parse_overlay(text.value(), path);
}

}  // namespace rhumb::config

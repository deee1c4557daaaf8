#include "controlplane/config/load.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "controlplane/config/descriptor.hh"
#include "controlplane/config/diagnostics.hh"
#include "controlplane/config/form.hh"
#include "controlplane/config/sections.hh"
#include "controlplane/config/text.hh"

namespace rhumb::config {
namespace {

constexpr std::size_t max_csv_bytes = std::size_t{256} << 20;

error system_error() { return error{std::generic_category().message(errno), {}}; }

}  // namespace

result<std::string> read_file(const std::string& path, std::size_t max) {
    const descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status{};
    if (file.number() < 0 || fstat(file.number(), &status) != 0) {
        return system_error();
    }
    if (S_ISDIR(status.st_mode)) {
        return error{"it is a folder", {}};
    }
    // One byte more than the file has, to see its end without growing; pipes tell no size.
    std::string text;
    std::size_t used = 0;
    text.resize(std::min(static_cast<std::size_t>(status.st_size), max) + 1);
    for (;;) {
        const ssize_t count = read(file.number(), text.data() + used, text.size() - used);
        if (count < 0 && errno != EINTR) {
            return system_error();
        }
        if (count == 0) {
            break;
        }
        used += count > 0 ? static_cast<std::size_t>(count) : 0;
        if (used > max) {
            return error{fmt::format("it is larger than {} MiB", max >> 20), {}};
        }
        if (used == text.size()) {
            text.resize(std::min(2 * used, max) + 1);
        }
    }
    text.resize(used);
    return text;
}

namespace {

// The tables of [ports.NAME] or [nexthops.NAME], in the file's order.
template <class Item>
std::vector<Item> read_named(value from, std::string_view section,
                             Item (*read)(std::string_view, value, diagnostics&),
                             diagnostics& errors) {
    std::vector<Item> items;
    if (!from) {
        return items;
    }
    if (from.kind() != value_kind::table) {
        errors.fail(from.where(errors),
                    fmt::format("{0} must be tables: write [{0}.NAME]", section));
        return items;
    }
    for (const value::member& m : from.members()) {
        const position where = errors.at(m.line, m.column);
        check_name(m.key, fmt::format("name in [{}.NAME]", section), where, errors);
        items.push_back(read(m.key, m.value, errors));
    }
    return items;
}

// The tables of [[labels]] or [[prefixes]].
void read_rules(value from, std::string_view section, void (*read)(value, rules&, diagnostics&),
                rules& into, diagnostics& errors) {
    if (!from) {
        return;
    }
    if (from.kind() != value_kind::array) {
        errors.fail(from.where(errors),
                    fmt::format("{0} must be an array of tables: write [[{0}]]", section));
        return;
    }
    for (const value element : from.elements()) {
        read(element, into, errors);
        if (errors.failed()) {
            return;
        }
    }
}

void read_sections(value root, file& into, diagnostics& errors) {
    constexpr std::array<std::string_view, 10> known{
        "node",    "ports", "nexthops", "labels",     "prefixes",
        "runtime", "scion", "topology", "controller", "overlay"};
    const table_reader table(root, "this file", known, errors);
    if (const value node = table.find("node")) {
        into.node = read_node(node, errors);
    }
    into.ports = read_named(table.find("ports"), "ports", read_port, errors);
    into.nexthops = read_named(table.find("nexthops"), "nexthops", read_nexthop, errors);
    read_rules(table.find("labels"), "labels", read_label, into.rules, errors);
    read_rules(table.find("prefixes"), "prefixes", read_prefix, into.rules, errors);
    if (const value runtime = table.find("runtime")) {
        into.runtime = read_runtime(runtime, errors);
    }
    if (const value scion = table.find("scion")) {
        into.scion = read_scion(scion, errors);
    }
    if (const value topology = table.find("topology")) {
        into.topology = read_topology_section(topology, errors);
    }
    if (const value overlay = table.find("overlay")) {
        into.overlay = read_overlay_section(overlay, errors);
    }
    if (const value controller = table.find("controller")) {
        into.controller = read_controller_section(controller, errors);
        if (!into.topology) {
            errors.fail(into.controller->where,
                        "[controller] needs a map of the network: a section [topology]");
        }
    }
}

// The array `key` of [remove], each element as `read` gives it. None may stand there twice.
template <class Item>
std::vector<Item> read_removals(const table_reader& from, std::string_view key,
                                Item (*read)(value, std::string_view, diagnostics&),
                                diagnostics& errors) {
    std::vector<Item> items;
    std::set<Item> seen;
    const value list = from.find(key);
    for (const value element : list ? read_array(list, key, errors) : std::vector<value>{}) {
        items.push_back(read(element, fmt::format("an element of {}", key), errors));
        if (!seen.insert(items.back()).second) {
            errors.fail(element.where(errors), fmt::format("{} names this twice", key));
        }
    }
    return items;
}

std::string read_name(value from, std::string_view key, diagnostics& errors) {
    const std::string name(read_text(from, key, errors).value_or(""));
    check_name(name, key, from.where(errors), errors);
    return name;
}

void read_fragment(value root, fragment& into, diagnostics& errors) {
    constexpr std::array<std::string_view, 4> known{"remove", "nexthops", "labels", "prefixes"};
    constexpr std::array<std::string_view, 3> removable{"labels", "prefixes", "nexthops"};
    const table_reader table(root, "a change", known, errors);
    if (const value given = table.find("remove")) {
        const table_reader remove(given, "[remove]", removable, errors);
        into.remove_labels = read_removals(remove, "labels", read_incoming_label, errors);
        into.remove_prefixes = read_removals(remove, "prefixes", read_ip_prefix, errors);
        into.remove_nexthops = read_removals(remove, "nexthops", read_name, errors);
    }
    into.nexthops = read_named(table.find("nexthops"), "nexthops", read_nexthop, errors);
    read_rules(table.find("labels"), "labels", read_label, into.rules, errors);
    read_rules(table.find("prefixes"), "prefixes", read_prefix, into.rules, errors);
}

// The label table that the node names; its errors stand in the table's file.
result<void> load_table(file& into, const std::string& folder) {
    const std::string path = (std::filesystem::path(folder) / into.node.table).string();
    const auto text = read_file(path, max_csv_bytes);
    if (!text) {
        const position& where = into.node.table_where;
        return error{
            fmt::format("cannot read the label table {}: {}", in_quotes(path), text.why().message),
            {into.files.front(), where.line, where.column}};
    }
    into.files.push_back(path);
    return parse_labels_csv(text.value(), path, 1, into.rules);
}

}  // namespace

result<file> load(const std::string& path) {
    const auto text = read_file(path, max_toml_bytes);
    if (!text) {
        return error{"cannot read the configuration: " + text.why().message, {path, 0, 0}};
    }
    return parse(text.value(), path, std::filesystem::path(path).parent_path().string());
}

result<file> parse(std::string_view text, const std::string& name, const std::string& folder) {
    file made;
    made.files.push_back(name);
    diagnostics errors(name, 0);
    {
        const document toml(text, errors);
        read_sections(toml.root(), made, errors);
    }  // its memory is free again before the label table takes some
    if (errors.failed()) {
        return errors.why();
    }
    if (!made.node.table.empty()) {
        if (const auto done = load_table(made, folder); !done) {
            return done.why();
        }
    }
    return made;
}

result<fragment> parse_fragment(std::string_view text) {
    fragment made;
    diagnostics errors("", 0);
    const document toml(text, errors);
    read_fragment(toml.root(), made, errors);
    if (errors.failed()) {
        return errors.why();
    }
    return made;
}

}  // namespace rhumb::config

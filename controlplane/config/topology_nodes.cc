// [affinities], [defaults], [nodes.NAME] and [flex_algo.N] of topology files.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "controlplane/config/form.hh"
#include "controlplane/config/text.hh"
#include "controlplane/config/topology_parts.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::config {

namespace {

constexpr std::int64_t max_index = mpls::label_count - 1;

// The tables of [section.NAME], by what stands in the key's place.
template <class Read>
void read_members(value from, std::string_view section, diagnostics& errors, Read read) {
    if (from && from.kind() != value_kind::table) {
        errors.fail(from.where(errors),
                    fmt::format("{0} must be tables: write [{0}.NAME]", section));
    } else if (from) {
        for (const value::member& m : from.members()) {
            read(m, errors.at(m.line, m.column));
        }
    }
}

// An address, or a prefix: bits behind its length are an error.
std::optional<ip_prefix> read_address(value from, std::string_view key, diagnostics& errors) {
    const auto text = read_text(from, key, errors);
    if (!text) {
        return std::nullopt;
    }
    const auto found =
        text->find('/') == std::string_view::npos ? parse_host(*text) : parse_prefix(*text);
    if (!found || has_host_bits(*found)) {
        errors.fail(
            from.where(errors),
            fmt::format("{} {} is no {}, as in \"198.51.100.1/32\"", key, in_quotes(*text),
                        found ? "prefix: it has bits behind its length" : "IP address or prefix"));
        return std::nullopt;
    }
    return found;
}

struct sid_flags {
    bool no_php = false;
    bool explicit_null = false;
};

sid_flags read_flags(const table_reader& table, diagnostics& errors) {
    sid_flags flags;
    table.flag("no_php", flags.no_php);
    table.flag("explicit_null", flags.explicit_null);
    if (flags.explicit_null && table.find("no_php") && !flags.no_php) {
        errors.fail(table.find("no_php").where(errors),
                    "explicit_null goes with no_php = true, or without that key");
    }
    flags.no_php |= flags.explicit_null;  // RFC 8667 2.1.1: E counts only with P
    return flags;
}

topology::prefix_sid make_sid(std::int64_t index, std::uint8_t algorithm, sid_flags flags) {
    return {static_cast<std::uint32_t>(index), algorithm, flags.no_php, flags.explicit_null};
}

// algorithms = { 128 = 201 }: index by algorithm.
void read_algorithm_sids(value from, sid_flags flags, topology::prefix& into, diagnostics& errors) {
    if (from.kind() != value_kind::table) {
        errors.fail(from.where(errors),
                    "algorithms must be a table of SID indexes, as in { 128 = 201 }");
        return;
    }
    for (const value::member& m : from.members()) {
        const auto algorithm = read_flexible_algorithm(m.key, errors.at(m.line, m.column), errors);
        const auto index = read_integer_in(m.value, "index", 0, max_index, errors);
        if (algorithm) {
            into.sids.push_back(make_sid(index, *algorithm, flags));
        }
    }
}

void read_prefix_entry(value from, topology::advertisement& into, diagnostics& errors) {
    constexpr std::array<std::string_view, 8> known{
        "prefix", "sid", "algorithms", "node", "no_php", "explicit_null", "metric", "readvertised"};
    const table_reader table(from, "an element of prefixes", known, errors);
    const value address = table.need("prefix", R"({ prefix = "198.51.100.1/32", sid = 1 })");
    const auto found = address ? read_address(address, "prefix", errors) : std::nullopt;
    if (!found) {
        return;
    }
    topology::prefix made;
    made.address = *found;
    made.node = found->length == address_bits(found->af);
    const sid_flags flags = read_flags(table, errors);
    if (const value sid = table.find("sid")) {
        made.sids.push_back(make_sid(read_integer_in(sid, "sid", 0, max_index, errors), 0, flags));
    }
    if (const value algorithms = table.find("algorithms")) {
        read_algorithm_sids(algorithms, flags, made, errors);
    }
    table.flag("node", made.node);
    if (made.node && found->length != address_bits(found->af)) {
        errors.fail(table.find("node").where(errors),
                    "node = true is for addresses alone: /32 and /128");
    }
    table.number("metric", 0, topology::max_cost, made.metric);
    table.flag("readvertised", made.readvertised);
    into.prefixes.push_back(std::move(made));
}

// loopback and sid: one of each, or as many of one as of the other.
void read_loopbacks(const table_reader& table, topology::advertisement& into, diagnostics& errors) {
    const value given = table.find("loopback");
    const value sids = table.find("sid");
    const sid_flags flags = read_flags(table, errors);
    if (!given) {
        for (const std::string_view key : {"sid", "no_php", "explicit_null"}) {
            if (const value there = table.find(key)) {
                errors.fail(there.where(errors), fmt::format("{} needs a loopback", key));
            }
        }
        return;
    }
    const auto addresses = read_array_or_one(given);
    const auto indexes = sids ? read_array_or_one(sids) : std::vector<value>{};
    if (sids && indexes.size() != addresses.size()) {
        errors.fail(sids.where(errors), fmt::format("there are {} loopbacks and {} SIDs",
                                                    addresses.size(), indexes.size()));
    }
    for (std::size_t n = 0; n < addresses.size(); ++n) {
        const auto address = read_address(addresses[n], "loopback", errors);
        if (address && address->length != address_bits(address->af)) {
            errors.fail(addresses[n].where(errors),
                        "a loopback is one address: /32 or /128, or no length");
        } else if (address) {
            topology::prefix made;
            made.address = *address;
            made.node = true;
            if (n < indexes.size()) {
                made.sids.push_back(
                    make_sid(read_integer_in(indexes[n], "sid", 0, max_index, errors), 0, flags));
            }
            into.prefixes.push_back(std::move(made));
        }
    }
}

// algorithms = [128], or { 128 = 201 } with SIDs of the loopback.
void read_node_algorithms(value from, bool has_loopback, topology::advertisement& into,
                          diagnostics& errors) {
    if (from.kind() == value_kind::table) {
        topology::prefix dummy;
        topology::prefix& at = has_loopback ? into.prefixes.front() : dummy;
        if (!has_loopback) {
            errors.fail(from.where(errors), "SIDs of algorithms need a loopback");
        }
        sid_flags flags;
        if (!at.sids.empty()) {
            flags = {at.sids.front().no_php, at.sids.front().explicit_null};
        }
        const std::size_t before = at.sids.size();
        read_algorithm_sids(from, flags, at, errors);
        for (std::size_t n = before; n < at.sids.size(); ++n) {
            into.algorithms.push_back(at.sids[n].algorithm);
        }
    } else {
        for (const value element : read_array(from, "algorithms", errors)) {
            into.algorithms.push_back(static_cast<std::uint8_t>(
                read_integer_in(element, "an algorithm", 128, 255, errors)));
        }
    }
    std::ranges::sort(into.algorithms);
    const auto twice = std::ranges::unique(into.algorithms);
    if (!twice.empty()) {
        errors.fail(from.where(errors), "an algorithm stands here twice");
        into.algorithms.erase(twice.begin(), twice.end());
    }
}

void read_binding(value from, topology::advertisement& into, diagnostics& errors) {
    constexpr std::array<std::string_view, 2> known{"label", "nodes"};
    const table_reader table(from, "an element of bindings", known, errors);
    topology::binding_sid made;
    (void)table.need("label", R"({ label = 15900, nodes = ["r3", "r5"] })");
    table.number("label", mpls::first_unreserved, mpls::label_count - 1, made.label);
    const value nodes = table.need("nodes", R"({ label = 15900, nodes = ["r3", "r5"] })");
    for (const value element : nodes ? read_array(nodes, "nodes", errors) : std::vector<value>{}) {
        made.nodes.emplace_back(read_text(element, "a node", errors).value_or("?"));
    }
    if (nodes && made.nodes.empty()) {
        errors.fail(nodes.where(errors), "a binding SID leads through one node or more");
    }
    into.bindings.push_back(std::move(made));
}

void read_node(const value::member& m, topology_reading& reading) {
    constexpr std::array<std::string_view, 12> known{
        "srgb",   "srlb",          "msd",        "overload", "loopback", "sid",
        "no_php", "explicit_null", "algorithms", "prefixes", "bindings", "flex_algo"};
    diagnostics& errors = reading.errors;
    const position where = errors.at(m.line, m.column);
    check_name(m.key, "name in [nodes.NAME]", where, errors);
    if (m.key.find(':') != std::string_view::npos) {
        errors.fail(where, "a node's name must not have \":\", which parts it from a link's");
    }
    const table_reader table(m.value, fmt::format("[nodes.{}]", m.key), known, errors);
    topology::advertisement made;
    made.origin = m.key;
    made.srgb = reading.defaults.srgb;
    made.srlb = reading.defaults.srlb;
    made.msd = reading.defaults.msd;
    for (const auto& [key, to] : {std::pair("srgb", &made.srgb), std::pair("srlb", &made.srlb)}) {
        if (const value from = table.find(key)) {
            *to = read_label_blocks(from, key, errors);
        }
    }
    table.number("msd", 1, 255, made.msd);
    table.flag("overload", made.overload);
    read_loopbacks(table, made, errors);
    const bool has_loopback = !made.prefixes.empty();
    if (const value algorithms = table.find("algorithms")) {
        read_node_algorithms(algorithms, has_loopback, made, errors);
    }
    using entry_reader = void (*)(value, topology::advertisement&, diagnostics&);
    for (const auto& [key, read] :
         {std::pair<std::string_view, entry_reader>("prefixes", read_prefix_entry),
          std::pair<std::string_view, entry_reader>("bindings", read_binding)}) {
        const value from = table.find(key);
        for (const value element : from ? read_array(from, key, errors) : std::vector<value>{}) {
            read(element, made, errors);
        }
    }
    read_members(table.find("flex_algo"), fmt::format("nodes.{}.flex_algo", m.key), errors,
                 [&](const value::member& of, position at) {
                     constexpr std::array<std::string_view, 6> keys{"priority",    "metric",
                                                                    "exclude_any", "include_any",
                                                                    "include_all", "exclude_srlg"};
                     const auto algorithm = read_flexible_algorithm(of.key, at, errors);
                     const table_reader definition(of.value, "flex_algo", keys, errors);
                     made.definitions.push_back(
                         read_definition(definition, algorithm.value_or(128), reading));
                 });
    reading.into.nodes.push_back(std::move(made));
    reading.into.where.push_back(where);
}

// A node takes part: by what it says, and, where that is wanted, with a SID.
void join(topology::advertisement& node, const topology::flex_algo_definition& definition,
          std::optional<std::int64_t> sid_offset, position where, diagnostics& errors) {
    const std::uint8_t algorithm = definition.algorithm;
    if (std::ranges::find(node.algorithms, algorithm) == node.algorithms.end()) {
        node.algorithms.insert(std::ranges::lower_bound(node.algorithms, algorithm), algorithm);
    }
    // What a node says itself counts.
    if (std::ranges::find(node.definitions, algorithm,
                          &topology::flex_algo_definition::algorithm) == node.definitions.end()) {
        node.definitions.push_back(definition);
    }
    for (topology::prefix& p : node.prefixes) {
        const auto plain = std::ranges::find(p.sids, 0, &topology::prefix_sid::algorithm);
        if (!sid_offset || !p.node || plain == p.sids.end() ||
            std::ranges::find(p.sids, algorithm, &topology::prefix_sid::algorithm) !=
                p.sids.end()) {
            continue;
        }
        topology::prefix_sid made = *plain;
        made.algorithm = algorithm;
        made.index += static_cast<std::uint32_t>(*sid_offset);
        if (made.index > max_index) {
            errors.fail(where, fmt::format("with sid_offset the SID index of {} is over {}",
                                           node.origin, max_index));
            return;
        }
        p.sids.push_back(made);
    }
}

void read_flex_algo(const value::member& m, topology_reading& reading) {
    constexpr std::array<std::string_view, 8> known{"priority",    "metric",      "exclude_any",
                                                    "include_any", "include_all", "exclude_srlg",
                                                    "nodes",       "sid_offset"};
    diagnostics& errors = reading.errors;
    const position where = errors.at(m.line, m.column);
    const auto algorithm = read_flexible_algorithm(m.key, where, errors);
    const table_reader table(m.value, fmt::format("[flex_algo.{}]", m.key), known, errors);
    if (!algorithm) {
        return;
    }
    const auto definition = read_definition(table, *algorithm, reading);
    std::optional<std::int64_t> offset;
    if (const value from = table.find("sid_offset")) {
        offset = read_integer_in(from, "sid_offset", 1, max_index, errors);
    }
    auto& nodes = reading.into.nodes;
    std::set<std::size_t> members;
    if (const value from = table.find("nodes")) {
        for (const value element : read_array(from, "nodes", errors)) {
            const auto name = read_text(element, "an element of nodes", errors);
            const auto node =
                name ? find_node(*name, "nodes", element.where(errors), reading) : std::nullopt;
            if (node && !members.insert(*node).second) {
                errors.fail(element.where(errors), "nodes names this twice");
            }
        }
    } else {
        const auto says_so = [&](const topology::advertisement& node) {
            return std::ranges::find(node.algorithms, *algorithm) != node.algorithms.end();
        };
        const bool some = std::ranges::any_of(nodes, says_so);
        for (std::size_t n = 0; n < nodes.size(); ++n) {
            if (!some || says_so(nodes[n])) {
                members.insert(n);
            }
        }
    }
    for (const std::size_t n : members) {
        join(nodes[n], definition, offset, where, errors);
    }
}

}  // namespace

void read_affinity_names(value from, topology_reading& reading) {
    diagnostics& errors = reading.errors;
    if (from && from.kind() != value_kind::table) {
        errors.fail(from.where(errors), "affinities must be a table of bits, as in red = 0");
        return;
    }
    for (const value::member& m : from ? from.members() : std::vector<value::member>{}) {
        check_name(m.key, "an affinity", errors.at(m.line, m.column), errors);
        const auto bit = static_cast<std::size_t>(read_integer_in(m.value, m.key, 0, 63, errors));
        auto& names = reading.into.affinities;
        names.resize(std::max(names.size(), bit + 1));
        if (!names[bit].empty() && !errors.failed()) {
            errors.fail(m.value.where(errors),
                        fmt::format("bit {} is that of {}", bit, in_quotes(names[bit])));
        }
        names[bit] = m.key;
        reading.affinity_bits.emplace(m.key, static_cast<unsigned>(bit));
    }
}

void read_defaults(value from, topology_reading& reading) {
    constexpr std::array<std::string_view, 5> known{"srgb", "srlb", "msd", "metric", "sids"};
    if (!from) {
        return;
    }
    const table_reader table(from, "[defaults]", known, reading.errors);
    topology_defaults& to = reading.defaults;
    for (const auto& [key, blocks] : {std::pair("srgb", &to.srgb), std::pair("srlb", &to.srlb)}) {
        if (const value given = table.find(key)) {
            *blocks = read_label_blocks(given, key, reading.errors);
        }
    }
    table.number("msd", 1, 255, to.msd);
    table.number("metric", 1, topology::max_cost, to.metric);
    if (const value given = table.find("sids")) {
        to.sids = read_sids_word(given, "sids", reading.errors);
    }
}

void read_nodes(value from, topology_reading& reading) {
    read_members(from, "nodes", reading.errors,
                 [&](const value::member& m, position) { read_node(m, reading); });
    for (std::size_t n = 0; n < reading.into.nodes.size(); ++n) {
        reading.node_numbers.emplace(reading.into.nodes[n].origin, n);
    }
}

void read_flex_algos(value from, topology_reading& reading) {
    read_members(from, "flex_algo", reading.errors,
                 [&](const value::member& m, position) { read_flex_algo(m, reading); });
}

}  // namespace rhumb::config

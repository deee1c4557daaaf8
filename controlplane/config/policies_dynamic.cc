// What a dynamic path has to keep to.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "controlplane/config/form.hh"
#include "controlplane/config/policies_parts.hh"
#include "controlplane/config/sections.hh"
#include "controlplane/config/topology_parts.hh"

namespace rhumb::config {

namespace {

using paths::kept_apart;
using topology::metric_type;

constexpr std::size_t max_names = 256;  // of one constraint
constexpr std::int64_t max_u32 = std::numeric_limits<std::uint32_t>::max();

constexpr std::array<choice<metric_type>, 3> metrics{
    {{"igp", metric_type::igp}, {"delay", metric_type::delay}, {"te", metric_type::te}}};
constexpr std::array<choice<kept_apart>, 4> kinds_of_disjoint{
    {{"link", kept_apart::link},
     {"node", kept_apart::node},
     {"srlg", kept_apart::srlg},
     {"node+srlg", kept_apart::node_and_srlg}}};

std::vector<name_at> read_names(value from, std::string_view key, diagnostics& errors) {
    std::vector<name_at> made;
    for (const value element : read_some(from, key, max_names, errors)) {
        made.push_back(read_name_at(element, key, errors));
    }
    return made;
}

topology::affinity_set read_affinity_names(value from, std::string_view key,
                                           std::span<const std::string> names,
                                           diagnostics& errors) {
    topology::affinity_set set = 0;
    for (const name_at& name : read_names(from, key, errors)) {
        const auto at = std::find(names.begin(), names.end(), name.text);
        if (at == names.end() || name.text.empty()) {
            errors.fail(name.where, fmt::format("{}: there is no affinity {}; [affinities] gives "
                                                "them names",
                                                key, in_quotes(name.text)));
            continue;
        }
        set |= topology::affinity_set{1} << (at - names.begin());
    }
    return set;
}

void read_disjoint(const table_reader& table, dynamic_entry& made, diagnostics& errors) {
    if (const value given = table.find("disjoint_from")) {
        made.disjoint_from = read_name_at(given, "disjoint_from", errors);
    }
    const value group = table.find("disjoint_group");
    if (group) {
        made.group = read_name_at(group, "disjoint_group", errors);
    }
    table.word("disjoint", kinds_of_disjoint, made.disjoint);
    table.flag("strict", made.strict);
    if (made.group && made.disjoint_from) {
        errors.fail(group.where(errors), "disjoint_group and disjoint_from do not go together");
    }
    if (table.find("disjoint") && !made.disjoint_from && !made.group) {
        errors.fail(table.find("disjoint").where(errors),
                    "disjoint says how far to keep apart; disjoint_from or disjoint_group has to "
                    "say from whom");
    }
    if (table.find("strict") && !made.group) {
        errors.fail(table.find("strict").where(errors), "strict goes with disjoint_group");
    }
    if (const value via = table.find("via"); via && made.group) {
        errors.fail(via.where(errors),
                    "via does not go with disjoint_group: pairs of paths have "
                    "no waypoints");
    }
}

// What is said of one path says nothing of many.
void check_ecmp(const table_reader& table, const dynamic_entry& made, diagnostics& errors) {
    if (!made.ecmp) {
        return;
    }
    for (const std::string_view key :
         {"bandwidth", "via", "max_metric", "max_delay", "max_hops", "disjoint_group"}) {
        if (const value given = table.find(key)) {
            errors.fail(given.where(errors), fmt::format("{} does not go with ecmp", key));
        }
    }
}

}  // namespace

dynamic_entry read_dynamic(value from, std::span<const std::string> affinities,
                           diagnostics& errors) {
    constexpr std::array<std::string_view, 17> known{
        "metric",        "exclude",   "include_any",   "include_all",    "exclude_nodes",
        "exclude_links", "bandwidth", "exclude_srlgs", "max_metric",     "max_delay",
        "max_hops",      "via",       "disjoint_from", "disjoint_group", "disjoint",
        "strict",        "ecmp"};
    const table_reader table(from, "dynamic", known, errors);
    dynamic_entry made;
    paths::constraints& within = made.within;
    table.word("metric", metrics, within.metric);
    const auto affinity = [&](std::string_view key) {
        return read_affinity_names(table.find(key), key, affinities, errors);
    };
    within.exclude_any = affinity("exclude");
    within.include_any = affinity("include_any");
    within.include_all = affinity("include_all");
    made.exclude_nodes = read_names(table.find("exclude_nodes"), "exclude_nodes", errors);
    made.exclude_links = read_names(table.find("exclude_links"), "exclude_links", errors);
    made.via = read_names(table.find("via"), "via", errors);
    for (const value element :
         read_some(table.find("exclude_srlgs"), "exclude_srlgs", max_names, errors)) {
        within.exclude_srlgs.push_back(static_cast<std::uint32_t>(
            read_integer_in(element, "exclude_srlgs", 0, max_u32, errors)));
    }
    if (const value given = table.find("bandwidth")) {
        within.bandwidth = read_bandwidth(given, "bandwidth", errors);
    }
    if (const value given = table.find("max_delay")) {
        within.max_delay = read_delay(given, "max_delay", errors);
    }
    table.number("max_metric", 1, std::numeric_limits<std::int64_t>::max(), within.max_metric);
    table.number("max_hops", 1, max_u32 - 1, within.max_hops);
    read_disjoint(table, made, errors);
    table.flag("ecmp", made.ecmp);
    check_ecmp(table, made, errors);
    return made;
}

}  // namespace rhumb::config

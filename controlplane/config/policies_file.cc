// [[policies]]: what stands in the file.
#include "controlplane/config/policies_file.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "controlplane/config/form.hh"
#include "controlplane/config/policies_parts.hh"
#include "controlplane/config/sections.hh"
#include "controlplane/config/topology_parts.hh"

namespace rhumb::config {

name_at read_name_at(value from, std::string_view key, diagnostics& errors) {
    name_at made{std::string(read_text(from, key, errors).value_or("")), from.where(errors)};
    if (made.text.empty() && from.kind() == value_kind::string) {
        errors.fail(made.where, fmt::format("{} is empty", key));
    }
    return made;
}

std::vector<value> read_some(value from, std::string_view key, std::size_t most,
                             diagnostics& errors) {
    if (!from) {
        return {};
    }
    std::vector<value> elements = read_array_or_one(from);
    if (elements.size() > most) {
        errors.fail(from.where(errors),
                    fmt::format("{} has {} elements; {} are the most", key, elements.size(), most));
        elements.clear();
    }
    return elements;
}

namespace {

constexpr std::size_t max_policies = 1U << 20;
constexpr std::size_t max_candidates = 64;
constexpr std::size_t max_lists = 64;
constexpr std::int64_t max_u32 = std::numeric_limits<std::uint32_t>::max();

mpls::label read_label(value from, std::string_view key, diagnostics& errors) {
    return static_cast<mpls::label>(
        read_integer_in(from, key, mpls::first_unreserved, mpls::label_count - 1, errors));
}

segment_entry read_segment(value from, diagnostics& errors) {
    segment_entry made;
    made.name.where = from.where(errors);
    if (from.kind() == value_kind::integer) {
        made.label = read_label(from, "a segment", errors);
        return made;
    }
    if (from.kind() == value_kind::string) {
        made.name = read_name_at(from, "a segment", errors);
        return made;
    }
    if (from.kind() != value_kind::table) {
        errors.fail(made.name.where,
                    R"(a segment is a label, a name, or { to = "r3", algorithm = 128 })");
        return made;
    }
    constexpr std::array<std::string_view, 2> known{"to", "algorithm"};
    const table_reader table(from, "a segment", known, errors);
    if (const value to = table.need("to", R"({ to = "r3", algorithm = 128 })")) {
        made.name = read_name_at(to, "to", errors);
    }
    if (const value algorithm = table.find("algorithm")) {
        const std::int64_t n = read_integer_in(algorithm, "algorithm", 0, 255, errors);
        if (n != 0 && n < 128) {
            errors.fail(algorithm.where(errors),
                        fmt::format("algorithm {} is neither 0 nor 128 to 255", n));
        }
        made.algorithm = static_cast<std::uint8_t>(n);
    }
    return made;
}

segment_list_entry read_list(value segments, position where, const table_reader& table,
                             diagnostics& errors) {
    segment_list_entry made;
    made.where = where;
    table.number("weight", 1, max_u32, made.weight);
    table.flag("verify", made.verify);
    const auto elements = read_array(segments, "segments", errors);
    if (segments.kind() == value_kind::array &&
        (elements.empty() || elements.size() > max_segments)) {
        errors.fail(segments.where(errors), fmt::format("segments has {} elements; it has 1 to {}",
                                                        elements.size(), max_segments));
        return made;
    }
    for (const value element : elements) {
        made.segments.push_back(read_segment(element, errors));
    }
    return made;
}

void read_lists(value from, policy_path_entry& into, diagnostics& errors) {
    constexpr std::array<std::string_view, 3> known{"segments", "weight", "verify"};
    for (const value element : read_some(from, "lists", max_lists, errors)) {
        const table_reader table(element, "an element of lists", known, errors);
        if (const value segments =
                table.need("segments", R"({ segments = ["r3", "r4"], weight = 2 })")) {
            into.lists.push_back(read_list(segments, element.where(errors), table, errors));
        }
    }
}

// What a policy says for all of its paths, and a path for itself.
void read_common(const table_reader& table, paths::candidate_path& path, diagnostics& errors) {
    if (const value given = table.find("binding_sid")) {
        path.binding_sid = read_label(given, "binding_sid", errors);
    }
    table.flag("binding_sid_only", path.specified_binding_sid_only);
    table.flag("drop_upon_invalid", path.drop_upon_invalid);
}

policy_path_entry read_path(value from, const paths::candidate_path& common,
                            std::span<const std::string> affinities, diagnostics& errors) {
    constexpr std::array<std::string_view, 12> known{
        "name",        "preference", "priority",         "discriminator",
        "binding_sid", "segments",   "weight",           "verify",
        "lists",       "dynamic",    "binding_sid_only", "drop_upon_invalid"};
    const table_reader table(from, "[[policies.paths]]", known, errors);
    policy_path_entry made;
    made.path = common;
    made.where = from.where(errors);
    table.name("name", made.path.name);
    table.number("preference", 0, max_u32, made.path.preference);
    table.number("priority", 0, 255, made.path.priority);
    made.own_discriminator = static_cast<bool>(table.find("discriminator"));
    table.number("discriminator", 0, max_u32, made.path.key.discriminator);
    read_common(table, made.path, errors);
    const value segments = table.find("segments");
    const value lists = table.find("lists");
    const value dynamic = table.find("dynamic");
    if ((segments ? 1 : 0) + (lists ? 1 : 0) + (dynamic ? 1 : 0) != 1) {
        errors.fail(made.where, "a path has one of segments, lists and dynamic");
    }
    if (!segments) {
        for (const std::string_view key : {"weight", "verify"}) {
            if (const value given = table.find(key)) {
                errors.fail(given.where(errors), fmt::format("{} goes with segments", key));
            }
        }
    }
    if (segments) {
        made.lists.push_back(read_list(segments, made.where, table, errors));
    }
    read_lists(lists, made, errors);
    if (lists && made.lists.empty() && !errors.failed()) {
        errors.fail(lists.where(errors), "lists is empty; a path needs a segment list");
    }
    if (dynamic) {
        made.dynamic = read_dynamic(dynamic, affinities, errors);
    }
    return made;
}

policy_entry read_policy(value from, std::span<const std::string> affinities, diagnostics& errors) {
    constexpr std::array<std::string_view, 10> known{
        "name",     "color",       "endpoint",         "headend",
        "priority", "binding_sid", "binding_sid_only", "drop_upon_invalid",
        "steer",    "paths"};
    const table_reader table(from, "[[policies]]", known, errors);
    policy_entry made;
    made.where = from.where(errors);
    table.name("name", made.name);
    (void)table.need("color", "color = 100");
    table.number("color", 0, max_u32, made.color);
    if (const value endpoint = table.need("endpoint", R"(endpoint = "192.0.2.5")")) {
        made.endpoint = read_name_at(endpoint, "endpoint", errors);
    }
    if (const value headend = table.find("headend")) {
        made.headend = read_name_at(headend, "headend", errors);
    }
    if (const value priority = table.find("priority")) {
        made.priority =
            static_cast<std::uint8_t>(read_integer_in(priority, "priority", 0, 255, errors));
    }
    std::set<ip_prefix> seen;
    if (const value steer = table.find("steer")) {
        for (const value element : read_array(steer, "steer", errors)) {
            made.steer.push_back(read_ip_prefix(element, "an element of steer", errors));
            if (!seen.insert(made.steer.back()).second) {
                errors.fail(element.where(errors), "steer names this prefix twice");
            }
        }
    }
    paths::candidate_path common;
    read_common(table, common, errors);
    const value given = table.need("paths", R"([[policies.paths]] with segments = ["r3", "r5"])");
    if (given && given.kind() != value_kind::array) {
        errors.fail(given.where(errors),
                    "paths must be an array of tables: write [[policies.paths]]");
        return made;
    }
    for (const value element : read_some(given, "paths", max_candidates, errors)) {
        made.paths.push_back(read_path(element, common, affinities, errors));
    }
    return made;
}

// Equal preferences leave the choice to discriminators, which then have to be given.
void check_preferences(const policy_entry& policy, diagnostics& errors) {
    std::set<std::uint32_t> discriminators;
    for (std::size_t i = 0; i < policy.paths.size(); ++i) {
        const policy_path_entry& path = policy.paths[i];
        if (path.own_discriminator && !discriminators.insert(path.path.key.discriminator).second) {
            errors.fail(path.where, fmt::format("two paths of this policy have discriminator {}",
                                                path.path.key.discriminator));
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (policy.paths[j].path.preference == path.path.preference &&
                !(path.own_discriminator && policy.paths[j].own_discriminator)) {
                errors.fail(path.where,
                            fmt::format("two paths of this policy have preference {}: give them "
                                        "different ones, or a discriminator each",
                                        path.path.preference));
                return;
            }
        }
    }
}

// Paths without a discriminator get the lowest that is free.
void give_discriminators(policy_entry& policy) {
    std::set<std::uint32_t> taken;
    for (const policy_path_entry& path : policy.paths) {
        if (path.own_discriminator) {
            taken.insert(path.path.key.discriminator);
        }
    }
    std::uint32_t next = 1;
    for (policy_path_entry& path : policy.paths) {
        if (!path.own_discriminator) {
            while (!taken.insert(next).second) {
                ++next;
            }
            path.path.key.discriminator = next;
        }
    }
}

}  // namespace

void read_policies(value from, std::span<const std::string> affinities, policies_file& into,
                   diagnostics& errors) {
    if (!from) {
        return;
    }
    if (from.kind() != value_kind::array) {
        errors.fail(from.where(errors), "policies must be an array of tables: write [[policies]]");
        return;
    }
    std::set<std::string> names;
    for (const value element : read_some(from, "policies", max_policies, errors)) {
        into.policies.push_back(read_policy(element, affinities, errors));
        policy_entry& made = into.policies.back();
        if (!made.name.empty() && !names.insert(made.name).second) {
            errors.fail(made.where,
                        fmt::format("two policies are called {}", in_quotes(made.name)));
        }
        check_preferences(made, errors);
        give_discriminators(made);
    }
}

result<policies_file> parse_policies(std::string_view text, const std::string& name,
                                     std::span<const std::string> affinities) {
    constexpr std::array<std::string_view, 3> known{"policies", "routes", "demands"};
    policies_file made;
    diagnostics errors(name, 0);
    const document toml(text, errors);
    if (!errors.failed()) {
        const table_reader table(toml.root(), "a file of policies", known, errors);
        read_policies(table.find("policies"), affinities, made, errors);
        read_routes(table.find("routes"), made, errors);
        read_demands(table.find("demands"), made, errors);
    }
    if (errors.failed()) {
        return errors.why();
    }
    return made;
}

}  // namespace rhumb::config

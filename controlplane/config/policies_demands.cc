// [[routes]] and [[demands]]: what is sent, and what colors it has.
#include <fmt/format.h>

#include <array>
#include <limits>

#include "controlplane/config/form.hh"
#include "controlplane/config/policies_file.hh"
#include "controlplane/config/sections.hh"
#include "controlplane/config/topology_parts.hh"

namespace rhumb::config {

namespace {

constexpr std::int64_t max_color = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t max_colors = 64;  // of one route

constexpr std::array<choice<unsigned>, 3> color_only_words{
    {{"next_hop", 0}, {"null_endpoint", 1}, {"any_endpoint", 2}}};

std::vector<value> tables_of(value from, std::string_view section, diagnostics& errors) {
    if (from && from.kind() != value_kind::array) {
        errors.fail(from.where(errors),
                    fmt::format("{0} must be an array of tables: write [[{0}]]", section));
    }
    return from.kind() == value_kind::array ? from.elements() : std::vector<value>{};
}

name_at read_needed(const table_reader& table, std::string_view key, std::string_view how,
                    diagnostics& errors) {
    const value from = table.need(key, how);
    if (!from) {
        return {};
    }
    return {std::string(read_text(from, key, errors).value_or("")), from.where(errors)};
}

color_entry read_color(value from, diagnostics& errors) {
    color_entry made;
    if (from.kind() != value_kind::table) {
        made.color =
            static_cast<std::uint32_t>(read_integer_in(from, "a color", 0, max_color, errors));
        return made;
    }
    constexpr std::array<std::string_view, 2> known{"color", "only"};
    const table_reader table(from, "an element of colors", known, errors);
    (void)table.need("color", R"({ color = 100, only = "any_endpoint" })");
    table.number("color", 0, max_color, made.color);
    table.word("only", color_only_words, made.only);
    return made;
}

}  // namespace

void read_routes(value from, policies_file& into, diagnostics& errors) {
    constexpr std::array<std::string_view, 4> known{"prefix", "next_hop", "colors", "headend"};
    for (const value element : tables_of(from, "routes", errors)) {
        const table_reader table(element, "[[routes]]", known, errors);
        route_entry made;
        made.where = element.where(errors);
        if (const value prefix = table.need("prefix", R"(prefix = "203.0.113.0/24")")) {
            made.prefix = read_ip_prefix(prefix, "prefix", errors);
        }
        made.next_hop = read_needed(table, "next_hop", R"(next_hop = "192.0.2.5")", errors);
        if (const value headend = table.find("headend")) {
            made.headend = {std::string(read_text(headend, "headend", errors).value_or("")),
                            headend.where(errors)};
        }
        const value colors = table.need("colors", "colors = [100, 200]");
        const auto elements = colors ? read_array_or_one(colors) : std::vector<value>{};
        if (elements.size() > max_colors) {
            errors.fail(colors.where(errors), fmt::format("colors has {} elements; {} are the most",
                                                          elements.size(), max_colors));
            continue;
        }
        for (const value color : elements) {
            made.colors.push_back(read_color(color, errors));
        }
        into.routes.push_back(std::move(made));
    }
}

void read_demands(value from, policies_file& into, diagnostics& errors) {
    constexpr std::array<std::string_view, 4> known{"from", "to", "rate", "policy"};
    for (const value element : tables_of(from, "demands", errors)) {
        const table_reader table(element, "[[demands]]", known, errors);
        demand_entry made;
        made.where = element.where(errors);
        made.from = read_needed(table, "from", R"(from = "r1")", errors);
        made.to = read_needed(table, "to", R"(to = "r5")", errors);
        if (const value rate = table.need("rate", R"(rate = "2.5G")")) {
            made.rate = read_bandwidth(rate, "rate", errors);
        }
        if (const value policy = table.find("policy")) {
            made.policy = name_at{std::string(read_text(policy, "policy", errors).value_or("")),
                                  policy.where(errors)};
        }
        into.demands.push_back(std::move(made));
    }
}

}  // namespace rhumb::config

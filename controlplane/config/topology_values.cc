// Single values of topology files.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "controlplane/config/form.hh"
#include "controlplane/config/text.hh"
#include "controlplane/config/topology_parts.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::config {

namespace {

struct unit {
    std::string_view name;
    std::uint64_t size;
};

constexpr std::array<unit, 5> delay_units{
    {{"us", 1}, {"ms", 1'000}, {"s", 1'000'000}, {"", 1}, {"µs", 1}}};
constexpr std::array<unit, 5> bandwidth_units{
    {{"k", 1'000}, {"M", 1'000'000}, {"G", 1'000'000'000}, {"T", 1'000'000'000'000}, {"", 1}}};

// A decimal number, with digits behind a point if the unit has room for them.
std::optional<std::uint64_t> parse_scaled(std::string_view text, std::span<const unit> units) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto found = std::ranges::find(units, text.substr(end), &unit::name);
    if (end == 0 || found == units.end()) {
        return std::nullopt;
    }
    std::uint64_t size = found->size;
    std::uint64_t value = 0;
    bool behind_point = false;
    for (const char c : text.substr(0, end)) {
        if (c == '.') {
            if (behind_point) {
                return std::nullopt;
            }
            behind_point = true;
            continue;
        }
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (behind_point) {
            if (size % 10 != 0) {
                return std::nullopt;
            }
            size /= 10;
        }
        if (value > (most - digit) / 10) {
            return std::nullopt;
        }
        value = 10 * value + digit;
    }
    return value > most / size ? std::nullopt : std::optional(value * size);
}

// A number as such, or as text with a unit.
std::uint64_t read_scaled(value from, std::string_view key, std::span<const unit> units,
                          std::uint64_t most, std::string_view example, diagnostics& errors) {
    std::optional<std::uint64_t> found;
    if (from.kind() == value_kind::integer) {
        if (from.integer() >= 0) {
            found = static_cast<std::uint64_t>(from.integer());
        }
    } else {
        const auto text = read_text(from, key, errors);
        if (!text) {
            return 1;
        }
        found = parse_scaled(*text, units);
    }
    if (!found || *found == 0 || *found > most) {
        errors.fail(from.where(errors),
                    fmt::format("{} is no number from 1 to {}, or one with a unit, as in {}", key,
                                most, example));
        return 1;
    }
    return *found;
}

}  // namespace

std::int64_t read_integer_in(value from, std::string_view key, std::int64_t low, std::int64_t high,
                             diagnostics& errors) {
    const auto n = read_integer(from, key, errors);
    if (n) {
        check_range(key, *n, low, high, from.where(errors), errors);
    }
    return n && *n >= low && *n <= high ? *n : low;
}

std::vector<topology::label_block> read_label_blocks(value from, std::string_view key,
                                                     diagnostics& errors) {
    std::vector<topology::label_block> blocks;
    for (const value element : read_array_or_one(from)) {
        const auto text = read_text(element, key, errors);
        const auto range = parse_label_range(text.value_or(""));
        if (text && (!range || range->first < mpls::first_unreserved)) {
            errors.fail(
                element.where(errors),
                fmt::format("{} {} is no range of labels, as in \"16000-23999\", within {} "
                            "to {}",
                            key, in_quotes(*text), mpls::first_unreserved, mpls::label_count - 1));
        } else if (range) {
            blocks.push_back({range->first, range->last - range->first + 1});
        }
    }
    return blocks;
}

topology::affinity_set read_affinities(value from, std::string_view key,
                                       const topology_reading& reading) {
    topology::affinity_set set = 0;
    for (const value element : read_array(from, key, reading.errors)) {
        const auto name = read_text(element, fmt::format("an element of {}", key), reading.errors);
        if (!name) {
            continue;
        }
        const auto found = reading.affinity_bits.find(*name);
        if (found != reading.affinity_bits.end()) {
            set |= topology::affinity_set{1} << found->second;
            continue;
        }
        std::vector<std::string_view> known;
        known.reserve(reading.affinity_bits.size());
        for (const auto& [known_name, bit] : reading.affinity_bits) {
            known.push_back(known_name);
        }
        reading.errors.fail(
            element.where(reading.errors),
            known.empty() ? fmt::format("there is no affinity {}: name its bit in [affinities]",
                                        in_quotes(*name))
                          : fmt::format("there is no affinity {} in [affinities]; {}",
                                        in_quotes(*name), advice(*name, known)));
    }
    return set;
}

std::vector<std::uint32_t> read_srlgs(value from, std::string_view key, diagnostics& errors) {
    constexpr std::size_t most = 64;
    std::vector<std::uint32_t> srlgs;
    for (const value element : read_array_or_one(from)) {
        srlgs.push_back(static_cast<std::uint32_t>(
            read_integer_in(element, key, 0, std::numeric_limits<std::uint32_t>::max(), errors)));
    }
    if (srlgs.size() > most) {
        errors.fail(from.where(errors), fmt::format("{} names more than {} groups", key, most));
    }
    std::vector<std::uint32_t> sorted = srlgs;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end()) {
        errors.fail(from.where(errors), fmt::format("{} names a group twice", key));
    }
    return srlgs;
}

std::optional<std::uint8_t> read_flexible_algorithm(std::string_view text, position where,
                                                    diagnostics& errors) {
    unsigned number = 0;
    for (const char c : text.substr(0, 4)) {
        number = c >= '0' && c <= '9' ? 10 * number + static_cast<unsigned>(c - '0') : 9'999;
    }
    if (text.empty() || text.size() > 3 || number < 128 || number > 255) {
        errors.fail(where, fmt::format("{} is no flexible algorithm: these are 128 to 255",
                                       in_quotes(text)));
        return std::nullopt;
    }
    return static_cast<std::uint8_t>(number);
}

std::optional<std::uint64_t> parse_bandwidth(std::string_view text) {
    return parse_scaled(text, bandwidth_units);
}

std::optional<std::uint64_t> parse_delay(std::string_view text) {
    return parse_scaled(text, delay_units);
}

topology::cost read_metric(value from, std::string_view key, diagnostics& errors) {
    return static_cast<topology::cost>(read_integer_in(from, key, 1, topology::max_cost, errors));
}

topology::cost read_delay(value from, std::string_view key, diagnostics& errors) {
    return static_cast<topology::cost>(read_scaled(from, key, delay_units, topology::max_cost,
                                                   R"("2ms" (microseconds without one))", errors));
}

std::uint64_t read_bandwidth(value from, std::string_view key, diagnostics& errors) {
    return read_scaled(from, key, bandwidth_units, std::numeric_limits<std::uint64_t>::max(),
                       R"("10G" (bits a second without one))", errors);
}

adjacency_sids read_sids_word(value from, std::string_view key, diagnostics& errors) {
    constexpr std::array<choice<adjacency_sids>, 4> words{
        {{"both", adjacency_sids::both},
         {"protected", adjacency_sids::is_protected},
         {"unprotected", adjacency_sids::unprotected},
         {"none", adjacency_sids::nothing}}};
    const auto text = read_text(from, key, errors);
    return text ? choose(key, *text, words, from.where(errors), errors)
                      .value_or(adjacency_sids::nothing)
                : adjacency_sids::nothing;
}

std::optional<std::size_t> find_node(std::string_view name, std::string_view key, position where,
                                     const topology_reading& reading) {
    const auto found = reading.node_numbers.find(name);
    if (found != reading.node_numbers.end()) {
        return found->second;
    }
    // Advice looks at every name: with very many nodes it would take long for very many errors.
    constexpr std::size_t few = 200;
    std::string help = "each node needs a table [nodes.NAME]";
    if (reading.node_numbers.size() <= few) {
        std::vector<std::string_view> known;
        known.reserve(reading.into.nodes.size());
        for (const topology::advertisement& node : reading.into.nodes) {
            known.push_back(node.origin);
        }
        const std::string advised = known.empty() ? "" : advice(name, known);
        help = advised.starts_with("did you mean") ? advised : help;
    }
    reading.errors.fail(
        where, fmt::format("{} names {}, which is no node; {}", key, in_quotes(name), help));
    return std::nullopt;
}

topology::flex_algo_definition read_definition(const table_reader& table, std::uint8_t algorithm,
                                               const topology_reading& reading) {
    constexpr std::array<choice<topology::metric_type>, 3> metrics{
        {{"igp", topology::metric_type::igp},
         {"delay", topology::metric_type::delay},
         {"te", topology::metric_type::te}}};
    topology::flex_algo_definition made;
    made.algorithm = algorithm;
    table.number("priority", 0, 255, made.priority);
    table.word("metric", metrics, made.metric);
    for (const auto& [key, to] :
         {std::pair("exclude_any", &made.exclude_any), std::pair("include_any", &made.include_any),
          std::pair("include_all", &made.include_all)}) {
        if (const value from = table.find(key)) {
            *to = read_affinities(from, key, reading);
        }
    }
    if (const value from = table.find("exclude_srlg")) {
        made.exclude_srlgs = read_srlgs(from, "exclude_srlg", reading.errors);
    }
    return made;
}

}  // namespace rhumb::config

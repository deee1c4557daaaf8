#include "controlplane/scion/br_toml.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "controlplane/config/diagnostics.hh"
#include "controlplane/config/form.hh"
#include "controlplane/config/reader.hh"

namespace rhumb::scion::control {
namespace {

using config::diagnostics;
using config::in_quotes;
using config::table_reader;
using config::value;

constexpr std::int64_t max_count = std::numeric_limits<std::int32_t>::max();

// A number from 0 on, where 0 leaves the default.
template <class Integer>
void read_count(const table_reader& from, std::string_view key, std::int64_t max, Integer& to) {
    const Integer otherwise = to;
    from.number(key, 0, max, to);
    to = to == 0 ? otherwise : to;
}

br_toml::general_section read_general(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 2> known{"id", "config_dir"};
    const table_reader table(from, "[general]", known, errors);
    br_toml::general_section general;
    general.id_where = table.need("id", R"(id = "br1-ff00_0_110-1")").where(errors);
    general.config_dir_where =
        table.need("config_dir", R"(config_dir = "/etc/scion")").where(errors);
    table.text("id", general.id);
    table.text("config_dir", general.config_dir);
    if (general.id.empty()) {
        errors.fail(general.id_where, "id is empty; give the router's name in the topology");
    }
    if (general.config_dir.empty()) {
        errors.fail(general.config_dir_where,
                    "config_dir is empty; give the folder of topology.json");
    }
    return general;
}

br_toml::features_section read_features(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 2> known{"experimental_scmp_authentication",
                                                    "appropriate_digest_algorithm"};
    const table_reader table(from, "[features]", known, errors);
    br_toml::features_section features;
    table.flag("experimental_scmp_authentication", features.experimental_scmp_authentication);
    table.flag("appropriate_digest_algorithm", features.appropriate_digest_algorithm);
    return features;
}

// A word in any letter case; empty leaves the default.
void read_level(const table_reader& from, std::string_view key,
                std::span<const std::string_view> levels, std::string& to, diagnostics& errors) {
    std::string given;
    from.text(key, given);
    if (given.empty()) {
        return;
    }
    const auto known = std::ranges::find_if(
        levels, [&](std::string_view level) { return same_letters(level, given); });
    if (known == levels.end()) {
        errors.fail(from.find(key).where(errors),
                    fmt::format("unknown {} {}; it is one of {}", key, in_quotes(given),
                                config::listed(levels)));
        return;
    }
    to = *known;
}

br_toml::console_section read_console(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 4> known{"level", "format", "stacktrace_level",
                                                    "disable_caller"};
    constexpr std::array<std::string_view, 8> levels{"debug",  "info",  "warn",  "error",
                                                     "dpanic", "panic", "fatal", "none"};
    const table_reader table(from, "[log.console]", known, errors);
    br_toml::console_section console;
    read_level(table, "level", std::span(levels).first(levels.size() - 1), console.level, errors);
    read_level(table, "stacktrace_level", levels, console.stacktrace_level, errors);
    table.flag("disable_caller", console.disable_caller);
    std::string format;
    table.text("format", format);
    console.format = same_letters(format, "json") ? "json" : "human";
    return console;
}

br_toml::console_section read_log(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 1> known{"console"};
    const table_reader table(from, "[log]", known, errors);
    const value console = table.find("console");
    return console ? read_console(console, errors) : br_toml::console_section{};
}

// A table of a single text.
std::string read_address(value from, std::string title, std::string_view key, diagnostics& errors) {
    const table_reader table(from, std::move(title), std::span(&key, 1), errors);
    std::string address;
    table.text(key, address);
    return address;
}

void read_interval(const table_reader& from, std::string_view key, std::chrono::nanoseconds& to,
                   diagnostics& errors) {
    const value given = from.find(key);
    const auto text = given ? config::read_text(given, key, errors) : std::nullopt;
    if (text) {
        const auto interval = read_bfd_interval(*text, key, given.where(errors), errors);
        to = interval && interval->count() != 0 ? *interval : to;
    }
}

bfd_settings read_bfd(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 4> known{
        "disable", "detect_mult", "desired_min_tx_interval", "required_min_rx_interval"};
    const table_reader table(from, "[router.bfd]", known, errors);
    bfd_settings bfd;
    table.flag("disable", bfd.disable);
    read_count(table, "detect_mult", 0xff, bfd.detect_mult);
    read_interval(table, "desired_min_tx_interval", bfd.desired_min_tx_interval, errors);
    read_interval(table, "required_min_rx_interval", bfd.required_min_rx_interval, errors);
    return bfd;
}

std::optional<port_range> read_dispatched_ports(const table_reader& from, diagnostics& errors) {
    constexpr std::string_view first_key = "dispatched_port_start";
    constexpr std::string_view last_key = "dispatched_port_end";
    const value first = from.find(first_key);
    const value last = from.find(last_key);
    if (!first && !last) {
        return std::nullopt;
    }
    if (!first || !last) {
        errors.fail((first ? first : last).where(errors),
                    fmt::format("{} needs {} as well", first ? first_key : last_key,
                                first ? last_key : first_key));
        return std::nullopt;
    }
    port_range range;
    from.number(first_key, 0, 0xffff, range.first);
    from.number(last_key, 0, 0xffff, range.last);
    if (range.first > range.last) {
        errors.fail(first.where(errors), fmt::format("{} {} is larger than {} {}", first_key,
                                                     range.first, last_key, range.last));
    }
    return range;
}

br_toml::router_section read_router(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 8> known{
        "receive_buffer_size",   "send_buffer_size",   "num_processors",
        "num_slow_processors",   "batch_size",         "bfd",
        "dispatched_port_start", "dispatched_port_end"};
    const table_reader table(from, "[router]", known, errors);
    br_toml::router_section router;
    read_count(table, "receive_buffer_size", max_count, router.receive_buffer_size);
    read_count(table, "send_buffer_size", max_count, router.send_buffer_size);
    read_count(table, "num_processors", max_count, router.num_processors);
    read_count(table, "num_slow_processors", max_count, router.num_slow_processors);
    read_count(table, "batch_size", max_count, router.batch_size);
    if (const value bfd = table.find("bfd")) {
        router.bfd = read_bfd(bfd, errors);
    }
    router.dispatched_ports = read_dispatched_ports(table, errors);
    return router;
}

br_toml read_sections(value root, diagnostics& errors) {
    constexpr std::array<std::string_view, 6> known{"general", "features", "log",
                                                    "metrics", "api",      "router"};
    const table_reader table(root, "this file", known, errors);
    br_toml made;
    if (const value general = table.need("general", "[general]")) {
        made.general = read_general(general, errors);
    }
    if (const value features = table.find("features")) {
        made.features = read_features(features, errors);
    }
    if (const value log = table.find("log")) {
        made.console = read_log(log, errors);
    }
    if (const value metrics = table.find("metrics")) {
        made.prometheus = read_address(metrics, "[metrics]", "prometheus", errors);
    }
    if (const value api = table.find("api")) {
        made.api = read_address(api, "[api]", "addr", errors);
    }
    if (const value router = table.find("router")) {
        made.router = read_router(router, errors);
    }
    return made;
}

}  // namespace

result<br_toml> parse_br_toml(std::string_view text, const std::string& name) {
    diagnostics errors(name, 0);
    const config::document toml(text, errors);
    br_toml made = read_sections(toml.root(), errors);
    if (errors.failed()) {
        return errors.why();
    }
    return made;
}

}  // namespace rhumb::scion::control

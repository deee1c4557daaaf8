// What the kinds of `show` share: filters, cursors, rows. Threads: control.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/api/requests.hh"
#include "controlplane/api/router.hh"
#include "controlplane/api/show.hh"
#include "controlplane/config/config.hh"
#include "controlplane/scion/metrics.hh"
#include "rhumb/result.hh"
#include "rhumb/table/counters.hh"
#include "rhumb/table/prefix.hh"

namespace rhumb::api {

struct filters {
    std::uint64_t limit = 1000;
    std::string from;
    std::optional<config::label_range> labels;
    std::string op;
    std::optional<ip_prefix> prefix;
    std::string nexthop;
    std::string port;
};

[[nodiscard]] result<filters> read_filters(const json& params);

// Cursors: where the next page begins, as an answer gave it: "label 16002", "prefix 10.2.0.0/16".
[[nodiscard]] std::optional<std::uint64_t> label_cursor(std::string_view from);
// The same of any kind, "label ", that is followed by a number.
[[nodiscard]] std::optional<std::uint64_t> number_cursor(std::string_view kind,
                                                         std::string_view from);
// Where a piece of a text ends that begins at `at`: not within a character.
[[nodiscard]] std::size_t end_of_piece(std::string_view text, std::size_t at, std::size_t most);
[[nodiscard]] std::optional<ip_prefix> prefix_cursor(std::string_view from);
[[nodiscard]] error bad_cursor();

[[nodiscard]] inline json rows_of(json rows) { return {{"rows", std::move(rows)}}; }
void add_counter(json& row, const counter& count);

// Sums that have words to them; each has a file of its own.
[[nodiscard]] result<json> show_counters(const router& running, const filters& wanted);
[[nodiscard]] json show_drops(const router& running, const filters& wanted);
// `what`: scion_interfaces, scion_paths, scion_bfd, scion_keys or scion_drops.
[[nodiscard]] result<json> show_scion(const router& running, std::string_view what);
// `what`: topology, links, spf, protection, conflicts, policies or utilisation.
[[nodiscard]] result<json> show_network(const router& running, std::string_view what,
                                        const json& params);
[[nodiscard]] result<json> show_topology_file(const router& running, const filters& wanted,
                                              long_answers& held);
[[nodiscard]] result<json> show_report(const router& running, const filters& wanted,
                                       const json& params, long_answers& held);
// An error where this router does not compute for the network.
[[nodiscard]] result<void> check_controller(const router& running);
// For Prometheus. Precondition: running.scion() is not null.
[[nodiscard]] scion::metrics scion_metrics(const router& running);

}  // namespace rhumb::api

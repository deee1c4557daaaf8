// Readers of the sections of a configuration file, one a table. What is wrong goes to `errors`,
// and the result then means nothing. Threads: control.
#pragma once

#include <string_view>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/config/diagnostics.hh"
#include "controlplane/config/reader.hh"

namespace rhumb::config {

[[nodiscard]] node read_node(value from, diagnostics& errors);
[[nodiscard]] runtime read_runtime(value from, diagnostics& errors);
[[nodiscard]] scion_section read_scion(value from, diagnostics& errors);
[[nodiscard]] topology_section read_topology_section(value from, diagnostics& errors);
[[nodiscard]] overlay_section read_overlay_section(value from, diagnostics& errors);
[[nodiscard]] controller_section read_controller_section(value from, diagnostics& errors);
[[nodiscard]] port read_port(std::string_view name, value from, diagnostics& errors);
[[nodiscard]] nexthop read_nexthop(std::string_view name, value from, diagnostics& errors);

// One [[labels]] and one [[prefixes]] table; the rule is added to `into` if nothing is wrong.
void read_label(value from, rules& into, diagnostics& errors);
void read_prefix(value from, rules& into, diagnostics& errors);

// A segment list: `min` to max_segments labels, top first. `key` is segments or push.
[[nodiscard]] segments read_segments(value from, std::string_view key, std::size_t min,
                                     diagnostics& errors);

// A prefix without host bits, and a label that may have a rule.
[[nodiscard]] ip_prefix read_ip_prefix(value from, std::string_view key, diagnostics& errors);
[[nodiscard]] mpls::label read_incoming_label(value from, std::string_view key,
                                              diagnostics& errors);

}  // namespace rhumb::config

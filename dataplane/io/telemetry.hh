// Commands on DPDK's telemetry socket: each answers with a flat dictionary. DPDK calls them on a
// thread of its own. Threads: add_telemetry() and set_telemetry_source() by control.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rhumb::io {

using telemetry_fields =
    std::vector<std::pair<std::string, std::variant<std::uint64_t, std::string>>>;

// Answers a command (as registered) with its parameters (may be empty); nullopt: refused. Called on
// DPDK's telemetry thread, one call at a time.
using telemetry_source = std::function<std::optional<telemetry_fields>(std::string_view command,
                                                                       const std::string& params)>;

// Registers a command; false where DPDK refuses its name.
bool add_telemetry(const char* command, const char* help);
// Who answers; null: nobody. Returns when no call to the source before is under way.
void set_telemetry_source(telemetry_source source);

}  // namespace rhumb::io

// How the links of a border router watch each other with BFD (RFC 5880): br.toml says it for the
// router, the topology for single external links. Threads: control.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "controlplane/config/diagnostics.hh"
#include "controlplane/scion/topology.hh"

namespace rhumb::scion::control {

struct bfd_settings {
    bool disable = false;
    std::uint8_t detect_mult = 3;  // 1 to 255
    std::chrono::nanoseconds desired_min_tx_interval = std::chrono::milliseconds(200);
    std::chrono::nanoseconds required_min_rx_interval = std::chrono::milliseconds(200);
    friend bool operator==(const bfd_settings&, const bfd_settings&) = default;
};

// What holds for an external link. Links to siblings have the router's settings as they are.
[[nodiscard]] bfd_settings with_overrides(const bfd_settings& of_router, const bfd_overrides& link);

// A duration that BFD can express: 32 bits of microseconds, or zero, which stands for the default.
[[nodiscard]] std::optional<std::chrono::nanoseconds> read_bfd_interval(
    std::string_view text, std::string_view key, config::position where,
    config::diagnostics& errors);

}  // namespace rhumb::scion::control

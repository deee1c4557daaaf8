// Addresses, prefixes and ranges as people write them, both ways. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/config/config.hh"
#include "rhumb/table/prefix.hh"
#include "rhumb/wire/ethernet.hh"

namespace rhumb::config {

// "02:00:00:00:01:01"
[[nodiscard]] std::optional<ethernet::mac_address> parse_mac(std::string_view text);
[[nodiscard]] std::string to_string(const ethernet::mac_address& mac);

// "10.2.0.0/16", "2001:db8::/32"; the length must be there. nullopt if malformed.
// Host bits are kept: has_host_bits() tells.
[[nodiscard]] std::optional<ip_prefix> parse_prefix(std::string_view text);
// An address alone: a prefix of all its bits.
[[nodiscard]] std::optional<ip_prefix> parse_host(std::string_view text);
[[nodiscard]] bool has_host_bits(const ip_prefix& prefix);
[[nodiscard]] std::string to_string(const ip_prefix& prefix);

// "16000-23999", "100"; both ends at most 2^20 - 1, first <= last.
[[nodiscard]] std::optional<label_range> parse_label_range(std::string_view text);
[[nodiscard]] std::string to_string(const label_range& range);

// "10G", "2.5M"; bits a second without a unit.
[[nodiscard]] std::optional<std::uint64_t> parse_bandwidth(std::string_view text);
[[nodiscard]] std::string bandwidth_text(std::uint64_t bits);
// "2ms", "1.5s"; microseconds without a unit.
[[nodiscard]] std::optional<std::uint64_t> parse_delay(std::string_view text);

[[nodiscard]] std::string_view to_string(operation op);
[[nodiscard]] std::string_view to_string(ttl_model model);
[[nodiscard]] std::string_view to_string(protected_resource what);
[[nodiscard]] std::string_view to_string(demand_source what);
[[nodiscard]] std::string_view to_string(overlay_admission whom);
[[nodiscard]] std::string_view to_string(overlay_broadcast way);

}  // namespace rhumb::config

// Addresses, port ranges and durations as a SCION configuration writes them: what the reference
// implementation takes, less what it would look up (host names). Threads: any.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rhumb/bytes.hh"

namespace rhumb::scion::control {

// A UDP endpoint of the underlay.
struct underlay_endpoint {
    std::array<byte, 16> address{};  // network order; an IPv4 address is the first four
    std::uint8_t address_bytes = 0;  // 4, 16, or 0: any address of this machine
    std::uint16_t port = 0;
    std::string zone;  // of a scoped IPv6 address, mostly empty

    friend auto operator<=>(const underlay_endpoint&, const underlay_endpoint&) = default;
};

// "10.0.0.1:30042", "[2001:db8::1]:30042", "[fe80::1%east]:30042". An IPv4 address that is mapped
// into IPv6 becomes the IPv4 address.
[[nodiscard]] std::optional<underlay_endpoint> parse_endpoint(std::string_view text);
// The same, or ":30042" without an address.
[[nodiscard]] std::optional<underlay_endpoint> parse_local_endpoint(std::string_view text);
[[nodiscard]] std::string to_string(const underlay_endpoint& endpoint);

// Both ends included.
struct port_range {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    friend bool operator==(const port_range&, const port_range&) = default;
};

// "1024-65535", 1 at least, the first no larger than the last; "all" or "ALL".
[[nodiscard]] std::optional<port_range> parse_port_range(std::string_view text);

// One number and one unit of y (365 days), w, d, h, m, s, ms, us, ns: "200ms".
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

// Whether they are the same but for the case of ASCII letters.
[[nodiscard]] bool same_letters(std::string_view a, std::string_view b);

}  // namespace rhumb::scion::control

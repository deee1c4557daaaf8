// IPv6 headers (RFC 8200), as far as a router reads them. Threads: any.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Version| Traffic Class |           Flow Label                  |
//   |         Payload Length        |  Next Header  |   Hop Limit   |
//   |                    Source Address (16 bytes)                  |
//   |                 Destination Address (16 bytes)                |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// Every function wants header_bytes at `ip`, unless it says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rhumb/bytes.hh"

namespace rhumb::ipv6 {

inline constexpr std::size_t header_bytes = 40;
inline constexpr std::size_t address_bytes = 16;

[[nodiscard]] constexpr unsigned version(const byte* ip) noexcept { return ip[0] >> 4; }
// The upper three bits of the traffic class: where IPv4 has its precedence.
[[nodiscard]] constexpr unsigned precedence(const byte* ip) noexcept { return ip[0] >> 1 & 7; }
[[nodiscard]] constexpr std::uint16_t payload_length(const byte* ip) noexcept {
    return load_be16(ip + 4);
}
[[nodiscard]] constexpr unsigned next_header(const byte* ip) noexcept { return ip[6]; }
[[nodiscard]] constexpr unsigned hop_limit(const byte* ip) noexcept { return ip[7]; }
[[nodiscard]] constexpr const byte* source_bytes(const byte* ip) noexcept { return ip + 8; }
[[nodiscard]] constexpr const byte* destination_bytes(const byte* ip) noexcept { return ip + 24; }

constexpr void set_hop_limit(byte* ip, unsigned hop_limit) noexcept {
    ip[7] = static_cast<byte>(hop_limit);
}

// Unspecified (::) or loopback (::1), 16 bytes at `address` (RFC 4291 section 2.5).
[[nodiscard]] constexpr bool is_unspecified_or_loopback(const byte* address) noexcept {
    return load_be64(address) == 0 && load_be64(address + 8) <= 1;
}

// Addresses that no router forwards (RFC 4291 sections 2.5.2, 2.5.3, 2.5.6, 2.7): unspecified,
// loopback, link local, multicast. Same rules for source and destination.
[[nodiscard]] constexpr bool is_martian(const byte* address) noexcept {
    const std::uint16_t head = load_be16(address);
    return head >> 8 == 0xff || (head & 0xffc0) == 0xfe80 || is_unspecified_or_loopback(address);
}

}  // namespace rhumb::ipv6

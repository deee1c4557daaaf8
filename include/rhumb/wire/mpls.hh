// MPLS label stack entries (RFC 3032 section 2.1, TC field as renamed by RFC 5462). Threads: any.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                Label                  | TC  |S|      TTL      |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// Entries are handled as one host-order word; bytes.hh brings it to and from the wire.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rhumb::mpls {

using label = std::uint32_t;  // 20 bits, host order
using lse = std::uint32_t;    // label stack entry, host order

inline constexpr std::size_t lse_bytes = 4;
inline constexpr std::size_t ttl_offset = 3;
inline constexpr label label_count = 1U << 20;
inline constexpr label first_unreserved = 16;

// Special-purpose labels: RFC 3032 section 2.1, RFC 6790 section 4, RFC 7274.
inline constexpr label ipv4_explicit_null = 0;
inline constexpr label router_alert = 1;
inline constexpr label ipv6_explicit_null = 2;
inline constexpr label implicit_null = 3;  // a signalling value: never on the wire
inline constexpr label entropy_label_indicator = 7;

inline constexpr lse bottom_bit = 0x100;

[[nodiscard]] constexpr label label_of(lse entry) noexcept { return entry >> 12; }
[[nodiscard]] constexpr unsigned tc_of(lse entry) noexcept { return entry >> 9 & 7; }
[[nodiscard]] constexpr bool is_bottom(lse entry) noexcept { return (entry & bottom_bit) != 0; }
[[nodiscard]] constexpr unsigned ttl_of(lse entry) noexcept { return entry & 0xff; }

[[nodiscard]] constexpr lse make(label value, unsigned tc, bool bottom, unsigned ttl) noexcept {
    return value << 12 | tc << 9 | (bottom ? bottom_bit : 0) | ttl;
}
[[nodiscard]] constexpr lse with_ttl(lse entry, unsigned ttl) noexcept {
    return (entry & ~lse{0xff}) | ttl;
}

[[nodiscard]] constexpr lse with_label(lse entry, label value) noexcept {
    return (entry & 0xfff) | value << 12;
}

}  // namespace rhumb::mpls

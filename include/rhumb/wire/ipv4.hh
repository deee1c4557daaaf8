// IPv4 headers (RFC 791), as far as a router reads them. Threads: any.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Version|  IHL  |Type of Service|          Total Length         |
//   |         Identification        |Flags|      Fragment Offset    |
//   |  Time to Live |    Protocol   |         Header Checksum       |
//   |                       Source Address                          |
//   |                    Destination Address                        |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// Every function wants min_header_bytes at `ip`, unless it says otherwise.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "rhumb/bytes.hh"
#include "rhumb/checksum.hh"

namespace rhumb::ipv4 {

inline constexpr std::size_t min_header_bytes = 20;
inline constexpr std::size_t address_bytes = 4;

[[nodiscard]] constexpr unsigned version(const byte* ip) noexcept { return ip[0] >> 4; }
[[nodiscard]] constexpr std::size_t header_bytes(const byte* ip) noexcept {
    return std::size_t{ip[0] & 0xfU} * 4;
}
[[nodiscard]] constexpr unsigned precedence(const byte* ip) noexcept { return ip[1] >> 5; }
[[nodiscard]] constexpr std::uint16_t total_length(const byte* ip) noexcept {
    return load_be16(ip + 2);
}
// More-fragments flag and offset: zero for a datagram in one piece.
[[nodiscard]] constexpr unsigned fragment(const byte* ip) noexcept {
    return load_be16(ip + 6) & 0x3fffU;
}
[[nodiscard]] constexpr unsigned ttl(const byte* ip) noexcept { return ip[8]; }
[[nodiscard]] constexpr unsigned protocol(const byte* ip) noexcept { return ip[9]; }
[[nodiscard]] constexpr std::uint32_t source(const byte* ip) noexcept { return load_be32(ip + 12); }
[[nodiscard]] constexpr std::uint32_t destination(const byte* ip) noexcept {
    return load_be32(ip + 16);
}
[[nodiscard]] constexpr const byte* destination_bytes(const byte* ip) noexcept { return ip + 16; }

// Whether the checksum over header_bytes(ip) holds (RFC 791 section 3.1).
[[nodiscard]] constexpr bool checksum_holds(const byte* ip) noexcept {
    return checksum_sum(ip, header_bytes(ip)) == 0xffff;
}

// TTL, protocol and checksum: one word, as it lies on the wire.
[[nodiscard]] inline std::uint32_t ttl_word(const byte* ip) noexcept { return load_wire32(ip + 8); }
inline void store_ttl_word(byte* ip, std::uint32_t word) noexcept { store_wire32(ip + 8, word); }

// Takes `hops` off the TTL, no more than it has, and brings the checksum up to date.
inline void lower_ttl(byte* ip, std::uint32_t hops) noexcept {
    // In the word the TTL counts by 1, the checksum's upper byte by 2^16. RFC 1624 for such a
    // difference: the checksum goes up by as many, with the carry around its end, and is never
    // 0xffff.
    static_assert(std::endian::native == std::endian::little);
    const std::uint32_t word = ttl_word(ip);
    const std::uint32_t checksum = (word >> 16) + hops;
    const std::uint32_t carry = checksum >= 0xffff ? 1 : 0;
    store_ttl_word(ip, ((word & 0xffff) - hops) | (checksum + carry) << 16);
}

// Addresses that no router forwards, as source or destination: this network, loopback (RFC 1122
// section 3.2.1.3, RFC 1812 section 5.3.7), link local (RFC 3927 section 7), multicast, reserved.
[[nodiscard]] constexpr bool is_martian(std::uint32_t address) noexcept {
    const std::uint32_t net = address >> 24;
    return net == 0 || net == 127 || net >= 224 || address >> 16 == 0xa9fe;
}

}  // namespace rhumb::ipv4

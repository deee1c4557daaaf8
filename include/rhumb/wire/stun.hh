// STUN (RFC 8489), as far as a SCION border router speaks it: a host behind a NAT asks with a
// Binding Request at the internal address from where its packets come, and is told. Threads: any.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |0 0|     STUN Message Type     |         Message Length        |  without these 20 bytes
//   |                         Magic Cookie                          |
//   |                     Transaction ID (96 bits)                  |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |        Attribute Type         |            Length             |  without padding
//   |                         Value, padded to 4 bytes           ....
//
// The cookie's first byte, 0x21, stands where a SCION header has its Next Header, and is none of
// those that SCION uses: no packet is both.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "rhumb/bytes.hh"

namespace rhumb::stun {

inline constexpr std::size_t header_bytes = 20;
inline constexpr std::size_t attribute_header_bytes = 4;
inline constexpr std::size_t transaction_id_at = 8;
inline constexpr std::size_t transaction_id_bytes = 12;
inline constexpr std::uint32_t magic_cookie = 0x2112a442;

inline constexpr std::uint16_t binding_request = 0x0001;
inline constexpr std::uint16_t binding_success = 0x0101;
inline constexpr std::uint16_t attribute_xor_mapped_address = 0x0020;
inline constexpr std::uint16_t attribute_fingerprint = 0x8028;
inline constexpr std::size_t fingerprint_bytes = attribute_header_bytes + 4;

// Eight steps of the shift register for each byte, with the polynomial bit-reversed.
inline constexpr std::array<std::uint32_t, 256> crc32_steps = [] {
    std::array<std::uint32_t, 256> steps{};
    for (std::uint32_t n = 0; n < steps.size(); ++n) {
        std::uint32_t rest = n;
        for (int bit = 0; bit < 8; ++bit) {
            rest = rest >> 1 ^ ((rest & 1) != 0 ? 0xedb88320U : 0U);
        }
        steps[n] = rest;
    }
    return steps;
}();

// The CRC-32 of ITU-T V.42, which Ethernet and zip have, too.
[[nodiscard]] constexpr std::uint32_t crc32(std::span<const byte> bytes) noexcept {
    std::uint32_t rest = ~0U;
    for (const byte next : bytes) {
        rest = rest >> 8 ^ crc32_steps[(rest ^ next) & 0xffU];
    }
    return ~rest;
}

// The value of FINGERPRINT (section 14.7) for a message whose bytes before that attribute these
// are.
[[nodiscard]] constexpr std::uint32_t fingerprint(std::span<const byte> before) noexcept {
    return crc32(before) ^ 0x5354554eU;
}

// Whether attributes fill `bytes` to the last byte, and that at the end is a FINGERPRINT.
[[nodiscard]] constexpr bool ends_in_fingerprint(std::span<const byte> bytes) noexcept {
    bool is_fingerprint = false;
    while (!bytes.empty()) {
        if (bytes.size() < attribute_header_bytes) {
            return false;
        }
        const std::size_t length = load_be16(bytes.data() + 2);
        const std::size_t padded = attribute_header_bytes + (length + 3) / 4 * 4;
        if (padded > bytes.size()) {
            return false;
        }
        is_fingerprint = load_be16(bytes.data()) == attribute_fingerprint && length == 4;
        bytes = bytes.subspan(padded);
    }
    return is_fingerprint;
}

// Whether these bytes, a whole UDP payload, are a Binding Request that ends in a FINGERPRINT.
[[nodiscard]] constexpr bool is_binding_request(std::span<const byte> bytes) noexcept {
    if (bytes.size() < header_bytes + fingerprint_bytes) {
        return false;
    }
    const byte* const from = bytes.data();
    const auto before = bytes.first(bytes.size() - fingerprint_bytes);
    return load_be16(from) == binding_request && load_be32(from + 4) == magic_cookie &&
           load_be16(from + 2) == bytes.size() - header_bytes &&
           ends_in_fingerprint(bytes.subspan(header_bytes)) &&
           load_be32(from + bytes.size() - 4) == fingerprint(before);
}

}  // namespace rhumb::stun

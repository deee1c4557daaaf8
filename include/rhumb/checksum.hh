// The Internet checksum (RFC 1071).
// Threads: any.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "rhumb/bytes.hh"

namespace rhumb {

// Folds a wide one's complement sum to 16 bits: each half is added to the other, with the carry of
// the lower half going into the upper one, where it belongs (RFC 1071 section 2).
[[nodiscard]] constexpr std::uint16_t checksum_fold(std::uint64_t sum) noexcept {
    const auto half = static_cast<std::uint32_t>((sum + std::rotr(sum, 32)) >> 32);
    return static_cast<std::uint16_t>((half + std::rotr(half, 16)) >> 16);
}

// One's complement sum of `length` bytes (an odd last byte counts as the high half of a word).
// Over a header whose checksum field is right, the result is 0xffff.
[[nodiscard]] constexpr std::uint16_t checksum_sum(const byte* from, std::size_t length) noexcept {
    std::uint64_t sum = 0;
    for (; length >= 4; from += 4, length -= 4) {
        sum += load_be32(from);
    }
    if (length >= 2) {
        sum += load_be16(from);
        from += 2;
        length -= 2;
    }
    if (length != 0) {
        sum += static_cast<std::uint32_t>(*from) << 8;
    }
    return checksum_fold(sum);
}

// One's complement sum of `length` bytes, a multiple of 4, as they lie in memory: with native
// words, which only meet others of their kind (RFC 1071 section 2, byte order independence).
[[nodiscard]] inline std::uint64_t wire_sum(const byte* from, std::size_t length) noexcept {
    std::uint64_t sum = 0;
    for (std::size_t n = 0; n < length; n += 4) {
        sum += load_wire32(from + n);
    }
    return sum;
}

// The value for the checksum field of `length` bytes in which that field is zero.
[[nodiscard]] constexpr std::uint16_t checksum_of(const byte* from, std::size_t length) noexcept {
    return static_cast<std::uint16_t>(~checksum_sum(from, length));
}

// Whether the checksum over a header of 20 bytes is right, which most IPv4 headers are. A one's
// complement sum of 0xffff is a sum that 0xffff divides; that 64-bit words are summed instead of
// 16-bit ones, and in which byte order, makes no difference to it (RFC 1071 section 2), as 2^16,
// 2^32 and 2^64 all leave 1.
[[nodiscard]] inline bool checksum_holds_20(const byte* from) noexcept {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    std::uint32_t third = 0;
    std::memcpy(&first, from, 8);
    std::memcpy(&second, from + 8, 8);
    std::memcpy(&third, from + 16, 4);
    constexpr std::uint64_t low = 0xffffffff;
    const std::uint64_t sum =
        (first & low) + (first >> 32) + (second & low) + (second >> 32) + third;
    // sum = 0xffff * k for a k from 1 on: an odd number divides by multiplication with its inverse.
    constexpr std::uint64_t inverse = 0xfffefffefffeffff;
    static_assert(std::uint64_t{0xffff} * inverse == 1);
    return sum * inverse - 1 < ~std::uint64_t{0} / 0xffff;
}

}  // namespace rhumb

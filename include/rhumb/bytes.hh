// Big-endian loads and stores on raw bytes: the only way Rhumb reads or writes a header.
//
// The caller has checked the length; every function names how many bytes it touches. Usable in
// constant expressions. Threads: any.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace rhumb {

using byte = std::uint8_t;

// Network order <-> host order; one instruction on x86-64 and AArch64.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T byte_swap(T value) noexcept {
    if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) {
        return value;
    } else if constexpr (sizeof(T) == 2) {
        return __builtin_bswap16(value);
    } else if constexpr (sizeof(T) == 4) {
        return __builtin_bswap32(value);
    } else {
        return __builtin_bswap64(value);
    }
}

// Reads sizeof(T) bytes at `from`, network order, any alignment.
// g++ 12 keeps a shift-or loop as single byte loads, so run-time code copies and swaps instead.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T load_be(const byte* from) noexcept {
    if (std::is_constant_evaluated()) {
        T value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            value = static_cast<T>((value << 7 << 1) | from[i]);
        }
        return value;
    }
    T value;
    std::memcpy(&value, from, sizeof value);
    return byte_swap(value);
}

// Writes sizeof(T) bytes at `to`, network order, any alignment.
template <std::unsigned_integral T>
constexpr void store_be(byte* to, T value) noexcept {
    if (std::is_constant_evaluated()) {
        for (std::size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> 7 >> 1)) {
            to[i] = static_cast<byte>(value);
        }
        return;
    }
    value = byte_swap(value);
    std::memcpy(to, &value, sizeof value);
}

[[nodiscard]] constexpr std::uint16_t load_be16(const byte* from) noexcept {
    return load_be<std::uint16_t>(from);
}
[[nodiscard]] constexpr std::uint32_t load_be32(const byte* from) noexcept {
    return load_be<std::uint32_t>(from);
}
[[nodiscard]] constexpr std::uint64_t load_be64(const byte* from) noexcept {
    return load_be<std::uint64_t>(from);
}
constexpr void store_be16(byte* to, std::uint16_t value) noexcept { store_be(to, value); }
constexpr void store_be32(byte* to, std::uint32_t value) noexcept { store_be(to, value); }
constexpr void store_be64(byte* to, std::uint64_t value) noexcept { store_be(to, value); }

// Bytes as they are: for values that only meet others in the order of the wire.
[[nodiscard]] inline std::uint32_t load_wire32(const byte* from) noexcept {
    std::uint32_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return value;
}
inline void store_wire32(byte* to, std::uint32_t value) noexcept {
    std::memcpy(to, &value, sizeof value);
}

}  // namespace rhumb

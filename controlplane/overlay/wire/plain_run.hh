// How much of a JSON string stands there as it is (RFC 8259, section 7): printable ASCII other than
// the quotation mark and the backslash, which is nearly all of what messages and notes are made of.
// Eight bytes at a time. Threads: any.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rhumb::overlay {

// Length of the longest beginning of [from, to) that is plain.
[[nodiscard]] inline std::size_t plain_run(const char* from, const char* to) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t tops = ones << 7;
    const char* at = from;
    if constexpr (std::endian::native == std::endian::little) {
        for (; to - at >= 8; at += 8) {
            std::uint64_t bytes = 0;
            std::memcpy(&bytes, at, sizeof bytes);
            const std::uint64_t quotes = bytes ^ ones * '"';
            const std::uint64_t slashes = bytes ^ ones * '\\';
            // A byte that is less than what is taken from it borrows from the next one: of the top
            // bits the lowest is right, and those above it need not be.
            const std::uint64_t found =
                (bytes | ((bytes - ones * ' ') & ~bytes) | ((quotes - ones) & ~quotes) |
                 ((slashes - ones) & ~slashes)) &
                tops;
            if (found != 0) {
                at += std::countr_zero(found) / 8;
                return static_cast<std::size_t>(at - from);
            }
        }
    }
    const auto is_plain = [](char c) {
        const auto code = static_cast<unsigned char>(c);
        return code >= ' ' && code < 0x80 && code != '"' && code != '\\';
    };
    while (at != to && is_plain(*at)) {
        ++at;
    }
    return static_cast<std::size_t>(at - from);
}

}  // namespace rhumb::overlay

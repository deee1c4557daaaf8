// UTF-8, UTF-16 and what lies between (WTF-8, simonsapin.github.io/wtf-8): JavaScript's strings are
// 16-bit units, of which halves of pairs may stand alone. Threads: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rhumb/bytes.hh"

namespace rhumb::overlay {

[[nodiscard]] constexpr bool is_high_surrogate(unsigned unit) noexcept {
    return unit >= 0xd800 && unit <= 0xdbff;
}
[[nodiscard]] constexpr bool is_low_surrogate(unsigned unit) noexcept {
    return unit >= 0xdc00 && unit <= 0xdfff;
}
[[nodiscard]] constexpr unsigned join_surrogates(unsigned high, unsigned low) noexcept {
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

// Bytes of the character at `at`, 0 where it is no UTF-8 (RFC 3629: shortest form, no surrogates,
// up to U+10FFFF). Precondition: at != end.
[[nodiscard]] std::size_t utf8_length(const char* at, const char* end) noexcept;

// Appends a code point; half a pair as three bytes, which is where WTF-8 differs from UTF-8.
void append_wtf8(std::string& to, unsigned code_point);

// 16-bit units of a text in UTF-8 or WTF-8. Precondition: it is one.
[[nodiscard]] std::size_t utf16_units(std::string_view text) noexcept;

// Appends the low byte of each 16-bit unit: what Node calls "latin1" and SSB makes ids of.
// Precondition: `text` is UTF-8.
void append_latin1(std::string& to, std::string_view text);

}  // namespace rhumb::overlay

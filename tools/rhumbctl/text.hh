// Text that is safe to show and to send. What comes over the socket must not move the cursor,
// recolour the terminal or reorder a line; what a user typed must not break out of a TOML string.
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rhumb::ctl {

enum class keep { nothing, lines };  // lines: newlines and tabs stay as they are

// UTF-8 with control characters, and characters that reorder or hide text, written as \u001b
// (bytes that are not UTF-8: \xff).
[[nodiscard]] std::string printable(std::string_view text, keep what = keep::nothing);

// JSON in which the escapes of halves of surrogate pairs, which no UTF-8 can hold, are those of
// U+FFFD. Messages of the overlay may have them.
[[nodiscard]] std::string without_halves(std::string_view json);

// How many places the text takes: one a character.
[[nodiscard]] std::size_t width_of(std::string_view utf8);

// A TOML basic string, quotes included.
[[nodiscard]] std::string toml_string(std::string_view text);

// 1234567 -> 1,234,567
[[nodiscard]] std::string grouped(std::uint64_t number);

// Digits only, at most `max`; leading zeros are fine.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max);

}  // namespace rhumb::ctl

// The number of a SCION AS: ISD (isolation domain) and AS, as addresses carry it
// (draft-dekater-scion-dataplane, address header) and as people write it. Threads: any.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |              ISD              |                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+              AS               +
//   |                                                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// As text: "1-ff00:0:110". An AS below 2^32 is a BGP AS number and decimal ("64-559"), others are
// three groups of hexadecimal digits.
#pragma once

#include <charconv>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rhumb/bytes.hh"

namespace rhumb::scion {

class isd_as {
public:
    static constexpr std::size_t bytes = 8;
    static constexpr std::uint64_t max_as = (std::uint64_t{1} << 48) - 1;
    static constexpr std::uint64_t max_bgp_as = 0xffffffff;  // the last one written in decimal

    constexpr isd_as() = default;
    // The number as the wire has it, in host order.
    constexpr explicit isd_as(std::uint64_t value) noexcept : value_(value) {}
    // Bits of `as` above the 48th are cut.
    constexpr isd_as(std::uint16_t isd, std::uint64_t as) noexcept
        : value_(std::uint64_t{isd} << 48 | (as & max_as)) {}

    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }
    [[nodiscard]] constexpr std::uint16_t isd() const noexcept {
        return static_cast<std::uint16_t>(value_ >> 48);
    }
    [[nodiscard]] constexpr std::uint64_t as() const noexcept { return value_ & max_as; }
    // Zero stands for any ISD or any AS.
    [[nodiscard]] constexpr bool is_wildcard() const noexcept { return isd() == 0 || as() == 0; }

    friend constexpr auto operator<=>(const isd_as&, const isd_as&) = default;

private:
    std::uint64_t value_ = 0;
};

// Wants isd_as::bytes at `from`.
[[nodiscard]] constexpr isd_as load_isd_as(const byte* from) noexcept {
    return isd_as(load_be64(from));
}
constexpr void store_isd_as(byte* to, isd_as ia) noexcept { store_be64(to, ia.value()); }

// Digits and nothing else, at most `max`; leading zeros are allowed, as the reference
// implementation allows them. std::from_chars is no constant expression in C++20.
[[nodiscard]] constexpr std::optional<std::uint64_t> parse_digits(std::string_view text,
                                                                  unsigned base,
                                                                  std::uint64_t max) noexcept {
    std::uint64_t number = 0;
    for (const char c : text) {
        unsigned digit = base;
        if (c >= '0' && c <= '9') {
            digit = static_cast<unsigned>(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = static_cast<unsigned>(c - 'a') + 10;
        } else if (c >= 'A' && c <= 'F') {
            digit = static_cast<unsigned>(c - 'A') + 10;
        }
        if (digit >= base || number > max / base || number * base > max - digit) {
            return std::nullopt;
        }
        number = number * base + digit;
    }
    return text.empty() ? std::nullopt : std::optional(number);
}

// "559" up to 2^32 - 1, or "ff00:0:110".
[[nodiscard]] constexpr std::optional<std::uint64_t> parse_as(std::string_view text) noexcept {
    const std::size_t first = text.find(':');
    if (first == std::string_view::npos) {
        return parse_digits(text, 10, isd_as::max_bgp_as);
    }
    const std::size_t second = text.find(':', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    const auto high = parse_digits(text.substr(0, first), 16, 0xffff);
    const auto middle = parse_digits(text.substr(first + 1, second - first - 1), 16, 0xffff);
    const auto low = parse_digits(text.substr(second + 1), 16, 0xffff);
    if (!high || !middle || !low) {
        return std::nullopt;
    }
    return *high << 32 | *middle << 16 | *low;
}

// "1-ff00:0:110", wildcards included; nullopt if malformed.
[[nodiscard]] constexpr std::optional<isd_as> parse_isd_as(std::string_view text) noexcept {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto isd = parse_digits(text.substr(0, dash), 10, 0xffff);
    const auto as = parse_as(text.substr(dash + 1));
    if (!isd || !as) {
        return std::nullopt;
    }
    return isd_as(static_cast<std::uint16_t>(*isd), *as);
}

// The one way to write it that parse_isd_as() gives back.
[[nodiscard]] inline std::string to_string(isd_as ia) {
    std::string text = std::to_string(ia.isd()) + "-";
    if (ia.as() <= isd_as::max_bgp_as) {
        return text + std::to_string(ia.as());
    }
    for (unsigned shift = 48; shift != 0;) {
        shift -= 16;
        char digits[4];
        const auto group = static_cast<unsigned>(ia.as() >> shift & 0xffff);
        text.append(digits, std::to_chars(digits, digits + sizeof digits, group, 16).ptr);
        text += shift != 0 ? ":" : "";
    }
    return text;
}

}  // namespace rhumb::scion

#include "controlplane/overlay/wire/base64.hh"

#include <array>
#include <cstdint>

namespace rhumb::overlay {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> digits = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(no_digit);
    for (std::size_t n = 0; n < alphabet.size(); ++n) {
        table[static_cast<unsigned char>(alphabet[n])] = static_cast<std::uint8_t>(n);
    }
    return table;
}();

std::uint32_t digit(char c) noexcept { return digits[static_cast<unsigned char>(c)]; }

// The first four characters as 24 bits; more than that where one of them is none of the alphabet.
std::uint32_t group(std::string_view text) noexcept {
    const std::uint32_t any = digit(text[0]) | digit(text[1]) | digit(text[2]) | digit(text[3]);
    const std::uint32_t bits =
        digit(text[0]) << 18 | digit(text[1]) << 12 | digit(text[2]) << 6 | digit(text[3]);
    return any < 64 ? bits : 1u << 24;
}

// The last group: how many bytes it holds, 0 where it is not canonical.
std::size_t last_group(std::string_view text, std::uint32_t& bits) noexcept {
    std::array<char, 4> filled{text[0], text[1], text[2], text[3]};
    const std::size_t pads = text[3] != '=' ? 0 : text[2] != '=' ? 1 : 2;
    for (std::size_t n = 0; n < pads; ++n) {
        filled[3 - n] = 'A';
    }
    bits = group({filled.data(), filled.size()});
    const std::uint32_t unused = pads == 0 ? 0u : pads == 1 ? 0xffu : 0xffffu;
    return bits >> 24 != 0 || (bits & unused) != 0 ? 0 : 3 - pads;
}

}  // namespace

void append_base64(std::string& to, std::span<const byte> bytes) {
    const std::size_t start = to.size();
    to.resize(start + base64_size(bytes.size()));
    char* out = to.data() + start;
    while (!bytes.empty()) {
        const std::size_t held = bytes.size() < 3 ? bytes.size() : 3;
        std::uint32_t bits = static_cast<std::uint32_t>(bytes[0]) << 16;
        bits |= held > 1 ? static_cast<std::uint32_t>(bytes[1]) << 8 : 0u;
        bits |= held > 2 ? static_cast<std::uint32_t>(bytes[2]) : 0u;
        out[0] = alphabet[bits >> 18];
        out[1] = alphabet[bits >> 12 & 63];
        out[2] = held > 1 ? alphabet[bits >> 6 & 63] : '=';
        out[3] = held > 2 ? alphabet[bits & 63] : '=';
        out += 4;
        bytes = bytes.subspan(held);
    }
}

bool decode_base64(std::string_view text, std::span<byte> into) noexcept {
    if (text.size() != base64_size(into.size())) {
        return false;
    }
    byte* to = into.data();
    std::size_t left = into.size();
    for (; left > 3; left -= 3, text.remove_prefix(4), to += 3) {
        const std::uint32_t bits = group(text);
        if (bits >> 24 != 0) {
            return false;
        }
        to[0] = static_cast<byte>(bits >> 16);
        to[1] = static_cast<byte>(bits >> 8);
        to[2] = static_cast<byte>(bits);
    }
    std::uint32_t bits = 0;
    if (left != 0 && last_group(text, bits) != left) {
        return false;
    }
    for (std::size_t n = 0; n < left; ++n) {
        to[n] = static_cast<byte>(bits >> (16 - 8 * n));
    }
    return true;
}

bool is_canonical_base64(std::string_view text) noexcept {
    if (text.empty() || text.size() % 4 != 0) {
        return false;
    }
    for (; text.size() > 4; text.remove_prefix(4)) {
        if (group(text) >> 24 != 0) {
            return false;
        }
    }
    std::uint32_t bits = 0;
    return last_group(text, bits) != 0;
}

}  // namespace rhumb::overlay

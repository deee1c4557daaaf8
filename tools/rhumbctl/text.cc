#include "tools/rhumbctl/text.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace rhumb::ctl {
namespace {

struct code_range {
    char32_t first;
    char32_t last;
};

// Controls, and what Unicode has to turn, join or hide text.
constexpr std::array<code_range, 9> unsafe{{{0x00, 0x1f},
                                            {0x7f, 0x9f},
                                            {0xad, 0xad},
                                            {0x61c, 0x61c},
                                            {0x200b, 0x200f},
                                            {0x2028, 0x202e},
                                            {0x2060, 0x206f},
                                            {0xfeff, 0xfeff},
                                            {0xe0000, 0xe0fff}}};

bool is_unsafe(char32_t code) {
    return std::ranges::any_of(
        unsafe, [code](const code_range& r) { return code >= r.first && code <= r.last; });
}

struct character {
    char32_t code = 0;
    std::size_t bytes = 0;  // 0: not UTF-8
};

// The first character of a text that is not empty (RFC 3629: no overlong forms, no surrogates).
character first_of(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) {
        return {lead, 1};
    }
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) {
        return {};
    }
    char32_t code = lead & (0x7fU >> bytes);
    for (std::size_t n = 1; n < bytes; ++n) {
        const auto next = static_cast<unsigned char>(text[n]);
        if ((next & 0xc0) != 0x80) {
            return {};
        }
        code = code << 6 | (next & 0x3fU);
    }
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (code < least[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return {};
    }
    return {code, bytes};
}

std::string escaped(char32_t code) {
    const auto number = static_cast<std::uint32_t>(code);
    return number > 0xffff ? fmt::format("\\U{:08x}", number) : fmt::format("\\u{:04x}", number);
}

}  // namespace

std::string printable(std::string_view text, keep what) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const character c = first_of(text);
        const std::size_t bytes = std::max<std::size_t>(1, c.bytes);
        const bool kept = what == keep::lines && (c.code == '\n' || c.code == '\t');
        if (c.bytes == 0) {
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
        } else if (is_unsafe(c.code) && !kept) {
            result += escaped(c.code);
        } else {
            result += text.substr(0, bytes);
        }
        text.remove_prefix(bytes);
    }
    return result;
}

std::string without_halves(std::string_view json) {
    // What "\\uD83D" at `at` is: its unit, or 0 where there is no such escape.
    const auto unit_at = [&](std::size_t at) -> unsigned {
        unsigned unit = 0;
        const bool is_escape = at + 6 <= json.size() && json[at] == '\\' && json[at + 1] == 'u';
        const char* const digits = json.data() + at + 2;
        return is_escape && std::from_chars(digits, digits + 4, unit, 16).ptr == digits + 4 ? unit
                                                                                            : 0;
    };
    std::string made(json);
    for (std::size_t at = 0; at < json.size();) {
        if (json[at] != '\\') {
            ++at;
            continue;
        }
        const unsigned unit = unit_at(at);
        const bool is_high = unit >= 0xD800 && unit < 0xDC00;
        const unsigned next = is_high ? unit_at(at + 6) : 0;
        if (next >= 0xDC00 && next < 0xE000) {
            at += 12;
            continue;
        }
        if (unit >= 0xD800 && unit < 0xE000) {
            made.replace(at, 6, "\\ufffd");
        }
        at += unit == 0 ? 2 : 6;
    }
    return made;
}

std::size_t width_of(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(
        utf8, [](char c) { return (static_cast<unsigned>(c) & 0xc0) != 0x80; }));
}

std::string toml_string(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (code < 0x20 || code == 0x7f) {
            result += escaped(code);
        } else {
            result += c;
        }
    }
    return result + '"';
}

std::string grouped(std::uint64_t number) {
    std::string result = std::to_string(number);
    for (std::size_t n = result.size(); n > 3;) {
        n -= 3;
        result.insert(n, 1, ',');
    }
    return result;
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) {
    std::uint64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || end != text.data() + text.size() || number > max) {
        return std::nullopt;
    }
    return number;
}

}  // namespace rhumb::ctl

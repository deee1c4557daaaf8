#include "controlplane/overlay/wire/utf.hh"

namespace rhumb::overlay {
namespace {

unsigned at_byte(const char* at) noexcept { return static_cast<unsigned char>(*at); }

bool continues(const char* at) noexcept { return (at_byte(at) & 0xc0) == 0x80; }

}  // namespace

std::size_t utf8_length(const char* at, const char* end) noexcept {
    const unsigned first = at_byte(at);
    if (first < 0x80) {
        return 1;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || static_cast<std::size_t>(end - at) < length) {
        return 0;
    }
    for (std::size_t n = 1; n < length; ++n) {
        if (!continues(at + n)) {
            return 0;
        }
    }
    const unsigned second = at_byte(at + 1);
    const bool refused = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                         (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return refused ? 0 : length;
}

void append_wtf8(std::string& to, unsigned code_point) {
    const auto put = [&](unsigned bits) { to += static_cast<char>(bits); };
    const auto rest = [&](unsigned shift) { put(0x80 | (code_point >> shift & 0x3f)); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xc0 | code_point >> 6);
        rest(0);
    } else if (code_point < 0x10000) {
        put(0xe0 | code_point >> 12);
        rest(6);
        rest(0);
    } else {
        put(0xf0 | code_point >> 18);
        rest(12);
        rest(6);
        rest(0);
    }
}

std::size_t utf16_units(std::string_view text) noexcept {
    std::size_t units = 0;
    for (const char& c : text) {
        const unsigned first = at_byte(&c);
        units += continues(&c) ? 0u : 1u;
        units += first >= 0xf0 ? 1u : 0u;
    }
    return units;
}

void append_latin1(std::string& to, std::string_view text) {
    const std::size_t start = to.size();
    to.resize(start + text.size());  // never more than there are bytes
    char* out = to.data() + start;
    for (const char *at = text.data(), *const end = at + text.size(); at != end;) {
        const unsigned first = at_byte(at);
        if (first < 0x80) {
            *out++ = *at++;
        } else if (first < 0xe0) {
            *out++ = static_cast<char>((first & 0x03) << 6 | (at_byte(at + 1) & 0x3f));
            at += 2;
        } else if (first < 0xf0) {
            *out++ = static_cast<char>((at_byte(at + 1) & 0x03) << 6 | (at_byte(at + 2) & 0x3f));
            at += 3;
        } else {
            const unsigned bits = (first & 7) << 18 | (at_byte(at + 1) & 0x3f) << 12 |
                                  (at_byte(at + 2) & 0x3f) << 6 | (at_byte(at + 3) & 0x3f);
            *out++ = static_cast<char>((bits - 0x10000) >> 10);
            *out++ = static_cast<char>(bits);
            at += 4;
        }
    }
    to.resize(static_cast<std::size_t>(out - to.data()));
}

}  // namespace rhumb::overlay

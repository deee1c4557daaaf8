#include "controlplane/overlay/wire/json_number.hh"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rhumb::overlay {
namespace {

// Digits and the place of the point among them: 0.DIGITS * 10^point.
struct decimal {
    std::array<char, 24> digits{};
    int count = 0;
    int point = 0;
    [[nodiscard]] std::string_view from(int first) const {
        return {digits.data() + first, static_cast<std::size_t>(count - first)};
    }
};

// Precondition: finite, above 0.
decimal shortest(double number) {
    std::array<char, 32> text{};
    const char* const end =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific)
            .ptr;
    decimal out;
    const char* at = text.data();
    for (; at != end && *at != 'e'; ++at) {
        if (*at != '.') {
            out.digits[static_cast<std::size_t>(out.count++)] = *at;
        }
    }
    at += at != end && at[1] == '+' ? 2 : 1;
    std::from_chars(at, end, out.point);
    ++out.point;
    return out;
}

void append_integer(std::string& to, std::int64_t number) {
    std::array<char, 24> text{};
    to.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}

void append_exponent(std::string& to, const decimal& of) {
    to += of.digits[0];
    if (of.count > 1) {
        to += '.';
        to += of.from(1);
    }
    to += of.point > 0 ? "e+" : "e";
    append_integer(to, of.point - 1);
}

}  // namespace

void append_json_number(std::string& to, double number) {
    constexpr double exact = 9007199254740992;  // 2^53: below, all digits of integers count
    constexpr int last_point = 21;
    constexpr int first_point = -6;
    if (!std::isfinite(number)) {
        to += "null";
        return;
    }
    if (std::fabs(number) < exact && std::trunc(number) == number) {
        append_integer(to, static_cast<std::int64_t>(number));
        return;
    }
    if (number < 0) {
        to += '-';
    }
    const decimal of = shortest(std::fabs(number));
    if (of.point > last_point || of.point <= first_point) {
        append_exponent(to, of);
    } else if (of.point >= of.count) {
        to += of.from(0);
        to.append(static_cast<std::size_t>(of.point - of.count), '0');
    } else if (of.point > 0) {
        to += of.from(0).substr(0, static_cast<std::size_t>(of.point));
        to += '.';
        to += of.from(of.point);
    } else {
        to += "0.";
        to.append(static_cast<std::size_t>(-of.point), '0');
        to += of.from(0);
    }
}

}  // namespace rhumb::overlay

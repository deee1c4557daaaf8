#include "controlplane/overlay/wire/json_scanner.hh"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "controlplane/overlay/wire/plain_run.hh"
#include "controlplane/overlay/wire/utf.hh"

namespace rhumb::overlay {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// What a number is that no double can hold: infinite or zero, by the power of ten of its first
// digit that counts. The exponent is capped long before it could overflow.
double beyond_range(const char* from, const char* to) noexcept {
    constexpr long cap = 1'000'000'000;
    const bool negative = *from == '-';
    long power = 0;  // digits before the point, less zeros behind it
    bool counts = false;
    bool fraction = false;
    const char* at = from + (negative ? 1 : 0);
    for (; at != to && *at != 'e' && *at != 'E'; ++at) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        counts = counts || *at != '0';
        power += counts && !fraction ? 1 : 0;
        power -= !counts && fraction ? 1 : 0;
    }
    long exponent = 0;
    if (at != to) {
        const bool minus = *++at == '-';
        at += *at == '-' || *at == '+' ? 1 : 0;
        for (; at != to; ++at) {
            exponent = exponent < cap ? exponent * 10 + (*at - '0') : cap;
        }
        exponent = minus ? -exponent : exponent;
    }
    const double size =
        counts && power + exponent > 0 ? std::numeric_limits<double>::infinity() : 0.0;
    return negative ? -size : size;
}

}  // namespace

void json_scanner::restart(std::string_view text) {
    begin_ = at_ = text.data();
    end_ = text.data() + text.size();
    depth_ = 0;
    expects_ = expects::value;
    wrong_ = nullptr;
}

error json_scanner::why() const {
    return {fmt::format("not valid JSON at byte {}: {}", wrong_at_, wrong_), {}};
}

json_token json_scanner::fail(const char* what) { return fail_at(at_, what); }

json_token json_scanner::fail_at(const char* place, const char* what) {
    if (wrong_ == nullptr) {
        wrong_ = what;
        wrong_at_ = static_cast<std::size_t>(place - begin_);
    }
    return json_token::bad;
}

void json_scanner::skip_space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
        ++at_;
    }
}

json_token json_scanner::next() {
    if (wrong_ != nullptr) {
        return json_token::bad;
    }
    skip_space();
    if (expects_ == expects::nothing) {
        return at_ == end_ ? json_token::end : fail("more than one value");
    }
    if (at_ == end_) {
        return fail("it ends too early");
    }
    if (expects_ == expects::comma) {
        if (*at_ == '}' || *at_ == ']') {
            return close(*at_);
        }
        if (*at_ != ',') {
            return fail("a comma or a closing bracket should be here");
        }
        ++at_;
        skip_space();
        if (at_ == end_) {
            return fail("it ends too early");
        }
        return in_object() ? read_key() : value(*at_);
    }
    if (expects_ == expects::first_key) {
        return *at_ == '}' ? close('}') : read_key();
    }
    if (expects_ == expects::first_value && *at_ == ']') {
        return close(']');
    }
    return value(*at_);
}

json_token json_scanner::value(char c) {
    switch (c) {
        case '{': return open(true);
        case '[': return open(false);
        case '"': return read_string(json_token::string);
        case 't': return word("true", json_token::boolean_true);
        case 'f': return word("false", json_token::boolean_false);
        case 'n': return word("null", json_token::null);
        default: return read_number();
    }
}

json_token json_scanner::open(bool is_object) {
    if (depth_ == max_depth) {
        return fail("arrays and objects nest deeper than 64");
    }
    ++at_;
    is_object_[depth_++] = is_object;
    expects_ = is_object ? expects::first_key : expects::first_value;
    return is_object ? json_token::begin_object : json_token::begin_array;
}

json_token json_scanner::close(char c) {
    if (in_object() != (c == '}')) {
        return fail("the wrong closing bracket");
    }
    const bool was_object = in_object();
    ++at_;
    --depth_;
    after_value();
    return was_object ? json_token::end_object : json_token::end_array;
}

json_token json_scanner::word(std::string_view name, json_token token) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(name)) {
        return fail("no value");
    }
    at_ += name.size();
    after_value();
    return token;
}

json_token json_scanner::read_key() {
    if (*at_ != '"') {
        return fail("a key should be here");
    }
    if (read_string(json_token::key) == json_token::bad) {
        return json_token::bad;
    }
    skip_space();
    if (at_ == end_ || *at_ != ':') {
        return fail("a colon should be here");
    }
    ++at_;
    expects_ = expects::value;
    return json_token::key;
}

json_token json_scanner::read_string(json_token token) {
    const char* run = ++at_;
    unescaped_.clear();
    for (bool copied = false;;) {
        at_ += plain_run(at_, end_);
        if (at_ == end_) {
            return fail("a string does not end");
        }
        const auto c = static_cast<unsigned char>(*at_);
        if (c >= 0x80) {
            if (!skip_utf8()) {
                return json_token::bad;
            }
        } else if (c < ' ') {
            return fail("a control character in a string");
        } else if (c == '\\') {
            unescaped_.append(run, at_);
            copied = true;
            if (!read_escape()) {
                return json_token::bad;
            }
            run = at_;
        } else {  // the end
            string_ = std::string_view(run, static_cast<std::size_t>(at_ - run));
            if (copied) {
                string_ = unescaped_.append(string_);
            }
            ++at_;
            after_value();
            return token;
        }
    }
}

bool json_scanner::skip_utf8() {
    const std::size_t length = utf8_length(at_, end_);
    if (length == 0) {
        fail("it is not UTF-8");
        return false;
    }
    at_ += length;
    return true;
}

bool json_scanner::read_hex(unsigned& unit) {
    unit = 0;
    for (int n = 0; n < 4; ++n, ++at_) {
        const char c = at_ != end_ ? *at_ : 'x';
        const char lower = static_cast<char>(c | 0x20);
        if (is_digit(c)) {
            unit = unit << 4 | static_cast<unsigned>(c - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            unit = unit << 4 | static_cast<unsigned>(lower - 'a' + 10);
        } else {
            fail("four hexadecimal digits should be here");
            return false;
        }
    }
    return true;
}

bool json_scanner::read_escape() {
    const char c = ++at_ != end_ ? *at_ : 'x';
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const std::size_t known = names.find(c);
    if (known != std::string_view::npos) {
        unescaped_ += meanings[known];
        ++at_;
        return true;
    }
    if (c != 'u') {
        fail("no such escape");
        return false;
    }
    ++at_;
    unsigned unit = 0;
    if (!read_hex(unit)) {
        return false;
    }
    // Two halves side by side are one character; halves that stand alone stay what they are.
    if (is_high_surrogate(unit) && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
        const char* const second = at_;
        unsigned low = 0;
        at_ += 2;
        if (!read_hex(low)) {
            return false;
        }
        if (is_low_surrogate(low)) {
            unit = join_surrogates(unit, low);
        } else {
            at_ = second;
        }
    }
    append_wtf8(unescaped_, unit);
    return true;
}

json_token json_scanner::read_number() {
    const char* const start = at_;
    const char* at = at_;
    const auto digits = [&] {
        const char* const first = at;
        while (at != end_ && is_digit(*at)) {
            ++at;
        }
        return at != first;
    };
    at += at != end_ && *at == '-' ? 1 : 0;
    const char* const whole = at;
    if (!digits()) {
        return fail("no value");
    }
    if (*whole == '0' && at - whole > 1) {
        return fail("a number that begins with 0");
    }
    if (at != end_ && *at == '.') {
        ++at;
        if (!digits()) {
            return fail_at(at, "a digit should be here");
        }
    }
    if (at != end_ && (*at == 'e' || *at == 'E')) {
        ++at;
        at += at != end_ && (*at == '-' || *at == '+') ? 1 : 0;
        if (!digits()) {
            return fail_at(at, "a digit should be here");
        }
    }
    const auto read = std::from_chars(start, at, number_);
    if (read.ec == std::errc::result_out_of_range) {
        number_ = beyond_range(start, at);
    }
    at_ = at;
    after_value();
    return json_token::number;
}

}  // namespace rhumb::overlay

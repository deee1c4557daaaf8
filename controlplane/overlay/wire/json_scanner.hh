// A JSON text (RFC 8259), token by token, as ECMAScript's JSON.parse reads it: what SSB signs is
// what JavaScript makes of a message, so a string may hold half a surrogate pair (written \ud800),
// which no packaged reader keeps (docs/decisions/013-own-json-reader.md). Strings come out as
// WTF-8: UTF-8, where half a pair is three bytes ED A0..BF xx. The text itself must be UTF-8
// without any.
//
// No recursion, no exceptions, no allocation but one buffer for strings with escapes, which stays.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rhumb/result.hh"

namespace rhumb::overlay {

enum class json_token : std::uint8_t {
    begin_object,
    end_object,
    begin_array,
    end_array,
    key,
    string,
    number,
    boolean_true,
    boolean_false,
    null,
    end,  // of the text: one value was read, whole
    bad   // why() says what is wrong; nothing comes after it
};

class json_scanner {
public:
    // Deep enough for every valid message: one that nests deeper has more than the 8192 characters
    // that are allowed, by its indentation alone (two lines a level, two spaces more each).
    static constexpr std::size_t max_depth = 64;

    json_scanner() = default;
    // `text` must stay where it is until the last token was read.
    explicit json_scanner(std::string_view text) { restart(text); }
    void restart(std::string_view text);

    json_token next();

    // Of a key or a string: good until the next token.
    [[nodiscard]] std::string_view text() const noexcept { return string_; }
    // Of a number: infinite where it is too large, as in ECMAScript.
    [[nodiscard]] double number() const noexcept { return number_; }
    // How many arrays and objects are open.
    [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
    // Precondition: the last token was bad.
    [[nodiscard]] error why() const;

private:
    enum class expects : std::uint8_t { value, first_value, first_key, key, comma, nothing };

    json_token fail(const char* what);
    json_token fail_at(const char* place, const char* what);
    json_token value(char c);
    json_token open(bool is_object);
    json_token close(char c);
    json_token word(std::string_view name, json_token token);
    json_token read_key();
    json_token read_string(json_token token);
    json_token read_number();
    bool read_escape();
    bool read_hex(unsigned& unit);
    bool skip_utf8();
    void skip_space() noexcept;
    void after_value() noexcept { expects_ = depth_ == 0 ? expects::nothing : expects::comma; }
    [[nodiscard]] bool in_object() const noexcept { return is_object_[depth_ - 1]; }

    const char* begin_ = nullptr;
    const char* at_ = nullptr;
    const char* end_ = nullptr;
    std::string_view string_;
    std::string unescaped_;
    double number_ = 0;
    std::size_t depth_ = 0;
    std::array<bool, max_depth> is_object_{};
    expects expects_ = expects::value;
    const char* wrong_ = nullptr;
    std::size_t wrong_at_ = 0;
};

}  // namespace rhumb::overlay

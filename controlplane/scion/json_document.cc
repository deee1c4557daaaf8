#include "controlplane/scion/json_document.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "controlplane/config/form.hh"

namespace rhumb::scion::control {
namespace {

struct text_place {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
};

// Follows the parser through the text. The parser reads a character at a time and says what it has
// found, but not where; so this sees for itself where values begin. After a number it has read one
// character more, which in valid JSON is never the beginning of a value.
class cursor {
public:
    explicit cursor(std::string_view text) : text_(text) {}

    [[nodiscard]] bool at_end() const { return next_ == text_.size(); }
    [[nodiscard]] char peek() const { return text_[next_]; }
    [[nodiscard]] text_place value_start() const { return value_start_; }
    // Of the last character that was read; of the end if that was reached before.
    [[nodiscard]] text_place last() const { return last_; }
    void saw_end() { last_ = here_; }

    void advance() {
        const char c = text_[next_++];
        last_ = here_;
        if (c == '\n') {
            here_ = {here_.line + 1, 1};
        } else {
            ++here_.column;
        }
        if (in_string_) {
            in_string_ = c != '"' || escaped_;
            escaped_ = c == '\\' && !escaped_;
        } else {
            outside_strings(c);
        }
    }

private:
    void outside_strings(char c) {
        constexpr std::string_view between = " \t\r\n,:]}";
        const bool in_word = std::exchange(in_word_, false);
        if (between.find(c) != std::string_view::npos) {
            return;
        }
        if (c == '"' || c == '[' || c == '{') {
            in_string_ = c == '"';
        } else {
            in_word_ = true;
            if (in_word) {
                return;
            }
        }
        value_start_ = last_;
    }

    std::string_view text_;
    std::size_t next_ = 0;
    text_place here_;
    text_place last_;
    text_place value_start_;
    bool in_string_ = false;
    bool escaped_ = false;
    bool in_word_ = false;
};

// The text for the parser: an input iterator, whose copies all stand where the cursor stands.
class characters {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = char;

    characters() = default;  // the end
    explicit characters(cursor& from) : cursor_(&from) {}

    char operator*() const { return cursor_->peek(); }
    characters& operator++() {
        cursor_->advance();
        return *this;
    }
    friend bool operator==(const characters& a, const characters& b) {
        return a.at_end() == b.at_end();
    }
    friend bool operator!=(const characters& a, const characters& b) { return !(a == b); }

private:
    [[nodiscard]] bool at_end() const {
        if (cursor_ != nullptr && cursor_->at_end()) {
            cursor_->saw_end();
        }
        return cursor_ == nullptr || cursor_->at_end();
    }
    cursor* cursor_ = nullptr;
};

// The parser's words without their opening, "[json.exception.parse_error.101] parse error at line
// 1, column 2: ", and without characters that a terminal might obey.
std::string description(std::string_view what) {
    constexpr std::size_t max_bytes = 200;
    what.remove_prefix(std::min(what.find("] ") + 2, what.size()));
    if (what.starts_with("parse error")) {
        what.remove_prefix(std::min(what.find(": ") + 2, what.size()));
    }
    std::string result = "not valid JSON: ";
    for (const char c : what.substr(0, max_bytes)) {
        result += c >= ' ' && c <= '~' ? c : '?';
    }
    return result + (what.size() > max_bytes ? "..." : "");
}

// Whether the parser names a whole string, number or word that should not be there.
bool is_about_a_value(std::string_view what) {
    constexpr std::string_view opening = "unexpected ";
    const std::size_t begin = what.find(opening);
    return begin != std::string_view::npos &&
           what.substr(begin, what.find(';', begin) - begin).ends_with("literal");
}

}  // namespace

// What the parser calls. Whatever returns false ends it.
class json_document::builder {
public:
    builder(json_document& into, cursor& at, config::diagnostics& errors)
        : into_(into), at_(at), errors_(errors) {}

    bool null() { return add(json_kind::null) != nullptr; }
    bool boolean(bool value) { return add_number(json_kind::boolean, value ? 1 : 0); }
    bool number_integer(std::int64_t value) { return add_number(json_kind::integer, value); }
    bool number_unsigned(std::uint64_t value) {
        if (value > std::numeric_limits<std::int64_t>::max()) {
            return add_number(json_kind::real, 0);
        }
        return add_number(json_kind::integer, static_cast<std::int64_t>(value));
    }
    bool number_float(double /*value*/, const std::string& /*text*/) {
        return add_number(json_kind::real, 0);
    }
    bool string(const std::string& text) {
        node* const added = add(json_kind::string);
        if (added != nullptr) {
            added->text = keep(text);
        }
        return added != nullptr;
    }
    bool binary(const nlohmann::json::binary_t& /*bytes*/) { return false; }  // not in JSON text

    bool key(const std::string& text) {
        key_ = keep(text);
        key_at_ = here();
        return true;
    }
    bool start_object(std::size_t /*unknown*/) { return open(json_kind::object); }
    bool start_array(std::size_t /*unknown*/) { return open(json_kind::array); }
    bool end_array() {
        close();
        return true;
    }
    bool end_object() {
        const std::uint32_t object = open_.back();
        close();
        return check_keys(object);
    }

    bool parse_error(std::size_t /*bytes*/, const std::string& /*token*/,
                     const nlohmann::json::exception& why) {
        const text_place place = is_about_a_value(why.what()) ? at_.value_start() : at_.last();
        errors_.fail(errors_.at(place.line, place.column), description(why.what()));
        return false;
    }

private:
    [[nodiscard]] place here() const {
        const text_place start = at_.value_start();
        return {start.line, start.column};
    }
    bool fail(place where, std::string message) {
        errors_.fail(errors_.at(where.line, where.column), std::move(message));
        return false;
    }

    slice keep(const std::string& text) {
        const slice kept{static_cast<std::uint32_t>(into_.texts_.size()),
                         static_cast<std::uint32_t>(text.size())};
        into_.texts_ += text;
        return kept;
    }

    node* add(json_kind kind) {
        std::vector<node>& nodes = into_.nodes_;
        if (nodes.size() == max_values) {
            fail(here(), fmt::format("there are more than {} values", max_values));
            return nullptr;
        }
        node& added = nodes.emplace_back();
        added.kind = kind;
        added.at = here();
        added.key = std::exchange(key_, {});
        added.key_at = std::exchange(key_at_, {});
        added.end = static_cast<std::uint32_t>(nodes.size());
        return &added;
    }
    bool add_number(json_kind kind, std::int64_t number) {
        node* const added = add(kind);
        if (added != nullptr) {
            added->number = number;
        }
        return added != nullptr;
    }

    bool open(json_kind kind) {
        if (open_.size() == max_depth) {
            return fail(here(), fmt::format("arrays and objects nest deeper than {}", max_depth));
        }
        open_.push_back(static_cast<std::uint32_t>(into_.nodes_.size()));
        return add(kind) != nullptr;
    }
    void close() {
        into_.nodes_[open_.back()].end = static_cast<std::uint32_t>(into_.nodes_.size());
        open_.pop_back();
    }

    // No key twice: sorted, equal ones are neighbours, the later one last.
    bool check_keys(std::uint32_t object) {
        const std::vector<node>& nodes = into_.nodes_;
        members_.clear();
        for (std::uint32_t n = object + 1; n != nodes[object].end; n = nodes[n].end) {
            members_.push_back(n);
        }
        const auto key_of = [&](std::uint32_t n) { return into_.view(nodes[n].key); };
        std::ranges::sort(members_, [&](std::uint32_t a, std::uint32_t b) {
            return std::pair(key_of(a), a) < std::pair(key_of(b), b);
        });
        const auto twice = std::ranges::adjacent_find(members_, {}, key_of);
        if (twice == members_.end()) {
            return true;
        }
        return fail(nodes[twice[1]].key_at,
                    fmt::format("key {} stands in this object twice, first in line {}",
                                config::in_quotes(key_of(*twice)), nodes[*twice].key_at.line));
    }

    json_document& into_;
    cursor& at_;
    config::diagnostics& errors_;
    slice key_;
    place key_at_;
    std::vector<std::uint32_t> open_;     // objects and arrays that have not ended
    std::vector<std::uint32_t> members_;  // of the object that just ended
};

json_document::json_document(std::string_view text, config::diagnostics& errors) {
    if (text.size() > max_bytes) {
        errors.fail({}, fmt::format("it is larger than {} MiB", max_bytes >> 20));
        return;
    }
    cursor at(text);
    builder handler(*this, at, errors);
    if (!nlohmann::json::sax_parse(characters(at), characters(), &handler)) {
        nodes_.clear();
    }
}

json_kind json_value::kind() const {
    return document_ == nullptr ? json_kind::missing : document_->nodes_[index_].kind;
}

config::position json_value::where(const config::diagnostics& errors) const {
    if (document_ == nullptr) {
        return {};
    }
    const json_document::place& at = document_->nodes_[index_].at;
    return errors.at(at.line, at.column);
}

config::position json_value::key_where(const config::diagnostics& errors) const {
    const json_document::place& at = document_->nodes_[index_].key_at;
    return errors.at(at.line, at.column);
}

std::string_view json_value::text() const {
    return document_->view(document_->nodes_[index_].text);
}

std::int64_t json_value::integer() const { return document_->nodes_[index_].number; }

bool json_value::boolean() const { return document_->nodes_[index_].number != 0; }

std::vector<json_value> json_value::children() const {
    const std::vector<json_document::node>& nodes = document_->nodes_;
    std::vector<json_value> result;
    for (std::uint32_t n = index_ + 1; n != nodes[index_].end; n = nodes[n].end) {
        result.push_back(json_value(*document_, n));
    }
    return result;
}

std::string_view json_value::key() const { return document_->view(document_->nodes_[index_].key); }

std::string_view kind_name(json_kind kind) {
    switch (kind) {
        case json_kind::missing: return "nothing";
        case json_kind::null: return "null";
        case json_kind::boolean: return "a boolean";
        case json_kind::integer: return "an integer";
        case json_kind::real: return "a number with a fraction or more than 64 bits";
        case json_kind::string: return "a string";
        case json_kind::array: return "an array";
        case json_kind::object: return "an object";
    }
    return "";
}

}  // namespace rhumb::scion::control

#include "controlplane/config/reader.hh"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// The only place that includes toml++. Its version 3.3 asserts what input can make untrue ("[~"),
// just before it checks the same and reports an error; with NDEBUG such assertions become promises
// to the compiler. So they are made to say nothing, which takes NDEBUG away as well.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 16  // our tables nest to 4; the destructor of the tree recurses
#include <toml++/toml.h>

namespace rhumb::config {
namespace {

// Refuses what toml++ 3.3 does not withstand outside strings and comments: keys with very many dots
// (a table each; its tree is freed recursively, so a long enough key overflows the stack) and
// characters beyond ASCII (its test for blanks is undefined for most of them). Up to the first
// error that toml++ finds itself, both see the same strings and comments.
class outline_check {
public:
    outline_check(std::string_view text, diagnostics& errors) : text_(text), errors_(errors) {}

    void run() {
        if (text_.starts_with("\xef\xbb\xbf")) {  // byte order mark
            at_ = 3;
        }
        while (at_ < text_.size() && !errors_.failed()) {
            const char c = text_[at_];
            if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (c == '"' || c == '\'') {
                skip_string(c);
            } else {
                check(c);
                ++at_;
            }
        }
    }

private:
    static constexpr unsigned max_dots = 200;  // in a line

    void check(char c) {
        if (c == '\n') {
            dots_ = 0;
        } else if (c == '.' && ++dots_ > max_dots) {
            fail(fmt::format("this line has more than {} dots; keys cannot nest that deep",
                             max_dots));
        } else if (static_cast<unsigned char>(c) > 0x7f) {
            fail("only ASCII may stand outside strings and comments");
        }
    }

    void skip_string(char quote) {
        std::string end(3, quote);
        const bool is_long = text_.substr(at_).starts_with(end);
        end.resize(is_long ? 3 : 1);
        at_ += end.size();
        while (at_ < text_.size() && !text_.substr(at_).starts_with(end)) {
            at_ += text_[at_] == '\\' && quote == '"' ? 2U : 1U;
        }
        // A long string may have up to two quotes of its own right before its end.
        const std::size_t last = at_ + (is_long ? 5 : 1);
        while (at_ < std::min(last, text_.size()) && text_[at_] == quote) {
            ++at_;
        }
    }

    void fail(std::string message) {
        const std::string_view before = text_.substr(0, at_);
        const auto lines = std::ranges::count(before, '\n');
        const std::string_view line = before.substr(before.rfind('\n') + 1);
        const auto columns = std::ranges::count_if(  // UTF-8 characters, as toml++ counts
            line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
        errors_.fail(errors_.at(static_cast<std::uint32_t>(lines) + 1,
                                static_cast<std::size_t>(columns) + 1),
                     std::move(message));
    }

    std::string_view text_;
    diagnostics& errors_;
    std::size_t at_ = 0;
    unsigned dots_ = 0;
};

const toml::node& node_of(const void* node) { return *static_cast<const toml::node*>(node); }

// toml++'s words without their opening and without characters that a terminal might obey.
std::string description(const toml::parse_error& why) {
    std::string_view text = why.description();
    if (constexpr std::string_view opening = "Error while "; text.starts_with(opening)) {
        text.remove_prefix(opening.size());
    }
    std::string result = "not valid TOML: ";
    for (const char c : text) {
        result += c >= ' ' && c <= '~' ? c : '?';
    }
    return result;
}

std::string_view kind_name(value_kind kind) {
    switch (kind) {
        case value_kind::missing: return "nothing";
        case value_kind::string: return "a string";
        case value_kind::integer: return "an integer";
        case value_kind::boolean: return "a boolean";
        case value_kind::array: return "an array";
        case value_kind::table: return "a table";
        case value_kind::real: return "a floating-point number";
        case value_kind::time: return "a date or time";
    }
    return "";
}

// Whether `from` is of the kind `wanted`; if not, that is an error.
bool expect(value from, value_kind wanted, std::string_view key, diagnostics& errors) {
    if (from.kind() == wanted) {
        return true;
    }
    errors.fail(from.where(errors), fmt::format("{} must be {}, not {}", key, kind_name(wanted),
                                                kind_name(from.kind())));
    return false;
}

}  // namespace

value_kind value::kind() const {
    if (node_ == nullptr) {
        return value_kind::missing;
    }
    switch (node_of(node_).type()) {
        case toml::node_type::string: return value_kind::string;
        case toml::node_type::integer: return value_kind::integer;
        case toml::node_type::boolean: return value_kind::boolean;
        case toml::node_type::array: return value_kind::array;
        case toml::node_type::table: return value_kind::table;
        case toml::node_type::floating_point: return value_kind::real;
        default: return value_kind::time;
    }
}

position value::where(const diagnostics& errors) const {
    if (node_ == nullptr) {
        return {};
    }
    const toml::source_position& begin = node_of(node_).source().begin;
    return errors.at(begin.line, begin.column);
}

std::string_view value::string() const { return node_of(node_).as_string()->get(); }

std::int64_t value::integer() const { return node_of(node_).as_integer()->get(); }

bool value::boolean() const { return node_of(node_).as_boolean()->get(); }

std::vector<value> value::elements() const {
    std::vector<value> result;
    for (const toml::node& element : *node_of(node_).as_array()) {
        result.push_back(value(&element));
    }
    return result;
}

value value::operator[](std::string_view key) const {
    return value(node_of(node_).as_table()->get(key));
}

std::vector<value::member> value::members() const {
    std::vector<member> result;
    for (const auto& [key, node] : *node_of(node_).as_table()) {
        const toml::source_position& begin = key.source().begin;
        result.push_back({key.str(), begin.line, begin.column, value(&node)});
    }
    std::ranges::sort(result, [](const member& a, const member& b) {
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
    return result;
}

struct document::tree {
    toml::table root;
};

document::document(std::string_view text, diagnostics& errors) : tree_(std::make_unique<tree>()) {
    outline_check(text, errors).run();
    if (errors.failed()) {
        return;
    }
    toml::parse_result parsed = toml::parse(text);
    if (parsed) {
        tree_->root = std::move(parsed).table();
    } else {
        const toml::source_position& begin = parsed.error().source().begin;
        errors.fail(errors.at(begin.line, begin.column), description(parsed.error()));
    }
}

document::~document() = default;

value document::root() const { return value(static_cast<const toml::node*>(&tree_->root)); }

std::optional<std::string_view> read_text(value from, std::string_view key, diagnostics& errors) {
    if (!expect(from, value_kind::string, key, errors)) {
        return std::nullopt;
    }
    const std::string_view text = from.string();
    if (std::ranges::any_of(text, [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; })) {
        errors.fail(from.where(errors), fmt::format("{} has control characters", key));
        return std::nullopt;
    }
    return text;
}

std::optional<std::int64_t> read_integer(value from, std::string_view key, diagnostics& errors) {
    if (!expect(from, value_kind::integer, key, errors)) {
        return std::nullopt;
    }
    return from.integer();
}

std::optional<bool> read_flag(value from, std::string_view key, diagnostics& errors) {
    if (!expect(from, value_kind::boolean, key, errors)) {
        return std::nullopt;
    }
    return from.boolean();
}

std::vector<value> read_array(value from, std::string_view key, diagnostics& errors) {
    return expect(from, value_kind::array, key, errors) ? from.elements() : std::vector<value>{};
}

std::vector<value> read_array_or_one(value from) {
    return from.kind() == value_kind::array ? from.elements() : std::vector<value>{from};
}

table_reader::table_reader(value table, std::string title, std::span<const std::string_view> keys,
                           diagnostics& errors)
    : table_(table), title_(std::move(title)), errors_(errors) {
    if (!expect(table, value_kind::table, title_, errors)) {
        table_ = {};
        return;
    }
    for (const value::member& m : table.members()) {
        if (std::ranges::find(keys, m.key) == keys.end()) {
            errors.fail(errors.at(m.line, m.column),
                        fmt::format("unknown key {} in {}; {}", in_quotes(m.key), title_,
                                    advice(m.key, keys)));
        }
    }
}

value table_reader::find(std::string_view key) const { return table_ ? table_[key] : value(); }

value table_reader::need(std::string_view key, std::string_view how) const {
    const value found = find(key);
    if (!found) {
        errors_.fail(where(), fmt::format("{} needs a {}, as in {}", title_, key, how));
    }
    return found;
}

void table_reader::text(std::string_view key, std::string& to) const {
    const value from = find(key);
    if (const auto given = from ? read_text(from, key, errors_) : std::nullopt) {
        to = *given;
    }
}

void table_reader::name(std::string_view key, std::string& to) const {
    text(key, to);
    if (const value from = find(key)) {
        check_name(to, key, from.where(errors_), errors_);
    }
}

void table_reader::flag(std::string_view key, bool& to) const {
    const value from = find(key);
    if (const auto given = from ? read_flag(from, key, errors_) : std::nullopt) {
        to = *given;
    }
}

std::optional<std::int64_t> table_reader::number_in(value from, std::string_view key,
                                                    std::int64_t min, std::int64_t max) const {
    const auto n = from ? read_integer(from, key, errors_) : std::nullopt;
    if (n) {
        check_range(key, *n, min, max, from.where(errors_), errors_);
    }
    return n;
}

}  // namespace rhumb::config

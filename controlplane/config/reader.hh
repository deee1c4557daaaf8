// Strict access to a TOML document. toml++ is slow to compile, so it stays behind this header, in
// reader.cc alone. Values live as long as their document. Threads: control.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/config/diagnostics.hh"
#include "controlplane/config/form.hh"

namespace rhumb::config {

enum class value_kind : std::uint8_t {
    missing,
    string,
    integer,
    boolean,
    array,
    table,
    real,
    time
};

// One value of a document, or none.
class value {
public:
    value() = default;
    [[nodiscard]] value_kind kind() const;
    explicit operator bool() const { return node_ != nullptr; }

    [[nodiscard]] position where(const diagnostics& errors) const;

    // Precondition: kind() is the type asked for.
    [[nodiscard]] std::string_view string() const;
    [[nodiscard]] std::int64_t integer() const;
    [[nodiscard]] bool boolean() const;
    [[nodiscard]] std::vector<value> elements() const;           // of an array
    [[nodiscard]] value operator[](std::string_view key) const;  // of a table; none if not there

    struct member;
    [[nodiscard]] std::vector<member> members() const;  // of a table, as the file orders them

private:
    friend class document;
    explicit value(const void* node) : node_(node) {}
    const void* node_ = nullptr;  // toml::node
};

struct value::member {
    std::string_view key;
    std::uint32_t line = 0;  // of the key
    std::uint32_t column = 0;
    config::value value;
};

class document {
public:
    // What is wrong goes to `errors`; then the root is an empty table.
    document(std::string_view text, diagnostics& errors);
    document(const document&) = delete;
    document& operator=(const document&) = delete;
    ~document();

    [[nodiscard]] value root() const;

private:
    struct tree;
    std::unique_ptr<tree> tree_;
};

// Readers of one value of a known type: anything else is an error in the words of `key`.
[[nodiscard]] std::optional<std::string_view> read_text(value from, std::string_view key,
                                                        diagnostics& errors);
[[nodiscard]] std::optional<std::int64_t> read_integer(value from, std::string_view key,
                                                       diagnostics& errors);
[[nodiscard]] std::optional<bool> read_flag(value from, std::string_view key, diagnostics& errors);
// An array's elements.
[[nodiscard]] std::vector<value> read_array(value from, std::string_view key, diagnostics& errors);
// The same where a single value may stand for an array of one.
[[nodiscard]] std::vector<value> read_array_or_one(value from);

// One table of the configuration, which has the keys it may have and no others.
class table_reader {
public:
    // `title` stands in messages: [node], [[labels]].
    table_reader(value table, std::string title, std::span<const std::string_view> keys,
                 diagnostics& errors);

    // The value of a key; none if it is not there.
    [[nodiscard]] value find(std::string_view key) const;
    // The same for a key that must be there; `how` says how to write it.
    [[nodiscard]] value need(std::string_view key, std::string_view how) const;
    // Where the table stands.
    [[nodiscard]] position where() const { return table_.where(errors_); }

    // Set `to` if the key is there and well made.
    void text(std::string_view key, std::string& to) const;
    void name(std::string_view key, std::string& to) const;
    void flag(std::string_view key, bool& to) const;
    template <class Integer>
    void number(std::string_view key, std::int64_t min, std::int64_t max, Integer& to) const {
        if (const auto n = number_in(find(key), key, min, max)) {
            to = static_cast<Integer>(*n);
        }
    }
    template <class Value, std::size_t Count>
    void word(std::string_view key, const std::array<choice<Value>, Count>& choices,
              Value& to) const {
        const value from = find(key);
        if (const auto given = from ? read_text(from, key, errors_) : std::nullopt) {
            to = choose(key, *given, choices, from.where(errors_), errors_).value_or(to);
        }
    }

private:
    [[nodiscard]] std::optional<std::int64_t> number_in(value from, std::string_view key,
                                                        std::int64_t min, std::int64_t max) const;

    value table_;
    std::string title_;
    diagnostics& errors_;
};

}  // namespace rhumb::config

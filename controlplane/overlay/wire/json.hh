// A JSON value as JavaScript holds it: an object's members are in the order of its properties
// (ECMA-262, OrdinaryOwnPropertyKeys), so integer-like keys come first, ascending, and of a key
// that stands twice there is the last value at the first place. Strings are WTF-8
// (json_scanner.hh).
//
// All of it lies in three arrays of one document, which is read again and again without allocating.
// Threads: one at a time for a document; values may be read by several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/wire/json_scanner.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

enum class json_kind : std::uint8_t { null, boolean, number, string, array, object };

class json_document;

// One value of a document; lives until the document is read again.
class json_value {
public:
    [[nodiscard]] json_kind kind() const noexcept;
    [[nodiscard]] bool is(json_kind what) const noexcept { return kind() == what; }

    // Preconditions: kind() is the one asked for.
    [[nodiscard]] bool boolean() const noexcept;
    [[nodiscard]] double number() const noexcept;
    [[nodiscard]] std::string_view text() const noexcept;

    // Elements of an array, members of an object, none of other kinds.
    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] json_value operator[](std::size_t n) const noexcept;
    // Precondition: it is a member of an object.
    [[nodiscard]] std::string_view key() const noexcept;
    // A member by its name; nothing, too, where this is no object.
    [[nodiscard]] std::optional<json_value> find(std::string_view name) const noexcept;
    // A member that is a string.
    [[nodiscard]] std::optional<std::string_view> find_text(std::string_view name) const noexcept;

private:
    friend class json_document;
    json_value(const json_document& document, std::uint32_t index) noexcept
        : document_(&document), index_(index) {}
    const json_document* document_;
    std::uint32_t index_;
};

class json_document {
public:
    struct limits {
        std::size_t bytes = std::size_t{64} << 10;
        std::size_t values = std::size_t{64} << 10;
    };

    json_document() = default;
    explicit json_document(limits most) : limits_(most) {}
    json_document(const json_document&) = delete;  // its values point into it
    json_document& operator=(const json_document&) = delete;

    // Replaces what was there. `text` is not needed afterwards.
    [[nodiscard]] result<void> read(std::string_view text);
    // Precondition: read() succeeded.
    [[nodiscard]] json_value root() const noexcept { return {*this, 0}; }

private:
    friend class json_value;
    struct slice {
        std::uint32_t begin = 0;
        std::uint32_t size = 0;
    };
    struct node {
        json_kind kind = json_kind::null;
        slice key;              // of texts_
        slice of;               // of texts_, or of order_: its children
        double number = 0;      // or a boolean
        std::uint32_t end = 0;  // the first node that is not in this one
    };

    [[nodiscard]] std::string_view view(slice of) const noexcept {
        return std::string_view(texts_).substr(of.begin, of.size);
    }
    void take(json_token token);
    slice keep(std::string_view text);
    node& add(json_kind kind);
    void close();
    void drop_repeated(std::size_t first);
    void drop_repeated_of_many(std::size_t first);
    void put_integers_first(std::size_t first);

    limits limits_;
    json_scanner scanner_;
    std::vector<node> nodes_;
    std::vector<std::uint32_t> order_;
    std::string texts_;
    slice key_;
    std::vector<std::uint32_t> open_;      // arrays and objects that have not ended
    std::vector<std::uint32_t> children_;  // of the one that ends
    std::vector<std::uint32_t> by_key_;
};

// The number that a key stands for where JavaScript takes it for an array's index, 0 to 2^32 - 2.
[[nodiscard]] std::optional<std::uint32_t> integer_like(std::string_view key) noexcept;

}  // namespace rhumb::overlay

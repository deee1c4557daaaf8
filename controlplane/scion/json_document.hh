// A JSON text (RFC 8259) whose every value knows its line and column. nlohmann_json is slow to
// compile, so it stays behind this header, in json_document.cc alone; it calls back for each value
// and never throws. The values lie in one array, in the order of the text, so that no nesting can
// overflow the stack. Stricter than most readers: an object has each key once. Threads: control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/config/diagnostics.hh"

namespace rhumb::scion::control {

enum class json_kind : std::uint8_t {
    missing,
    null,
    boolean,
    integer,  // within 64 bits, with a sign
    real,     // any other number
    string,
    array,
    object
};

// As messages call it: "an object".
[[nodiscard]] std::string_view kind_name(json_kind kind);

class json_document;

// One value of a document, or none. Lives as long as its document.
class json_value {
public:
    json_value() = default;
    [[nodiscard]] json_kind kind() const;
    explicit operator bool() const { return document_ != nullptr; }

    // Columns count bytes.
    [[nodiscard]] config::position where(const config::diagnostics& errors) const;
    // Where its key stands. Precondition: it is a member of an object.
    [[nodiscard]] config::position key_where(const config::diagnostics& errors) const;

    // Precondition: kind() is the type asked for.
    [[nodiscard]] std::string_view text() const;
    [[nodiscard]] std::int64_t integer() const;
    [[nodiscard]] bool boolean() const;
    // Elements of an array, members of an object, in the order of the text.
    [[nodiscard]] std::vector<json_value> children() const;

    // Precondition: it is a member of an object.
    [[nodiscard]] std::string_view key() const;

private:
    friend class json_document;
    json_value(const json_document& document, std::uint32_t index)
        : document_(&document), index_(index) {}
    const json_document* document_ = nullptr;
    std::uint32_t index_ = 0;
};

class json_document {
public:
    static constexpr std::size_t max_bytes = std::size_t{64} << 20;
    static constexpr std::size_t max_depth = 64;
    static constexpr std::size_t max_values = std::size_t{4} << 20;

    // What is wrong goes to `errors`; then there is no root. `text` is not needed afterwards.
    json_document(std::string_view text, config::diagnostics& errors);
    json_document(const json_document&) = delete;
    json_document& operator=(const json_document&) = delete;

    [[nodiscard]] json_value root() const {
        return nodes_.empty() ? json_value() : json_value(*this, 0);
    }

private:
    friend class json_value;
    class builder;

    struct place {
        std::uint32_t line = 0;
        std::uint32_t column = 0;
    };
    struct slice {  // of texts_
        std::uint32_t begin = 0;
        std::uint32_t size = 0;
    };
    struct node {
        json_kind kind = json_kind::null;
        place at;
        place key_at;
        slice key;
        slice text;
        std::int64_t number = 0;  // an integer, or a boolean
        std::uint32_t end = 0;    // the first node that is not in this one
    };

    [[nodiscard]] std::string_view view(slice of) const {
        return std::string_view(texts_).substr(of.begin, of.size);
    }

    std::vector<node> nodes_;
    std::string texts_;
};

}  // namespace rhumb::scion::control

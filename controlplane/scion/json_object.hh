// Reads the members of a JSON object as the reference implementation does (Go's encoding/json):
// members that it does not know are nobody's business, null is as good as missing, and letters of
// a known key may have either case. Unlike there, two spellings of one key are an error. What is
// wrong goes to `errors`. Threads: control.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/diagnostics.hh"
#include "controlplane/scion/json_document.hh"

namespace rhumb::scion::control {

// Whether `from` is of the kind `wanted`; if not, that is an error in the words of `name`.
bool expect(json_value from, json_kind wanted, std::string_view name, config::diagnostics& errors);

class json_object {
public:
    // `title` stands in messages: interface 121.
    json_object(json_value object, std::string title, config::diagnostics& errors);

    [[nodiscard]] const std::string& title() const { return title_; }
    [[nodiscard]] config::position where() const { return object_.where(errors_); }

    // The value of a key; none if it is not there or null.
    [[nodiscard]] json_value find(std::string_view key) const;
    // The same of that kind; none, and an error, if it is of another.
    [[nodiscard]] json_value find(std::string_view key, json_kind wanted) const;
    // The same for a string that must be there and not empty; `example` says how to write it.
    [[nodiscard]] json_value need_text(std::string_view key, std::string_view example) const;

    // An integer in this range.
    [[nodiscard]] std::optional<std::int64_t> number(std::string_view key, std::int64_t min,
                                                     std::int64_t max) const;
    // What an object or array has in it; nothing if it is not there.
    [[nodiscard]] std::vector<json_value> children(std::string_view key, json_kind wanted) const;

private:
    json_value object_;
    std::string title_;
    config::diagnostics& errors_;
    std::vector<json_value> members_;
};

}  // namespace rhumb::scion::control

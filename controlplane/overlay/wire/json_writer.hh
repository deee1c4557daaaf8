// A JSON value as ECMAScript's JSON.stringify writes it, in UTF-8: pretty as with `(value, null,
// 2)`, which is what SSB signs, or compact as with `(value)`, which is what it sends. Lone halves
// of surrogate pairs are written \udxxx, so what comes out is UTF-8 always. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "controlplane/overlay/wire/json.hh"

namespace rhumb::overlay {

enum class json_style : std::uint8_t { compact, pretty };

// Appends the text of `value`; of the outermost object without the member `but_for`. False, with
// part of it appended, where that takes more than about `most` bytes: indentation can make a text a
// hundred times longer.
[[nodiscard]] bool write_json(const json_value& value, json_style style, std::string& to,
                              std::size_t most, std::string_view but_for = {});

// Appends a string with its quotes. `text` is WTF-8.
void append_json_string(std::string& to, std::string_view text);

}  // namespace rhumb::overlay

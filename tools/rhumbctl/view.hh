// What `show` shows: which fields of a row make which column, and how a value becomes a cell. Any
// JSON at all becomes some cell: what a router sends is not taken on trust. Threads: any.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/rhumbctl/table.hh"

namespace rhumb::ctl {

enum class cell_kind : std::uint8_t {
    text,     // as it is
    number,   // right-aligned, as it is: labels, MTUs
    count,    // right-aligned, in groups of three digits
    sum,      // a count: of the fields whose names follow each other with + between them
    up_down,  // a boolean
    state,    // up, down, or admin-down, from `up` and `meant_up`
    paths,    // r2*3>17002,r3
    labels,   // 16003,16002
    backup,   // r3 (push 16002)
    lists,    // r3,r3->r4*2; r5
    refused,  // candidate paths that are not valid: 200: invalid: ...; 100: ...
    mbits,    // right-aligned, bits a second as 2500.0 Mbit/s
    percent,  // right-aligned, a share of one as 93.5
};

// Whether cells of this kind stand to the right of their column.
[[nodiscard]] constexpr bool is_right(cell_kind kind) noexcept {
    return kind == cell_kind::number || kind == cell_kind::count || kind == cell_kind::sum ||
           kind == cell_kind::mbits || kind == cell_kind::percent;
}

struct field {
    std::string_view header;
    std::string_view key;
    cell_kind kind = cell_kind::text;
    bool with_rate = false;  // --watch adds a column of what it gains a second
};

struct view {
    std::string_view what;
    std::span<const std::string_view> identity;  // keys that tell one row from another
    std::span<const field> fields;               // none: shown in a way of its own
};

// nullptr if there is none.
[[nodiscard]] const view* view_of(std::string_view what);
// What `show` takes, or with one of these, what `scion show` or `overlay show` takes.
inline constexpr std::string_view scion_prefix = "scion_";
inline constexpr std::string_view overlay_prefix = "overlay_";
[[nodiscard]] std::vector<std::string_view> view_names(std::string_view prefix = "");
// "show ports", "scion show bfd": what is typed for a view.
[[nodiscard]] std::string command_of(std::string_view what);

// Safe to show; `-` where there is nothing.
[[nodiscard]] std::string cell(const nlohmann::json& row, const field& of);

// The member, null where there is none.
[[nodiscard]] const nlohmann::json& member(const nlohmann::json& row, std::string_view key);
// The value if it is a number, else 0.
[[nodiscard]] double number_of(const nlohmann::json& value);
// `-` for what is no number.
[[nodiscard]] std::string mbits_text(const nlohmann::json& bits_per_second);
[[nodiscard]] std::string percent_text(const nlohmann::json& share);

// The value if it is a whole number from 0 up.
[[nodiscard]] std::optional<std::uint64_t> unsigned_of(const nlohmann::json& value);

// A value of any kind in a line; a boolean is yes or no.
[[nodiscard]] std::string value_text(const nlohmann::json& value);

// One row, a field a line, all of them: KEY  VALUE.
[[nodiscard]] std::string upright(const nlohmann::json& row);

// A field that counts, and no other.
[[nodiscard]] std::optional<std::uint64_t> counted(const nlohmann::json& row, const field& of);

}  // namespace rhumb::ctl

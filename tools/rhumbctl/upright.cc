// One row, a field a line: of shows that are no table (view.hh).
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tools/rhumbctl/text.hh"
#include "tools/rhumbctl/view.hh"

namespace rhumb::ctl {

using nlohmann::json;

namespace {

bool is_list_of(const json& value, bool (json::*is)() const noexcept) {
    return value.is_array() && !value.empty() &&
           std::ranges::all_of(value, [is](const json& one) { return (one.*is)(); });
}

// A value beside its name, or, where it is a tree, in lines below it; `indent` is where it begins.
std::string beside(const json& value, std::size_t indent) {
    if (is_list_of(value, &json::is_string)) {
        std::string text;
        for (const json& one : value) {
            text += (text.empty() ? "" : '\n' + std::string(indent, ' ')) + value_text(one);
        }
        return text;
    }
    if ((value.is_object() && !value.empty()) || is_list_of(value, &json::is_object)) {
        return printable(value.dump(2, ' ', false, json::error_handler_t::replace), keep::lines);
    }
    return value_text(value);
}

}  // namespace

std::string upright(const json& row) {
    if (!row.is_object()) {
        return value_text(row) + '\n';
    }
    std::size_t width = 0;
    for (const auto& [key, value] : row.items()) {
        width = std::max(width, width_of(printable(key)));
    }
    std::string text;
    for (const auto& [key, value] : row.items()) {
        const std::string name = printable(key);
        text += fmt::format("{}{:{}}  {}\n", name, "", width - width_of(name),
                            beside(value, width + 2));
    }
    return text;
}

}  // namespace rhumb::ctl

#include "controlplane/config/toml_text.hh"

#include <fmt/format.h>

#include <algorithm>

namespace rhumb::config {

std::string toml_string(std::string_view text) {
    std::string made = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            made += '\\';
        }
        made += c;
    }
    return made + '"';
}

std::string toml_key(std::string_view text) {
    const auto is_bare = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    };
    return std::ranges::all_of(text, is_bare) && !text.empty() ? std::string(text)
                                                               : toml_string(text);
}

namespace {

void write_inline(value from, std::string& text) {
    const bool is_array = from.kind() == value_kind::array;
    std::string_view comma;
    switch (from.kind()) {
        case value_kind::string: text += toml_string(from.string()); return;
        case value_kind::integer: text += fmt::format("{}", from.integer()); return;
        case value_kind::boolean: text += from.boolean() ? "true" : "false"; return;
        case value_kind::array:
        case value_kind::table: break;
        default: return;
    }
    text += is_array ? "[" : "{ ";
    if (is_array) {
        for (const value element : from.elements()) {
            text += comma;
            write_inline(element, text);
            comma = ", ";
        }
    } else {
        for (const value::member& m : from.members()) {
            text += fmt::format("{}{} = ", comma, toml_key(m.key));
            write_inline(m.value, text);
            comma = ", ";
        }
    }
    text += is_array ? "]" : " }";
}

// A table below its header, each member on a line.
void write_table(const std::string& header, value table, std::string& text) {
    text += '\n' + header + '\n';
    for (const value::member& m : table.members()) {
        text += toml_key(m.key) + " = ";
        write_inline(m.value, text);
        text += '\n';
    }
}

void write_section(const std::string& name, value from, std::string& text) {
    if (from.kind() == value_kind::array) {
        for (const value element : from.elements()) {
            write_table("[[" + name + "]]", element, text);
        }
        return;
    }
    const auto members = from.members();
    const bool has_tables =
        !members.empty() && std::ranges::all_of(members, [](const value::member& m) {
            return m.value.kind() == value_kind::table;
        });
    if (!has_tables) {
        write_table('[' + name + ']', from, text);
        return;
    }
    for (const value::member& m : members) {
        write_table('[' + name + '.' + toml_key(m.key) + ']', m.value, text);
    }
}

}  // namespace

std::string sections_text(value root, std::span<const std::string_view> names,
                          std::string_view above) {
    std::string text;
    for (const value::member& m : root.members()) {
        if (std::ranges::find(names, m.key) != names.end()) {
            write_section(std::string(above) + toml_key(m.key), m.value, text);
        }
    }
    return text;
}

}  // namespace rhumb::config

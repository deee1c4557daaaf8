#include "controlplane/routing/policies_text.hh"

#include <algorithm>
#include <array>

namespace rhumb::routing {

namespace {

constexpr std::string_view blank = " \t\r";

bool is_wanted(std::string_view name) {
    constexpr std::array<std::string_view, 3> wanted{"policies", "routes", "demands"};
    return std::ranges::find(wanted, name) != wanted.end();
}

// The first part of a key at the beginning of the text, without quotes: "policies" of
// "policies.paths", of "\"policies\" = [" as well.
std::string_view first_name(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
    if (text.starts_with('"') || text.starts_with('\'')) {
        return text.substr(1, std::min(text.find(text[0], 1), text.size()) - 1);
    }
    return text.substr(0, text.find_first_of(".= \t\r]"));
}

// "policies" of "policies = [", "" where the line is a comment or has no key.
std::string_view key_of(std::string_view line) {
    return line.find('=') == std::string_view::npos ? std::string_view() : first_name(line);
}

// "policies" of "[[policies.paths]]  # best", "" where the line is no header of tables.
std::string_view header_of(std::string_view line) {
    const std::size_t begin = line.find_first_not_of(blank);
    if (begin == std::string_view::npos || line[begin] != '[') {
        return {};
    }
    line.remove_prefix(begin);
    const std::size_t end = line.find(']');
    const std::size_t after = line.find_first_not_of(']', std::min(end, line.size()));
    const std::string_view rest = line.substr(std::min(after, line.size()));
    const std::size_t more = rest.find_first_not_of(blank);
    if (end == std::string_view::npos || (more != std::string_view::npos && rest[more] != '#')) {
        return {};
    }
    const std::string_view name = line.substr(0, end);
    return first_name(name.substr(std::min(name.find_first_not_of("[ \t"), name.size())));
}

// Whether the line leaves a string of several lines open that was closed, or the other way round.
bool turns(std::string_view line, std::string_view quotes) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = line.find(quotes, at)) != std::string_view::npos; at += 3) {
        ++count;
    }
    return count % 2 != 0;
}

// Brackets that a line opens and does not close; those in strings and comments do not count.
int opened(std::string_view line) {
    int depth = 0;
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quote != 0) {
            i += quote == '"' && c == '\\' ? 1 : 0;
            quote = c == quote ? char{0} : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '#') {
            break;
        } else {
            depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
        }
    }
    return depth;
}

}  // namespace

policies_in_words policies_text(std::string_view file) {
    policies_in_words text;
    std::string* into = nullptr;  // what the line goes to
    bool on_top = true;           // no table has begun
    bool in_string = false;
    int depth = 0;  // of an array of several lines
    while (!file.empty()) {
        const std::size_t end = std::min(file.find('\n'), file.size());
        const std::string_view line = file.substr(0, end);
        file.remove_prefix(std::min(end + 1, file.size()));
        if (!in_string && depth == 0) {
            if (const std::string_view header = header_of(line); !header.empty()) {
                on_top = false;
                into = is_wanted(header) ? &text.arrays_of_tables : nullptr;
            } else if (on_top) {
                into = is_wanted(key_of(line)) ? &text.inline_arrays : nullptr;
            }
        }
        if (into != nullptr) {
            into->append(line).push_back('\n');
        }
        if (turns(line, R"(""")") || turns(line, "'''")) {
            in_string = !in_string;
        } else if (!in_string) {
            depth = std::max(0, depth + opened(line));
        }
    }
    return text;
}

}  // namespace rhumb::routing

#include "tools/rhumbctl/fragment.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::ctl {
namespace {

failure wrong(const std::string& message) { return {exit_status::usage, message}; }

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t comma = text.find(',');
        parts.push_back(text.substr(0, comma));
        if (comma == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(comma + 1);
    }
}

std::string number(std::string_view key, std::string_view text) {
    const auto value = parse_number(text, UINT32_MAX);
    if (!value) {
        throw wrong(fmt::format("{}: {} is no whole number", key, text));
    }
    return std::to_string(*value);
}

std::string string(std::string_view, std::string_view text) { return toml_string(text); }

std::string numbers(std::string_view key, std::string_view text) {
    std::vector<std::string> values;
    if (!text.empty()) {
        for (const std::string_view part : split(text)) {
            values.push_back(number(key, part));
        }
    }
    return fmt::format("[{}]", fmt::join(values, ", "));
}

// Cuts MARK DIGITS from the end of `text`; names may hold the mark themselves.
std::string take_suffix(std::string_view& text, char mark) {
    const std::size_t at = text.rfind(mark);
    if (at == std::string_view::npos) {
        return "";
    }
    const auto value = parse_number(text.substr(at + 1), UINT32_MAX);
    if (!value) {
        return "";
    }
    text = text.substr(0, at);
    return std::to_string(*value);
}

// NAME[>OUT][*WEIGHT], as in label tables
std::string path(std::string_view text) {
    const std::string weight = take_suffix(text, '*');
    const std::string out = take_suffix(text, '>');
    if (weight.empty() && out.empty()) {
        return toml_string(text);
    }
    return fmt::format("{{ nexthop = {}{}{} }}", toml_string(text),
                       weight.empty() ? "" : ", weight = " + weight,
                       out.empty() ? "" : ", out = " + out);
}

std::string paths(std::string_view, std::string_view text) {
    std::vector<std::string> values;
    for (const std::string_view part : split(text)) {
        values.push_back(path(part));
    }
    return fmt::format("[{}]", fmt::join(values, ", "));
}

struct setting {
    std::string_view key;
    std::string (*write)(std::string_view key, std::string_view text);
};
constexpr std::array<setting, 6> label_settings{{{"op", string},
                                                 {"out", number},
                                                 {"via", paths},
                                                 {"segments", numbers},
                                                 {"ttl", string},
                                                 {"tc", number}}};
constexpr std::array<setting, 4> prefix_settings{
    {{"via", paths}, {"segments", numbers}, {"ttl", string}, {"tc", number}}};
constexpr std::array<setting, 7> nexthop_settings{{{"port", string},
                                                   {"mac", string},
                                                   {"vlan", number},
                                                   {"mtu", number},
                                                   {"ttl", string},
                                                   {"backup", string},
                                                   {"backup.push", numbers}}};

using values = std::map<std::string_view, std::string, std::less<>>;

// The TOML values of KEY=VALUE words.
values read(words given, std::span<const setting> known) {
    values result;
    for (const std::string& word : given) {
        const std::size_t equals = word.find('=');
        const std::string_view key = std::string_view(word).substr(0, equals);
        const auto found = std::ranges::find(known, key, &setting::key);
        if (equals == std::string::npos || found == known.end()) {
            std::vector<std::string_view> keys;
            std::ranges::transform(known, std::back_inserter(keys), &setting::key);
            throw wrong(fmt::format("{} is no setting; they are KEY=VALUE with {}", word,
                                    fmt::join(keys, ", ")));
        }
        if (!result.emplace(found->key, found->write(key, word.substr(equals + 1))).second) {
            throw wrong(fmt::format("{} is given twice", key));
        }
    }
    return result;
}

std::string lines_of(const values& settings) {
    std::string text;
    for (const auto& [key, value] : settings) {
        text += fmt::format("{} = {}\n", key, value);
    }
    return text;
}

// backup and backup.push are one table.
void join_backup(values& settings) {
    const auto push = settings.find("backup.push");
    const auto backup = settings.find("backup");
    if (push != settings.end() && backup == settings.end()) {
        throw wrong("backup.push needs backup, the next hop that takes over");
    }
    if (backup != settings.end()) {
        backup->second = fmt::format("{{ nexthop = {}{} }}", backup->second,
                                     push == settings.end() ? "" : ", push = " + push->second);
    }
    settings.erase("backup.push");
}

}  // namespace

std::string set_fragment(const std::string& what, const std::string& name, words settings) {
    if (what == "label") {
        return fmt::format("[[labels]]\nlabel = {}\n{}", number("LABEL", name),
                           lines_of(read(settings, label_settings)));
    }
    if (what == "prefix") {
        return fmt::format("[[prefixes]]\nmatch = {}\n{}", toml_string(name),
                           lines_of(read(settings, prefix_settings)));
    }
    values given = read(settings, nexthop_settings);
    join_backup(given);
    return fmt::format("[nexthops.{}]\n{}", toml_string(name), lines_of(given));
}

std::string remove_fragment(const std::string& what, words names) {
    std::vector<std::string> list;
    for (const std::string& name : names) {
        list.push_back(what == "label" ? number("LABEL", name) : toml_string(name));
    }
    return fmt::format("[remove]\n{} = [{}]\n", what == "prefix" ? "prefixes" : what + "s",
                       fmt::join(list, ", "));
}

}  // namespace rhumb::ctl

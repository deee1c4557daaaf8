#include "tools/rhumbctl/usage.hh"

#include <algorithm>
#include <array>

namespace rhumb::ctl {
namespace {

constexpr std::array<std::string_view, 6> of_all{"socket",  "node", "json",
                                                 "timeout", "help", "version"};
constexpr std::array<std::string_view, 9> of_show{
    "watch", "label", "op", "prefix", "nexthop", "port", "limit", "algorithm", "explain"};
constexpr std::array<std::string_view, 2> of_tables{"watch", "limit"};
constexpr std::array<std::string_view, 2> of_trace{"port", "label"};
constexpr std::array<std::string_view, 1> of_capture{"count"};
constexpr std::array<std::string_view, 6> of_path{"color", "algorithm", "metric",
                                                  "avoid", "via",       "fail"};
constexpr std::array<std::string_view, 9> of_drawing{
    "path", "from", "color", "algorithm", "metric", "avoid", "via", "fail", "backup"};
constexpr std::array<std::string_view, 2> of_report{"fail", "limit"};
constexpr std::array<std::string_view, 3> of_reoptimise{"target", "moves", "apply"};
constexpr std::array<std::string_view, 3> of_read{"from", "limit", "follow"};
constexpr std::array<std::string_view, 1> of_listen{"follow"};
constexpr std::array<std::string_view, 1> of_block{"by"};
constexpr std::array<std::string_view, 5> of_overlay{"watch", "limit", "from", "follow", "by"};
constexpr std::array<std::string_view, 5> of_controller{"fail", "limit", "target", "moves",
                                                        "apply"};

struct entry {
    std::string_view words;
    std::span<const std::string_view> options;
};
constexpr std::array<entry, 17> entries{{{"show", of_show},
                                         {"trace", of_trace},
                                         {"capture", of_capture},
                                         {"scion", of_tables},
                                         {"path", of_path},
                                         {"topology svg", of_drawing},
                                         {"topology save", {}},
                                         {"topology", of_drawing},
                                         {"controller report", of_report},
                                         {"controller reoptimise", of_reoptimise},
                                         {"controller", of_controller},
                                         {"overlay show", of_tables},
                                         {"overlay read", of_read},
                                         {"overlay listen", of_listen},
                                         {"overlay block", of_block},
                                         {"overlay unblock", of_block},
                                         {"overlay", of_overlay}}};

constexpr std::string_view margin = "  ";

std::string_view next_word(std::string_view& from) {
    from.remove_prefix(std::min(from.find_first_not_of(' '), from.size()));
    const std::string_view word = from.substr(0, from.find(' '));
    from.remove_prefix(word.size());
    return word;
}

// Whether a word stands in a list such as follow|unfollow.
bool is_one_of(std::string_view word, std::string_view list) {
    while (!list.empty()) {
        const std::string_view one = list.substr(0, list.find('|'));
        if (one == word) {
            return true;
        }
        list.remove_prefix(std::min(one.size() + 1, list.size()));
    }
    return false;
}

// How many of the words, two at most, the line begins with.
std::size_t words_met(std::string_view line, std::span<const std::string> words) {
    if (!line.starts_with(margin) || line.starts_with("   ") || words.empty() ||
        next_word(line) != words[0]) {
        return 0;
    }
    return words.size() > 1 && is_one_of(words[1], next_word(line)) ? 2 : 1;
}

}  // namespace

std::string usage_of_command(std::string_view usage, std::span<const std::string> words) {
    std::string found;
    std::size_t best = 1;
    bool is_within = false;
    while (!usage.empty()) {
        const std::string_view line = usage.substr(0, std::min(usage.find('\n'), usage.size() - 1));
        usage.remove_prefix(line.size() + 1);
        const bool goes_on = line.starts_with("   ");
        const std::size_t met = words_met(line, words);
        if (met > best) {
            best = met;
            found.clear();
        }
        is_within = goes_on ? is_within : met == best;
        if (is_within) {
            found.append(line) += '\n';
        }
    }
    return found;
}

std::span<const std::string_view> options_of_command(std::span<const std::string> words) {
    if (words.empty()) {
        return {};
    }
    const auto named = [](std::string_view name) {
        const auto* const known = std::ranges::find(entries, name, &entry::words);
        return known == entries.end() ? std::span<const std::string_view>() : known->options;
    };
    // A command whose verbs have options of their own has those of all of them while none is given.
    const bool has_verbs = std::ranges::any_of(
        entries, [&](const entry& one) { return one.words.starts_with(words[0] + ' '); });
    return named(has_verbs && words.size() > 1 ? words[0] + ' ' + words[1] : words[0]);
}

std::span<const std::string_view> options_of_all() { return of_all; }

}  // namespace rhumb::ctl

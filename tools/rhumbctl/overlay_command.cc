// `rhumbctl overlay ...`: of the replication service, beside a router or alone.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tools/rhumbctl/command_parts.hh"
#include "tools/rhumbctl/view.hh"

namespace rhumb::ctl {
namespace {

using kind = command::kind;

// A verb, what follows it, and, of one that is one request with one parameter, that parameter and
// what is said when it is done.
struct verb {
    std::string_view name;
    std::string_view object;   // "" = nothing
    std::string_view options;  // in its usage
    const char* parameter = nullptr;
    const char* done = nullptr;
};
constexpr std::array<verb, 12> verbs{
    {{"show", "WHAT", "", nullptr, nullptr},
     {"follow", "FEED", "", "feed", "is followed"},
     {"unfollow", "FEED", "", "feed", "is no longer followed"},
     {"block", "PEER", " [--by FEED]", "peer", "is blocked"},
     {"unblock", "PEER", " [--by FEED]", "peer", "is no longer blocked"},
     {"connect", "ADDRESS", "", "address",
      "will be dialled; how it goes: rhumbctl overlay show peers"},
     {"disconnect", "PEER", "", "peer", "is no longer dialled"},
     {"publish", "JSON|-", "", nullptr, nullptr},
     {"new-feed", "", "", nullptr, "what is published now begins or continues this node's feed"},
     {"read", "FEED", " [--from N] [--limit N] [--follow]", nullptr, nullptr},
     {"broadcast", "TEXT", "", nullptr, nullptr},
     {"listen", "", " [--follow]", nullptr, nullptr}}};

std::string names_of_verbs() {
    std::string names;
    for (const verb& one : verbs) {
        names += (names.empty() ? "" : "|") + std::string(one.name);
    }
    return names;
}

std::string form_of(const verb& what) {
    const std::string object = what.name == "show"
                                   ? fmt::format("{}", fmt::join(view_names(overlay_prefix), "|"))
                                   : std::string(what.object);
    return fmt::format("overlay {}{}{}{}", what.name, object.empty() ? "" : " ", object,
                       what.options);
}

// As many words as the verb takes.
void expect_object(const arguments& given, const verb& what) {
    const std::size_t wanted = what.object.empty() ? 2 : 3;
    if (given.words.size() == wanted) {
        return;
    }
    const bool is_text = what.name == "publish" || what.name == "broadcast";
    const bool is_split = is_text && given.words.size() > wanted;
    throw wrong(fmt::format("it is: rhumbctl {}{}", form_of(what),
                            is_split ? fmt::format("; {0} is one word: put it in quotes, '{0}'",
                                                   what.object.substr(0, 4))
                                     : ""));
}

command show(const arguments& given) {
    const std::string& what = given.words[2];
    if (std::ranges::count(view_names(overlay_prefix), what) == 0) {
        throw wrong(
            fmt::format("there is no overlay show {}; there is {}", what, form_of(verbs.front())));
    }
    command made{kind::show, "show", {{"what", std::string(overlay_prefix) + what}}, "", ""};
    if (what == "progress" && !given.as_json) {
        allow(given, {"watch"});
        made.what = kind::progress;
    } else {
        allow(given, {"watch", "limit"});
    }
    return made;
}

command read(const arguments& given) {
    allow(given, {"from", "limit", "follow"});
    command made{kind::read, "overlay.read", {{"feed", given.words[2]}}, "", ""};
    put_number("from", given.from, 1, UINT32_MAX, made.params);
    if (given.limit) {
        made.params["limit"] = *given.limit;
    }
    made.params["follow"] = given.follow;
    return made;
}

command publish(const arguments& given) {
    allow(given, {});
    command made{kind::publish, "overlay.publish", nlohmann::json::object(), "", ""};
    if (given.words[2] == "-") {
        made.file = "-";
    } else {
        made.params["json"] = given.words[2];
    }
    return made;
}

command one_call(const arguments& given, const verb& what) {
    if (what.options.empty()) {
        allow(given, {});
    } else {
        allow(given, {"by"});
    }
    const std::string& object = given.words[2];
    command made = call("", {{what.parameter, object}}, object + ' ' + what.done);
    made.method = fmt::format("overlay.{}", what.name);
    if (given.by) {
        made.params["by"] = *given.by;
    }
    return made;
}

}  // namespace

command overlay_command(const arguments& given) {
    const std::string word = given.words.size() > 1 ? given.words[1] : "";
    const auto* const what = std::ranges::find(verbs, word, &verb::name);
    if (what == verbs.end()) {
        throw wrong(word.empty() ? fmt::format("it is: rhumbctl overlay {} ...", names_of_verbs())
                                 : fmt::format("there is no overlay {}; there is overlay {}", word,
                                               names_of_verbs()));
    }
    expect_object(given, *what);
    if (what->parameter != nullptr) {
        return one_call(given, *what);
    }
    if (word == "show") {
        return show(given);
    }
    if (word == "read") {
        return read(given);
    }
    if (word == "publish") {
        return publish(given);
    }
    if (word == "new-feed") {
        allow(given, {});
        return call("overlay.new_feed", nlohmann::json::object(), what->done);
    }
    if (word == "broadcast") {
        allow(given, {});
        return {kind::broadcast, "overlay.broadcast", {{"text", given.words[2]}}, "", ""};
    }
    allow(given, {"follow"});
    return {kind::listen, "overlay.listen", {{"follow", given.follow}}, "", ""};
}

}  // namespace rhumb::ctl

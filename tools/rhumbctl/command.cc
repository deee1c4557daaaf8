#include "tools/rhumbctl/command.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "tools/rhumbctl/command_parts.hh"
#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/fragment.hh"
#include "tools/rhumbctl/text.hh"
#include "tools/rhumbctl/view.hh"

namespace rhumb::ctl {

failure wrong(const std::string& message) { return {exit_status::usage, message}; }

// Refuses options that mean nothing to a command.
void allow(const arguments& given, std::initializer_list<std::string_view> options) {
    constexpr std::array<std::string_view, 4> always{"socket", "node", "json", "timeout"};
    for (const std::string& name : given.given) {
        if (std::ranges::find(always, name) == always.end() &&
            std::ranges::find(options, name) == options.end()) {
            throw wrong(fmt::format("{} takes no --{}", given.words.front(), name));
        }
    }
}

// Refuses any other number of words; `form` says what the command looks like.
void expect_words(const arguments& given, std::size_t min, std::size_t max, const char* form) {
    if (given.words.size() < min || given.words.size() > max) {
        throw wrong(fmt::format("it is: rhumbctl {}", form));
    }
}

// The option as a number in the request.
void put_number(const char* name, const std::optional<std::string>& text, std::uint64_t least,
                std::uint64_t most, nlohmann::json& params) {
    if (!text) {
        return;
    }
    const auto number = parse_number(*text, most);
    if (!number || *number < least) {
        throw wrong(
            fmt::format("--{} takes a number from {} to {}, not {}", name, least, most, *text));
    }
    params[name] = *number;
}

command call(const char* method, nlohmann::json params, std::string done) {
    return {command::kind::call, method, std::move(params), "", std::move(done)};
}

namespace {

using kind = command::kind;

constexpr std::uint64_t max_label = (1U << 20) - 1;
constexpr std::uint64_t max_traces = 10'000;
constexpr std::uint64_t max_percent = 10'000;
constexpr std::uint64_t max_moves = 10'000;

// A number as a number, A-B as it is.
nlohmann::json label_filter(const std::string& text) {
    if (const auto label = parse_number(text, max_label)) {
        return *label;
    }
    const std::size_t dash = std::min(text.find('-'), text.size());
    const auto first = parse_number(text.substr(0, dash), max_label);
    // No dash leaves nothing behind it, which is no number.
    const auto last = parse_number(text.substr(std::min(dash + 1, text.size())), max_label);
    if (!first || !last || *first > *last) {
        throw wrong(fmt::format("--label takes a label or a range A-B within 0 to {}, not {}",
                                max_label, text));
    }
    return fmt::format("{}-{}", *first, *last);
}

command show(const arguments& given) {
    allow(given,
          {"watch", "label", "op", "prefix", "nexthop", "port", "limit", "algorithm", "explain"});
    const std::string form = fmt::format("show {}", fmt::join(view_names(), "|"));
    expect_words(given, 2, 2, form.c_str());
    const std::string& what = given.words[1];
    if (std::ranges::count(view_names(), what) == 0) {
        throw wrong(fmt::format("there is no show {}; there is show {}", what,
                                fmt::join(view_names(), "|")));
    }
    command made{kind::show, "show", {{"what", what}}, "", ""};
    if (given.label) {
        made.params["label"] = label_filter(*given.label);
    }
    const auto filter = [&made](const char* key, const std::optional<std::string>& value) {
        if (value) {
            made.params[key] = *value;
        }
    };
    if (given.algorithm) {
        const auto algorithm = parse_number(*given.algorithm, 255);
        if (!algorithm || what != "spf") {
            throw wrong(fmt::format("--algorithm is for show spf, a number from 0 to 255, not {}",
                                    *given.algorithm));
        }
        made.params["algorithm"] = *algorithm;
    }
    if (given.explain && what != "protection") {
        throw wrong("--explain is for show protection");
    }
    filter("destination", given.explain);
    filter("op", given.op);
    filter("prefix", given.prefix);
    filter("nexthop", given.nexthop);
    filter("port", given.port);
    return made;
}

// A SCION router's own rows. None of show's filters means anything to them.
command scion(const arguments& given) {
    allow(given, {"watch", "limit"});
    const auto names = view_names(scion_prefix);
    const std::string form = fmt::format("scion show {}", fmt::join(names, "|"));
    expect_words(given, 3, 3, form.c_str());
    if (given.words[1] != "show") {
        throw wrong(fmt::format("it is: rhumbctl {}", form));
    }
    const std::string& what = given.words[2];
    if (std::ranges::count(names, what) == 0) {
        throw wrong(fmt::format("there is no scion show {}; there is {}", what, form));
    }
    return {kind::show, "show", {{"what", std::string(scion_prefix) + what}}, "", ""};
}

command port_state(const arguments& given, const std::string& method) {
    allow(given, {});
    const bool up = given.words[1] == "up";
    return {kind::call,
            method,
            {{"name", given.words[2]}, {"up", up}},
            "",
            fmt::format("{} {} is set {}", method, given.words[2], up ? "up" : "down")};
}

// label, prefix and nexthop
command rule(const arguments& given) {
    const std::string& what = given.words.front();
    const std::string verb = given.words.size() > 1 ? given.words[1] : "";
    const words rest = words(given.words).subspan(std::min<std::size_t>(2, given.words.size()));
    allow(given, {});
    if (what == "nexthop" && (verb == "up" || verb == "down")) {
        expect_words(given, 3, 3, "nexthop up|down NAME");
        return port_state(given, what);
    }
    if (verb == "set" && rest.size() >= 2) {
        return call("apply", {{"toml", set_fragment(what, rest[0], rest.subspan(1))}},
                    fmt::format("{} {} is set", what, rest[0]));
    }
    if (verb == "delete" && !rest.empty()) {
        return call("apply", {{"toml", remove_fragment(what, rest)}},
                    rest.size() == 1 ? fmt::format("{} {} is gone", what, rest[0])
                                     : fmt::format("{} {} are gone", rest.size(),
                                                   what == "prefix" ? "prefixes" : what + "s"));
    }
    const std::string name = what == "label" ? "LABEL" : what == "prefix" ? "PREFIX" : "NAME";
    throw wrong(fmt::format("it is: rhumbctl {0} set {1} KEY=VALUE..., or {0} delete {1}...{2}",
                            what, name, what == "nexthop" ? ", or nexthop up|down NAME" : ""));
}

command port(const arguments& given) {
    expect_words(given, 3, 3, "port up|down NAME");
    if (given.words[1] != "up" && given.words[1] != "down") {
        throw wrong("it is: rhumbctl port up|down NAME");
    }
    return port_state(given, "port");
}

command apply(const arguments& given) {
    allow(given, {});
    expect_words(given, 2, 2, "apply FILE, or apply - for standard input");
    return {kind::apply, "apply", nlohmann::json::object(), given.words[1], ""};
}

command trace(const arguments& given) {
    allow(given, {"port", "label"});
    expect_words(given, 2, 2, "trace COUNT [--port P] [--label L]");
    const auto count = parse_number(given.words[1], max_traces);
    if (!count || *count == 0) {
        throw wrong(fmt::format("trace takes a number of packets from 1 to {}, not {}", max_traces,
                                given.words[1]));
    }
    command made{kind::trace, "trace", {{"count", *count}}, "", ""};
    if (given.port) {
        made.params["port"] = *given.port;
    }
    if (given.label) {
        const auto label = parse_number(*given.label, max_label);
        if (!label) {
            throw wrong(
                fmt::format("trace takes one --label, 0 to {}, not {}", max_label, *given.label));
        }
        made.params["label"] = *label;
    }
    return made;
}

command capture(const arguments& given) {
    allow(given, {"count"});
    expect_words(given, 3, 3, "capture PORT FILE [--count N]");
    if (given.as_json) {
        throw wrong("capture writes pcap; it takes no --json");
    }
    command made{kind::capture, "capture", {{"port", given.words[1]}}, given.words[2], ""};
    if (given.count) {
        made.params["count"] = *given.count;
    }
    return made;
}

// Options of rhumb-path that are called the same here.
void pass_on(const arguments& given, std::vector<std::string>& tool) {
    const auto one = [&tool](const char* name, const std::optional<std::string>& value) {
        if (value) {
            tool.push_back(fmt::format("--{}={}", name, *value));
        }
    };
    one("color", given.color);
    one("algorithm", given.algorithm);
    one("metric", given.metric);
    one("from", given.from);
    for (const std::string& what : given.avoid) {
        one("avoid", what);
    }
    for (const std::string& what : given.via) {
        one("via", what);
    }
    for (const std::string& link : given.fail) {
        one("fail", link);
    }
    if (given.as_json) {
        tool.emplace_back("--json");
    }
    if (given.backup) {
        tool.emplace_back("--backup");
    }
    if (!given.path.empty()) {
        tool.emplace_back("--path");
        tool.insert(tool.end(), given.path.begin(), given.path.end());
    }
}

command path(const arguments& given) {
    allow(given, {"color", "algorithm", "metric", "avoid", "via", "fail"});
    expect_words(given, 3, 3, "path A B");
    command made{kind::map, "", nlohmann::json::object(), "", ""};
    made.tool = {"path", map_name, given.words[1], given.words[2]};
    pass_on(given, made.tool);
    return made;
}

command topology(const arguments& given) {
    constexpr const char* form = "topology svg FILE, or topology save FILE";
    // FILE at the end is one of --path's words, where the tool finds it.
    const bool file_is_last =
        given.words.size() == 2 && given.words[1] == "svg" && given.path.size() % 2 == 1;
    if (!file_is_last) {
        expect_words(given, 3, 3, form);
    }
    const std::string& verb = given.words[1];
    if (given.as_json) {
        throw wrong("topology writes a file; it takes no --json");
    }
    if (verb == "save") {
        allow(given, {});
        return {kind::save_map, "", nlohmann::json::object(), given.words[2], ""};
    }
    if (verb != "svg") {
        throw wrong(fmt::format("it is: rhumbctl {}", form));
    }
    allow(given,
          {"color", "algorithm", "metric", "avoid", "via", "fail", "path", "from", "backup"});
    command made{kind::map, "", nlohmann::json::object(), "", ""};
    made.tool = {"svg", map_name};
    made.tool.insert(made.tool.end(), given.words.begin() + 2, given.words.end());
    pass_on(given, made.tool);
    return made;
}

command controller_report(const arguments& given) {
    constexpr std::array<std::string_view, 5> kinds{"all", "link", "node", "srlg", "none"};
    allow(given, {"fail", "limit"});
    command made{kind::report, "show", {{"what", "report"}}, "", ""};
    if (!given.fail.empty()) {
        if (given.fail.size() > 1 || std::ranges::find(kinds, given.fail.front()) == kinds.end()) {
            throw wrong("--fail is all, link, node, srlg or none here");
        }
        made.params["fail"] = given.fail.front();
    }
    if (given.limit) {
        if (*given.limit > max_percent) {
            throw wrong(fmt::format("--limit takes a percentage here, 1 to {}", max_percent));
        }
        made.params["full"] = *given.limit;
    }
    return made;
}

command controller(const arguments& given) {
    constexpr const char* form = "controller report|reoptimise|revert";
    expect_words(given, 2, 2, form);
    const std::string& verb = given.words[1];
    if (verb == "report") {
        return controller_report(given);
    }
    if (verb == "reoptimise") {
        allow(given, {"target", "moves", "apply"});
        command made{kind::plan, "reoptimise", {{"apply", given.apply}}, "", ""};
        put_number("target", given.target, 0, max_percent, made.params);
        put_number("moves", given.moves, 1, max_moves, made.params);
        return made;
    }
    if (verb != "revert") {
        throw wrong(fmt::format("it is: rhumbctl {}", form));
    }
    allow(given, {});
    return call("revert", nlohmann::json::object(), "policies are as the router's file has them");
}

command bare(const arguments& given) {
    const std::string& method = given.words.front();
    allow(given, {});
    expect_words(given, 1, 1, method.c_str());
    if (method == "completion") {
        return {kind::completion, "", nlohmann::json::object(), "", ""};
    }
    return {kind::call, method, nlohmann::json::object(), "",
            method == "reload" ? "the configuration is read again" : "the router shuts down"};
}

struct entry {
    std::string_view name;
    command (*parse)(const arguments& given);
};
constexpr std::array<entry, 16> entries{{{"show", show},
                                         {"label", rule},
                                         {"prefix", rule},
                                         {"nexthop", rule},
                                         {"port", port},
                                         {"apply", apply},
                                         {"reload", bare},
                                         {"shutdown", bare},
                                         {"trace", trace},
                                         {"capture", capture},
                                         {"scion", scion},
                                         {"path", path},
                                         {"topology", topology},
                                         {"controller", controller},
                                         {"overlay", overlay_command},
                                         {"completion", bare}}};

}  // namespace

command parse_command(const arguments& given) {
    if (given.words.empty()) {
        throw wrong("a command is missing");
    }
    const auto* const found = std::ranges::find(entries, given.words.front(), &entry::name);
    if (found == entries.end()) {
        throw wrong(fmt::format("there is no command {}", given.words.front()));
    }
    return found->parse(given);
}

}  // namespace rhumb::ctl

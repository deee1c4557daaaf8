// The command line: options and words. Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rhumb::ctl {

struct arguments {
    std::optional<std::string> socket;
    std::optional<std::string> node;
    bool as_json = false;
    std::optional<std::chrono::milliseconds> watch;
    std::chrono::milliseconds timeout{30'000};  // 0: for ever
    std::optional<std::string> label;           // a number or a range
    std::optional<std::string> op;
    std::optional<std::string> algorithm;
    std::optional<std::string> explain;
    std::optional<std::string> prefix;
    std::optional<std::string> nexthop;
    std::optional<std::string> port;
    std::optional<std::uint64_t> limit;
    std::optional<std::uint64_t> count;
    std::optional<std::string> metric;
    std::optional<std::string> color;
    std::optional<std::string> from;
    std::vector<std::string> avoid;
    std::vector<std::string> via;
    std::vector<std::string> fail;
    std::vector<std::string> path;  // pairs of nodes
    std::optional<std::string> target;
    std::optional<std::string> moves;
    bool backup = false;
    bool apply = false;
    bool follow = false;
    std::optional<std::string> by;
    bool help = false;
    bool version = false;
    std::vector<std::string> words;  // what is no option
    std::set<std::string> given;     // long names of the options that were given
};

// `line`: without the program's name. Throws failure{usage}.
[[nodiscard]] arguments parse_arguments(std::vector<std::string> line);

// Of all commands, or of the one that the words begin.
[[nodiscard]] std::string help_text(const std::vector<std::string>& words = {});

}  // namespace rhumb::ctl

// A program of subcommands, as rhumb-path and rhumb-scion are: what of their main() is the same.
// Threads: one.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::ctl {

struct program {
    std::string_view name;
    std::string_view version;
    std::string_view before;  // in its usage: above the table of subcommands, and below
    std::string_view after;
    // Columns of the table.
    std::size_t name_width = 8;
    std::size_t arguments_width = 22;
};

template <class Subcommand>
[[nodiscard]] std::string usage_of(const program& what, std::span<const Subcommand> all) {
    std::string text(what.before);
    for (const Subcommand& one : all) {
        text += fmt::format("  {:<{}} {:<{}} {}\n", one.name, what.name_width, one.arguments,
                            what.arguments_width, one.summary);
    }
    return text + std::string(what.after);
}

// `call` runs a subcommand with the words behind its name.
template <class Subcommand, class Call>
exit_status run_subcommand(const program& what, std::span<const Subcommand> all,
                           const std::vector<std::string>& line, Call call) {
    if (line.empty()) {
        throw failure(exit_status::usage, "what is to be done?");
    }
    const std::string& word = line.front();
    if (word == "-h" || word == "--help") {
        std::cout << usage_of(what, all);
        return exit_status::done;
    }
    if (word == "--version") {
        std::cout << what.name << ' ' << what.version << '\n';
        return exit_status::done;
    }
    for (const Subcommand& one : all) {
        if (one.name == word) {
            return call(one, {line.begin() + 1, line.end()});
        }
    }
    throw failure(exit_status::usage, "unknown subcommand " + word);
}

// The status that the program ends with.
template <class Subcommand, class Call>
int main_of(const program& what, std::span<const Subcommand> all,
            const std::vector<std::string>& line, Call call) {
    try {
        const exit_status status = run_subcommand(what, all, line, call);
        std::cout.flush();
        if (!std::cout) {
            throw failure(exit_status::file, "cannot write to standard output");
        }
        return static_cast<int>(status);
    } catch (const failure& why) {
        std::cout.flush();
        fmt::print(stderr, "{}: {}\n{}", what.name, printable(why.what(), keep::lines),
                   why.status() == exit_status::usage
                       ? fmt::format("({} --help tells more)\n", what.name)
                       : "");
        return static_cast<int>(why.status());
    }
}

}  // namespace rhumb::ctl

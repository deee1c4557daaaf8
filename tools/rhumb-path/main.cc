// rhumb-path: a network from a topology file, without a daemon: shortest paths, segments, the
// labels at every hop, conflicts between SIDs, and a drawing.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <iostream>

#include "tools/rhumb-path/network.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::path_tool {
namespace {

// One line each.
constexpr std::array<subcommand, 8> subcommands{{
    {"show", "FILE [nodes|links|...]", "what the file says, and conflicts between SIDs", show},
    {"spf", "FILE NODE", "shortest paths from a node to all others", spf},
    {"path", "FILE FROM TO", "the best way, its segments, and the labels at every hop", path},
    {"walk", "FILE NODE SEGMENT...", "what becomes of a packet with a list of segments", walk},
    {"protection", "FILE NODE", "repairs of the node's links (TI-LFA)", protection},
    {"report", "FILE", "how full links are, also after failures", report},
    {"reoptimise", "FILE", "which policies should move so that they are less full", reoptimise},
    {"svg", "FILE OUT.svg", "the map as a drawing, with paths in colours", svg},
}};

std::string usage() {
    std::string text =
        "usage: rhumb-path SUBCOMMAND [OPTION...] ...\n"
        "\n"
        "A network from a topology file (docs/topology.md), without a daemon.\n"
        "\n";
    for (const subcommand& one : subcommands) {
        text += fmt::format("  {:<10} {:<23} {}\n", one.name, one.arguments, one.summary);
    }
    return text +
           "\n"
           "rhumb-path SUBCOMMAND --help tells the options. Start with\n"
           "  rhumb-path path configs/topology/lab5.toml r1 r5\n"
           "Exit status: 0 done, 1 no such path or the packet does not arrive, 2 wrong usage,\n"
           "4 a file is bad or cannot be read or written. See docs/rhumb-path.md.\n";
}

exit_status run(const words& line) {
    if (line.empty()) {
        throw failure(exit_status::usage, "what is to be done?");
    }
    const std::string& word = line.front();
    if (word == "-h" || word == "--help") {
        std::cout << usage();
        return exit_status::done;
    }
    if (word == "--version") {
        std::cout << "rhumb-path " RHUMB_VERSION "\n";
        return exit_status::done;
    }
    for (const subcommand& one : subcommands) {
        if (one.name == word) {
            return one.run({line.begin() + 1, line.end()}, load);
        }
    }
    throw failure(exit_status::usage, "unknown subcommand " + word);
}

int main_status(const words& line) {
    try {
        const exit_status status = run(line);
        std::cout.flush();
        if (!std::cout) {
            throw failure(exit_status::file, "cannot write to standard output");
        }
        return static_cast<int>(status);
    } catch (const failure& why) {
        std::cout.flush();
        fmt::print(stderr, "rhumb-path: {}\n{}", ctl::printable(why.what(), ctl::keep::lines),
                   why.status() == exit_status::usage ? "(rhumb-path --help tells more)\n" : "");
        return static_cast<int>(why.status());
    }
}

}  // namespace
}  // namespace rhumb::path_tool

int main(int argc, char** argv) {
    return rhumb::path_tool::main_status({argv + (argc > 0 ? 1 : 0), argv + argc});
}

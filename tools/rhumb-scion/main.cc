// rhumb-scion: SCION networks from a small description: keys, topologies, segments, paths, packets,
// and a packet's way through Rhumb's own border routers.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <iostream>

#include "tools/rhumb-scion/explain.hh"
#include "tools/rhumb-scion/subcommand.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::scion::tool {
namespace {

exit_status explain(const words& line) {
    std::vector<const char*> given;
    for (const std::string& word : line) {
        given.push_back(word.c_str());
    }
    return exit_status{scion_tool::explain_command(static_cast<int>(given.size()), given.data())};
}

// One line each.
constexpr std::array<subcommand, 6> subcommands{{
    {"make", "NETWORK.toml FOLDER", "keys, topology.json, br.toml and rhumbd.toml of every router",
     make},
    {"show", "NETWORK.toml", "ASes, links and segments", show},
    {"paths", "NETWORK.toml FROM TO", "all paths from one AS to another", list_paths},
    {"packet", "NETWORK.toml FROM TO", "a packet for a path, as hex or as a capture", packet},
    {"walk", "NETWORK.toml FROM TO", "what every router on the way does with it, and why", walk},
    {"explain", "[HEX...]", "a packet field by field, and whether its MACs are right", explain},
}};

std::string usage() {
    std::string text =
        "usage: rhumb-scion SUBCOMMAND [OPTION...] ...\n"
        "\n"
        "SCION networks from a small description, for learning and for tests.\n"
        "\n";
    for (const subcommand& one : subcommands) {
        text += fmt::format("  {:<7} {:<21} {}\n", one.name, one.arguments, one.summary);
    }
    return text +
           "\n"
           "rhumb-scion SUBCOMMAND --help tells the options. Start with\n"
           "  rhumb-scion walk configs/scion-network/network.toml 1-ff00:0:112 2-ff00:0:212\n"
           "Exit status: 0 done, 1 no such path or the packet did not arrive, 2 wrong usage,\n"
           "4 a file is bad or cannot be read or written. See docs/rhumb-scion.md.\n";
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
        std::cout << "rhumb-scion " RHUMB_VERSION "\n";
        return exit_status::done;
    }
    for (const subcommand& one : subcommands) {
        if (one.name == word) {
            return one.run({line.begin() + 1, line.end()});
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
        fmt::print(stderr, "rhumb-scion: {}\n{}", ctl::printable(why.what()),
                   why.status() == exit_status::usage ? "(rhumb-scion --help tells more)\n" : "");
        return static_cast<int>(why.status());
    }
}

}  // namespace
}  // namespace rhumb::scion::tool

int main(int argc, char** argv) {
    return rhumb::scion::tool::main_status({argv + (argc > 0 ? 1 : 0), argv + argc});
}

// rhumb-scion: SCION networks from a small description: keys, topologies, segments, paths, packets,
// and a packet's way through Rhumb's own border routers.
#include <array>
#include <span>

#include "tools/rhumb-scion/explain.hh"
#include "tools/rhumb-scion/subcommand.hh"
#include "tools/rhumbctl/subcommands.hh"

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

constexpr ctl::program itself{
    "rhumb-scion",
    RHUMB_VERSION,
    "usage: rhumb-scion SUBCOMMAND [OPTION...] ...\n"
    "\n"
    "SCION networks from a small description, for learning and for tests.\n"
    "\n",
    "\n"
    "rhumb-scion SUBCOMMAND --help tells the options. Start with\n"
    "  rhumb-scion walk configs/scion-network/network.toml 1-ff00:0:112 2-ff00:0:212\n"
    "Exit status: 0 done, 1 no such path or the packet did not arrive, 2 wrong usage,\n"
    "4 a file is bad or cannot be read or written. See docs/rhumb-scion.md.\n",
    7,
    21,
};

int main_status(const words& line) {
    return ctl::main_of(itself, std::span<const subcommand>(subcommands), line,
                        [](const subcommand& one, const words& rest) { return one.run(rest); });
}

}  // namespace
}  // namespace rhumb::scion::tool

int main(int argc, char** argv) {
    return rhumb::scion::tool::main_status({argv + (argc > 0 ? 1 : 0), argv + argc});
}

// rhumb-path: a network from a topology file, without a daemon: shortest paths, segments, the
// labels at every hop, conflicts between SIDs, and a drawing.
#include <array>
#include <span>

#include "tools/rhumb-path/network.hh"
#include "tools/rhumbctl/subcommands.hh"

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

constexpr ctl::program itself{
    "rhumb-path",
    RHUMB_VERSION,
    "usage: rhumb-path SUBCOMMAND [OPTION...] ...\n"
    "\n"
    "A network from a topology file (docs/topology.md), without a daemon.\n"
    "\n",
    "\n"
    "rhumb-path SUBCOMMAND --help tells the options. Start with\n"
    "  rhumb-path path configs/topology/lab5.toml r1 r5\n"
    "Exit status: 0 done, 1 no such path or the packet does not arrive, 2 wrong usage,\n"
    "4 a file is bad or cannot be read or written. See docs/rhumb-path.md.\n",
    10,
    23,
};

int main_status(const words& line) {
    return ctl::main_of(
        itself, std::span<const subcommand>(subcommands), line,
        [](const subcommand& one, const words& rest) { return one.run(rest, load); });
}

}  // namespace
}  // namespace rhumb::path_tool

int main(int argc, char** argv) {
    return rhumb::path_tool::main_status({argv + (argc > 0 ? 1 : 0), argv + argc});
}

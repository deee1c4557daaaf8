#include "tools/rhumbctl/arguments.hh"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <sstream>

#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/options.hh"
#include "tools/rhumbctl/text.hh"
#include "tools/rhumbctl/usage.hh"

namespace rhumb::ctl {
namespace {

namespace po = boost::program_options;

constexpr const char* usage =
    "usage: rhumbctl [OPTION...] COMMAND...\n"
    "\n"
    "Asks and changes a running rhumbd, or rhumb-overlay, over its control socket.\n"
    "\n"
    "  show version|ports|labels|prefixes|nexthops|counters|drops|config|workers|neighbours\n"
    "  show topology|links|spf|protection|policies|conflicts|utilisation\n"
    "                                     of a router with a map; spf: [--algorithm N]\n"
    "                                     protection: [--explain NODE]\n"
    "  label set LABEL KEY=VALUE...       op=continue|next|pop|push out= via=r2,r3*3 segments=\n"
    "                                     ttl=uniform|pipe tc=\n"
    "  label delete LABEL...\n"
    "  prefix set PREFIX KEY=VALUE...     via= segments= ttl= tc=\n"
    "  prefix delete PREFIX...\n"
    "  nexthop set NAME KEY=VALUE...      port= mac= vlan= mtu= ttl= backup=r3 backup.push=16002\n"
    "  nexthop delete NAME...\n"
    "  nexthop up|down NAME\n"
    "  port up|down NAME\n"
    "  apply FILE|-                       a TOML fragment, or a FILE.csv of labels; all or "
    "nothing\n"
    "  reload                             read the configuration again\n"
    "  shutdown\n"
    "  trace COUNT [--port P] [--label L] follow the next packets in words\n"
    "  capture PORT FILE|- [--count N]    write a port's packets as pcap, nanosecond stamps\n"
    "  scion show interfaces|paths|bfd|keys|drops\n"
    "                                     of a SCION border router; [--watch] [--limit N]\n"
    "  path A B [--color C] [--algorithm N] [--metric M] [--avoid WHAT]...\n"
    "           [--via NODE|PREFIX]... [--fail LINK]...\n"
    "                                     a way through the router's map, and labels at each hop;\n"
    "                                     --color, an SR policy, has its own constraints, and "
    "takes\n"
    "                                     no others (--algorithm, --metric, --avoid, --via)\n"
    "  topology svg FILE|- [--path A B] [--from NODE] [--color C] [--backup] [--fail LINK]...\n"
    "                                     draw the map\n"
    "  topology save FILE|-               the map as a topology file, for rhumb-path\n"
    "  controller report [--fail link|node|srlg|all|none] [--limit PERCENT]\n"
    "                                     demands against capacity, now and after failures\n"
    "  controller reoptimise [--target PERCENT] [--moves N] [--apply]\n"
    "                                     which policies should move; --apply: moves the router's "
    "own\n"
    "  controller revert                  take all moves back\n"
    "  overlay show self|feeds|peers|progress|state|broadcast|nodes|forks\n"
    "                                     of the replication service; [--watch] [--limit N]\n"
    "  overlay follow|unfollow FEED       replicate a feed, or no longer\n"
    "  overlay block|unblock PEER [--by FEED]\n"
    "                                     exchange nothing with a peer; --by: that feed alone\n"
    "  overlay connect ADDRESS            dial net:HOST:PORT~shs:KEY, now and after each start\n"
    "  overlay disconnect PEER            hang up, and dial no more\n"
    "  overlay publish JSON|-             append a message to this node's own feed\n"
    "  overlay new-feed                   publish, although the feed has not come back from peers\n"
    "  overlay read FEED [--from N] [--limit N] [--follow]\n"
    "                                     messages of a feed; --follow: also those that come\n"
    "  overlay broadcast TEXT             tell all nodes at once; nothing keeps it\n"
    "  overlay listen [--follow]          what was broadcast lately; --follow: and what comes\n"
    "  completion                         print the completion script for bash\n"
    "\n"
    "rhumbctl COMMAND --help: that command's lines and options alone.\n";

constexpr const char* epilogue =
    "\n"
    "Socket: -s, else -n, else $RHUMB_SOCKET, else the only one of /run/rhumb/*.sock,\n"
    "$XDG_RUNTIME_DIR/rhumb-*.sock and /tmp/rhumb-*.sock.\n"
    "Exit status: 0 done, 1 refused by the router, 2 wrong usage, 3 no connection to the router\n"
    "(or a broken one), 4 a file cannot be read or written. See docs/rhumbctl.md.\n";

// What stands in the variables of program_options before it is checked.
struct raw {
    double watch = 1;
    double timeout = 30;
    std::string limit;
    std::string count;
    std::string label;
    std::string algorithm;
    std::string explain;
    std::string metric;
    std::string color;
    std::string from;
    std::string target;
    std::string moves;
    std::string by;
    std::string op;
    std::string prefix;
    std::string nexthop;
    std::string port;
    std::string socket;
    std::string node;
};

po::options_description described(raw& into, arguments& lists) {
    po::options_description options("options");
    // clang-format off
    options.add_options()
        ("socket,s", po::value(&into.socket)->value_name("SOCKET"), "the router's control socket")
        ("node,n", po::value(&into.node)->value_name("NODE"), "the router's node.name")
        ("json", "show: an array, a row a line; trace: an object a line; else the result")
        ("watch,w", po::value(&into.watch)->value_name("[=SECONDS]"),
         "show again each second, with rates")
        ("timeout", po::value(&into.timeout)->value_name("SECONDS"),
         "give up when an answer takes longer (30; 0: never)")
        ("label", po::value(&into.label)->value_name("N|A-B"), "show, trace: this label, or range")
        ("algorithm", po::value(&into.algorithm)->value_name("N"),
         "show spf, path: a flexible algorithm (RFC 9350), 128 to 255")
        ("explain", po::value(&into.explain)->value_name("NODE"),
         "show protection: why packets for a node are repaired as they are")
        ("metric", po::value(&into.metric)->value_name("M"), "path: the least igp, te or delay")
        ("avoid", po::value(&lists.avoid)->value_name("WHAT"),
         "path: keep off a node, a prefix, NODE:LINK, srlg:N or an affinity; more than once")
        ("via", po::value(&lists.via)->value_name("NODE|PREFIX"),
         "path: through this node, or one that has the prefix; more than once, in that order")
        ("fail", po::value(&lists.fail)->value_name("NODE:LINK"),
         "path, topology svg: this link fails; controller report: which failures")
        ("color", po::value(&into.color)->value_name("C"),
         "path, topology svg: the SR policy of this color")
        ("path", po::value(&lists.path)->multitoken()->value_name("A B"),
         "topology svg: draw the path between two nodes")
        ("from", po::value(&into.from)->value_name("NODE"),
         "topology svg: draw all shortest paths from a node; overlay read: the first message")
        ("backup", po::bool_switch(&lists.backup),
         "topology svg: what follows when the first link of the path fails")
        ("target", po::value(&into.target)->value_name("PERCENT"),
         "controller reoptimise: enough once no link is fuller")
        ("moves", po::value(&into.moves)->value_name("N"), "controller reoptimise: at most")
        ("apply", po::bool_switch(&lists.apply), "controller reoptimise: do it")
        ("follow", po::bool_switch(&lists.follow), "overlay read, listen: go on with what comes")
        ("by", po::value(&into.by)->value_name("FEED"), "overlay block: who blocks; else this node")
        ("op", po::value(&into.op)->value_name("OP"), "show: labels with this operation")
        ("prefix", po::value(&into.prefix)->value_name("P"), "show: this prefix")
        ("nexthop", po::value(&into.nexthop)->value_name("NAME"),
         "show: this next hop, or the rules that use it")
        ("port", po::value(&into.port)->value_name("NAME"), "show, trace: this port")
        ("limit", po::value(&into.limit)->value_name("N"), "show: at most N rows; controller report: links are too full beyond N percent (100)")
        ("count", po::value(&into.count)->value_name("N"), "capture: stop after N packets")
        ("help,h", "this text")
        ("version", "rhumbctl's version; the router's: show version");
    // clang-format on
    return options;
}

std::chrono::milliseconds parse_seconds(const char* name, double seconds, double min, double max) {
    if (!(seconds >= min && seconds <= max)) {  // NaN as well
        throw failure(exit_status::usage, fmt::format("{} takes {} to {} seconds", name, min, max));
    }
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000.0));
}

std::uint64_t parse_count(const char* name, const std::string& text) {
    const auto number = parse_number(text, UINT32_MAX);
    if (!number || *number == 0) {
        throw failure(exit_status::usage, fmt::format("{} takes a number from 1 to {}, not {}",
                                                      name, UINT32_MAX, text));
    }
    return *number;
}

// The library would take the word after a lone --watch for its value.
void complete_watch(std::vector<std::string>& line) {
    for (std::string& word : line) {
        if (word == "--") {
            return;
        }
        if (word == "--watch" || word == "-w") {
            word = "--watch=1";
        }
    }
}

}  // namespace

arguments parse_arguments(std::vector<std::string> line) {
    complete_watch(line);
    raw read;
    arguments made;
    po::options_description options = described(read, made);
    options.add_options()("words", po::value(&made.words));
    const po::variables_map map = read_line(options, line);
    for (const auto& [name, value] : map) {
        if (!value.defaulted()) {
            made.given.insert(name);
        }
    }
    made.given.erase("words");
    const auto given = [&made](const char* name) { return made.given.contains(name); };
    const auto take = [&given](const char* name, std::string& from) {
        return given(name) ? std::optional(std::move(from)) : std::nullopt;
    };
    made.socket = take("socket", read.socket);
    made.node = take("node", read.node);
    made.label = take("label", read.label);
    made.op = take("op", read.op);
    made.algorithm = take("algorithm", read.algorithm);
    made.explain = take("explain", read.explain);
    made.metric = take("metric", read.metric);
    made.color = take("color", read.color);
    made.from = take("from", read.from);
    made.target = take("target", read.target);
    made.moves = take("moves", read.moves);
    made.by = take("by", read.by);
    made.prefix = take("prefix", read.prefix);
    made.nexthop = take("nexthop", read.nexthop);
    made.port = take("port", read.port);
    made.as_json = given("json");
    made.help = given("help");
    made.version = given("version");
    if (given("watch")) {
        made.watch = parse_seconds("--watch", read.watch, 0.1, 86400);
    }
    made.timeout = parse_seconds("--timeout", read.timeout, 0, 86400);
    if (given("limit")) {
        made.limit = parse_count("--limit", read.limit);
    }
    if (given("count")) {
        made.count = parse_count("--count", read.count);
    }
    if (made.socket && made.node) {
        throw failure(exit_status::usage, "-s and -n both say which router; give one");
    }
    if (made.node && (made.node->empty() || made.node->find('/') != std::string::npos)) {
        throw failure(exit_status::usage, "-n takes a node's name, and -s the path of a socket");
    }
    return made;
}

std::string help_text(const std::vector<std::string>& words) {
    raw unused;
    arguments no_lists;
    std::ostringstream text;
    const po::options_description all = described(unused, no_lists);
    const std::string of_one = usage_of_command(usage, words);
    if (of_one.empty()) {
        text << usage << '\n' << all << epilogue;
        return text.str();
    }
    po::options_description own("its options");
    po::options_description common("options of all commands");
    for (const auto& option : all.options()) {
        const std::string& name = option->long_name();
        if (std::ranges::count(options_of_command(words), name) != 0) {
            own.add(option);
        } else if (std::ranges::count(options_of_all(), name) != 0) {
            common.add(option);
        }
    }
    text << "usage: rhumbctl [OPTION...]\n" << of_one << '\n';
    if (!own.options().empty()) {
        text << own << '\n';
    }
    text << common;
    return text.str();
}

}  // namespace rhumb::ctl

#include "tools/rhumb-scion/explain.hh"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <boost/program_options.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <span>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "controlplane/scion/explain.hh"
#include "tools/rhumb-scion/explain_input.hh"
#include "tools/rhumb-scion/explain_json.hh"
#include "tools/rhumb-scion/explain_keys.hh"
#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/options.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::scion_tool {

namespace {

namespace po = boost::program_options;
namespace explain = scion::explain;
using ctl::exit_status;
using ctl::failure;
using ctl::parse_number;

constexpr const char* usage =
    "usage: rhumb-scion explain [OPTION...] [HEX...|FILE|-]\n"
    "\n"
    "Says what a SCION packet is, field by field: offset, name, value, and what it means; for "
    "each\n"
    "hop field whose AS has a key here, whether its MAC is right; and what the next router does.\n"
    "\n"
    "  HEX   the packet in hexadecimal digits; spaces and 0x do not matter\n"
    "  FILE  such text, or a dump of xxd, hexdump -C, tcpdump -x or Wireshark; a capture (pcap, "
    "not\n"
    "        pcapng) of Ethernet or raw IP; or the packet's bytes as they are\n"
    "  -     the same from standard input, as without any word\n"
    "\n"
    "It may begin with Ethernet, IPv4 or IPv6, the SCION header, or a STUN message.\n";

constexpr const char* epilogue =
    "\n"
    "KEY is base64, as in keys/master0.key, or 32 hexadecimal digits. TIME is in seconds since\n"
    "1970; a packet of a capture has its own. Options of keys may be given several times. A hop\n"
    "field does not tell its AS: the first is the source's and the last the destination's, --hops\n"
    "names others, and of those without a name, a key that fits tells.\n"
    "Exit status: 0 explained, 1 malformed (or, with --strict, something is wrong in it), 2 wrong\n"
    "usage, 4 a file cannot be read or written.\n"
    "\n"
    "  rhumb-scion explain --keys gen border.pcap --packet 3\n"
    "  rhumb-scion explain --key 1-ff00:0:110=V9SOOHqV4KdAL6utGnvEtA== --now 1767225660 "
    "0000beef...\n";

struct request {
    explain::options how;
    key_list keys;
    bool now_given = false;
    bool as_json = false;
    bool strict = false;
    bool help = false;
    bool colours = false;
    std::optional<std::uint64_t> packet;  // from 1; none: all
    std::vector<std::string> words;
};

struct raw {
    std::string from;
    std::string taken;
    std::string now;
    std::string packet;
    std::string hops;
    std::string colour = "auto";
    std::vector<std::string> master_keys;
    std::vector<std::string> hop_keys;
    std::vector<std::string> folders;
};

po::options_description described(raw& into) {
    po::options_description options("options");
    // clang-format off
    options.add_options()
        ("from", po::value(&into.from)->value_name("WHAT"),
         "it begins with: ethernet, ip, scion, stun")
        ("packet,p", po::value(&into.packet)->value_name("N|all"),
         "of a capture, the N-th packet (all)")
        ("key,k", po::value(&into.master_keys)->value_name("ISD-AS=KEY"), "an AS's master key")
        ("hop-key", po::value(&into.hop_keys)->value_name("ISD-AS=KEY"),
         "the key for hop fields that is derived from it")
        ("keys", po::value(&into.folders)->value_name("[ISD-AS=]FOLDER"),
         "with master0.key, or keys/ that has it; without ISD-AS, topology.json tells, of the "
         "folder or of each in it")
        ("hops", po::value(&into.hops)->value_name("ISD-AS,..."),
         "the ASes of the hop fields, or of the way; 0-0 is unknown")
        ("taken", po::value(&into.taken)->value_name("WHERE"),
         "the packet was taken outside or inside of an AS (as the MACs fit, else outside)")
        ("now", po::value(&into.now)->value_name("TIME"), "to say what has expired (the clock)")
        ("json", "an array, an object for each packet")
        ("strict", "exit status 1, too, if a checksum, a MAC or a hop field's time is wrong")
        ("color", po::value(&into.colour)->value_name("WHEN"), "auto, always, never")
        ("help,h", "this text");
    // clang-format on
    return options;
}

failure wrong_usage(const std::string& what) { return {exit_status::usage, what}; }

template <class T>
T chosen(const char* option, const std::string& word,
         std::initializer_list<std::pair<const char*, T>> from) {
    std::string names;
    for (const auto& [name, value] : from) {
        if (word == name) {
            return value;
        }
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    throw wrong_usage(fmt::format("{} takes one of {}, not {}", option, names, word));
}

// Seconds, perhaps with a fraction, to milliseconds.
std::uint64_t parse_time(const std::string& text) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    std::string fraction = dot < text.size() ? text.substr(dot + 1) : "0";
    fraction.resize(std::max<std::size_t>(3, fraction.size()), '0');
    const auto seconds = parse_number(text.substr(0, dot), UINT32_MAX);
    const auto rest = parse_number(fraction.substr(0, 3), 999);
    if (!seconds || !rest) {
        throw wrong_usage(fmt::format("--now takes seconds since 1970, not {}", text));
    }
    return *seconds * 1000 + *rest;
}

std::vector<scion::isd_as> parse_hops(const std::string& text) {
    std::vector<scion::isd_as> hops;
    std::istringstream from(text);
    for (std::string word; std::getline(from, word, ',');) {
        const auto as = scion::parse_isd_as(word);
        if (!as) {
            throw wrong_usage(fmt::format("--hops: {} is no ISD-AS such as 1-ff00:0:110", word));
        }
        hops.push_back(*as);
    }
    return hops;
}

void take_keys(const raw& given, key_list& keys) {
    const auto take = [&keys](const char* option, const std::vector<std::string>& all, auto add) {
        for (const std::string& one : all) {
            if (const result<void> added = add(keys, one); !added) {
                // A key itself stays untold.
                throw wrong_usage(fmt::format("{}: {}", option, added.why().text()));
            }
        }
    };
    take("--key", given.master_keys, add_master_key);
    take("--hop-key", given.hop_keys, add_hop_key);
    take("--keys", given.folders, add_key_folder);
}

std::uint64_t clock_ms() {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(
        duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

void interpret(const raw& given, const po::variables_map& map, request& made) {
    made.as_json = map.contains("json");
    made.strict = map.contains("strict");
    made.now_given = map.contains("now");
    made.how.now_ms = made.now_given ? parse_time(given.now) : clock_ms();
    if (map.contains("from")) {
        made.how.from = chosen<explain::start>("--from", given.from,
                                               {{"ethernet", explain::start::ethernet},
                                                {"ip", explain::start::ip},
                                                {"scion", explain::start::scion},
                                                {"stun", explain::start::stun}});
    }
    if (map.contains("taken")) {
        made.how.taken = chosen<explain::place>(
            "--taken", given.taken,
            {{"outside", explain::place::outside}, {"inside", explain::place::inside}});
    }
    if (map.contains("packet") && given.packet != "all") {
        made.packet = parse_number(given.packet, UINT32_MAX);
        if (!made.packet || *made.packet == 0) {
            throw wrong_usage(
                fmt::format("--packet takes a number from 1, or all, not {}", given.packet));
        }
    }
    const bool on_terminal = isatty(STDOUT_FILENO) != 0;
    made.colours = chosen<bool>("--color", given.colour,
                                {{"auto", on_terminal}, {"always", true}, {"never", false}});
    made.how.hops = parse_hops(given.hops);
    take_keys(given, made.keys);
}

request parse(const std::vector<std::string>& line) {
    raw given;
    request made;
    po::options_description options = described(given);
    options.add_options()("words", po::value(&made.words));
    const po::variables_map map = ctl::read_line(options, line);
    made.help = map.contains("help");
    if (!made.help) {
        interpret(given, map, made);
    }
    return made;
}

std::vector<byte> read_file(const std::string& path) {
    constexpr std::size_t most = std::size_t{1} << 30;
    std::ifstream file;
    errno = 0;
    if (path != "-") {
        file.open(path, std::ios::binary);
    }
    std::istream& from = path == "-" ? std::cin : file;
    std::vector<byte> bytes;
    std::string part(std::size_t{1} << 16, '\0');
    while (from && bytes.size() <= most) {
        from.read(part.data(), std::ssize(part));
        bytes.insert(bytes.end(), part.begin(), part.begin() + from.gcount());
    }
    if (!from.eof() || from.bad()) {
        throw failure(exit_status::file,
                      fmt::format("{}: cannot read: {}", path,
                                  bytes.size() > most ? "it is too long"
                                                      : std::generic_category().message(errno)));
    }
    return bytes;
}

// Digits on the command line; a word that is none is a file.
std::vector<input_packet> take_input(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += word + ' ';
    }
    if (!words.empty() && words[0] != "-") {
        auto bytes = parse_dump(text);
        if (bytes) {
            std::vector<input_packet> packets(1);
            packets[0].bytes = std::move(*bytes);
            return packets;
        }
        if (words.size() > 1) {
            throw wrong_usage("it takes hexadecimal digits, or one file");
        }
    }
    const std::string path = words.empty() ? "-" : words[0];
    auto packets = read_input(read_file(path));
    if (!packets) {
        error why = packets.why();
        why.where.file = path == "-" ? "standard input" : path;
        throw failure(exit_status::file, why.text());
    }
    return std::move(packets).value();
}

explain::listing explain_one(const request& what, const input_packet& packet) {
    explain::options how = what.how;
    how.keys = what.keys;
    how.from = how.from == explain::start::automatic ? packet.from : how.from;
    if (!what.now_given && packet.taken_ms) {
        how.now_ms = *packet.taken_ms;
    }
    explain::listing made = explain::read(packet.bytes, how);
    if (packet.wire_bytes > packet.bytes.size()) {
        made.faults.push_back(
            {packet.bytes.size(), fmt::format("the capture has kept {} of the packet's {} bytes",
                                              packet.bytes.size(), packet.wire_bytes)});
    }
    return made;
}

int run(const std::vector<std::string>& line) {
    const request what = parse(line);
    if (what.help) {
        raw unused;
        std::cout << usage << '\n' << described(unused) << epilogue;
        return 0;
    }
    const std::vector<input_packet> packets = take_input(what.words);
    if (what.packet && *what.packet > packets.size()) {
        throw wrong_usage(
            fmt::format("there is no packet {}: there are {}", *what.packet, packets.size()));
    }
    bool is_bad = false;
    nlohmann::json all = nlohmann::json::array();
    for (std::size_t n = 0; n < packets.size(); ++n) {
        if (what.packet && *what.packet != n + 1) {
            continue;
        }
        const explain::listing made = explain_one(what, packets[n]);
        is_bad = is_bad || !made.faults.empty() || (what.strict && made.has_wrong());
        if (what.as_json) {
            all.push_back(to_json(made));
            all.back()["packet"] = n + 1;
            continue;
        }
        if (packets.size() > 1) {
            std::cout << fmt::format("packet {}, {} bytes\n", n + 1, made.bytes);
        }
        std::cout << explain::to_text(made, what.colours);
    }
    if (what.as_json) {
        std::cout << all.dump(-1, ' ', true) << '\n';
    }
    return is_bad ? 1 : 0;
}

}  // namespace

int explain_command(int count, const char* const* words) {
    try {
        const int status = run({words, words + count});
        std::cout.flush();
        if (!std::cout) {
            throw failure(exit_status::file, "cannot write to standard output");
        }
        return status;
    } catch (const failure& why) {
        std::cout.flush();
        fmt::print(
            stderr, "rhumb-scion explain: {}\n{}", ctl::printable(why.what()),
            why.status() == exit_status::usage ? "(rhumb-scion explain --help tells more)\n" : "");
        return static_cast<int>(why.status());
    }
}

}  // namespace rhumb::scion_tool

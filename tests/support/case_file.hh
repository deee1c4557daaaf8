// Cases: what comes in on a port, and what must become of it, as text that reads without
// explanation. One file is one configuration and any number of cases; tests/unit/cases_test.cc runs
// them through the pipeline, tests/vdev replays them through the daemon. Threads: any.
//
//   # A comment: what the file is about.
//   config                                    the configuration: TOML, indented
//       [node]
//       name = "r1"
//       ...
//   let to-us = eth 02:00:00:00:09:01 > 02:00:00:00:01:01          names for parts of packets
//   let flow = ipv4 10.0.0.1 > 10.2.0.1 | udp 1000 > 2000 | data 8
//
//   case CONTINUE swaps the label and takes one off the TTL
//       in west $to-us | mpls 16002 ttl 64 | $flow
//       out east $to-r2 | mpls 16002 ttl 63 | $flow
//   case a label without an entry is dropped
//       in west $to-us | mpls 16999 | $flow
//       drop unknown_label
//
// A SCION border router (docs/configuration.md, [scion]) has more files: `file NAME` and indented
// lines, beside the configuration; `key NAME = HEX` names the 16 bytes that hop fields get their
// MACs by. Times count from when the file is read.
//
// Packets: see packet_text.hh; a line that starts with `|` continues the one before. Each `in` is
// followed by its fate: `out PORT PACKET`, `drop REASON`, `punt REASON`, or `answer REASON PORT
// PACKET`: the slow path sends something back. Before an `in` may stand
// `link PORT down|up` and `nexthop NAME down|up`, which hold to the end of the case (each case
// starts with everything up), `headroom N`: free bytes in front of each frame (128), and
// `without-daemon WHY`: the daemon cannot be given this case.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rhumb/packet/drop_reason.hh"
#include "rhumb/result.hh"
#include "tests/support/packet_text.hh"

namespace rhumb::test {

// `link` and `nexthop` lines.
struct state_change {
    bool is_port = false;
    std::string name;
    bool up = false;
    std::uint32_t line = 0;
};

enum class fate : std::uint8_t { out, drop, punt, answer };

// One packet in, and its fate.
struct exchange {
    std::vector<state_change> before;
    std::uint32_t line = 0;
    std::string in_port;
    packet_bytes in;
    fate want = fate::out;
    std::string out_port;                    // out, answer
    packet_bytes out;                        // out, answer
    drop_reason reason = drop_reason::none;  // drop, punt, answer
};

struct test_case {
    std::string name;
    std::uint32_t line = 0;
    std::uint16_t headroom = 128;
    std::string without_daemon;  // why, or empty
    std::vector<exchange> exchanges;

    // The name with nothing but letters, digits and _: for test runners and file names.
    [[nodiscard]] std::string slug() const;
};

struct case_file {
    std::string path;
    std::string config;  // starts with empty lines, so that its line numbers are the file's
    std::map<std::string, std::string> files;  // beside the configuration, by name
    std::uint64_t now = 0;                     // seconds since 1970 when it was read
    std::vector<test_case> cases;
};

// Errors name file, line and column.
[[nodiscard]] std::uint64_t seconds_since_1970();
[[nodiscard]] result<case_file> load_case_file(const std::string& path,
                                               std::uint64_t now = seconds_since_1970());
[[nodiscard]] result<case_file> parse_case_file(std::string_view text, const std::string& path,
                                                std::uint64_t now = seconds_since_1970());

}  // namespace rhumb::test

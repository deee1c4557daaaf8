// rhumbctl: from arguments to requests, from answers to text and pcap, and its manners towards a
// router that is slow, broken or hostile (a fake one, on a socket in a temporary folder).
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tools/rhumbctl/arguments.hh"
#include "tools/rhumbctl/client.hh"
#include "tools/rhumbctl/command.hh"
#include "tools/rhumbctl/completion.hh"
#include "tools/rhumbctl/connection.hh"
#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/frame.hh"
#include "tools/rhumbctl/pcap.hh"
#include "tools/rhumbctl/show.hh"
#include "tools/rhumbctl/table.hh"
#include "tools/rhumbctl/text.hh"
#include "tools/rhumbctl/view.hh"
#include "tools/rhumbctl/watching.hh"

namespace rhumb::ctl {
namespace {

using namespace std::chrono_literals;

// What `act` throws: "2 message", or "nothing".
std::string thrown(const std::function<void()>& act) {
    try {
        act();
    } catch (const failure& why) {
        return std::to_string(static_cast<int>(why.status())) + " " + why.what();
    }
    return "nothing";
}

command parsed(std::vector<std::string> line) { return parse_command(parse_arguments(line)); }

std::string usage_error(std::vector<std::string> line) {
    return thrown([&line] { (void)parsed(line); });
}

std::string toml_of(std::vector<std::string> line) {
    const command made = parsed(std::move(line));
    EXPECT_EQ(made.method, "apply");
    return made.params.at("toml").get<std::string>();
}

std::string file_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Arguments.

TEST(rhumbctl_arguments, options_stand_anywhere) {
    const arguments a =
        parse_arguments({"show", "--json", "labels", "-s", "/x.sock", "--label=16"});
    EXPECT_EQ(a.words, (std::vector<std::string>{"show", "labels"}));
    EXPECT_EQ(a.socket, "/x.sock");
    EXPECT_EQ(a.label, "16");
    EXPECT_TRUE(a.as_json);
    EXPECT_FALSE(a.watch);
    EXPECT_EQ(a.timeout, 30s);
}

TEST(rhumbctl_arguments, watch_has_an_optional_value) {
    EXPECT_EQ(parse_arguments({"--watch", "show", "ports"}).watch, 1s);
    EXPECT_EQ(parse_arguments({"-w", "show", "ports"}).words.size(), 2U);
    EXPECT_EQ(parse_arguments({"--watch=0.5", "show", "ports"}).watch, 500ms);
    EXPECT_EQ(usage_error({"--watch=0", "show", "ports"}).substr(0, 9), "2 --watch");
    EXPECT_EQ(usage_error({"--watch=nan", "show", "ports"}).front(), '2');
}

TEST(rhumbctl_arguments, wrong_ones) {
    EXPECT_EQ(usage_error({}), "2 a command is missing");
    EXPECT_EQ(usage_error({"--jso", "show", "ports"}).front(), '2');
    EXPECT_EQ(usage_error({"-s", "x", "-n", "r1", "reload"}).front(), '2');
    EXPECT_EQ(usage_error({"-n", "../r1", "reload"}).front(), '2');
    EXPECT_EQ(usage_error({"show", "labels", "--limit", "-1"}).front(), '2');
    EXPECT_EQ(usage_error({"show", "labels", "--limit", "0"}).front(), '2');
    EXPECT_EQ(usage_error({"--timeout=1e99", "reload"}).front(), '2');
    EXPECT_EQ(usage_error({"fly"}), "2 there is no command fly");
    EXPECT_EQ(usage_error({"show"}).front(), '2');
    EXPECT_EQ(usage_error({"show", "everything"}).front(), '2');
    EXPECT_EQ(usage_error({"reload", "now"}), "2 it is: rhumbctl reload");
    EXPECT_EQ(usage_error({"reload", "--port", "a"}), "2 reload takes no --port");
    EXPECT_EQ(usage_error({"port", "sideways", "west"}).front(), '2');
    EXPECT_EQ(usage_error({"port", "up"}).front(), '2');
    EXPECT_EQ(usage_error({"nexthop", "up"}).front(), '2');
    EXPECT_EQ(usage_error({"label"}).front(), '2');
    EXPECT_EQ(usage_error({"label", "set", "16"}).front(), '2');
    EXPECT_EQ(usage_error({"label", "up", "16"}).front(), '2');
    EXPECT_EQ(usage_error({"trace", "0"}).front(), '2');
    EXPECT_EQ(usage_error({"trace", "10001"}).front(), '2');
    EXPECT_EQ(usage_error({"trace", "5", "--label", "16-17"}).front(), '2');
    EXPECT_EQ(usage_error({"capture", "west"}).front(), '2');
    EXPECT_EQ(usage_error({"capture", "west", "x", "--count", "0"}).front(), '2');
    EXPECT_EQ(usage_error({"--json", "capture", "west", "x"}).front(), '2');
    EXPECT_EQ(usage_error({"apply"}).front(), '2');
}

TEST(rhumbctl_arguments, help_names_every_command_and_status) {
    const std::string help = help_text();
    for (const char* word :
         {"show", "label set", "prefix delete", "nexthop up|down", "port up|down", "apply",
          "reload", "shutdown", "trace", "capture", "completion", "--watch", "Exit status"}) {
        EXPECT_NE(help.find(word), std::string::npos) << word;
    }
    EXPECT_NE(completion_script.find("complete -F _rhumbctl rhumbctl"), std::string_view::npos);
}

// Requests.

TEST(rhumbctl_command, show_with_filters) {
    const command all = parsed({"show", "ports"});
    EXPECT_EQ(all.what, command::kind::show);
    EXPECT_EQ(all.params, json({{"what", "ports"}}));
    const command some = parsed({"show", "labels", "--label", "16000-16010", "--op", "pop",
                                 "--nexthop", "r2", "--port", "p", "--prefix", "10.0.0.0/8"});
    EXPECT_EQ(some.params, json({{"what", "labels"},
                                 {"label", "16000-16010"},
                                 {"op", "pop"},
                                 {"nexthop", "r2"},
                                 {"port", "p"},
                                 {"prefix", "10.0.0.0/8"}}));
    EXPECT_EQ(parsed({"show", "labels", "--label", "016"}).params.at("label"), 16);
    for (const char* bad : {"x", "", "-1", "1-", "-", "5-4", "1048576", "1-2-3", "0x10", "1 "}) {
        EXPECT_EQ(usage_error({"show", "labels", std::string("--label=") + bad}).front(), '2')
            << bad;
    }
}

TEST(rhumbctl_command, states_and_bare_commands) {
    const command down = parsed({"port", "down", "west"});
    EXPECT_EQ(down.method, "port");
    EXPECT_EQ(down.params, json({{"name", "west"}, {"up", false}}));
    EXPECT_EQ(down.done, "port west is set down");
    const command up = parsed({"nexthop", "up", "r2"});
    EXPECT_EQ(up.method, "nexthop");
    EXPECT_EQ(up.params, json({{"name", "r2"}, {"up", true}}));
    EXPECT_EQ(parsed({"reload"}).method, "reload");
    EXPECT_EQ(parsed({"reload"}).params, json::object());
    EXPECT_EQ(parsed({"shutdown"}).method, "shutdown");
    EXPECT_EQ(parsed({"completion"}).what, command::kind::completion);
    EXPECT_EQ(parsed({"apply", "-"}).what, command::kind::apply);
    EXPECT_EQ(parsed({"apply", "x.toml"}).file, "x.toml");
}

TEST(rhumbctl_command, trace_and_capture) {
    EXPECT_EQ(parsed({"trace", "5"}).params, json({{"count", 5}}));
    EXPECT_EQ(parsed({"trace", "5", "--port", "w", "--label", "16002"}).params,
              json({{"count", 5}, {"port", "w"}, {"label", 16002}}));
    const command capture = parsed({"capture", "west", "-", "--count", "9"});
    EXPECT_EQ(capture.params, json({{"port", "west"}, {"count", 9}}));
    EXPECT_EQ(capture.file, "-");
    EXPECT_EQ(parsed({"capture", "west", "f"}).params, json({{"port", "west"}}));
}

TEST(rhumbctl_command, label_settings_become_toml) {
    EXPECT_EQ(toml_of({"label", "set", "16002", "op=continue", "out=16002", "via=r2"}),
              "[[labels]]\nlabel = 16002\nop = \"continue\"\nout = 16002\nvia = [\"r2\"]\n");
    EXPECT_EQ(toml_of({"label", "set", "15100", "op=push", "segments=16003,016002", "ttl=pipe",
                       "tc=5", "via=r2*3,r3>17002*2,r4>18"}),
              "[[labels]]\nlabel = 15100\nop = \"push\"\nsegments = [16003, 16002]\ntc = 5\n"
              "ttl = \"pipe\"\nvia = [{ nexthop = \"r2\", weight = 3 }, "
              "{ nexthop = \"r3\", weight = 2, out = 17002 }, { nexthop = \"r4\", out = 18 }]\n");
    EXPECT_EQ(toml_of({"label", "delete", "16002", "16003"}),
              "[remove]\nlabels = [16002, 16003]\n");
    EXPECT_EQ(parsed({"label", "delete", "16002", "16003"}).done, "2 labels are gone");
}

TEST(rhumbctl_command, prefix_settings_become_toml) {
    EXPECT_EQ(toml_of({"prefix", "set", "10.2.0.0/16", "segments=16002", "via=r2"}),
              "[[prefixes]]\nmatch = \"10.2.0.0/16\"\nsegments = [16002]\nvia = [\"r2\"]\n");
    EXPECT_EQ(toml_of({"prefix", "delete", "::/0"}), "[remove]\nprefixes = [\"::/0\"]\n");
}

TEST(rhumbctl_command, nexthop_settings_become_toml) {
    EXPECT_EQ(toml_of({"nexthop", "set", "r2", "port=east", "mac=02:00:00:00:02:01", "vlan=5",
                       "mtu=9000", "ttl=pipe", "backup.push=16002,16003", "backup=r3"}),
              "[nexthops.\"r2\"]\nbackup = { nexthop = \"r3\", push = [16002, 16003] }\n"
              "mac = \"02:00:00:00:02:01\"\nmtu = 9000\nport = \"east\"\nttl = \"pipe\"\n"
              "vlan = 5\n");
    EXPECT_EQ(toml_of({"nexthop", "set", "r2", "backup=r3"}),
              "[nexthops.\"r2\"]\nbackup = { nexthop = \"r3\" }\n");
    EXPECT_EQ(toml_of({"nexthop", "set", "r2", "backup=r3", "backup.push="}),
              "[nexthops.\"r2\"]\nbackup = { nexthop = \"r3\", push = [] }\n");
    EXPECT_EQ(toml_of({"nexthop", "delete", "r2", "r3"}),
              "[remove]\nnexthops = [\"r2\", \"r3\"]\n");
}

TEST(rhumbctl_command, nothing_breaks_out_of_a_toml_string) {
    EXPECT_EQ(toml_of({"prefix", "set", "\"]\n[node]\nx=\"\\", "via=a\"b\\,c\td"}),
              "[[prefixes]]\nmatch = \"\\\"]\\u000a[node]\\u000ax=\\\"\\\\\"\n"
              "via = [\"a\\\"b\\\\\", \"c\\u0009d\"]\n");
    EXPECT_EQ(toml_of({"nexthop", "set", "a.b\"]", "port=\x7f"}),
              "[nexthops.\"a.b\\\"]\"]\nport = \"\\u007f\"\n");
    for (const char* bad :
         {"out=1\ntc=2", "out=1 ", "out=-1", "out=", "out=99999999999999999999", "segments=1,,2",
          "segments=1,2,", "tc=0x1", "speed=1", "op", "=", "", "backup=r3"}) {
        EXPECT_EQ(usage_error({"label", "set", "16", bad}).front(), '2') << bad;
    }
    EXPECT_EQ(usage_error({"label", "set", "16", "tc=1", "tc=1"}), "2 tc is given twice");
    EXPECT_EQ(usage_error({"label", "set", "16]", "tc=1"}).front(), '2');
    EXPECT_EQ(usage_error({"label", "delete", "16,17"}).front(), '2');
    EXPECT_EQ(usage_error({"nexthop", "set", "r2", "backup.push=5"}).front(), '2');
}

TEST(rhumbctl_command, names_may_hold_the_marks_of_via) {
    EXPECT_EQ(toml_of({"prefix", "set", "::/0", "via=r>x*y,r*2*3,a>b>4"}),
              "[[prefixes]]\nmatch = \"::/0\"\nvia = [\"r>x*y\", "
              "{ nexthop = \"r*2\", weight = 3 }, { nexthop = \"a>b\", out = 4 }]\n");
}

TEST(rhumbctl_command, request_lines) {
    EXPECT_EQ(request_line(7, "port", {{"name", "a\nb"}, {"up", true}}),
              R"({"id":7,"method":"port","params":{"name":"a\nb","up":true}})");
    EXPECT_EQ(thrown([] { (void)request_line(1, "x", {{"name", "\xff"}}); }),
              "2 the request holds bytes that are not UTF-8");
    const std::string big(max_line_bytes, 'x');
    EXPECT_EQ(thrown([&big] { (void)request_line(1, "apply", {{"toml", big}}); }).substr(0, 13),
              "2 the request");
}

// Text.

TEST(rhumbctl_text, printable) {
    EXPECT_EQ(printable("r1 \xc3\xa9 \xe2\x86\x92 \xf0\x9f\x98\x80"),
              "r1 \xc3\xa9 \xe2\x86\x92 \xf0\x9f\x98\x80");
    EXPECT_EQ(printable("a\x1b[31m\n\r\x7f"), "a\\u001b[31m\\u000a\\u000d\\u007f");
    EXPECT_EQ(printable("a\n\tb\r", keep::lines), "a\n\tb\\u000d");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\\u009b31m");                                             // C1: CSI
    EXPECT_EQ(printable("\xe2\x80\xae\xef\xbb\xbf"), "\\u202e\\ufeff");  // turned text, BOM
    EXPECT_EQ(printable("\xf3\xa0\x80\x81"), "\\U000e0001");             // tag
    EXPECT_EQ(printable("\xff\xc0\x80"), "\\xff\\xc0\\x80");             // no UTF-8, overlong
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");             // surrogate
    EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");                      // cut
    EXPECT_EQ(printable(std::string_view("\0", 1)), "\\u0000");
}

TEST(rhumbctl_text, numbers) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1,000");
    EXPECT_EQ(grouped(UINT64_MAX), "18,446,744,073,709,551,615");
    EXPECT_EQ(parse_number("0042", 42), 42U);
    EXPECT_FALSE(parse_number("43", 42));
    EXPECT_FALSE(parse_number("+4", 42));
    EXPECT_FALSE(parse_number("", 42));
}

TEST(rhumbctl_table, aligns_and_grows_by_page) {
    text_table table({{"NAME"}, {"N", true}, {"LAST"}});
    EXPECT_EQ(table.render({{"a", "10", "x"}, {"\xc3\xa9t\xc3\xa9", "9", "-"}}),
              "NAME   N  LAST\n"
              "a     10  x\n"
              "\xc3\xa9t\xc3\xa9    9  -\n");
    EXPECT_EQ(table.render({{"longer", "1", "x"}}), "longer   1  x\n");
    EXPECT_EQ(table.render({{"a", "1", "x"}}), "a        1  x\n");
}

TEST(rhumbctl_table, no_rows_show_the_headers) {
    text_table table({{"NAME"}, {"N", true}});
    EXPECT_EQ(table.render({}), "NAME  N\n");
    EXPECT_EQ(table.render({}), "");
}

// Cells.

std::string cell_of(const char* what, std::string_view header, const json& row) {
    for (const field& f : view_of(what)->fields) {
        if (f.header == header) {
            return cell(row, f);
        }
    }
    return "no such column";
}

TEST(rhumbctl_view, cells) {
    const json label{
        {"label", 16002},
        {"via",
         {{{"nexthop", "r2"}, {"weight", 3}}, {{"nexthop", "r3"}, {"weight", 1}, {"out", 17}}}},
        {"segments", {16003, 16002}},
        {"packets", 1234567}};
    EXPECT_EQ(cell_of("labels", "LABEL", label), "16002");
    EXPECT_EQ(cell_of("labels", "VIA", label), "r2*3,r3>17");
    EXPECT_EQ(cell_of("labels", "SEGMENTS", label), "16003,16002");
    EXPECT_EQ(cell_of("labels", "PACKETS", label), "1,234,567");
    EXPECT_EQ(cell_of("labels", "OUT", label), "-");
    EXPECT_EQ(cell_of("ports", "STATE", {{"up", true}, {"meant_up", true}}), "up");
    EXPECT_EQ(cell_of("ports", "STATE", {{"up", false}, {"meant_up", true}}), "down");
    EXPECT_EQ(cell_of("ports", "STATE", {{"up", false}, {"meant_up", false}}), "admin-down");
    EXPECT_EQ(cell_of("ports", "ERRORS", {{"rx_errors", 2}, {"tx_errors", 3}}), "5");
    EXPECT_EQ(cell_of("ports", "ERRORS", json::object()), "-");
    EXPECT_EQ(cell_of("nexthops", "BACKUP", {{"backup", {{"nexthop", "r3"}, {"push", {16002}}}}}),
              "r3 (push 16002)");
    EXPECT_EQ(
        cell_of("nexthops", "BACKUP", {{"backup", {{"nexthop", "r3"}, {"push", json::array()}}}}),
        "r3");
    EXPECT_EQ(cell_of("workers", "INTERRUPTS", {{"interrupts", true}}), "yes");
}

TEST(rhumbctl_view, any_value_makes_a_safe_cell) {
    const std::vector<json> values{nullptr,
                                   true,
                                   -1,
                                   1.5,
                                   "",
                                   "\x1b[2J",
                                   json::array(),
                                   json::array({nullptr, json::object()}),
                                   json::array({json::array({"\x07"})}),
                                   json::object(),
                                   json{{"\x1b", "\x9b"}}};
    for (const std::string_view name : view_names()) {
        for (const field& f : view_of(name)->fields) {
            for (const json& value : values) {
                // The library refuses to write what is no UTF-8; parsing never lets it in.
                if (value.is_object() && value.contains("\x1b")) {
                    continue;
                }
                const std::string text = cell({{std::string(f.key), value}}, f);
                EXPECT_FALSE(text.empty());
                EXPECT_EQ(text.find_first_of("\x1b\x07\n"), std::string::npos) << text;
            }
        }
    }
    EXPECT_EQ(cell_of("labels", "LABEL", json::array()), "-");
    EXPECT_EQ(upright({{"\x1b", "\x1b"}, {"pid", 1234}}), "\\u001b  \\u001b\npid     1234\n");
}

TEST(rhumbctl_view, rates) {
    rates r;
    const rates::clock::time_point start{100s};
    r.start(start);
    EXPECT_EQ(r.of("a", 100), "-");
    EXPECT_EQ(r.of("b", 100), "-");
    r.start(start + 2s);
    EXPECT_EQ(r.of("a", 5100), "2,500");
    EXPECT_EQ(r.of("b", 50), "-");  // started anew
    EXPECT_EQ(r.of("c", 1), "-");
    r.start(start + 4s);
    EXPECT_EQ(r.of("a", 5100), "0");
    EXPECT_EQ(r.of("b", 51), "0.5");
}

// Frames.

frame_bytes bytes_of(std::string_view hex) {
    std::string digits;
    std::ranges::copy_if(hex, std::back_inserter(digits), [](char c) { return c != ' '; });
    const auto bytes = parse_hex(digits);
    EXPECT_TRUE(bytes);
    return bytes.value_or(frame_bytes{});
}

std::string summary(std::string_view hex, std::size_t more = 0) {
    const frame_bytes bytes = bytes_of(hex);
    return frame_summary(bytes, bytes.size() + more);
}

constexpr const char* eth = "020000000101 020000000901 ";
constexpr const char* eth_text = "eth 02:00:00:00:09:01 > 02:00:00:00:01:01";
constexpr const char* udp4 =
    "45000024 00000000 40110000 0a000001 0a020001 03e807d0 00100000 "
    "0001020304050607";

TEST(rhumbctl_frame, whole_frames) {
    EXPECT_EQ(summary(std::string(eth) + "8847 03e82140" + udp4),
              std::string(eth_text) +
                  " | mpls 16002 ttl 64 | ipv4 10.0.0.1 > 10.2.0.1 ttl 64"
                  " | udp 1000 > 2000 | data 8");
    EXPECT_EQ(summary(std::string(eth) + "8100 6005 8847 03e82a40 00007000 16a1f100" + udp4),
              std::string(eth_text) +
                  " | vlan 5 | mpls 16002 tc 5 ttl 64 | mpls 7 ttl 0"
                  " | mpls 92703 ttl 0 | ipv4 10.0.0.1 > 10.2.0.1 ttl 64"
                  " | udp 1000 > 2000 | data 8");
    EXPECT_EQ(summary(std::string(eth) + "86dd 60000000 00083a07 20010db8000000000000000000000001 "
                                         "20010db8000000000000000000000002 8000 0000 00010001"),
              std::string(eth_text) +
                  " | ipv6 2001:db8::1 > 2001:db8::2 hop-limit 7"
                  " | icmpv6 type 128 code 0 | data 4");
    EXPECT_EQ(summary(std::string(eth) + "0806 0001080006040001"),
              std::string(eth_text) + " | arp request");
    EXPECT_EQ(summary(std::string(eth) + "88cc 0102"),
              std::string(eth_text) + " | type 0x88cc | data 2");
    EXPECT_EQ(summary(std::string(eth) + "0800" + udp4, 100),
              std::string(eth_text) +
                  " | ipv4 10.0.0.1 > 10.2.0.1 ttl 64 | udp 1000 > 2000"
                  " | data 108");
}

TEST(rhumbctl_frame, odd_frames) {
    const std::string e(eth);
    const std::string t(eth_text);
    EXPECT_EQ(summary(""), "eth cut after 0 of 14 bytes");
    EXPECT_EQ(summary(e), "eth cut after 12 of 14 bytes");
    EXPECT_EQ(summary(e + "8847"), t + " | mpls cut after 0 of 4 bytes");
    EXPECT_EQ(summary(e + "8847 03e82040 03"),
              t + " | mpls 16002 ttl 64 | mpls cut after 1 of 4 bytes");
    EXPECT_EQ(summary(e + "8847 03e82140"), t + " | mpls 16002 ttl 64");
    EXPECT_EQ(summary(e + "8847 03e82140 45"),
              t + " | mpls 16002 ttl 64 | ipv4 cut after 1 of 20 bytes");
    EXPECT_EQ(summary(e + "8847 03e82140 00ff"), t + " | mpls 16002 ttl 64 | data 2");
    EXPECT_EQ(summary(e + "0800 41000024 00000000 40110000 0a000001 0a020001 00"),
              t + " | ipv4 10.0.0.1 > 10.2.0.1 ttl 64 (version 4, header of 4 bytes) | data 1");
    EXPECT_EQ(summary(e + "0800 4f000024 00000000 40110000 0a000001 0a020001 00"),
              t + " | ipv4 10.0.0.1 > 10.2.0.1 ttl 64 | ipv4 options cut after 1 of 40 bytes");
    EXPECT_EQ(summary(e + "0800 45000024 00000001 40110000 0a000001 0a020001 00"),
              t + " | ipv4 10.0.0.1 > 10.2.0.1 ttl 64 offset 8 | data 1");
    EXPECT_EQ(summary(e + "0800 45000024 00000000 40060000 0a000001 0a020001 00500051 00"),
              t + " | ipv4 10.0.0.1 > 10.2.0.1 ttl 64 | tcp 80 > 81"
                  " | tcp cut after 5 of 20 bytes");
    EXPECT_EQ(summary(e + "8100 0005"), t + " | vlan cut after 2 of 4 bytes");
}

// Every cut of frames, each in memory of its own size for the sanitizer to guard.
TEST(rhumbctl_frame, any_cut_of_any_bytes) {
    std::vector<frame_bytes> frames{
        bytes_of(std::string(eth) + "8100 0005 8847 03e82040 03e82140" + udp4)};
    std::uint32_t random = 1;
    for (int n = 0; n < 2000; ++n) {
        frame_bytes frame = frames[0];
        for (int change = 0; change < 4; ++change) {
            random = random * 1664525U + 1013904223U;
            frame[random % frame.size()] = static_cast<byte>(random >> 24);
        }
        frames.push_back(std::move(frame));
    }
    for (const frame_bytes& whole : frames) {
        for (std::size_t size = 0; size <= whole.size(); ++size) {
            const auto copy = std::make_unique<byte[]>(size);
            std::copy_n(whole.begin(), size, copy.get());
            EXPECT_FALSE(frame_summary({copy.get(), size}, size).empty());
        }
    }
}

TEST(rhumbctl_frame, hex) {
    EXPECT_EQ(parse_hex(""), frame_bytes{});
    EXPECT_EQ(parse_hex("00fF"), (frame_bytes{0, 255}));
    for (const char* bad : {"0", "0g", "g0", "-1", " 1", "0x", "+1"}) {
        EXPECT_FALSE(parse_hex(bad)) << bad;
    }
    EXPECT_FALSE(parse_hex(std::string(2 * (max_frame_bytes + 1), '0')));
    const frame_bytes bytes(17, 0xab);
    EXPECT_EQ(hex_dump(bytes, "> "),
              "> 0000  ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab\n> 0010  ab\n");
    EXPECT_EQ(hex_dump({}, "> "), "");
}

// Traces.

json trace_event() {
    return {{"port", "west"},
            {"length", 50},
            {"frame",
             "0200000001010200000009018847"
             "03e82140"},
            {"steps", {"label 16002 -> pop", "via r3\x1b"}},
            {"verdict", "drop"},
            {"reason", "next_hop_down"}};
}

TEST(rhumbctl_trace, in_words) {
    EXPECT_EQ(trace_text(trace_event(), 3),
              "packet 3: in west, 50 bytes\n"
              "  before eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16002 ttl 64 | data 32\n"
              "      0000  02 00 00 00 01 01 02 00 00 00 09 01 88 47 03 e8\n"
              "      0010  21 40\n"
              "      and 32 bytes more\n"
              "    - label 16002 -> pop\n"
              "    - via r3\\u001b\n"
              "  drop: next_hop_down\n");
    json sent = trace_event();
    sent["verdict"] = "forward";
    sent["out_port"] = "east";
    sent["out_length"] = 2;
    sent["out_frame"] = "4500";
    const std::string text = trace_text(sent, 1);
    EXPECT_NE(text.find("  forward to east, 2 bytes\n  after  eth cut after 2 of 14 bytes\n"),
              std::string::npos)
        << text;
}

TEST(rhumbctl_trace, nonsense_is_refused_or_harmless) {
    for (const char* key : {"port", "length", "frame", "steps", "verdict", "reason"}) {
        for (const json& value : {json(), json(-5), json("zz"), json::array({1}), json::object()}) {
            json event = trace_event();
            event[key] = value;
            (void)thrown([&event] { (void)trace_text(event, 1); });
        }
    }
    json event = trace_event();
    event["length"] = 17;  // less than the frame has
    EXPECT_EQ(thrown([&event] { (void)trace_text(event, 1); }).front(), '3');
}

// A folder for sockets and captures.
class rhumbctl_files : public testing::Test {
protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "rhumbctl-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

    std::string folder_;
};

TEST_F(rhumbctl_files, pcap_bytes) {
    {
        pcap_writer file(path("x.pcap"));
        const frame_bytes kept{1, 2, 3};
        file.write(1'700'000'000'123'456'789U, 64, kept);
        EXPECT_EQ(std::filesystem::file_size(path("x.pcap")), 24U + 16 + 3);  // flushed
    }
    const std::string expected =
        "4d3cb2a1 0200 0400 00000000 00000000 ffff0000 01000000"
        "00f15365 15cd5b07 03000000 40000000 010203";
    const frame_bytes bytes = bytes_of(expected);
    const std::string text = file_text(path("x.pcap"));
    EXPECT_EQ(frame_bytes(text.begin(), text.end()), bytes);
    EXPECT_EQ(thrown([this] { pcap_writer(path("none/x.pcap")); }),
              "4 " + path("none/x.pcap") + ": cannot write: No such file or directory");
    EXPECT_EQ(thrown([] { pcap_writer("/dev/full"); }),
              "4 /dev/full: cannot write: No space left on device");
}

// A router that does as it is told: one connection, handed to `behave`.
class fake_router {
public:
    // What a connection can do.
    class peer {
    public:
        explicit peer(int socket) : socket_(socket) {}
        ~peer() { close(); }
        peer(const peer&) = delete;
        peer& operator=(const peer&) = delete;

        // The next request; null when the client has gone.
        json request() {
            std::string line;
            for (char c = 0; c != '\n'; line += c) {
                if (recv(socket_, &c, 1, 0) != 1) {
                    return nullptr;
                }
            }
            return json::parse(line);
        }
        // Whether the client still takes it.
        bool send(std::string_view text) {
            while (!text.empty()) {
                const ssize_t count = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
                if (count <= 0) {
                    return false;
                }
                text.remove_prefix(static_cast<std::size_t>(count));
            }
            return true;
        }
        void answer(const json& to, const json& result) {
            send(json{{"id", to.at("id")}, {"result", result}}.dump() + "\n");
        }
        void event(const json& to, const json& what) {
            send(json{{"id", to.at("id")}, {"event", what}}.dump() + "\n");
        }
        void close() {
            if (socket_ >= 0) {
                ::close(std::exchange(socket_, -1));
            }
        }

    private:
        int socket_;
    };
    using behaviour = std::function<void(peer&)>;

    fake_router(const std::string& path, behaviour behave) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
        EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(listen(listener_, 1), 0);
        thread_ = std::thread([this, behave = std::move(behave)] {
            peer client(accept(listener_, nullptr, nullptr));
            behave(client);
        });
    }
    ~fake_router() {
        thread_.join();
        ::close(listener_);
    }
    fake_router(const fake_router&) = delete;
    fake_router& operator=(const fake_router&) = delete;

private:
    int listener_;
    std::thread thread_;
};

class rhumbctl_router : public rhumbctl_files {
protected:
    [[nodiscard]] client connected(patience wait = 5s) const {
        return {connection::open(path("r1.sock"), wait), wait};
    }
    // What a reload says when the router behaves like this.
    std::string reload(const fake_router::behaviour& behave, patience wait = 5s) {
        const fake_router router(path("r1.sock"), behave);
        const std::string what =
            thrown([&] { (void)connected(wait).call("reload", json::object()); });
        std::filesystem::remove(path("r1.sock"));
        return what;
    }
    // The same, for an answer that is this text.
    std::string reload_answered(const std::string& text) {
        return reload([&text](fake_router::peer& peer) {
            (void)peer.request();
            peer.send(text);
        });
    }
};

TEST_F(rhumbctl_router, a_call) {
    json asked;
    const fake_router router(path("r1.sock"), [&asked](fake_router::peer& peer) {
        asked = peer.request();
        peer.answer(asked, {{"generation", 5}});
        peer.answer(peer.request(), json::object());
    });
    client c = connected();
    EXPECT_EQ(c.call("reload", json::object()), json({{"generation", 5}}));
    EXPECT_EQ(c.call("port", {{"name", "west"}, {"up", true}}), json::object());
    EXPECT_EQ(asked, json({{"id", 1}, {"method", "reload"}, {"params", json::object()}}));
}

TEST_F(rhumbctl_router, refusals) {
    EXPECT_EQ(reload_answered(R"({"id":1,"error":{"message":"bad op","file":"r1.toml","line":3,)"
                              R"("column":6}})"
                              "\n"),
              "1 r1.toml:3:6: bad op");
    EXPECT_EQ(reload_answered(R"({"id":null,"error":{"message":"no request"}})"
                              "\n"),
              "1 no request");
    EXPECT_EQ(reload_answered(R"({"id":1,"error":{"message":7,"line":-1}})"
                              "\n"),
              "1 the router refuses, and does not say why");
}

TEST_F(rhumbctl_router, junk) {
    for (const char* line :
         {"", "hello", "[]", "null", "{", "{}", R"({"id":1})", R"({"id":2,"result":{}})",
          R"({"result":{}})", R"({"id":1,"error":"no"})", R"({"id":1,"event":[]})",
          R"({"id":1,"event":{}})", "{\"id\":1,\"result\":\"\xff\"}", "\x1b[2J",
          R"({"id":{"id":{"id":1}},"result":{}})"}) {
        EXPECT_EQ(reload_answered(std::string(line) + "\n").substr(0, 38),
                  "3 the router's answer makes no sense: ")
            << line;
    }
    EXPECT_EQ(reload_answered(std::string(1 << 20, '[') + "\n"),
              "3 the router's answer makes no sense: it nests too deep");
    EXPECT_EQ(reload_answered(R"({"id":1,"result":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[["})"
                              "\n"),
              "nothing");
}

TEST_F(rhumbctl_router, a_connection_that_breaks_off) {
    EXPECT_EQ(reload([](fake_router::peer& peer) { (void)peer.request(); }),
              "3 the router closed the connection");
    EXPECT_EQ(reload_answered(R"({"id":1,"resu)"),
              "3 the router closed the connection in the middle of a line");
}

TEST_F(rhumbctl_router, a_slow_router) {
    EXPECT_EQ(reload([](fake_router::peer& peer) {
                  const json asked = peer.request();
                  const std::string line = json{{"id", asked["id"]}, {"result", 1}}.dump() + "\n";
                  for (const char c : line) {
                      peer.send({&c, 1});
                      std::this_thread::sleep_for(5ms);
                  }
              }),
              "nothing");
    // It does not matter that something comes now and then.
    EXPECT_EQ(reload(
                  [](fake_router::peer& peer) {
                      (void)peer.request();
                      while (peer.send(" ")) {
                          std::this_thread::sleep_for(20ms);
                      }
                  },
                  300ms),
              "3 the router has not answered for 0.3 seconds");
    EXPECT_EQ(reload(
                  [](fake_router::peer& peer) {
                      while (!peer.request().is_null()) {
                      }
                  },
                  100ms),
              "3 the router has not answered for 0.1 seconds");
}

TEST_F(rhumbctl_router, an_endless_line) {
    EXPECT_EQ(reload([](fake_router::peer& peer) {
                  (void)peer.request();
                  const std::string part(1 << 20, 'x');
                  while (peer.send(part)) {
                  }
              }),
              "3 the router sent a line longer than 16777216 bytes");
}

TEST_F(rhumbctl_router, a_router_that_does_not_read) {
    const fake_router router(path("r1.sock"),
                             [](fake_router::peer&) { std::this_thread::sleep_for(1s); });
    client c = connected(200ms);
    const std::string big(8 << 20, 'x');
    EXPECT_EQ(thrown([&] { c.call("apply", {{"toml", big}}); }),
              "3 the router does not read the request");
}

TEST_F(rhumbctl_router, lines_as_long_as_allowed) {
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        peer.send("12345678\n\n1234567\n123456789\n");
    });
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    (void)connected();  // lets the thread end
    fake_router::peer far(ends[1]);
    far.send("12345678\n\n1234567\n123456789\n");
    connection near(ends[0], 8);
    EXPECT_EQ(near.read_line(1s), "12345678");
    EXPECT_EQ(near.read_line(1s), "");
    EXPECT_EQ(near.read_line(1s), "1234567");
    EXPECT_EQ(thrown([&near] { (void)near.read_line(1s); }),
              "3 the router sent a line longer than 8 bytes");
}

TEST_F(rhumbctl_router, no_router) {
    EXPECT_EQ(
        thrown([this] { (void)connected(); }),
        "3 " + path("r1.sock") + ": cannot connect: No such file or directory (does rhumbd run?)");
    EXPECT_EQ(thrown([] { (void)connection::open(std::string(200, 'x'), 1s); }).front(), '3');
    EXPECT_EQ(thrown([] { (void)connection::open("", 1s); }).front(), '3');
}

TEST_F(rhumbctl_router, sockets_are_found) {
    const std::vector<socket_place> places{{path("run"), "", false}, {folder_, "rhumb-", true}};
    EXPECT_EQ(thrown([&] { (void)find_socket({}, places); }).substr(0, 21),
              "3 no router runs here");
    EXPECT_EQ(thrown([&] { (void)find_socket("r1", places); }).substr(0, 16), "3 no router r1 r");
    std::ofstream(path("rhumb-file.sock")) << "no socket";
    const auto idle = [](fake_router::peer&) {};
    {
        const fake_router one(path("rhumb-r1.sock"), idle);
        EXPECT_EQ(find_socket({}, places), path("rhumb-r1.sock"));
        EXPECT_EQ(find_socket("r1", places), path("rhumb-r1.sock"));
        EXPECT_EQ(thrown([&] { (void)find_socket("r2", places); }).front(), '3');
        (void)connection::open(path("rhumb-r1.sock"), 1s);
    }
    // Now nobody listens at r1: it does not count once there is another.
    std::filesystem::create_directory(path("run"));
    const fake_router two(path("run/r2.sock"), idle);
    EXPECT_EQ(find_socket({}, places), path("run/r2.sock"));
    const fake_router three(path("rhumb-r3.sock"), idle);
    EXPECT_EQ(thrown([&] { (void)find_socket({}, places); }),
              "3 2 routers run here; say which with -n NODE or -s SOCKET: " +
                  path("rhumb-r3.sock") + ", " + path("run/r2.sock"));
}

// Pages of `show`.

// Answers with labels 0 to `count` - 1, `page` at a time at most.
fake_router::behaviour labels(std::uint64_t count, std::uint64_t page, std::vector<json>& asked) {
    return [count, page, &asked](fake_router::peer& peer) {
        for (json request = peer.request(); !request.is_null(); request = peer.request()) {
            const json& params = asked.emplace_back(request.at("params"));
            const std::uint64_t from = params.value("from", std::uint64_t{0});
            const std::uint64_t last =
                std::min(count, from + std::min(page, params.at("limit").get<std::uint64_t>()));
            json result{{"rows", json::array()}};
            for (std::uint64_t label = from; label < last; ++label) {
                result["rows"].push_back({{"label", label}, {"op", "next"}, {"packets", 1000}});
            }
            if (last < count) {
                result["next"] = last;
            }
            peer.answer(request, result);
        }
    };
}

TEST_F(rhumbctl_router, show_a_table) {
    std::vector<json> asked;
    std::ostringstream out;
    {
        const fake_router router(path("r1.sock"), labels(3, 2, asked));
        client c = connected();
        EXPECT_FALSE(show(c, parsed({"show", "labels"}), {}, false, nullptr, out));
    }
    EXPECT_EQ(out.str(),
              "LABEL  OP    OUT  VIA  SEGMENTS  TTL  TC  PACKETS  BYTES\n"
              "    0  next    -  -    -         -     -    1,000      -\n"
              "    1  next    -  -    -         -     -    1,000      -\n"
              "    2  next    -  -    -         -     -    1,000      -\n");
    EXPECT_EQ(asked, (std::vector<json>{{{"what", "labels"}, {"limit", page_rows}},
                                        {{"what", "labels"}, {"limit", page_rows}, {"from", 2}}}));
}

TEST_F(rhumbctl_router, show_json_streams_an_array) {
    std::vector<json> asked;
    std::ostringstream out;
    std::ostringstream none;
    {
        const fake_router router(path("r1.sock"), labels(5000, 10000, asked));
        client c = connected();
        EXPECT_TRUE(show(c, parsed({"show", "labels"}), 2500, true, nullptr, out));
    }
    std::filesystem::remove(path("r1.sock"));
    {
        const fake_router router(path("r1.sock"), labels(0, 1, asked));
        client c = connected();
        EXPECT_FALSE(show(c, parsed({"show", "labels"}), {}, true, nullptr, none));
    }
    const json rows = json::parse(out.str());
    EXPECT_EQ(rows.size(), 2500U);
    EXPECT_EQ(rows.back().at("label"), 2499);
    EXPECT_EQ(std::ranges::count(out.str(), '\n'), 2500);
    EXPECT_EQ(none.str(), "[]\n");
    EXPECT_EQ(asked.at(2).at("limit"), 500);
}

TEST_F(rhumbctl_router, show_with_rates) {
    std::vector<json> asked;
    std::ostringstream out;
    const fake_router router(path("r1.sock"), labels(1, 1, asked));
    client c = connected();
    rates counting;
    counting.start(rates::clock::now());
    show(c, parsed({"show", "labels"}), {}, false, &counting, out);
    EXPECT_EQ(out.str(),
              "LABEL  OP    OUT  VIA  SEGMENTS  TTL  TC  PACKETS  PACKETS/S  BYTES\n"
              "    0  next    -  -    -         -     -    1,000          -      -\n");
}

// What show says of one answer.
class rhumbctl_show : public rhumbctl_router {
protected:
    std::string shown(const std::vector<std::string>& line, const json& result,
                      row_limit limit = {}) {
        std::ostringstream out;
        std::string what;
        {
            const fake_router router(path("r1.sock"), [&result](fake_router::peer& peer) {
                for (json asked = peer.request(); !asked.is_null(); asked = peer.request()) {
                    peer.answer(asked, result);
                }
            });
            client c = connected();
            what = thrown([&] { show(c, parsed(line), limit, false, nullptr, out); });
        }
        std::filesystem::remove(path("r1.sock"));
        return what == "nothing" ? out.str() : what;
    }
};

TEST_F(rhumbctl_show, single_things_stand_upright) {
    EXPECT_EQ(shown({"show", "version"}, {{"rows", {{{"name", "r1"}, {"labels", 1000000}}}}}),
              "labels  1000000\nname    r1\n");
    EXPECT_EQ(shown({"show", "ports", "--port", "w"}, {{"rows", {{{"port", "w"}, {"up", true}}}}}),
              "port  w\nup    yes\n");
}

TEST_F(rhumbctl_show, configuration_is_toml_but_safe) {
    EXPECT_EQ(
        shown({"show", "config"},
              {{"rows", {{{"toml", "[node]\n\tname = \"r1\x1b\"\n"}}, {{"toml", "x = 1\n"}}}}}),
        "[node]\n\tname = \"r1\\u001b\"\nx = 1\n");
    EXPECT_EQ(shown({"show", "config"}, {{"rows", {{{"toml", 1}}}}}).front(), '3');
}

TEST_F(rhumbctl_show, short_lists_come_whole_and_are_cut) {
    const json result{
        {"rows", {{{"kind", "label"}, {"name", "1"}}, {{"kind", "label"}, {"name", "2"}}}}};
    EXPECT_EQ(shown({"show", "counters"}, result, 1),
              "KIND   NAME  PACKETS  BYTES\nlabel  1           -      -\n");
}

TEST_F(rhumbctl_show, pages_that_make_no_sense) {
    const json row{{"label", 1}};
    for (const json& result :
         {json(), json(5), json::array(), json::object(), json{{"rows", 1}}, json{{"rows", {1}}},
          json{{"rows", json::array()}, {"next", 5}}, json{{"rows", {row}}, {"next", 5}}}) {
        EXPECT_EQ(shown({"show", "labels"}, result).substr(0, 37),
                  "3 the router's answer makes no sense:")
            << result;
    }
}

// Watching.

TEST_F(rhumbctl_router, trace_of_two) {
    std::ostringstream out;
    std::ostringstream progress;
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        const json asked = peer.request();
        peer.event(asked, trace_event());
        peer.event(asked, trace_event());
        peer.answer(asked, {{"traced", 2}, {"missed", 1}});
    });
    client c = connected();
    trace(c, parsed({"trace", "2"}), false, out, progress);
    EXPECT_NE(out.str().find("\n\npacket 2: in west"), std::string::npos);
    EXPECT_EQ(progress.str(), "2 packets traced, 1 missed\n");
}

json capture_event(std::uint64_t nanoseconds) {
    return {{"port", "west"},
            {"direction", "in"},
            {"nanoseconds", nanoseconds},
            {"length", 60},
            {"frame", "0102"}};
}

// Answers the question for the port, and returns the request for a capture.
json start_capture(fake_router::peer& peer) {
    peer.answer(peer.request(), {{"rows", {{{"port", "west"}}}}});
    return peer.request();
}

TEST_F(rhumbctl_router, capture_to_its_end) {
    std::ostringstream progress;
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        const json asked = start_capture(peer);
        EXPECT_EQ(asked.at("method"), "capture");
        peer.event(asked, capture_event(1'000'000'007));
        peer.event(asked, capture_event(2'000'000'008));
        peer.answer(asked, {{"captured", 2}, {"missed", 0}});
    });
    client c = connected();
    capture(c, parsed({"capture", "west", path("x.pcap"), "--count", "2"}), -1, false, progress);
    EXPECT_EQ(progress.str(), "2 packets, 120 bytes captured\n");
    const std::string text = file_text(path("x.pcap"));
    EXPECT_EQ(text.size(), 24U + 2 * (16 + 2));
    EXPECT_EQ(frame_bytes(text.begin() + 24, text.begin() + 42),
              bytes_of("01000000 07000000 02000000 3c000000 0102"));
}

TEST_F(rhumbctl_router, capture_until_interrupted) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    std::ostringstream progress;
    {
        const fake_router router(path("r1.sock"), [&](fake_router::peer& peer) {
            peer.event(start_capture(peer), capture_event(1));
            std::this_thread::sleep_for(50ms);
            EXPECT_EQ(write(pipe_ends[1], "x", 1), 1);
            EXPECT_EQ(peer.request(), nullptr);  // until it goes
        });
        client c = connected();
        capture(c, parsed({"capture", "west", path("x.pcap")}), pipe_ends[0], true, progress);
    }
    EXPECT_EQ(progress.str().substr(progress.str().rfind('\r')), "\r1 packet, 60 bytes captured\n");
    EXPECT_EQ(std::filesystem::file_size(path("x.pcap")), 42U);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

TEST_F(rhumbctl_router, capture_that_breaks_off_keeps_its_packets) {
    std::ostringstream progress;
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        peer.event(start_capture(peer), capture_event(1));
        peer.send("{\"id\":2,\"ev");
    });
    client c = connected();
    EXPECT_EQ(thrown([&] {
                  capture(c, parsed({"capture", "west", path("x.pcap")}), -1, false, progress);
              }),
              "3 the router closed the connection in the middle of a line");
    EXPECT_EQ(std::filesystem::file_size(path("x.pcap")), 42U);
}

TEST_F(rhumbctl_router, capture_of_no_port_leaves_the_file_alone) {
    std::ofstream(path("x.pcap")) << "precious";
    std::ostringstream progress;
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        peer.answer(peer.request(), {{"rows", json::array()}});
    });
    client c = connected();
    EXPECT_EQ(thrown([&] {
                  capture(c, parsed({"capture", "wset", path("x.pcap")}), -1, false, progress);
              }),
              "1 there is no port wset");
    EXPECT_EQ(file_text(path("x.pcap")), "precious");
}

}  // namespace
}  // namespace rhumb::ctl

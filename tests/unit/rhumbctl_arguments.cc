// rhumbctl: from arguments to requests.
#include <chrono>
#include <string>
#include <vector>

#include "tests/unit/rhumbctl_words.hh"
#include "tools/rhumbctl/arguments.hh"
#include "tools/rhumbctl/client.hh"
#include "tools/rhumbctl/command.hh"
#include "tools/rhumbctl/completion.hh"
#include "tools/rhumbctl/connection.hh"
#include "tools/rhumbctl/usage.hh"

namespace rhumb::ctl {
namespace {

using namespace std::chrono_literals;

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

TEST(rhumbctl_arguments, wrong_words_of_scion_show) {
    const std::string form = "2 it is: rhumbctl scion show interfaces|paths|bfd|keys|drops";
    EXPECT_EQ(usage_error({"scion"}), form);
    EXPECT_EQ(usage_error({"scion", "show"}), form);
    EXPECT_EQ(usage_error({"scion", "set", "keys"}), form);
    EXPECT_EQ(usage_error({"scion", "show", "keys", "now"}), form);
    EXPECT_EQ(usage_error({"scion", "show", "ports"}),
              "2 there is no scion show ports; there is scion show "
              "interfaces|paths|bfd|keys|drops");
    EXPECT_EQ(usage_error({"scion", "show", "scion_keys"}).substr(0, 30),
              "2 there is no scion show scion");
    EXPECT_EQ(usage_error({"scion", "show", "bfd", "--port", "w"}), "2 scion takes no --port");
    EXPECT_EQ(usage_error({"scion", "show", "bfd", "--label", "1"}), "2 scion takes no --label");
    // The rows have their names for the socket alone.
    EXPECT_EQ(usage_error({"show", "scion_keys"}).substr(0, 27), "2 there is no show scion_ke");
    EXPECT_EQ(usage_error({"show", "scion_keys"}).find("interfaces"), std::string::npos);
}

TEST(rhumbctl_arguments, help_names_every_command_and_status) {
    const std::string help = help_text();
    for (const char* word :
         {"show", "label set", "prefix delete", "nexthop up|down", "port up|down", "apply",
          "reload", "shutdown", "trace", "capture", "completion", "--watch", "Exit status",
          "scion show interfaces|paths|bfd|keys|drops"}) {
        EXPECT_NE(help.find(word), std::string::npos) << word;
    }
    EXPECT_NE(completion_script.find("complete -F _rhumbctl rhumbctl"), std::string_view::npos);
}

TEST(rhumbctl_arguments, help_of_a_command_is_of_that_command) {
    const std::string path = help_text({"path"});
    for (const char* word : {"  path A B", "--color", "--avoid", "its own constraints", "--json"}) {
        EXPECT_NE(path.find(word), std::string::npos) << word << '\n' << path;
    }
    for (const char* word : {"overlay", "--watch", "  show v", "Socket:"}) {
        EXPECT_EQ(path.find(word), std::string::npos) << word << '\n' << path;
    }
    const std::string read = help_text({"overlay", "read", "@A"});
    EXPECT_NE(read.find("  overlay read FEED"), std::string::npos) << read;
    EXPECT_NE(read.find("--follow"), std::string::npos);
    EXPECT_EQ(read.find("overlay publish"), std::string::npos);
    EXPECT_EQ(read.find("--watch"), std::string::npos);
    EXPECT_NE(help_text({"overlay"}).find("overlay publish"), std::string::npos);
    EXPECT_NE(help_text({"overlay", "unblock"}).find("--by"), std::string::npos);
    EXPECT_EQ(help_text({"fly"}), help_text());
}

// What help offers, the command takes.
TEST(rhumbctl_arguments, options_in_help_are_taken) {
    const std::vector<std::vector<std::string>> lines{{"show", "labels"},
                                                      {"trace", "1"},
                                                      {"capture", "a", "b"},
                                                      {"scion", "show", "bfd"},
                                                      {"path", "a", "b"},
                                                      {"topology", "svg", "x"},
                                                      {"topology", "save", "x"},
                                                      {"controller", "report"},
                                                      {"controller", "reoptimise"},
                                                      {"overlay", "show", "feeds"},
                                                      {"overlay", "read", "@A"},
                                                      {"overlay", "listen"},
                                                      {"overlay", "block", "@A"},
                                                      {"overlay", "unblock", "@A"},
                                                      {"overlay", "follow", "@A"},
                                                      {"controller", "revert"},
                                                      {"reload"}};
    const std::vector<std::string_view> flags{"apply", "backup", "follow"};
    const std::vector<std::string_view> every{
        "watch",     "label",  "op",     "prefix", "nexthop", "port",   "limit",
        "algorithm", "count",  "color",  "metric", "avoid",   "fail",   "path",
        "from",      "backup", "target", "moves",  "apply",   "follow", "by"};
    for (const auto& line : lines) {
        for (const std::string_view option : every) {
            auto with = line;
            const bool is_flag = std::ranges::count(flags, option) != 0 || option == "watch";
            with.push_back("--" + std::string(option) + (is_flag ? "" : "=7"));
            const bool is_offered = std::ranges::count(options_of_command(line), option) != 0;
            const bool is_refused = usage_error(with).find(" takes no --") != std::string::npos;
            EXPECT_EQ(is_offered, !is_refused) << with[0] << ' ' << with.back();
        }
    }
}

TEST(rhumbctl_command, overlay_verbs_say_how_they_are_used) {
    EXPECT_EQ(usage_error({"overlay", "publish"}), "2 it is: rhumbctl overlay publish JSON|-");
    EXPECT_EQ(usage_error({"overlay", "publish", "{}", "extra"}),
              "2 it is: rhumbctl overlay publish JSON|-; JSON is one word: put it in quotes, "
              "'JSON'");
    EXPECT_EQ(usage_error({"overlay", "broadcast", "a", "b", "c"}),
              "2 it is: rhumbctl overlay broadcast TEXT; TEXT is one word: put it in quotes, "
              "'TEXT'");
    EXPECT_EQ(usage_error({"overlay", "block"}),
              "2 it is: rhumbctl overlay block PEER [--by FEED]");
    EXPECT_EQ(usage_error({"overlay", "listen", "x"}),
              "2 it is: rhumbctl overlay listen [--follow]");
    EXPECT_EQ(usage_error({"overlay", "new-feed", "x"}), "2 it is: rhumbctl overlay new-feed");
    EXPECT_EQ(usage_error({"overlay", "blok", "x"}),
              "2 there is no overlay blok; there is overlay show|follow|unfollow|block|unblock|"
              "connect|disconnect|publish|new-feed|read|broadcast|listen");
    EXPECT_TRUE(usage_error({"overlay"}).starts_with("2 it is: rhumbctl overlay show|follow|"));
    EXPECT_TRUE(
        usage_error({"overlay", "show", "x"})
            .starts_with("2 there is no overlay show x; there is overlay show self|feeds|"));
    EXPECT_EQ(usage_error({"overlay", "follow", "@A", "--by", "@B"}), "2 overlay takes no --by");

    EXPECT_EQ(parsed({"overlay", "unfollow", "@A"}).done, "@A is no longer followed");
    EXPECT_EQ(parsed({"overlay", "unfollow", "@A"}).method, "overlay.unfollow");
    EXPECT_EQ(parsed({"overlay", "connect", "net:x"}).done,
              "net:x will be dialled; how it goes: rhumbctl overlay show peers");
    EXPECT_EQ(parsed({"overlay", "unblock", "@A", "--by", "@B"}).params,
              (nlohmann::json{{"peer", "@A"}, {"by", "@B"}}));
    EXPECT_EQ(parsed({"overlay", "publish", "-"}).file, "-");
    EXPECT_EQ(parsed({"overlay", "read", "@A", "--from", "3", "--limit", "2"}).params,
              (nlohmann::json{{"feed", "@A"}, {"from", 3}, {"limit", 2}, {"follow", false}}));
}

std::string toml_of(const std::vector<std::string>& line) {
    const command made = parsed(line);
    EXPECT_EQ(made.method, "apply");
    return made.params.at("toml").get<std::string>();
}

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

TEST(rhumbctl_command, scion_show) {
    for (const std::string what : {"interfaces", "paths", "bfd", "keys", "drops"}) {
        const command made = parsed({"scion", "show", what, "--json", "--limit", "5", "-w"});
        EXPECT_EQ(made.what, command::kind::show);
        EXPECT_EQ(made.method, "show");
        EXPECT_EQ(made.params, json({{"what", "scion_" + what}}));
        EXPECT_NE(completion_script.find(" " + what), std::string_view::npos);
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

TEST(rhumbctl_command, questions_about_the_map_are_those_of_rhumb_path) {
    using words = std::vector<std::string>;
    const command path = parsed({"path", "r1", "r5", "--color", "100"});
    EXPECT_EQ(path.what, command::kind::map);
    EXPECT_EQ(path.tool, (words{"path", map_name, "r1", "r5", "--color=100"}));
    EXPECT_EQ(parsed({"path", "--avoid", "r2", "--avoid=srlg:7", "r1", "r5", "--metric", "te",
                      "--algorithm", "128", "--json"})
                  .tool,
              (words{"path", map_name, "r1", "r5", "--algorithm=128", "--metric=te", "--avoid=r2",
                     "--avoid=srlg:7", "--json"}));
    EXPECT_EQ(parsed({"path", "r1", "r5", "--via", "r2", "--via=192.0.2.0/24"}).tool,
              (words{"path", map_name, "r1", "r5", "--via=r2", "--via=192.0.2.0/24"}));
    EXPECT_EQ(parsed({"topology", "svg", "x.svg", "--path", "r1", "r5", "--backup"}).tool,
              (words{"svg", map_name, "x.svg", "--backup", "--path", "r1", "r5"}));
    EXPECT_EQ(parsed({"topology", "svg", "--path", "r1", "r5", "x.svg"}).tool,
              (words{"svg", map_name, "--path", "r1", "r5", "x.svg"}));
    EXPECT_EQ(parsed({"topology", "svg", "-", "--from", "r1", "--fail", "r1:a"}).tool,
              (words{"svg", map_name, "-", "--from=r1", "--fail=r1:a"}));
    const command save = parsed({"topology", "save", "map.toml"});
    EXPECT_EQ(save.what, command::kind::save_map);
    EXPECT_EQ(save.file, "map.toml");
    EXPECT_EQ(usage_error({"path", "r1"}), "2 it is: rhumbctl path A B");
    EXPECT_EQ(usage_error({"path", "r1", "r2", "--backup"}), "2 path takes no --backup");
    EXPECT_EQ(usage_error({"topology", "show", "x"}).front(), '2');
    EXPECT_EQ(usage_error({"topology", "save"}).front(), '2');
    EXPECT_EQ(usage_error({"topology", "save", "x", "--from", "r1"}), "2 topology takes no --from");
    EXPECT_EQ(usage_error({"topology", "save", "x", "--json"}).front(), '2');
    EXPECT_EQ(usage_error({"show", "topology", "--color", "1"}), "2 show takes no --color");
    for (const char* word : {" path", " topology", " save", "--color"}) {
        EXPECT_NE(completion_script.find(word), std::string_view::npos) << word;
    }
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

}  // namespace
}  // namespace rhumb::ctl

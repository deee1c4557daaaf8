// rhumb-path as people and scripts run it: exit statuses, tables, JSON, drawings.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/run_program.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;

const std::string lab = std::string(RHUMB_ROOT) + "/configs/topology/lab5.toml";
const std::string provider = std::string(RHUMB_ROOT) + "/configs/topology/provider.toml";

const program tool(RHUMB_PATH);

program::result run(const std::string& line) { return tool.run(line); }

void expect(const std::string& line, int status, const std::vector<std::string>& parts) {
    tool.expect(line, status, parts);
}

json read(const std::string& line, int status = 0) {
    const program::result got = run(line);
    EXPECT_EQ(got.status, status) << line;
    return json::parse(got.output);
}

TEST(RhumbPath, HelpsAndRefusesWrongUsage) {
    expect("--help", 0,
           {"show", "spf", "path", "walk", "protection", "report", "reoptimise", "svg",
            "Exit status"});
    for (const char* word :
         {"show", "spf", "path", "walk", "protection", "report", "reoptimise", "svg"}) {
        expect(std::string(word) + " --help", 0, {"usage: rhumb-path ", "options"});
        expect(word, 2, {"0 words are given", "--help tells more"});
        expect(std::string(word) + " --nonsense", 2, {"nonsense"});
    }
    expect("", 2, {"what is to be done?"});
    expect("fly", 2, {"unknown subcommand fly"});
    expect("show /nowhere.toml", 4, {"/nowhere.toml: cannot read the topology"});
    expect("show " + lab + " routers", 2, {"unknown routers"});
    expect("spf " + lab + " r9", 2, {"r9 is no node of this network"});
    expect("spf " + lab + " r1 --algorithm 128", 2, {"nobody defines algorithm 128; there are 0"});
    expect("path " + lab + " r1 r5 --metric hops", 2, {"--metric is igp, te or delay"});
    expect("path " + lab + " r1 r5 --avoid blue", 2, {"blue is neither a node, nor a prefix"});
    expect("path " + lab + " r1 r5 --avoid srlg:x", 2, {"srlg: takes a number"});
    expect("path " + lab + " r1 r5 --fail r1", 2, {"r1 is no link: write NODE:LINK"});
    expect("path " + lab + " r1 r5 --fail r1:eth0", 2, {"r1:eth0 is no link of this network"});
    expect("walk " + lab + " r1 r99", 2, {"r99 is no segment"});
    expect("walk " + lab + " r1 192.0.2.0/24", 2, {"192.0.2.0/24 is no prefix"});
    expect("svg " + lab + " - --path r1", 2, {"--path takes two nodes"});
    expect("svg " + lab + " /nowhere/x.svg", 4, {"cannot write /nowhere/x.svg"});
}

TEST(RhumbPath, BadFilesAreToldInFull) {
    const temporary_folder folder;
    const std::string file = folder.path("bad.toml");
    folder.write("bad.toml", "[nodes.a]\nmsd = 0\n[[links]]\nends = [\"a\", \"b\"]\n");
    expect("show " + file, 4, {"bad.toml:2:7: msd 0", "bad.toml:4:14: ends names \"b\""});
}

TEST(RhumbPath, ShowsNetworks) {
    expect("show " + provider, 0,
           {"100000-103999, 200000-203999", "15000, 15001 protected", "15006 set",
            "203.0.113.53/32", "53", "no conflicts between SIDs"});
    const json all = read("show --json " + provider);
    EXPECT_EQ(all.at("nodes").size(), 12U);
    EXPECT_EQ(all.at("links").size(), 40U);
    EXPECT_EQ(all.at("prefixes").size(), 13U);
    EXPECT_TRUE(all.at("conflicts").empty());
    EXPECT_EQ(read("show --json " + lab + " nodes").at(3).at("node_sids").at(0).at("index"), 4);

    const temporary_folder folder;
    folder.write("c.toml",
                 "[nodes.a]\nloopback = \"10.0.0.1\"\nsid = 1\n"
                 "[nodes.b]\nloopback = \"10.0.0.2\"\nsid = 1\nsrgb = \"16000-16000\"\n");
    expect("show " + folder.path("c.toml") + " conflicts", 0,
           {"everywhere", "index 1", "prefix 10.0.0.1/32", "prefix 10.0.0.2/32",
            "nobody: it is beyond the SRGB"});
}

TEST(RhumbPath, ShortestPaths) {
    expect("spf " + lab + " r1", 0, {"DESTINATION", "16005", "r2 over r1-2"});
    const json rows = read("spf --json --algorithm 129 " + provider + " pe1");
    for (const json& row : rows) {
        if (row.at("destination") == "pe4") {
            EXPECT_EQ(row.at("cost"), 200 + 20 + 30 + 30 + 250);
            EXPECT_EQ(row.at("label"), 18'024);
            EXPECT_EQ(row.at("next_hops").at(0).at("node"), "ams-blue");
        }
        if (row.at("destination") == "ams-red") {
            EXPECT_TRUE(row.at("cost").is_null());
        }
    }
}

TEST(RhumbPath, PathsTellLabelsAtEveryHop) {
    expect("path " + lab + " r1 r5", 0,
           {"r1 to r5, cost 30 (igp)", "r1 -r1-2> r2 -r2-3> r3 -r3-5> r5", "segments  r5",
            "r5 is next and wants its label (no PHP)", "ARRIVED"});
    expect("path " + lab + " r1 r5 --fail r2:r2-3", 1, {"LOST", "link r2-3 is down"});
    expect("path " + lab + " r1 r5 --avoid r3", 1,
           {"every way from r1 to r5 takes r3, which is excluded"});
    const json way = read("path --json --avoid r2 " + lab + " r1 r5");
    EXPECT_EQ(way.at("cost"), 60);
    EXPECT_EQ(way.at("segments"), (json{"r4", "r4->r3", "r5"}));
    EXPECT_EQ(way.at("walk").at("arrives"), true);
    EXPECT_EQ(way.at("walk").at("visits").at(1).at("labels"), (json{15'004, 16'005}));
    EXPECT_EQ(read("path --json --metric delay " + provider + " pe1 pe4").at("cost"),
              500 + 4'000 + 100 + 6'000 + 500);
    expect("path --avoid blue --avoid srlg:7 " + provider + " pe1 pe4", 1, {"srlg:7, blue"});
}

TEST(RhumbPath, PathsKeepConstraints) {
    const std::string ends = lab + " r1 r5";
    EXPECT_EQ(read("path --json --via r4 " + ends).at("cost"), 50);  // and back over r1
    EXPECT_EQ(read("path --json --via r4 --avoid r2 " + ends).at("cost"), 60);
    EXPECT_EQ(read("path --json --max-hops 3 " + ends).at("cost"), 30);
    expect("path --max-hops 2 " + ends, 1, {"the least number of hops is 3, the bound 2"});
    expect("path --bandwidth 1T " + provider + " fra-blue mil-blue", 1,
           {"has 1000000000000 bit/s free"});
    expect("path --max-delay 1ms " + provider + " pe1 pe4 --metric delay", 1,
           {"the least delay is 11100, the bound 1000"});
    EXPECT_EQ(read("path --json --max-delay 11.1ms " + provider + " pe1 pe4").at("delay_us"),
              11'100);
    const json blue = read("path --json --include blue --avoid pe2 --avoid pe3 " + provider +
                           " fra-blue mil-blue");
    for (const json& link : blue.at("links")) {
        EXPECT_NE(link.at("to").get<std::string>().find("blue"), std::string::npos);
    }
    expect("path --include green " + ends, 2, {"green is no affinity"});
    expect("path --max-delay soon " + ends, 2, {"--max-delay takes a time"});
    expect("path --max-hops few " + ends, 2, {"--max-hops takes a number"});
    expect("path --bandwidth 10X " + ends, 2, {"--bandwidth takes a rate"});
    expect("path --via r9 " + ends, 2, {"r9 is no node"});
    expect("path --disjoint city " + ends, 2, {"--disjoint is link, node"});
    expect("path -k 0 " + ends, 2, {"-k takes 1 to 1000"});
    expect("path -k 2 --color 1 " + ends, 2, {"exclude each other"});
    expect("path --metric te --color 1 " + ends, 2, {"it takes no others"});
    expect("path --algorithm 129 " + provider + " pe1 ams-red", 1,
           {"ams-red takes no part in algorithm 129"});
}

// 203.0.113.53/32 is that of ams-red and of mil-red.
TEST(RhumbPath, PathsGoThroughOneOfAnAnycastGroup) {
    const std::string ends = provider + " vie-blue mil-blue";
    const auto nodes_of = [](const json& way) {
        std::vector<std::string> nodes;
        for (const json& link : way.at("links")) {
            nodes.push_back(link.at("to"));
        }
        return nodes;
    };
    const auto passes = [](const std::vector<std::string>& nodes, const std::string& name) {
        return std::ranges::find(nodes, name) != nodes.end();
    };
    const json nearest = read("path --json --via 203.0.113.53 " + ends);
    const json by_mil = read("path --json --via mil-red " + ends);
    const json by_ams = read("path --json --via ams-red " + ends);
    EXPECT_EQ(nearest.at("cost"), std::min(by_mil.at("cost"), by_ams.at("cost")));
    EXPECT_LT(by_mil.at("cost"), by_ams.at("cost"));
    EXPECT_TRUE(passes(nodes_of(nearest), "mil-red"));
    EXPECT_EQ(nearest.at("walk").at("arrives"), true);
    EXPECT_EQ(read("path --json --via 203.0.113.53/32 --avoid mil-red " + ends).at("cost"),
              read("path --json --via ams-red --avoid mil-red " + ends).at("cost"));
    // In the order in which they stand, nodes and prefixes alike.
    const auto cost = [&](const std::string& options) {
        return read("path --json " + options + " " + ends).at("cost").get<unsigned>();
    };
    const unsigned group_first = cost("--via 203.0.113.53 --via ams-blue");
    EXPECT_EQ(group_first,
              std::min(cost("--via ams-red --via ams-blue"), cost("--via mil-red --via ams-blue")));
    EXPECT_EQ(cost("--via ams-blue --via 203.0.113.53"),
              std::min(cost("--via ams-blue --via ams-red"), cost("--via ams-blue --via mil-red")));
    EXPECT_NE(cost("--via fra-blue --via 203.0.113.53 --via fra-red"),
              cost("--via 203.0.113.53 --via fra-blue --via fra-red"));
    const json three = read("path --json -k 3 --via 203.0.113.53 " + ends);
    for (const json& way : three.at("paths")) {
        EXPECT_TRUE(passes(nodes_of(way), "mil-red") || passes(nodes_of(way), "ams-red")) << way;
    }
    // All that have a prefix are avoided.
    const json around = read("path --json --avoid 203.0.113.53 " + provider + " pe1 pe4");
    EXPECT_FALSE(passes(nodes_of(around), "ams-red") || passes(nodes_of(around), "mil-red"));
    EXPECT_EQ(around, read("path --json --avoid ams-red --avoid mil-red " + provider + " pe1 pe4"));
    expect("path --via 192.0.2.0/24 " + ends, 2, {"no node of this network has the prefix 192.0"});
    expect("path --avoid 2001:db8::1 " + ends, 2, {"has the prefix 2001:db8::1"});
    expect("path --via 203.0.113.53 --avoid ams-red --avoid mil-red " + ends, 1, {"path"});
}

// Of a router's configuration the map that it has itself.
TEST(RhumbPath, ReadsTheMapOfAConfiguration) {
    const std::string example = std::string(RHUMB_ROOT) + "/configs/map.toml";
    EXPECT_EQ(read("path --json " + example + " r1 r3").at("cost"), 20);
    expect("path " + example + " r1 r3 --color 100", 0, {"adjacency over to-r3"});
    const temporary_folder folder;
    const std::string map =
        "[topology.map.nodes.a]\nloopback = \"10.0.0.1\"\nsid = 1\n"
        "[topology.map.nodes.b]\nloopback = \"10.0.0.2\"\nsid = 2\n"
        "[[topology.map.links]]\nends = [\"a\", \"b\"]\n"
        "[[topology.map.policies]]\nheadend = \"a\"\nendpoint = \"b\"\ncolor = 7\n"
        "[[topology.map.policies.paths]]\nsegments = [\"b\"]\n";
    folder.write("r.toml", "[node]\nname = \"a\"\n[topology]\nprotection = \"none\"\n" + map);
    expect("path " + folder.path("r.toml") + " a b --color 7", 0, {"segments  b\n"});
    folder.write("bad.toml", "[node]\n" + map + "[topology.map.nodes.c]\nmsd = 0\n");
    expect("show " + folder.path("bad.toml"), 4, {"bad.toml:17:7: msd 0"});
    folder.write("other.toml", "[topology]\nfile = \"map.toml\"\n");
    expect("show " + folder.path("other.toml"), 4, {"other.toml:1:2: unknown key"});
}

TEST(RhumbPath, PoliciesOfAPair) {
    const std::string ends = std::string(RHUMB_ROOT) + "/configs/topology/pair.toml r1 r4";
    expect("path --color 1 " + ends, 0,
           {"active: the first that is valid; a pair with r1, color 2: they share nothing", "r6"});
    expect("path --color 2 " + ends, 0, {"a pair with r1, color 1: they share nothing", "r5"});
}

TEST(RhumbPath, SeveralPathsAndPairs) {
    const json both = read("path --json -k 5 " + lab + " r1 r5").at("paths");
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both.at(0).at("cost"), 30);
    EXPECT_EQ(both.at(1).at("cost"), 60);
    expect("path -k 2 " + lab + " r1 r5", 0, {"r1 -r1-4> r4 -r4-3> r3 -r3-5> r5"});
    const json pair = read("path --json --disjoint node " + lab + " r1 r3");
    EXPECT_EQ(pair.at("disjoint"), true);
    EXPECT_EQ(pair.at("paths").at(0).at("cost"), 20);
    EXPECT_EQ(pair.at("paths").at(1).at("cost"), 50);
    const json none = read("path --json --disjoint link " + lab + " r1 r5", 1);
    EXPECT_EQ(none.at("disjoint"), false);
    EXPECT_EQ(none.at("shared").at("links").size(), 1U);
    expect("path --disjoint link " + lab + " r1 r5", 1,
           {"no two paths are apart; these share r3:"});
}

TEST(RhumbPath, LongListsAreSplitByBindingSids) {
    const temporary_folder folder;
    std::string text = "[defaults]\nmsd = 2\n";
    for (int n = 1; n <= 6; ++n) {
        text += "[nodes.r" + std::to_string(n) + "]\nsid = " + std::to_string(n) +
                "\nloopback = \"10.0.0." + std::to_string(n) + "\"\n";
    }
    // Each hop has a cheap link that is avoided: the dear one needs its adjacency SID.
    for (int n = 1; n < 6; ++n) {
        const std::string a = "r" + std::to_string(n);
        const std::string b = "r" + std::to_string(n + 1);
        for (const char* kind : {"cheap", "dear"}) {
            text += "[[links]]\nends = [\"" + a + ":" + kind + "-up\", \"" + b + ":" + kind +
                    "-down\"]\nsids = [[" + (*kind == 'c' ? "15000" : "15002") + "], [" +
                    (*kind == 'c' ? "15001" : "15003") +
                    "]]\nmetric = " + (*kind == 'c' ? "1" : "9") + "\n";
        }
    }
    folder.write("long.toml", text);
    std::string line = "path --json ";
    for (int n = 1; n < 6; ++n) {
        line += "--avoid r" + std::to_string(n) + ":cheap-up ";
    }
    const json way = read(line + folder.path("long.toml") + " r1 r6");
    EXPECT_EQ(way.at("cost"), 45);
    EXPECT_EQ(way.at("segments").size(), 5U);
    const json& split = way.at("split");
    EXPECT_LE(split.at("segments").size(), 3U);
    EXPECT_FALSE(split.at("bindings").empty());
    expect(line.substr(0, 5) + line.substr(12) + folder.path("long.toml") + " r1 r6", 0,
           {"more than r1 can impose (MSD 2); with binding SIDs: ", "binding SID 1 of r"});
}

TEST(RhumbPath, PoliciesTellWhyTheyAreActive) {
    const temporary_folder folder;
    std::FILE* const file = std::fopen(lab.c_str(), "rb");
    ASSERT_NE(file, nullptr);
    std::string text(1 << 16, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file));
    (void)std::fclose(file);
    text +=
        "[[policies]]\nname = \"gold\"\ncolor = 100\nendpoint = \"r5\"\n"
        "headend = \"r1\"\nbinding_sid = 15100\n"
        "[[policies.paths]]\npreference = 300\nsegments = [\"r3->r4\", \"r5\"]\n"
        "[[policies.paths]]\npreference = 200\nlists = [\n"
        "    { segments = [\"r4\", \"r4->r3\", \"r5\"], weight = 3 },\n"
        "    { segments = [\"r5\"] },\n]\n"
        "[[policies.paths]]\npreference = 100\ndynamic = { metric = \"igp\" }\n"
        "[[policies]]\ncolor = 7\nendpoint = \"r3\"\n"
        "[[policies.paths]]\ndynamic = { max_hops = 1 }\n";
    folder.write("lab.toml", text);
    const std::string ends = folder.path("lab.toml") + " r1 r5";
    const json gold = read("path --json --color 100 " + ends);
    EXPECT_EQ(gold.at("binding_sid"), 15'100);
    EXPECT_EQ(gold.at("lists").size(), 2U);
    EXPECT_EQ(gold.at("lists").at(0).at("weight"), 3);
    EXPECT_EQ(gold.at("lists").at(0).at("walk").at("arrives"), true);
    EXPECT_EQ(gold.at("candidates").at(0).at("active"), false);
    EXPECT_EQ(gold.at("candidates").at(1).at("active"), true);
    expect("path --color 100 " + ends, 0,
           {"policy gold of r1, color 100, endpoint 198.51.100.5", "binding SID 15100 (specified)",
            "invalid: list 1, segment 1: ", "active: the first that is valid",
            "not tried: one before it is valid", "list 1, weight 3 of 4", "ARRIVED"});
    expect("path --color 9 " + ends, 1, {"r1 has no policy to r5 with color 9"});
    // The other one has no headend: it is the node's own.
    expect("path --color 7 " + folder.path("lab.toml") + " r1 r3", 1,
           {"no path is valid: its traffic goes as if there were no policy"});
    expect("path --color 7 " + folder.path("lab.toml") + " r2 r3", 0, {"segments  r3", "ARRIVED"});
    const std::string drawn = folder.path("lab.toml") + " - --path r1 r5 --backup --color 100";
    expect("svg " + drawn, 0,
           {"r1 to r5, policy of color 100", "r1 to r5 after r1:r1-2 fails, cost 60"});
    folder.write("bad.toml", text +
                                 "[[policies]]\ncolor = 8\nendpoint = \"r77\"\n"
                                 "[[policies.paths]]\nsegments = [\"r1\"]\n");
    expect("path --color 100 " + folder.path("bad.toml") + " r1 r5", 4, {"r77"});
}

// Two ways from a to d, of which the shorter is too narrow for both demands.
std::string square(const std::string& more) {
    std::string text = "[defaults]\nmsd = 5\n";
    for (const char* node : {"a", "b", "c", "d"}) {
        text += std::string("[nodes.") + node + "]\nsid = " + std::to_string(*node - 'a' + 1) +
                "\nloopback = \"10.0.0." + std::to_string(*node - 'a' + 1) + "\"\n";
    }
    for (const char* ends : {"ab", "bd", "ac", "cd"}) {
        const bool dear = ends[0] == 'c' || ends[1] == 'c';
        text += std::string("[[links]]\nends = [\"") + ends[0] + "\", \"" + ends[1] +
                "\"]\nbandwidth = \"10G\"\nmetric = " + (dear ? "20" : "10") + "\n";
    }
    return text + more;
}

TEST(RhumbPath, ReportsWhatDemandsDoToLinks) {
    const temporary_folder folder;
    const std::string demands =
        "[[policies]]\nname = \"gold\"\ncolor = 1\nendpoint = \"d\"\nheadend = \"a\"\n"
        "[[policies.paths]]\nsegments = [\"d\"]\n"
        "[[demands]]\nfrom = \"a\"\nto = \"d\"\nrate = \"6G\"\n"
        "[[demands]]\nfrom = \"a\"\nto = \"d\"\nrate = \"3G\"\npolicy = \"gold\"\n";
    folder.write("s.toml", square(demands));
    const std::string file = folder.path("s.toml");
    const json now = read("report --json --fail link " + file);
    EXPECT_EQ(now.at("links").size(), 2U);
    EXPECT_DOUBLE_EQ(now.at("links").at(0).at("utilisation"), 0.9);
    EXPECT_EQ(now.at("failures").size(), 4U);
    const json nodes = read("report --json --fail node --limit 80 " + file);
    for (const json& failed : nodes.at("failures")) {
        EXPECT_EQ(failed.at("overloaded").size(),
                  failed.at("what") == "b" || failed.at("what") == "c" ? 2U : 0U);
        EXPECT_EQ(failed.at("lost_rate"),
                  failed.at("what") == "a" || failed.at("what") == "d" ? 9e9 : 0.0);
    }
    expect("report " + file, 0, {"a:to-b", "9000.0", "90.0", "WORST LINK", "node"});

    const json plan = read("reoptimise --json " + file);
    EXPECT_DOUBLE_EQ(plan.at("before"), 0.9);
    EXPECT_DOUBLE_EQ(plan.at("after"), 0.6);
    ASSERT_EQ(plan.at("moves").size(), 1U);
    EXPECT_EQ(plan.at("moves").at(0).at("demand").at("rate"), 3e9);
    expect("reoptimise " + file, 0, {"fullest link before: 90.0 %, after: 60.0 %", "NEW LISTS"});
    EXPECT_TRUE(read("reoptimise --json --target 95 " + file).at("moves").empty());

    folder.write("none.toml", square(""));
    expect("report " + folder.path("none.toml"), 1, {"has no [[demands]]"});
    expect("report --fail city " + file, 2, {"--fail is all, link, node, srlg or none"});
    expect("report --limit much " + file, 2, {"--limit takes a percentage"});
    expect("reoptimise --target -1 " + file, 2, {"--target takes a percentage"});
}

TEST(RhumbPath, ProtectionIsThatOfTheDaemon) {
    const json rows = read("protection --json " + lab + " r1");
    ASSERT_FALSE(rows.empty());
    std::vector<std::string> behind;
    for (const json& row : rows) {
        if (row.at("link") == "r1-2") {
            EXPECT_EQ(row.at("out"), "r1-4");
            EXPECT_EQ(row.at("segments"), json::array({"r4->r3"}));
            EXPECT_EQ(row.at("labels"), json::array({15'002}));
            EXPECT_EQ(row.at("protects"), "link");
            for (const json& node : row.at("destinations")) {
                behind.push_back(node);
            }
        }
    }
    std::ranges::sort(behind);
    EXPECT_EQ(behind, (std::vector<std::string>{"r2", "r3", "r5"}));
    expect("protection --protect node " + lab + " r1", 0, {"DESTINATIONS", "node", "r1-4"});
    for (const json& row : read("protection --json --strict --protect node " + lab + " r1")) {
        EXPECT_EQ(row.at("protects"), row.contains("why") ? json() : json("node"));
    }
    expect("protection --protect city " + lab + " r1", 2, {"--protect is link, node"});
    expect("protection " + lab + " r9", 2, {"r9 is no node"});
    // Of one destination, why.
    const json told = read("protection --json --explain r5 " + lab + " r1");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].at("p_space"), json::array({"r1", "r4"}));
    EXPECT_EQ(told[0].at("q_space"), json::array({"r2", "r3", "r5"}));
    EXPECT_EQ(told[0].at("path"), json::array({"r1", "r4", "r3", "r5"}));
    EXPECT_EQ(told[0].at("labels"), json::array({15'002}));
    expect("protection --explain r4 " + lab + " r1", 0,
           {"failure      r1:r1-4", "Q-space      of r4: r4", "extended, by r2: r1 r2 r3 r5",
            "r3 (16003): no shortest path from r2 to it meets the failure", "r3->r4 (15002)",
            "r4 is where it is to go"});
    expect("protection --explain r9 " + lab + " r1", 2, {"r9 is no node"});
}

TEST(RhumbPath, WalksFollowSegments) {
    expect("walk " + lab + " r2 r4 r3", 0, {"16004 16003", "0 16003", "explicit null 0"});
    expect("walk " + lab + " r2 r2:r2-1 15002 16003", 0, {"15002 16003", "ARRIVED"});
    expect("walk " + lab + " r1 15999", 1, {"r1 has no entry for label 15999"});
    expect("walk " + provider + " pe1 203.0.113.53/32", 0, {"(anycast)", "ams-red"});
    const json one = read("walk --json --one " + provider + " fra-red vie-blue");
    const json all = read("walk --json " + provider + " fra-red vie-blue");
    EXPECT_EQ(one.at("visits").at(0).at("branches").size(), 1U);
    EXPECT_EQ(all.at("visits").at(0).at("branches").size(), 2U);
}

TEST(RhumbPath, Draws) {
    const temporary_folder folder;
    const std::string file = folder.path("map.svg");
    expect("svg " + lab + " " + file + " --path r1 r5 --fail r1:r1-2 --title 'a<b'", 0, {});
    const program::result drawn =
        run("svg " + lab + " - --path r1 r5 --fail r1:r1-2 --title 'a<b'");
    EXPECT_EQ(drawn.output, folder.read("map.svg"));
    for (const char* part : {"<svg ", ">r4<", "a&lt;b", "r1 to r5, cost 30",
                             "r1 to r5 after r1:r1-2 fails, cost 60", "#ea580c", "</svg>"}) {
        EXPECT_NE(drawn.output.find(part), std::string::npos) << part;
    }
    expect("svg " + provider + " - --from pe1", 0, {"shortest paths from pe1"});
    expect("svg " + provider + " - --path pe1 pe4 pe2 pe3 --algorithm 129", 0,
           {"pe1 to pe4, algorithm 129", "pe2 to pe3, algorithm 129", "#16a34a"});
}

}  // namespace
}  // namespace rhumb::test

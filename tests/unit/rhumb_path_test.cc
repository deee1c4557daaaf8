// rhumb-path as people and scripts run it: exit statuses, tables, JSON, drawings.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;

const std::string lab = std::string(RHUMB_ROOT) + "/configs/topology/lab5.toml";
const std::string provider = std::string(RHUMB_ROOT) + "/configs/topology/provider.toml";

struct result {
    int status = -1;
    std::string output;  // standard error as well, unless it was asked for JSON
};

result run(const std::string& line) {
    const bool as_json = line.find("--json") != std::string::npos;
    const std::string command =
        std::string(RHUMB_PATH) + ' ' + line + (as_json ? " 2>/dev/null" : " 2>&1");
    std::FILE* const pipe = popen(command.c_str(), "r");
    result got;
    if (pipe == nullptr) {
        return got;
    }
    char part[4096];
    for (std::size_t count = 0; (count = std::fread(part, 1, sizeof part, pipe)) != 0;) {
        got.output.append(part, count);
    }
    const int status = pclose(pipe);
    got.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return got;
}

void expect(const std::string& line, int status, const std::vector<std::string>& parts) {
    const result got = run(line);
    EXPECT_EQ(got.status, status) << line << '\n' << got.output;
    for (const std::string& part : parts) {
        EXPECT_NE(got.output.find(part), std::string::npos) << line << '\n' << got.output;
    }
}

json read(const std::string& line, int status = 0) {
    const result got = run(line);
    EXPECT_EQ(got.status, status) << line;
    return json::parse(got.output);
}

TEST(RhumbPath, HelpsAndRefusesWrongUsage) {
    expect("--help", 0, {"show", "spf", "path", "walk", "svg", "Exit status"});
    for (const char* word : {"show", "spf", "path", "walk", "svg"}) {
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
    expect("path " + lab + " r1 r5 --avoid blue", 2, {"blue is neither a node, nor a link"});
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
           {"r1 to r5, cost 30 (igp)", "r1 -r1-2> r2 -r2-3> r3 -r3-5> r5", "segments  node r5",
            "r5 is next and wants its label (no PHP)", "ARRIVED"});
    expect("path " + lab + " r1 r5 --fail r2:r2-3", 1, {"LOST", "link r2-3 is down"});
    expect("path " + lab + " r1 r5 --avoid r3", 1, {"there is no path from r1 to r5"});
    const json way = read("path --json --avoid r2 " + lab + " r1 r5");
    EXPECT_EQ(way.at("cost"), 60);
    EXPECT_EQ(way.at("segments").size(), 3U);
    EXPECT_EQ(way.at("walk").at("arrives"), true);
    EXPECT_EQ(way.at("walk").at("visits").at(1).at("labels"), (json{15'004, 15'004}));
    EXPECT_EQ(read("path --json --metric delay " + provider + " pe1 pe4").at("cost"),
              500 + 4'000 + 100 + 6'000 + 500);
    expect("path --avoid blue --avoid srlg:7 " + provider + " pe1 pe4", 1, {"there is no path"});
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
    const result drawn = run("svg " + lab + " - --path r1 r5 --fail r1:r1-2 --title 'a<b'");
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

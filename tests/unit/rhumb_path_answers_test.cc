// rhumb-path's answers in words: what it says of policies, and of what there is not.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
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

void expect(const std::string& line, int status, const std::vector<std::string>& parts) {
    tool.expect(line, status, parts);
}

json read(const std::string& line) {
    const program::result got = tool.run(line);
    EXPECT_EQ(got.status, 0) << line;
    return json::parse(got.output);
}

// The lab with more in its file.
std::string lab_with(const temporary_folder& folder, const std::string& more) {
    std::ifstream from(lab);
    folder.write("lab.toml", std::string(std::istreambuf_iterator<char>(from), {}) + more);
    return folder.path("lab.toml");
}

// As the router sends them (routers_paths_test.cc has random networks).
TEST(RhumbPathAnswers, PoliciesTellTheLabelsThatTheirHeadendSends) {
    const temporary_folder folder;
    const std::string file =
        lab_with(folder,
                 "[[policies]]\nheadend = \"r1\"\ncolor = 7\nendpoint = \"r5\"\n"
                 "paths = [{ segments = [\"r4\", \"r4->r3\", \"r5\"] }]\n");
    const json policy = read("path --json --color 7 " + file + " r1 r5");
    const json& first = policy.at("lists").at(0).at("walk").at("visits").at(0);
    EXPECT_EQ(first.at("branches").at(0).at("labels"), (json{15'004, 16'005}));
    expect("path --color 7 " + file + " r1 r5", 0, {"PUSH      15004 16005", "r4 is next"});
    // To its prefix alone the neighbour gets what it asks for.
    expect("path " + file + " r1 r4", 0, {"PUSH     0 "});
}

TEST(RhumbPathAnswers, TheConstraintIsNamedThatLeavesNone) {
    const auto none = [](const std::string& options, const std::string& why) {
        expect("path " + lab + " r1 r5 " + options, 1, {why});
    };
    none("--bandwidth 1", "no way from r1 to r5 has links that all give their bandwidth");
    none("--avoid r2 --avoid r3", "every way from r1 to r5 takes r3, which is excluded");
    none("--avoid r2 --avoid r4",
         "every way from r1 to r5 takes one of r2, r4, which are excluded");
    none("--avoid r1:r1-2 --avoid r4 --avoid r2:r2-1",
         "every way from r1 to r5 takes one of r4, r1:r1-2, which are excluded");
    expect("path -k 3 --avoid blue --avoid srlg:7 " + provider + " pe1 pe4", 1,
           {"every way from pe1 to pe4 takes one of srlg:7, blue, which are excluded"});
    expect("path --avoid blue --avoid red " + provider + " pe1 pe4", 1,
           {"every way from pe1 to pe4 takes one of red, blue, which are excluded"});
    expect("path --include red --avoid ams-red " + provider + " pe1 pe4", 1, {"to be included"});
    const temporary_folder folder;
    const std::string file = lab_with(
        folder,
        "[[policies]]\nheadend = \"r1\"\ncolor = 7\nendpoint = \"r5\"\n"
        "paths = [{ preference = 3, dynamic = { bandwidth = \"1G\" } },\n"
        "         { preference = 2, dynamic = { exclude_nodes = [\"r2\", \"r3\"] } },\n"
        "         { preference = 1, dynamic = { exclude_nodes = [\"r2\"], max_hops = 2 } }]\n");
    const std::string none_of = "invalid: no path keeps to the constraints; ";
    expect("path --color 7 " + file + " r1 r5", 1,
           {none_of + "no way from r1 to r5 has links that all give their bandwidth",
            none_of + "every way from r1 to r5 takes r3, which is excluded",
            none_of + "from r1 to r5: the least number of hops is 3, the bound 2"});
}

// A segment is written as policies write it, everywhere; a policy goes by its name.
TEST(RhumbPathAnswers, SegmentsAndPoliciesAreCalledAlikeEverywhere) {
    expect("path --avoid r2 " + lab + " r1 r5", 0, {"segments  r4, r4->r3, r5\n"});
    expect("protection " + lab + " r1", 0, {"r3, r3->r4"});
    const temporary_folder folder;
    const std::string file =
        lab_with(folder,
                 "[[policies]]\nname = \"gold\"\nheadend = \"r1\"\ncolor = 7\nendpoint = \"r3\"\n"
                 "paths = [{ segments = [\"r2\", \"r3\"] }]\n"
                 "[[demands]]\nfrom = \"r1\"\nto = \"r3\"\nrate = \"1G\"\npolicy = \"gold\"\n"
                 "[[links]]\nends = [\"r2:wide\", \"r3:wide\"]\nbandwidth = \"1G\"\n");
    expect("reoptimise " + file, 0, {"gold", "r2, r2:r2-3"});
}

TEST(RhumbPathAnswers, WordsThatAreNothingOfTheNetwork) {
    expect("path " + lab + " r1 r5 --avoid r1-2", 2, {"a link is written NODE:LINK: r1:r1-2"});
    expect("path " + lab + " r1 rr5", 2, {"rr5 is no node of this network; did you mean \"r5\"?"});
    expect("path " + provider + " pe1 pe4 --avoid blu", 2, {"did you mean \"blue\"?"});
    expect("path " + lab + " r1 nowhere", 2, {"nowhere is no node of this network\n"});
}

TEST(RhumbPathAnswers, WhatIsNotRepairedSaysWhy) {
    expect("protection " + lab + " r5", 0, {"r5-3  r1, r2, r3, r4  none: there is no other path"});
    EXPECT_EQ(read("protection --json " + lab + " r1").size(), 3U);
    expect("protection " + lab + " r1 --explain r1", 2, {"packets for r1 do not leave it"});
    const temporary_folder folder;
    const std::string file = lab_with(folder, "[nodes.far]\nloopback = \"198.51.100.99\"\n");
    expect("protection " + file + " r1 --explain far", 0,
           {"no path leads from r1 to far: there is nothing to repair"});
    expect("protection " + file + " far", 0, {"far reaches nobody"});
}

TEST(RhumbPathAnswers, WhoTakesNoPartInAnAlgorithm) {
    for (const std::string word : {"spf ", "protection "}) {
        expect(word + provider + " ams-red --algorithm 129", 1,
               {"ams-red takes no part in algorithm 129"});
    }
}

TEST(RhumbPathAnswers, WhatIsNotKnownIsNotZero) {
    EXPECT_EQ(read("path --json " + lab + " r1 r5").at("delay_us"), json());
    EXPECT_EQ(read("path --json " + provider + " fra-blue mil-blue").at("delay_us"), 17'000);
    expect("path -k 2 " + lab + " r1 r5", 0, {"1    30         -     3"});
    expect("show " + provider + " links", 0, {"BANDWIDTH", "100G", "40G"});
}

TEST(RhumbPathAnswers, PoliciesWithoutAHeadend) {
    const temporary_folder folder;
    const std::string file =
        lab_with(folder,
                 "[[policies]]\nname = \"gold\"\ncolor = 7\nendpoint = \"r3\"\n"
                 "paths = [{ segments = [\"r2\", \"r3\"] }]\n"
                 "[[demands]]\nfrom = \"r1\"\nto = \"r3\"\nrate = \"1G\"\npolicy = \"gold\"\n");
    const program::result got = tool.run("report " + file);
    EXPECT_EQ(got.status, 4);
    EXPECT_NE(got.output.find("a headend is needed"), std::string::npos) << got.output;
    EXPECT_NE(got.output.find("--node NODE"), std::string::npos) << got.output;
    EXPECT_EQ(got.output.find("begins at another node"), std::string::npos) << got.output;
    expect("report --node r1 " + file, 0, {"NO WAY MBIT/S", "MOVED: demands that take other"});
}

TEST(RhumbPathAnswers, DrawingsOfPaths) {
    const std::string drawn = "svg --path r1 r5 " + lab + " -";
    expect(drawn, 0, {"r1 to r5, cost 30"});
    expect("svg --path r1 r5 r1 r4 " + lab + " -", 0, {"r1 to r5, cost 30", "r1 to r4, cost 10"});
    expect("svg " + lab + " - --path r1 r5 --fail r3:r3-4", 0,
           {"r1 to r5 after r3:r3-4 fails: the same", "a link that fails"});
    expect("svg " + lab + " - --path r1 r5 --fail r1:r1-2", 0,
           {"r1 to r5 after r1:r1-2 fails, cost 60"});
    for (const std::string option : {"--color 3", "--avoid r3", "--backup", "--metric te"}) {
        expect("svg " + lab + " - " + option, 2, {"--path FROM TO as well"});
    }
}

// What docs/rhumb-path.md shows of the example of docs/policies.md.
TEST(RhumbPathAnswers, TheExampleOfTheDocumentsRuns) {
    const std::string example = "configs/topology/policies.toml r1 r5 --color 100";
    const program::result got = tool.run("path " RHUMB_ROOT "/" + example);
    EXPECT_EQ(got.status, 0);
    std::string shown = "    $ rhumb-path path " + example + '\n';
    for (std::size_t at = 0; at < got.output.size();) {
        const std::size_t end = got.output.find('\n', at) + 1;
        shown += (got.output[at] == '\n' ? "" : "    ") + got.output.substr(at, end - at);
        at = end;
    }
    std::ifstream from(RHUMB_ROOT "/docs/rhumb-path.md");
    const std::string document(std::istreambuf_iterator<char>(from), {});
    EXPECT_NE(document.find(shown), std::string::npos) << shown;
}

}  // namespace
}  // namespace rhumb::test

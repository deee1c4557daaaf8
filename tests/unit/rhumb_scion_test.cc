// rhumb-scion as people and scripts run it: exit statuses, tables, JSON, captures.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/run_program.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;

const std::string network = std::string(RHUMB_ROOT) + "/configs/scion-network/network.toml";

const program tool(RHUMB_SCION);

program::result run(const std::string& line) { return tool.run(line); }

void expect(const std::string& line, int status, const std::vector<std::string>& parts) {
    tool.expect(line, status, parts);
}

TEST(RhumbScion, HelpsAndRefusesWrongUsage) {
    expect("--help", 0, {"make", "show", "paths", "packet", "walk"});
    for (const char* word : {"make", "show", "paths", "packet", "walk"}) {
        expect(std::string(word) + " --help", 0, {"usage: rhumb-scion ", "--seed", "--json"});
        expect(word, 2, {"--help tells more"});
        expect(std::string(word) + " --nonsense", 2, {"nonsense"});
    }
    expect("", 2, {"what is to be done?"});
    expect("fly", 2, {"unknown subcommand fly"});
    expect("show /nowhere.toml", 4, {"/nowhere.toml: cannot read the network"});
    expect("show --seed -1 " + network, 2, {"takes a number"});
    expect("paths " + network + " 1-ff00:0:112 1-2", 2, {"1-2 is no AS of the network"});
    expect("paths " + network + " 1-ff00:0:112 1-ff00:0:112", 1, {"there is no path"});
    expect("walk --path 99 " + network + " 1-ff00:0:112 1-ff00:0:113", 2, {"there are paths 1 to"});
    expect("walk --flip mac:99 " + network + " 1-ff00:0:112 1-ff00:0:113", 2, {"mac:HOP"});
    expect("packet --kind tcp " + network + " 1-ff00:0:112 1-ff00:0:113", 2, {"udp, echo or"});
    expect("packet --data 123 " + network + " 1-ff00:0:112 1-ff00:0:113", 2, {"two digits"});
}

TEST(RhumbScion, ShowsNetworksAndPaths) {
    expect("show --seed 1 " + network, 0,
           {"ASes\n", "links\n", "segments", "1-ff00:0:111", "parent-child", "2-ff00:0:211"});
    expect("paths " + network + " 1-ff00:0:112 2-ff00:0:212", 0,
           {"up ~ down", "1-ff00:0:112#1 > 11#1-ff00:0:111#21 > 21#2-ff00:0:211#11"});
    const json all = json::parse(run("show --json " + network).output);
    EXPECT_EQ(all.at("ases").size(), 9U);
    EXPECT_EQ(all.at("links").size(), 13U);
    EXPECT_EQ(all.at("segments").size(), 23U);
    const std::string line =
        "paths --json --seed 1 --time 1767225600 " + network + " 1-ff00:0:112 2-ff00:0:212";
    const json paths = json::parse(run(line).output);
    EXPECT_EQ(paths, json::parse(run(line).output));
    EXPECT_EQ(paths.at(0).at("mtu"), 1350);
    EXPECT_EQ(paths.at(0).at("good_until"), "2026-01-01T06:00:00Z");
    EXPECT_EQ(paths.at(0).at("segments").at(1).at("peering"), true);
}

TEST(RhumbScion, WalksTellWhetherAPacketArrives) {
    const std::string ends = network + " 1-ff00:0:112 2-ff00:0:212";
    expect("walk " + ends, 0, {": right\n", "arrived at 10.9.1.100:31000 in 2-ff00:0:212"});
    expect("walk --all --reply " + ends, 0, {"the host's answer: arrived at 10.4.1.100:31000"});
    expect("walk --kind echo --reply " + ends, 0, {"arrived at 10.9.1.100:30041"});
    expect("walk --flip mac:1 " + ends, 1,
           {"in the MAC of hop field 1", "WRONG", "refused by 1-ff00:0:111",
            "the router's answer: arrived at 10.4.1.100:31000"});
    expect("walk -q --flip mac:0 " + ends, 1,
           {"refused by 1-ff00:0:112 br1: scion_bad_mac",
            "the router's answer: arrived at 10.4.1.100:31000, by no other router"});
    expect("walk --flip 3 " + ends, 0, {"bit 3 is flipped, in the common header"});
    expect("walk --down 1-ff00:0:112#1 " + ends, 1, {"scion_link_down"});
    expect("walk --kind traceroute --at 1-ff00:0:111#11 " + ends, 0,
           {"a traceroute reply of interface 11"});
    expect("walk --kind traceroute --at 1-ff00:0:110#11 " + ends, 2, {"does not use"});
    const program::result told = run("walk --json --all --flip segid:0 " + ends);
    EXPECT_EQ(told.status, 1);
    const json walks = json::parse(told.output);
    EXPECT_GE(walks.size(), 9U);
    for (const json& one : walks) {
        EXPECT_EQ(one.at("arrived"), false);
        EXPECT_EQ(one.at("steps").back().at("reason"), "scion_bad_mac");
        EXPECT_EQ(one.at("answer").at("arrived"), true);
    }
}

TEST(RhumbScion, PacketsAreTheSameForTheKeysOfAFolder) {
    const temporary_folder folder;
    const std::string lab = folder.path("lab");
    const std::string ends = network + " 1-ff00:0:112 2-ff00:0:212";
    expect("make " + network + " " + lab, 0, {"11 routers of 9 ASes", "rhumbd --config"});
    expect("make --ports memif " + network + " " + lab, 4, {"1-ff00:0:111 has 2 routers"});
    expect("make --ports paper " + network + " " + lab, 2, {"--ports is tap or memif"});
    // Segment ids are random: the MACs differ, but the routers' keys are those of the folder.
    expect("walk -q --keys " + lab + " " + ends, 0, {"arrived"});
    EXPECT_EQ(run("make --json " + network + " " + lab).status, 0);
    const std::string seeded = "packet --seed 4 --time 1767225600 ";
    const std::string hex = run(seeded + ends).output;
    EXPECT_EQ(hex, run(seeded + ends).output);
    EXPECT_EQ(hex.substr(0, 8), "00000001");
    EXPECT_NE(hex, run("packet --seed 5 --time 1767225600 " + ends).output);
    const json ip = json::parse(run(seeded + "--layer ip --json " + ends).output);
    EXPECT_EQ(ip.at("hex").get<std::string>().substr(0, 2), "45");
    EXPECT_EQ(ip.at("hex").get<std::string>().substr(56) + '\n', hex);

    EXPECT_EQ(run(seeded + "--pcap " + folder.path("x.pcap") + " " + ends).status, 0);
    const std::string capture = folder.read("x.pcap");
    EXPECT_EQ(capture.size(), 24 + 16 + 14 + hex.size() / 2 + 28);
    EXPECT_EQ(capture.substr(0, 4), "\xd4\xc3\xb2\xa1");
    EXPECT_EQ(capture[20], 1);
    EXPECT_EQ(run(seeded + "--layer scion --pcap " + folder.path("y.pcap") + " " + ends).status, 0);
    EXPECT_EQ(folder.read("y.pcap").size(), 24 + 16 + hex.size() / 2);
    expect(seeded + "--pcap /nowhere/x.pcap " + ends, 4, {"/nowhere/x.pcap: cannot write"});
    expect("packet " + ends, 0, {"these keys are random"});
}

}  // namespace
}  // namespace rhumb::test

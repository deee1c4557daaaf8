// What a router computes from a map, and how it follows its links.
#include "tests/vdev/daemon_map.hh"

#include <algorithm>
#include <set>
#include <thread>

#include "controlplane/config/topology_file.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

// Where a label's packets go, in short: "continue 16005 r2~via-w~15000".
std::string way_of(const json& rule) {
    std::string text = rule.value("op", "none");
    if (rule.contains("out")) {
        text += ' ' + std::to_string(rule["out"].get<unsigned>());
    }
    for (const json& path : rule.value("via", json::array())) {
        text += ' ' + path.value("nexthop", "");
        if (path.contains("out")) {
            text += '>' + std::to_string(path["out"].get<unsigned>());
        }
    }
    return text;
}

TEST_F(rhumbd_map, tables_are_those_of_its_place_on_the_map) {
    const std::string policy =
        "[[policies]]\ncolor = 7\nendpoint = \"r5\"\n[[policies.paths]]\ndynamic = {}\n";
    folder_.write("lab.toml", topology() + policy);
    write_router(quiet(0), quiet(1));
    const auto router = start();
    EXPECT_EQ(way_of(label(*router, 16001)), "next");
    EXPECT_EQ(label(*router, 16005)["op"], "continue");
    const json spf = rows(*router, {{"what", "spf"}});
    ASSERT_EQ(spf.size(), 5U);
    EXPECT_EQ(spf[4]["node"], "r5");
    EXPECT_EQ(spf[4]["cost"], 30);
    EXPECT_EQ(spf[4]["via"], json::array({"to-r2"}));
    EXPECT_EQ(spf[4]["label"], 16005);
    EXPECT_EQ(rows(*router, {{"what", "topology"}}).size(), 5U);
    EXPECT_EQ(rows(*router, {{"what", "links"}}).size(), 10U);
    EXPECT_EQ(rows(*router, {{"what", "conflicts"}}), json::array());
    // The map as a file is the same map, and the policies stand behind it.
    std::string text;
    for (const json& row : rows(*router, {{"what", "topology_file"}})) {
        text += row.at("toml").get<std::string>();
    }
    const auto map = config::parse_topology(text, "map");
    ASSERT_TRUE(map) << map.why().text();
    const auto file = config::parse_topology(topology(), "lab");
    EXPECT_EQ(map.value().nodes.size(), file.value().nodes.size());
    for (std::size_t n = 0; n < file.value().nodes.size(); ++n) {
        EXPECT_EQ(map.value().nodes[n].links, file.value().nodes[n].links);
        EXPECT_EQ(map.value().nodes[n].prefixes, file.value().nodes[n].prefixes);
    }
    EXPECT_NE(text.find(policy), std::string::npos);
    // What protects r2 and all behind it: over r4, whose way to r3 is its own adjacency.
    std::set<std::string> repaired;
    for (const json& row : rows(*router, {{"what", "protection"}})) {
        if (row["link"] == "to-r2") {
            EXPECT_EQ(row["out"], "to-r4");
            EXPECT_EQ(row["segments"], json::array({"r4->r3"}));
            repaired.insert(row["destinations"].begin(), row["destinations"].end());
        }
    }
    EXPECT_EQ(repaired, (std::set<std::string>{"r2", "r3", "r5"}));
    EXPECT_NE(show(*router, {{"what", "spf"}, {"algorithm", 128}})["error"]["message"], json());
    expect_clean_end(*router);
}

TEST_F(rhumbd_map, the_example_of_the_documents_is_good) {
    const std::string example = std::string(RHUMB_ROOT) + "/configs/topology/r1.toml";
    const run_result got = run({"--config", example, "--check"});
    EXPECT_EQ(got.status, 0) << got.output;
    EXPECT_NE(got.output.find("good: 2 ports, 2 next hops, 11 labels, 5 prefixes"),
              std::string::npos)
        << got.output;
}

TEST_F(rhumbd_map, a_check_tells_what_of_the_map_is_not_in_the_tables) {
    folder_.write("lab.toml", topology());
    write_router(quiet(0), quiet(1));
    std::string text = folder_.read("r.toml");
    text.erase(text.find("links = "), std::string("links = { \"to-r4\" = \"w\" }\n").size());
    folder_.write("r.toml", text);
    const run_result got = run({"--config", "r.toml", "--check"});
    EXPECT_EQ(got.status, 0) << got.output;
    EXPECT_NE(got.output.find("link to-r4 to r4 has no next hop"), std::string::npos) << got.output;
}

TEST_F(rhumbd_map, tables_follow_own_links) {
    folder_.write("lab.toml", topology());
    write_router(quiet(0), quiet(1));
    const auto router = start();
    const json before = rows(*router, {{"what", "labels"}});
    EXPECT_EQ(router->ask("port", {{"name", "east"}, {"up", false}}).count("error"), 0U);
    ASSERT_TRUE(soon([&] { return way_of(label(*router, 16005)) == "continue 16005 w"; }))
        << way_of(label(*router, 16005));
    EXPECT_EQ(rows(*router, {{"what", "spf"}})[4]["via"], json::array({"to-r4"}));
    std::set<std::string> down;
    for (const json& row : rows(*router, {{"what", "links"}})) {
        if (!row.at("up").get<bool>()) {
            down.insert(row["node"].get<std::string>() + ':' + row["link"].get<std::string>());
        }
    }
    EXPECT_EQ(down, (std::set<std::string>{"r1:to-r2", "r2:to-r1"}));
    EXPECT_EQ(router->ask("port", {{"name", "east"}, {"up", true}}).count("error"), 0U);
    EXPECT_TRUE(soon([&] { return rows(*router, {{"what", "labels"}}) == before; }));
    expect_clean_end(*router);
}

TEST_F(rhumbd_map, a_local_delay_leaves_a_failure_to_repairs_for_a_while) {
    folder_.write("lab.toml", topology());
    write_router(quiet(0), quiet(1), "local_delay = 60000\n");
    const auto router = start();
    const std::string before = way_of(label(*router, 16005));
    EXPECT_EQ(router->ask("nexthop", {{"name", "r2"}, {"up", false}}).count("error"), 0U);
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(way_of(label(*router, 16005)), before);
    expect_clean_end(*router);
}

TEST_F(rhumbd_map, a_reload_takes_the_map_anew_or_leaves_all_as_it_was) {
    folder_.write("lab.toml", topology());
    write_router(quiet(0), quiet(1));
    const auto router = start();
    const json before = rows(*router, {{"what", "labels"}});
    folder_.write("lab.toml", topology(100));
    EXPECT_TRUE(router->ask("reload").contains("generation"));
    EXPECT_EQ(label(*router, 16005)["via"][0]["nexthop"].get<std::string>().substr(0, 1), "w");
    folder_.write("lab.toml", topology() + "[[links]]\nends = [\"r1\", \"r9\"]\n");
    const json error = router->ask("reload").value("error", json::object());
    EXPECT_EQ(error.value("file", ""), "lab.toml") << error;
    EXPECT_NE(error.value("line", 0), 0);
    EXPECT_EQ(label(*router, 16005)["via"][0]["nexthop"].get<std::string>().substr(0, 1), "w");
    folder_.write("lab.toml", topology());
    EXPECT_TRUE(router->ask("reload").contains("generation"));
    EXPECT_EQ(rows(*router, {{"what", "labels"}}), before);
    expect_clean_end(*router);
}

// [topology.map] instead of a file.
TEST_F(rhumbd_map, the_map_may_stand_in_the_configuration) {
    folder_.write("lab.toml", topology());
    write_router(quiet(0), quiet(1));
    const std::string by_file = folder_.read("r.toml");
    const auto router = start();
    const json before = rows(*router, {{"what", "labels"}});
    std::string map = topology(10, "affinities = [\"red\"]\n");
    for (std::size_t at = 0; at < map.size(); at = std::min(map.find('\n', at), map.size()) + 1) {
        if (map[at] == '[') {
            at = map.find_first_not_of('[', at);
            map.insert(at, "topology.map.");
        }
    }
    std::string whole = by_file;
    const std::string named = "file = \"lab.toml\"\n";
    whole.erase(whole.find(named), named.size());
    folder_.write("r.toml", whole + map);
    EXPECT_FALSE(router->ask("reload").contains("generation")) << "the affinity has no name";
    map.insert(0, "[topology.map.affinities]\nred = 3\n");
    folder_.write("r.toml", whole + map);
    const json done = router->ask("reload");
    EXPECT_TRUE(done.contains("generation")) << done;
    EXPECT_EQ(rows(*router, {{"what", "labels"}}), before);

    // The running configuration has it, and is one.
    const std::string text = running_config(*router, 100);
    EXPECT_EQ(text.find(named), std::string::npos);
    EXPECT_NE(text.find("[topology.map.nodes.r5]\n"), std::string::npos) << text;
    folder_.write("r.toml", text);
    EXPECT_TRUE(router->ask("reload").contains("generation"));
    EXPECT_EQ(running_config(*router, 100), text);
    EXPECT_EQ(rows(*router, {{"what", "labels"}}), before);

    folder_.write("r.toml", text + "[[topology.map.links]]\nends = [\"r1\", \"r9\"]\n");
    const json error = router->ask("reload").value("error", json::object());
    EXPECT_EQ(error.value("file", ""), "r.toml") << error;
    EXPECT_EQ(error.value("line", 0), std::ranges::count(text, '\n') + 2) << error;
    EXPECT_EQ(rows(*router, {{"what", "labels"}}), before);
    folder_.write("r.toml", by_file);
    EXPECT_TRUE(router->ask("reload").contains("generation"));
    EXPECT_EQ(rows(*router, {{"what", "labels"}}), before);
    const std::string example = RHUMB_ROOT "/configs/map.toml";
    EXPECT_EQ(run({"--config", example, "--check"}).output,
              example + ": good: 2 ports, 2 next hops, 8 labels, 3 prefixes\n");
    expect_clean_end(*router);
}

TEST_F(rhumbd_map, what_the_file_says_stands_above_what_is_computed) {
    folder_.write("lab.toml", topology());
    write_router(quiet(0), quiet(1),
                 "[[labels]]\nlabel = 16005\nop = \"continue\"\nout = 16099\nvia = \"w\"\n");
    const auto router = start();
    EXPECT_EQ(way_of(label(*router, 16005)), "continue 16099 w");
    const json conflicts = rows(*router, {{"what", "conflicts"}});
    ASSERT_EQ(conflicts.size(), 1U);
    EXPECT_NE(conflicts[0]["what"].get<std::string>().find("16005"), std::string::npos);
    // Single changes do not: the map would take them back some day.
    const json error =
        router->ask("apply", {{"toml", "[[labels]]\nlabel = 16004\nop = \"next\"\n"}})["error"];
    EXPECT_NE(error.value("message", "").find("label 16004 is computed from the map"),
              std::string::npos)
        << error;
    // The running configuration is what the file says, and names the map.
    const std::string config = running_config(*router, 100);
    EXPECT_NE(config.find("[topology]\nfile = \"lab.toml\"\nnode = \"r1\"\n"), std::string::npos)
        << config;
    EXPECT_NE(config.find("label = 16005"), std::string::npos);
    EXPECT_EQ(config.find("label = 16004"), std::string::npos);
    expect_clean_end(*router);
}

// The long way round while it is there, then what the constraints leave.
TEST_F(rhumbd_map, policies_follow_the_map) {
    folder_.write("lab.toml", topology() +
                                  "[[policies]]\nname = \"gold\"\ncolor = 100\n"
                                  "endpoint = \"r5\"\nbinding_sid = 15500\n"
                                  "steer = [\"203.0.113.0/24\"]\n"
                                  "[[policies.paths]]\npreference = 200\n"
                                  "segments = [\"r1->r4\", \"r4->r3\", \"r5\"]\n"
                                  "[[policies.paths]]\npreference = 100\n"
                                  "dynamic = { metric = \"igp\" }\n");
    write_router(quiet(0), quiet(1));
    const auto router = start();
    const auto policy = [&] {
        const json found = rows(*router, {{"what", "policies"}});
        EXPECT_EQ(found.size(), 1U) << found;
        return found.empty() ? json() : found[0];
    };
    EXPECT_EQ(policy()["preference"], 200);
    EXPECT_EQ(policy()["lists"][0]["segments"], json::array({"r1->r4", "r4->r3", "r5"}));
    EXPECT_EQ(policy()["steered"], json::array({"203.0.113.0/24"}));
    // The own link is where packets leave: its label is not on them.
    const json binding = label(*router, 15500);
    EXPECT_EQ(binding["op"], "push");
    EXPECT_EQ(binding["segments"], json::array({15001, 16005})) << binding;
    EXPECT_EQ(rows(*router, {{"what", "prefixes"}, {"prefix", "203.0.113.0/24"}}).size(), 1U);
    // Without the link to r4 the explicit path leads nowhere.
    EXPECT_EQ(router->ask("port", {{"name", "west"}, {"up", false}}).count("error"), 0U);
    ASSERT_TRUE(soon([&] { return policy()["preference"] == 100; })) << policy();
    EXPECT_EQ(policy()["lists"][0]["segments"], json::array({"r5"}));
    EXPECT_EQ(router->ask("port", {{"name", "west"}, {"up", true}}).count("error"), 0U);
    ASSERT_TRUE(soon([&] { return policy()["preference"] == 200; })) << policy();
    expect_clean_end(*router);
}

TEST_F(rhumbd_map, repairs_carry_packets_before_tables_follow) {
    folder_.write("lab.toml", topology());
    folder_.write("east-in.pcap", as_capture({}));
    const auto in = packet(
        "eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16005 ttl 64 | "
        "ipv4 10.0.0.1 > 10.9.0.1 id 1 | udp 1000 > 2000 | data 8");
    capture_source source(folder_.path() / "west-in.pcap", {in}, capture_source::kind::fifo);
    write_router(capture(0, "west"), capture(1, "east"), "local_delay = 60000\n");
    const auto router = start();
    EXPECT_EQ(router->ask("nexthop", {{"name", "r2"}, {"up", false}}).count("error"), 0U);
    source.send();
    expect_received(*router, "west", 1);
    expect_clean_end(*router);
    EXPECT_EQ(frames_of(folder_.read("east-out.pcap")).value().size(), 0U);
    // r4's unprotected adjacency to r3 on top; from there on r5's own label counts.
    const auto out = packet(
        "eth 02:00:00:00:01:01 > 02:00:00:00:03:01 | mpls 15000 ttl 63 | "
        "mpls 16005 ttl 63 | ipv4 10.0.0.1 > 10.9.0.1 id 1 | "
        "udp 1000 > 2000 | data 8");
    EXPECT_EQ(frames_of(folder_.read("west-out.pcap")).value(), std::vector<packet_bytes>{out});
}

}  // namespace
}  // namespace rhumb::test

// What a router measures, and what it does about it as the network's controller.
#include <cmath>
#include <string>

#include "controlplane/config/topology_file.hh"
#include "tests/vdev/daemon_map.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class rhumbd_traffic : public rhumbd_map {
protected:
    // A policy of r1 to r5 that follows the shortest path, with a binding SID.
    static std::string policy(const std::string& name, unsigned color) {
        return "[[policies]]\nname = \"" + name + "\"\ncolor = " + std::to_string(color) +
               "\nendpoint = \"r5\"\nbinding_sid = " + std::to_string(15500 + color) +
               "\nsteer = [\"203.0." + std::to_string(color) +
               ".0/24\"]\n[[policies.paths]]\ndynamic = {}\n";
    }
    static std::string demand(const std::string& policy, const std::string& rate) {
        return "[[demands]]\nfrom = \"r1\"\nto = \"r5\"\nrate = \"" + rate + "\"\npolicy = \"" +
               policy + "\"\n";
    }
    static json utilisation(daemon& router, const std::string& link) {
        for (const json& row : rows(router, {{"what", "utilisation"}})) {
            if (row["node"] == "r1" && row["link"] == link) {
                return row;
            }
        }
        return {};
    }
    // All rows of a report.
    static json report(daemon& router, json params = json::object()) {
        params["what"] = "report";
        json list = json::array();
        for (;;) {
            const json answer = show(router, params);
            EXPECT_TRUE(answer.contains("rows")) << answer;
            const json part = answer.value("rows", json::array());
            list.insert(list.end(), part.begin(), part.end());
            if (!answer.contains("next")) {
                return list;
            }
            params["from"] = answer["next"];
        }
    }
    static json link_of(const json& report, const std::string& node, const std::string& link) {
        for (const json& row : report) {
            if (row.contains("link") && row["link"]["node"] == node &&
                row["link"]["link"] == link) {
                return row["link"];
            }
        }
        return {};
    }
    static std::vector<packet_bytes> frames_to(const std::string& destination, unsigned count) {
        std::vector<packet_bytes> list;
        for (unsigned n = 0; n < count; ++n) {
            list.push_back(packet("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | ipv4 10.0.0.1 > " +
                                  destination + " id " + std::to_string(n) +
                                  " | udp 1000 > 2000 | data 100"));
        }
        return list;
    }
    // Time enough for the average that it is as good as a sum: bytes are told by the rate.
    static constexpr double average_seconds = 3600;
    static constexpr const char* measuring = "measure = 1\nsmoothing = 3600\n";
};

// The average of a burst is what was sent in it over the average's time.
TEST_F(rhumbd_traffic, rates_are_those_of_packets_that_were_sent) {
    folder_.write("lab.toml", topology(10, "bandwidth = 1000\n") + policy("gold", 1));
    folder_.write("east-in.pcap", as_capture({}));
    constexpr unsigned count = 2000;
    capture_source source(folder_.path() / "west-in.pcap", frames_to("203.0.1.9", count),
                          capture_source::kind::fifo);
    write_router(capture(0, "west"), capture(1, "east"),
                 std::string(measuring) + "[controller]\ndemands = \"measured\"\n");
    const auto router = start();
    ASSERT_TRUE(soon([&] { return utilisation(*router, "to-r2")["rate"].is_number(); }));
    EXPECT_EQ(utilisation(*router, "to-r2")["rate"], 0.0);
    EXPECT_EQ(utilisation(*router, "to-r2")["capacity"], 1000);
    // Nothing is known of what enters: there are no demands in the file.
    EXPECT_NE(refusal(show(*router, {{"what", "report"}})).find("there are no demands"),
              std::string::npos);
    source.send();
    expect_counted(*router, "east", "tx_packets", count);
    const json port = rows(*router, {{"what", "ports"}, {"port", "east"}})[0];
    const double sent = port["tx_bytes"].get<double>() * 8 / average_seconds;
    ASSERT_GT(sent, 0);
    EXPECT_TRUE(soon([&] {
        return std::abs(utilisation(*router, "to-r2")["rate"].get<double>() - sent) < 0.02 * sent;
    })) << utilisation(*router, "to-r2")
        << " and not " << sent;
    const json row = utilisation(*router, "to-r2");
    EXPECT_NEAR(row["utilisation"].get<double>(), row["rate"].get<double>() / 1000, 1e-9);
    EXPECT_EQ(utilisation(*router, "to-r4")["rate"], 0.0);
    // The same packets as demand of the policy that they took, and as load on its way.
    const json all = report(*router, {{"fail", "none"}});
    const json first = link_of(all, "r1", "to-r2");
    const json last = link_of(all, "r3", "to-r5");
    ASSERT_TRUE(first.is_object() && last.is_object()) << all;
    EXPECT_NEAR(first["load"].get<double>(), last["load"].get<double>(), 1e-6);
    EXPECT_GT(first["load"].get<double>(), sent / 2);
    EXPECT_LT(first["load"].get<double>(), sent * 1.02);
    EXPECT_GT(first["measured"].get<double>(), 0);
    // A reload leaves what was measured.
    EXPECT_TRUE(router->ask("reload").contains("generation"));
    std::this_thread::sleep_for(1200ms);
    EXPECT_NEAR(utilisation(*router, "to-r2")["rate"].get<double>(), sent, 0.02 * sent);
    expect_clean_end(*router);
}

// Both links leave by one port: packets are told apart by their next hops.
TEST_F(rhumbd_traffic, links_of_one_port_are_told_apart) {
    folder_.write("lab.toml", topology(10, "bandwidth = 1000\n"));
    folder_.write("east-in.pcap", as_capture({}));
    constexpr unsigned count = 1000;
    capture_source source(folder_.path() / "west-in.pcap", frames_to("198.51.100.5", count),
                          capture_source::kind::fifo);
    write_router(capture(0, "west"), capture(1, "east"), measuring, "", "east");
    const auto router = start();
    ASSERT_TRUE(soon([&] { return utilisation(*router, "to-r2")["rate"].is_number(); }));
    source.send();
    // A worker counts a burst when it has sent it.
    double bytes = 0;
    EXPECT_TRUE(soon([&] {
        std::uint64_t packets = 0;
        bytes = 0;
        for (const json& row : rows(*router, {{"what", "nexthops"}, {"port", "east"}})) {
            packets += row["packets"].get<std::uint64_t>();
            bytes += row["bytes"].get<double>();
        }
        return packets == count;
    }));
    const double sent = bytes * 8 / average_seconds;
    ASSERT_GT(sent, 0);
    EXPECT_TRUE(soon([&] {
        return std::abs(utilisation(*router, "to-r2")["rate"].get<double>() - sent) < 0.02 * sent;
    })) << utilisation(*router, "to-r2")
        << " and not " << sent;
    EXPECT_EQ(utilisation(*router, "to-r4")["rate"], 0.0);
    EXPECT_NE(refusal(show(*router, {{"what", "report"}})).find("has no [controller]"),
              std::string::npos);
    EXPECT_NE(refusal(router->ask("reoptimise")).find("has no [controller]"), std::string::npos);
    EXPECT_NE(refusal(router->ask("revert")).find("has no [controller]"), std::string::npos);
    expect_clean_end(*router);
}

TEST_F(rhumbd_traffic, policies_move_when_they_are_told_to) {
    folder_.write("lab.toml", topology(10, "bandwidth = \"100M\"\n") + policy("gold", 1) +
                                  policy("silver", 2) +
                                  "[[policies]]\nname = \"other\"\nheadend = \"r4\"\ncolor = 3\n"
                                  "endpoint = \"r2\"\n[[policies.paths]]\ndynamic = {}\n" +
                                  demand("gold", "60M") + demand("silver", "30M"));
    write_router(quiet(0), quiet(1), "[controller]\ntarget = 0\n");
    const auto router = start();
    EXPECT_EQ(rows(*router, {{"what", "policies"}}).size(), 3U);
    const json before = report(*router);
    EXPECT_NEAR(link_of(before, "r1", "to-r2")["utilisation"].get<double>(), 0.9, 1e-9);
    const auto failures = std::count_if(before.begin(), before.end(),
                                        [](const json& row) { return row.contains("failure"); });
    EXPECT_EQ(failures, 10);  // five links, five nodes
    const json links_only = report(*router, {{"fail", "none"}, {"limit", 1}});
    EXPECT_EQ(links_only.size(), before.size() - 10U);
    EXPECT_FALSE(refusal(show(*router, {{"what", "report"}, {"fail", "city"}})).empty());
    EXPECT_FALSE(refusal(show(*router, {{"what", "report"}, {"from", "row 1"}})).empty());

    // r3 to r5 is as full as it is: what can be moved away from the others is of no use.
    const json gold = label(*router, 15501);
    const json silver = label(*router, 15502);
    const json idea = router->ask("reoptimise");
    EXPECT_TRUE(idea["moves"].empty()) << idea;
    EXPECT_EQ(idea["applied"], false);
    folder_.write("lab.toml",
                  topology(10, "bandwidth = \"100M\"\n") +
                      "[[links]]\nends = [\"r4\", \"r5\"]\nmetric = 100\nbandwidth = \"100M\"\n" +
                      policy("gold", 1) + policy("silver", 2) + demand("gold", "60M") +
                      demand("silver", "30M"));
    EXPECT_TRUE(router->ask("reload").contains("generation"));
    EXPECT_FALSE(refusal(router->ask("reoptimise", {{"target", -1}})).empty());
    EXPECT_FALSE(refusal(router->ask("reoptimise", {{"moves", 0}})).empty());
    EXPECT_FALSE(refusal(router->ask("reoptimise", {{"apply", 1}})).empty());
    EXPECT_TRUE(router->ask("reoptimise", {{"target", 95}})["moves"].empty());
    const json plan = router->ask("reoptimise", {{"apply", true}});
    ASSERT_EQ(plan["moves"].size(), 1U) << plan;
    EXPECT_EQ(plan["applied"], true);
    EXPECT_NEAR(plan["before"].get<double>(), 0.9, 1e-9);
    EXPECT_NEAR(plan["after"].get<double>(), 0.6, 1e-9);
    // It is in the tables, and the other is as it was.
    EXPECT_NE(json::array({label(*router, 15501)["segments"], label(*router, 15502)["segments"]}),
              json::array({gold["segments"], silver["segments"]}));
    EXPECT_NEAR(link_of(report(*router), "r1", "to-r2")["utilisation"].get<double>() +
                    link_of(report(*router), "r1", "to-r4")["utilisation"].get<double>(),
                0.9, 1e-9);
    EXPECT_EQ(router->ask("revert")["reverted"], 1);
    EXPECT_EQ(label(*router, 15501)["segments"], gold["segments"]);
    EXPECT_EQ(label(*router, 15502)["segments"], silver["segments"]);
    EXPECT_EQ(router->ask("revert")["reverted"], 0);
    expect_clean_end(*router);
}

TEST_F(rhumbd_traffic, policies_move_by_themselves_in_time) {
    folder_.write("lab.toml",
                  topology(10, "bandwidth = \"100M\"\n") +
                      "[[links]]\nends = [\"r4\", \"r5\"]\nmetric = 100\nbandwidth = \"100M\"\n" +
                      policy("gold", 1) + policy("silver", 2) + demand("gold", "60M") +
                      demand("silver", "50M"));
    write_router(quiet(0), quiet(1), "[controller]\nreoptimise = 1\n");
    const auto router = start();
    // The log knows also what was before.
    EXPECT_TRUE(router->says("policies move", 60s));
    EXPECT_TRUE(router->says("fullest_before=\"110.0 %\"")) << router->log();
    EXPECT_LE(link_of(report(*router), "r1", "to-r2")["utilisation"].get<double>(), 0.8);
    expect_clean_end(*router);
}

TEST_F(rhumbd_traffic, reserved_labels_are_kept_off) {
    folder_.write("lab.toml", topology() + policy("gold", 1));
    const std::string ldp = "reserved = { ldp = \"100000-199999\", rsvp-te = [\"300000\"] }\n";
    write_router(quiet(0), quiet(1), "", "reserved = { ldp = \"15900-16100\" }\n");
    const run_result overlaps = run({"--config", "r.toml"});
    EXPECT_NE(overlaps.status, 0);
    EXPECT_NE(overlaps.output.find("r.toml:3:20: reserved.ldp 15900-16100 overlaps"),
              std::string::npos)
        << overlaps.output;
    write_router(quiet(0), quiet(1), "[controller]\n", ldp);
    const auto router = start();
    const std::string config = running_config(*router, 100);
    EXPECT_NE(
        config.find("reserved = { \"ldp\" = [\"100000-199999\"], \"rsvp-te\" = [\"300000\"] }"),
        std::string::npos)
        << config;
    EXPECT_NE(config.find("measure = 10\nsmoothing = 30\n"), std::string::npos) << config;
    EXPECT_NE(config.find("\n[controller]\ndemands = \"file\"\n"), std::string::npos) << config;
    // A policy that wants one of them is refused with its place, and all stays as it was.
    std::string text = topology() + policy("gold", 1);
    text.replace(text.find("15501"), 5, "150000");
    folder_.write("lab.toml", text);
    const json error = router->ask("reload").value("error", json::object());
    EXPECT_EQ(error.value("file", ""), "lab.toml") << error;
    EXPECT_NE(error.value("line", 0), 0);
    EXPECT_NE(error.value("column", 0), 0);
    EXPECT_NE(
        error.value("message", "").find("label 150000 of a policy's path is reserved for ldp"),
        std::string::npos);
    EXPECT_EQ(label(*router, 15501)["op"], "push");
    expect_clean_end(*router);
}

// A map of some megabytes comes in pages, all of the same moment.
TEST_F(rhumbd_traffic, a_large_map_comes_in_pages) {
    std::string text = topology();
    const std::string far(50, 'x');
    for (int n = 0; n < 4000; ++n) {
        const std::string name = far + std::to_string(n);
        text += "[nodes." + name + "]\n[[links]]\nends = [\"" +
                (n == 0 ? std::string("r5") : far + std::to_string(n - 1)) + "\", \"" + name +
                "\"]\nsids = \"none\"\nsrlg = [1000001, 1000002, 1000003, 1000004]\n"
                "addresses = [\"192.0.2.1\", \"192.0.2.2\"]\n";
    }
    folder_.write("lab.toml", text);
    write_router(quiet(0), quiet(1), "protection = \"none\"\n");
    const auto router = start();
    std::string got;
    json params{{"what", "topology_file"}};
    std::size_t pages = 0;
    for (;;) {
        const json answer = show(*router, params);
        ASSERT_TRUE(answer.contains("rows")) << answer;
        ++pages;
        EXPECT_LE(answer.dump().size(), std::size_t{8} << 20);
        for (const json& row : answer["rows"]) {
            got += row["toml"].get<std::string>();
        }
        if (pages == 1) {  // what changes now is not in it
            EXPECT_EQ(router->ask("port", {{"name", "east"}, {"up", false}}).count("error"), 0U);
            EXPECT_TRUE(soon([&] { return label(*router, 16005)["via"][0]["nexthop"] == "w"; }));
        }
        if (!answer.contains("next")) {
            break;
        }
        params["from"] = answer["next"];
    }
    EXPECT_GT(pages, 1U);
    const auto map = config::parse_topology(got, "map");
    ASSERT_TRUE(map.ok()) << map.why().text();
    EXPECT_EQ(map.value().nodes.size(), 4005U);
    EXPECT_EQ(map.value().nodes[0].links.size(), 2U);
    // The pages are gone with the last one.
    EXPECT_FALSE(refusal(show(*router, params)).empty());
    EXPECT_FALSE(refusal(show(*router, {{"what", "topology_file"}, {"from", "byte x"}})).empty());
    expect_clean_end(*router);
}

}  // namespace
}  // namespace rhumb::test

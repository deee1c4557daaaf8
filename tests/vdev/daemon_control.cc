// The control socket (docs/control-socket.md): every method, and every way to be a bad client.
#include "tests/vdev/daemon_control.hh"

#include <set>

namespace rhumb::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

using namespace nlohmann::literals;

TEST_F(rhumbd_control, show_has_every_row_of_the_docs) {
    write_config({});
    const auto router = start();
    const std::vector<std::pair<std::string, std::vector<std::string>>> documented{
        {"version",
         {"version", "name", "dpdk", "isa", "pages", "pid", "uptime_seconds", "config",
          "generation", "labels", "prefixes", "nexthops"}},
        {"ports",
         {"port",     "device", "driver",    "mac",       "mtu",        "up",       "meant_up",
          "link",     "mbps",   "rx_queues", "tx_queues", "rx_packets", "rx_bytes", "tx_packets",
          "tx_bytes", "drops",  "punts",     "rx_missed", "rx_errors",  "tx_errors"}},
        {"labels", {"label", "op", "out", "via", "ttl", "packets", "bytes"}},
        {"prefixes", {"prefix", "via", "packets", "bytes"}},
        {"nexthops", {"nexthop", "port", "mac", "mtu", "up", "meant_up", "packets", "bytes"}},
        {"counters", {}},
        {"drops", {}},
        {"config", {"toml"}},
        {"workers",
         {"worker", "rounds", "busy_rounds", "interrupts", "traces_missed", "captures_missed"}}};
    for (const auto& [what, columns] : documented) {
        const json list = rows(*router, {{"what", what}});
        EXPECT_EQ(list.empty(), columns.empty()) << what << ": " << list;
        for (const std::string& column : columns) {
            EXPECT_TRUE(list[0].contains(column)) << what << '.' << column << ": " << list[0];
        }
    }
    const json version = rows(*router, {{"what", "version"}})[0];
    EXPECT_EQ(version["name"], name_);
    EXPECT_EQ(version["pid"], router->pid());
    EXPECT_EQ(version["labels"], 2);
    EXPECT_NE(refusal(show(*router, {{"what", "weather"}})), "");
    EXPECT_NE(refusal(show(*router, json::object())), "");
    expect_clean_end(*router);
}

TEST_F(rhumbd_control, port_and_nexthop_set_what_is_meant) {
    write_config({});
    const auto router = start();
    const auto state = [&](const char* what) {
        const json row = rows(*router, {{"what", what}})[0];  // west of ports, e of next hops
        return std::pair(row["up"].get<bool>(), row["meant_up"].get<bool>());
    };
    EXPECT_EQ(state("ports"), std::pair(true, true));
    EXPECT_EQ(router->ask("port", {{"name", "west"}, {"up", false}}), json::object());
    EXPECT_EQ(state("ports"), std::pair(false, false));
    EXPECT_EQ(router->ask("port", {{"name", "west"}, {"up", true}}), json::object());
    EXPECT_EQ(state("ports"), std::pair(true, true));
    EXPECT_EQ(router->ask("nexthop", {{"name", "e"}, {"up", false}}), json::object());
    EXPECT_EQ(state("nexthops"), std::pair(false, false));
    EXPECT_EQ(router->ask("port", {{"name", "east"}, {"up", false}}), json::object());
    EXPECT_EQ(router->ask("nexthop", {{"name", "e"}, {"up", true}}), json::object());
    EXPECT_EQ(state("nexthops"), std::pair(false, true));

    for (const char* method : {"port", "nexthop"}) {
        EXPECT_NE(refusal(router->ask(method, {{"name", "nobody"}, {"up", true}})), "");
        EXPECT_NE(refusal(router->ask(method, {{"name", "west"}, {"up", 1}})), "");
        EXPECT_NE(refusal(router->ask(method, {{"name", "west"}})), "");
        EXPECT_NE(refusal(router->ask(method, {{"up", true}})), "");
    }
    expect_clean_end(*router);
}

TEST_F(rhumbd_control, shutdown_answers_and_ends) {
    write_config({});
    const auto router = start();
    EXPECT_EQ(router->ask("shutdown"), json::object());
    EXPECT_EQ(router->wait(), 0);
    EXPECT_FALSE(exists("r.sock"));
}

TEST_F(rhumbd_control, pages_and_filters) {
    parts of;
    for (int n = 0; n < 95; ++n) {
        of.more += "[[labels]]\nlabel = " + std::to_string(17000 + 2 * n) + "\nop = \"" +
                   (n % 2 == 0 ? "next\"\n" : "pop\"\nvia = \"w\"\n");
        of.more += "[[prefixes]]\nmatch = \"10.3." + std::to_string(n) + ".0/24\"\nvia = \"w\"\n";
    }
    for (int n = 0; n < 30; ++n) {
        of.more += "[nexthops.n" + std::to_string(n) + "]\nport = \"" +
                   (n % 3 == 0 ? "west" : "east") + "\"\nmac = \"02:00:00:00:05:01\"\n";
    }
    write_config(of);
    const auto router = start();
    for (const char* what : {"labels", "prefixes", "nexthops"}) {
        const json whole = rows(*router, {{"what", what}, {"limit", 2000}});
        for (const std::size_t limit : {std::size_t{1}, std::size_t{7}, whole.size()}) {
            EXPECT_EQ(all_rows(*router, {{"what", what}}, limit), whole) << what << ' ' << limit;
        }
    }
    EXPECT_EQ(rows(*router, {{"what", "labels"}}).size(), 97U);
    EXPECT_EQ(all_rows(*router, {{"what", "labels"}, {"op", "pop"}}, 5).size(), 47U);
    EXPECT_EQ(all_rows(*router, {{"what", "labels"}, {"nexthop", "w"}}, 5).size(), 48U);
    EXPECT_EQ(all_rows(*router, {{"what", "labels"}, {"label", "17000-17010"}}, 2).size(), 6U);
    EXPECT_EQ(rows(*router, {{"what", "labels"}, {"label", 17002}}).size(), 1U);
    EXPECT_EQ(rows(*router, {{"what", "labels"}, {"label", 17001}}).size(), 0U);
    EXPECT_EQ(rows(*router, {{"what", "prefixes"}, {"prefix", "10.3.7.0/24"}}).size(), 1U);
    EXPECT_EQ(all_rows(*router, {{"what", "prefixes"}, {"nexthop", "w"}}, 9).size(), 95U);
    EXPECT_EQ(all_rows(*router, {{"what", "nexthops"}, {"port", "west"}}, 3).size(), 11U);
    EXPECT_EQ(rows(*router, {{"what", "nexthops"}, {"nexthop", "n7"}}).size(), 1U);
    EXPECT_EQ(rows(*router, {{"what", "ports"}, {"port", "east"}}).size(), 1U);
    for (const json& wrong : std::vector<json>{{{"limit", 0}},
                                               {{"limit", 2001}},
                                               {{"limit", -1}},
                                               {{"limit", "5"}},
                                               {{"limit", 1e99}},
                                               {{"from", 5}},
                                               {{"from", "x"}},
                                               {{"label", "x"}},
                                               {{"label", -1}},
                                               {{"prefix", "x"}},
                                               {{"prefix", 1}},
                                               {{"op", 1}}}) {
        json params = wrong;
        params["what"] = wrong.contains("from") ? "prefixes" : "labels";
        EXPECT_NE(refusal(show(*router, params)), "") << params;
    }

    // The running configuration is one, single changes included; pages do not matter.
    EXPECT_TRUE(router
                    ->ask("apply", {{"toml",
                                     "[remove]\nlabels = [17000]\n[[labels]]\nlabel = "
                                     "15100\nop = \"push\"\nsegments = [16003, "
                                     "16002]\nvia = \"w\"\n"}})
                    .contains("generation"));
    const std::string text = running_config(*router, 2000);
    EXPECT_EQ(running_config(*router, 3), text);
    folder_.write("again.toml", text);
    const run_result check = run({"--config", "again.toml", "--check"});
    EXPECT_EQ(check.output, "again.toml: good: 2 ports, 32 next hops, 97 labels, 96 prefixes\n");
    folder_.write("r.toml", text);
    EXPECT_TRUE(router->ask("reload").contains("generation"));
    EXPECT_EQ(running_config(*router, 2000), text);
    expect_clean_end(*router);
}

TEST_F(rhumbd_control, filters_for_what_there_is_not_are_refused) {
    write_config({});
    const auto router = start();
    EXPECT_EQ(refusal(show(*router, {{"what", "labels"}, {"op", "swap"}})),
              "there is no op \"swap\"; there is continue, next, pop and push");
    EXPECT_EQ(refusal(show(*router, {{"what", "nexthops"}, {"nexthop", "r7"}})),
              "there is no next hop \"r7\"");
    EXPECT_EQ(refusal(show(*router, {{"what", "ports"}, {"port", "r7"}})),
              "there is no port \"r7\"");
}

TEST_F(rhumbd_control, junk_is_refused_and_the_connection_goes_on) {
    write_config({});
    const auto router = start();
    client bad = connect();
    const std::vector<std::string> junk{
        "{}",
        "[]",
        "null",
        "1",
        "\"x\"",
        "{",
        "}",
        "GET / HTTP/1.1",
        "{\"method\":1}",
        "{\"method\":\"show\",\"params\":[]}",
        "{\"method\":\"show\",\"params\":null}",
        "{\"method\":\"nonsense\"}",
        "{\"method\":\"\"}",
        "{\"method\":\"trace\",\"params\":{\"count\":0}}",
        "{\"method\":\"trace\",\"params\":{\"count\":10001}}",
        "{\"method\":\"trace\",\"params\":{\"label\":1048576}}",
        "{\"method\":\"trace\",\"params\":{\"port\":\"nowhere\"}}",
        "{\"method\":\"capture\"}",
        "{\"method\":\"capture\",\"params\":{\"port\":\"nowhere\"}}",
        "{\"method\":\"capture\",\"params\":{\"port\":\"west\",\"count\":-1}}",
        "{\"method\":\"\xff\xfe\"}",
        std::string("\0\0\0", 3),
        "{\"method\":\"show\",}",
        std::string(100000, '['),
        "{\"params\":" + std::string(50000, '{'),
        "{\"method\":\"" + std::string(100000, 'm') + "\"}",
        "\r"};
    for (const std::string& line : junk) {
        ASSERT_TRUE(bad.send(line + '\n')) << line.substr(0, 80);
        const json answer = bad.message();
        EXPECT_NE(refusal(answer), "") << line.substr(0, 80) << " -> " << answer;
        EXPECT_LT(answer.dump().size(), 1000U) << line.substr(0, 80);
    }
    ASSERT_TRUE(bad.send("\n\n\n"));  // empty lines are nothing
    // Whatever was the id comes back.
    for (const json& id : std::vector<json>{nullptr, 7, -1.5, "x", {1, {{"a", 2}}}, "\u00fc"}) {
        ASSERT_TRUE(bad.send(json{{"id", id}, {"method", "show"}}.dump() + '\n'));
        EXPECT_EQ(bad.message()["id"], id);
    }
    EXPECT_TRUE(bad.ask("show", {{"what", "version"}}).contains("rows"));
    expect_clean_end(*router);
}

TEST_F(rhumbd_control, lines_in_pieces_and_many_in_one) {
    write_config({});
    const auto router = start();
    client one = connect();
    const std::string line = "{\"id\":1,\"method\":\"show\",\"params\":{\"what\":\"version\"}}\n";
    for (const char& c : line) {
        ASSERT_TRUE(one.send({&c, 1}));
    }
    EXPECT_TRUE(one.message().contains("result"));
    std::string many;
    for (int n = 0; n < 500; ++n) {
        many +=
            json{{"id", n}, {"method", "show"}, {"params", {{"what", "version"}}}}.dump() + '\n';
    }
    ASSERT_TRUE(one.send(many));
    for (int n = 0; n < 500; ++n) {
        EXPECT_EQ(one.message()["id"], n);
    }
    // One that goes away in the middle of a line, and one in the middle of an answer.
    {
        EXPECT_TRUE(connect().send(line.substr(0, 20)));
    }
    {
        EXPECT_TRUE(connect().send(many));
    }
    EXPECT_TRUE(one.ask("show", {{"what", "version"}}).contains("rows"));
    expect_clean_end(*router);
}

TEST_F(rhumbd_control, a_line_has_at_most_16_mib) {
    write_config({});
    const auto router = start();
    constexpr std::size_t most = std::size_t{16} << 20;
    client big = connect();
    std::string line = "{\"method\":\"show\",\"params\":{\"what\":\"version\",\"padding\":\"";
    line += std::string(most - line.size() - 4, 'x') + "\"}}\n";
    EXPECT_TRUE(big.send(line));
    EXPECT_TRUE(big.message().contains("result"));
    big.send(std::string(most + 100000, 'x'));
    EXPECT_TRUE(big.is_closed());
    EXPECT_TRUE(router->ask("show", {{"what", "version"}}).contains("rows"));
    expect_clean_end(*router);
}

TEST_F(rhumbd_control, many_clients) {
    write_config({});
    const auto router = start();
    std::vector<client> clients;
    for (int n = 0; n < 300; ++n) {
        clients.push_back(connect());
        ASSERT_TRUE(clients.back().send("{\"id\":" + std::to_string(n) +
                                        ",\"method\":\"show\",\"params\":{\"what\":\"ports\"}}\n"));
    }
    for (int n = 0; n < 300; ++n) {
        const json answer = clients[static_cast<std::size_t>(n)].message();
        EXPECT_EQ(answer["id"], n);
        EXPECT_TRUE(answer.contains("result"));
    }
    clients.clear();
    EXPECT_TRUE(router->ask("show", {{"what", "version"}}).contains("rows"));
    expect_clean_end(*router);
}

TEST_F(rhumbd_control, who_does_not_read_is_cut_off) {
    parts of;
    of.node = "table = \"labels.csv\"\nstatic = [\"100000-120000\"]\n";
    std::string csv = "label,op,out,via\n";
    for (int n = 0; n < 20000; ++n) {
        csv += std::to_string(100000 + n) + ",continue," + std::to_string(100000 + n) + ",e\n";
    }
    folder_.write("labels.csv", csv);
    write_config(of);
    const auto router = start();
    client slow = connect();
    slow.wait_to_send(5s);
    const std::string line =
        "{\"id\":1,\"method\":\"show\",\"params\":{\"what\":\"labels\",\"limit\":2000}}\n";
    std::string many;
    for (int n = 0; n < 800; ++n) {
        many += line;
    }
    slow.send(many);
    // Many megabytes are to be made first.
    EXPECT_TRUE(router->says("control client does not read: disconnected", 120s));
    EXPECT_TRUE(router->ask("show", {{"what", "version"}}).contains("rows"));
    EXPECT_TRUE(slow.is_closed());
    expect_clean_end(*router);
}

}  // namespace
}  // namespace rhumb::test

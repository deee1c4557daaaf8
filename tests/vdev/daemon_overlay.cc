// rhumbd with [overlay]: the service beside the router, over the router's control socket.
#include <csignal>

#include "tests/vdev/daemon_fixture.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;

class rhumbd_overlay : public rhumbd {
protected:
    static std::string section(const std::string& more = "") {
        return "[overlay]\nnetwork = \"cmh1bWIgdGVzdHM6IHJodW1iZCBhbmQgb3ZlcmxheS4=\"\n" + more;
    }
};

TEST_F(rhumbd_overlay, answers_on_the_routers_socket) {
    write_config({.more = section("listen = [\"127.0.0.1:0\"]\nadmit = \"anyone\"\n")});
    const auto router = start();
    const json made = router->ask("overlay.publish", {{"json", R"({"type":"test","n":1})"}});
    EXPECT_EQ(made.value("sequence", 0), 1) << made;
    const json feeds = router->ask("show", {{"what", "overlay_feeds"}});
    ASSERT_EQ(feeds["rows"].size(), 1U) << feeds;
    EXPECT_EQ(feeds["rows"][0]["sequence"], 1);
    EXPECT_TRUE(feeds["rows"][0]["own"]);
    const json refused = router->ask("overlay.follow", {{"feed", "@x"}});
    EXPECT_TRUE(refused.contains("error")) << refused;

    // An event for each message, then the answer; other requests go on meanwhile and after it.
    client reader = connect();
    const json read{
        {"id", 7}, {"method", "overlay.read"}, {"params", {{"feed", feeds["rows"][0]["feed"]}}}};
    ASSERT_TRUE(reader.send(read.dump() + '\n'));
    const json event = reader.message();
    EXPECT_EQ(event["id"], 7);
    EXPECT_EQ(event["event"]["value"]["content"]["n"], 1) << event;
    EXPECT_EQ(reader.message()["result"]["read"], 1);
    EXPECT_TRUE(reader.ask("show", {{"what", "ports"}}).contains("rows"));
    expect_clean_end(*router);

    // What was published is there after a restart.
    const auto again = start();
    EXPECT_EQ(again->ask("show", {{"what", "overlay_feeds"}})["rows"][0]["sequence"], 1);
    expect_clean_end(*again);
}

TEST_F(rhumbd_overlay, is_shown_and_changes_only_with_a_restart) {
    const std::string keys = section("listen = [\"127.0.0.1:0\"]\nmax_peers = 9\n");
    write_config({.more = keys});
    const auto router = start();
    const json shown = router->ask("show", {{"what", "config"}});
    const std::string text = shown["rows"][0]["toml"];
    for (const char* line : {"\n[overlay]\n", "listen = [\"127.0.0.1:0\"]\n", "max_peers = 9\n",
                             "admit = \"followed\"\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << " in " << text;
    }
    EXPECT_TRUE(router->ask("reload").contains("generation"));
    write_config({.more = section("listen = [\"127.0.0.1:0\"]\nmax_peers = 10\n")});
    const json refused = router->ask("reload");
    ASSERT_TRUE(refused.contains("error")) << refused;
    EXPECT_NE(refused["error"]["message"].get<std::string>().find("only with a restart"),
              std::string::npos);
    expect_clean_end(*router);
}

TEST_F(rhumbd_overlay, is_refused_where_there_is_none_or_a_bad_one) {
    write_config({});
    const auto router = start();
    const json refused = router->ask("show", {{"what", "overlay_peers"}});
    ASSERT_TRUE(refused.contains("error")) << refused;
    EXPECT_NE(refused["error"]["message"].get<std::string>().find("no section [overlay]"),
              std::string::npos);
    expect_clean_end(*router);

    write_config({.more = section("peers = [\"here\"]\n")});
    const run_result bad = run({"--config", "r.toml", "--check"});
    EXPECT_EQ(bad.status, 1);
    EXPECT_NE(bad.output.find("\"here\": an address is net:HOST:PORT~shs:KEY"), std::string::npos)
        << bad.output;
}

}  // namespace
}  // namespace rhumb::test

// rhumbd with [overlay]: the service beside the router, over the router's control socket.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "controlplane/overlay/wire/ids.hh"
#include "controlplane/overlay/wire/key_file.hh"
#include "tests/vdev/daemon_fixture.hh"
#include "tests/vdev/daemon_map.hh"

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

// What a start would stumble over, or take in silence.
TEST_F(rhumbd_overlay, check_looks_at_the_key_and_its_passphrase) {
    write_config({.more = section("listen = [\"127.0.0.1:8008\"]\n")});
    run_result got = run({"--config", "r.toml", "--check"});
    EXPECT_EQ(got.status, 0);
    EXPECT_EQ(got.output,
              "r.toml: good: 2 ports, 2 next hops, 2 labels, 1 prefixes\n"
              "overlay: this node has no key yet: its first start makes one\n");
    EXPECT_FALSE(exists("overlay.key"));
    got = run({"--config", "r.toml", "--overlay-id"});
    EXPECT_EQ(got.status, 0);
    const std::string id = got.output.substr(0, got.output.find('\n'));
    EXPECT_EQ(got.output, id + "\nnet:127.0.0.1:8008~shs:" + id.substr(1, 44) + '\n');
    EXPECT_NE(run({"--config", "r.toml", "--check"}).output.find("overlay: this node is " + id),
              std::string::npos);

    write_config({.more = section("passphrase_file = \"words\"\n")});
    got = run({"--config", "r.toml", "--check"});
    EXPECT_EQ(got.status, 1);
    EXPECT_EQ(got.output,
              "rhumbd: words: the passphrase cannot be read: No such file or directory\n");

    write_config({.more = section("link_state = true\n")});
    got = run({"--config", "r.toml", "--check"});
    EXPECT_EQ(got.status, 0);
    EXPECT_NE(got.output.find(": link_state = true does nothing for a router without a section "
                              "[topology]\n"),
              std::string::npos)
        << got.output;
    EXPECT_TRUE(got.output.starts_with("rhumbd: warning: r.toml:")) << got.output;

    write_config({});
    got = run({"--config", "r.toml", "--overlay-id"});
    EXPECT_EQ(got.status, 1);
    EXPECT_EQ(got.output, "rhumbd: r.toml: the section [overlay] is missing\n");
}

// Two routers on one map: r1 of daemon_map.hh, and r2, east of it.
class rhumbd_overlay_map : public rhumbd_map {
protected:
    // A port that nobody listens on now.
    static std::uint16_t free_port() {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof at;
        EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&at), length), 0);
        EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &length), 0);
        ::close(fd);
        return ntohs(at.sin_port);
    }
    // What a configuration says of its own feed, before the first start.
    [[nodiscard]] std::string id_of(const std::string& file) const {
        const run_result got = run({"--config", file, "--overlay-id"});
        EXPECT_EQ(got.status, 0) << got.output;
        return got.output.substr(0, got.output.find('\n'));
    }
    [[nodiscard]] std::string feed_of(const std::string& node) const {
        const auto key = overlay::open_key_file(folder_.path() / (node + ".key"));
        EXPECT_TRUE(key.ok());
        return overlay::feed_id_text(key.value().key.id());
    }
    [[nodiscard]] std::string section(const std::string& own, const std::string& other,
                                      const std::string& more) const {
        return "[overlay]\nnetwork = \"cmh1bWIgdGVzdHM6IHJodW1iZCBhbmQgb3ZlcmxheS4=\"\nkey = \"" +
               own + ".key\"\nstore = \"" + own +
               ".db\"\nswitch_timeout = 200\nbroadcast = \"plumtree\"\nlink_state = true\n"
               "nodes = { " +
               other + " = \"" + feed_of(other) + "\" }\n" + more;
    }
    void write_r2(const std::string& more) const {
        folder_.write("r2.toml",
                      "[node]\nname = \"" + name_ +
                          "-2\"\n[runtime]\nsocket = \"r2.sock\"\n[ports.west]\ndevice = \"" +
                          quiet(0) + "\"\nmac = \"02:00:00:00:02:01\"\n[ports.east]\ndevice = \"" +
                          quiet(1) +
                          "\"\nmac = \"02:00:00:00:02:02\"\n[nexthops.r1]\nport = \"west\"\n"
                          "mac = \"02:00:00:00:01:02\"\n[nexthops.r3]\nport = \"east\"\n"
                          "mac = \"02:00:00:00:03:03\"\n"
                          "[topology]\nfile = \"lab.toml\"\nnode = \"r2\"\n" +
                          more);
    }
    [[nodiscard]] std::unique_ptr<daemon> start_r2() const {
        auto made = std::make_unique<daemon>(
            folder_, std::vector<std::string>{"--config", "r2.toml"},
            daemon_options{.user = {}, .environment = {}, .log = "r2.log", .program = {}});
        EXPECT_TRUE(made->connect("r2.sock")) << made->log();
        return made;
    }
    static std::string way_to_r5(daemon& router) {
        return label(router, 16005)["via"][0].value("nexthop", "").substr(0, 2);
    }
};

TEST_F(rhumbd_overlay_map, check_warns_of_nodes_that_nobody_will_speak_for) {
    folder_.write("lab.toml", topology());
    const auto with_nodes = [&](const std::string& nodes) {
        write_router(quiet(0), quiet(1),
                     "[overlay]\nlink_state = true\nnodes = { " + nodes + " }\n");
        return run({"--config", "r.toml", "--check"});
    };
    const std::string other = feed_of("r2");
    run_result got = with_nodes("r22 = \"" + other + "\"");
    EXPECT_EQ(got.status, 0);
    EXPECT_TRUE(got.output.starts_with("rhumbd: warning: r.toml:")) << got.output;
    EXPECT_NE(got.output.find(": nodes names \"r22\", which is not on the map of lab.toml; did "
                              "you mean \"r2\"?\n"),
              std::string::npos)
        << got.output;
    got = with_nodes("r1 = \"" + other + "\"");
    EXPECT_EQ(got.status, 0);
    EXPECT_NE(got.output.find("nodes names this router itself, \"r1\", with a feed that is not its "
                              "own: nothing that it says of this router is taken\n"),
              std::string::npos)
        << got.output;
    // All routers may have one table of nodes: with its own feed there is nothing to say.
    got = with_nodes("r1 = \"" + id_of("r.toml") + "\", r2 = \"" + other + "\"");
    EXPECT_EQ(got.output.find("warning"), std::string::npos) << got.output;
    EXPECT_NE(got.output.find("good: "), std::string::npos) << got.output;
}

// As docs/overlay.md has it: both ids first, then both files with each other's, then both start.
TEST_F(rhumbd_overlay_map, ids_are_there_before_the_first_start) {
    folder_.write("lab.toml", topology());
    const std::string at = "127.0.0.1:" + std::to_string(free_port());
    const std::string r1_at = "key = \"r1.key\"\nstore = \"r1.db\"\nlisten = [\"" + at + "\"]\n";
    const std::string r2_at = "key = \"r2.key\"\nstore = \"r2.db\"\n";
    const std::string network = "network = \"cmh1bWIgdGVzdHM6IHJodW1iZCBhbmQgb3ZlcmxheS4=\"\n";
    write_router(quiet(0), quiet(1), "[overlay]\n" + network + r1_at);
    write_r2("[overlay]\n" + network + r2_at);
    const std::string r1_id = id_of("r.toml");
    const std::string r2_id = id_of("r2.toml");
    const std::string address = "net:" + at + "~shs:" + r1_id.substr(1, 44);
    write_router(quiet(0), quiet(1),
                 "[overlay]\n" + network + r1_at + "link_state = true\nnodes = { r2 = \"" + r2_id +
                     "\" }\n");
    write_r2("[overlay]\n" + network + r2_at + "peers = [\"" + address +
             "\"]\nlink_state = true\nnodes = { r1 = \"" + r1_id + "\" }\n");
    const auto r1 = start();
    const auto r2 = start_r2();
    const auto heard = [&](daemon& by) {
        const json known = rows(by, {{"what", "overlay_nodes"}});
        return known.size() == 2 && known[0].contains("version") && known[1].contains("version");
    };
    EXPECT_TRUE(soon([&] { return heard(*r1) && heard(*r2); })) << r1->log() << r2->log();
    // Who it is, at the level that is logged by default.
    for (const std::string& word :
         {"overlay: this node is " + r1_id, "overlay: listening on " + address,
          "overlay: connected from " + r2_id}) {
        EXPECT_TRUE(soon([&] { return r1->log().find(word) != std::string::npos; })) << word << '\n'
                                                                                     << r1->log();
    }
    EXPECT_EQ(rows(*r1, {{"what", "overlay_self"}})[0]["addresses"], json{address});
    expect_clean_end(*r2);
    expect_clean_end(*r1);
}

TEST_F(rhumbd_overlay_map, tables_follow_what_other_routers_say_of_their_links) {
    folder_.write("lab.toml", topology());
    const std::string at = "127.0.0.1:" + std::to_string(free_port());
    write_router(quiet(0), quiet(1), section("r1", "r2", "listen = [\"" + at + "\"]\n"));
    const std::string key = feed_of("r1");
    write_r2(section("r2", "r1", "peers = [\"net:" + at + "~shs:" + key.substr(1, 44) + "\"]\n"));
    // The keys, made for `nodes`, are older than the stores, and nobody has these feeds.
    const auto is_new = [](daemon& one) { return !one.ask("overlay.new_feed").contains("error"); };
    auto r1 = start();
    EXPECT_TRUE(is_new(*r1));
    auto r2 = start_r2();
    EXPECT_TRUE(is_new(*r2));
    const auto heard = [&](daemon& by) {
        const json known = rows(by, {{"what", "overlay_nodes"}});
        return known.size() == 2 && known[1].contains("version");
    };
    ASSERT_TRUE(soon([&] { return heard(*r1) && heard(*r2); })) << r1->log() << r2->log();
    EXPECT_EQ(way_to_r5(*r1), "r2");

    // r1's own links are as they were, its configuration too: only r2 has changed.
    EXPECT_EQ(r2->ask("port", {{"name", "east"}, {"up", false}}).count("error"), 0U);
    EXPECT_TRUE(soon([&] { return way_to_r5(*r1).starts_with("w"); })) << r1->log();
    EXPECT_EQ(r2->ask("port", {{"name", "east"}, {"up", true}}).count("error"), 0U);
    EXPECT_TRUE(soon([&] { return way_to_r5(*r1) == "r2"; })) << r1->log();
    EXPECT_EQ(r2->ask("port", {{"name", "east"}, {"up", false}}).count("error"), 0U);
    // Of the feed, not by broadcast alone.
    EXPECT_TRUE(soon([&] {
        const json known = rows(*r1, {{"what", "overlay_nodes"}});
        return known[1].value("links", 0) == 1 && way_to_r5(*r1).starts_with("w");
    })) << r1->log();
    expect_clean_end(*r2);
    EXPECT_TRUE(r1->ask("reload").contains("generation"));  // the file says otherwise of r2
    EXPECT_TRUE(way_to_r5(*r1).starts_with("w"));
    expect_clean_end(*r1);

    // With nobody there: what was heard comes from the store.
    r1 = start();
    EXPECT_TRUE(soon([&] { return way_to_r5(*r1).starts_with("w"); })) << r1->log();
    expect_clean_end(*r1);
}

}  // namespace
}  // namespace rhumb::test

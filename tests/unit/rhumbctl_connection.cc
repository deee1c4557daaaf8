// rhumbctl: its manners towards a router that is slow, broken or hostile.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/rhumbctl_router.hh"
#include "tools/rhumbctl/client.hh"
#include "tools/rhumbctl/connection.hh"

namespace rhumb::ctl {
namespace {

using namespace std::chrono_literals;

TEST_F(rhumbctl_router, a_call) {
    json asked;
    const fake_router router(path("r1.sock"), [&asked](fake_router::peer& peer) {
        asked = peer.request();
        peer.answer(asked, {{"generation", 5}});
        peer.answer(peer.request(), json::object());
    });
    client c = connected();
    EXPECT_EQ(c.call("reload", json::object()), json({{"generation", 5}}));
    EXPECT_EQ(c.call("port", {{"name", "west"}, {"up", true}}), json::object());
    EXPECT_EQ(asked, json({{"id", 1}, {"method", "reload"}, {"params", json::object()}}));
}

TEST_F(rhumbctl_router, refusals) {
    EXPECT_EQ(reload_answered(R"({"id":1,"error":{"message":"bad op","file":"r1.toml","line":3,)"
                              R"("column":6}})"
                              "\n"),
              "1 r1.toml:3:6: bad op");
    EXPECT_EQ(reload_answered(R"({"id":null,"error":{"message":"no request"}})"
                              "\n"),
              "1 no request");
    EXPECT_EQ(reload_answered(R"({"id":1,"error":{"message":7,"line":-1}})"
                              "\n"),
              "1 the router refuses, and does not say why");
}

TEST_F(rhumbctl_router, junk) {
    for (const char* line :
         {"", "hello", "[]", "null", "{", "{}", R"({"id":1})", R"({"id":2,"result":{}})",
          R"({"result":{}})", R"({"id":1,"error":"no"})", R"({"id":1,"event":[]})",
          R"({"id":1,"event":{}})", "{\"id\":1,\"result\":\"\xff\"}", "\x1b[2J",
          R"({"id":{"id":{"id":1}},"result":{}})"}) {
        EXPECT_EQ(reload_answered(std::string(line) + "\n").substr(0, 38),
                  "3 the router's answer makes no sense: ")
            << line;
    }
    EXPECT_EQ(reload_answered(std::string(1 << 20, '[') + "\n"),
              "3 the router's answer makes no sense: it nests too deep");
    EXPECT_EQ(reload_answered(R"({"id":1,"result":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[["})"
                              "\n"),
              "nothing");
}

TEST_F(rhumbctl_router, a_connection_that_breaks_off) {
    EXPECT_EQ(reload([](fake_router::peer& peer) { (void)peer.request(); }),
              "3 the router closed the connection");
    EXPECT_EQ(reload_answered(R"({"id":1,"resu)"),
              "3 the router closed the connection in the middle of a line");
}

TEST_F(rhumbctl_router, a_slow_router) {
    EXPECT_EQ(reload([](fake_router::peer& peer) {
                  const json asked = peer.request();
                  const std::string line = json{{"id", asked["id"]}, {"result", 1}}.dump() + "\n";
                  for (const char c : line) {
                      peer.send({&c, 1});
                      std::this_thread::sleep_for(5ms);
                  }
              }),
              "nothing");
    // It does not matter that something comes now and then.
    EXPECT_EQ(reload(
                  [](fake_router::peer& peer) {
                      (void)peer.request();
                      while (peer.send(" ")) {
                          std::this_thread::sleep_for(20ms);
                      }
                  },
                  300ms),
              "3 the router has not answered for 0.3 seconds");
    EXPECT_EQ(reload(
                  [](fake_router::peer& peer) {
                      while (!peer.request().is_null()) {
                      }
                  },
                  100ms),
              "3 the router has not answered for 0.1 seconds");
}

TEST_F(rhumbctl_router, an_endless_line) {
    EXPECT_EQ(reload([](fake_router::peer& peer) {
                  (void)peer.request();
                  const std::string part(1 << 20, 'x');
                  while (peer.send(part)) {
                  }
              }),
              "3 the router sent a line longer than 16777216 bytes");
}

TEST_F(rhumbctl_router, a_router_that_does_not_read) {
    const fake_router router(path("r1.sock"),
                             [](fake_router::peer& peer) { peer.wait_to_go(30s); });
    client c = connected(200ms);
    const std::string big(8 << 20, 'x');
    EXPECT_EQ(thrown([&] { c.call("apply", {{"toml", big}}); }),
              "3 the router does not read the request");
}

TEST_F(rhumbctl_router, lines_as_long_as_allowed) {
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        peer.send("12345678\n\n1234567\n123456789\n");
    });
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    (void)connected();  // lets the thread end
    fake_router::peer far(ends[1]);
    far.send("12345678\n\n1234567\n123456789\n");
    connection near(ends[0], 8);
    EXPECT_EQ(near.read_line(1s), "12345678");
    EXPECT_EQ(near.read_line(1s), "");
    EXPECT_EQ(near.read_line(1s), "1234567");
    EXPECT_EQ(thrown([&near] { (void)near.read_line(1s); }),
              "3 the router sent a line longer than 8 bytes");
}

TEST_F(rhumbctl_router, no_router) {
    EXPECT_EQ(
        thrown([this] { (void)connected(); }),
        "3 " + path("r1.sock") + ": cannot connect: No such file or directory (does rhumbd run?)");
    EXPECT_EQ(thrown([] { (void)connection::open(std::string(200, 'x'), 1s); }).front(), '3');
    EXPECT_EQ(thrown([] { (void)connection::open("", 1s); }).front(), '3');
}

TEST_F(rhumbctl_router, sockets_are_found) {
    const std::vector<socket_place> places{{path("run"), "", false},
                                           {folder_.path().string(), "rhumb-", true}};
    EXPECT_EQ(thrown([&] { (void)find_socket({}, places); }).substr(0, 21),
              "3 no router runs here");
    EXPECT_EQ(thrown([&] { (void)find_socket("r1", places); }).substr(0, 16), "3 no router r1 r");
    std::ofstream(path("rhumb-file.sock")) << "no socket";
    const auto idle = [](fake_router::peer&) {};
    {
        const fake_router one(path("rhumb-r1.sock"), idle);
        EXPECT_EQ(find_socket({}, places), path("rhumb-r1.sock"));
        EXPECT_EQ(find_socket("r1", places), path("rhumb-r1.sock"));
        EXPECT_EQ(thrown([&] { (void)find_socket("r2", places); }).front(), '3');
        (void)connection::open(path("rhumb-r1.sock"), 1s);
    }
    // Now nobody listens at r1: it does not count once there is another.
    std::filesystem::create_directory(path("run"));
    const fake_router two(path("run/r2.sock"), idle);
    EXPECT_EQ(find_socket({}, places), path("run/r2.sock"));
    const fake_router three(path("rhumb-r3.sock"), idle);
    EXPECT_EQ(thrown([&] { (void)find_socket({}, places); }),
              "3 2 routers run here; say which with -n NODE or -s SOCKET: " +
                  path("rhumb-r3.sock") + ", " + path("run/r2.sock"));
}

}  // namespace
}  // namespace rhumb::ctl

// How clients of the control socket come and go: those that stop sending, and those that are gone.
#include "tests/vdev/daemon_fixture.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;
using namespace nlohmann::literals;
using namespace std::chrono_literals;

class rhumbd_clients : public rhumbd {
protected:
    static std::string line(const std::string& method, const json& params) {
        return json{{"id", method}, {"method", method}, {"params", params}}.dump() + '\n';
    }
    static const inline std::string version = line("show", {{"what", "version"}});

    // How many files a process has open.
    static std::size_t open_files(const daemon& router) {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& one :
             std::filesystem::directory_iterator("/proc/" + std::to_string(router.pid()) + "/fd")) {
            ++count;
        }
        return count;
    }
    // Waits for something that becomes true by itself.
    template <class Condition>
    static bool becomes(Condition&& condition) {
        const auto until = std::chrono::steady_clock::now() + 10s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > until) {
                return false;
            }
            std::this_thread::sleep_for(5ms);
        }
        return true;
    }
};

TEST_F(rhumbd_clients, who_stops_sending_gets_every_answer) {
    write_config({});
    const auto router = start();
    const std::size_t files = open_files(*router);
    client one = connect();
    std::string many;
    for (int n = 0; n < 500; ++n) {
        many += version;
    }
    many += R"({"id": "last", "method": "show", "params": {"what": "ports"}})";  // without newline
    ASSERT_TRUE(one.send(many));
    one.end_input();
    for (int n = 0; n < 500; ++n) {
        ASSERT_TRUE(one.message().contains("result")) << n;
    }
    const json last = one.message();
    EXPECT_EQ(last["id"], "last");
    EXPECT_TRUE(last.contains("result")) << last;
    EXPECT_TRUE(one.is_closed());

    // With nothing asked, and with half a request.
    for (const char* text : {"", "{\"method\":"}) {
        client other = connect();
        ASSERT_TRUE(other.send(text));
        other.end_input();
        EXPECT_EQ(other.message().is_null(), text[0] == '\0');
        EXPECT_TRUE(other.is_closed());
    }
    EXPECT_TRUE(becomes([&] { return open_files(*router) == files; }));
    expect_clean_end(*router);
}

TEST_F(rhumbd_clients, who_stops_sending_gets_traces_to_their_end) {
    parts of;
    of.west = capture(0, "west");
    write_config(of);
    capture_source source(folder_.path() / "west-in.pcap", frames(way::west_to_east, 3, false),
                          capture_source::kind::fifo);
    const auto router = start();
    client tracing = connect();
    ASSERT_TRUE(tracing.send(line("trace", {{"count", 3}}) + version));
    tracing.end_input();
    client capturing = connect();
    ASSERT_TRUE(capturing.send(line("capture", {{"port", "west"}, {"count", 3}}) + version));
    capturing.end_input();
    EXPECT_TRUE(tracing.message(300ms).is_null());  // nothing has come yet
    source.send();
    for (client* const each : {&tracing, &capturing}) {
        for (int n = 0; n < 3; ++n) {
            const json event = each->message();
            EXPECT_TRUE(event.contains("event")) << event;
        }
        const json end = each->message();
        EXPECT_EQ(end.value("/result/missed"_json_pointer, -1), 0) << end;
        EXPECT_EQ(each->message()["id"], "show");  // asked before the end, answered after it
        EXPECT_TRUE(each->is_closed());
    }
    expect_clean_end(*router);
}

// No packet comes, so nothing is ever sent that could fail.
TEST_F(rhumbd_clients, who_is_gone_leaves_no_watch) {
    write_config({});
    const auto router = start();
    const std::size_t files = open_files(*router);
    for (const bool stops_first : {false, true}) {
        {
            client tracing = connect();
            ASSERT_TRUE(tracing.send(line("trace", {{"count", 1}}) + version));
            client capturing = connect();
            ASSERT_TRUE(capturing.send(line("capture", {{"port", "west"}})));
            if (stops_first) {
                tracing.end_input();
                capturing.end_input();
            }
            EXPECT_TRUE(tracing.message(200ms).is_null());
            client late = connect();
            EXPECT_NE(refusal(late.ask("trace", {{"count", 1}})), "");  // it still runs
        }
        EXPECT_TRUE(becomes([&] { return open_files(*router) == files; }));
        {
            client next = connect();
            ASSERT_TRUE(next.send(line("trace", {{"count", 1}})));
            EXPECT_TRUE(next.message(200ms).is_null());  // no refusal
        }
        EXPECT_TRUE(becomes([&] { return open_files(*router) == files; }));
    }
    expect_clean_end(*router);
}

}  // namespace
}  // namespace rhumb::test

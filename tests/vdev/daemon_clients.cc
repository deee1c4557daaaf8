// How clients of the control socket come and go: those that stop sending, and those that are gone.
#include <sys/resource.h>

#include <fstream>

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

    // A running router that has let the test's own client in.
    [[nodiscard]] std::unique_ptr<daemon> start_settled() const {
        auto router = start();
        EXPECT_TRUE(router->ask("show", {{"what", "version"}}).contains("rows"));
        return router;
    }
    // How many files a process has open.
    static std::size_t open_files(const daemon& router) {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& one :
             std::filesystem::directory_iterator("/proc/" + std::to_string(router.pid()) + "/fd")) {
            ++count;
        }
        return count;
    }
    // The processor time that its control thread has taken, in seconds.
    static double control_seconds(const daemon& router) {
        const std::string id = std::to_string(router.pid());
        std::ifstream file("/proc/" + id + "/task/" + id + "/stat");
        std::string word;
        for (int field = 1; field < 14; ++field) {  // its name has no blanks
            file >> word;
        }
        double user = 0;
        double system = 0;
        file >> user >> system;
        return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
    static std::size_t times_said(const daemon& router, const std::string& text) {
        const std::string log = router.log();
        std::size_t count = 0;
        for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) {
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
    const auto router = start_settled();
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
    const auto router = start_settled();
    client tracing = connect();
    ASSERT_TRUE(tracing.send(line("trace", {{"count", 3}}) + version));
    tracing.end_input();
    client capturing = connect();
    ASSERT_TRUE(capturing.send(line("capture", {{"port", "west"}, {"count", 3}}) + version));
    capturing.end_input();
    EXPECT_TRUE(tracing.message(300ms).is_null());  // nothing has come yet
    // Asked later and answered: so both are heard.
    EXPECT_TRUE(router->ask("show", {{"what", "version"}}).contains("rows"));
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
    const auto router = start_settled();
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

// Without a free file descriptor nobody is let in, and nothing spins.
TEST_F(rhumbd_clients, wait_for_a_file_descriptor) {
    write_config({});
    const auto router = start_settled();
    const std::string complaint = "control clients must wait why=\"Too many open files\"";
    for (const std::size_t round : {1U, 2U}) {
        rlimit before{};
        ASSERT_EQ(::prlimit(router->pid(), RLIMIT_NOFILE, nullptr, &before), 0);
        const rlimit tight{3, before.rlim_max};
        ASSERT_EQ(::prlimit(router->pid(), RLIMIT_NOFILE, &tight, nullptr), 0);
        auto late = client::connect(folder_.path() / "r.sock");
        ASSERT_TRUE(late && late->send(version));
        EXPECT_TRUE(becomes([&] { return times_said(*router, complaint) == round; }));
        const double spent = control_seconds(*router);
        EXPECT_TRUE(late->message(1s).is_null());
        EXPECT_LT(control_seconds(*router) - spent, 0.3);
        EXPECT_TRUE(router->ask("show", {{"what", "version"}}).contains("rows"));
        EXPECT_EQ(times_said(*router, complaint), round) << router->log();
        ASSERT_EQ(::prlimit(router->pid(), RLIMIT_NOFILE, &before, nullptr), 0);
        EXPECT_TRUE(late->message().contains("result"));
    }
    expect_clean_end(*router);
}

}  // namespace
}  // namespace rhumb::test

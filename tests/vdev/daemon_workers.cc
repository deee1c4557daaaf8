// Several workers, and workers that never rest.
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/vdev/daemon_fixture.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class rhumbd_workers : public rhumbd {
protected:
    // Captures in on both ports, and the parts that forward them.
    parts both_ways(unsigned count, const std::string& runtime) const {
        folder_.write("west-in.pcap", as_capture(frames(way::west_to_east, count, false)));
        folder_.write("east-in.pcap", as_capture(frames(way::east_to_west, count, false)));
        parts of;
        of.west = capture(0, "west");
        of.east = capture(1, "east");
        of.runtime = runtime;
        return of;
    }
    void expect_all_out(unsigned count) const {
        EXPECT_EQ(frames_of(folder_.read("east-out.pcap")).value(),
                  frames(way::west_to_east, count, true));
        EXPECT_EQ(frames_of(folder_.read("west-out.pcap")).value(),
                  frames(way::east_to_west, count, true));
    }
};

// How often a router's one worker has gone to sleep by itself. What the machine does besides takes
// a core away from it, which is something else.
std::uint64_t rests_of_worker(pid_t router) {
    const std::filesystem::path threads = "/proc/" + std::to_string(router) + "/task";
    for (const auto& thread : std::filesystem::directory_iterator(threads)) {
        std::string name;
        std::getline(std::ifstream(thread.path() / "comm"), name);
        std::ifstream status(thread.path() / "status");
        for (std::string word; name.find("worker") != std::string::npos && status >> word;) {
            if (word == "voluntary_ctxt_switches:") {
                std::uint64_t count = 0;
                status >> count;
                return count;
            }
        }
    }
    ADD_FAILURE() << "no thread is a worker's";
    return 0;
}

// Each port has one transmit queue, so each worker hands what it forwards to the other one.
TEST_F(rhumbd_workers, two_hand_over_to_each_other) {
    constexpr unsigned count = 2000;  // no more than a hand-over ring holds
    for (const char* idle : {"adaptive", "busy"}) {
        write_config(both_ways(count, "workers = 2\nidle = \"" + std::string(idle) + "\"\n"));
        const run_result done = run_until_sent(count, count, {"--summary"});
        EXPECT_EQ(done.status, 0) << done.output;
        EXPECT_EQ(done.output.find("tx_queue_full"), std::string::npos) << done.output;
        expect_all_out(count);
    }
}

// A port whose queue takes nothing: a memif that nobody has connected to. Its one queue is worker
// 0's, so what comes in on east is handed over by worker 1 and dropped by worker 0.
TEST_F(rhumbd_workers, what_is_handed_over_and_dropped_counts_where_it_came_in) {
    constexpr unsigned count = 100;
    const packet_bytes arp =
        packet("eth 02:00:00:00:09:02 > ff:ff:ff:ff:ff:ff type 0x0806 | data 46");
    folder_.write("east-in.pcap", as_capture(std::vector<packet_bytes>(count, arp)));
    parts of;
    of.east = capture(1, "east");
    of.runtime = "workers = 2\n";
    of.node = "punt = \"kernel\"\n";
    of.more = "[ports.kernel]\ndevice = \"net_memif0,role=server,socket-abstract=no,socket=" +
              (folder_.path() / "kernel.memif").string() +
              "\"\nmac = \"02:00:00:00:01:03\"\nshared_tx = true\n";
    write_config(of);
    const auto router = start();
    expect_received(*router, "east", count);
    const auto drops_at = [&](const std::string& port) {
        const json shown = router->ask("show", {{"what", "drops"}, {"port", port}});
        std::uint64_t full = 0;
        for (const json& row : shown["rows"]) {
            full += row["reason"] == "tx_queue_full" ? row["dropped"].get<std::uint64_t>() : 0;
        }
        return full;
    };
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (drops_at("east") + drops_at("kernel") < count &&
           std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(5ms);
    }
    EXPECT_EQ(drops_at("east"), count);
    EXPECT_EQ(drops_at("kernel"), 0U);
    expect_clean_end(*router);
}

TEST_F(rhumbd_workers, more_workers_than_queues) {
    constexpr unsigned count = 500;
    write_config(both_ways(count, "workers = 5\n"));
    const run_result done = run_until_sent(count, count);
    EXPECT_EQ(done.status, 0) << done.output;
    expect_all_out(count);
}

TEST_F(rhumbd_workers, a_busy_one_polls_and_an_adaptive_one_rests) {
    const auto rests_in_a_thousand_rounds = [&](const char* idle) {
        parts of;
        of.runtime = "idle = \"" + std::string(idle) + "\"\n";
        write_config(of);
        const auto router = start();
        const auto rounds = [&] {
            return router->ask("show", {{"what", "workers"}})["rows"][0]["rounds"]
                .get<std::uint64_t>();
        };
        const std::uint64_t first = rounds();
        const std::uint64_t rests = rests_of_worker(router->pid());
        const auto until = std::chrono::steady_clock::now() + 30s;
        std::uint64_t more = 0;
        while (more < 1000 && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(5ms);
            more = rounds() - first;
        }
        EXPECT_GE(more, 1000U);
        const auto rested = static_cast<double>(rests_of_worker(router->pid()) - rests);
        expect_clean_end(*router);
        return 1000 * rested / static_cast<double>(more);
    };
    EXPECT_GT(rests_in_a_thousand_rounds("adaptive"), 500);
    EXPECT_LT(rests_in_a_thousand_rounds("busy"), 50);
}

// Captures on several workers: the tap is each worker's own.
TEST_F(rhumbd_workers, are_watched_together) {
    constexpr unsigned count = 64;
    parts of = both_ways(count, "workers = 2\n");
    std::filesystem::remove(folder_.path() / "west-in.pcap");
    std::filesystem::remove(folder_.path() / "east-in.pcap");
    write_config(of);
    capture_source west(folder_.path() / "west-in.pcap", frames(way::west_to_east, count, false),
                        capture_source::kind::fifo);
    capture_source east(folder_.path() / "east-in.pcap", frames(way::east_to_west, count, false),
                        capture_source::kind::fifo);
    const auto router = start();
    client watching = connect();
    ASSERT_TRUE(watching.send("{\"method\":\"capture\",\"params\":{\"port\":\"west\",\"count\":" +
                              std::to_string(2 * count) + "}}\n"));
    EXPECT_TRUE(router->ask("show", {{"what", "version"}}).contains("rows"));
    west.send();
    east.send();
    unsigned in = 0;
    for (unsigned n = 0; n < 2 * count; ++n) {
        const json message = watching.message();
        ASSERT_TRUE(message.contains("event")) << message;
        in += message["event"]["direction"] == "in" ? 1U : 0U;
    }
    EXPECT_EQ(in, count);
    EXPECT_EQ(watching.message()["result"], (json{{"captured", 2 * count}, {"missed", 0}}));
    expect_clean_end(*router);
    expect_all_out(count);
}

}  // namespace
}  // namespace rhumb::test

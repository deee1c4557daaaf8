// A router with a port west and a port east, and what the tests of the daemon need around it.
//
//   west: 16001 -> 16002 out east (next hop e), 10.2.0.0/16 -> e
//   east: 16003 -> 16004 out west (next hop w)
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/daemon.hh"
#include "tests/support/packet_text.hh"
#include "tests/vdev/playback.hh"

namespace rhumb::test {

struct run_result {
    int status;
    std::string output;
};

class rhumbd : public testing::Test {
protected:
    // Devices: one that nothing comes from, one that frames of zeros never stop coming from, and
    // captures.
    static std::string quiet(int n) { return "net_null" + std::to_string(n) + ",no-rx=1"; }
    static std::string noisy(int n) { return "net_null" + std::to_string(n); }
    static std::string capture(int n, const std::string& port) {
        return "net_pcap" + std::to_string(n) + ",rx_pcap=" + port + "-in.pcap,tx_pcap=" + port +
               "-out.pcap";
    }

    struct parts {
        std::string west = quiet(0);
        std::string east = quiet(1);
        std::string runtime = {};  // keys of [runtime]
        std::string node = {};     // keys of [node]
        std::string more = {};     // sections
    };
    [[nodiscard]] std::string config(const parts& of) const {
        return "[node]\nname = \"" + name_ + "\"\n" + of.node + "[runtime]\nsocket = \"r.sock\"\n" +
               of.runtime + "[ports.west]\ndevice = \"" + of.west +
               "\"\nmac = \"02:00:00:00:01:01\"\n[ports.east]\ndevice = \"" + of.east +
               "\"\nmac = \"02:00:00:00:01:02\"\n"
               "[nexthops.w]\nport = \"west\"\nmac = \"02:00:00:00:03:01\"\n"
               "[nexthops.e]\nport = \"east\"\nmac = \"02:00:00:00:02:01\"\n"
               "[[labels]]\nlabel = 16001\nop = \"continue\"\nout = 16002\nvia = \"e\"\n"
               "[[labels]]\nlabel = 16003\nop = \"continue\"\nout = 16004\nvia = \"w\"\n"
               "[[prefixes]]\nmatch = \"10.2.0.0/16\"\nvia = \"e\"\n" +
               of.more;
    }
    void write_config(const parts& of) const { folder_.write("r.toml", config(of)); }

    // Packet `n` of a flow, as it goes in on a port and as it comes out of the other.
    enum class way { west_to_east, east_to_west };
    static packet_bytes frame(way direction, unsigned n, bool out) {
        const bool east = direction == way::west_to_east;
        const std::string ethernet =
            out ? (east ? "eth 02:00:00:00:01:02 > 02:00:00:00:02:01 | mpls 16002 ttl 63"
                        : "eth 02:00:00:00:01:01 > 02:00:00:00:03:01 | mpls 16004 ttl 63")
                : (east ? "eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16001"
                        : "eth 02:00:00:00:09:02 > 02:00:00:00:01:02 | mpls 16003");
        return packet(ethernet + " | ipv4 10.0.0.1 > 10.9.0.1 id " + std::to_string(n) +
                      " | udp 1000 > 2000 | data 8");
    }
    static std::vector<packet_bytes> frames(way direction, unsigned count, bool out) {
        std::vector<packet_bytes> list;
        for (unsigned n = 0; n < count; ++n) {
            list.push_back(frame(direction, n, out));
        }
        return list;
    }

    [[nodiscard]] run_result run(const std::vector<std::string>& arguments,
                                 daemon_options options = {}) const {
        static int runs = 0;
        options.log = "run-" + std::to_string(++runs) + ".log";
        const std::string log = options.log;
        daemon one(folder_, arguments, std::move(options));
        const int status = one.wait();
        return {status, folder_.read(log)};
    }

    // The same with r.toml, until so many frames have gone out of west and of east.
    [[nodiscard]] run_result run_until_sent(std::uint64_t west, std::uint64_t east,
                                            const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments{"--config", "r.toml"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        std::filesystem::remove(folder_.path() / "run.log");
        daemon_options options;
        options.log = "run.log";
        daemon one(folder_, arguments, options);
        EXPECT_TRUE(one.connect("r.sock")) << one.log();
        expect_counted(one, "west", "tx_packets", west);
        expect_counted(one, "east", "tx_packets", east);
        one.signal(SIGTERM);
        const int status = one.wait();
        return {status, one.log()};
    }

    // A running router, whose socket answers.
    [[nodiscard]] std::unique_ptr<daemon> start(daemon_options options = {}) const {
        auto router = std::make_unique<daemon>(
            folder_, std::vector<std::string>{"--config", "r.toml"}, std::move(options));
        EXPECT_TRUE(router->connect("r.sock")) << router->log();
        return router;
    }
    // A client that has been accepted: what it asks is dealt with before what others ask later.
    [[nodiscard]] client connect() const {
        auto made = client::connect(folder_.path() / "r.sock");
        EXPECT_TRUE(made);
        EXPECT_TRUE(made->ask("show", {{"what", "version"}}).contains("rows"));
        return std::move(made).value();
    }
    // Waits until a port has counted so many frames.
    static void expect_counted(daemon& router, const std::string& port, const char* key,
                               std::uint64_t frames) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        for (std::uint64_t got = 0; got < frames;) {
            ASSERT_LT(std::chrono::steady_clock::now(), until)
                << got << " of " << frames << " " << key << " of " << port;
            nlohmann::json shown = router.ask("show", {{"what", "ports"}, {"port", port}});
            got = shown["rows"][0].value(key, std::uint64_t{0});
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
    static void expect_received(daemon& router, const std::string& port, std::uint64_t frames) {
        expect_counted(router, port, "rx_packets", frames);
    }
    static void expect_clean_end(daemon& router) {
        router.signal(SIGTERM);
        EXPECT_EQ(router.wait(), 0) << router.log();
    }
    [[nodiscard]] bool exists(const std::string& file) const {
        return std::filesystem::exists(std::filesystem::symlink_status(folder_.path() / file));
    }

    const temporary_folder folder_;
    const std::string name_ = "test-" + std::to_string(::getpid());
};

// The message of an answer that is a refusal, else "".
inline std::string refusal(const nlohmann::json& answer) {
    return answer.contains("error") ? answer["error"].value("message", "") : "";
}

}  // namespace rhumb::test

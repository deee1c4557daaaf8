// rhumbctl: traces in words, captures as pcap.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "tests/unit/rhumbctl_router.hh"
#include "tools/rhumbctl/client.hh"
#include "tools/rhumbctl/connection.hh"
#include "tools/rhumbctl/frame.hh"
#include "tools/rhumbctl/pcap.hh"
#include "tools/rhumbctl/watching.hh"

namespace rhumb::ctl {
namespace {

using namespace std::chrono_literals;

json trace_event() {
    return {{"port", "west"},
            {"length", 50},
            {"frame",
             "0200000001010200000009018847"
             "03e82140"},
            {"steps", {"label 16002 -> pop", "via r3\x1b"}},
            {"verdict", "drop"},
            {"reason", "next_hop_down"}};
}

TEST(rhumbctl_trace, in_words) {
    EXPECT_EQ(trace_text(trace_event(), 3),
              "packet 3: in west, 50 bytes\n"
              "  before eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16002 ttl 64 | data 32\n"
              "      0000  02 00 00 00 01 01 02 00 00 00 09 01 88 47 03 e8\n"
              "      0010  21 40\n"
              "      and 32 bytes more\n"
              "    - label 16002 -> pop\n"
              "    - via r3\\u001b\n"
              "  drop: next_hop_down\n");
    json sent = trace_event();
    sent["verdict"] = "forward";
    sent["out_port"] = "east";
    sent["out_length"] = 2;
    sent["out_frame"] = "4500";
    const std::string text = trace_text(sent, 1);
    EXPECT_NE(text.find("  forward to east, 2 bytes\n  after  eth cut after 2 of 14 bytes\n"),
              std::string::npos)
        << text;
}

TEST(rhumbctl_trace, nonsense_is_refused_or_harmless) {
    for (const char* key : {"port", "length", "frame", "steps", "verdict", "reason"}) {
        for (const json& value : {json(), json(-5), json("zz"), json::array({1}), json::object()}) {
            json event = trace_event();
            event[key] = value;
            (void)thrown([&event] { (void)trace_text(event, 1); });
        }
    }
    json event = trace_event();
    event["length"] = 17;  // less than the frame has
    EXPECT_EQ(thrown([&event] { (void)trace_text(event, 1); }).front(), '3');
}

TEST_F(rhumbctl_files, pcap_bytes) {
    {
        pcap_writer file(path("x.pcap"));
        const frame_bytes kept{1, 2, 3};
        file.write(1'700'000'000'123'456'789U, 64, kept);
        EXPECT_EQ(std::filesystem::file_size(path("x.pcap")), 24U + 16 + 3);  // flushed
    }
    const std::string expected =
        "4d3cb2a1 0200 0400 00000000 00000000 ffff0000 01000000"
        "00f15365 15cd5b07 03000000 40000000 010203";
    const frame_bytes bytes = bytes_of(expected);
    const std::string text = folder_.read("x.pcap");
    EXPECT_EQ(frame_bytes(text.begin(), text.end()), bytes);
    EXPECT_EQ(thrown([this] { pcap_writer(path("none/x.pcap")); }),
              "4 " + path("none/x.pcap") + ": cannot write: No such file or directory");
    EXPECT_EQ(thrown([] { pcap_writer("/dev/full"); }),
              "4 /dev/full: cannot write: No space left on device");
}

TEST_F(rhumbctl_router, trace_of_two) {
    std::ostringstream out;
    std::ostringstream progress;
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        const json asked = peer.request();
        peer.event(asked, trace_event());
        peer.event(asked, trace_event());
        peer.answer(asked, {{"traced", 2}, {"missed", 1}});
    });
    client c = connected();
    trace(c, parsed({"trace", "2"}), false, out, progress);
    EXPECT_NE(out.str().find("\n\npacket 2: in west"), std::string::npos);
    EXPECT_EQ(progress.str(), "2 packets traced, 1 missed\n");
}

json capture_event(std::uint64_t nanoseconds) {
    return {{"port", "west"},
            {"direction", "in"},
            {"nanoseconds", nanoseconds},
            {"length", 60},
            {"frame", "0102"}};
}

// Answers the question for the port, and returns the request for a capture.
json start_capture(fake_router::peer& peer) {
    peer.answer(peer.request(), {{"rows", {{{"port", "west"}}}}});
    return peer.request();
}

TEST_F(rhumbctl_router, capture_to_its_end) {
    std::ostringstream progress;
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        const json asked = start_capture(peer);
        EXPECT_EQ(asked.at("method"), "capture");
        peer.event(asked, capture_event(1'000'000'007));
        peer.event(asked, capture_event(2'000'000'008));
        peer.answer(asked, {{"captured", 2}, {"missed", 0}});
    });
    client c = connected();
    capture(c, parsed({"capture", "west", path("x.pcap"), "--count", "2"}), -1, false, progress);
    EXPECT_EQ(progress.str(), "2 packets, 120 bytes captured\n");
    const std::string text = folder_.read("x.pcap");
    EXPECT_EQ(text.size(), 24U + 2 * (16 + 2));
    EXPECT_EQ(frame_bytes(text.begin() + 24, text.begin() + 42),
              bytes_of("01000000 07000000 02000000 3c000000 0102"));
}

TEST_F(rhumbctl_router, capture_until_interrupted) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    std::ostringstream progress;
    {
        const fake_router router(path("r1.sock"), [&](fake_router::peer& peer) {
            peer.event(start_capture(peer), capture_event(1));
            // Each packet is in the file as soon as it was told.
            const std::string file = path("x.pcap");
            const auto until = std::chrono::steady_clock::now() + 10s;
            const auto is_written = [&file] {
                std::error_code none;
                return std::filesystem::file_size(file, none) == 42U && !none;
            };
            while (!is_written() && std::chrono::steady_clock::now() < until) {
                std::this_thread::sleep_for(1ms);
            }
            EXPECT_EQ(write(pipe_ends[1], "x", 1), 1);
            EXPECT_EQ(peer.request(), nullptr);  // until it goes
        });
        client c = connected();
        capture(c, parsed({"capture", "west", path("x.pcap")}), pipe_ends[0], true, progress);
    }
    EXPECT_EQ(progress.str().substr(progress.str().rfind('\r')), "\r1 packet, 60 bytes captured\n");
    EXPECT_EQ(std::filesystem::file_size(path("x.pcap")), 42U);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

TEST_F(rhumbctl_router, capture_that_breaks_off_keeps_its_packets) {
    std::ostringstream progress;
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        peer.event(start_capture(peer), capture_event(1));
        peer.send("{\"id\":2,\"ev");
    });
    client c = connected();
    EXPECT_EQ(thrown([&] {
                  capture(c, parsed({"capture", "west", path("x.pcap")}), -1, false, progress);
              }),
              "3 the router closed the connection in the middle of a line");
    EXPECT_EQ(std::filesystem::file_size(path("x.pcap")), 42U);
}

TEST_F(rhumbctl_router, capture_of_no_port_leaves_the_file_alone) {
    std::ofstream(path("x.pcap")) << "precious";
    std::ostringstream progress;
    const fake_router router(path("r1.sock"), [](fake_router::peer& peer) {
        peer.answer(peer.request(), {{"rows", json::array()}});
    });
    client c = connected();
    EXPECT_EQ(thrown([&] {
                  capture(c, parsed({"capture", "wset", path("x.pcap")}), -1, false, progress);
              }),
              "1 there is no port wset");
    EXPECT_EQ(folder_.read("x.pcap"), "precious");
}

}  // namespace
}  // namespace rhumb::ctl

// Traces and captures: what they tell is what happened, and nobody is harmed by who asks for them.
#include <algorithm>

#include "tests/vdev/daemon_fixture.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

std::string hex(const packet_bytes& bytes) {
    std::string text;
    for (const byte b : bytes) {
        text += "0123456789abcdef"[b >> 4];
        text += "0123456789abcdef"[b & 0xf];
    }
    return text;
}

class rhumbd_watch : public rhumbd {
protected:
    // Frames that come in on west when the source is told to send.
    capture_source start_with(const std::vector<packet_bytes>& list) {
        parts of;
        of.west = capture(0, "west");
        write_config(of);
        capture_source source(folder_.path() / "west-in.pcap", list, capture_source::kind::fifo);
        router_ = start();
        return source;
    }
    static void send(client& to, const std::string& method, const json& params) {
        ASSERT_TRUE(
            to.send(json{{"id", method}, {"method", method}, {"params", params}}.dump() + '\n'));
    }
    // What was asked before is in force.
    void settle() { EXPECT_TRUE(router_->ask("show", {{"what", "version"}}).contains("rows")); }

    std::unique_ptr<daemon> router_;
};

TEST_F(rhumbd_watch, a_trace_tells_what_was_done) {
    std::vector<packet_bytes> list = frames(way::west_to_east, 2, false);
    list.push_back(
        packet("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16009 | ipv4 1.1.1.1 > 2.2.2.2"));
    list.push_back(frame(way::west_to_east, 3, false));  // one more than asked for
    capture_source source = start_with(list);
    client one = connect();
    send(one, "trace", {{"count", 3}, {"port", "west"}});
    send(one, "show", {{"what", "version"}});  // waits for the trace to end
    settle();
    source.send();
    for (unsigned n = 0; n < 3; ++n) {
        const json message = one.message();
        ASSERT_TRUE(message.contains("event")) << message;
        EXPECT_EQ(message["id"], "trace");
        const json& event = message["event"];
        EXPECT_EQ(event["port"], "west");
        EXPECT_EQ(event["length"], list[n].size());
        EXPECT_EQ(event["frame"], hex(list[n]));
        EXPECT_FALSE(event["steps"].empty());
        const std::string steps = event["steps"].dump();
        if (n < 2) {
            const packet_bytes out = frame(way::west_to_east, n, true);
            EXPECT_EQ(event["verdict"], "forward");
            EXPECT_EQ(event["out_port"], "east");
            EXPECT_EQ(event["out_length"], out.size());
            EXPECT_EQ(event["out_frame"], hex(out));
            EXPECT_NE(steps.find("16001"), std::string::npos) << steps;
            EXPECT_NE(steps.find("TTL 64 becomes 63"), std::string::npos) << steps;
        } else {
            EXPECT_EQ(event["verdict"], "drop");
            EXPECT_EQ(event["reason"], "unknown_label");
            EXPECT_FALSE(event.contains("out_frame"));
        }
    }
    EXPECT_EQ(one.message(), (json{{"id", "trace"}, {"result", {{"traced", 3}, {"missed", 0}}}}));
    EXPECT_EQ(one.message()["id"], "show");
    expect_clean_end(*router_);
}

TEST_F(rhumbd_watch, a_trace_of_one_label) {
    std::vector<packet_bytes> list;
    for (const char* labels : {"mpls 16009", "mpls 16001", "mpls 16009", "mpls 16001 | mpls 99"}) {
        list.push_back(packet("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | " + std::string(labels) +
                              " | ipv4 1.1.1.1 > 2.2.2.2"));
    }
    capture_source source = start_with(list);
    client one = connect();
    send(one, "trace", {{"count", 2}, {"label", 16001}});
    settle();
    source.send();
    EXPECT_EQ(one.message()["event"]["frame"], hex(list[1]));
    EXPECT_EQ(one.message()["event"]["frame"], hex(list[3]));
    EXPECT_EQ(one.message()["result"]["traced"], 2);
    expect_clean_end(*router_);
}

// Two captures and a trace at once: each gets its own.
TEST_F(rhumbd_watch, captures_are_what_was_on_the_wire) {
    constexpr unsigned count = 100;
    const std::vector<packet_bytes> in = frames(way::west_to_east, count, false);
    const std::vector<packet_bytes> out = frames(way::west_to_east, count, true);
    capture_source source = start_with(in);
    client west = connect();
    client east = connect();
    client tracer = connect();
    send(west, "capture", {{"port", "west"}, {"count", count}});
    send(east, "capture", {{"port", "east"}, {"count", count / 2}});
    send(tracer, "trace", {{"count", 1}});
    settle();
    const auto started = std::chrono::system_clock::now().time_since_epoch();
    source.send();
    const auto expect_frames = [&](client& from, const std::vector<packet_bytes>& list,
                                   const char* direction, unsigned wanted) {
        std::int64_t last = std::chrono::nanoseconds(started).count();
        for (unsigned n = 0; n < wanted; ++n) {
            const json message = from.message();
            ASSERT_TRUE(message.contains("event")) << message;
            const json& event = message["event"];
            EXPECT_EQ(event["frame"], hex(list[n]));
            EXPECT_EQ(event["length"], list[n].size());
            EXPECT_EQ(event["direction"], direction);
            EXPECT_GE(event["nanoseconds"].get<std::int64_t>(), last);
            last = event["nanoseconds"].get<std::int64_t>();
        }
        EXPECT_EQ(from.message()["result"], (json{{"captured", wanted}, {"missed", 0}}));
    };
    expect_frames(west, in, "in", count);
    expect_frames(east, out, "out", count / 2);
    EXPECT_EQ(tracer.message()["event"]["frame"], hex(in[0]));
    EXPECT_EQ(tracer.message()["result"]["traced"], 1);
    expect_clean_end(*router_);
}

// What is punted leaves by the punt port as it came: with the headers that were looked at, and with
// the padding. It is never punted back to the port that it came in by.
TEST_F(rhumbd_watch, a_capture_of_the_punt_port_has_what_is_punted) {
    const std::string to_west = "eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | ";
    const std::vector<packet_bytes> in{
        packet(to_west + "mpls 16001 ttl 1 | ipv4 10.0.0.1 > 10.9.0.1 | data 8"),
        frame(way::west_to_east, 0, false),
        packet(to_west + "ipv4 10.0.0.1 > 10.2.0.1 ttl 1 | data 8 | pad 60"),
        packet("eth 02:00:00:00:09:01 > ff:ff:ff:ff:ff:ff type 0x0806 | data 46"),
    };
    for (const std::string port : {"east", "west"}) {
        const bool away = port == "east";
        std::vector<packet_bytes> wanted = in;
        if (away) {
            wanted[1] = frame(way::west_to_east, 0, true);
        }
        parts of;
        of.west = capture(0, "west");
        of.east = capture(1, "east");
        of.node = "punt = \"" + port + "\"\n";
        write_config(of);
        folder_.write("east-in.pcap", as_capture({}));
        std::filesystem::remove(folder_.path() / "west-in.pcap");
        capture_source source(folder_.path() / "west-in.pcap", in, capture_source::kind::fifo);
        router_ = start();
        client watching = connect();
        send(watching, "capture", {{"port", port}});
        settle();
        source.send();
        for (const packet_bytes& one : wanted) {
            const json message = watching.message();
            ASSERT_TRUE(message.contains("event")) << message;
            EXPECT_EQ(message["event"]["direction"], away ? "out" : "in");
            EXPECT_EQ(message["event"]["frame"], hex(one));
            EXPECT_EQ(message["event"]["length"], one.size());
        }
        EXPECT_EQ(watching.message(200ms), nullptr) << "a frame more than there were";
        expect_clean_end(*router_);
        if (away) {
            EXPECT_EQ(frames_of(folder_.read("east-out.pcap")).value(), wanted);
        }
    }
}

// A frame that the driver hands over in several buffers is dropped, and still has its length.
TEST_F(rhumbd_watch, a_frame_in_pieces_is_counted_whole) {
    const packet_bytes large = packet(
        "eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16001 | ipv4 10.0.0.1 > 10.9.0.1 | "
        "data 5000");
    capture_source source = start_with({large});
    client watching = connect();
    send(watching, "capture", {{"port", "west"}, {"count", 1}});
    settle();
    source.send();
    const json event = watching.message()["event"];
    EXPECT_EQ(event["length"], large.size());
    const std::string seen = event["frame"];
    EXPECT_FALSE(seen.empty());
    EXPECT_EQ(seen, hex(large).substr(0, seen.size()));
    expect_received(*router_, "west", 1);
    const json ports = router_->ask("show", {{"what", "ports"}, {"port", "west"}});
    EXPECT_EQ(ports["rows"][0]["rx_bytes"], large.size());
    const json drops = router_->ask("show", {{"what", "drops"}});
    EXPECT_EQ(drops["rows"][0]["reason"], "frame_in_pieces");
    expect_clean_end(*router_);
}

// Frames never stop, and a capture of one frame leaves more behind than it tells.
TEST_F(rhumbd_watch, a_capture_has_nothing_from_before_it) {
    parts of;
    of.west = noisy(0);
    write_config(of);
    router_ = start();
    client watching = connect();
    for (int round = 0; round < 5; ++round) {
        const auto asked = std::chrono::system_clock::now().time_since_epoch();
        send(watching, "capture", {{"port", "west"}, {"count", 1}});
        const json event = watching.message()["event"];
        EXPECT_GE(event["nanoseconds"].get<std::int64_t>(),
                  std::chrono::duration_cast<std::chrono::nanoseconds>(asked).count());
        EXPECT_EQ(watching.message()["result"]["captured"], 1);
        std::this_thread::sleep_for(20ms);
    }
    expect_clean_end(*router_);
}

TEST_F(rhumbd_watch, a_trace_tells_of_the_repair_list) {
    parts of;
    of.west = capture(0, "west");
    of.more =
        "[nexthops.b]\nport = \"east\"\nmac = \"02:00:00:00:02:02\"\n"
        "backup = { nexthop = \"e\", push = [16009, 16008] }\n"
        "[[labels]]\nlabel = 16005\nop = \"continue\"\nout = 16006\nvia = \"b\"\n";
    write_config(of);
    capture_source source(folder_.path() / "west-in.pcap",
                          {packet("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16005 | "
                                  "ipv4 10.0.0.1 > 10.9.0.1 | data 8")},
                          capture_source::kind::fifo);
    router_ = start();
    EXPECT_EQ(router_->ask("nexthop", {{"name", "b"}, {"up", false}}), json::object());
    client one = connect();
    send(one, "trace", {{"count", 1}});
    settle();
    source.send();
    const auto steps = one.message()["event"]["steps"].get<std::vector<std::string>>();
    EXPECT_NE(std::ranges::find(steps, "pushed 2 labels, on top 16009 (TC 0, TTL 63)"), steps.end())
        << json(steps);
    expect_clean_end(*router_);
}

// Frames never stop: clients that go away, or ask for what there is already.
TEST_F(rhumbd_watch, whoever_goes_away_is_forgotten) {
    parts of;
    of.west = noisy(0);
    write_config(of);
    router_ = start();
    for (int round = 0; round < 5; ++round) {
        client capturing = connect();
        send(capturing, "capture", {{"port", "west"}});
        client tracing = connect();
        send(tracing, "trace", {{"count", 10000}, {"label", 16001}});  // which never comes
        EXPECT_TRUE(capturing.message().contains("event"));
        settle();
        client late = connect();
        EXPECT_NE(refusal(late.ask("trace", {{"count", 1}})), "");
    }
    settle();
    client last = connect();
    send(last, "trace", {{"count", 1000}});
    int events = 0;
    json message;
    while ((message = last.message()).contains("event")) {
        EXPECT_EQ(message["event"]["reason"], "not_for_us");
        ++events;
    }
    EXPECT_EQ(message["result"]["traced"], events) << message;
    EXPECT_GE(events + message["result"].value("missed", 0), 1000);
    EXPECT_GT(events, 0);
    expect_clean_end(*router_);
}

// A capture that nobody reads: the client is cut off, the router forwards and answers.
TEST_F(rhumbd_watch, a_capture_that_is_not_read_ends) {
    parts of;
    of.west = noisy(0) + ",size=9000";
    write_config(of);
    router_ = start();
    client slow = connect();
    send(slow, "capture", {{"port", "west"}});
    EXPECT_TRUE(router_->says("control client does not read: disconnected", 60s));
    EXPECT_TRUE(slow.is_closed());
    settle();
    expect_clean_end(*router_);
}

// A router that ends with clients in the middle of everything.
TEST_F(rhumbd_watch, ends_while_it_is_watched) {
    parts of;
    of.west = noisy(0);
    write_config(of);
    router_ = start();
    client capturing = connect();
    send(capturing, "capture", {{"port", "west"}});
    client tracing = connect();
    send(tracing, "trace", {{"count", 10000}, {"label", 16001}});
    EXPECT_TRUE(capturing.message().contains("event"));
    expect_clean_end(*router_);
    EXPECT_TRUE(capturing.is_closed());
    EXPECT_TRUE(tracing.is_closed());
}

}  // namespace
}  // namespace rhumb::test

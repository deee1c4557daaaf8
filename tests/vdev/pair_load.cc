// A link with as many packets as this machine gives: BFD does not care. A capture without end is
// the generator, so one router sends as fast as its worker can, to another that has to keep up.
#include <cstdio>
#include <thread>

#include "tests/vdev/pair_fixture.hh"
#include "tests/vdev/playback.hh"

namespace rhumb::test {
namespace {

using namespace std::chrono_literals;

class link_under_load : public border_pair {
protected:
    // Frames over and over again as what comes in by a port.
    [[nodiscard]] std::string endless(const std::vector<frame_bytes>& frames) const {
        wires_.write("in.pcap", as_capture(frames));
        return "net_pcap9,rx_pcap=" + wires_.path("in.pcap") + ",infinite_rx=1";
    }
    static constexpr const char* nowhere = "net_null9,no-rx=1";

    struct tally {
        std::uint64_t generated = 0;  // frames
        std::uint64_t in = 0;         // SCION packets that the far end took from the link
        std::uint64_t own_out = 0;    // frames on the link from the loaded side
        std::uint64_t lost = 0;       // frames for which the link's queue had no room
        std::uint64_t busy = 0;       // packets that were too many for the slow path
    };
    static std::uint64_t dropped(own_router& router, const std::string& reason) {
        std::uint64_t sum = 0;
        for (const nlohmann::json& row : router.rows("drops")) {
            sum += row["reason"] == reason ? row["dropped"].get<std::uint64_t>() : 0;
        }
        return sum;
    }
    static tally count(own_router& from, const std::string& port, own_router& to,
                       const std::string& link) {
        return {from.row("ports", "port", port)["rx_packets"], to.interface(link)["in_packets"],
                from.row("ports", "port", "b")["tx_packets"], dropped(from, "tx_queue_full"),
                dropped(to, "scion_slow_path_busy")};
    }
    // Both sessions, as they are: state, and how often it changed.
    [[nodiscard]] std::string sessions() {
        std::string text;
        for (own_router* const one : {&a1_, &b1_}) {
            for (const nlohmann::json& row : one->rows("scion_bfd")) {
                text += row["link"].get<std::string>() + " " + row["state"].get<std::string>() +
                        " after " + row["changes"].dump() + " changes; ";
            }
        }
        return text;
    }
    // `from` generates by `port`, `to` gets it by `link`. For longer than the detection time, so
    // that a session that starves goes down; and one that starves half of the time is seen, too.
    void expect_no_flap(const char* what, own_router& from, const std::string& port, own_router& to,
                        const std::string& link) {
        const std::string before = sessions();
        EXPECT_NE(before.find("12 up"), std::string::npos) << before;
        EXPECT_NE(before.find("21 up"), std::string::npos) << before;
        const tally first = count(from, port, to, link);
        const auto heard = [&] { return to.session(link)["received"].get<std::uint64_t>(); };
        const std::uint64_t heard_before = heard();
        const std::chrono::milliseconds time{to.session(link)["detection_ms"].get<int>() + 3000};
        const auto start = clock::now();
        clock::duration longest{0};
        while (clock::now() - start < time) {
            const auto asked = clock::now();
            ASSERT_EQ(sessions(), before);
            longest = std::max(longest, clock::now() - asked);
            std::this_thread::sleep_for(50ms);
        }
        const std::chrono::duration<double> took = clock::now() - start;
        const tally last = count(from, port, to, link);
        const std::uint64_t heard_now = heard() - heard_before;
        const auto rate = [&](std::uint64_t tally::* of) {
            return static_cast<double>(last.*of - first.*of) / took.count();
        };
        std::printf(
            "%s: %.0f packets/s generated, %.0f sent on the link, %.0f found no room there; the "
            "far end took %.0f, and refused its slow path %.0f; %lu BFD packets heard, asking took "
            "%.0f ms at most\n",
            what, rate(&tally::generated), rate(&tally::own_out), rate(&tally::lost),
            rate(&tally::in), rate(&tally::busy), heard_now,
            std::chrono::duration<double, std::milli>(longest).count());
        EXPECT_GT(rate(&tally::in), 1000.0);
        // Each interval brings one, of 300 ms or somewhat less.
        EXPECT_GE(static_cast<double>(heard_now), took.count() / 0.3 / 2);
    }
};

TEST_F(link_under_load, sessions_stay_up_while_the_queues_are_full_of_data) {
    key_of_a_ = hop_key_of(first_master);
    std::vector<frame_bytes> good;
    for (std::uint32_t n = 0; n < 64; ++n) {
        good.push_back(frame(journey::e_to_d, n, {.flow = n + 1}));
    }
    start(
        {.e = endless(good), .d = nowhere, .relayed = false, .with_a2 = false, .detect_mult = 30});
    EXPECT_TRUE(wait_for([&] { return a1_.is_up("12") && b1_.is_up("21"); }));
    expect_no_flap("data", a1_, "e", b1_, "21");
    expect_clean_end();
}

// Flows are spread, and the worker that a session's flow would go to is as busy as all others. By
// name only: four workers that never rest.
TEST_F(link_under_load, DISABLED_sessions_stay_up_when_flows_are_spread_over_two_workers) {
    key_of_a_ = hop_key_of(first_master);
    std::vector<frame_bytes> good;
    for (std::uint32_t n = 0; n < 64; ++n) {
        good.push_back(frame(journey::e_to_d, n, {.flow = n + 1}));
    }
    start({.e = endless(good),
           .d = nowhere,
           .relayed = false,
           .with_a2 = false,
           .runtime = "workers = 2\n",
           .detect_mult = 30});
    EXPECT_TRUE(wait_for([&] { return a1_.is_up("12") && b1_.is_up("21"); }));
    expect_no_flap("two workers", a1_, "e", b1_, "21");
    std::printf("%lu packets found another worker busy\n", dropped(b1_, "worker_busy"));
    expect_clean_end();
}

// All packets are for a1's slow path, and come by the very link that has the session.
TEST_F(link_under_load, sessions_stay_up_under_a_flood_for_the_slow_path) {
    key_of_a_ = hop_key_of(first_master);
    std::vector<frame_bytes> bad;
    for (std::uint32_t n = 0; n < 64; ++n) {
        bad.push_back(frame(journey::d_to_e, n,
                            {.bad_mac_at_a = n % 2 == 0, .alert_at_a = n % 2 != 0, .flow = n + 1}));
    }
    start({.e = nowhere, .d = endless(bad), .relayed = false, .with_a2 = false, .detect_mult = 30});
    EXPECT_TRUE(wait_for([&] { return a1_.is_up("12") && b1_.is_up("21"); }));
    expect_no_flap("slow path", b1_, "d", a1_, "12");
    EXPECT_GT(b1_.interface("21")["in_packets"], 1000);  // and there are answers
    expect_clean_end();
}

}  // namespace
}  // namespace rhumb::test

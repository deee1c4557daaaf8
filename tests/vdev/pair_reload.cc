// Reloads of topology and keys under traffic between two ASes: no packet is lost, counters go on,
// and no session notices.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <thread>

#include "tests/vdev/pair_fixture.hh"

namespace rhumb::test {
namespace {

using namespace std::chrono_literals;

class reload_of_a_border_router : public border_pair {
protected:
    // So few on their way that no ring overflows: what is lost was lost by a router.
    static constexpr std::uint32_t most_in_flight = 256;

    void start_pair() {
        start({.e = "", .d = "", .relayed = false, .with_a2 = false, .detect_mult = 30});
        EXPECT_TRUE(wait_for([&] { return a1_.is_up("12") && b1_.is_up("21"); }));
        EXPECT_TRUE(wait_for([&] { return ports_are_up(a1_) && ports_are_up(b1_); }));
        // One packet, so that none of before is on its way when others are counted.
        EXPECT_TRUE(e_->send(frame(journey::e_to_d, 0)));
        EXPECT_TRUE(wait_for([&] { return !d_->take().empty(); }));
        EXPECT_TRUE(wait_for([&] { return a1_.interface("41")["in_packets"] == 1; }));
    }
    static bool ports_are_up(own_router& router) {
        const nlohmann::json ports = router.rows("ports");
        return std::all_of(ports.begin(), ports.end(),
                           [](const nlohmann::json& port) { return port["up"] == true; });
    }
    // Sends from E to D until `stop`, then waits for what is on its way; each packet once.
    void run(const std::atomic<bool>& stop) {
        frame_bytes packet = frame(journey::e_to_d, 0);
        const std::vector<byte> key = key_of_a_;
        std::vector<bool> seen;
        std::uint32_t back = 0;
        const auto collect = [&] {
            for (const frame_bytes& one : d_->take()) {
                const seen_packet it = seen_in(one);
                strange_ += it.next_header != 17 || it.number >= seen.size() ? 1U : 0U;
                if (it.number < seen.size()) {
                    strange_ += seen[it.number] ? 1U : 0U;
                    seen[it.number] = true;
                    ++back;
                }
            }
        };
        auto heard = clock::now();
        while (!stop.load() && clock::now() < heard + 10s) {
            if (use_new_key_.exchange(false)) {
                key_of_a_ = hop_key_of(second_master);
                packet = frame(journey::e_to_d, 0);
            }
            while (seen.size() - back < most_in_flight) {
                store_be32(&packet[packet.size() - 4], static_cast<std::uint32_t>(seen.size()));
                seen.push_back(false);
                made_ = seen.size();
                ASSERT_TRUE(e_->send(packet));
                heard = clock::now();
            }
            collect();
        }
        EXPECT_TRUE(wait_for(
            [&] {
                collect();
                return back == seen.size();
            },
            10s))
            << seen.size() - back << " of " << seen.size() << " packets are lost";
        sent_ = seen.size();
        told_ += e_->take().size();
    }
    // Waits until many packets more than may be on their way have been made: the routers have
    // forwarded most of them.
    void expect_more_packets() {
        const std::uint64_t enough = made_ + 16 * most_in_flight;
        EXPECT_TRUE(wait_for([&] { return made_ >= enough; }));
    }
    // SIGHUP, and what the log says then.
    std::string hang_up() {
        const std::size_t before = a1_.process->log().size();
        a1_.process->signal(SIGHUP);
        std::string news;
        EXPECT_TRUE(wait_for([&] {
            news = a1_.process->log().substr(before);
            const std::size_t at = news.find("reload");
            return at != std::string::npos && news.find('\n', at) != std::string::npos;
        }));
        return news;
    }
    void change(const variant& to) {
        a1_.folder.write("topology.json", topology_of_a(to));
        const std::string news = hang_up();
        EXPECT_NE(news.find("reloaded"), std::string::npos) << news;
        EXPECT_EQ(a1_.interface("12")["mtu"], to.mtu_12);
        EXPECT_EQ(a1_.interface("41")["mtu"], to.mtu_41);
        EXPECT_EQ(a1_.interface("13").empty(), !to.with_link_13);
    }
    void refuse(const std::string& topology, const std::string& why) {
        a1_.folder.write("topology.json", topology);
        const std::string news = hang_up();
        EXPECT_NE(news.find("reload refused"), std::string::npos) << news;
        EXPECT_NE(news.find(why), std::string::npos) << news;
    }

    std::atomic<bool> use_new_key_{false};
    std::atomic<std::uint64_t> made_{0};
    std::uint64_t sent_ = 0;
    std::uint64_t strange_ = 0;  // of another kind, or twice
    std::uint64_t told_ = 0;     // frames that came back to E: errors
};

TEST_F(reload_of_a_border_router, loses_nothing_and_no_session) {
    start_pair();
    const nlohmann::json session_there = b1_.session("21");
    const nlohmann::json session_here = a1_.session("12");
    const std::uint64_t in_before = a1_.interface("41")["in_packets"];
    const std::uint64_t out_before = a1_.interface("12")["out_packets"];
    std::atomic<bool> stop{false};
    std::atomic<bool> backwards{false};
    int reloads = 0;
    std::thread operating([&] {
        std::uint64_t last = in_before;
        const auto look = [&] {
            const std::uint64_t now = a1_.interface("41")["in_packets"];
            backwards = backwards || now < last;
            last = now;
        };
        for (int round = 0; round < 5; ++round) {
            change({.mtu_12 = 1472, .mtu_41 = 1472, .with_link_13 = true});
            look();
            change({.mtu_12 = 1400, .mtu_41 = 1300, .with_link_13 = true});
            look();
            change({.mtu_12 = 1400, .mtu_41 = 1472, .with_link_13 = false});
            look();
            reloads += 3;
            // What is wrong changes nothing, and says where.
            std::string bad = topology_of_a();
            bad.replace(bad.find("\"mtu\": 1472}"), 11, "\"mtu\": true");
            refuse(bad, "topology.json:4:");
            refuse(bad.substr(0, bad.size() / 2), "topology.json:");
            EXPECT_EQ(a1_.interface("12")["mtu"], 1400);
            look();
        }
        // Packets of both keys are good for a while.
        a1_.folder.write("topology.json", topology_of_a());
        a1_.folder.write("keys/master0.key", second_master);
        EXPECT_NE(hang_up().find("reloaded"), std::string::npos);
        expect_more_packets();
        use_new_key_ = true;
        EXPECT_TRUE(wait_for([&] { return !use_new_key_; })) << "no packet had the new key";
        expect_more_packets();
        EXPECT_EQ(a1_.rows("scion_keys").size(), 2U);
        ++reloads;
        stop = true;
    });
    run(stop);
    operating.join();
    EXPECT_EQ(strange_, 0U);
    EXPECT_EQ(told_, 0U);
    EXPECT_FALSE(backwards.load());
    // A worker counts a burst just after it has sent it: that may be still to come. Out go also the
    // packets of its own session.
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    EXPECT_TRUE(wait_for([&] {
        in = a1_.interface("41")["in_packets"];
        out = a1_.interface("12")["out_packets"];
        return in >= in_before + sent_ && out > out_before + sent_;
    }));
    EXPECT_EQ(in, in_before + sent_);
    const auto sessions_in = [](const nlohmann::json& session) {
        return session["sent"].get<std::uint64_t>();
    };
    const std::uint64_t of_session = sessions_in(a1_.session("12")) - sessions_in(session_here);
    EXPECT_LE(out, out_before + sent_ + of_session + 1);
    EXPECT_EQ(a1_.session("12")["changes"], session_here["changes"]);
    EXPECT_EQ(b1_.session("21")["changes"], session_there["changes"]);
    EXPECT_GE(a1_.session("12")["received"], session_here["received"]);
    std::printf("%lu packets through %d reloads and 10 refused ones\n", sent_, reloads);
    EXPECT_GT(sent_, 1000U);
    expect_clean_end();
}

}  // namespace
}  // namespace rhumb::test

// A link that fails: both ends see it in time, packets for it are answered, and it comes back.
#include <csignal>
#include <cstdio>
#include <thread>

#include "tests/support/scion_rig.hh"
#include "tests/vdev/pair_fixture.hh"

namespace rhumb::test {
namespace {

using namespace std::chrono_literals;
using milliseconds = std::chrono::duration<double, std::milli>;

class link_cut : public border_pair {
protected:
    // Waits until the router says that the link is down; the time since then.
    milliseconds seen_down_after(own_router& router, const std::string& link,
                                 clock::time_point since) {
        EXPECT_TRUE(wait_for([&] { return !router.is_up(link); }));
        return clock::now() - since;
    }
    // Not before the detection time from the last packet on; not much later.
    static void expect_in_time(const char* who, milliseconds took, double detection_ms,
                               double interval_ms) {
        std::printf(
            "%s: down %.1f intervals of %.0f ms after the last BFD packet; the detection "
            "time is %.1f\n",
            who, took.count() / interval_ms, interval_ms, detection_ms / interval_ms);
        EXPECT_GE(took.count(), detection_ms * 0.999);
        EXPECT_LE(took.count(), 3 * detection_ms);
    }
};

TEST_F(link_cut, is_seen_by_both_ends_in_time_and_answered_and_mended) {
    start({.e = "", .d = "", .relayed = true, .with_a2 = true});
    expect_sessions_up();
    for (const journey way : {journey::e_to_d, journey::c_to_d, journey::d_to_e, journey::d_to_c}) {
        EXPECT_TRUE(arrives(way)) << static_cast<int>(way);
    }
    const nlohmann::json before = a1_.session("12");
    const double detection = before["detection_ms"];
    const double interval = before["tx_interval_ms"];
    EXPECT_EQ(detection, 3000);
    EXPECT_EQ(interval, 300);

    relay_->cut(true);
    std::thread there([&] {
        const auto took =
            seen_down_after(b1_, "21", relay_->last_session_packet(relay::direction::a_to_b));
        expect_in_time("b1", took, detection, interval);
    });
    const auto took =
        seen_down_after(a1_, "12", relay_->last_session_packet(relay::direction::b_to_a));
    there.join();
    expect_in_time("a1", took, detection, interval);
    EXPECT_EQ(a1_.session("12")["diagnostic"], "detection time expired");
    // The router that has the link answers, also what came by its sibling.
    EXPECT_TRUE(is_answered_down(journey::e_to_d, "1-ff00:0:a", 12));
    EXPECT_TRUE(is_answered_down(journey::c_to_d, "1-ff00:0:a", 12));
    EXPECT_TRUE(is_answered_down(journey::d_to_e, "1-ff00:0:b", 21));
    EXPECT_TRUE(a2_.is_up(sibling_1));

    const auto mended = clock::now();
    relay_->cut(false);
    expect_sessions_up();
    std::printf("mended: up after %.0f ms\n", milliseconds(clock::now() - mended).count());
    for (const journey way : {journey::e_to_d, journey::c_to_d, journey::d_to_e, journey::d_to_c}) {
        EXPECT_TRUE(arrives(way)) << static_cast<int>(way);
    }
    expect_clean_end();
}

// The end that still hears the other is told by it.
TEST_F(link_cut, in_one_direction_is_told_to_the_end_that_does_not_see_it) {
    start({.e = "", .d = "", .relayed = true, .with_a2 = false});
    EXPECT_TRUE(wait_for([&] { return a1_.is_up("12") && b1_.is_up("21"); }));
    const nlohmann::json before = b1_.session("21");
    const double detection = before["detection_ms"];
    relay_->cut(relay::direction::a_to_b, true);
    const auto since = relay_->last_session_packet(relay::direction::a_to_b);
    const auto at_b = seen_down_after(b1_, "21", since);
    const auto at_a = seen_down_after(a1_, "12", since);
    expect_in_time("b1", at_b, detection, before["tx_interval_ms"]);
    std::printf("a1 is told %.1f ms later\n", (at_a - at_b).count());
    EXPECT_LE(at_a.count(), 3 * detection);
    EXPECT_EQ(a1_.session("12")["diagnostic"], "neighbor signaled down");
    EXPECT_TRUE(is_answered_down(journey::e_to_d, "1-ff00:0:a", 12));
    relay_->cut(false);
    EXPECT_TRUE(wait_for([&] { return a1_.is_up("12") && b1_.is_up("21"); }));
    EXPECT_TRUE(arrives(journey::e_to_d));
    EXPECT_TRUE(arrives(journey::d_to_e));
    expect_clean_end();
}

// A router that stands still is a link down to its neighbour, and connectivity lost to its sibling.
TEST_F(link_cut, a_router_that_stands_still_is_missed_by_sibling_and_neighbour) {
    start({.e = "", .d = "", .relayed = true, .with_a2 = true});
    expect_sessions_up();
    EXPECT_TRUE(arrives(journey::c_to_d));
    const double detection = a2_.session(sibling_1)["detection_ms"];
    const auto stopped = clock::now();
    a1_.process->signal(SIGSTOP);
    const auto at_sibling = seen_down_after(a2_, sibling_1, stopped);
    const auto at_neighbour = seen_down_after(b1_, "21", stopped);
    std::printf("stopped: down at the sibling after %.0f ms, at the neighbour after %.0f ms\n",
                at_sibling.count(), at_neighbour.count());
    EXPECT_LE(at_sibling.count(), 3 * detection);
    EXPECT_LE(at_neighbour.count(), 3 * detection);
    const auto told = try_until(journey::c_to_d, *c_, [](const seen_packet& seen) {
        return seen.type == 6 && seen.code == 0;
    });
    ASSERT_TRUE(told);
    EXPECT_EQ(told->isd_as, isd_as_of("1-ff00:0:a"));
    EXPECT_EQ(told->interface, 31U);
    EXPECT_EQ(told->second_interface, 12U);
    EXPECT_TRUE(is_answered_down(journey::d_to_c, "1-ff00:0:b", 21));
    a1_.process->signal(SIGCONT);
    EXPECT_TRUE(wait_for([&] { return !a1_.is_up("12") || b1_.is_up("21"); }));
    expect_sessions_up();
    EXPECT_TRUE(arrives(journey::c_to_d));
    EXPECT_TRUE(arrives(journey::d_to_c));
    expect_clean_end();
}

}  // namespace
}  // namespace rhumb::test

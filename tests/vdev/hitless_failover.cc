// Failures under traffic: the backup takes over, and gives back.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "tests/vdev/hitless_fixture.hh"

namespace rhumb::test {
namespace {

using namespace std::chrono_literals;

// One flag repairs every label behind the link, without a loss, with the next burst.
class failover : public hitless, public testing::WithParamInterface<const char*> {};

TEST_P(failover, all_labels_take_the_backup_and_come_back) {
    start(config('A', "backup = { nexthop = \"n\", push = [17999] }\n"));
    const std::string what = GetParam();
    const nlohmann::json name = what == "port" ? "east" : "e";
    std::atomic<std::uint64_t> down_at{never};
    std::atomic<std::uint64_t> up_asked_at{never};
    std::atomic<std::uint64_t> up_at{never};
    std::atomic<bool> done{false};
    std::thread operating([&] {
        expect_a_round_of_labels();
        EXPECT_EQ(router_->ask(what, {{"name", name}, {"up", false}}), nlohmann::json::object());
        down_at.store(wire_->next());
        expect_a_round_of_labels();
        up_asked_at.store(wire_->next());
        EXPECT_EQ(router_->ask(what, {{"name", name}, {"up", true}}), nlohmann::json::object());
        up_at.store(wire_->next());
        expect_a_round_of_labels();
        done.store(true);
    });
    const auto is_done = [&] { return done.load(); };
    bookkeeping books;
    std::uint64_t strange = 0;
    std::uint64_t late = 0;
    wire_->run_until(is_done, [&](const arrival& a) {
        books.saw(a);
        const mpls::label in = label_of(a.sequence);
        const bool primary = version_of(a) == 'A';
        const bool repaired =
            a.port == 2 && a.neighbor == 2 && a.top == 17999 && a.second == in && a.ttl == 63;
        strange += !primary && !repaired ? 1U : 0U;
        const bool surely_down = a.sequence > down_at.load() + most_in_flight &&
                                 a.sequence + most_in_flight < up_asked_at.load();
        const bool surely_up = a.sequence > up_at.load() + most_in_flight;
        late += (surely_down && primary) || (surely_up && repaired) ? 1U : 0U;
    });
    operating.join();
    books.expect_all(wire_->sent());
    EXPECT_EQ(strange, 0U);
    EXPECT_EQ(late, 0U);
    EXPECT_GT(books.at(1), 0U);
    EXPECT_GT(books.at(2), labels) << "every label was to be repaired";
    expect_clean_end();
}

INSTANTIATE_TEST_SUITE_P(by, failover, testing::Values("port", "nexthop"),
                         [](const auto& by) { return std::string(by.param); });

class lost_link : public hitless {
protected:
    // So many labels more that a reload takes a while.
    std::string large_config() const {
        std::string text =
            config('A', "backup = { nexthop = \"n\" }\n", "static = [\"100000-299999\"]\n");
        for (std::size_t label = 100000; label < 300000; ++label) {
            text += rule(label, 'A');
        }
        return text;
    }
    // Sends packet after packet until one arrives by the port.
    bool arrives_by(std::size_t port) {
        bool arrived = false;
        const auto until = std::chrono::steady_clock::now() + 30s;
        while (!arrived && std::chrono::steady_clock::now() < until) {
            wire_->trickle([&](const arrival& a) { arrived |= a.port == port; });
        }
        return arrived;
    }
};

// The control thread is busy for as long as the reload takes; the link is lost in the middle of it.
TEST_F(lost_link, is_repaired_while_the_control_thread_reloads) {
    start(large_config());
    ASSERT_TRUE(arrives_by(1));
    // A reload takes about a second: the machine may have set us aside for as long.
    bool waited = true;
    for (int attempt = 0; attempt < 5 && waited; ++attempt) {
        std::atomic<bool> reloaded{false};
        std::thread operating([&] {
            const auto done = router_->ask("reload");
            EXPECT_TRUE(done.contains("generation")) << done;
            reloaded.store(true);
        });
        std::this_thread::sleep_for(50ms);
        const auto lost = std::chrono::steady_clock::now();
        wire_->cut(1);
        EXPECT_TRUE(arrives_by(2));
        waited = reloaded.load();
        const std::chrono::duration<double, std::milli> repaired =
            std::chrono::steady_clock::now() - lost;
        operating.join();
        const std::chrono::duration<double, std::milli> answered =
            std::chrono::steady_clock::now() - lost;
        std::printf("link lost: repaired after %.1f ms, reload answered after %.1f ms\n",
                    repaired.count(), answered.count());
        EXPECT_TRUE(router_->says("link down port=east"));
        wire_->mend(1);
        EXPECT_TRUE(arrives_by(1));
        EXPECT_TRUE(router_->says("link up port=east"));
    }
    EXPECT_FALSE(waited) << "the backup waits for the reload";
    expect_clean_end();
}

}  // namespace
}  // namespace rhumb::test

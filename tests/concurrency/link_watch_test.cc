// Links and wishes become flags, whoever else is busy: with links that are only pretended, so that
// it runs under ThreadSanitizer.
#include "dataplane/io/link_watch.hh"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace rhumb::io {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using changes = std::vector<std::pair<std::size_t, bool>>;

constexpr std::chrono::milliseconds never = 1h;

class link_watching : public testing::Test {
protected:
    link_watch::links links() {
        return {.count = up_.size(),
                .is_up =
                    [this](std::size_t port) {
                        ++asked_;
                        const bool up = up_[port];
                        if (slow_) {
                            std::this_thread::sleep_for(100us);
                        }
                        return up;
                    },
                .changed =
                    [this](std::size_t port, bool up) {
                        const std::lock_guard<std::mutex> hold(told_mutex_);
                        told_.emplace_back(port, up);
                    }};
    }
    bool flag(std::size_t port) const { return (flags_.ports() >> port & 1) != 0; }
    // Only looks at the flags, as the workers do; nothing else runs on this thread meanwhile.
    bool becomes(std::size_t port, bool up) const {
        const auto until = clock::now() + 20s;
        while (flag(port) != up && clock::now() < until) {
            std::this_thread::yield();
        }
        return flag(port) == up;
    }
    changes told() {
        const std::lock_guard<std::mutex> hold(told_mutex_);
        return told_;
    }

    liveness flags_;
    std::array<std::atomic<bool>, 3> up_{true, false, true};
    bool slow_ = false;  // whether drivers take their time to answer
    std::atomic<std::uint64_t> asked_{0};
    std::mutex told_mutex_;
    changes told_;
};

TEST_F(link_watching, start_knows_the_links_and_nobody_is_told) {
    link_watch watch(links(), flags_, never);
    EXPECT_EQ(flags_.ports(), 0U);
    watch.start();
    EXPECT_EQ(flags_.ports(), 0b101U);
    watch.stop();
    EXPECT_EQ(told(), changes{});
}

TEST_F(link_watching, a_busy_control_thread_delays_no_flag) {
    link_watch watch(links(), flags_);
    watch.start();
    up_[0] = false;
    EXPECT_TRUE(becomes(0, false));
    up_[1] = true;
    EXPECT_TRUE(becomes(1, true));
    EXPECT_TRUE(flag(2));
    watch.stop();
    EXPECT_EQ(told(), (changes{{0, false}, {1, true}}));
}

TEST_F(link_watching, a_callback_makes_it_look_at_once) {
    link_watch watch(links(), flags_, never);
    watch.start();
    for (int n = 0; n < 200; ++n) {
        const bool up = n % 2 != 0;
        up_[0] = up;
        std::thread driver([&] { watch.wake(); });
        EXPECT_TRUE(becomes(0, up)) << n;
        driver.join();
    }
}

TEST_F(link_watching, up_is_what_is_wished_for_and_linked) {
    link_watch watch(links(), flags_);
    watch.start();
    EXPECT_TRUE(watch.wished(0));
    watch.wish(0, false);
    EXPECT_FALSE(watch.wished(0));
    EXPECT_FALSE(flag(0));
    watch.wish(0, true);
    EXPECT_TRUE(flag(0));
    watch.wish(1, true);
    EXPECT_FALSE(flag(1)) << "it has no link";
    watch.wish(1, false);
    up_[1] = true;
    while (told().empty()) {
        std::this_thread::yield();
    }
    EXPECT_FALSE(flag(1)) << "nobody wants it";
    watch.wish(1, true);
    EXPECT_TRUE(flag(1));
}

// The link goes up and down all the time; what is wished down stays down all the same, also while
// a driver is about to answer.
TEST_F(link_watching, a_wish_is_not_overtaken_by_a_link) {
    slow_ = true;
    link_watch watch(links(), flags_, 0ms);
    watch.start();
    std::atomic<bool> stop{false};
    std::thread link([&] {
        while (!stop.load()) {
            up_[0] = !up_[0];
            std::this_thread::sleep_for(150us);
        }
    });
    std::uint64_t up_though_unwanted = 0;
    const auto during_looks = [&](std::uint64_t looks, const auto& check) {
        const std::uint64_t until = asked_.load() + looks * up_.size();
        while (asked_.load() < until) {
            check();
        }
    };
    const auto patience = std::chrono::steady_clock::now() + 60s;
    const auto is_enough = [&](int rounds) {
        return rounds >= 200 && (told().size() > 10 || std::chrono::steady_clock::now() > patience);
    };
    for (int n = 0; !is_enough(n); ++n) {
        watch.wish(0, true);
        during_looks(1, [] { std::this_thread::yield(); });
        watch.wish(0, false);
        during_looks(2, [&] { up_though_unwanted += flag(0) ? 1U : 0U; });
    }
    stop.store(true);
    link.join();
    EXPECT_EQ(up_though_unwanted, 0U);
    up_[0] = true;
    watch.wish(0, true);
    EXPECT_TRUE(becomes(0, true));
    EXPECT_GT(told().size(), 10U);
}

TEST_F(link_watching, nothing_is_asked_after_the_end) {
    link_watch watch(links(), flags_, 0ms);
    watch.start();
    watch.stop();
    const std::uint64_t asked = asked_.load();
    watch.wake();
    watch.stop();
    watch.wish(0, false);
    EXPECT_FALSE(flag(0));
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(asked_.load(), asked);
}

}  // namespace
}  // namespace rhumb::io

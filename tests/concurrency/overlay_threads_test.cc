#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <numeric>
#include <string>

#include "controlplane/overlay/service/archive.hh"
#include "controlplane/overlay/service/ordered_pool.hh"

namespace rhumb::overlay {
namespace {

// The control loop: runs on the test's thread what others post.
class loop {
public:
    [[nodiscard]] post_function post() {
        return [this](std::function<void()> what) {
            {
                const std::lock_guard held(turn_);
                posted_.push_back(std::move(what));
            }
            more_.notify_one();
        };
    }
    // Runs what is posted until `enough` says so.
    void run_until(const std::function<bool()>& enough) {
        while (!enough()) {
            std::deque<std::function<void()>> taken;
            {
                std::unique_lock held(turn_);
                ASSERT_TRUE(more_.wait_for(held, std::chrono::seconds(60),
                                           [this] { return !posted_.empty(); }));
                taken.swap(posted_);
            }
            for (auto& what : taken) {
                what();
            }
        }
    }

private:
    std::mutex turn_;
    std::condition_variable more_;
    std::deque<std::function<void()>> posted_;
};

key32 key(std::uint8_t first, std::uint8_t second = 0) {
    key32 k{};
    k[0] = first;
    k[1] = second;
    return k;
}

appendable message(std::uint8_t author, std::int64_t sequence) {
    const auto id = [&](std::int64_t of) { return key(author, static_cast<std::uint8_t>(of)); };
    appendable m{key(author),
                 sequence,
                 id(sequence),
                 {},
                 std::make_shared<const std::string>(std::to_string(sequence))};
    if (sequence > 1) {
        m.previous = id(sequence - 1);
    }
    return m;
}

class overlay_archive : public ::testing::Test {
protected:
    overlay_archive() {
        char name[] = "/tmp/rhumb-archive-XXXXXX";
        folder_ = mkdtemp(name);
        file_ = folder_ / "feeds.db";
    }
    ~overlay_archive() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_;
    std::string file_;
};

TEST_F(overlay_archive, answers_each_append_once_it_is_durable) {
    loop control;
    archive kept(store::open(file_).value(), control.post());
    constexpr std::int64_t count = 200;
    std::vector<std::int64_t> answered;
    std::int64_t refused = 0;
    std::int64_t seen_by_task = -1;
    for (std::int64_t i = 1; i <= count; ++i) {
        kept.append(message(1, i), i, [&, i](const result<append_outcome>& what) {
            ASSERT_TRUE(what.ok());
            EXPECT_EQ(what.value(), append_outcome::appended);
            answered.push_back(i);
        });
        if (i % 10 == 0) {
            kept.append(message(1, i + 5), i, [&](const result<append_outcome>& what) {
                refused += what.ok() && what.value() == append_outcome::gap ? 1 : 0;
            });
        }
        if (i == count / 2) {
            kept.run([](store& s) { return std::pair(s.head(key(1)).sequence, s.uncommitted()); },
                     [&](std::pair<std::int64_t, std::size_t> got) {
                         seen_by_task = got.first;
                         EXPECT_EQ(got.second, 0U);
                     });
        }
    }
    control.run_until([&] { return answered.size() == count && refused == count / 10; });
    std::vector<std::int64_t> in_order(count);
    std::iota(in_order.begin(), in_order.end(), 1);
    EXPECT_EQ(answered, in_order);
    EXPECT_EQ(seen_by_task, count / 2);
}

TEST_F(overlay_archive, finishes_its_work_when_it_ends) {
    loop control;
    std::size_t answered = 0;
    {
        archive kept(store::open(file_).value(), control.post());
        for (std::int64_t i = 1; i <= 50; ++i) {
            kept.append(message(1, i), i, [&](const result<append_outcome>&) { ++answered; });
        }
    }
    control.run_until([&] { return answered == 50; });
    EXPECT_EQ(store::open(file_).value().head(key(1)).sequence, 50);
}

TEST(overlay_ordered_pool, gives_results_back_in_order) {
    loop control;
    constexpr std::size_t count = 500;
    std::vector<std::size_t> done;
    ordered_pool<std::size_t> pool(
        3,
        [](std::size_t& n) {
            // Later batches overtake earlier ones.
            std::this_thread::sleep_for(std::chrono::microseconds(n % 7 * 50));
            n *= 2;
        },
        control.post(),
        [&](std::vector<std::size_t> results) {
            done.insert(done.end(), results.begin(), results.end());
        });
    std::size_t next = 0;
    while (next < count) {
        std::vector<std::size_t> batch(1 + next % 5);
        std::iota(batch.begin(), batch.end(), next);
        next += batch.size();
        pool.push(std::move(batch));
    }
    control.run_until([&] { return done.size() >= next; });
    ASSERT_EQ(done.size(), next);
    for (std::size_t i = 0; i < next; ++i) {
        ASSERT_EQ(done[i], i * 2);
    }
}

TEST(overlay_ordered_pool, can_end_with_work_left) {
    loop control;
    std::size_t done = 0;
    bool after = false;
    {
        ordered_pool<int> pool(
            2, [](int& n) { ++n; }, control.post(),
            [&](const std::vector<int>& results) { done += results.size(); });
        for (int i = 0; i < 1000; ++i) {
            pool.push({i});
        }
    }
    control.post()([&] { after = true; });
    control.run_until([&] { return after; });
    EXPECT_EQ(done, 0U);
}

}  // namespace
}  // namespace rhumb::overlay

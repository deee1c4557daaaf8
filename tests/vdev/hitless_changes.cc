// Reloads and single changes under traffic: every packet comes out once, where one version of the
// tables says.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "tests/vdev/hitless_fixture.hh"

namespace rhumb::test {
namespace {

using namespace std::chrono_literals;

TEST_F(hitless, reloads_lose_and_misforward_nothing) {
    start(config('A'));
    std::atomic<bool> stop{false};
    std::atomic<int> reloads{0};
    std::atomic<int> refused{0};
    std::thread operating([&] {
        while (!stop.load()) {
            folder_.write("r.toml", config(++reloads % 2 == 0 ? 'A' : 'B'));
            const auto done = router_->ask("reload");
            EXPECT_TRUE(done.contains("generation")) << done;
            if (reloads % 5 == 0) {  // a bad file changes nothing
                folder_.write("r.toml", config('A') + "[[labels]]\nlabel = 16000\nop = \"next\"\n");
                const auto bad = router_->ask("reload");
                EXPECT_TRUE(bad.contains("error")) << bad;
                ++refused;
            }
        }
    });
    bookkeeping books;
    std::uint64_t strange = 0;
    std::uint64_t last_version_changes = 0;
    char last = 'A';
    const auto began = std::chrono::steady_clock::now();
    const auto is_enough = [&] {
        const auto time = std::chrono::steady_clock::now() - began;
        const bool all_seen = reloads > 5 && refused > 0 && books.at(1) > 0 && books.at(2) > 0;
        return time > 60s || (time > 3s && all_seen);
    };
    wire_->run_until(is_enough, [&](const arrival& a) {
        books.saw(a);
        const char version = version_of(a);
        strange += version == '?' ? 1U : 0U;
        last_version_changes += version != last ? 1U : 0U;
        last = version;
    });
    stop.store(true);
    operating.join();
    books.expect_all(wire_->sent());
    EXPECT_EQ(strange, 0U);
    EXPECT_GT(reloads.load(), 5);
    EXPECT_GT(refused.load(), 0);
    EXPECT_GT(books.at(1), 0U) << "version A was never in force";
    EXPECT_GT(books.at(2), 0U) << "version B was never in force";
    std::printf("%lu packets through %d reloads and %d refused ones\n", wire_->sent(),
                reloads.load(), refused.load());
    expect_clean_end();
}

TEST_F(hitless, single_changes_are_in_force_when_they_are_answered) {
    start(config('A'));
    std::atomic<bool> done{false};
    std::atomic<std::uint64_t> changed_at{never};
    std::uint64_t batches = 0;
    std::thread operating([&] {
        expect_a_round_of_labels();
        for (std::size_t from = 0; from < labels; from += 500, ++batches) {
            std::string text;
            for (std::size_t n = from; n < from + 500; ++n) {
                text += rule(first_label + n, 'B');
            }
            const auto answer = router_->ask("apply", {{"toml", text}});
            EXPECT_TRUE(answer.contains("generation")) << answer;
        }
        changed_at.store(wire_->next());
        expect_a_round_of_labels();
        done.store(true);
    });
    const auto is_done = [&] { return done.load(); };
    bookkeeping books;
    std::uint64_t strange = 0;
    std::uint64_t late = 0;
    wire_->run_until(is_done, [&](const arrival& a) {
        books.saw(a);
        const char version = version_of(a);
        strange += version == '?' ? 1U : 0U;
        // In the router's hands when the answer came, it may still go the old way.
        late += version == 'A' && a.sequence > changed_at.load() + most_in_flight ? 1U : 0U;
    });
    operating.join();
    books.expect_all(wire_->sent());
    EXPECT_EQ(strange, 0U);
    EXPECT_EQ(late, 0U);
    EXPECT_EQ(batches, labels / 500);
    expect_clean_end();
}

// More workers than the peer has rings: one worker sends for all.
TEST_F(hitless, two_workers_share_ports_with_one_queue) {
    workers_ = 2;
    start(config('A'));
    bookkeeping books;
    std::uint64_t strange = 0;
    wire_->run(500ms, [&](const arrival& a) {
        books.saw(a);
        strange += version_of(a) != 'A' ? 1U : 0U;
    });
    books.expect_all(wire_->sent());
    EXPECT_EQ(strange, 0U);
    expect_clean_end();
}

}  // namespace
}  // namespace rhumb::test

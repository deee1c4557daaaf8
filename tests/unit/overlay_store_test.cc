#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <utility>

#include "controlplane/overlay/store/store.hh"

namespace rhumb::overlay {
namespace {

key32 key(std::uint8_t number) {
    key32 k{};
    k[0] = number;
    return k;
}

// A message whose id says author, sequence and branch.
struct message {
    key32 author;
    std::int64_t sequence;
    std::uint8_t branch = 0;

    [[nodiscard]] static key32 id_of(const key32& author, std::int64_t sequence,
                                     std::uint8_t branch) {
        key32 id = author;
        id[1] = branch;
        for (std::size_t i = 0; i < 8; ++i) {
            id[8 + i] = static_cast<std::uint8_t>(sequence >> (8 * i));
        }
        return id;
    }
    [[nodiscard]] std::string text() const {
        return "message " + std::to_string(author[0]) + ':' + std::to_string(sequence) + '/' +
               std::to_string(branch);
    }
    // Its predecessor is of branch `of`.
    [[nodiscard]] verified_message after(const std::string& raw, std::uint8_t of = 0) const {
        verified_message m{author, sequence, id_of(author, sequence, branch), {}, raw};
        if (sequence > 1) {
            m.previous = id_of(author, sequence - 1, of);
        }
        return m;
    }
};

class overlay_store : public ::testing::Test {
protected:
    overlay_store() {
        char name[] = "/tmp/rhumb-store-XXXXXX";
        folder_ = mkdtemp(name);
        file_ = folder_ / "feeds.db";
    }
    ~overlay_store() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] store opened() const {
        auto got = store::open(file_);
        EXPECT_TRUE(got.ok()) << (got.ok() ? "" : got.why().text());
        return std::move(got).value();
    }
    static append_outcome append(store& to, const message& m, std::uint8_t previous = 0) {
        const std::string raw = m.text();
        const auto done = to.append(m.after(raw, previous), 1000 + m.sequence);
        EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.why().text());
        return done.ok() ? done.value() : append_outcome::gap;
    }
    static void append_up_to(store& to, const key32& author, std::int64_t last) {
        for (std::int64_t i = to.head(author).sequence + 1; i <= last; ++i) {
            ASSERT_EQ(append(to, {author, i}), append_outcome::appended);
        }
    }
    static std::vector<std::string> all(store& of, const key32& author, std::int64_t from = 1) {
        std::vector<std::string> texts;
        const auto done = of.read(author, from, [&](const stored_message& m) {
            EXPECT_EQ(m.received_ms, 1000 + m.sequence);
            EXPECT_EQ(m.id, message::id_of(author, m.sequence, 0));
            EXPECT_EQ(m.sequence, from + static_cast<std::int64_t>(texts.size()));
            texts.emplace_back(m.raw);
            return true;
        });
        EXPECT_TRUE(done.ok());
        return texts;
    }

    std::filesystem::path folder_;
    std::string file_;
};

TEST_F(overlay_store, keeps_whether_the_own_feed_is_known) {
    {
        store s = opened();
        EXPECT_EQ(s.own_feed().value(), own_feed_state::undecided);
        ASSERT_TRUE(s.keep_own_feed(own_feed_state::learning));
    }
    {
        store s = opened();
        EXPECT_EQ(s.own_feed().value(), own_feed_state::learning);
        ASSERT_TRUE(s.keep_own_feed(own_feed_state::known));
    }
    EXPECT_EQ(opened().own_feed().value(), own_feed_state::known);
}

TEST_F(overlay_store, takes_over_a_file_of_the_first_version) {
    {
        store s = opened();
        append_up_to(s, key(1), 3);
        ASSERT_TRUE(s.commit());
    }
    {
        auto older = sqlite::database::open(file_);
        ASSERT_TRUE(older);
        ASSERT_TRUE(older->run("DROP TABLE node; PRAGMA user_version = 1;"));
    }
    store s = opened();
    EXPECT_EQ(s.head(key(1)).sequence, 3);
    EXPECT_EQ(s.own_feed().value(), own_feed_state::undecided);
}

TEST_F(overlay_store, keeps_what_was_committed) {
    {
        store s = opened();
        append_up_to(s, key(1), 3);
        append_up_to(s, key(2), 1);
        EXPECT_EQ(s.uncommitted(), 4U);
        ASSERT_TRUE(s.commit().ok());
        EXPECT_EQ(s.uncommitted(), 0U);
        append_up_to(s, key(1), 5);  // and never committed
    }
    store s = opened();
    EXPECT_EQ(s.head(key(1)).sequence, 3);
    EXPECT_EQ(s.head(key(1)).id, message::id_of(key(1), 3, 0));
    EXPECT_EQ(s.head(key(2)).sequence, 1);
    EXPECT_EQ(s.head(key(3)).sequence, 0);
    EXPECT_EQ(all(s, key(1)),
              (std::vector<std::string>{"message 1:1/0", "message 1:2/0", "message 1:3/0"}));
    EXPECT_EQ(all(s, key(1), 3), (std::vector<std::string>{"message 1:3/0"}));
    EXPECT_TRUE(all(s, key(1), 4).empty());
    EXPECT_TRUE(all(s, key(3)).empty());
    append_up_to(s, key(1), 4);
}

TEST_F(overlay_store, reading_stops_when_told) {
    store s = opened();
    append_up_to(s, key(1), 9);
    int seen = 0;
    ASSERT_TRUE(s.read(key(1), -5, [&](const stored_message&) { return ++seen < 4; }).ok());
    EXPECT_EQ(seen, 4);
    EXPECT_EQ(all(s, key(1)).size(), 9U);
}

TEST_F(overlay_store, only_the_next_message_is_appended) {
    store s = opened();
    EXPECT_EQ(append(s, {key(1), 2}), append_outcome::gap);
    EXPECT_TRUE(s.feeds().empty());
    append_up_to(s, key(1), 3);
    EXPECT_EQ(append(s, {key(1), 5}), append_outcome::gap);
    EXPECT_EQ(append(s, {key(1), 0}), append_outcome::gap);
    EXPECT_EQ(append(s, {key(1), -1}), append_outcome::gap);
    EXPECT_EQ(append(s, {key(1), std::int64_t{1} << 40}), append_outcome::gap);
    EXPECT_EQ(append(s, {key(1), 3}), append_outcome::duplicate);
    EXPECT_EQ(append(s, {key(1), 1}), append_outcome::duplicate);
    append_up_to(s, key(1), 4);
    EXPECT_TRUE(s.forks()->empty());
}

TEST_F(overlay_store, two_messages_of_one_sequence_freeze_the_feed) {
    {
        store s = opened();
        append_up_to(s, key(1), 3);
        append_up_to(s, key(2), 3);
        EXPECT_EQ(append(s, {key(1), 2, 7}), append_outcome::fork);
        EXPECT_EQ(append(s, {key(1), 4}), append_outcome::frozen);
        EXPECT_EQ(append(s, {key(2), 4}), append_outcome::appended);
        ASSERT_TRUE(s.commit().ok());
    }
    store s = opened();
    EXPECT_EQ(append(s, {key(1), 4}), append_outcome::frozen);
    auto proofs = s.forks();
    ASSERT_TRUE(proofs.ok());
    ASSERT_EQ(proofs->size(), 1U);
    EXPECT_EQ(proofs->front().author, key(1));
    EXPECT_EQ(proofs->front().ours, "message 1:2/0");
    EXPECT_EQ(proofs->front().theirs, "message 1:2/7");
    ASSERT_EQ(s.feeds().size(), 2U);
    EXPECT_TRUE(s.feeds()[0].frozen);
    EXPECT_FALSE(s.feeds()[1].frozen);
    EXPECT_EQ(all(s, key(1)).size(), 3U);
}

TEST_F(overlay_store, a_successor_of_another_branch_proves_a_fork) {
    store s = opened();
    append_up_to(s, key(1), 3);
    EXPECT_EQ(append(s, {key(1), 4, 7}, 7), append_outcome::fork);
    ASSERT_EQ(s.forks()->size(), 1U);
    EXPECT_EQ(s.forks()->front().ours, "message 1:3/0");
    EXPECT_EQ(s.forks()->front().theirs, "message 1:4/7");
}

TEST_F(overlay_store, keeps_follows_blocks_peers_and_clocks) {
    {
        store s = opened();
        ASSERT_TRUE(s.follow(key(1), true).ok());
        ASSERT_TRUE(s.follow(key(2), true).ok());
        ASSERT_TRUE(s.follow(key(2), false).ok());
        ASSERT_TRUE(s.block(key(1), key(9), true).ok());
        ASSERT_TRUE(s.block(key(1), key(9), true).ok());
        ASSERT_TRUE(s.block(key(1), key(8), true).ok());
        ASSERT_TRUE(s.block(key(1), key(8), false).ok());
        ASSERT_TRUE(s.keep_peer({key(5), "net:[::1]:8008"}).ok());
        ASSERT_TRUE(s.keep_peer({key(5), "net:127.0.0.1:8008"}).ok());
        ASSERT_TRUE(s.keep_peer({key(6), "net:127.0.0.1:8009"}).ok());
        ASSERT_TRUE(s.keep_peer({key(6), ""}).ok());
        ASSERT_TRUE(s.follow(key(4), false).ok());
        ASSERT_TRUE(s.change_clock(key(5), {{key(4), 9}, {key(1), 7}, {key(3), 4}}).ok());
        ASSERT_TRUE(s.change_clock(key(5), {{key(2), -1}, {key(4), -2}}).ok());
    }
    store s = opened();
    ASSERT_EQ(s.feeds().size(), 3U);
    EXPECT_TRUE(s.feeds()[0].followed);
    EXPECT_FALSE(s.feeds()[1].followed);
    EXPECT_EQ(s.blocks().value(), (std::vector<std::pair<key32, key32>>{{key(1), key(9)}}));
    ASSERT_EQ(s.peers()->size(), 1U);
    EXPECT_EQ(s.peers()->front().address, "net:127.0.0.1:8008");
    EXPECT_EQ(s.clock(key(5)).value(), (peer_clock{{key(1), 7}, {key(2), -1}}));
    EXPECT_TRUE(s.clock(key(6))->empty());
}

TEST_F(overlay_store, keeps_what_the_configuration_names_apart_from_what_was_asked_for) {
    {
        // As earlier versions left it: 1 and 2 were named, 3 was asked for, and all are alike.
        store s = opened();
        for (const key32& feed : {key(1), key(2), key(3)}) {
            ASSERT_TRUE(s.follow(feed, true).ok());
        }
    }
    const auto followed = [](const store& s) {
        std::vector<int> numbers;
        for (const stored_feed& feed : s.feeds()) {
            if (feed.followed) {
                numbers.push_back(feed.key[0]);
            }
        }
        return numbers;
    };
    {
        store s = opened();
        ASSERT_TRUE(s.know_configured(std::vector{key(1), key(4)}).ok());
        EXPECT_EQ(followed(s), (std::vector{2, 3}));  // 2 may have been asked for, too
        // The clocks of peers keep what they say of it.
        ASSERT_TRUE(s.change_clock(key(5), {{key(4), 9}}).ok());
        EXPECT_EQ(s.clock(key(5)).value(), (peer_clock{{key(4), 9}}));
        ASSERT_TRUE(s.follow(key(4), true).ok());
    }
    // Once: what is asked for from now on stays.
    store s = opened();
    ASSERT_TRUE(s.know_configured(std::vector{key(4)}).ok());
    EXPECT_EQ(followed(s), (std::vector{2, 3, 4}));
}

TEST_F(overlay_store, the_file_is_private_and_of_one_process) {
    const store s = opened();
    struct stat about{};
    ASSERT_EQ(stat(file_.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
    const auto second = store::open(file_);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.why().text(), file_ + ": the store is in use by another process");
}

TEST_F(overlay_store, refuses_files_that_are_not_its_own) {
    const auto refused = [&](std::string_view part) {
        const auto got = store::open(file_);
        ASSERT_FALSE(got.ok());
        EXPECT_NE(got.why().text().find(part), std::string::npos) << got.why().text();
        EXPECT_EQ(got.why().where.file, file_);
    };
    std::ofstream(file_) << "not a database, but long enough to have a header of a hundred bytes, "
                            "which SQLite looks at before anything else happens";
    refused("file is not a database");
    std::filesystem::remove(file_);
    {
        auto other = sqlite::database::open(file_);
        ASSERT_TRUE(other->run("CREATE TABLE t (x)").ok());
    }
    refused("not one of this program's");
    std::filesystem::remove(file_);
    {
        const store s = opened();
    }
    {
        auto newer = sqlite::database::open(file_);
        ASSERT_TRUE(newer->run("PRAGMA user_version = 7").ok());
    }
    refused("version 7");
    std::filesystem::remove(file_);
    std::filesystem::create_directory(file_);
    refused("cannot open");
}

// The disk is full for a while: what was committed stays, the rest did not happen, and when there
// is room again the store goes on.
TEST_F(overlay_store, a_full_disk_loses_nothing_that_was_committed) {
    store s = opened();
    append_up_to(s, key(1), 100);
    ASSERT_TRUE(s.commit().ok());
    struct rlimit usual{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &usual), 0);
    auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = usual;
    small.rlim_cur = 256 << 10;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string big(4000, 'x');
    result<void> failed;
    std::int64_t committed = 100;
    for (std::int64_t i = 101; i < 1000 && failed.ok(); ++i) {
        const auto done = s.append(message{key(1), i}.after(big), 0);
        failed = done.ok() ? s.commit() : result<void>(done.why());
        committed = failed.ok() ? i : committed;
    }
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &usual), 0);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(failed.ok());
    EXPECT_NE(failed.why().text().find(file_), std::string::npos) << failed.why().text();
    EXPECT_EQ(s.head(key(1)).sequence, committed);
    append_up_to(s, key(1), committed + 5);
    ASSERT_TRUE(s.commit().ok());
}

// Random changes against a plain model, with commits, and the file opened anew, in between.
TEST_F(overlay_store, equals_a_plain_model) {
    std::mt19937 random(5);
    for (int round = 0; round < 8; ++round) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
        std::map<key32, std::int64_t> durable;
        std::map<key32, std::int64_t> now;
        std::optional<store> s(opened());
        for (int step = 0; step < 400; ++step) {
            const key32 author = key(static_cast<std::uint8_t>(random() % 5));
            const std::int64_t sequence =
                now[author] + 1 - static_cast<std::int64_t>(random() % 3) + (random() % 8 == 0);
            switch (random() % 16) {
                case 0:
                    s.reset();
                    s.emplace(opened());
                    now = durable;
                    break;
                case 1:
                case 2:
                    ASSERT_TRUE(s->commit().ok());
                    durable = now;
                    break;
                case 3:
                    ASSERT_TRUE(s->follow(author, random() % 2 == 0).ok());
                    durable = now;
                    break;
                default: {
                    const auto outcome = append(*s, {author, sequence});
                    const auto expected = sequence < 1 || sequence > now[author] + 1
                                              ? append_outcome::gap
                                          : sequence <= now[author] ? append_outcome::duplicate
                                                                    : append_outcome::appended;
                    ASSERT_EQ(outcome, expected);
                    now[author] += outcome == append_outcome::appended ? 1 : 0;
                }
            }
            ASSERT_EQ(s->head(author).sequence, now[author]);
        }
        for (const auto& [author, last] : now) {
            EXPECT_EQ(all(*s, author).size(), static_cast<std::size_t>(last));
        }
    }
}

// Appends to two feeds for ever; after each commit, tells how far it is.
[[noreturn]] void write_until_killed(const std::string& file, int announce) {
    auto opened = store::open(file);
    if (!opened) {
        _exit(2);
    }
    store s = std::move(opened).value();
    std::mt19937 random(static_cast<unsigned>(getpid()));
    for (;;) {
        const std::size_t count = 1 + random() % 20;
        for (std::size_t i = 0; i < count; ++i) {
            for (const key32& author : {key(1), key(2)}) {
                const message m{author, s.head(author).sequence + 1};
                const std::string raw = m.text();
                const auto done = s.append(m.after(raw), 1000 + m.sequence);
                if (!done || done.value() != append_outcome::appended) {
                    _exit(3);
                }
            }
        }
        const std::int64_t last = s.head(key(1)).sequence;
        if (!s.commit() || write(announce, &last, sizeof last) != sizeof last) {
            _exit(4);
        }
    }
}

TEST_F(overlay_store, survives_being_killed_at_any_point) {
    std::mt19937 random(11);
    std::int64_t before = 0;
    for (int round = 0; round < 25; ++round) {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            close(ends[0]);
            write_until_killed(file_, ends[1]);
        }
        close(ends[1]);
        std::int64_t announced = before;
        // After a few announcements, at a moment that nobody chose.
        for (std::uint32_t i = 1 + random() % 4; i != 0; --i) {
            ASSERT_EQ(read(ends[0], &announced, sizeof announced),
                      static_cast<ssize_t>(sizeof announced));
        }
        usleep(static_cast<useconds_t>(random() % 3000));
        kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);
        for (std::int64_t late = 0; read(ends[0], &late, sizeof late) == sizeof late;) {
            announced = late;
        }
        close(ends[0]);

        store s = opened();
        EXPECT_GE(s.head(key(1)).sequence, announced);
        EXPECT_EQ(s.head(key(1)).sequence, s.head(key(2)).sequence) << "half a transaction";
        EXPECT_EQ(all(s, key(1)).size(), static_cast<std::size_t>(s.head(key(1)).sequence));
        before = s.head(key(1)).sequence;
    }
    auto file = sqlite::database::open(file_);
    EXPECT_EQ(
        file->number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'")
            .value(),
        1);
}

}  // namespace
}  // namespace rhumb::overlay

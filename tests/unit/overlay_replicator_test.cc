// Replication without sockets: what the machine, the verifiers and the archive make of frames.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/overlay/service/replicator.hh"
#include "tests/support/overlay_keys.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::overlay {
namespace {

// A peer's end of a stream: it takes all at once.
class taking_link : public replication_link {
public:
    void send_message(const message_text& text) override {
        ++messages;
        bytes += text->size();
    }
    void send_notes(std::span<const note_entry> said) override {
        notes.insert(notes.end(), said.begin(), said.end());
    }
    void end(ebt::end_reason /*why*/) override { is_ended = true; }
    [[nodiscard]] std::size_t unsent() const override { return 0; }
    void flush_later() override { wants_flush = true; }

    std::vector<note_entry> notes;
    std::size_t messages = 0;
    std::size_t bytes = 0;
    bool is_ended = false;
    bool wants_flush = false;
};

key32 numbered(std::uint8_t kind, std::uint32_t number) {
    key32 made{};
    made[0] = kind;
    made[1] = static_cast<std::uint8_t>(number);
    made[2] = static_cast<std::uint8_t>(number >> 8);
    return made;
}

class overlay_replicator : public ::testing::Test {
protected:
    store opened() {
        auto made = store::open((folder_.path() / "store").string());
        EXPECT_TRUE(made) << made.why().text();
        return std::move(made).value();
    }
    // Fills the store with feeds that nobody has signed: what is only passed on is not looked at.
    static void fill(store& kept, std::uint32_t feeds, std::int64_t messages, std::size_t bytes) {
        const std::string text(bytes, 'x');
        for (std::uint32_t f = 0; f < feeds; ++f) {
            const key32 author = numbered(1, f);
            std::optional<key32> previous;
            for (std::int64_t n = 1; n <= messages; ++n) {
                key32 id = author;
                id[31] = static_cast<std::uint8_t>(n);
                id[30] = static_cast<std::uint8_t>(n >> 8);
                EXPECT_TRUE(kept.append({author, n, id, previous, text}, 0));
                previous = id;
            }
            EXPECT_TRUE(kept.follow(author, true));
        }
    }
    void begin(store kept) {
        const replicator::known start{kept.feeds(), {}};
        const post_function post = [this](std::function<void()> what) {
            boost::asio::post(io_, std::move(what));
        };
        archive_ = std::make_unique<archive>(std::move(kept), post);
        feeds_ = std::make_unique<replicator>(own_, *archive_, post, replicator::settings{}, start);
    }
    template <class Enough>
    void run_until(Enough&& enough) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!enough()) {
            ASSERT_LT(std::chrono::steady_clock::now(), end) << "waited for too long";
            io_.restart();
            io_.run_one_for(std::chrono::milliseconds(50));
        }
    }
    ebt::stream open(const key32& peer, taking_link& to) {
        const auto made = feeds_->open(peer, 3, false, to);
        EXPECT_TRUE(made);
        run_until([&] { return feeds_->is_ready(made.value()); });
        return made.value();
    }

    test::temporary_folder folder_;
    const identity own_ = test::identity_of(1);
    boost::asio::io_context io_;
    std::unique_ptr<archive> archive_;
    std::unique_ptr<replicator> feeds_;
    message_reader reader_;
};

// Many feeds at once, of far more than the cache holds: none is read again and again.
TEST_F(overlay_replicator, reads_each_message_about_once) {
    constexpr std::uint32_t feeds = 800;
    constexpr std::int64_t messages = 24;
    store kept = opened();
    fill(kept, feeds, messages, 2000);
    begin(std::move(kept));
    taking_link to;
    const ebt::stream peer = open(numbered(2, 0), to);
    std::string notes = "{";
    for (std::uint32_t f = 0; f < feeds; ++f) {
        notes += (f == 0 ? "\"" : ",\"") + feed_id_text(numbered(1, f)) + "\":0";
    }
    ASSERT_TRUE(feeds_->frame(peer, notes + "}"));
    run_until([&] { return to.messages == feeds * messages; });
    EXPECT_LE(feeds_->counters().read, feeds_->counters().sent * 21 / 20);
}

// The same for peers that are at different places of the same feeds.
TEST_F(overlay_replicator, reads_for_many_peers_at_once) {
    constexpr std::uint32_t feeds = 64;
    constexpr std::uint32_t peers = 24;
    constexpr std::int64_t messages = 100;
    store kept = opened();
    fill(kept, feeds, messages, 2000);
    begin(std::move(kept));
    std::vector<taking_link> to(peers);
    std::size_t expected = 0;
    for (std::uint32_t p = 0; p < peers; ++p) {
        const ebt::stream peer = open(numbered(2, p), to[p]);
        std::string notes = "{";
        for (std::uint32_t f = 0; f < feeds; ++f) {
            notes += (f == 0 ? "\"" : ",\"") + feed_id_text(numbered(1, f)) +
                     "\":" + std::to_string(8 * p);
            expected += static_cast<std::size_t>(messages) - std::size_t{4} * p;
        }
        ASSERT_TRUE(feeds_->frame(peer, notes + "}"));
    }
    run_until([&] { return feeds_->counters().sent == expected; });
    EXPECT_LE(feeds_->counters().read, expected / 2);
}

// What is not wanted is not even read to its end: it costs nothing to refuse.
TEST_F(overlay_replicator, looks_at_no_more_than_the_claim_of_what_it_does_not_want) {
    const identity author = test::identity_of(2);
    store kept = opened();
    ASSERT_TRUE(kept.follow(author.id(), true));
    begin(std::move(kept));
    taking_link to;
    const ebt::stream peer = open(numbered(2, 0), to);
    const std::string id = feed_id_text(author.id());
    ASSERT_TRUE(feeds_->frame(peer, "{\"" + id + "\":11}"));
    const auto broken = [](const std::string& by, int sequence) {
        return R"({"previous":null,"author":")" + by + R"(","sequence":)" +
               std::to_string(sequence) + ",\"content\":\"what follows is no JSON";
    };
    EXPECT_TRUE(feeds_->frame(peer, broken(id, 3)));
    EXPECT_TRUE(feeds_->frame(peer, broken(feed_id_text(numbered(3, 0)), 1)));
    EXPECT_EQ(feeds_->counters().gaps, 1U);
    EXPECT_EQ(feeds_->counters().unrequested, 1U);
    EXPECT_EQ(feeds_->counters().invalid, 0U);
    // The next one is read, and the feed not taken from this peer any more.
    EXPECT_TRUE(feeds_->frame(peer, broken(id, 1)));
    EXPECT_EQ(feeds_->counters().invalid, 1U);
    ASSERT_FALSE(to.notes.empty());
    EXPECT_EQ(to.notes.back(), (note_entry{author.id(), -1}));
    EXPECT_FALSE(feeds_->frame(peer, R"({"previous":null,"sequence":1.5})"));
}

// A store that was brought back from a copy: what the peer has of the own feed comes first.
TEST_F(overlay_replicator, an_older_copy_publishes_when_the_rest_of_its_feed_has_come) {
    std::vector<classic_message> said;
    chain_position at;
    for (int n = 1; n <= 5; ++n) {
        auto made = reader_.make(own_, at, n, R"({"type":"test"})");
        ASSERT_TRUE(made);
        at = {made.value().sequence, made.value().id};
        said.push_back(std::move(made).value());
    }
    store kept = opened();
    for (std::size_t n = 0; n < 3; ++n) {
        ASSERT_TRUE(kept.append(
            {own_.id(), said[n].sequence, said[n].id, said[n].previous, said[n].wire}, 0));
    }
    begin(std::move(kept));
    bool may_publish = false;
    feeds_->on_may_publish([&] { may_publish = true; });
    taking_link to;
    const ebt::stream peer = open(numbered(2, 0), to);
    ASSERT_TRUE(feeds_->frame(peer, "{\"" + feed_id_text(own_.id()) + "\":10}"));
    EXPECT_TRUE(feeds_->is_behind());
    bool is_refused = false;
    feeds_->publish(R"({"type":"test"})",
                    [&](const result<classic_message>& made) { is_refused = !made; });
    EXPECT_TRUE(is_refused);
    ASSERT_TRUE(feeds_->frame(peer, said[3].wire));
    ASSERT_TRUE(feeds_->frame(peer, said[4].wire));
    run_until([&] { return may_publish; });
    std::int64_t published = 0;
    feeds_->publish(R"({"type":"test"})", [&](const result<classic_message>& made) {
        published = made ? made.value().sequence : -1;
    });
    run_until([&] { return published != 0; });
    EXPECT_EQ(published, 6);
}

// Who says that there is more, and does not send it, does not keep the node from publishing.
TEST_F(overlay_replicator, a_claim_of_more_of_the_own_feed_that_is_not_kept_holds_it_for_a_while) {
    begin(opened());
    taking_link to;
    const ebt::stream peer = open(numbered(2, 0), to);
    ASSERT_TRUE(feeds_->frame(peer, "{\"" + feed_id_text(own_.id()) + "\":2000000}"));
    EXPECT_TRUE(feeds_->is_behind());
    for (int n = 0; n <= 4; ++n) {  // no time passes: it is the number of ticks that counts
        feeds_->tick();
    }
    EXPECT_FALSE(feeds_->is_behind());
    std::int64_t published = 0;
    feeds_->publish(R"({"type":"test"})", [&](const result<classic_message>& made) {
        published = made ? made.value().sequence : -1;
    });
    run_until([&] { return published != 0; });
    EXPECT_EQ(published, 1);
}

}  // namespace
}  // namespace rhumb::overlay

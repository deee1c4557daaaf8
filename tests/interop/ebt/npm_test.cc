// The overlay's wire against npm's ssb-db and ssb-ebt over loopback, in both roles. Skipped where
// npm cannot fetch them. Node's own time to begin is most of what it takes.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/interop/ebt/npm_peer.hh"
#include "tests/support/overlay_keys.hh"
#include "tests/support/run_program.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using test::npm_link;

constexpr int published = 20;

class overlay_npm : public testing::Test {
protected:
    static void SetUpTestSuite() {
        const char* const vectors = std::getenv("RHUMB_VECTORS");
        const auto got = test::program(RHUMB_NPM_FETCH)
                             .run(std::string("peer ") + RHUMB_NPM_PACKAGES + ' ' +
                                  (vectors != nullptr ? vectors : RHUMB_VECTORS_DEFAULT) +
                                  "/ebt/peer/c/package-lock.json");
        if (got.status == 0) {
            peer = std::make_unique<test::npm_peer>(test::free_port());
            peer->publish(published);
        } else {
            why_not = got.output;
        }
    }
    static void TearDownTestSuite() { peer.reset(); }
    void SetUp() override {
        if (!peer) {
            GTEST_SKIP() << why_not;
        }
        ASSERT_TRUE(peer->runs());
    }

    // A feed of somebody whom the peer follows.
    std::vector<classic_message> feed_of(const identity& author,
                                         const std::vector<std::string>& contents) {
        std::vector<classic_message> made;
        chain_position at;
        for (const std::string& content : contents) {
            auto next =
                reader_.make(author, at, 1.5e12 + static_cast<double>(at.sequence), content);
            EXPECT_TRUE(next) << next.why().message;
            at = {next.value().sequence, next.value().id};
            made.push_back(std::move(next).value());
        }
        return made;
    }
    // A connection whose stream has begun: the peer has spoken first.
    std::unique_ptr<npm_link> replicating(const identity& own) {
        auto link = std::make_unique<npm_link>(test::dial(peer->port()),
                                               handshake::client(main_network, own, peer->id()));
        EXPECT_TRUE(link->open()) << link->link().why();
        EXPECT_EQ(link->replicate(), 1);
        EXPECT_TRUE(link->run_until([&] { return !link->notes.empty(); }));
        return link;
    }

    static inline std::unique_ptr<test::npm_peer> peer;
    static inline std::string why_not;
    message_reader reader_;
    const identity test_key = test::identity_of(33);
};

bool holds(const std::vector<note_entry>& notes, const note_entry& wanted) {
    return std::find(notes.begin(), notes.end(), wanted) != notes.end();
}

TEST_F(overlay_npm, ReceivesAndSendsFeeds) {
    const identity own = test::identity_of(31);
    // Units beyond the basic plane, halves of pairs, JavaScript's order of keys, odd numbers.
    const auto feed = feed_of(own, {R"({"type":"post","text":"plain"})",
                                    R"({"type":"post","text":"h\u00e9llo \ud83d\ude00 \u2028"})",
                                    R"({"type":"test","n":[1e21,-0,1e-7,5e-324,0.1,123456789012]})",
                                    R"({"type":"test","10":1,"b":2,"2":3,"01":4,"4294967295":5})",
                                    R"({"type":"test","lone":"\ud800 x \udc00","\udfff":{}})"});
    peer->command("request " + feed_id_text(own.id()));
    const auto link = replicating(own);
    EXPECT_TRUE(holds(link->notes, {peer->id(), 2LL * published}));
    EXPECT_TRUE(holds(link->notes, {own.id(), 0}));
    link->send_notes({{peer->id(), 0}, {own.id(), 2 * static_cast<std::int64_t>(feed.size())}});
    EXPECT_TRUE(link->run_until([&] { return link->messages.size() == published; }));
    chain_position at;
    for (const classic_message& message : link->messages) {
        EXPECT_EQ(message.author, peer->id());
        EXPECT_TRUE(check_follows(message, at));
        at = {message.sequence, message.id};
    }
    for (const classic_message& message : feed) {
        EXPECT_TRUE(link->link().calls().send(link->ebt, body_type::json, message.wire));
    }
    link->run_until([&] { return link->link().bytes_pending() == 0; });
    EXPECT_EQ(peer->clock_of(own.id(), 5), 5);
    // Live, without further notes.
    peer->publish(1);
    EXPECT_TRUE(link->run_until([&] { return link->messages.size() == published + 1; }));
}

TEST_F(overlay_npm, StreamsEndAndBeginAgain) {
    const identity own = test::identity_of(32);
    const auto link = replicating(own);
    EXPECT_TRUE(link->link().calls().end(1));
    EXPECT_TRUE(link->run_until([&] { return !link->ends.empty(); }));
    EXPECT_EQ(link->ends, std::vector<std::string>{"1"});
    link->notes.clear();
    EXPECT_EQ(link->replicate(), 2);
    EXPECT_TRUE(link->run_until([&] { return !link->notes.empty(); }));
    // One more while that is open.
    EXPECT_EQ(link->replicate(), 3);
    EXPECT_TRUE(link->run_until([&] { return link->ends.size() == 2; }));
    EXPECT_EQ(link->ends.back(), "2: reconnected to peer");
}

TEST_F(overlay_npm, RefusesOtherVersions) {
    npm_link link(test::dial(peer->port()), handshake::client(main_network, test_key, peer->id()));
    ASSERT_TRUE(link.open());
    link.replicate(2);
    ASSERT_TRUE(link.run_until([&] { return !link.ends.empty(); }));
    EXPECT_EQ(link.ends.back(), "1: expected ebt.replicate({version: 3})");
}

TEST_F(overlay_npm, ClosesInPeace) {
    const identity own = test::identity_of(34);
    const auto link = replicating(own);
    link->link().close();
    EXPECT_TRUE(link->run_until([&] { return link->link().now() == peer_link::state::ended; }))
        << link->link().why();
    EXPECT_EQ(link->ends, std::vector<std::string>{"1"});
}

// Without the ends before it: the peer ends what is open with an error, then says goodbye, too.
TEST_F(overlay_npm, AnswersABareGoodbye) {
    const identity own = test::identity_of(35);
    const auto link = replicating(own);
    append_mux_goodbye(link->link().calls().output());
    EXPECT_TRUE(link->run_until([&] { return link->link().now() == peer_link::state::ended; }))
        << link->link().why();
    EXPECT_EQ(link->ends, std::vector<std::string>{"1: unexpected end of parent stream"});
}

TEST_F(overlay_npm, AnswersAsyncCalls) {
    npm_link link(test::dial(peer->port()), handshake::client(main_network, test_key, peer->id()));
    ASSERT_TRUE(link.open());
    link.link().calls().call("manifest");
    link.link().calls().call("foo.bar");
    EXPECT_TRUE(link.run_until([&] { return link.answers.size() == 2; }));
    ASSERT_EQ(link.answers.size(), 2u);
    EXPECT_NE(link.answers[0].find("\"ebt\""), std::string::npos);
    EXPECT_EQ(link.answers[1], "2 refused: method:foo,bar is not in list of allowed methods");
}

TEST_F(overlay_npm, HangsUpOnOtherNetworks) {
    const network_key other{1};
    npm_link link(test::dial(peer->port()), handshake::client(other, test_key, peer->id()));
    EXPECT_FALSE(link.open());
    EXPECT_TRUE(link.hung_up);
    npm_link wrong(test::dial(peer->port()),
                   handshake::client(main_network, test_key, test_key.id()));
    EXPECT_FALSE(wrong.open());
    EXPECT_TRUE(wrong.hung_up);
}

TEST_F(overlay_npm, IsCalledByThePeer) {
    const identity own = test::identity_of(36);
    const std::uint16_t port = test::free_port();
    const int listener = test::listen_on(port);
    ASSERT_GE(listener, 0);
    peer->command("request " + feed_id_text(own.id()));
    std::string key = feed_id_text(own.id());
    key = key.substr(1, key.find('.') - 1);
    peer->command("connect net:127.0.0.1:" + std::to_string(port) + "~shs:" + key);
    npm_link link(test::accept_one(listener), handshake::server(main_network, own));
    close(listener);
    ASSERT_TRUE(link.open()) << link.link().why();
    EXPECT_EQ(link.link().remote(), peer->id());
    EXPECT_TRUE(link.run_until([&] { return link.ebt != 0; }));
    EXPECT_EQ(link.calls, std::vector<std::string>{"ebt.replicate"});
    EXPECT_EQ(peer->line("CONNECTED"), "CONNECTED");
    // The server speaks first.
    const auto feed = feed_of(own, {R"({"type":"post","text":"from the server"})"});
    link.send_notes({{peer->id(), 0}, {own.id(), 2}});
    EXPECT_TRUE(link.run_until([&] { return link.messages.size() >= published; }));
    EXPECT_TRUE(holds(link.notes, {own.id(), 0}));
    EXPECT_TRUE(link.link().calls().send(link.ebt, body_type::json, feed[0].wire));
    link.run_until([&] { return link.link().bytes_pending() == 0; });
    EXPECT_EQ(peer->clock_of(own.id(), 1), 1);
}

}  // namespace

// What is known to be wrong in the reference, and must not be here. Numbers are those of its list
// in docs/ebt.md.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/ebt_host.hh"
#include "tests/support/ebt_network.hh"

namespace rhumb::overlay::ebt {
namespace {

// 1. When the source disconnects, its feeds are orphans.
TEST(EbtDefects, FeedsOfASourceThatLeavesAreAskedOfAnother) {
    for (std::uint32_t seed = 0; seed < 100; ++seed) {
        sim_network net(seed);
        honest_node& a = net.add("a");
        honest_node& b = net.add("b");
        honest_node& z = net.add("z");
        for (int n = 0; n < 200; ++n) {
            a.append("f");
        }
        b.store = a.store;
        b.start_over(true);
        for (honest_node* const node : {&a, &b, &z}) {
            node->follow("f");
        }
        net.connect("a", "z");
        net.connect("b", "z");
        while (z.height("f") < 60 && net.step()) {
        }
        const state_view state = z.m->state();
        const bool is_a = state.peers.at("a").replicating->at("f").is_source;
        net.disconnect(is_a ? "a" : "b", "z");
        net.drain();  // no timer
        ASSERT_EQ(z.height("f"), 200) << seed;
        EXPECT_TRUE(z.is_complete());
        z.check();
    }
}

TEST(EbtDefects, AnOrphanThatNobodyCouldTakeIsTakenByATick) {
    rig r;
    r.load("f", 5);
    r.m.request("f");
    const stream a = r.connect("a");
    const stream b = r.connect("b");
    r.say(a, "f", send(9));
    r.say(b, "f", send(9));
    ASSERT_TRUE(r.replication("a", "f").is_source);
    r.m.tick(10'000);  // a has not kept its claim
    ASSERT_TRUE(r.replication("b", "f").is_source);
    r.m.close(b);
    EXPECT_FALSE(r.replication("a", "f").is_source);  // too early to believe it again
    r.m.tick(13'001);
    EXPECT_TRUE(r.replication("a", "f").is_source);
    EXPECT_EQ(r.notes(a), (said{{"f", send(5)}}));
}

// 2. Unfollow says -1, and a new follow is heard even where nothing is missing.
TEST(EbtDefects, UnfollowSaysNo) {
    rig r;
    r.load("f", 5);
    r.m.request("f");
    const stream p = r.connect("p");
    r.say(p, "f", send(5));
    EXPECT_EQ(r.notes(p), (said{{"f", send(5)}}));
    r.m.request("f", false);
    EXPECT_EQ(r.notes(p), (said{{"f", no}}));
    EXPECT_EQ(r.give(p, "f", 6), receipt::unrequested);
    r.m.request("f");
    EXPECT_EQ(r.notes(p), (said{{"f", send(5)}}));
}

TEST(EbtDefects, AFeedThatWasRefusedIsMentionedAfterTheNextFollow) {
    rig r;
    r.load("f", 5);
    r.m.request("f");
    stream p = r.connect("p", {{.feed = "f", .sequence = 5}});
    EXPECT_EQ(r.notes(p), said{});
    r.m.request("f", false);
    EXPECT_EQ(r.notes(p), (said{{"f", no}}));
    r.m.close(p);
    EXPECT_EQ(r.host.stored["p"]["f"], absent);
    r.m.request("f");
    p = r.connect("p");
    EXPECT_EQ(r.notes(p), (said{{"f", send(5)}}));
}

// 3. The source is looked for under the feed, not under the peer.
TEST(EbtDefects, FromSeveralPeersEachMessageComesOnce) {
    struct sync {
        int peers;
        bool peers_are_feeds;
    };
    for (const sync& of : {sync{2, false}, sync{5, false}, sync{2, true}, sync{5, true}}) {
        sim_network net(static_cast<std::uint32_t>(of.peers));
        honest_node& z = net.add("z");
        std::vector<honest_node*> sources;
        for (int n = 0; n < of.peers; ++n) {
            sources.push_back(&net.add("p" + std::to_string(n)));
        }
        for (int f = 0; f < 100; ++f) {
            const std::string feed = "f" + std::to_string(f);
            z.follow(feed);
            for (honest_node* const p : sources) {
                p->follow(feed);
                for (int n = 0; n < 10; ++n) {
                    p->append(feed);
                }
            }
        }
        for (honest_node* const p : sources) {
            if (of.peers_are_feeds) {
                p->append(p->id);
                p->follow(p->id);
                z.follow(p->id);
            }
            net.connect(p->id, "z");
        }
        net.drain();
        const std::uint64_t ideal =
            1000 + static_cast<std::uint64_t>(of.peers_are_feeds ? of.peers : 0);
        EXPECT_EQ(net.counts.messages, ideal) << of.peers << ' ' << of.peers_are_feeds;
        EXPECT_EQ(z.height("f99"), 10);
        z.check();
    }
}

// 4. A timeout does not turn to a peer that refuses, nor to one that has nothing.
TEST(EbtDefects, ATimeoutPicksOneThatHasTheFeed) {
    rig r;
    r.load("f", 3);
    r.m.request("f");
    const stream a = r.connect("a");
    const stream b = r.connect("b");
    const stream c = r.connect("c");
    const stream d = r.connect("d");
    r.say(a, "f", send(9));
    r.say(b, "f", no);
    r.say(c, "f", send(2));
    r.say(d, "f", send(8));
    ASSERT_TRUE(r.replication("a", "f").is_source);
    r.m.tick(10'000);
    EXPECT_FALSE(r.replication("a", "f").rx);
    EXPECT_FALSE(r.replication("b", "f").rx);
    EXPECT_FALSE(r.replication("c", "f").rx);
    EXPECT_TRUE(r.replication("d", "f").is_source);
}

// 5. A block stops the backlog, what is queued and what is being read.
TEST(EbtDefects, ABlockStopsWhatIsUnderWay) {
    rig r;
    r.load("f", 5);
    r.m.request("f");
    const stream p = r.connect("p");
    r.say(p, "f", send(0));
    r.m.run();
    ASSERT_EQ(r.host.reads.size(), 1U);
    r.m.retrieved(r.made("f", 1));
    r.m.run();
    (void)r.notes(p);
    r.m.block("f", "p");
    r.m.retrieved(r.made("f", 2));
    r.m.run();
    EXPECT_EQ(r.messages(p), std::vector<std::int64_t>{});
    EXPECT_EQ(r.notes(p), (said{{"f", no}}));
    EXPECT_FALSE(r.replication("p", "f").tx);
    r.append("f", 6);
    EXPECT_EQ(r.messages(p), std::vector<std::int64_t>{});
    EXPECT_EQ(r.host.reads.size(), 2U);
}

TEST(EbtDefects, ABlockedPeerIsEndedAtOnceAndSoAreItsNewStreams) {
    rig r;
    const stream p = r.connect("p");
    r.m.block("me", "p");
    r.m.run();
    ASSERT_EQ(r.host.ends.size(), 1U);
    EXPECT_EQ(r.host.ends[0], std::pair(p, end_reason::blocked));
    (void)r.connect("p");
    r.m.run();
    EXPECT_EQ(r.host.ends.size(), 2U);
    EXPECT_TRUE(r.m.state().peers.empty());
    r.m.block("me", "p", false);
    const stream again = r.connect("p");
    r.m.run();
    EXPECT_EQ(r.host.ends.size(), 2U);
    std::vector<note> first;
    EXPECT_TRUE(r.m.next_notes(again, 100, first));
}

// 6. A message that comes before any note.
TEST(EbtDefects, AMessageBeforeAnyNoteIsAClaim) {
    rig r;
    r.m.request("f");
    const stream p = r.connect("p");
    EXPECT_EQ(r.give(p, "f", 1), receipt::queued);
    EXPECT_EQ(r.m.state().peers.at("p").clock, (said{{"f", 1}}));
}

// 7. Notes that are no notes.
TEST(EbtDefects, MalformedNotesMeanNo) {
    for (const std::int64_t value :
         {malformed_note, std::int64_t{-2}, std::int64_t{-5}, max_note + 1, INT64_MAX}) {
        rig r;
        r.load("f", 3);
        r.m.request("f");
        const stream p = r.connect("p");
        (void)r.notes(p);
        r.say(p, "f", value);
        r.m.run();
        EXPECT_FALSE(r.replication("p", "f").tx) << value;
        EXPECT_EQ(r.replication("p", "f").sent, no) << value;
        EXPECT_EQ(r.notes(p), said{}) << value;
        EXPECT_TRUE(r.host.reads.empty()) << value;
    }
}

TEST(EbtDefects, TheHighestNotesDoNotOverflow) {
    EXPECT_EQ(encode_note(max_sequence, true), 2'147'483'646);
    EXPECT_EQ(encode_note(max_sequence, false), 2'147'483'647);
    EXPECT_EQ(decode_note(2'147'483'647).sequence, max_sequence);
    EXPECT_EQ(decode_note(2'147'483'648).sequence, not_replicated);
    EXPECT_EQ(encode_note(225, true), 450);
    EXPECT_EQ(encode_note(0, false), 1);
    EXPECT_EQ(encode_note(-1, true), -1);
    rig r;
    r.load("f", max_sequence);
    r.m.request("f");
    const stream p = r.connect("p");
    EXPECT_EQ(r.notes(p), (said{{"f", 2'147'483'646}}));
    r.append("f", max_sequence + 1);
    EXPECT_EQ(r.m.head_of("f"), max_sequence);
}

// 8. Names that objects inherit are feeds like any other that nobody follows.
TEST(EbtDefects, InheritedNamesAreStrangers) {
    rig r;
    const stream p = r.connect("p");
    (void)r.notes(p);
    r.say(p, "constructor", 200);
    r.say(p, "__proto__", 2);
    r.m.run();
    EXPECT_EQ(r.notes(p), (said{{"__proto__", no}, {"constructor", no}}));
    EXPECT_TRUE(r.host.reads.empty());
}

// 9. A log that answers at once.
TEST(EbtDefects, ALogThatAnswersAtOnceDoesNotOverflowTheStack) {
    struct quick_host : silent_host {
        void get_at(feed_number feed, std::int64_t sequence, std::int64_t /*following*/) override {
            m->retrieved({.feed = feed, .size = 1, .sequence = sequence, .body = {}});
        }
        machine* m = nullptr;
    } host;
    options chosen;
    chosen.window = SIZE_MAX;
    machine m("me", host, chosen);
    host.m = &m;
    const std::vector<clock_entry> heads{{.feed = "f", .sequence = 200'000}};
    m.load_clock(heads);
    m.request("f");
    result<stream> p = m.create_stream("p", 3, false);
    m.peer_clock(p.value(), {});
    const std::vector<note> wish{{.feed = "f", .value = send(0)}};
    m.notes(p.value(), wish);
    m.run();
    std::int64_t count = 0;
    for (message what; m.next_message(p.value(), what);) {
        ASSERT_EQ(what.sequence, ++count);
    }
    EXPECT_EQ(count, 200'000);
}

// 10. Unknown feeds without bound.
TEST(EbtDefects, StrangersAreBoundedAndNotStored) {
    options chosen;
    chosen.strangers = 1000;
    rig r(chosen);
    r.m.request("f");
    const stream p = r.connect("p");
    for (int n = 0; n < 100'000; ++n) {
        r.say(p, "x" + std::to_string(n), 2);
    }
    r.say(p, "f", send(7));
    EXPECT_LE(r.m.state().peers.at("p").clock->size(), 1001U);
    EXPECT_LE(r.notes(p).size(), 1001U);
    r.say(p, "x1", 4);  // it was answered
    EXPECT_EQ(r.notes(p), said{});
    r.say(p, "y", 2);  // the oldest is forgotten
    EXPECT_EQ(r.notes(p), (said{{"y", no}}));
    r.say(p, "z", no);  // two that forget must not answer each other for ever
    EXPECT_EQ(r.notes(p), said{});
    r.m.close(p);
    EXPECT_EQ(r.host.stored["p"], (said{{"f", 7}}));
}

TEST(EbtDefects, AStrangerThatIsFollowedLaterIsNotForgotten) {
    rig r;
    const stream p = r.connect("p");
    (void)r.notes(p);
    r.say(p, "x", stop(7));
    EXPECT_EQ(r.notes(p), (said{{"x", no}}));
    r.m.request("x");
    EXPECT_EQ(r.notes(p), (said{{"x", send(0)}}));
    EXPECT_EQ(r.m.state().peers.at("p").clock, (said{{"x", 7}}));
}

// 11. A read that fails leaves the feed stuck in silence.
TEST(EbtDefects, AReadThatFailsIsSaid) {
    rig r;
    r.load("f", 5);
    r.m.request("f");
    const stream p = r.connect("p");
    (void)r.notes(p);
    r.say(p, "f", send(2));
    r.m.run();
    ASSERT_EQ(r.host.reads.size(), 1U);
    r.m.not_retrieved(r.m.feed_of("f"), 3);
    r.m.run();
    EXPECT_EQ(r.notes(p), (said{{"f", stop(2)}}));
    EXPECT_FALSE(r.replication("p", "f").tx);
    r.say(p, "f", send(2));  // it asks again: not for ever
    r.m.run();
    EXPECT_EQ(r.host.reads.size(), 1U);
    r.say(p, "f", send(3));  // it has found that one elsewhere
    r.m.run();
    EXPECT_EQ(r.host.reads.size(), 2U);
}

}  // namespace
}  // namespace rhumb::overlay::ebt

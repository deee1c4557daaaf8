// Single traits of the machine: sessions, sources and liars, bounds, reads, progress.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/support/ebt_host.hh"
#include "tests/support/ebt_network.hh"

namespace rhumb::overlay::ebt {
namespace {

using numbers = std::vector<std::int64_t>;

TEST(EbtMachine, AClientWaitsForTheServer) {
    rig r;
    r.load("f", 1);
    r.m.request("f");
    const stream p = r.connect("p", {}, true);
    r.m.run();
    std::vector<note> none;
    EXPECT_FALSE(r.m.next_notes(p, 100, none));
    EXPECT_EQ(r.give(p, "f", 2), receipt::unrequested);
    r.m.notes(p, {});
    EXPECT_EQ(r.notes(p), (said{{"f", send(1)}}));
}

TEST(EbtMachine, WithNothingToSayOneEmptyFrameGoesOut) {
    rig r;
    const stream p = r.connect("p");
    std::vector<note> frame;
    EXPECT_TRUE(r.m.next_notes(p, 10, frame));
    EXPECT_TRUE(frame.empty());
    EXPECT_FALSE(r.m.next_notes(p, 10, frame));
}

TEST(EbtMachine, LongFramesAreSplit) {
    rig r;
    for (int n = 0; n < 25; ++n) {
        r.m.request("f" + std::to_string(n));
    }
    const stream p = r.connect("p");
    std::vector<note> frame;
    std::vector<std::size_t> sizes;
    while (r.m.next_notes(p, 10, frame)) {
        sizes.push_back(frame.size());
    }
    EXPECT_EQ(sizes, (std::vector<std::size_t>{10, 10, 5}));
}

TEST(EbtMachine, ANewerStreamEndsTheOlder) {
    for (const std::size_t remembered : {0U, 32U}) {
        options chosen;
        chosen.remembered_peers = remembered;
        rig r(chosen);
        r.m.request("f");
        const stream older = r.connect("p");
        const stream newer = r.connect("p");
        ASSERT_EQ(r.host.ends.size(), 1U);
        EXPECT_EQ(r.host.ends[0], std::pair(older, end_reason::reconnected));
        r.m.close(older);  // late, and of no effect
        EXPECT_FALSE(r.m.is_ready(older));
        EXPECT_TRUE(r.m.is_ready(newer));
        EXPECT_EQ(r.give(older, "f", 1), receipt::closed);
        EXPECT_EQ(r.give(newer, "f", 1), receipt::queued);
    }
}

// What was queued for the log while somebody else was faster is not offered to it.
TEST(EbtMachine, AnArrivalThatHasBeenAppendedMeanwhileIsDropped) {
    rig r;
    r.m.request("f");
    const stream p = r.connect("p");
    EXPECT_EQ(r.give(p, "f", 1), receipt::queued);
    EXPECT_EQ(r.give(p, "f", 2), receipt::queued);
    r.append("f", 1);
    r.m.run();
    EXPECT_EQ(r.host.appends, (std::vector<std::pair<feed_number, std::int64_t>>{{0, 2}}));
}

TEST(EbtMachine, WhoRefusesAFeedCannotSendIt) {
    rig r;
    r.m.request("f");
    const stream p = r.connect("p");
    r.say(p, "f", -1);
    EXPECT_FALSE(r.m.wanted(p, "f", 1));
    EXPECT_EQ(r.give(p, "f", 1), receipt::unrequested);
    (void)r.notes(p);
    r.say(p, "f", stop(1));  // it has changed its mind
    EXPECT_EQ(r.notes(p), (said{{"f", send(0)}}));
    EXPECT_EQ(r.give(p, "f", 1), receipt::queued);
}

TEST(EbtMachine, OnlyVersion3) {
    rig r;
    const result<stream> made = r.m.create_stream("p", 2, false);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.why().message, "expected ebt.replicate({version: 3})");
}

// After one more exchange of all notes, sessions say only what has changed: to a peer that is
// remembered, and to one whose clock comes from the store.
TEST(EbtMachine, UnchangedFeedsAreSkipped) {
    for (const std::size_t remembered : {0U, 32U}) {
        sim_network net(1);
        options chosen;
        chosen.remembered_peers = remembered;
        honest_node& a = net.add("a", chosen);
        honest_node& b = net.add("b", chosen);
        for (int f = 0; f < 50; ++f) {
            const std::string feed = "f" + std::to_string(f);
            a.append(feed);
            a.follow(feed);
            b.follow(feed);
        }
        std::vector<std::uint64_t> entries;
        for (int session = 0; session < 5; ++session) {
            if (session == 4) {
                a.append("f3");
                a.append("f4");
            }
            net.counts = {};
            net.connect("a", "b");
            net.drain();
            net.disconnect("a", "b");
            entries.push_back(net.counts.note_entries);
            EXPECT_LE(net.counts.note_frames, 3U);
        }
        EXPECT_EQ(entries, (std::vector<std::uint64_t>{100, 100, 0, 0, 4}));
        EXPECT_EQ(a.store, b.store);
    }
}

TEST(EbtMachine, LowerNumbersAreBelieved) {
    rig r;
    r.load("f", 5);
    r.m.request("f");
    const stream p = r.connect("p", {{.feed = "f", .sequence = 5}});
    r.say(p, "f", send(2));
    r.m.run();
    EXPECT_EQ(r.host.reads, (std::vector<std::pair<feed_number, std::int64_t>>{{0, 3}}));
}

TEST(EbtMachine, AHeadThatWentDownIsAskedForAgain) {
    rig r;
    r.load("f", 5);
    r.m.request("f");
    const stream p = r.connect("p");
    r.say(p, "f", stop(5));
    EXPECT_EQ(r.notes(p), (said{{"f", send(5)}}));
    r.load("f", 3);
    EXPECT_EQ(r.notes(p), (said{{"f", send(3)}}));
    EXPECT_EQ(r.give(p, "f", 4), receipt::queued);
}

// A liar does not take a feed away from a source that delivers, and is not believed for long.
TEST(EbtMachine, AHighClaimDoesNotStealAFeedThatComes) {
    rig r;
    r.m.request("f");
    const stream honest = r.connect("honest");
    r.say(honest, "f", stop(10));
    EXPECT_EQ(r.give(honest, "f", 1), receipt::queued);
    r.append("f", 1);
    const stream evil = r.connect("evil");
    r.say(evil, "f", stop(max_sequence));
    EXPECT_TRUE(r.replication("honest", "f").is_source);
    const progress_view progress = r.m.progress();
    EXPECT_LT(progress.total, 200'100);
    for (std::int64_t n = 2; n <= 10; ++n) {
        EXPECT_EQ(r.give(honest, "f", n), receipt::queued);
        r.append("f", n);
    }
    EXPECT_TRUE(r.replication("evil", "f").is_source);  // it is the only one that claims more
    r.m.set_time(1000);
    r.say(honest, "f", stop(11));
    r.m.tick(9000);
    EXPECT_TRUE(r.replication("honest", "f").is_source);
    r.say(evil, "f", stop(max_sequence));
    r.m.set_time(10'000);
    r.say(evil, "f", stop(max_sequence));
    EXPECT_TRUE(r.replication("honest", "f").is_source);
    EXPECT_FALSE(r.replication("evil", "f").rx);
}

TEST(EbtMachine, BackOffGrowsWithFailures) {
    rig r;
    r.m.request("f");
    const stream a = r.connect("a");
    const stream b = r.connect("b");
    std::vector<std::int64_t> asked;
    for (std::int64_t now = 0; now < 200'000; now += 3001) {
        r.say(b, "f",
              stop(5));  // both lie; b is asked when a has failed, and again later and later
        r.say(a, "f", stop(5));
        r.m.tick(now);
        const said notes = r.notes(b);
        if (notes.contains("f") && decode_note(notes.at("f")).wants_messages) {
            asked.push_back(now);
        }
    }
    ASSERT_GE(asked.size(), 3U);
    EXPECT_LE(asked.size(), 10U);
    EXPECT_GT(asked[asked.size() - 1] - asked[asked.size() - 2], asked[1] - asked[0]);
}

TEST(EbtMachine, OnlyWhatIsNextIsWanted) {
    rig r;
    r.load("f", 3);
    r.m.request("f");
    const stream p = r.connect("p");
    EXPECT_TRUE(r.m.wanted(p, "f", 4));
    EXPECT_FALSE(r.m.wanted(p, "f", 3));
    EXPECT_FALSE(r.m.wanted(p, "f", 5));
    EXPECT_FALSE(r.m.wanted(p, "g", 1));
    EXPECT_EQ(r.give(p, "f", 4), receipt::queued);
    EXPECT_FALSE(r.m.wanted(p, "f", 4));
    EXPECT_TRUE(r.m.wanted(p, "f", 5));
    EXPECT_EQ(r.give(p, "f", 4), receipt::duplicate);
    EXPECT_EQ(r.give(p, "f", 6), receipt::gap);
    r.m.run();
    EXPECT_EQ(r.host.appends, (std::vector<std::pair<feed_number, std::int64_t>>{{0, 4}}));
    r.m.rejected(p, r.m.feed_of("f"), 4, rejection::dropped);
    EXPECT_TRUE(r.m.wanted(p, "f", 4));
    EXPECT_EQ(r.notes(p), (said{{"f", stop(3)}}));
    r.m.tick(3000);
    EXPECT_EQ(r.notes(p), (said{{"f", send(3)}}));
}

// Nothing is missing, and no tick has anything to do, until a message comes that is not the next.
TEST(EbtMachine, AGapOnStandbyIsAClaim) {
    rig r;
    r.load("f", 3);
    r.m.request("f");
    const stream p = r.connect("p");
    r.say(p, "f", send(3));
    (void)r.notes(p);
    EXPECT_EQ(r.give(p, "f", 2), receipt::duplicate);
    r.m.tick(10'000);
    EXPECT_FALSE(r.replication("p", "f").rx);
    (void)r.notes(p);
    EXPECT_EQ(r.give(p, "f", 5), receipt::gap);
    EXPECT_EQ(r.notes(p), (said{{"f", send(3)}}));
    // It has been asked: more of them say nothing new.
    EXPECT_EQ(r.give(p, "f", 6), receipt::gap);
    EXPECT_EQ(r.notes(p), said{});
}

TEST(EbtMachine, AFrozenFeedIsServedAndNotAskedFor) {
    rig r;
    r.load("f", 3);
    r.m.request("f");
    const stream p = r.connect("p");
    r.say(p, "f", send(1));
    (void)r.notes(p);
    r.m.freeze("f");
    EXPECT_EQ(r.notes(p), (said{{"f", stop(3)}}));
    r.m.run();
    r.m.retrieved(r.made("f", 2));
    EXPECT_EQ(r.messages(p), numbers{2});
    EXPECT_EQ(r.give(p, "f", 4), receipt::frozen);
    r.say(p, "f", send(9));
    r.m.tick(60'000);
    EXPECT_FALSE(r.replication("p", "f").rx);
    r.m.freeze("f", false);
    EXPECT_TRUE(r.replication("p", "f").is_source);
}

TEST(EbtMachine, OneReadServesAllWhoWaitForIt) {
    rig r;
    r.load("f", 2);
    r.m.request("f");
    const stream a = r.connect("a");
    const stream b = r.connect("b");
    const stream c = r.connect("c");
    r.say(a, "f", send(0));
    r.say(b, "f", send(0));
    r.say(c, "f", send(1));
    r.m.run();
    EXPECT_EQ(r.host.reads.size(), 2U);  // 1 for a and b, 2 for c
    r.m.retrieved(r.made("f", 1));
    r.m.run();
    EXPECT_EQ(r.host.reads.size(), 2U);
    r.m.retrieved(r.made("f", 2));
    r.m.run();
    EXPECT_EQ(r.messages(a), (numbers{1, 2}));
    EXPECT_EQ(r.messages(b), (numbers{1, 2}));
    EXPECT_EQ(r.messages(c), numbers{2});
    EXPECT_EQ(r.host.reads.size(), 2U);
    r.append("f", 3);
    EXPECT_EQ(r.messages(a), numbers{3});
    EXPECT_EQ(r.messages(c), numbers{3});
}

// A peer that does not read costs a window, whatever it asks for and whatever is appended.
TEST(EbtMachine, OutputIsBounded) {
    options chosen;
    chosen.window = 1000;
    rig r(chosen);
    r.load("f", 100);
    r.m.request("f");
    const stream p = r.connect("p");
    r.say(p, "f", send(0));
    for (int n = 1; n <= 50; ++n) {
        r.m.run();
        if (r.host.reads.size() == static_cast<std::size_t>(n)) {
            r.m.retrieved(r.made("f", n));
        }
    }
    const std::size_t read = r.host.reads.size();
    EXPECT_LE(read, 10U);
    r.append("f", 101);
    r.append("f", 102);
    EXPECT_EQ(r.m.state().peers.at("p").messages.size(), read);
    numbers all;
    while (all.size() < 102) {
        for (const std::int64_t sequence : r.messages(p)) {
            all.push_back(sequence);
        }
        r.m.run();
        ASSERT_FALSE(r.host.reads.empty());
        r.m.retrieved(r.made("f", r.host.reads.back().second));
    }
    for (std::size_t n = 0; n < all.size(); ++n) {
        EXPECT_EQ(all[n], static_cast<std::int64_t>(n + 1));
    }
}

TEST(EbtMachine, AWindowThatIsFullForLiveMessagesGoesOnFromTheLog) {
    options chosen;
    chosen.window = 300;
    rig r(chosen);
    r.m.request("f");
    const stream p = r.connect("p");
    r.say(p, "f", send(0));
    for (int n = 1; n <= 10; ++n) {
        r.append("f", n);
    }
    const numbers first = r.messages(p);
    EXPECT_LT(first.size(), 5U);
    r.m.run();
    ASSERT_EQ(r.host.reads.size(), 1U);
    EXPECT_EQ(r.host.reads[0].second, static_cast<std::int64_t>(first.size()) + 1);
}

TEST(EbtMachine, AnnouncementsDoNotWakeUrgently) {
    rig r;
    r.load("f", 3);
    r.m.request("f");
    const stream p = r.connect("p");
    r.say(p, "f", stop(3));
    r.m.run();
    EXPECT_EQ(r.host.wakes, (std::vector<std::pair<peer_number, bool>>{{0, true}}));
    (void)r.notes(p);
    r.append("f", 4);
    r.append("f", 5);
    r.m.run();
    ASSERT_EQ(r.host.wakes.size(), 2U);
    EXPECT_FALSE(r.host.wakes[1].second);
    r.say(p, "g", stop(1));
    r.m.run();
    ASSERT_EQ(r.host.wakes.size(), 3U);
    EXPECT_TRUE(r.host.wakes[2].second);
    EXPECT_EQ(r.notes(p), (said{{"f", stop(5)}, {"g", -1}}));
}

TEST(EbtMachine, SourcesOfAPeerThatIsBusyElsewhereAreLookedAtLater) {
    rig r;
    r.m.request("f");
    r.m.request("g");
    const stream a = r.connect("a");
    const stream b = r.connect("b");
    for (const char* const feed : {"f", "g"}) {
        r.say(a, feed, stop(100));
        r.say(b, feed, stop(100));
    }
    std::int64_t next = 1;
    for (std::int64_t now = 1000; now <= 30'000; now += 1000) {
        r.m.set_time(now);
        (void)r.give(a, "f", next);  // it sends f, and keeps back g
        r.append("f", next++);
        if (now > 15'000 &&
            r.give(b, "g", r.m.head_of("g") < 0 ? 1 : r.m.head_of("g") + 1) == receipt::queued) {
            r.append("g", r.m.head_of("g") < 0 ? 1 : r.m.head_of("g") + 1);
        }
        if (now % 3000 == 0) {
            r.m.tick(now);
        }
        EXPECT_EQ(r.replication("a", "g").is_source, now < 15'000) << now;
    }
    EXPECT_TRUE(r.replication("a", "f").is_source);
    EXPECT_TRUE(r.replication("b", "g").is_source);
}

// After the first append, in the mean: a message for a node, and a note each way on other links.
// The die lets an announcement overtake a message now and then, which costs a duplicate.
TEST(EbtMachine, LiveMessagesGoAlongATree) {
    struct shape {
        const char* name;
        int nodes;
        bool is_mesh;
        double first;  // the reference's first append
        double notes;  // and its notes for each later one
    };
    constexpr int seed_count = 6;
    constexpr int appends = 20;
    for (const shape& of :
         {shape{"ring of 10", 10, false, 11, 2}, shape{"mesh of 10", 10, true, 10, 72},
          shape{"mesh of 20", 20, true, 20, 342}}) {
        sim_counts later;
        std::uint64_t first = 0;
        for (std::uint32_t seed = 0; seed < seed_count; ++seed) {
            sim_network net(seed);
            net.holds_notes = true;
            std::vector<honest_node*> nodes;
            for (int n = 0; n < of.nodes; ++n) {
                nodes.push_back(&net.add("p" + std::to_string(n)));
                nodes.back()->follow("p0");
            }
            for (int n = 0; n < of.nodes; ++n) {
                for (int k = n + 1; k < of.nodes; ++k) {
                    if (of.is_mesh || k == n + 1 || (n == 0 && k == of.nodes - 1)) {
                        net.connect(nodes[static_cast<std::size_t>(n)]->id,
                                    nodes[static_cast<std::size_t>(k)]->id);
                    }
                }
            }
            net.drain();
            net.counts = {};
            nodes[0]->append("p0");
            net.drain();
            first += net.counts.messages;
            net.counts = {};
            for (int n = 0; n < appends; ++n) {
                nodes[0]->append("p0");
                net.drain();
            }
            later.messages += net.counts.messages;
            later.note_entries += net.counts.note_entries;
            EXPECT_EQ(nodes.back()->height("p0"), appends + 1);
        }
        const double messages = static_cast<double>(later.messages) / (seed_count * appends);
        const double notes = static_cast<double>(later.note_entries) / (seed_count * appends);
        const double at_first = static_cast<double>(first) / seed_count;
        std::printf("%s: first append %.1f messages, later %.2f of %d, %.1f notes\n", of.name,
                    at_first, messages, of.nodes - 1, notes);
        EXPECT_LE(at_first, of.first);
        EXPECT_LE(messages, 1.01 * (of.nodes - 1));
        EXPECT_LE(notes, of.notes);
    }
}

}  // namespace
}  // namespace rhumb::overlay::ebt

// Messages that the log refuses: what becomes of their feed, and of who sent them.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/ebt_host.hh"

namespace rhumb::overlay::ebt {
namespace {

// Feed f is followed; peers say that they have so much of it.
struct forged_rig : rig {
    forged_rig() { m.request("f"); }
    stream peer(const std::string& name, std::int64_t has) {
        const stream made = connect(name);
        say(made, "f", stop(has));
        return made;
    }
    // It sends what it has not got from the author.
    void forge(stream from, const std::string& feed, std::int64_t sequence) {
        EXPECT_EQ(give(from, feed, sequence), receipt::queued);
        m.run();
        m.rejected(from, m.feed_of(feed), sequence, rejection::invalid);
    }
};

TEST(EbtForged, AnInvalidMessageBarsTheFeedFromThatPeerAlone) {
    forged_rig r;
    const stream a = r.peer("a", 5);
    const stream b = r.peer("b", 5);
    (void)r.notes(a);
    (void)r.notes(b);
    r.forge(a, "f", 1);
    EXPECT_EQ(r.notes(a), (said{{"f", -1}}));
    EXPECT_EQ(r.notes(b), (said{{"f", send(0)}}));
    EXPECT_EQ(r.give(a, "f", 1), receipt::unrequested);
    EXPECT_EQ(r.give(b, "f", 1), receipt::queued);
}

// What the source has sent meanwhile was dropped, as the forged message seemed to be there: it is
// asked again, and what is on its way to the log is not asked for twice.
TEST(EbtForged, AForgedMessageDoesNotHoldUpTheSource) {
    forged_rig r;
    const stream source = r.peer("source", 5);
    const stream forger = r.peer("forger", 0);
    (void)r.notes(source);
    (void)r.notes(forger);
    EXPECT_EQ(r.give(source, "f", 1), receipt::queued);
    r.append("f", 1);
    EXPECT_EQ(r.give(source, "f", 2), receipt::queued);
    EXPECT_EQ(r.give(forger, "f", 3), receipt::queued);
    EXPECT_EQ(r.give(source, "f", 3), receipt::duplicate);
    EXPECT_EQ(r.give(source, "f", 4), receipt::queued);
    r.m.run();
    EXPECT_EQ(r.notes(source), said{});
    const feed_number f = r.m.feed_of("f");
    r.m.rejected(forger, f, 3, rejection::invalid);
    EXPECT_EQ(r.notes(forger), (said{{"f", -1}}));
    EXPECT_EQ(r.notes(source), (said{{"f", send(1)}}));
    r.m.rejected(source, f, 4, rejection::dropped);  // it followed the forged one
    EXPECT_EQ(r.notes(source), said{});
    EXPECT_EQ(r.give(source, "f", 2), receipt::duplicate);
    EXPECT_EQ(r.give(source, "f", 3), receipt::queued);
    r.append("f", 2);
    r.append("f", 3);
    EXPECT_EQ(r.give(source, "f", 4), receipt::queued);
    EXPECT_TRUE(r.replication("source", "f").is_source);
}

// The same where the source has no more of it than the forger, and where nobody is the source.
TEST(EbtForged, AForgedMessageIsForgottenWhoeverTheSourceIs) {
    forged_rig r;
    const stream source = r.peer("source", 0);
    const stream forger = r.peer("forger", 0);
    (void)r.notes(source);
    r.forge(forger, "f", 1);
    EXPECT_TRUE(r.m.wanted(source, "f", 1));
    EXPECT_EQ(r.give(source, "f", 1), receipt::queued);
}

// The peer is not blocked: it may still have and get all other feeds.
TEST(EbtForged, WhoForgesOurOwnFeedIsBarredFromItAlone) {
    forged_rig r;
    r.m.request("self");
    const stream p = r.connect("p");
    r.say(p, "self", send(5));
    r.say(p, "f", send(3));
    (void)r.notes(p);
    r.forge(p, "self", 1);
    EXPECT_EQ(r.notes(p), (said{{"self", -1}}));
    EXPECT_TRUE(r.host.ends.empty());
    EXPECT_FALSE(r.m.state().peers.at("p").is_blocked);
    EXPECT_EQ(r.give(p, "self", 1), receipt::unrequested);
    EXPECT_EQ(r.give(p, "f", 1), receipt::queued);
    r.m.close(p);
    const stream again = r.connect("p");
    r.say(again, "self", send(5));
    EXPECT_EQ(r.give(again, "self", 1), receipt::unrequested);
    EXPECT_TRUE(r.host.ends.empty());
}

// A message that cannot be read: it has no sequence.
TEST(EbtForged, WhatCannotBeReadBarsTheFeedFromThatPeer) {
    forged_rig r;
    const stream p = r.peer("p", 5);
    (void)r.notes(p);
    r.m.refuse(p, "g");
    EXPECT_EQ(r.notes(p), said{});
    EXPECT_EQ(r.give(p, "f", 1), receipt::queued);
    r.m.refuse(p, "f");
    EXPECT_EQ(r.notes(p), (said{{"f", -1}}));
    EXPECT_FALSE(r.m.wanted(p, "f", 1));
}

}  // namespace
}  // namespace rhumb::overlay::ebt

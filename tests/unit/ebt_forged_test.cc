// Messages that the log refuses: what becomes of their feed, and of who sent them.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/ebt_host.hh"

namespace rhumb::overlay::ebt {
namespace {

using said = std::map<std::string, std::int64_t>;

std::int64_t send(std::int64_t sequence) { return encode_note(sequence, true); }
std::int64_t stop(std::int64_t sequence) { return encode_note(sequence, false); }

TEST(EbtForged, AnInvalidMessageBarsTheFeedFromThatPeerAlone) {
    rig r;
    r.m.request("f");
    const stream a = r.connect("a");
    const stream b = r.connect("b");
    r.say(a, "f", stop(5));
    r.say(b, "f", stop(5));
    (void)r.notes(a);
    (void)r.notes(b);
    EXPECT_EQ(r.give(a, "f", 1), receipt::queued);
    r.m.run();
    r.m.rejected(a, r.m.feed_of("f"), 1, rejection::invalid);
    EXPECT_EQ(r.notes(a), (said{{"f", -1}}));
    EXPECT_EQ(r.notes(b), (said{{"f", send(0)}}));
    EXPECT_EQ(r.give(a, "f", 1), receipt::unrequested);
    EXPECT_EQ(r.give(b, "f", 1), receipt::queued);
}

// What the source has sent meanwhile was dropped, as the forged message seemed to be there: it is
// asked again, and what is on its way to the log is not asked for twice.
TEST(EbtForged, AForgedMessageDoesNotHoldUpTheSource) {
    rig r;
    r.m.request("f");
    const stream source = r.connect("source");
    const stream forger = r.connect("forger");
    r.say(source, "f", stop(5));
    r.say(forger, "f", stop(0));
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
    rig r;
    r.m.request("f");
    const stream source = r.connect("source");
    const stream forger = r.connect("forger");
    r.say(source, "f", stop(0));
    r.say(forger, "f", stop(0));
    (void)r.notes(source);
    EXPECT_EQ(r.give(forger, "f", 1), receipt::queued);
    r.m.run();
    r.m.rejected(forger, r.m.feed_of("f"), 1, rejection::invalid);
    EXPECT_TRUE(r.m.wanted(source, "f", 1));
    EXPECT_EQ(r.give(source, "f", 1), receipt::queued);
}

// The peer is not blocked: it may still have and get all other feeds.
TEST(EbtForged, WhoForgesOurOwnFeedIsBarredFromItAlone) {
    rig r;
    r.m.request("self");
    r.m.request("f");
    const stream p = r.connect("p");
    r.say(p, "self", send(5));
    r.say(p, "f", send(3));
    (void)r.notes(p);
    EXPECT_EQ(r.give(p, "self", 1), receipt::queued);
    r.m.run();
    r.m.rejected(p, r.m.feed_of("self"), 1, rejection::invalid);
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
    rig r;
    r.m.request("f");
    const stream p = r.connect("p");
    r.say(p, "f", stop(5));
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

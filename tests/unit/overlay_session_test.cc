// Calls: two of ours against each other, and bytes as JavaScript's and others' peers send them.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "tests/unit/overlay_session_rig.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using namespace rhumb::test;

TEST(OverlaySession, DuplexBothWays) {
    for (const std::size_t piece : {1u, 5u, 100000u}) {
        two peers;
        EXPECT_EQ(peers.alice.open(call_type::duplex, "known.thing", "[1,2]"), 1);
        peers.run(piece);
        EXPECT_EQ(peers.bob_hears.take(), words{"call -1 known.thing duplex 2"});
        EXPECT_TRUE(peers.bob.send(-1, body_type::json, "{\"a\":1}"));
        EXPECT_TRUE(peers.alice.send(1, body_type::text, "hello"));
        peers.run(piece);
        EXPECT_EQ(peers.alice_hears.take(), words{"data 1 2 {\"a\":1}"});
        EXPECT_EQ(peers.bob_hears.take(), words{"data -1 1 hello"});
        EXPECT_TRUE(peers.bob.end(-1));
        EXPECT_FALSE(peers.bob.end(-1));
        EXPECT_FALSE(peers.bob.send(-1, body_type::text, "late"));
        peers.run(piece);
        EXPECT_EQ(peers.alice_hears.take(), words{"end 1"});
        EXPECT_EQ(peers.bob_hears.take(), words{"end -1"});
        EXPECT_EQ(peers.alice.open_calls() + peers.bob.open_calls(), 0u);
    }
}

TEST(OverlaySession, BothMayCallAndBothMayEnd) {
    two peers;
    EXPECT_EQ(peers.alice.open(call_type::source, "known.a", "[]"), 1);
    EXPECT_EQ(peers.bob.open(call_type::sink, "known.b", "[]"), 1);
    peers.run();
    EXPECT_EQ(peers.alice_hears.take(), words{"call -1 known.b sink 0"});
    EXPECT_EQ(peers.bob_hears.take(), words{"call -1 known.a source 0"});
    peers.alice.end(1);
    peers.bob.end(-1);  // at the same time
    peers.bob.fail(1, "no \"more\"");
    peers.run();
    EXPECT_EQ(peers.alice_hears.take(), (words{"end 1", "end -1: no \"more\""}));
    EXPECT_EQ(peers.bob_hears.take(), (words{"end -1", "end 1: no \"more\""}));
}

TEST(OverlaySession, UnknownMethodsGetJavaScriptsAnswer) {
    one peer;
    peer.feed(frame(10, 1, R"({"name":["foo","bar"],"args":[],"type":"duplex"})"));
    EXPECT_EQ(said(peer.by), frame(14, -1, refusal));
    peer.feed(frame(2, 2, R"({"name":["foo","bar"],"args":[]})"));
    EXPECT_EQ(said(peer.by), frame(6, -2, refusal));
    EXPECT_EQ(peer.hears.take(), (words{"call -1 foo.bar duplex 0", "call -2 foo.bar async 0"}));
    // Its echo of our end, and what it had sent before it knew.
    peer.feed(frame(10, 1, "{}") + frame(14, 1, refusal) + frame(10, 1, "{}"));
    EXPECT_EQ(peer.hears.take(), words{});
    EXPECT_EQ(said(peer.by), "");
    EXPECT_EQ(peer.by.open_calls(), 0u);
}

TEST(OverlaySession, AsyncCalls) {
    two peers;
    peers.bob_hears.takes = [](session& by, const incoming_call& call) {
        return call.name == "yes"  ? by.answer(call.id, body_type::json, "[1]")
               : call.name == "no" ? by.refuse(call.id, "never")
                                   : call.name == "later";
    };
    peers.alice.call("yes");
    peers.alice.call("no");
    peers.alice.call("other");
    peers.alice.call("later", "[7]");
    peers.run();
    EXPECT_EQ(peers.alice_hears.take(),
              (words{"answer 1 [1]", "refusal 2 never",
                     "refusal 3 method:other is not in list of allowed methods"}));
    EXPECT_EQ(peers.bob_hears.take(), (words{"call -1 yes async 0", "call -2 no async 0",
                                             "call -3 other async 0", "call -4 later async 1"}));
    EXPECT_FALSE(peers.bob.answer(-1, body_type::json, "1"));  // once only
    EXPECT_FALSE(peers.bob.send(-4, body_type::json, "1"));
    EXPECT_FALSE(peers.bob.answer(-4, body_type::json, ""));
    EXPECT_TRUE(peers.bob.answer(-4, body_type::json, "null"));
    peers.run();
    EXPECT_EQ(peers.alice_hears.take(), words{"answer 4 null"});
}

TEST(OverlaySession, NamesMayBeText) {
    one peer;
    peer.feed(frame(2, 1, R"({"name":"known","args":{}})") +
              frame(2, 2, R"({"name":["known.x"]})"));
    EXPECT_EQ(peer.hears.take(), (words{"call -1 known async none", "call -2 known.x async none"}));
    EXPECT_EQ(said(peer.by), "");
}

TEST(OverlaySession, StreamsOfAnUnknownTypeMayBeAnything) {
    one peer;
    peer.feed(frame(10, 1, R"({"name":["known"],"args":[]})") +
              frame(10, 2, call_of("known", "odd")) + frame(10, 3, call_of("known", "source")));
    EXPECT_EQ(peer.hears.take(), (words{"call -1 known duplex 0", "call -2 known duplex 0",
                                        "call -3 known source 0"}));
}

TEST(OverlaySession, MalformedCallsAreTurnedDown) {
    one peer;
    const auto answer = [](std::string_view what) {
        return R"({"name":"Error","message":")" + std::string(what) + R"(","stack":""})";
    };
    peer.feed(frame(10, 1, "{"));
    EXPECT_EQ(said(peer.by), frame(14, -1, answer("a call is a JSON object")));
    peer.feed(frame(9, 2, call_of("known")));
    EXPECT_EQ(said(peer.by), frame(14, -2, answer("a call is a JSON object")));
    int request = 3;
    for (const char* const body : {"null", "[]", "7", "{}", R"({"name":[]})", R"({"name":[1]})",
                                   R"({"name":["1","2","3","4","5","6","7","8","9"]})"}) {
        peer.feed(frame(2, request, body));
        EXPECT_EQ(said(peer.by), frame(6, -request, answer("a call has a name"))) << body;
        ++request;
    }
    EXPECT_EQ(peer.hears.take(), words{});
    EXPECT_EQ(peer.by.now(), session::state::open);
}

TEST(OverlaySession, ErrorsHaveTexts) {
    one peer;
    const auto gone = [&](std::string_view body, unsigned flags = 14) {
        const stream_id id = peer.by.open(call_type::duplex, "ebt.replicate", "[]");
        peer.feed(frame(flags, -id, body));
        return peer.hears.take().back();
    };
    EXPECT_EQ(gone("true"), "end 1");
    EXPECT_EQ(gone(R"({"message":"muxrpc: no such command: ebt.replicate","stack":"x"})"),
              "end 2: muxrpc: no such command: ebt.replicate");
    EXPECT_EQ(gone("\"text\""), "end 3: text");
    EXPECT_EQ(gone("{}"), "end 4: an error without a message");
    EXPECT_EQ(gone("{"), "end 5: an error that is no JSON");
    EXPECT_EQ(gone("true", 13), "end 6: an error without a message");
    EXPECT_EQ(gone("false"), "end 7: an error without a message");
    EXPECT_TRUE(says_no_ebt("muxrpc: no such command: ebt.replicate"));
    EXPECT_TRUE(says_no_ebt("method:ebt,replicate is not in list of allowed methods"));
    EXPECT_FALSE(says_no_ebt("unexpected end of parent stream"));
}

TEST(OverlaySession, ClosesInPeace) {
    two peers;
    peers.alice.open(call_type::duplex, "known", "[]");
    peers.alice.call("known");
    peers.bob.open(call_type::duplex, "known", "[]");
    peers.run();
    peers.alice_hears.take();
    peers.bob_hears.take();
    peers.alice.close();
    EXPECT_EQ(peers.alice.now(), session::state::closing);
    EXPECT_FALSE(peers.alice.send(1, body_type::text, "late"));
    EXPECT_EQ(peers.alice.open(call_type::duplex, "known", "[]"), 0);
    peers.run();
    EXPECT_EQ(peers.alice.now(), session::state::closed);
    EXPECT_EQ(peers.bob.now(), session::state::closed);
    // Ends come before the goodbye, so both streams have ended in peace; the call was not answered.
    EXPECT_EQ(peers.alice_hears.take(),
              (words{"end 1", "end -1", "refusal 2 unexpected end of parent stream"}));
    EXPECT_EQ(peers.bob_hears.take(), (words{"end -1", "end 1"}));
    EXPECT_EQ(peers.alice.hang_up(), session::state::closed);
    EXPECT_EQ(peers.alice.feed(bytes_of(frame(10, 9, "{}"))), session::state::closed);
}

TEST(OverlaySession, AGoodbyeEndsOpenStreamsWithAnError) {
    one peer;
    peer.by.open(call_type::duplex, "known", "[]");
    peer.feed(frame(10, 1, call_of("known")));
    said(peer.by);
    peer.hears.take();
    peer.feed(goodbye);
    EXPECT_EQ(said(peer.by), frame(14, 1, parent) + frame(14, -1, parent) + goodbye);
    EXPECT_EQ(peer.hears.take(), (words{"end -1: unexpected end of parent stream",
                                        "end 1: unexpected end of parent stream"}));
    EXPECT_EQ(peer.by.now(), session::state::closed);
}

// As JavaScript reads it: whatever the flags say.
TEST(OverlaySession, AnyEmptyFrameIsAGoodbye) {
    one peer;
    EXPECT_EQ(peer.feed(frame(10, 5, "")), session::state::closed);
    EXPECT_EQ(said(peer.by), goodbye);
}

TEST(OverlaySession, HangUpsAreFailures) {
    one peer;
    peer.by.open(call_type::duplex, "known", "[]");
    peer.by.call("known");
    EXPECT_EQ(peer.by.hang_up(), session::state::failed);
    EXPECT_EQ(peer.hears.take(),
              (words{"refusal 2 unexpected hang-up", "end 1: unexpected hang-up"}));
    EXPECT_EQ(peer.by.bytes_pending(), 0u);
    EXPECT_EQ(peer.feed(frame(10, 1, "{}")), session::state::failed);
}

TEST(OverlaySession, LimitsFramesByTheirStream) {
    const std::string large(100000, ' ');
    {
        one peer;
        EXPECT_EQ(peer.feed(frame(10, 1, large)), session::state::failed);
        EXPECT_EQ(peer.by.why(), "a frame that is larger than its stream may send");
    }
    {
        one peer;
        const stream_id small = peer.by.open(call_type::duplex, "known", "[]");
        const stream_id big = peer.by.open(call_type::duplex, "known", "[]", 100000);
        EXPECT_EQ(peer.feed(frame(10, -big, large)), session::state::open);
        EXPECT_EQ(peer.feed(frame(10, -small, large)), session::state::failed);
    }
    {
        one peer;
        peer.feed(frame(10, 1, call_of("known")));
        peer.by.allow(-1, 100000);
        EXPECT_EQ(peer.feed(frame(10, 1, large)), session::state::open);
        // A stream that is gone may have something large on its way, but not anything.
        peer.feed(frame(14, 1, "true"));
        EXPECT_EQ(peer.feed(frame(10, 1, large)), session::state::open);
        std::string monstrous = frame(10, 1, "x");
        monstrous[1] = '\x01';
        EXPECT_EQ(peer.feed(monstrous), session::state::failed);
    }
}

TEST(OverlaySession, LimitsOpenCalls) {
    listener hears;
    session by(hears, {.calls = 2});
    for (int n = 1; n <= 3; ++n) {
        by.feed(bytes_of(frame(10, n, call_of("known"))));
    }
    EXPECT_EQ(hears.take().size(), 2u);
    EXPECT_EQ(said(by), frame(14, -3, error_body("too many calls at the same time")));
    EXPECT_EQ(by.open(call_type::duplex, "x", "[]"), 0);
    by.feed(bytes_of(frame(14, 1, "true")));
    EXPECT_EQ(by.open(call_type::duplex, "x", "[]"), 1);
}

TEST(OverlaySession, CutsWhoCallsAndDoesNotRead) {
    one peer;
    int request = 0;
    while (peer.feed(frame(2, ++request, R"({"name":["foo","bar"]})")) == session::state::open) {
        ASSERT_LT(request, 10000);
    }
    EXPECT_EQ(peer.by.why(), "the peer calls, but does not read the answers");
    // Who reads may go on.
    one other;
    for (request = 1; request < 20000; ++request) {
        ASSERT_EQ(other.feed(frame(2, request, R"({"name":["foo","bar"]})")), session::state::open);
        other.by.output().take(other.by.bytes_pending());
    }
}

TEST(OverlaySession, RefusesNumbersThatNoCallHas) {
    for (const std::int32_t number : {0, std::numeric_limits<std::int32_t>::min()}) {
        one peer;
        EXPECT_EQ(peer.feed(frame(10, number, "x")), session::state::failed);
    }
    one peer;  // answers to nobody are passed over, as are ends
    EXPECT_EQ(peer.feed(frame(10, -5, "x") + frame(14, 7, "true") + frame(6, -3, "{}")),
              session::state::open);
    EXPECT_EQ(peer.hears.take(), words{});
    EXPECT_EQ(said(peer.by), "");
}

TEST(OverlaySession, RefusesFramesOfAnotherKind) {
    one peer;
    peer.by.call("x");
    EXPECT_EQ(peer.feed(frame(10, -1, "{}")), session::state::failed);
    EXPECT_EQ(peer.by.why(), "a frame of another kind than its call");
    EXPECT_EQ(peer.hears.take(), words{"refusal 1 a frame of another kind than its call"});
    one other;
    other.feed(frame(2, 1, R"({"name":["known"]})"));
    EXPECT_EQ(other.feed(frame(2, 1, "{}")), session::state::failed);
    EXPECT_EQ(other.by.why(), "an answer to a call of one's own");
}

TEST(OverlaySession, HandlersMayDoAnything) {
    one peer;
    peer.hears.on_body = [](session& by, stream_id id) {
        by.end(id);
        by.close();
    };
    peer.hears.on_gone = [](session& by, stream_id /*id*/) {
        by.open(call_type::duplex, "x", "[]");
        by.close();
    };
    peer.feed(frame(10, 1, call_of("known")) + frame(10, 1, "{}") + frame(14, 1, "true") + goodbye);
    EXPECT_EQ(peer.by.now(), session::state::closed);
    EXPECT_EQ(said(peer.by), frame(14, -1, "true") + goodbye);
    one other;
    other.hears.takes = [](session& by, const incoming_call& call) {
        by.fail(call.id, "not now");
        return true;
    };
    other.feed(frame(10, 1, call_of("known")) + frame(14, 1, error_body("not now")));
    EXPECT_EQ(other.hears.take(), (words{"call -1 known duplex 0", "end -1: not now"}));
    EXPECT_EQ(said(other.by), frame(14, -1, error_body("not now")));
}

TEST(OverlaySession, KeepsAlive) {
    two peers;
    listener hears;
    session bob(hears, {}, R"({"manifest":"async"})");
    peers.alice.keep_alive();
    peers.alice.keep_alive();  // one at a time
    const std::string asked = said(peers.alice);
    EXPECT_EQ(asked, frame(2, 1, R"({"name":["manifest"],"args":[]})"));
    bob.feed(bytes_of(asked));
    const std::string answer = said(bob);
    EXPECT_EQ(answer, frame(2, -1, R"({"manifest":"async"})"));
    peers.alice.feed(bytes_of(answer));
    EXPECT_EQ(peers.alice_hears.take(), words{});
    EXPECT_EQ(hears.take(), words{});
    peers.alice.keep_alive();
    EXPECT_EQ(said(peers.alice), frame(2, 2, R"({"name":["manifest"],"args":[]})"));
    EXPECT_EQ(peers.alice.hang_up(), session::state::failed);
    EXPECT_EQ(peers.alice_hears.take(), words{});
}

}  // namespace

// Classic messages: names, rules, signatures. What only others' bytes can show is in
// overlay_vectors_test.cc.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/wire/base64.hh"
#include "controlplane/overlay/wire/classic_message.hh"
#include "tests/support/overlay_keys.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using test::identity_of;

// The fifth and sixth message of a feed that npm peers (ssb-db, ssb-db2) took.
constexpr std::string_view integer_keys =
    R"({"previous":"%35VLuSOIzMS2jrd4BxOSMIDpikSkqyiA6LJEpzNc81A=.sha256","sequence":5,)"
    R"("author":"@bnoc3Smwt4/ROvTFWY/v9O8qlxZuPKby5Pv8zYBQW/E=.ed25519","timestamp":1500000000004,)"
    R"("hash":"sha256","content":{"type":"test","10":"x","b":1,"2":"y","a":2,"-1":3,"01":4,)"
    R"("4294967295":5,"4294967294":6},"signature":"RfeuPD5k7psbVWcBmoX1bjOkLCQv7WZ/tqXxT/4fw7MVhwmQ)"
    R"(+aWA5LxAigmoNuUncGvXqCzQ5whRKHFJeM//Dw==.sig.ed25519"})";
constexpr std::string_view lone_halves =
    R"({"previous":"%WcaGSwNz+qagKetaf4l5pBx2TjZNVZm28TMByCp0Ab0=.sha256","sequence":6,)"
    R"("author":"@bnoc3Smwt4/ROvTFWY/v9O8qlxZuPKby5Pv8zYBQW/E=.ed25519","timestamp":1500000000005,)"
    R"("hash":"sha256","content":{"type":"test","lone":"\uD800 x \udc00"},"signature":)"
    R"("GTRLR+MsCFULskoWUlQg7avinxh6axisijfrsOlnVsGlST4bcpVaq+pnS9jx7uYF/wZANzcm/kBFAH+F7KuvAg==)"
    R"(.sig.ed25519"})";

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), by);
}

std::string why_not(std::string_view text) {
    message_reader reader;
    classic_message message;
    const auto done = reader.read(text, message);
    return done ? "it is a message" : done.why().message;
}

TEST(OverlayIds, HaveOneSpelling) {
    const key32 key = identity_of(5).id();
    const std::string text = feed_id_text(key);
    EXPECT_EQ(text, "@bnoc3Smwt4/ROvTFWY/v9O8qlxZuPKby5Pv8zYBQW/E=.ed25519");
    EXPECT_EQ(parse_feed_id(text), key);
    for (const std::string& bad :
         {replaced(text, "E=", "F="), replaced(text, "@", ""), replaced(text, "@", "%"),
          replaced(text, ".ed25519", ".sha256"), replaced(text, "=", ""), replaced(text, "/", "_"),
          replaced(text, "E=", "=="), text + " ", std::string("@.ed25519"), std::string()}) {
        EXPECT_FALSE(parse_feed_id(bad)) << bad;
    }
    EXPECT_EQ(parse_message_id(message_id_text(key)), key);
    EXPECT_EQ(message_id_text(key).size(), message_id_chars);
    EXPECT_FALSE(parse_message_id(text));
    signature64 signature{};
    signature.fill(0xfb);
    EXPECT_EQ(parse_signature(signature_text(signature)), signature);
    EXPECT_EQ(signature_text(signature).size(), signature_chars);
    EXPECT_FALSE(parse_signature(replaced(signature_text(signature), "w==", "x==")));
}

TEST(OverlayIds, Base64IsRfc4648) {
    const auto encoded = [](std::string_view text) {
        std::string out;
        append_base64(out, std::vector<byte>(text.begin(), text.end()));
        return out;
    };
    EXPECT_EQ(encoded(""), "");
    EXPECT_EQ(encoded("f"), "Zg==");
    EXPECT_EQ(encoded("fo"), "Zm8=");
    EXPECT_EQ(encoded("foo"), "Zm9v");
    EXPECT_EQ(encoded("foob"), "Zm9vYg==");
    EXPECT_TRUE(is_canonical_base64("Zm8=") && is_canonical_base64("Zm9vYg=="));
    for (const std::string_view bad :
         {"", "Zm9", "Zm9=", "Zh==", "Z===", "====", "Zg==Zg==", "Zm 8="}) {
        EXPECT_FALSE(is_canonical_base64(bad)) << bad;
    }
    std::array<byte, 4> four{};
    EXPECT_TRUE(decode_base64("Zm9vYg==", four));
    EXPECT_FALSE(decode_base64("Zm9vYmE=", four));
    std::array<byte, 0> none{};
    EXPECT_TRUE(decode_base64("", none));
}

TEST(OverlayMessage, ReadsInJavaScriptsOrder) {
    message_reader reader;
    classic_message message;
    ASSERT_TRUE(reader.read(integer_keys, message));
    EXPECT_TRUE(verify(message));
    EXPECT_EQ(message_id_text(message.id), "%WcaGSwNz+qagKetaf4l5pBx2TjZNVZm28TMByCp0Ab0=.sha256");
    EXPECT_EQ(message.sequence, 5);
    EXPECT_EQ(message.author, identity_of(5).id());
    EXPECT_EQ(message.timestamp, 1500000000004);
    const chain_position fifth{message.sequence, message.id};
    ASSERT_TRUE(reader.read(lone_halves, message));
    EXPECT_TRUE(verify(message));
    EXPECT_EQ(message_id_text(message.id), "%pQ1u6UeAJ+i0r4m24kq9pCa3mz1FUt3WsvYigfW6mp4=.sha256");
    EXPECT_TRUE(check_follows(message, fifth));
    EXPECT_NE(message.wire.find(R"("\ud800 x \udc00")"), std::string::npos);
}

TEST(OverlayMessage, WhatIsSentReadsAsTheSame) {
    message_reader reader;
    classic_message first;
    classic_message second;
    ASSERT_TRUE(reader.read(integer_keys, first));
    ASSERT_TRUE(reader.read(first.wire, second));
    EXPECT_EQ(second.wire, first.wire);
    EXPECT_EQ(second.signed_text, first.signed_text);
    EXPECT_EQ(second.id, first.id);
}

TEST(OverlayMessage, AnyChangeBreaksTheSignature) {
    message_reader reader;
    classic_message message;
    for (const auto& [what, by] :
         std::vector<std::pair<std::string, std::string>>{{"\"b\":1", "\"b\":2"},
                                                          {"1500000000004", "1500000000005"},
                                                          {"\"sequence\":5", "\"sequence\":7"},
                                                          {"RfeuP", "RfeuQ"},
                                                          {"%35V", "%36V"},
                                                          {"@bnoc", "@bnod"}}) {
        ASSERT_TRUE(reader.read(replaced(std::string(integer_keys), what, by), message)) << by;
        EXPECT_FALSE(verify(message)) << by;
    }
}

TEST(OverlayMessage, SaysWhichRuleIsBroken) {
    const std::string good(integer_keys);
    const auto changed = [&](std::string_view what, std::string_view by) {
        return why_not(replaced(good, what, by));
    };
    EXPECT_EQ(why_not(good), "it is a message");
    EXPECT_EQ(why_not("[]"), "a message is an object");
    EXPECT_EQ(why_not("{}"), "a message has seven members");
    EXPECT_EQ(changed("{\"prev", "{\"x\":1,\"prev"), "a message has seven members");
    EXPECT_EQ(changed("\"hash\"", "\"hush\""), "its members are other ones, or in another order");
    EXPECT_EQ(why_not(replaced(replaced(replaced(good, "timestamp", "x"), "hash", "timestamp"),
                               "\"x\"", "\"hash\"")),
              "its members are other ones, or in another order");
    for (const std::string_view number : {"0", "-1", "1.5", "9007199254740992", "1e999"}) {
        EXPECT_EQ(changed("\"sequence\":5", "\"sequence\":" + std::string(number)),
                  "sequence: not 1, 2, 3 and so on");
    }
    EXPECT_EQ(changed("\"sequence\":5", "\"sequence\":\"5\""), "sequence: no number");
    EXPECT_EQ(changed("\"sequence\":5", "\"sequence\":1"), "previous: the first message has none");
    EXPECT_EQ(changed("\"%35VLuSOIzMS2jrd4BxOSMIDpikSkqyiA6LJEpzNc81A=.sha256\"", "null"),
              "previous: only the first message has none");
    EXPECT_EQ(changed("A=.sha256", "B=.sha256"), "previous: no message id");
    EXPECT_EQ(changed("\"%35VLuSOIzMS2jrd4BxOSMIDpikSkqyiA6LJEpzNc81A=.sha256\"", "7"),
              "previous: no message id");
    EXPECT_EQ(changed("E=.ed25519", "F=.ed25519"), "author: no feed id");
    EXPECT_EQ(changed("1500000000004", "\"1\""), "timestamp: no number");
    EXPECT_EQ(changed("1500000000004", "1e999"), "timestamp: no number");
    EXPECT_EQ(changed("\"hash\":\"sha256\"", "\"hash\":\"sha512\""), "hash: not sha256");
    EXPECT_EQ(changed("Dw==.sig", "Dx==.sig"), "signature: no Ed25519 signature");
    EXPECT_EQ(changed("\"type\":\"test\"", "\"type\":\"te\""),
              "content: its type is not of 3 to 52 characters");
    EXPECT_EQ(changed("\"type\":\"test\"", "\"type\":\"" + std::string(53, 'x') + "\""),
              "content: its type is not of 3 to 52 characters");
    EXPECT_EQ(changed("\"type\":\"test\"", "\"type\":4"), "content: it has no type");
    EXPECT_TRUE(changed("{\"prev", "{prev").starts_with("not valid JSON at byte 1"));
}

TEST(OverlayMessage, ContentIsAnObjectOrEncrypted) {
    const identity author = identity_of(7);
    message_reader reader;
    for (const std::string_view content :
         {R"({"type":"abc"})", R"("Zm9v.box")", R"("Zm8=.box2")", R"(".box")",
          R"("Zm9v.box-1 \ud800")", R"({"x":1,"type":"post"})"}) {
        EXPECT_TRUE(reader.make(author, {}, 1, content)) << content;
    }
    for (const std::string_view content :
         {"null", "7", "[]", "{}", "\"\"", R"("text")", R"("Zm9=.box")", R"("Zm9v.box\n")",
          R"("Zm9v.box\u2028")", R"("Zm.9v.box")", R"("Zm9v.bo")", R"({"type":"abc"},"x":{})",
          "{\"type\":\"abc\"", "", R"({"type":"abc"} 1)"}) {
        EXPECT_FALSE(reader.make(author, {}, 1, content)) << content;
    }
}

TEST(OverlayMessage, SwappedMembersAreAMessageToo) {
    const std::string swapped = replaced(replaced(std::string(integer_keys), "\"sequence\":5,", ""),
                                         "\"timestamp\"", "\"sequence\":5,\"timestamp\"");
    EXPECT_EQ(why_not(swapped), "it is a message");
    message_reader reader;
    classic_message message;
    ASSERT_TRUE(reader.read(swapped, message));
    EXPECT_FALSE(verify(message));  // another text was signed
    EXPECT_LT(message.wire.find("author"), message.wire.find("sequence"));
}

TEST(OverlayMessage, MakesAFeed) {
    const identity author = identity_of(9);
    message_reader reader;
    chain_position at;
    for (int n = 1; n <= 5; ++n) {
        auto made =
            reader.make(author, at, 1.5e12 + n + 0.25, R"({"type":"post","7":"\ud800é","b":1e21})");
        ASSERT_TRUE(made) << made.why().text();
        EXPECT_TRUE(verify(*made));
        EXPECT_TRUE(check_follows(*made, at));
        EXPECT_EQ(made->sequence, n);
        classic_message read;
        ASSERT_TRUE(reader.read(made->wire, read));
        EXPECT_EQ(read.id, made->id);
        EXPECT_EQ(read.timestamp, 1.5e12 + n + 0.25);
        at = {made->sequence, made->id};
    }
}

TEST(OverlayMessage, PrivateNetworksSignWithTheirKey) {
    const identity author = identity_of(9);
    message_reader reader;
    sign_key key{};
    key.fill(9);
    const sign_key other{};
    auto made = reader.make(author, {}, 1, R"({"type":"post"})", &key);
    ASSERT_TRUE(made);
    EXPECT_TRUE(verify(*made, &key));
    EXPECT_FALSE(verify(*made, &other));
    EXPECT_FALSE(verify(*made));
}

TEST(OverlayMessage, FollowsItsFeed) {
    message_reader reader;
    classic_message message;
    ASSERT_TRUE(reader.read(integer_keys, message));
    EXPECT_EQ(check_follows(message, {5, message.id}).why().message,
              "sequence: 5 where 6 should follow");
    EXPECT_EQ(check_follows(message, {3, {}}).why().message, "sequence: 5 where 4 should follow");
    EXPECT_EQ(check_follows(message, {4, {}}).why().message,
              "previous: it does not name the message before");
    EXPECT_TRUE(check_follows(message, {4, *message.previous}));
}

// The limit counts 16-bit units of the pretty text, with its signature.
TEST(OverlayMessage, IsOf8192UnitsAtMost) {
    const identity author = identity_of(9);
    message_reader reader;
    const auto content = [](std::size_t count, std::string_view what) {
        std::string text;
        for (std::size_t n = 0; n != count; ++n) {
            text += what;
        }
        return R"({"type":"post","text":")" + text + "\"}";
    };
    const auto size = [&](std::string_view what) {
        std::size_t fits = 0;
        for (std::size_t step = 4096; step != 0; step /= 2) {
            fits += reader.make(author, {}, 1, content(fits + step, what)) ? step : 0;
        }
        return fits;
    };
    const auto empty = reader.make(author, {}, 1, content(0, ""));
    ASSERT_TRUE(empty);
    const std::size_t around = empty.value().signed_text.size() + 119;  // the signature's member
    EXPECT_EQ(size("x") + around, 8192u);
    EXPECT_EQ(size("\xe6\x97\xa5") + around, 8192u);
    EXPECT_EQ(size("\xf0\x9f\x98\x80"), (8192 - around) / 2);
    EXPECT_EQ(size("\\ud800"), (8192 - around) / 6);
    EXPECT_EQ(reader.make(author, {}, 1, content(8000, "x")).why().message,
              "a message of more than 8192 characters");
}

}  // namespace

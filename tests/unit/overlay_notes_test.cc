// Notes as JSON: what is read, what is passed over, what is refused.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/wire/notes.hh"
#include "tests/support/dice.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;

key32 feed(byte number) {
    key32 key{};
    key[31] = number;
    return key;
}

std::string entry(byte number, std::string_view value) {
    return '"' + feed_id_text(feed(number)) + "\":" + std::string(value);
}

std::vector<note_entry> read(std::string_view text) {
    notes_reader reader;
    std::vector<note_entry> notes{{feed(99), 1}};
    const auto done = reader.read(text, notes);
    EXPECT_TRUE(done) << text << ": " << done.why().message;
    return notes;
}

std::string why_not(std::string_view text, notes_limits most = {}) {
    notes_reader reader(most);
    std::vector<note_entry> notes;
    const auto done = reader.read(text, notes);
    return done ? "they are notes" : done.why().message;
}

TEST(OverlayNotes, ReadsIntegers) {
    EXPECT_EQ(read("{}"), std::vector<note_entry>{});
    EXPECT_EQ(read('{' + entry(1, "0") + ',' + entry(2, "-1") + " , " + entry(3, "450") + '}'),
              (std::vector<note_entry>{{feed(1), 0}, {feed(2), -1}, {feed(3), 450}}));
    EXPECT_EQ(read('{' + entry(1, "2.0") + ',' + entry(2, "1e3") + ',' + entry(3, "-5") + ',' +
                   entry(4, "4294967296") + ',' + entry(5, "9007199254740992") + '}'),
              (std::vector<note_entry>{{feed(1), 2},
                                       {feed(2), 1000},
                                       {feed(3), -5},
                                       {feed(4), 4294967296},
                                       {feed(5), 9007199254740992}}));
}

TEST(OverlayNotes, WhatIsNoIntegerIsNotReplicated) {
    for (const std::string_view value : {"1.5", "\"x\"", "null", "true", "{}", "[1,[2,{\"a\":{}}]]",
                                         "1e300", "1e999", "-1e999", "9007199254740994"}) {
        EXPECT_EQ(read('{' + entry(1, value) + ',' + entry(2, "7") + '}'),
                  (std::vector<note_entry>{{feed(1), -1}, {feed(2), 7}}))
            << value;
    }
}

TEST(OverlayNotes, TheLastOfAFeedCountsAtItsFirstPlace) {
    EXPECT_EQ(read('{' + entry(1, "2") + ',' + entry(2, "4") + ',' + entry(1, "6") + '}'),
              (std::vector<note_entry>{{feed(1), 6}, {feed(2), 4}}));
}

TEST(OverlayNotes, AClockWithinWins) {
    const std::string within = "{\"version\":3," + entry(1, "2") + ",\"clock\":{" + entry(2, "4") +
                               "},\"more\":[1,{}]," + entry(3, "6") + '}';
    EXPECT_EQ(read(within), (std::vector<note_entry>{{feed(2), 4}}));
    EXPECT_EQ(read("{\"clock\":{}}"), std::vector<note_entry>{});
    EXPECT_EQ(read("{\"clock\":{" + entry(1, "2") + "},\"clock\":{" + entry(2, "4") + "}}"),
              (std::vector<note_entry>{{feed(2), 4}}));
    // One that is no object is a key like others; there is no clock within a clock.
    EXPECT_EQ(read("{\"clock\":1," + entry(3, "6") + '}'), (std::vector<note_entry>{{feed(3), 6}}));
    EXPECT_EQ(read("{\"clock\":{\"clock\":{" + entry(1, "2") + "}}}"), std::vector<note_entry>{});
}

TEST(OverlayNotes, OtherKeysArePassedOverUpToALimit) {
    notes_reader reader;
    std::vector<note_entry> notes;
    const std::string odd = feed_id_text(feed(1)).replace(43, 1, "B");  // not canonical
    ASSERT_TRUE(reader.read(
        "{\"foo\":1,\"" + odd + "\":2,\"constructor\":200," + entry(1, "2") + '}', notes));
    EXPECT_EQ(notes, (std::vector<note_entry>{{feed(1), 2}}));
    EXPECT_EQ(reader.foreign(), 3u);
    EXPECT_EQ(why_not("{\"a\":1,\"b\":2,\"c\":3}", {.foreign = 2}), "notes about what is no feed");
}

TEST(OverlayNotes, RefusesOtherValues) {
    for (const std::string_view other : {"null", "true", "7", "\"hello\"", "[]", "[1]"}) {
        EXPECT_EQ(why_not(other), "notes are an object") << other;
    }
    const std::string good = '{' + entry(1, "[{}]") + '}';
    for (std::size_t size = 0; size != good.size(); ++size) {
        EXPECT_TRUE(why_not(good.substr(0, size)).starts_with("not valid JSON")) << size;
    }
    EXPECT_TRUE(why_not(good + '1').starts_with("not valid JSON"));
    EXPECT_EQ(why_not(good, {.bytes = 20}), "notes of more than 20 bytes");
    EXPECT_EQ(why_not('{' + entry(1, "1") + ',' + entry(2, "1") + '}', {.entries = 1}),
              "too many notes");
}

TEST(OverlayNotes, TellsMessagesFromNotes) {
    EXPECT_TRUE(begins_message(R"( { "previous" : null})"));
    EXPECT_TRUE(begins_message(R"({"prev\u0069ous":null})"));
    for (const std::string_view other : {"{}", "", "[", "[\"previous\"]", "{\"author\":1}",
                                         "\"previous\"", "{\"x\":{\"previous\":1}}"}) {
        EXPECT_FALSE(begins_message(other)) << other;
    }
}

TEST(OverlayNotes, WritesInFramesThatFit) {
    std::string text;
    EXPECT_EQ(append_notes(text, {}), 0u);
    EXPECT_EQ(text, "{}");
    test::dice roll(4);
    std::vector<note_entry> notes(3000);
    for (note_entry& note : notes) {
        for (byte& b : note.feed) {
            b = static_cast<byte>(roll());
        }
        note.value = static_cast<std::int64_t>(roll()) - 1;
    }
    notes[5].value = -1;
    std::vector<note_entry> back;
    std::size_t frames = 0;
    for (std::span<const note_entry> left = notes; !left.empty(); ++frames) {
        text.clear();
        left = left.subspan(append_notes(text, left, 10000));
        EXPECT_LE(text.size(), 10002u);
        const auto part = read(text);
        back.insert(back.end(), part.begin(), part.end());
    }
    EXPECT_EQ(back, notes);
    EXPECT_GT(frames, 17u);
    text.clear();
    EXPECT_EQ(append_notes(text, notes, 1), 1u);  // one at least
}

}  // namespace

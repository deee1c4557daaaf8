// Frames: as JavaScript writes them, in any pieces, and what is no frame.
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "controlplane/overlay/wire/mux_frame.hh"
#include "tests/unit/overlay_session_rig.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using namespace rhumb::test;
using namespace std::string_literals;

TEST(OverlayMux, WritesWhatJavaScriptWrites) {
    one peer;
    EXPECT_EQ(
        peer.by.open(call_type::duplex, "ebt.replicate", R"([{"version":3,"format":"classic"}])"),
        1);
    EXPECT_EQ(said(peer.by),
              frame(10, 1,
                    R"({"name":["ebt","replicate"],"args":[{"version":3,"format":"classic"}],)"
                    R"("type":"duplex"})"));
    EXPECT_EQ(peer.by.call("whoami"), 2);
    EXPECT_EQ(said(peer.by), frame(2, 2, R"({"name":["whoami"],"args":[]})"));
    EXPECT_TRUE(peer.by.send(1, body_type::json, "{}"));
    EXPECT_TRUE(peer.by.send(1, body_type::text, "hi"));
    EXPECT_TRUE(peer.by.send(1, body_type::binary, "\0\1"s));
    EXPECT_EQ(said(peer.by), frame(10, 1, "{}") + frame(9, 1, "hi") + frame(8, 1, "\0\1"s));
    EXPECT_TRUE(peer.by.end(1));
    EXPECT_EQ(said(peer.by), frame(14, 1, "true"));
}

TEST(OverlayMux, NeverSendsWhatHarmsJavaScript) {
    one peer;
    peer.by.open(call_type::duplex, "x", "[]");
    said(peer.by);
    EXPECT_FALSE(peer.by.send(1, body_type::text, ""));
    EXPECT_FALSE(peer.by.send(1, body_type::json, "null"));
    EXPECT_FALSE(peer.by.answer(1, body_type::json, "1"));
    EXPECT_EQ(said(peer.by), "");
}

TEST(OverlayMux, ReaderTakesAnyPieces) {
    const std::string text =
        frame(10, 1, "{}") + frame(9, -2, std::string(70000, 'x')) + frame(0, 3, "b") + goodbye;
    for (const std::size_t piece : {1u, 8u, 9u, 10u, 4096u, 100000u}) {
        mux_reader reader;
        words got;
        for (std::string_view left = text; !left.empty();) {
            std::span<const byte> part = bytes_of(left.substr(0, piece));
            left.remove_prefix(part.size());
            for (auto event = reader.read(part); event != mux_reader::event::none;
                 event = reader.read(part)) {
                if (event == mux_reader::event::header && reader.header().request == 3) {
                    reader.discard();
                } else if (event == mux_reader::event::frame) {
                    got.push_back(std::to_string(reader.header().request) + ' ' +
                                  std::to_string(reader.body().size()));
                } else if (event == mux_reader::event::goodbye) {
                    got.emplace_back("goodbye");
                }
            }
        }
        EXPECT_EQ(got, (words{"1 2", "-2 70000", "goodbye"}));
    }
}

TEST(OverlayMux, RefusesUnknownKinds) {
    for (const unsigned flags : {3u, 11u, 16u, 128u, 26u}) {
        one peer;
        EXPECT_EQ(peer.feed(frame(flags, 1, "x")), session::state::failed);
        EXPECT_EQ(peer.by.why(), "a frame of an unknown kind");
    }
}

}  // namespace

// What a broadcast message says of itself: its envelope.
#include <gtest/gtest.h>

#include <vector>

#include "controlplane/overlay/service/envelope.hh"

namespace rhumb::overlay {
namespace {

TEST(overlay_envelope, says_what_was_written) {
    const std::string_view text = "gr\xc3\xbc\xc3\x9f dich";
    std::vector<byte> bytes;
    append_envelope(
        bytes, {1, 1'700'000'000'123, {reinterpret_cast<const byte*>(text.data()), text.size()}});
    const auto read = read_envelope(bytes);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->is(broadcast_kind::text));
    EXPECT_EQ(read->sent_ms, 1'700'000'000'123);
    EXPECT_EQ(read->text(), text);
    for (std::size_t length = 0; length < envelope_head; ++length) {
        EXPECT_FALSE(read_envelope(std::span(bytes).first(length))) << length;
    }
    EXPECT_TRUE(read_envelope(std::span(bytes).first(envelope_head)));
    EXPECT_FALSE(read_envelope(std::span(bytes).first(envelope_head + 3)));  // half a character
    const auto with = [&](std::size_t at, byte value) {
        auto changed = bytes;
        changed[at] = value;
        return read_envelope(changed).has_value();
    };
    EXPECT_FALSE(with(0, 2));
    EXPECT_FALSE(with(1, 0));
    EXPECT_TRUE(with(1, 77));
    EXPECT_FALSE(with(2, 0x80));  // a time that is none
}

TEST(overlay_envelope, link_down_has_a_version_and_a_name) {
    std::vector<byte> bytes;
    append_link_down(bytes, {0x0102030405060708, "to-r2"});
    const auto read = read_link_down(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->version, 0x0102030405060708U);
    EXPECT_EQ(read->link, "to-r2");
    for (std::size_t length = 0; length <= 8; ++length) {
        EXPECT_FALSE(read_link_down(std::span(bytes).first(length))) << length;
    }
    bytes.resize(8 + 255, 'x');
    EXPECT_TRUE(read_link_down(bytes));
    bytes.push_back('x');
    EXPECT_FALSE(read_link_down(bytes));
    bytes.resize(10);
    bytes[9] = ' ';
    EXPECT_FALSE(read_link_down(bytes));
    std::vector<byte> whole;
    append_envelope(whole, {2, 1, bytes});
    EXPECT_FALSE(read_envelope(whole));
}

TEST(overlay_envelope, is_fresh_for_a_lifetime) {
    EXPECT_TRUE(is_fresh(100'000, 100'000, 1000));
    EXPECT_TRUE(is_fresh(99'000, 100'000, 1000));
    EXPECT_TRUE(is_fresh(101'000, 100'000, 1000));
    EXPECT_FALSE(is_fresh(98'999, 100'000, 1000));
    EXPECT_FALSE(is_fresh(101'001, 100'000, 1000));
}

}  // namespace
}  // namespace rhumb::overlay

// Box streams: any split of the bytes reads the same, and what was changed does not read.
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "controlplane/overlay/wire/box_stream.hh"
#include "tests/support/dice.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;

constexpr stream_key key{1, 2, 3};
constexpr stream_nonce nonce{9};

std::vector<byte> random_bytes(test::dice& roll, std::size_t count) {
    std::vector<byte> bytes(count);
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<byte>(roll()); });
    return bytes;
}

std::vector<byte> all_of(byte_queue& queue) {
    std::vector<byte> bytes(queue.waiting().begin(), queue.waiting().end());
    queue.clear();
    return bytes;
}

std::vector<byte> sealed(std::span<const byte> plain, const stream_nonce& from = nonce) {
    box_writer writer(key, from);
    byte_queue out;
    writer.seal(plain, out);
    writer.goodbye(out);
    return all_of(out);
}

struct what_was_read {
    std::vector<byte> plain;
    box_reader::event last = box_reader::event::none;
    std::size_t left = 0;
};

what_was_read read_all(box_reader& reader, std::vector<byte> bytes, std::size_t piece) {
    what_was_read got;
    for (std::span<byte> rest = bytes; !rest.empty();) {
        std::span<byte> part = rest.first(std::min(piece, rest.size()));
        rest = rest.subspan(part.size());
        do {
            got.last = reader.read(part);
            if (got.last == box_reader::event::data) {
                got.plain.insert(got.plain.end(), reader.plain().begin(), reader.plain().end());
            }
        } while (got.last == box_reader::event::data);
        got.left = part.size() + rest.size();
        if (got.last != box_reader::event::none) {
            break;
        }
    }
    return got;
}

TEST(OverlayBoxStream, ReadsWhatWasWritten) {
    test::dice roll(1);
    for (const std::size_t size : {1u, 5u, 4095u, 4096u, 4097u, 8192u, 20000u}) {
        const auto plain = random_bytes(roll, size);
        const auto bytes = sealed(plain);
        EXPECT_EQ(bytes.size(), size + 34 * ((size + 4095) / 4096) + 34);
        for (const std::size_t piece :
             {std::size_t{1}, std::size_t{33}, std::size_t{34}, std::size_t{1000}, bytes.size()}) {
            box_reader reader(key, nonce);
            const auto got = read_all(reader, bytes, piece);
            EXPECT_EQ(got.plain, plain);
            EXPECT_EQ(got.last, box_reader::event::goodbye);
            EXPECT_TRUE(reader.ended());
        }
    }
}

TEST(OverlayBoxStream, NothingMakesNoSegment) {
    box_writer writer(key, nonce);
    byte_queue out;
    writer.seal({}, out);
    EXPECT_TRUE(out.empty());
}

TEST(OverlayBoxStream, NonceCarries) {
    stream_nonce last{};
    last.fill(0xff);
    last[0] = 7;
    const std::vector<byte> plain(10000, 3);
    box_reader reader(key, last);
    EXPECT_EQ(read_all(reader, sealed(plain, last), 999).plain, plain);
    last[0] = 0xff;  // all the way round
    box_reader round(key, last);
    EXPECT_EQ(read_all(round, sealed(plain, last), 999).plain, plain);
}

TEST(OverlayBoxStream, AnyChangedByteIsSeen) {
    const std::vector<byte> plain(100, 3);
    const auto good = sealed(plain);
    for (std::size_t at = 0; at != good.size(); ++at) {
        auto bytes = good;
        bytes[at] ^= 1;
        box_reader reader(key, nonce);
        const auto got = read_all(reader, bytes, 50);
        EXPECT_EQ(got.last, box_reader::event::failed) << at;
        EXPECT_TRUE(got.plain.empty() || at >= 134);
        EXPECT_FALSE(reader.why().empty());
        std::span<byte> more = bytes;
        EXPECT_EQ(reader.read(more), box_reader::event::failed);
        EXPECT_FALSE(reader.ended());
    }
}

TEST(OverlayBoxStream, SegmentsOutOfOrderAreSeen) {
    const std::vector<byte> plain(8192, 3);
    auto bytes = sealed(plain);
    std::rotate(bytes.begin(), bytes.begin() + 4130, bytes.begin() + 8260);
    box_reader reader(key, nonce);
    EXPECT_EQ(read_all(reader, bytes, 9999).last, box_reader::event::failed);
}

TEST(OverlayBoxStream, WithoutGoodbyeItIsNotEnded) {
    const std::vector<byte> plain(10, 3);
    auto bytes = sealed(plain);
    bytes.resize(bytes.size() - 1);
    box_reader reader(key, nonce);
    const auto got = read_all(reader, bytes, 9);
    EXPECT_EQ(got.last, box_reader::event::none);
    EXPECT_EQ(got.plain, plain);
    EXPECT_FALSE(reader.ended());
}

TEST(OverlayBoxStream, NothingIsReadAfterTheGoodbye) {
    const std::vector<byte> plain(10, 3);
    auto bytes = sealed(plain);
    bytes.push_back(1);
    box_reader reader(key, nonce);
    const auto got = read_all(reader, bytes, 1000);
    EXPECT_EQ(got.last, box_reader::event::goodbye);
    EXPECT_EQ(got.left, 1u);
}

// Segments as no writer of ours makes them.
TEST(OverlayBoxStream, RefusesOtherLengths) {
    for (const unsigned length : {0u, 4097u, 65535u}) {
        std::array<byte, 18> header{};
        store_be16(header.data(), static_cast<std::uint16_t>(length));
        header[17] = 1;
        std::vector<byte> bytes(34);
        crypto_secretbox_easy(bytes.data(), header.data(), header.size(), nonce.data(), key.data());
        box_reader reader(key, nonce);
        std::span<byte> rest = bytes;
        EXPECT_EQ(reader.read(rest), box_reader::event::failed);
        EXPECT_EQ(reader.why(), "a segment is not of 1 to 4096 bytes");
    }
}

TEST(OverlayByteQueue, MovesAndGivesBack) {
    test::dice roll(3);
    byte_queue queue;
    std::vector<byte> expected;
    for (int round = 0; round < 2000; ++round) {
        const auto more = random_bytes(roll, roll() % 3000);
        queue.append(more);
        expected.insert(expected.end(), more.begin(), more.end());
        const std::size_t taken = std::min<std::size_t>(roll() % 3000, expected.size());
        ASSERT_TRUE(std::equal(expected.begin(), expected.end(), queue.waiting().begin(),
                               queue.waiting().end()));
        queue.take(taken);
        expected.erase(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(taken));
    }
    queue.take(queue.size());
    EXPECT_TRUE(queue.empty());
    queue.append("abc");
    EXPECT_EQ(queue.size(), 3u);
}

}  // namespace

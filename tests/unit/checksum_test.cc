#include "rhumb/checksum.hh"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "rhumb/wire/ipv4.hh"
#include "tests/support/dice.hh"
#include "tests/support/rfc1624.hh"

namespace rhumb {
namespace {

// RFC 1071 section 1, as it reads: 16-bit words, end-around carry, one at a time.
std::uint16_t slow_sum(const std::vector<byte>& data) {
    std::uint32_t sum = 0;
    for (std::size_t n = 0; n < data.size(); n += 2) {
        sum += static_cast<std::uint32_t>(data[n] << 8 | (n + 1 < data.size() ? data[n + 1] : 0));
        if (sum > 0xffff) {
            sum -= 0xffff;
        }
    }
    return static_cast<std::uint16_t>(sum);
}

TEST(checksum, the_example_of_rfc_1071) {
    const std::array<byte, 8> data{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    EXPECT_EQ(checksum_sum(data.data(), data.size()), 0xddf2);
    EXPECT_EQ(checksum_of(data.data(), data.size()), 0x220d);
}

TEST(checksum, nothing_sums_to_nothing) {
    EXPECT_EQ(checksum_sum(nullptr, 0), 0);
    EXPECT_EQ(checksum_of(nullptr, 0), 0xffff);
}

TEST(checksum, agrees_with_the_slow_one_at_every_length_and_alignment) {
    test::dice random(1);
    for (std::size_t length = 0; length < 200; ++length) {
        std::vector<byte> data(length + 3);
        for (byte& b : data) {
            b = static_cast<byte>(random() % 4 == 0 ? 0xff : random());
        }
        for (std::size_t from = 0; from < 3; ++from) {
            const std::vector<byte> part(data.begin() + static_cast<std::ptrdiff_t>(from),
                                         data.begin() + static_cast<std::ptrdiff_t>(from + length));
            EXPECT_EQ(checksum_sum(data.data() + from, length), slow_sum(part));
        }
    }
}

TEST(checksum, a_long_run_of_ones_does_not_overflow) {
    const std::vector<byte> data(65535, 0xff);
    EXPECT_EQ(checksum_sum(data.data(), data.size()), slow_sum(data));
}

TEST(checksum, an_update_is_a_recomputation) {
    test::dice random(2);
    for (int round = 0; round < 20000; ++round) {
        std::vector<byte> header(20);
        for (byte& b : header) {
            b = static_cast<byte>(random());
        }
        header[0] = 0x45;
        store_be16(&header[10], 0);
        store_be16(&header[10], checksum_of(header.data(), header.size()));
        test::set_ttl(header.data(), random() % 256);
        EXPECT_TRUE(ipv4::checksum_holds(header.data()));
        const std::uint16_t updated = load_be16(&header[10]);
        store_be16(&header[10], 0);
        EXPECT_EQ(updated, checksum_of(header.data(), header.size()));
    }
}

// RFC 1624 section 4: where the update of RFC 1141 gives 0xffff for what is 0x0000.
TEST(checksum, the_corner_of_rfc_1624) {
    EXPECT_EQ(test::checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

// All pairs that could go wrong: every checksum against words near the corners.
TEST(checksum, no_update_breaks_a_right_checksum) {
    constexpr std::array<std::uint16_t, 7> words{0x0000, 0x0001, 0x00ff, 0x0100,
                                                 0x7fff, 0xfffe, 0xffff};
    for (unsigned rest = 0; rest <= 0xffff; ++rest) {
        for (const std::uint16_t from : words) {
            // Data of two words: `rest` and one that changes.
            std::array<byte, 4> data{};
            store_be16(data.data(), static_cast<std::uint16_t>(rest));
            store_be16(data.data() + 2, from);
            const std::uint16_t before = checksum_of(data.data(), 4);
            for (const std::uint16_t to : words) {
                const std::uint16_t after = test::checksum_update(before, from, to);
                store_be16(data.data() + 2, to);
                // The receiver's test: data and checksum sum to -0. (All-zero data is no header.)
                const std::uint16_t sum =
                    checksum_fold(std::uint64_t{checksum_sum(data.data(), 4)} + after);
                ASSERT_TRUE(sum == 0xffff || (rest == 0 && to == 0))
                    << rest << ' ' << from << ' ' << to;
            }
        }
    }
}

TEST(checksum, twenty_bytes_in_one_go_as_word_by_word) {
    test::dice random(6);
    const auto compare = [](const std::array<byte, 20>& header) {
        ASSERT_EQ(checksum_holds_20(header.data()), checksum_sum(header.data(), 20) == 0xffff);
    };
    std::array<byte, 20> header{};
    compare(header);
    header.fill(0xff);
    compare(header);
    for (int round = 0; round < 200000; ++round) {
        for (byte& b : header) {
            // Many zeros and ones, for carries and sums at the ends of their range.
            const std::uint32_t roll = random();
            b = roll % 4 == 0 ? byte{0} : roll % 4 == 1 ? byte{0xff} : static_cast<byte>(roll >> 8);
        }
        compare(header);
        store_be16(header.data() + 10, 0);
        store_be16(header.data() + 10, checksum_of(header.data(), 20));
        compare(header);
        ASSERT_TRUE(checksum_holds_20(header.data()));
        header[random() % 20] ^= static_cast<byte>(1U << random() % 8);
        compare(header);
    }
}

}  // namespace
}  // namespace rhumb

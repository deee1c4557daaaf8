#include "rhumb/bytes.hh"

#include <gtest/gtest.h>

#include <array>

namespace rhumb {
namespace {

constexpr std::array<byte, 9> ramp{0x00, 0x01, 0x02, 0x83, 0x04, 0x05, 0x06, 0x07, 0x88};

static_assert(load_be16(ramp.data() + 1) == 0x0102);
static_assert(load_be32(ramp.data() + 1) == 0x01028304);
static_assert(load_be64(ramp.data() + 1) == 0x0102830405060788);
static_assert(load_be<byte>(ramp.data() + 3) == 0x83);
static_assert(byte_swap(std::uint16_t{0x1234}) == 0x3412);

constexpr std::array<byte, 8> stored(std::uint64_t value) {
    std::array<byte, 8> to{};
    store_be64(to.data(), value);
    return to;
}
static_assert(stored(0x0102030405060708) == std::array<byte, 8>{1, 2, 3, 4, 5, 6, 7, 8});

TEST(bytes, run_time_agrees_with_compile_time_at_any_alignment) {
    std::array<byte, 32> at{};
    for (std::size_t n = 0; n < at.size(); ++n) {
        at[n] = static_cast<byte>(n * 37 + 129);
    }
    for (std::size_t n = 0; n + 8 <= at.size(); ++n) {
        std::uint64_t slow = 0;
        for (std::size_t k = 0; k < 8; ++k) {
            slow = slow << 8 | at[n + k];
        }
        EXPECT_EQ(load_be64(&at[n]), slow);
        EXPECT_EQ(load_be32(&at[n]), slow >> 32);
        EXPECT_EQ(load_be16(&at[n]), slow >> 48);
    }
}

TEST(bytes, a_store_writes_its_bytes_and_no_others) {
    for (std::size_t n = 1; n < 9; ++n) {
        std::array<byte, 18> at{};
        at.fill(0xee);
        store_be64(&at[n], 0x0102030405060708);
        EXPECT_EQ(load_be64(&at[n]), 0x0102030405060708U);
        EXPECT_EQ(at[n - 1], 0xee);
        EXPECT_EQ(at[n + 8], 0xee);
        store_be32(&at[n], 0xa1b2c3d4);
        EXPECT_EQ(load_be64(&at[n]), 0xa1b2c3d405060708U);
        store_be16(&at[n + 1], 0x9988);
        EXPECT_EQ(load_be64(&at[n]), 0xa19988d405060708U);
    }
}

}  // namespace
}  // namespace rhumb

// rhumb/crypto/aes128: vectors of the standards, and every level of the processor against AES as
// FIPS 197 words it.
#include "rhumb/crypto/aes128.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/dice.hh"
#include "tests/support/from_hex.hh"
#include "tests/support/slow_aes.hh"

namespace rhumb::crypto {
namespace {

using test::block_from_hex;
using test::from_hex;

class aes128_levels : public testing::TestWithParam<isa> {
protected:
    expand_function expand_ = nullptr;
    chain_function chain_ = nullptr;

    void SetUp() override {
        if (GetParam() > isa_of_processor()) {
            GTEST_SKIP() << "this processor has no " << name_of(GetParam());
        }
        expand_ = expand_for(GetParam());
        chain_ = chain_for(GetParam());
    }
    // Of one block.
    [[nodiscard]] block encrypted(std::string_view key, std::string_view text) const {
        aes128_key expanded;
        expand_(expanded, from_hex(key).data());
        block state{};
        chain_(expanded, state, from_hex(text).data(), 1);
        return state;
    }
};

TEST_P(aes128_levels, EncryptsTheExamplesOfFips197) {
    EXPECT_EQ(
        encrypted("2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734").bytes,
        block_from_hex("3925841d02dc09fbdc118597196a0b32").bytes);
    EXPECT_EQ(
        encrypted("000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff").bytes,
        block_from_hex("69c4e0d86a7b0430d8cdb78070b4c55a").bytes);
}

TEST_P(aes128_levels, ExpandsTheKeyOfFips197AppendixA) {
    aes128_key key;
    expand_(key, from_hex("2b7e151628aed2a6abf7158809cf4f3c").data());
    EXPECT_EQ(key.round[0].bytes, block_from_hex("2b7e151628aed2a6abf7158809cf4f3c").bytes);
    EXPECT_EQ(key.round[1].bytes, block_from_hex("a0fafe1788542cb123a339392a6c7605").bytes);
    EXPECT_EQ(key.round[10].bytes, block_from_hex("d014f9a8c9ee2589e13f0cc8b6630ca6").bytes);
}

TEST_P(aes128_levels, EqualsTheSlowOneOnRandomKeysAndChains) {
    test::dice roll(3);
    for (int round = 0; round < 200; ++round) {
        std::array<byte, key_bytes> bytes;
        std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<byte>(roll()); });
        aes128_key key;
        expand_(key, bytes.data());
        const auto slow_key = test::slow_round_keys(bytes.data());
        EXPECT_EQ(std::memcmp(&key, slow_key.data(), slow_key.size()), 0);

        const std::size_t count = roll() % 6;
        std::vector<byte> message(1 + count * block_bytes);  // from an odd address
        std::generate(message.begin(), message.end(), [&] { return static_cast<byte>(roll()); });
        block state{};
        block slow_state{};
        state.bytes[3] = slow_state.bytes[3] = static_cast<byte>(roll());
        chain_(key, state, message.data() + 1, count);
        for (std::size_t n = 0; n < count; ++n) {
            const block next = slow_state ^ load_block(&message[1 + n * block_bytes]);
            slow_state = test::slow_encrypt(bytes.data(), next);
        }
        EXPECT_EQ(state.bytes, slow_state.bytes) << count << " blocks";
    }
}

INSTANTIATE_TEST_SUITE_P(Isa, aes128_levels,
                         testing::Values(isa::portable, isa::aesni, isa::vaes, isa::avx512),
                         [](const auto& one) { return std::string(name_of(one.param)); });

TEST(aes128_in_use, EveryByteGoesThroughTheSBox) {
    aes128_key key;
    for (unsigned value = 0; value < 256; ++value) {
        block text;
        text.bytes.fill(static_cast<byte>(value));
        const std::array<byte, key_bytes> zeroes{};
        expand(key, zeroes.data());
        block out;
        encrypt_portable(key, key.round[0], &text, &out, 1);
        const block wanted = test::slow_encrypt(zeroes.data(), text);
        EXPECT_EQ(out.bytes, wanted.bytes) << value;
        EXPECT_EQ(encrypt(key, text).bytes, wanted.bytes) << value;
    }
}

// Else the tests above would compare the portable code with itself.
TEST(aes128_in_use, EachLevelHasItsOwnCode) {
#if defined(__x86_64__)
    EXPECT_NE(expand_for(isa::aesni), expand_for(isa::portable));
    EXPECT_NE(chain_for(isa::aesni), chain_for(isa::portable));
#else
    GTEST_SKIP() << "only the portable code is for this kind of processor";
#endif
}

}  // namespace
}  // namespace rhumb::crypto

// rhumb/crypto/cmac and equal: RFC 4493's examples, and bursts of every size on every level of the
// processor against one block at a time.
#include "rhumb/crypto/cmac.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <vector>

#include "rhumb/crypto/equal.hh"
#include "tests/support/dice.hh"
#include "tests/support/from_hex.hh"
#include "tests/support/slow_aes.hh"

namespace rhumb::crypto {
namespace {

using test::block_from_hex;
using test::from_hex;

constexpr const char* rfc4493_key = "2b7e151628aed2a6abf7158809cf4f3c";
// NIST's message, also that of SP 800-38A.
constexpr const char* message_64 =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

cmac_key key_from(const std::vector<byte>& bytes) {
    cmac_key key;
    expand(key, bytes.data());
    return key;
}

TEST(Cmac, HasTheSubkeysOfRfc4493) {
    const cmac_key key = key_from(from_hex(rfc4493_key));
    EXPECT_EQ(key.k1.bytes, block_from_hex("fbeed618357133667c85e08f7236a8de").bytes);
    EXPECT_EQ(key.k2.bytes, block_from_hex("f7ddac306ae266ccf90bc11ee46d513b").bytes);
}

TEST(Cmac, MakesTheTagsOfRfc4493) {
    const cmac_key key = key_from(from_hex(rfc4493_key));
    const std::vector<byte> message = from_hex(message_64);
    struct example {
        std::size_t length;
        const char* tag;
    };
    for (const auto& [length, tag] : {example{0, "bb1d6929e95937287fa37d129b756746"},
                                      example{16, "070a16b46b4d4144f79bdd9dd04a287c"},
                                      example{40, "dfa66747de9ae63030ca32611497c827"},
                                      example{64, "51f0bebf7e3b9d92fc49741779363cfe"}}) {
        EXPECT_EQ(cmac(key, std::span(message).first(length)).bytes, block_from_hex(tag).bytes)
            << length << " bytes";
    }
}

TEST(Cmac, ReadsNoByteBeyondAMessageOfAnyLength) {
    test::dice roll(4);
    const std::vector<byte> bytes = from_hex(rfc4493_key);
    const cmac_key key = key_from(bytes);
    for (std::size_t length = 0; length < 70; ++length) {
        std::vector<byte> message(length);  // AddressSanitizer knows its end
        std::generate(message.begin(), message.end(), [&] { return static_cast<byte>(roll()); });
        // RFC 4493 section 2.4 on whole blocks.
        std::vector<byte> padded = message;
        const bool whole = length != 0 && length % 16 == 0;
        if (!whole) {
            padded.push_back(0x80);
            padded.resize((padded.size() + 15) / 16 * 16);
        }
        block state{};
        for (std::size_t n = 0; n < padded.size(); n += 16) {
            state = state ^ load_block(&padded[n]);
            if (n + 16 == padded.size()) {
                state = state ^ (whole ? key.k1 : key.k2);
            }
            state = test::slow_encrypt(bytes.data(), state);
        }
        EXPECT_EQ(cmac(key, message).bytes, state.bytes) << length << " bytes";
    }
}

// SP 800-38A section F.2.1; an IV is the same as its XOR into the first block.
TEST(CbcMac, IsTheLastBlockOfCbc) {
    aes128_key key;
    expand(key, from_hex(rfc4493_key).data());
    std::vector<block> message;
    for (std::size_t n = 0; n < 64; n += 16) {
        message.push_back(load_block(&from_hex(message_64)[n]));
    }
    message[0] = message[0] ^ block_from_hex("000102030405060708090a0b0c0d0e0f");
    EXPECT_EQ(cbc_mac(key, message).bytes,
              block_from_hex("3ff1caa1681fac09120eca307586e1a7").bytes);
    EXPECT_EQ(cbc_mac(key, std::span(message).first(1)).bytes,
              block_from_hex("7649abac8119b246cee98e9b12e9197d").bytes);
    EXPECT_EQ(cbc_mac(key, {}).bytes, block{}.bytes);
}

class cmac_levels : public testing::TestWithParam<isa> {
protected:
    cmac_function cmac_ = nullptr;
    void SetUp() override {
        if (GetParam() > isa_of_processor()) {
            GTEST_SKIP() << "this processor has no " << name_of(GetParam());
        }
        cmac_ = cmac_for(GetParam());
        ASSERT_NE(cmac_, nullptr);
    }
};

// Blocks with one more behind them that must stay as it is.
std::vector<block> random_blocks(std::size_t count, test::dice& roll) {
    std::vector<block> blocks(count + 1);
    for (block& one : blocks) {
        std::generate(one.bytes.begin(), one.bytes.end(),
                      [&] { return static_cast<byte>(roll()); });
    }
    return blocks;
}

TEST_P(cmac_levels, EqualOneBlockAtATimeForEveryCount) {
    test::dice roll(5);
    std::vector<std::size_t> counts(71);
    std::iota(counts.begin(), counts.end(), 0);
    counts.insert(counts.end(), {127, 128, 129, 255, 256, 257, 511, 512});
    for (const std::size_t count : counts) {
        std::vector<byte> bytes(key_bytes);
        std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<byte>(roll()); });
        const cmac_key key = key_from(bytes);
        const std::vector<block> in = random_blocks(count, roll);
        std::vector<block> out = random_blocks(count, roll);
        const block behind = out[count];
        cmac_(key, in.data(), out.data(), count);
        std::vector<block> in_place = in;
        cmac_(key, in_place.data(), in_place.data(), count);
        for (std::size_t n = 0; n < count; ++n) {
            const block wanted = test::slow_encrypt(bytes.data(), in[n] ^ key.k1);
            ASSERT_EQ(out[n].bytes, wanted.bytes) << "block " << n << " of " << count;
            ASSERT_EQ(in_place[n].bytes, wanted.bytes) << "block " << n << " of " << count;
        }
        EXPECT_EQ(out[count].bytes, behind.bytes) << count;
        EXPECT_EQ(in_place[count].bytes, in[count].bytes) << count;
    }
}

// A hop field's MAC under a key of the reference implementation's acceptance tests.
TEST_P(cmac_levels, MakeTheMacOfAHopField) {
    const cmac_key key = key_from(from_hex("1009878f5b2a8f571e2771369a06f65f"));
    block tag = block_from_hex("0000011100000100003f000100000000");
    cmac_(key, &tag, &tag, 1);
    EXPECT_EQ(tag.bytes, block_from_hex("a67f474d33580b4e1bb538ae6f28a62f").bytes);
}

INSTANTIATE_TEST_SUITE_P(Isa, cmac_levels,
                         testing::Values(isa::portable, isa::aesni, isa::vaes, isa::avx512),
                         [](const auto& one) { return std::string(name_of(one.param)); });

// Else the tests above would compare some code with itself.
TEST(cmac_blocks_in_use, EachLevelHasItsOwnCode) {
#if defined(__x86_64__)
    std::vector<cmac_function> all;
    for (const isa level : {isa::portable, isa::aesni, isa::vaes, isa::avx512}) {
        EXPECT_EQ(std::count(all.begin(), all.end(), cmac_for(level)), 0) << name_of(level);
        all.push_back(cmac_for(level));
    }
#else
    GTEST_SKIP() << "only the portable code is for this kind of processor";
#endif
}

TEST(cmac_blocks_in_use, AreWhatCmacMakesOfABlock) {
    test::dice roll(7);
    const cmac_key key = key_from(from_hex(rfc4493_key));
    const std::vector<block> in = random_blocks(9, roll);
    std::vector<block> out(9);
    cmac_blocks(key, in.data(), out.data(), out.size());
    for (std::size_t n = 0; n < out.size(); ++n) {
        EXPECT_EQ(out[n].bytes, cmac(key, in[n].bytes).bytes);
    }
}

TEST(ConstantTimeEqual, SeesEveryBitOfEveryLength) {
    test::dice roll(8);
    for (std::size_t length = 0; length <= 40; ++length) {
        std::vector<byte> a(length);
        std::generate(a.begin(), a.end(), [&] { return static_cast<byte>(roll()); });
        std::vector<byte> b = a;
        EXPECT_TRUE(constant_time_equal(a.data(), b.data(), length)) << length;
        for (std::size_t bit = 0; bit < 8 * length; ++bit) {
            b[bit / 8] ^= static_cast<byte>(1U << bit % 8);
            EXPECT_FALSE(constant_time_equal(a.data(), b.data(), length))
                << bit << " of " << length;
            b[bit / 8] ^= static_cast<byte>(1U << bit % 8);
        }
    }
}

TEST(ConstantTimeEqual, LooksNoFurtherThanAHopFieldsMac) {
    const std::array<byte, 7> a{1, 2, 3, 4, 5, 6, 7};
    const std::array<byte, 7> b{1, 2, 3, 4, 5, 6, 8};
    EXPECT_TRUE(constant_time_equal(a.data(), b.data(), 6));
    EXPECT_FALSE(constant_time_equal(a.data(), b.data(), 7));
}

}  // namespace
}  // namespace rhumb::crypto

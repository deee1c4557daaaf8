// rhumb/crypto/pbkdf2 and secret: RFC 7914's examples, and memory that keeps keys.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "rhumb/crypto/cmac.hh"
#include "rhumb/crypto/pbkdf2.hh"
#include "rhumb/crypto/secret.hh"
#include "tests/support/from_hex.hh"

namespace rhumb::crypto {
namespace {

using test::block_from_hex;
using test::from_hex;

std::vector<byte> derived(std::string_view password, std::string_view salt,
                          std::uint32_t iterations, std::size_t length) {
    std::vector<byte> out(length);
    const std::vector<byte> password_bytes(password.begin(), password.end());
    const std::vector<byte> salt_bytes(salt.begin(), salt.end());
    pbkdf2_hmac_sha256(password_bytes, salt_bytes, iterations, out);
    return out;
}

// RFC 7914 section 11.
TEST(Pbkdf2, MakesTheKeysOfRfc7914) {
    EXPECT_EQ(derived("passwd", "salt", 1, 64),
              from_hex("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                       "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"));
    EXPECT_EQ(derived("Password", "NaCl", 80000, 64),
              from_hex("4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
                       "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"));
}

TEST(Pbkdf2, AShorterKeyIsTheBeginningOfALongerOne) {
    const std::vector<byte> longest = derived("passwd", "salt", 2, 70);
    for (const std::size_t length : {0U, 1U, 16U, 31U, 32U, 33U, 64U}) {
        EXPECT_EQ(derived("passwd", "salt", 2, length),
                  std::vector<byte>(longest.begin(),
                                    longest.begin() + static_cast<std::ptrdiff_t>(length)));
    }
}

TEST(HopKey, IsTheReferenceImplementationsForItsAcceptanceTests) {
    const auto key = hop_key(from_hex("57d48e387a95e0a7402fabad1a7bc4b4"));
    ASSERT_TRUE(key);
    EXPECT_EQ(*key.value(), block_from_hex("1009878f5b2a8f571e2771369a06f65f").bytes);
}

TEST(HopKey, OfNothingIsRefused) {
    const auto key = hop_key({});
    ASSERT_FALSE(key);
    EXPECT_EQ(key.why().message, "the master secret is empty");
}

struct odd_size {
    std::array<byte, 37> bytes;
};

TEST(Secret, IsFilledFromZeroesAndAligned) {
    const std::vector<byte> key = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
    auto made = secret<cmac_key>::make([&](cmac_key& out) {
        EXPECT_EQ(out.k2.bytes, block{}.bytes);
        expand(out, key.data());
    });
    ASSERT_TRUE(made);
    secret<cmac_key> moved = std::move(made).value();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&*moved) % alignof(cmac_key), 0U);
    EXPECT_EQ(moved->k1.bytes, block_from_hex("fbeed618357133667c85e08f7236a8de").bytes);
    EXPECT_EQ(cmac(*moved, {}).bytes, block_from_hex("bb1d6929e95937287fa37d129b756746").bytes);
}

TEST(Secret, IsLockedWhereTheLimitAllowsIt) {
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
    if (limit.rlim_cur < 1U << 16) {
        GTEST_SKIP() << "the limit on locked memory is " << limit.rlim_cur << " bytes";
    }
    const auto made = secret<odd_size>::make([](odd_size&) {});
    ASSERT_TRUE(made);
    EXPECT_TRUE(made.value().is_locked());
}

TEST(SecretDeathTest, IsNotWrittenOnceItIsMade) {
    const auto made = secret<odd_size>::make([](odd_size& out) { out.bytes[0] = 7; });
    ASSERT_TRUE(made);
    const odd_size& value = *made.value();
    EXPECT_EQ(value.bytes[0], 7);
    EXPECT_DEATH(const_cast<volatile byte&>(value.bytes[0]) = 8, "");
}

TEST(SecretDeathTest, HasNothingBehindIt) {
    const auto made = secret<odd_size>::make([](odd_size&) {});
    ASSERT_TRUE(made);
    const volatile byte* const end = made.value()->bytes.data() + sizeof(odd_size);
    EXPECT_DEATH(static_cast<void>(*end), "");
}

TEST(SecretDeathTest, IsGoneWithItsOwner) {
    const volatile byte* where = nullptr;
    {
        const auto made = secret<odd_size>::make([](odd_size& out) { out.bytes.fill(7); });
        ASSERT_TRUE(made);
        where = made.value()->bytes.data();
        EXPECT_EQ(*where, 7);
    }
    EXPECT_DEATH(static_cast<void>(*where), "");
}

}  // namespace
}  // namespace rhumb::crypto

// Master keys: base64 and what is not.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "controlplane/scion/keys.hh"
#include "tests/support/temporary_folder.hh"
#include "tests/unit/scion_samples.hh"

namespace rhumb::scion::control {
namespace {

using bytes = std::vector<byte>;

bytes decoded(const std::string& text) {
    const auto key = decode_key(text);
    EXPECT_TRUE(key) << text << ": " << key.why().text();
    return key ? bytes(key.value().bytes().begin(), key.value().bytes().end()) : bytes{};
}

static_assert(!std::is_copy_constructible_v<secret> && !std::is_copy_assignable_v<secret>);

// RFC 4648 section 10.
TEST(scion_keys, base64_of_every_length) {
    EXPECT_EQ(decoded("Zg=="), (bytes{'f'}));
    EXPECT_EQ(decoded("Zm8="), (bytes{'f', 'o'}));
    EXPECT_EQ(decoded("Zm9v"), (bytes{'f', 'o', 'o'}));
    EXPECT_EQ(decoded("Zm9vYg=="), (bytes{'f', 'o', 'o', 'b'}));
    EXPECT_EQ(decoded("Zm9vYmFy"), (bytes{'f', 'o', 'o', 'b', 'a', 'r'}));
    EXPECT_EQ(decoded("+/+/"), (bytes{0xfb, 0xff, 0xbf}));
}

TEST(scion_keys, line_ends_may_stand_anywhere) {
    EXPECT_EQ(decoded("\r\nZ\ng=\r\n=\n\n"), (bytes{'f'}));
}

TEST(scion_keys, bits_beyond_the_last_byte_are_not_looked_at) {
    EXPECT_EQ(decoded("Zn=="), (bytes{'f'}));
    EXPECT_EQ(decoded("Zm9="), (bytes{'f', 'o'}));
}

TEST(scion_keys, anything_else_is_refused_without_telling_the_key) {
    constexpr const char* stray = "a key is base64 text; this character does not belong there";
    constexpr const char* cut = "the base64 text of the key ends within a group of four characters";
    for (const auto& [text, why, where] : {
             std::tuple{"", "the key is empty", "line 1, column 1"},
             {"\n\r\n", "the key is empty", "line 3, column 1"},
             {"Zg", cut, "line 1, column 3"},
             {"Zg=", cut, "line 1, column 4"},
             {"Z", cut, "line 1, column 2"},
             {"Zm9vZ\n", cut, "line 2, column 1"},
             {"=", stray, "line 1, column 1"},
             {"Z===", stray, "line 1, column 2"},
             {"Zg===", stray, "line 1, column 5"},
             {"Zm8==", stray, "line 1, column 5"},
             {"Zm9v=", stray, "line 1, column 5"},
             {"Zg==Zg==", stray, "line 1, column 5"},
             {"Zg=Z", stray, "line 1, column 4"},
             {"Zm 9v", stray, "line 1, column 3"},
             {"Zm9v ", stray, "line 1, column 5"},
             {"Zm9v\nZm-_", stray, "line 2, column 3"},
             {"\xef\xbb\xbfZm9v", stray, "line 1, column 1"},
         }) {
        const auto key = decode_key(text);
        ASSERT_FALSE(key) << text;
        EXPECT_EQ(key.why().text(), std::string(where) + ": " + why) << text;
    }
    EXPECT_FALSE(decode_key(std::string_view("Zm9v\0", 5)));
}

TEST(scion_keys, a_secret_moves_and_leaves_nothing_behind) {
    secret first(bytes{1, 2, 3});
    secret second(std::move(first));
    EXPECT_TRUE(first.bytes().empty());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(second.bytes().size(), 3U);
    secret third(bytes{4});
    third = std::move(second);
    EXPECT_EQ(third.bytes().size(), 3U);
    EXPECT_EQ(third.bytes()[2], 3);
    EXPECT_TRUE(second.bytes().empty());  // NOLINT(bugprone-use-after-move)
}

TEST(scion_keys, both_files_are_needed) {
    const test::temporary_folder folder;
    std::filesystem::create_directory(folder.path() / "keys");
    folder.write("keys/master0.key", "Zm9v\n");
    auto keys = load_master_keys(folder.path().string());
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.why().text(),
              folder.path("keys/master1.key") + ": cannot read the key: No such file or directory");

    folder.write("keys/master1.key", "Zm9v\nYmF");
    keys = load_master_keys(folder.path().string());
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.why().text(), folder.path("keys/master1.key") +
                                     ":2:4: the base64 text of the key ends within a group of four "
                                     "characters");

    folder.write("keys/master1.key", "YmFy");
    keys = load_master_keys(folder.path().string());
    ASSERT_TRUE(keys) << keys.why().text();
    EXPECT_EQ(keys.value().key0.bytes()[0], 'f');
    EXPECT_EQ(keys.value().key1.bytes()[0], 'b');
}

TEST(scion_keys, a_key_file_is_bounded) {
    const test::temporary_folder folder;
    std::filesystem::create_directory(folder.path() / "keys");
    folder.write("keys/master0.key", std::string(4096, 'A'));
    folder.write("keys/master1.key", std::string(4097, 'A'));
    const auto keys = load_master_keys(folder.path().string());
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.why().text(), folder.path("keys/master1.key") +
                                     ": cannot read the key: it is larger than 4096 bytes");
}

TEST(scion_keys, samples_of_the_reference) {
    if (!have_samples()) {
        GTEST_SKIP() << "no test vectors";
    }
    EXPECT_EQ(decoded(sample("acceptance__router_multi__conf__keys__master0.key")),
              (bytes{0x57, 0xd4, 0x8e, 0x38, 0x7a, 0x95, 0xe0, 0xa7, 0x40, 0x2f, 0xab, 0xad, 0x1a,
                     0x7b, 0xc4, 0xb4}));
    EXPECT_EQ(decoded(sample("acceptance__router_multi__conf__keys__master1.key")).size(), 16U);
}

}  // namespace
}  // namespace rhumb::scion::control

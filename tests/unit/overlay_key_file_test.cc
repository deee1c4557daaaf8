// Key files: made once, for the owner alone, in the clear or under a passphrase.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/overlay/wire/key_file.hh"
#include "controlplane/overlay/wire/key_text.hh"
#include "tests/support/overlay_keys.hh"
#include "tests/support/temporary_folder.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;

constexpr passphrase_cost cheap{1, std::size_t{16} << 10};
constexpr std::string_view good =
    "rhumb overlay key 1\n"
    "id @iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=.ed25519\n"
    "seed AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";

passphrase words(std::string_view text) { return {text.data(), text.size()}; }

std::string why(const result<identity>& key) { return key ? "it is a key" : key.why().text(); }

TEST(OverlayKeyFile, IsMadeOnce) {
    const test::temporary_folder folder;
    const std::string path = folder.path("key");
    const auto made = open_key_file(path);
    ASSERT_TRUE(made) << made.why().text();
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777u, 0600u);
    const auto again = open_key_file(path);
    ASSERT_TRUE(again) << again.why().text();
    EXPECT_EQ(made.value().from, opened_key::origin::made);
    EXPECT_EQ(again.value().from, opened_key::origin::found);
    EXPECT_EQ(again.value().key.id(), made.value().key.id());
    // Never another one in its place, and nothing else is left in the folder.
    EXPECT_EQ(write_key_file(path, test::identity_of(1)).why().message,
              path + ": it cannot be written: File exists");
    EXPECT_EQ(read_key_file(path).value().id(), made.value().key.id());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(OverlayKeyFile, ReadsItsFormat) {
    const test::temporary_folder folder;
    folder.write("key", std::string(good));
    std::filesystem::permissions(folder.path("key"), std::filesystem::perms(0600));
    const auto key = read_key_file(folder.path("key"));
    ASSERT_TRUE(key) << key.why().text();
    EXPECT_EQ(key.value().id(), test::identity_of(1).id());
    // A passphrase is not asked for, so one does no harm to who only reads.
    EXPECT_TRUE(read_key_file(folder.path("key"), words("x")));
}

TEST(OverlayKeyFile, IsForItsOwnerAlone) {
    const test::temporary_folder folder;
    const std::string path = folder.path("key");
    ASSERT_TRUE(write_key_file(path, test::identity_of(1)));
    for (const unsigned mode : {0640u, 0604u, 0610u, 0602u}) {
        std::filesystem::permissions(path, std::filesystem::perms(mode));
        EXPECT_NE(why(read_key_file(path)).find("others may read or write the key"),
                  std::string::npos);
        EXPECT_FALSE(open_key_file(path));
    }
    std::filesystem::permissions(path, std::filesystem::perms(0400));
    EXPECT_TRUE(read_key_file(path));
    std::filesystem::create_symlink(path, folder.path("way"));
    EXPECT_FALSE(read_key_file(folder.path("way")));
    EXPECT_FALSE(open_key_file(folder.path("way")));
    EXPECT_EQ(why(read_key_file(folder.path().string())),
              folder.path().string() + ": it is no file");
    EXPECT_EQ(why(read_key_file(folder.path("none"))),
              folder.path("none") + ": the key cannot be read: No such file or directory");
    EXPECT_FALSE(open_key_file(folder.path("no/key")));
}

TEST(OverlayKeyFile, MayHaveAPassphrase) {
    const test::temporary_folder folder;
    const std::string path = folder.path("key");
    ASSERT_TRUE(write_key_file(path, test::identity_of(1), words("open sesame"), cheap));
    EXPECT_EQ(folder.read("key").find("seed"), std::string::npos);
    EXPECT_EQ(why(read_key_file(path)), path + ": the key is encrypted: a passphrase is needed");
    EXPECT_EQ(why(read_key_file(path, words("open sesamE"))),
              path + ": another passphrase, or a damaged file");
    const auto key = open_key_file(path, words("open sesame"));
    ASSERT_TRUE(key) << key.why().text();
    EXPECT_EQ(key.value().key.id(), test::identity_of(1).id());
    EXPECT_EQ(key.value().from, opened_key::origin::found);
}

TEST(OverlayKeyFile, IsEncryptedInItsPlaceByANewPassphrase) {
    const test::temporary_folder folder;
    const std::string path = folder.path("key");
    ASSERT_TRUE(write_key_file(path, test::identity_of(1)));
    std::filesystem::create_hard_link(path, folder.path("before"));
    EXPECT_FALSE(look_at_key_file(path, words("open sesame")).value().is_encrypted);
    EXPECT_NE(folder.read("key").find("seed"), std::string::npos);  // a look changes nothing

    const auto key = open_key_file(path, words("open sesame"), cheap);
    ASSERT_TRUE(key) << key.why().text();
    EXPECT_EQ(key.value().key.id(), test::identity_of(1).id());
    EXPECT_EQ(key.value().from, opened_key::origin::encrypted);
    EXPECT_EQ(folder.read("key").find("seed"), std::string::npos);
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777u, 0600u);
    // Another file took its place: nobody saw half of one. Nothing else is left in the folder.
    EXPECT_NE(folder.read("before").find("seed"), std::string::npos);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);

    EXPECT_TRUE(look_at_key_file(path, words("open sesame")).value().is_encrypted);
    EXPECT_EQ(open_key_file(path, words("open sesame")).value().from, opened_key::origin::found);
    EXPECT_FALSE(open_key_file(path, words("another")));
    EXPECT_EQ(why(read_key_file(path)), path + ": the key is encrypted: a passphrase is needed");
}

TEST(OverlayKeyFile, StaysAsItIsWhereItCannotBeEncrypted) {
    const test::temporary_folder folder;
    const std::string path = folder.path("key");
    ASSERT_TRUE(write_key_file(path, test::identity_of(1)));
    // As on a disk that is full.
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
    const auto key = open_key_file(path, words("open sesame"), cheap);
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.why().message, path + ": it cannot be written: File too large");
    EXPECT_TRUE(read_key_file(path));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(OverlayKeyFile, SaysWhatIsWrong) {
    const auto changed = [](std::string_view what, std::string_view by) {
        std::string text(good);
        text.replace(text.find(what), what.size(), by);
        const auto parsed = parse_key_text(text);
        return parsed ? why(unlock(parsed.value(), {})) : parsed.why().text();
    };
    const std::string both = "there should be an id, and a seed or an argon2id with a secretbox";
    EXPECT_EQ(changed("seed", "\n# words\nseed"), "it is a key");
    EXPECT_EQ(changed("key 1", "key 2"),
              "line 1: it is no key file: these begin with \"rhumb overlay key 1\"");
    EXPECT_EQ(changed("b1w=", "b1x="), "line 2: id: no feed id, or a second one");
    EXPECT_EQ(changed("QE=\n", "QF=\n"), "line 3: seed: no base64 of 32 bytes");
    EXPECT_EQ(changed("QE=\n", "QE="), "it is a key");
    EXPECT_EQ(changed("seed AQ", "seed AR"), "the seed is not the one of the id");
    EXPECT_EQ(changed("seed", "speed"),
              "line 3: a line that begins with none of id, seed, argon2id and secretbox");
    EXPECT_EQ(changed("seed", "#seed"), both);
    EXPECT_EQ(changed("id", "#id"), both);
    EXPECT_EQ(changed("seed", "argon2id 1 8192 AQEBAQEBAQEBAQEBAQEBAQ==\nseed"), both);
    for (const std::string_view cost : {"0 8192", "65 8192", "1 8191", "1 1073741825"}) {
        EXPECT_EQ(
            changed("seed", "argon2id " + std::string(cost) + " AQEBAQEBAQEBAQEBAQEBAQ==\nseed"),
            "line 3: argon2id: at most 64 operations and 1 GiB, at least 1 and 8 KiB");
    }
    EXPECT_EQ(changed("seed", "argon2id 1 8192\nseed"),
              "line 3: argon2id: no two numbers and base64 of 16 bytes");
    EXPECT_EQ(changed("seed", "secretbox x y\nseed"),
              "line 3: secretbox: no base64 of 24 and of 48 bytes, or a second one");
    EXPECT_EQ(parse_key_text("").why().where.line, 1u);
}

TEST(OverlayKeyFile, AnyChangeOfABoxIsSeen) {
    const auto text = key_text(test::identity_of(1), words("open sesame"), cheap);
    ASSERT_TRUE(text);
    const std::string whole(text.value()->view());
    for (std::size_t at = whole.find("argon2id") + 20; at < whole.size() - 1; at += 7) {
        std::string other = whole;
        other[at] = other[at] == 'A' ? 'B' : 'A';
        const auto parsed = parse_key_text(other);
        EXPECT_FALSE(parsed && unlock(parsed.value(), words("open sesame"))) << other;
    }
}

}  // namespace

// rhumb-overlay as people and scripts run it: exit statuses, and what it says of a bad file.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/run_program.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::test {
namespace {

const program tool(RHUMB_OVERLAY);

TEST(rhumb_overlay, helps_and_refuses_wrong_usage) {
    tool.expect("--help", 0, {"--config", "--check", "Exit status"});
    tool.expect("--version", 0, {"rhumb-overlay "});
    tool.expect("", 2, {"--config FILE is missing"});
    tool.expect("--nothing", 2, {"unrecognised option", "usage"});
}

TEST(rhumb_overlay, checks_a_file_without_starting) {
    tool.expect("--check --config " RHUMB_ROOT "/configs/overlay.toml", 0,
                {"good: 1 addresses to listen on, 0 peers, 0 feeds"});
    tool.expect("--check --config /nowhere/at-all.toml", 1, {"/nowhere/at-all.toml"});
}

TEST(rhumb_overlay, says_what_is_wrong_and_where) {
    const temporary_folder folder;
    const auto refused = [&](const std::string& overlay, const std::string& why) {
        const std::string file = folder.path("o.toml");
        std::ofstream(file) << "[overlay]\n" << overlay;
        tool.expect("--check --config " + file, 1, {file + why});
    };
    refused("listen = [\"here\"]", ":2:11: \"here\": must be HOST:PORT");
    refused("peers = [\"net:h:1~shs:x\"]", ":2:10: \"net:h:1~shs:x\": an address is");
    refused("follow = [\"@x\"]", ":2:11: \"@x\": a feed is named @KEY.ed25519");
    refused("network = \"x\"", ":2:11: \"x\": network must be the base64 of 32 bytes");
    refused("lisen = []", ":2:1: unknown key \"lisen\"");
}

TEST(rhumb_overlay, tells_its_id_before_the_first_start) {
    const temporary_folder folder;
    const std::string file = folder.path("o.toml");
    folder.write("o.toml", "[overlay]\nlisten = [\"127.0.0.1:8008\", \"0.0.0.0:8009\"]\n");
    const std::string with = " --config " + file;
    tool.expect("--check" + with, 0, {"this node has no key yet: its first start makes one"});
    const program::result made = tool.run("--id" + with);
    EXPECT_EQ(made.status, 0) << made.output;
    const std::string id = made.output.substr(0, made.output.find('\n'));
    ASSERT_TRUE(id.starts_with('@') && id.ends_with("=.ed25519")) << made.output;
    const std::string key = id.substr(1, 44);
    EXPECT_EQ(made.output,
              id + "\nnet:127.0.0.1:8008~shs:" + key + "\nnet:HOST:8009~shs:" + key + '\n');
    EXPECT_EQ(tool.run("--id" + with).output, made.output);
    tool.expect("--check" + with, 0, {"good: 2 addresses", "this node is " + id});
    tool.expect("--help", 0, {"--id"});
}

// A key without its store would be one whose messages were lost.
TEST(rhumb_overlay, makes_no_key_where_it_can_make_no_store) {
    const temporary_folder folder;
    const std::string file = folder.path("o.toml");
    folder.write("o.toml", "[overlay]\nstore = \"missing/o.db\"\n");
    tool.expect("--id --config " + file, 1, {"missing/o.db"});
    tool.expect("--check --config " + file, 0, {"this node has no key yet"});
}

TEST(rhumb_overlay, check_reads_the_passphrase_and_the_key) {
    const temporary_folder folder;
    const std::string file = folder.path("o.toml");
    const auto write = [&](const std::string& words, const char* mode) {
        folder.write("words", words);
        ASSERT_EQ(std::system(("chmod " + (mode + (' ' + folder.path("words")))).c_str()), 0);
    };
    folder.write("o.toml", "[overlay]\n");
    EXPECT_EQ(tool.run("--id --config " + file).status, 0);
    folder.write("o.toml", "[overlay]\npassphrase_file = \"words\"\n");
    const std::string check = "--check --config " + file;
    tool.expect(check, 1, {folder.path("words") + ": the passphrase cannot be read"});
    write("open sesame\n", "644");
    tool.expect(check, 1, {folder.path("words") + ": others may read or write the passphrase"});
    write("open sesame\n", "600");
    tool.expect(check, 0, {"its key is not encrypted: the next start does that"});
    EXPECT_NE(folder.read("overlay.key").find("seed"), std::string::npos);
    EXPECT_EQ(tool.run("--id --config " + file).status, 0);  // and leaves the key as it is
    EXPECT_NE(folder.read("overlay.key").find("seed"), std::string::npos);
    EXPECT_EQ(std::remove(folder.path("overlay.key").c_str()), 0);
    EXPECT_EQ(tool.run("--id --config " + file).status, 0);
    EXPECT_EQ(folder.read("overlay.key").find("seed"), std::string::npos);
    EXPECT_EQ(tool.run(check).output.find("not encrypted"), std::string::npos);
    write("another\n", "600");
    tool.expect(check, 1, {folder.path("overlay.key") + ": another passphrase"});
    folder.write("o.toml", "[overlay]\n");
    tool.expect(check, 1, {folder.path("overlay.key") + ": the key is encrypted"});
}

TEST(rhumb_overlay, does_not_start_on_a_key_that_others_may_read) {
    const temporary_folder folder;
    const std::string file = folder.path("o.toml");
    std::ofstream(file) << "[overlay]\n";
    std::ofstream(folder.path("overlay.key")) << "rhumb overlay key 1\n";
    ASSERT_EQ(std::system(("chmod 644 " + folder.path("overlay.key")).c_str()), 0);
    tool.expect("--config " + file, 1, {folder.path("overlay.key")});
}

}  // namespace
}  // namespace rhumb::test

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

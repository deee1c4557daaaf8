// The section [overlay].
#include <gtest/gtest.h>

#include "controlplane/config/load.hh"
#include "controlplane/config/overlay_file.hh"
#include "tests/unit/config_refused.hh"

namespace rhumb::config {
namespace {

TEST(config_overlay, every_key) {
    const auto read = parse(R"toml(
[overlay]
key = "keys/overlay.key"
passphrase_file = "keys/passphrase"
store = "/var/lib/rhumb/overlay.db"
network = "AAAA"
listen = ["0.0.0.0:8008", "[::]:8008"]
peers = ["net:10.0.0.2:8008~shs:BBBB"]
follow = ["@CCCC.ed25519"]
admit = "anyone"
discovery = true
link_state = true
nodes = { r2 = "@DDDD.ed25519", "r.3" = "@EEEE.ed25519" }
broadcast = "flooding"
broadcast_order = true
broadcast_retransmit = true
broadcast_fanout = 5
broadcast_lifetime = 20
broadcast_address = "10.0.0.1:8008"
max_peers = 7
switch_timeout = 1000
handshake_timeout = 2000
messages_per_second = 10
verifies_per_second = 11
kilobytes_per_second = 12
)toml",
                            "r1.toml", "");
    ASSERT_TRUE(read.ok()) << read.why().text();
    ASSERT_TRUE(read.value().overlay);
    const overlay_section& given = *read.value().overlay;
    EXPECT_EQ(given.key_file, "keys/overlay.key");
    EXPECT_EQ(given.passphrase_file, "keys/passphrase");
    EXPECT_EQ(given.store_file, "/var/lib/rhumb/overlay.db");
    EXPECT_EQ(given.network.text, "AAAA");
    EXPECT_EQ(given.network.where.line, 6U);
    ASSERT_EQ(given.listen.size(), 2U);
    EXPECT_EQ(given.listen[1].text, "[::]:8008");
    EXPECT_EQ(given.listen[1].where.column, 27U);
    ASSERT_EQ(given.peers.size(), 1U);
    EXPECT_EQ(given.peers[0].text, "net:10.0.0.2:8008~shs:BBBB");
    ASSERT_EQ(given.follow.size(), 1U);
    EXPECT_EQ(given.admits, overlay_admission::anyone);
    EXPECT_TRUE(given.discovery);
    EXPECT_EQ(given.broadcast, overlay_broadcast::flooding);
    EXPECT_TRUE(given.broadcast_order);
    EXPECT_TRUE(given.broadcast_retransmit);
    EXPECT_EQ(given.broadcast_fanout, 5U);
    EXPECT_EQ(given.broadcast_lifetime, 20U);
    EXPECT_EQ(given.broadcast_address.text, "10.0.0.1:8008");
    EXPECT_EQ(given.broadcast_address.where.line, 19U);
    EXPECT_TRUE(given.link_state);
    ASSERT_EQ(given.nodes.size(), 2U);
    EXPECT_EQ(given.nodes[0].node, "r2");
    EXPECT_EQ(given.nodes[0].feed.text, "@DDDD.ed25519");
    EXPECT_EQ(given.nodes[1].node, "r.3");
    EXPECT_EQ(given.nodes[1].feed.where.line, 13U);
    EXPECT_EQ(given.max_peers, 7U);
    EXPECT_EQ(given.switch_timeout, 1000U);
    EXPECT_EQ(given.handshake_timeout, 2000U);
    EXPECT_EQ(given.messages_per_second, 10U);
    EXPECT_EQ(given.verifies_per_second, 11U);
    EXPECT_EQ(given.kilobytes_per_second, 12U);
}

TEST(config_overlay, stands_alone_in_a_file_of_its_own) {
    const auto read = parse_overlay(
        "[node]\nname = \"o1\"\n[runtime]\nsocket = \"o1.sock\"\n[overlay]\n", "o1.toml");
    ASSERT_TRUE(read.ok()) << read.why().text();
    EXPECT_EQ(read.value().node.name, "o1");
    EXPECT_EQ(read.value().runtime.socket, "o1.sock");
    EXPECT_EQ(read.value().overlay.key_file, "overlay.key");
    EXPECT_EQ(read.value().overlay.admits, overlay_admission::followed);
    EXPECT_FALSE(read.value().overlay.discovery);
    EXPECT_EQ(read.value().overlay.broadcast, overlay_broadcast::off);

    const auto none = parse_overlay("[node]\n", "o1.toml");
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.why().text(), "o1.toml:1:1: the section [overlay] is missing");
    EXPECT_FALSE(parse_overlay("[overlay]\n[ports.a]\n", "o1.toml").ok());
    EXPECT_FALSE(load_overlay("/nowhere/o1.toml").ok());
}

const bad_text bad_sections[] = {
    {"[overlay]\nkey = \"\"", "2:7: key is empty; give a file's name"},
    {"[overlay]\nlisten = \"0.0.0.0:8008\"", "2:10: listen must be an array, not a string"},
    {"[overlay]\nlisten = [8008]", "2:11: listen must be a string, not an integer"},
    {"[overlay]\nadmit = \"all\"",
     "2:9: unknown admit \"all\"; it is one of \"followed\" or \"anyone\""},
    {"[overlay]\nbroadcast = \"on\"",
     "2:13: unknown broadcast \"on\"; it is one of \"off\", \"plumtree\", \"flooding\" or "
     "\"gossip\""},
    {"[overlay]\nbroadcast_lifetime = 0", "2:22: broadcast_lifetime 0 is out of range: 1 to 1800"},
    {"[overlay]\nnodes = [\"r2\"]", "2:9: nodes must be a table, as in { r2 = \"@KEY.ed25519\" }"},
    {"[overlay]\nnodes = { r2 = 7 }", "2:16: r2 must be a string, not an integer"},
    {"[overlay]\nnodes = { \"\" = \"@KEY\" }",
     "2:11: name in nodes is empty; give 1 to 64 characters"},
    {"[overlay]\nnodes = { \"r 2\" = \"@KEY\" }",
     "2:11: name in nodes \"r 2\" has characters other than printable ASCII without blanks"},
    {"[overlay]\nmax_peers = 0", "2:13: max_peers 0 is out of range: 1 to 10000"},
};

TEST(config_overlay, says_what_is_wrong_and_where) { expect_refused(bad_sections); }

}  // namespace
}  // namespace rhumb::config

// Networks as text, what is filled in, and the segments that beaconing makes of them.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "controlplane/scion_paths/beaconing.hh"
#include "controlplane/scion_paths/network.hh"

namespace rhumb::scion::paths {
namespace {

const std::string example = std::string(RHUMB_ROOT) + "/configs/scion-network/network.toml";

network parsed(const std::string& text) {
    auto made = parse_network(text, "net.toml");
    EXPECT_TRUE(made) << made.why().text();
    return made ? std::move(*made) : network{};
}

TEST(ScionNetwork, ReadsWhatIsSaidAndFillsInTheRest) {
    const network of = parsed(R"(
mtu = 1450
[as."1-ff00:0:110"]
core = true
routers = {west = "192.168.1.1:30042", east = "192.168.1.2:30042"}
host = "192.168.1.7:31001"
master_key = "V9SOOHqV4KdAL6utGnvEtA=="
dispatched_ports = "all"
[as."1-64512"]
mtu = 1400
[[links]]
kind = "parent-child"
ends = ["1-ff00:0:110#7@east", "1-64512#9"]
mtu = 1300
[[links]]
kind = "peer"
ends = ["1-64512#10", "1-ff00:0:110#8"]
underlay = ["198.51.100.1:50000", "198.51.100.2:50001"]
)");
    ASSERT_EQ(of.ases.size(), 2U);
    const network_as& a = of.ases[0];
    EXPECT_TRUE(a.core);
    EXPECT_EQ(a.mtu, 1450);
    EXPECT_EQ(a.routers.at(1).name, "east");
    EXPECT_EQ(control::to_string(a.routers[1].internal), "192.168.1.2:30042");
    EXPECT_EQ(control::to_string(a.host), "192.168.1.7:31001");
    EXPECT_EQ(a.master_key.value().front(), 0x57);
    EXPECT_EQ(a.dispatched_ports, (control::port_range{1, 65535}));
    const network_as& b = of.ases[1];
    EXPECT_FALSE(b.core);
    EXPECT_EQ(b.mtu, 1400);
    EXPECT_EQ(b.routers.at(0).name, "br1");
    EXPECT_EQ(control::to_string(b.routers[0].internal), "10.2.0.1:30042");
    EXPECT_EQ(control::to_string(b.host), "10.2.1.100:31000");
    EXPECT_EQ(b.dispatched_ports, (control::port_range{31000, 32767}));

    const link_side side = of.side(1, 9);
    ASSERT_TRUE(side);
    EXPECT_EQ(side.link->mtu, 1300);
    EXPECT_EQ(side.far->interface, 7);
    EXPECT_EQ(side.far->router, 1U);
    EXPECT_EQ(control::to_string(side.near->address), "172.16.0.2:50000");
    EXPECT_EQ(control::to_string(of.side(1, 10).far->address), "198.51.100.2:50001");
    EXPECT_FALSE(of.side(1, 7));
    EXPECT_EQ(of.sides(0).size(), 2U);
    EXPECT_EQ(of.sides(0)[1].near->interface, 8);
}

TEST(ScionNetwork, KeysFollowFromTheSeedAndElseAreRandom) {
    const network of = parsed("[as.\"1-1\"]\n[as.\"1-2\"]\nmaster_key = \"AAAA\"\n");
    const auto a = make_keys(of, 7);
    const auto b = make_keys(of, 7);
    const auto c = make_keys(of, 8);
    const auto d = make_keys(of, std::nullopt);
    const auto e = make_keys(of, std::nullopt);
    ASSERT_TRUE(a && b && c && d && e);
    EXPECT_EQ(a.value()[0].master0, b.value()[0].master0);
    EXPECT_NE(a.value()[0].master0, c.value()[0].master0);
    EXPECT_NE(a.value()[0].master0, a.value()[0].master1);
    EXPECT_NE(a.value()[0].master1, a.value()[1].master1);
    EXPECT_NE(d.value()[0].master0, e.value()[0].master0);
    EXPECT_EQ(a.value()[1].master0, (std::vector<byte>{0, 0, 0}));
}

class ScionBeaconing : public testing::Test {
protected:
    void SetUp() override {
        auto loaded = load_network(example);
        ASSERT_TRUE(loaded) << loaded.why().text();
        of = std::move(*loaded);
        keys = make_keys(of, 1).value();
        how.timestamp = 1'767'225'600;
        how.seed = 1;
    }
    network of;
    key_ring keys;
    beacon_options how;
};

TEST_F(ScionBeaconing, ReachesEveryAsFromEveryCoreAsAboveIt) {
    const auto made = make_segments(of, keys, how);
    ASSERT_TRUE(made);
    // Of three core ASes in a triangle: two ways between any two, in both directions.
    EXPECT_EQ(made.value().cores.size(), 12U);
    // 110: 111, 112, 113. 120: the same, and 121. 210: 211 and 212, twice.
    EXPECT_EQ(made.value().downs.size(), 11U);
    for (const auto* list : {&made.value().cores, &made.value().downs}) {
        for (const segment& s : *list) {
            EXPECT_EQ(s.entries.front().hop.ingress, 0);
            EXPECT_EQ(s.entries.front().ingress_mtu, 0);
            EXPECT_EQ(s.entries.back().hop.egress, 0);
            std::set<isd_as> seen;
            for (std::size_t n = 0; n + 1 < s.entries.size(); ++n) {
                const auto as = of.find(s.entries[n].ia).value();
                const link_side side = of.side(as, s.entries[n].hop.egress);
                ASSERT_TRUE(side);
                EXPECT_EQ(of.ases[side.far->as].ia, s.entries[n + 1].ia);
                EXPECT_EQ(side.far->interface, s.entries[n + 1].hop.ingress);
                EXPECT_EQ(side.link->mtu, s.entries[n + 1].ingress_mtu);
                EXPECT_TRUE(seen.insert(s.entries[n].ia).second);
            }
        }
    }
}

TEST_F(ScionBeaconing, EntriesNameThePeeringLinksOfTheirAs) {
    const auto made = make_segments(of, keys, how).value();
    const auto found =
        made.look_up(parse_isd_as("1-ff00:0:112").value(), parse_isd_as("2-ff00:0:211").value());
    EXPECT_EQ(found.ups.size(), 2U);
    EXPECT_EQ(found.downs.size(), 2U);
    EXPECT_EQ(found.cores.size(), 4U);
    const segment_entry& last = found.ups.front()->entries.back();
    ASSERT_EQ(last.peers.size(), 1U);
    EXPECT_EQ(scion::to_string(last.peers[0].peer), "1-ff00:0:121");
    EXPECT_EQ(last.peers[0].peer_interface, 21);
    EXPECT_EQ(last.peers[0].hop.ingress, 21);
    EXPECT_EQ(last.peers[0].hop.egress, last.hop.egress);
    // Another beta, so another MAC than the hop entry's, whatever the interfaces.
    EXPECT_NE(last.peers[0].hop.mac, last.hop.mac);
}

TEST_F(ScionBeaconing, SegmentsAreTheSameForTheSameSeed) {
    const auto a = make_segments(of, keys, how).value();
    const auto b = make_segments(of, keys, how).value();
    how.seed = 2;
    const auto c = make_segments(of, keys, how).value();
    std::size_t other = 0;
    for (std::size_t n = 0; n < a.downs.size(); ++n) {
        EXPECT_EQ(a.downs[n].id, b.downs[n].id);
        EXPECT_EQ(a.downs[n].entries.back().hop, b.downs[n].entries.back().hop);
        other += a.downs[n].id != c.downs[n].id ? 1U : 0U;
    }
    EXPECT_GT(other, 5U);
}

TEST_F(ScionBeaconing, IsAsLongAsAllowedAndNoMore) {
    how.most_ases = 2;
    const auto two = make_segments(of, keys, how).value();
    EXPECT_EQ(two.cores.size(), 6U);
    EXPECT_EQ(two.downs.size(), 5U);
    how.most_ases = 10;
    how.most_segments = 11;
    const auto refused = make_segments(of, keys, how);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.why().text(), "more than 11 segments; allow fewer ASes in a segment than 10");
}

}  // namespace
}  // namespace rhumb::scion::paths

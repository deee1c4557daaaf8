// The combinator on segments made by hand: shortcuts, peering, order, MTU, expiry, fingerprints.
#include <gtest/gtest.h>

#include <vector>

#include "controlplane/scion_paths/combinator.hh"
#include "controlplane/scion_paths/hex.hh"

namespace rhumb::scion::paths {
namespace {

isd_as as(unsigned number) { return {1, number}; }

struct entry_spec {
    unsigned as;
    std::uint16_t in;
    std::uint16_t out;
};

// MACs begin with ten times the AS.
segment make(std::uint16_t id, const std::vector<entry_spec>& entries) {
    segment made;
    made.id = id;
    made.timestamp = 1000;
    for (const auto& [number, in, out] : entries) {
        segment_entry entry;
        entry.ia = as(number);
        entry.mtu = 1472;
        entry.ingress_mtu = in == 0 ? std::uint16_t{0} : std::uint16_t{1472};
        entry.hop = {63, in, out, {static_cast<byte>(10 * number), 1}};
        made.entries.push_back(entry);
    }
    return made;
}
void add_peer(segment& to, std::size_t entry, unsigned peer, std::uint16_t peer_interface,
              std::uint16_t own) {
    segment_entry& at = to.entries[entry];
    at.peers.push_back(
        {as(peer), peer_interface, 1400, {63, own, at.hop.egress, {0xee, static_cast<byte>(own)}}});
}

using list = std::vector<const segment*>;

//   1 -> 2 -> 3        1 -> 2 -> 4
const segment to_3 = make(0x0303, {{1, 0, 12}, {2, 21, 23}, {3, 32, 0}});
const segment to_4 = make(0x0404, {{1, 0, 12}, {2, 21, 24}, {4, 42, 0}});

TEST(ScionCombinator, CutsSegmentsWhereTheyMeetFirst) {
    const auto made = combine(as(3), as(4), list{&to_3}, {}, list{&to_4});
    // Over the core AS the two would pass AS 2 twice.
    ASSERT_EQ(made.size(), 1U);
    const path& p = made[0];
    EXPECT_EQ(p.weight, 2U);
    ASSERT_EQ(p.parts.size(), 2U);
    EXPECT_EQ(p.parts[0].hops, (std::vector{to_3.entries[2].hop, to_3.entries[1].hop}));
    EXPECT_EQ(p.parts[1].hops, (std::vector{to_4.entries[1].hop, to_4.entries[2].hop}));
    EXPECT_FALSE(p.parts[0].construction);
    EXPECT_TRUE(p.parts[1].construction);
    EXPECT_EQ(p.interfaces,
              (std::vector<path_interface>{{as(3), 32}, {as(2), 23}, {as(2), 24}, {as(4), 42}}));
    // As AS 3 verifies: all MACs before its own; as AS 2 does: that of AS 1.
    EXPECT_EQ(p.parts[0].segment_id, 0x0303 ^ 0x0a01 ^ 0x1401);
    EXPECT_EQ(p.parts[1].segment_id, 0x0404 ^ 0x0a01);
    EXPECT_EQ(p.good_until_ms, 1000'000U + 64 * 337'500);
    EXPECT_EQ(to_hex(p.bytes()).substr(0, 8), "00002080");
}

TEST(ScionCombinator, UsesAPeeringLinkIfBothSidesKnowIt) {
    segment up = to_3;
    segment down = make(0x0505, {{1, 0, 15}, {5, 51, 56}, {6, 65, 0}});
    add_peer(up, 1, 5, 52, 25);
    add_peer(down, 1, 2, 99, 52);  // of another number than 25
    EXPECT_EQ(combine(as(3), as(6), list{&up}, {}, list{&down}).size(), 1U);
    down.entries[1].peers[0].peer_interface = 25;
    const auto made = combine(as(3), as(6), list{&up}, {}, list{&down});
    ASSERT_EQ(made.size(), 2U);
    const path& p = made[0];
    EXPECT_EQ(p.weight, 3U);
    EXPECT_EQ(p.mtu, 1400);
    EXPECT_TRUE(p.parts[0].peering && p.parts[1].peering);
    EXPECT_EQ(p.interfaces,
              (std::vector<path_interface>{
                  {as(3), 32}, {as(2), 23}, {as(2), 25}, {as(5), 52}, {as(5), 56}, {as(6), 65}}));
    EXPECT_EQ(p.parts[0].hops[1], up.entries[1].peers[0].hop);
    EXPECT_EQ(p.parts[1].segment_id, 0x0505 ^ 0x0a01 ^ 0x3201);  // beta of the next entry
    EXPECT_FALSE(made[1].parts[0].peering);
    EXPECT_EQ(made[1].weight, 4U);
}

TEST(ScionCombinator, APeeringLinkOfTheSourceItselfIsTheFirstHop) {
    segment up = to_3;
    segment down = make(0x0505, {{1, 0, 15}, {5, 51, 0}});
    add_peer(up, 2, 5, 53, 35);
    add_peer(down, 1, 3, 35, 53);
    const auto made = combine(as(3), as(5), list{&up}, {}, list{&down});
    ASSERT_EQ(made.size(), 2U);
    EXPECT_EQ(made[0].weight, 1U);
    EXPECT_EQ(made[0].parts[0].hops.size(), 1U);
    EXPECT_EQ(made[0].parts[0].segment_id, 0x0303 ^ 0x0a01 ^ 0x1401 ^ 0x1e01);
    EXPECT_EQ(made[0].parts[1].segment_id, 0x0505 ^ 0x0a01 ^ 0x3201);
}

TEST(ScionCombinator, ShorterComesFirstAndThenFewerSegments) {
    const segment core = make(0x0606, {{7, 0, 71}, {1, 17, 0}});
    const segment down = make(0x0707, {{7, 0, 78}, {8, 87, 0}});
    const segment direct = make(0x0808, {{1, 0, 18}, {8, 81, 0}});
    const auto made = combine(as(1), as(8), {}, list{&core}, list{&down, &direct});
    ASSERT_EQ(made.size(), 2U);
    EXPECT_EQ(made[0].weight, 1U);
    EXPECT_EQ(made[1].weight, 2U);
    EXPECT_EQ(made[1].parts[0].kind, segment_kind::core);
}

TEST(ScionCombinator, TakesTheLeastMtuAndTheFirstExpiry) {
    segment up = to_3;
    up.entries[2].ingress_mtu = 1300;
    up.entries[1].ingress_mtu = 1290;  // above the cut: not passed
    up.entries[0].mtu = 1280;
    segment down = to_4;
    down.entries[2].hop.exp_time = 9;
    down.entries[0].hop.exp_time = 1;  // not used
    const auto made = combine(as(3), as(4), list{&up}, {}, list{&down});
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].mtu, 1300);
    EXPECT_EQ(made[0].good_until_ms, 1000'000U + 10 * 337'500);
}

TEST(ScionCombinator, OfTwoWaysOverTheSameInterfacesTheLaterOneStays) {
    segment newer = to_3;
    newer.timestamp += 100;
    const auto made = combine(as(3), as(1), list{&to_3, &newer}, {}, {});
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].parts[0].timestamp, 1100U);
}

TEST(ScionCombinator, ThereIsNoWayToOneselfNorWithoutSegments) {
    EXPECT_TRUE(combine(as(3), as(3), list{&to_3}, {}, list{&to_3}).empty());
    EXPECT_TRUE(combine(as(3), as(9), list{&to_3}, {}, {}).empty());
    EXPECT_TRUE(combine(as(3), as(4), {}, {}, {}).empty());
}

TEST(ScionCombinator, AFingerprintIsThatOfTheInterfaces) {
    const path p = combine(as(3), as(1), list{&to_3}, {}, {}).at(0);
    std::vector<byte> text;
    for (const auto& [number, interface] :
         std::vector<std::pair<std::uint64_t, std::uint64_t>>{{3, 32}, {2, 23}, {2, 21}, {1, 12}}) {
        text.resize(text.size() + 16);
        store_be64(&text[text.size() - 16], 0x1000000000000 + number);
        store_be64(&text[text.size() - 8], interface);
    }
    EXPECT_EQ(p.fingerprint(), sha256(text));
}

TEST(ScionCombinator, LeavesOutWhatAPathHasNoRoomFor) {
    std::vector<entry_spec> entries{{1, 0, 1}};
    for (unsigned n = 2; n < 64; ++n) {
        entries.push_back({n, 2, 1});
    }
    segment s = make(1, entries);
    s.entries.back().hop.egress = 0;
    EXPECT_EQ(combine(as(63), as(1), list{&s}, {}, {}).size(), 1U);
    entries.push_back({64, 2, 0});
    s = make(1, entries);
    EXPECT_EQ(combine(as(64), as(1), list{&s}, {}, {}).size(), 0U);
}

}  // namespace
}  // namespace rhumb::scion::paths

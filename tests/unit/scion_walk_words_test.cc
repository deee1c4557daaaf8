// What a walk says about a packet, and where: MACs, SegIDs, pointers, and the check that failed.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/scion_paths/beaconing.hh"
#include "controlplane/scion_paths/combinator.hh"
#include "controlplane/scion_paths/packet_writer.hh"
#include "controlplane/scion_paths/walk_words.hh"

namespace rhumb::scion::paths {
namespace {

constexpr std::uint32_t made_at = 1'767'225'600;

class ScionWalkWords : public testing::Test {
protected:
    void SetUp() override {
        of = load_network(std::string(RHUMB_ROOT) + "/configs/scion-network/network.toml").value();
        keys = make_keys(of, 3).value();
        beacon_options how;
        how.timestamp = made_at;
        how.seed = 3;
        const auto segments = make_segments(of, keys, how).value();
        from = of.find(parse_isd_as("1-ff00:0:112").value()).value();
        const std::size_t to = of.find(parse_isd_as("1-ff00:0:113").value()).value();
        const auto found = segments.look_up(of.ases[from].ia, of.ases[to].ia);
        const auto all =
            combine(of.ases[from].ia, of.ases[to].ia, found.ups, found.cores, found.downs);
        ASSERT_FALSE(all.empty());
        by = all[0];  // the shortcut: 112, 111 br1, 111 br2, 113
        packet_description what;
        what.from = of.ases[from].ia;
        what.to = of.ases[to].ia;
        what.source = of.ases[from].host;
        what.destination = of.ases[to].host;
        what.path = by.bytes();
        what.data = {1, 2, 3, 4};
        scion = write_packet(what).value();
        path_at = common_bytes + address_bytes(scion.data());
        first_hop = path_at + meta_bytes + 2 * info_bytes;
    }
    // The last router's words, after `change`.
    std::string told(const std::function<void()>& change, std::uint64_t now = made_at + 60,
                     unsigned* routers_passed = nullptr) {
        const auto routers = walker::make(of, keys, now * 1000).value();
        change();
        const auto sent = routers->sent_by_host(from, by.interfaces.front().id, scion);
        EXPECT_TRUE(sent);
        const walk w = routers->carry(*sent);
        std::string text;
        for (const word_line& line : in_words(*routers, keys, w.steps.back())) {
            text += line.what + ": " + line.text + '\n';
        }
        if (routers_passed != nullptr) {
            *routers_passed = static_cast<unsigned>(w.steps.size());
        }
        return text;
    }
    void expect(const std::string& text, const std::vector<std::string>& parts) {
        for (const std::string& part : parts) {
            EXPECT_NE(text.find(part), std::string::npos) << "lacks: " << part << "\n" << text;
        }
    }

    network of;
    key_ring keys;
    std::size_t from = 0;
    path by;
    std::vector<byte> scion;
    std::size_t path_at = 0;
    std::size_t first_hop = 0;
};

TEST_F(ScionWalkWords, OfAGoodPacketEndAtTheHost) {
    unsigned routers = 0;
    const std::string text = told([] {}, made_at + 60, &routers);
    EXPECT_EQ(routers, 4U);
    expect(text, {"came by: interface 1, from the parent 1-ff00:0:111\n",
                  "hop field: 3 of 4, in segment 1 of 2 (along construction); in 1, out -; good "
                  "until 2026-01-01T06:00:00Z (ExpTime 63)\n",
                  "checks: headers, pointer and segments, expiry, ingress interface, payload "
                  "length, addresses, MAC, MTU: passed\n",
                  ": right\n", " stays\n", "left by: inside, to the host 10.5.1.100:31000\n"});
}

TEST_F(ScionWalkWords, OfAWrongMacGiveTheRightOne) {
    const std::string text = told([this] { scion[first_hop + 11] ^= 0x10; });
    expect(text,
           {"came by: inside, from the host 10.4.1.100:31000\n",
            "payload length, addresses: passed; MAC: FAILED\n", ": WRONG, by this AS's key it is ",
            "refused: scion_bad_mac: The hop field's MAC is wrong.\n",
            "answer: SCMP 4/51, invalid hop field MAC, pointer 56\n"});
}

TEST_F(ScionWalkWords, AfterASwitchAreAboutTheSecondHopField) {
    unsigned routers = 0;
    const std::string text =
        told([this] { scion[first_hop + 2 * hop_bytes + 11] ^= 1; }, made_at + 60, &routers);
    EXPECT_EQ(routers, 2U);
    expect(text, {"expiry after the switch: passed; MAC after the switch: FAILED\n", ": right\n",
                  "switch: 2 of 4, in segment 1 of 2 (along construction); in 2, out 12;",
                  ": WRONG", "pointer: hop field 1 -> 2, segment 0 -> 1\n"});
}

TEST_F(ScionWalkWords, NameWhatFailsBeforeTheMac) {
    const std::string expired = told([] {}, made_at + 6 * 3600 + 1);
    expect(expired, {"pointer and segments: passed; expiry: FAILED\n", "SCMP 4/52, path expired"});
    EXPECT_EQ(expired.find("MAC:"), std::string::npos);
    const std::string length = told([this] { scion.push_back(0); });
    expect(length, {"expiry: passed; payload length: FAILED\n", "4/19"});
    scion.pop_back();
    const std::string pointer = told([this] { scion[path_at] = 0x40; });
    expect(pointer, {"headers: passed; pointer and segments: FAILED\n", "scion_bad_path"});
    scion[path_at] = 0;
    const std::string foreign = told([this] { scion[source_offset + 7] ^= 1; });
    expect(foreign, {"payload length: passed; addresses: FAILED\n", "4/33"});
    scion[source_offset + 7] ^= 1;
    const std::string headers = told([this] { scion[5] = 1; });
    expect(headers, {"refused: scion_malformed"});
}

TEST_F(ScionWalkWords, OfTimes) {
    EXPECT_EQ(time_text(0), "1970-01-01T00:00:00Z");
    EXPECT_EQ(time_text(1'709'210'096'999), "2024-02-29T12:34:56Z");
}

}  // namespace
}  // namespace rhumb::scion::paths

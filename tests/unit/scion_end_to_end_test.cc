// The example network with Rhumb as every router: every path that the combinator finds carries
// packets there and back, and no packet of which anything that a MAC covers was changed gets past
// the AS that made that MAC.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/scion_paths/beaconing.hh"
#include "controlplane/scion_paths/combinator.hh"
#include "controlplane/scion_paths/packet_writer.hh"
#include "controlplane/scion_paths/walker.hh"
#include "rhumb/checksum.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion::paths {
namespace {

constexpr std::uint32_t made_at = 1'767'225'600;
constexpr std::uint64_t now_ms = (std::uint64_t{made_at} + 60) * 1000;

class ScionEndToEnd : public testing::Test {
protected:
    void SetUp() override { use("network.toml"); }
    void use(const std::string& file) {
        auto loaded = load_network(std::string(RHUMB_ROOT) + "/configs/scion-network/" + file);
        ASSERT_TRUE(loaded) << loaded.why().text();
        of = std::move(*loaded);
        auto ring = make_keys(of, 1);
        ASSERT_TRUE(ring) << ring.why().text();
        keys = std::move(*ring);
        beacon_options how;
        how.timestamp = made_at;
        how.seed = 1;
        auto made = make_segments(of, keys, how);
        ASSERT_TRUE(made) << made.why().text();
        segments = std::move(*made);
        auto routers_of = walker::make(of, keys, now_ms);
        ASSERT_TRUE(routers_of) << routers_of.why().text();
        routers = std::move(*routers_of);
    }

    [[nodiscard]] std::vector<path> paths_between(std::size_t a, std::size_t b) const {
        const auto found = segments.look_up(of.ases[a].ia, of.ases[b].ia);
        return combine(of.ases[a].ia, of.ases[b].ia, found.ups, found.cores, found.downs);
    }
    // Every path of every pair of ASes.
    template <class Each>
    void for_each_path(Each&& each) {
        for (std::size_t a = 0; a < of.ases.size(); ++a) {
            for (std::size_t b = 0; b < of.ases.size(); ++b) {
                if (a == b) {
                    continue;
                }
                const auto paths = paths_between(a, b);
                EXPECT_FALSE(paths.empty());
                for (std::size_t n = 0; n < paths.size(); ++n) {
                    SCOPED_TRACE(scion::to_string(of.ases[a].ia) + " to " +
                                 scion::to_string(of.ases[b].ia) + ", path " + std::to_string(n));
                    each(a, b, paths[n]);
                    if (HasFatalFailure()) {
                        return;
                    }
                }
            }
        }
    }
    [[nodiscard]] packet_description describe(std::size_t a, std::size_t b, const path& by) const {
        packet_description what;
        what.from = of.ases[a].ia;
        what.to = of.ases[b].ia;
        what.source = of.ases[a].host;
        what.destination = of.ases[b].host;
        what.path = by.bytes();
        what.data = {1, 2, 3, 4, 5};
        return what;
    }
    walk send(std::size_t from, std::uint16_t interface, const std::vector<byte>& scion) {
        const auto packet = routers->sent_by_host(from, interface, scion);
        return packet ? routers->carry(*packet) : walk();
    }
    [[nodiscard]] isd_as last_as(const walk& w) const {
        return w.steps.empty() ? isd_as() : of.ases[w.steps.back().as].ia;
    }
    static std::string reason(const walk& w) {
        return w.steps.empty() ? "no router" : std::string(text_of(w.steps.back().reason).name);
    }
    [[nodiscard]] bool is_host_of(std::size_t as, const endpoint& at, unsigned port) const {
        const control::underlay_endpoint& host = of.ases[as].host;
        return at.address == host.address && at.port == port;
    }

    network of;
    key_ring keys;
    segment_store segments;
    std::unique_ptr<walker> routers;
};

bool checksum_holds(std::span<const byte> scion) {
    const std::size_t header = header_bytes(scion.data());
    std::uint64_t sum = checksum_sum(&scion[destination_offset], address_bytes(scion.data()));
    sum += checksum_sum(&scion[header], scion.size() - header);
    sum += scion.size() - header + next_header(scion.data());
    return checksum_fold(sum) == 0xffff;
}

// One packet by every path of every pair of ASes, and the host's answer. How many paths there are.
class ScionThereAndBack : public ScionEndToEnd {
protected:
    void go(std::size_t a, std::size_t b, const path& p) {
        const auto scion = write_packet(describe(a, b, p));
        ASSERT_TRUE(scion) << scion.why().text();
        EXPECT_TRUE(checksum_holds(scion.value()));
        const walk there = send(a, p.interfaces.front().id, scion.value());
        ASSERT_TRUE(there.arrived) << reason(there);
        EXPECT_EQ(last_as(there), of.ases[b].ia);
        EXPECT_TRUE(is_host_of(b, there.host, 31000));
        const auto answer = answer_to(there.packet);
        ASSERT_TRUE(answer) << answer.why().text();
        EXPECT_TRUE(checksum_holds(answer.value()));
        const walk back = send(b, p.interfaces.back().id, answer.value());
        ASSERT_TRUE(back.arrived) << reason(back);
        EXPECT_EQ(last_as(back), of.ases[a].ia);
        EXPECT_TRUE(is_host_of(a, back.host, 31000));
        ++walks;
        const auto ases = p.ases_of_hops();
        kinds[0] += std::adjacent_find(ases.begin(), ases.end()) != ases.end() ? 1U : 0U;
        kinds[1] += p.parts[0].peering ? 1U : 0U;
        kinds[2] += there.steps.size() > p.weight + 1 ? 1U : 0U;
    }
    void go_everywhere() {
        for_each_path([&](std::size_t a, std::size_t b, const path& p) { go(a, b, p); });
        std::cout << walks << " paths, there and back: " << kinds[0]
                  << " with a switch of segments, " << kinds[1] << " over peering, " << kinds[2]
                  << " between sibling routers\n";
    }
    [[nodiscard]] std::size_t count(link_kind kind) const {
        return static_cast<std::size_t>(
            std::count_if(of.links.begin(), of.links.end(),
                          [&](const network_link& link) { return link.kind == kind; }));
    }
    std::size_t walks = 0;
    std::size_t kinds[3] = {};  // with a switch of segments, over peering, between siblings
};

TEST_F(ScionThereAndBack, EveryPathOfEveryPairLeads) {
    go_everywhere();
    EXPECT_GT(walks, 200U);
    for (const std::size_t kind : kinds) {
        EXPECT_GT(kind, 10U);
    }
}

TEST_F(ScionThereAndBack, EveryPathOfTheReferencesTinyTopologyLeads) {
    use("tiny.toml");
    ASSERT_EQ(of.ases.size(), 3U);
    EXPECT_EQ(count(link_kind::parent_child), 2U);
    go_everywhere();
    EXPECT_EQ(walks, 6U);  // one for each pair
}

TEST_F(ScionThereAndBack, EveryPathOfTheReferencesDefaultTopologyLeads) {
    use("default.toml");
    ASSERT_EQ(of.ases.size(), 16U);
    EXPECT_EQ(count(link_kind::core), 7U);
    EXPECT_EQ(count(link_kind::parent_child), 16U);
    EXPECT_EQ(count(link_kind::peer), 6U);
    const link_side side = of.side(of.find(parse_isd_as("2-ff00:0:220").value()).value(), 502);
    ASSERT_TRUE(side);
    EXPECT_EQ(side.far->interface, 3);
    EXPECT_EQ(side.link->mtu, 1400);
    go_everywhere();
    EXPECT_GT(walks, 1'000U);
    for (const std::size_t kind : kinds) {
        EXPECT_GT(kind, 50U);
    }
}

// Where the parts of a packet's path are that a hop's MAC covers, in bits from the SCION header.
struct covered {
    std::size_t first = 0;
    std::size_t count = 0;
    isd_as as;  // that has to refuse
};

std::vector<covered> covered_of(const path& p, std::size_t path_at) {
    std::vector<covered> all;
    const auto ases = p.ases_of_hops();
    std::size_t hop = 0;
    for (std::size_t n = 0; n < p.parts.size(); ++n) {
        const std::size_t info = path_at + meta_bytes + n * info_bytes;
        all.push_back({8 * (info + 2), 48, ases[hop]});  // SegID and timestamp
        for (std::size_t m = 0; m < p.parts[n].hops.size(); ++m, ++hop) {
            const std::size_t at =
                path_at + meta_bytes + p.parts.size() * info_bytes + hop * hop_bytes;
            all.push_back({8 * (at + 1), 88, ases[hop]});  // ExpTime, interfaces, MAC
        }
    }
    return all;
}

TEST_F(ScionEndToEnd, EveryFlippedBitThatAMacCoversIsRefusedByTheAsThatMadeIt) {
    std::size_t flips = 0;
    std::size_t paths = 0;
    for_each_path([&](std::size_t a, std::size_t b, const path& p) {
        ++paths;
        auto scion = write_packet(describe(a, b, p)).value();
        const std::size_t path_at = common_bytes + address_bytes(scion.data());
        for (const covered& part : covered_of(p, path_at)) {
            for (std::size_t bit = part.first; bit < part.first + part.count; ++bit, ++flips) {
                const auto mask = static_cast<byte>(0x80 >> bit % 8);
                scion[bit / 8] ^= mask;
                const walk w = send(a, p.interfaces.front().id, scion);
                scion[bit / 8] ^= mask;
                ASSERT_FALSE(w.arrived) << "bit " << bit - 8 * path_at << " of the path";
                ASSERT_EQ(last_as(w), part.as) << "bit " << bit - 8 * path_at << ": " << reason(w);
            }
        }
    });
    std::cout << flips << " flipped bits of " << paths << " paths, all refused\n";
    EXPECT_GT(flips, 50'000U);
}

TEST_F(ScionEndToEnd, EveryHopOfAnotherSegmentIsRefusedWhereItWasPut) {
    std::size_t splices = 0;
    for_each_path([&](std::size_t a, std::size_t b, const path& p) {
        auto scion = write_packet(describe(a, b, p)).value();
        const std::size_t first =
            common_bytes + address_bytes(scion.data()) + meta_bytes + p.parts.size() * info_bytes;
        const auto ases = p.ases_of_hops();
        // With the same key, timestamp and ExpTime, and often the same interfaces.
        const auto splice = [&](std::size_t n, const hop_field& hop) {
            std::array<byte, hop_bytes> other{};
            write_hop(other.data(), hop);
            byte* const at = &scion[first + n * hop_bytes];
            if (std::equal(other.begin(), other.end(), at)) {
                return;
            }
            std::swap_ranges(other.begin(), other.end(), at);
            const walk w = send(a, p.interfaces.front().id, scion);
            std::swap_ranges(other.begin(), other.end(), at);
            ++splices;
            ASSERT_FALSE(w.arrived) << "hop " << n;
            ASSERT_EQ(last_as(w), ases[n]) << "hop " << n << ": " << reason(w);
        };
        for (const auto* list : {&segments.cores, &segments.downs}) {
            for (const segment& s : *list) {
                for (const segment_entry& entry : s.entries) {
                    for (std::size_t n = 0; n < ases.size() && !HasFatalFailure(); ++n) {
                        if (ases[n] != entry.ia) {
                            continue;
                        }
                        splice(n, entry.hop);
                        for (const peer_entry& peer : entry.peers) {
                            splice(n, peer.hop);
                        }
                    }
                }
            }
        }
    });
    std::cout << splices << " hops of other segments, all refused\n";
    EXPECT_GT(splices, 3'000U);
}

TEST_F(ScionEndToEnd, TheAnswerToAWrongMacReachesTheSender) {
    std::size_t answers = 0;
    for_each_path([&](std::size_t a, std::size_t b, const path& p) {
        auto scion = write_packet(describe(a, b, p)).value();
        const std::size_t first =
            common_bytes + address_bytes(scion.data()) + meta_bytes + p.parts.size() * info_bytes;
        for (std::size_t hop = 0; hop < p.hop_count(); ++hop) {
            byte& mac = scion[first + hop * hop_bytes + 11];
            mac ^= 1;
            const walk w = send(a, p.interfaces.front().id, scion);
            mac ^= 1;
            ASSERT_EQ(reason(w), "scion_bad_mac");
            ASSERT_FALSE(w.steps.back().answer.empty()) << "hop " << hop;
            const walk back = routers->carry(w.steps.back().answer);
            ASSERT_TRUE(back.arrived) << "hop " << hop << ": " << reason(back);
            EXPECT_TRUE(is_host_of(a, back.host, 31000));
            const std::size_t message = header_bytes(back.packet.data());
            EXPECT_EQ(back.packet[message], scmp::parameter_problem);
            EXPECT_EQ(back.packet[message + 1], scmp::invalid_hop_field_mac);
            EXPECT_TRUE(checksum_holds(back.packet));
            ++answers;
        }
    });
    std::cout << answers << " SCMP errors came back\n";
    EXPECT_GT(answers, 400U);
}

TEST_F(ScionEndToEnd, TracerouteIsAnsweredByEveryInterfaceOfAPath) {
    const std::size_t a = of.find(parse_isd_as("1-ff00:0:112").value()).value();
    const std::size_t b = of.find(parse_isd_as("2-ff00:0:211").value()).value();
    for (const path& p : paths_between(a, b)) {
        const auto ases = p.ases_of_hops();
        std::vector<path_interface> answered;
        for (std::size_t hop = 0; hop < ases.size(); ++hop) {
            for (const bool ingress : {true, false}) {
                packet_description what = describe(a, b, p);
                what.kind = payload_kind::traceroute;
                ASSERT_TRUE(set_alert(what.path, hop, ingress));
                const walk w = send(a, p.interfaces.front().id, write_packet(what).value());
                if (w.arrived) {
                    continue;  // no interface of this path
                }
                ASSERT_EQ(w.steps.back().asked.task, slow_task::traceroute);
                const walk back = routers->carry(w.steps.back().answer);
                ASSERT_TRUE(back.arrived) << reason(back);
                const byte* const message = &back.packet[header_bytes(back.packet.data())];
                EXPECT_EQ(message[0], scmp::traceroute_reply);
                answered.push_back({load_isd_as(message + 8),
                                    static_cast<std::uint16_t>(load_be64(message + 16))});
            }
        }
        EXPECT_EQ(answered, p.interfaces);
    }
}

TEST_F(ScionEndToEnd, EchoAndEmptyPathsAndLinksThatAreDown) {
    const path p = paths_between(3, 7).at(0);
    packet_description what = describe(3, 7, p);
    what.kind = payload_kind::echo;
    const walk w = send(3, p.interfaces.front().id, write_packet(what).value());
    ASSERT_TRUE(w.arrived);
    EXPECT_TRUE(is_host_of(7, w.host, 30041));  // where the reference's hosts answer echoes
    const auto answer = answer_to(w.packet).value();
    EXPECT_EQ(answer[header_bytes(answer.data())], scmp::echo_reply);
    const walk back = send(7, p.interfaces.back().id, answer);
    ASSERT_TRUE(back.arrived);
    EXPECT_TRUE(is_host_of(3, back.host, 31000));

    routers->set_link(3, p.interfaces.front().id, false);
    what.kind = payload_kind::udp;
    const walk stopped = send(3, p.interfaces.front().id, write_packet(what).value());
    EXPECT_FALSE(stopped.arrived);
    EXPECT_EQ(reason(stopped), "scion_link_down");

    what.path.clear();
    const auto empty = write_packet(what).value();
    EXPECT_EQ(type_of_path(empty.data()), 0U);
    EXPECT_FALSE(answer_to(empty));
    EXPECT_FALSE(egress_of(empty));
    what.path.resize(most_header_bytes);
    EXPECT_FALSE(write_packet(what));
    what.path = p.bytes();
    what.data.resize(0x10000);
    EXPECT_FALSE(write_packet(what));
    EXPECT_FALSE(set_alert(what.path, p.hop_count(), true));
    EXPECT_FALSE(set_alert({}, 0, true));
}

}  // namespace
}  // namespace rhumb::scion::paths

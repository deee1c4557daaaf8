// Random SCION packets, good and mutated ones: a burst of many is as each alone, and what is sent
// has the right lengths and checksums. Under AddressSanitizer: nothing outside of them is touched.
#include <gtest/gtest.h>

#include "rhumb/wire/scmp.hh"
#include "tests/support/dice.hh"
#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

constexpr std::array<std::uint16_t, 12> interfaces{121, 122, 131, 132, 141, 151,
                                                   161, 171, 241, 242, 999, 0};

class packets {
public:
    explicit packets(std::uint32_t seed) : dice_(seed) {}

    // From the IP header on.
    std::vector<byte> next() {
        packet_spec spec = shape();
        const std::uint16_t by = dice_() % 8 == 0 ? interface() : ingress_;
        const unsigned from = by == 241 ? 13U : by == 242 ? 14U : by == 999 ? 0U : by;
        spec.from_outside = from >= 100;
        decorate(spec);
        std::vector<byte> scion = make_scion(spec);
        const unsigned changes = dice_() % 3 == 0 ? dice_() % 4 : 0;
        for (unsigned n = 0; n < changes; ++n) {
            scion[dice_() % std::min<std::size_t>(scion.size(), 120)] ^=
                static_cast<byte>(1U << dice_() % 8);
        }
        if (dice_() % 16 == 0) {
            scion.resize(dice_() % (scion.size() + 1));
        }
        std::vector<byte> packet = border::packet_by(from, scion);
        if (dice_() % 8 == 0) {
            packet[26] = packet[27] = 0;
        }
        return packet;
    }

private:
    std::uint16_t interface() { return interfaces[dice_() % interfaces.size()]; }
    packet_spec shape() {
        const bool construction = dice_() % 2 == 0;
        const std::uint16_t out = interface();
        ingress_ = interface();
        switch (dice_() % 6) {
            case 0:
            case 1: return transit(construction, ingress_, out);
            case 2: return inbound(construction, ingress_, out);
            case 3: ingress_ = 0; return outbound(construction, out);
            case 4: return switching(construction, ingress_, dice_() % 2 == 0, out);
            default: break;
        }
        packet_spec spec = inbound(true, ingress_);
        spec.type = scion::path_type::one_hop;
        spec.from = nearby;
        spec.segments[0].hops.resize(1);
        return spec;
    }
    void decorate(packet_spec& spec) {
        if (spec.type == scion::path_type::scion && dice_() % 6 == 0) {
            spec.type = scion::path_type::epic;
            spec.epic.timestamp = 60'000'000 / 21;
        }
        if (dice_() % 4 == 0) {
            spec.segments[0].hops.back().alert_in = spec.segments[0].hops.back().alert_out = true;
        }
        const std::array<layer4_spec, 5> bodies{
            udp(1000, 2000, dice_() % 1500), tcp(1000, 2000), echo(scmp::echo_reply, 5000),
            traceroute(scmp::traceroute_request, 77),
            scmp_message(4, 0, std::vector<byte>(dice_() % 100))};
        spec.layer4 = bodies[dice_() % bodies.size()];
        if (dice_() % 4 == 0) {
            spec.extensions = {{scion::next_hop_by_hop, {0, 1, 0}}};
        }
        if (dice_() % 4 == 0) {
            spec.destination = dice_() % 2 == 0 ? host("2001:db8::5") : service_host(2);
        }
        spec.spare_words = dice_() % 8 == 0 ? dice_() % 5 : 0;
    }

    dice dice_;
    std::uint16_t ingress_ = 0;
};

TEST(ScionBursts, AreAsEachPacketAlone) {
    border b;
    b.rig.own.links[b.link(151)].mtu = 300;
    b.rig.live.set_link(b.link(171), false);
    b.rig.set_former_key(as_key(other_as));
    packets source(20261125);
    std::array<unsigned, 5> fates{};
    for (unsigned round = 0; round < 60; ++round) {
        std::vector<std::vector<byte>> many;
        for (std::size_t n = 0; n < 1 + round * 4; ++n) {
            many.push_back(source.next());
        }
        const std::vector<scion_outcome> together = b.rig.run_all(many);
        for (std::size_t n = 0; n < many.size(); ++n) {
            const scion_outcome alone = b.rig.run(many[n]);
            ASSERT_EQ(alone, together[n]) << told(alone) << ", " << told(together[n]);
            ++fates[static_cast<std::size_t>(alone.fate)];
            if (alone.fate == verdict::forward) {
                ASSERT_EQ(what_is_wrong_with(alone.packet), "");
                ASSERT_EQ(alone.packet.size(), many[n].size());
            }
            const auto reply = alone.fate == verdict::slow ? b.rig.reply(alone) : std::nullopt;
            if (reply) {
                ASSERT_EQ(what_is_wrong_with(*reply), "");
                ASSERT_LE(reply->size(), 28 + scmp::most_error_bytes);
            }
        }
    }
    // They are not all of one kind.
    EXPECT_GT(fates[static_cast<std::size_t>(verdict::forward)], 500U);
    EXPECT_GT(fates[static_cast<std::size_t>(verdict::slow)], 500U);
    EXPECT_GT(fates[static_cast<std::size_t>(verdict::drop)], 500U);
    EXPECT_EQ(fates[static_cast<std::size_t>(verdict::again)], 0U);
    EXPECT_GT(b.rig.short_ways, 300U);
}

TEST(ScionBursts, OfPacketsThatAllSwitchSegmentsHaveTwoMacsEach) {
    border b;
    std::vector<std::vector<byte>> many;
    for (unsigned n = 0; n < burst::capacity; ++n) {
        packet_spec spec = switching(n % 2 == 0, 141, true, 151);
        spec.flow = n;
        spec.segments[1].hops[0].bad_mac = n % 7 == 0;
        many.push_back(border::packet_by(141, make_scion(spec)));
    }
    const std::vector<scion_outcome> got = b.rig.run_all(many);
    for (unsigned n = 0; n < burst::capacity; ++n) {
        EXPECT_EQ(told(got[n]).substr(0, 7), n % 7 == 0 ? "scion_b" : "out 151") << n;
    }
}

}  // namespace
}  // namespace rhumb::test

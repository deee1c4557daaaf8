// Packets all the way through networks of many shapes, and replies all the way back: what a router
// sends about a packet is accepted by every router that the packet had passed.
#include <gtest/gtest.h>

#include "controlplane/scion/path_reversal.hh"
#include "rhumb/wire/scmp.hh"
#include "tests/support/scion_border.hh"
#include "tests/support/scion_network.hh"

namespace rhumb::test {
namespace {

struct shape {
    std::string name;
    std::vector<step_to> steps;
};

// Up, across and down, of up to two links each.
std::vector<shape> shapes() {
    std::vector<shape> all;
    for (const unsigned up : {0U, 1U, 2U}) {
        for (const unsigned across : {0U, 1U, 2U, 3U}) {
            for (const unsigned down : {0U, 1U, 2U}) {
                const bool peering = across == 3;
                std::vector<step_to> steps(up, step_to::parent);
                steps.insert(steps.end(), peering ? 1 : across,
                             peering ? step_to::peer : step_to::core);
                steps.insert(steps.end(), down, step_to::child);
                if (!steps.empty()) {
                    all.push_back({std::to_string(up) + (peering ? " p " : " + ") +
                                       std::to_string(peering ? 1 : across) + " + " +
                                       std::to_string(down),
                                   steps});
                }
            }
        }
    }
    return all;
}

// Each shape, with one or two routers in its ASes, as `ways` says, and core segments in either
// direction.
template <class What>
void for_all(What&& what) {
    for (const shape& one : shapes()) {
        for (const unsigned two : {0U, ~0U, 0x55U, 0xaaU}) {
            SCOPED_TRACE(one.name + ", two routers: " + std::to_string(two & 0xff));
            scion_network network(one.steps, two);
            what(network, network.path(two % 3 == 0));
        }
    }
}

unsigned hops_of(const packet_spec& spec) {
    unsigned hops = 0;
    for (const segment_spec& segment : spec.segments) {
        hops += static_cast<unsigned>(segment.hops.size());
    }
    return hops;
}
hop_spec& hop_of(packet_spec& spec, unsigned n) {
    for (segment_spec& segment : spec.segments) {
        if (n < segment.hops.size()) {
            return segment.hops[n];
        }
        n -= static_cast<unsigned>(segment.hops.size());
    }
    throw std::out_of_range("hop");
}

std::string host_of(std::size_t as, unsigned port = scion_network::host_port) {
    return "host 10." + std::to_string(as) + ".0.51 " + std::to_string(port);
}

TEST(ScionWays, LeadToTheOtherEndAndTheTurnedPathLeadsBack) {
    for_all([](scion_network& network, const packet_spec& spec) {
        const auto there = network.carry(network.sent(make_scion(spec)));
        ASSERT_EQ(told(there.outcome), host_of(network.size() - 1));
        EXPECT_EQ(there.wrong, "");
        EXPECT_GE(there.routers, network.size());

        std::vector<byte> arrived(there.outcome.payload().begin(), there.outcome.payload().end());
        scion::packet p;
        p.scion = arrived.data();
        p.bytes = arrived.size();
        ASSERT_TRUE(find_parts(p));
        packet_spec answer = spec;
        std::swap(answer.from, answer.to);
        std::swap(answer.source, answer.destination);
        std::vector<byte> scion = make_scion(answer);
        const std::vector<byte> path = path_back(p, false);
        std::copy(path.begin(), path.end(),
                  scion.begin() + static_cast<long>(info_at(answer, 0) - scion::meta_bytes));
        const auto back = network.carry(network.sent_back(scion));
        EXPECT_EQ(told(back.outcome), host_of(0));
        EXPECT_EQ(back.wrong, "");
    });
}

// What a router sends about the packet comes to the host that had sent it.
void expect_reply(scion_network& network, const scion_network::arrival& stopped,
                  const std::string& fate) {
    ASSERT_NE(stopped.router, nullptr) << told(stopped.outcome);
    ASSERT_EQ(stopped.outcome.fate, verdict::slow) << told(stopped.outcome);
    EXPECT_EQ(told(stopped.outcome).substr(0, fate.size()), fate);
    const auto reply = stopped.router->reply(stopped.outcome);
    ASSERT_TRUE(reply);
    const auto back = network.carry(*reply);
    EXPECT_EQ(back.wrong, "");
    // By its own port, or, from the first router, by that of the underlay.
    const std::string came_to = told(back.outcome);
    EXPECT_TRUE(came_to == host_of(0) || (came_to == host_of(0, 40001) && back.routers == 0))
        << came_to;
    if (back.router == nullptr) {
        EXPECT_TRUE(layer4_checksum_holds(back.outcome.payload()));
    }
}

TEST(ScionWays, ErrorsAboutAnyHopComeBack) {
    for_all([](scion_network& network, const packet_spec& good) {
        for (unsigned hop = 0; hop < hops_of(good); ++hop) {
            SCOPED_TRACE("hop " + std::to_string(hop));
            packet_spec spec = good;
            hop_of(spec, hop).bad_mac = true;
            expect_reply(network, network.carry(network.sent(make_scion(spec))),
                         "scion_bad_mac 4/51");
            spec = good;
            for (segment_spec& segment : spec.segments) {
                segment.made -= 400;
            }
            hop_of(spec, hop).exp_time = 0;
            expect_reply(network, network.carry(network.sent(make_scion(spec))),
                         "scion_expired 4/52");
        }
    });
}

TEST(ScionWays, ErrorsAboutTheEndComeBack) {
    for_all([](scion_network& network, packet_spec spec) {
        spec.destination = service_host(2);
        expect_reply(network, network.carry(network.sent(make_scion(spec))), "scion_no_route 1/0");
    });
}

TEST(ScionWays, LinksThatAreDownAreToldAbout) {
    for_all([](scion_network& network, const packet_spec& spec) {
        for (std::size_t as = 0; as + 1 < network.size(); ++as) {
            scion_rig& router = network.router_before(as);
            const std::uint16_t link = network.link_after(as);
            router.live.set_link(link, false);
            expect_reply(network, network.carry(network.sent(make_scion(spec))),
                         "scion_link_down 5/0 of " + std::to_string(network.out_of(as)));
            router.live.set_link(link, true);
            router.own.links[link].mtu = 50;
            expect_reply(network, network.carry(network.sent(make_scion(spec))),
                         "scion_too_big 2/0 at 50");
            router.own.links[link].mtu = 0;
        }
    });
}

TEST(ScionWays, TraceroutesAreAnsweredByEveryRouter) {
    for_all([](scion_network& network, const packet_spec& good) {
        for (unsigned hop = 0; hop < hops_of(good); ++hop) {
            for (const bool entering : {true, false}) {
                packet_spec spec = good;
                hop_spec& asked = hop_of(spec, hop);
                (entering ? asked.alert_in : asked.alert_out) = true;
                const unsigned interface = entering ? asked.in : asked.out;
                if (interface == 0) {
                    continue;  // an end of the path or of a segment
                }
                spec.layer4 = traceroute(scmp::traceroute_request, scion_network::host_port);
                expect_reply(network, network.carry(network.sent(make_scion(spec))),
                             "traceroute " + std::to_string(interface));
            }
        }
    });
}

}  // namespace
}  // namespace rhumb::test

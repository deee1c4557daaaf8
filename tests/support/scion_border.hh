// A border router with every kind of link, for tests that put packets through it.
//
//        parent 131, 132     core 161, 171
//                  \          /
//   peer 121, 122 -- this router -- inside 10.0.0.1:30042 -- hosts
//                  /                     |        |
//        child 141, 151         sibling 10.0.0.13  sibling 10.0.0.14
//                               221 231 241 261    242
#pragma once

#include <arpa/inet.h>

#include <memory>
#include <string>
#include <vector>

#include "rhumb/packet/drop_reason.hh"
#include "tests/support/scion_maker.hh"
#include "tests/support/scion_rig.hh"

namespace rhumb::test {

inline constexpr std::uint64_t clock_ms = 1'767'225'660'000;  // a minute after segments are made
inline const std::string here = "1-ff00:0:111";
inline const std::string nearby = "1-ff00:0:120";  // what every link leads to

inline std::string text_of_endpoint(const scion::endpoint& at) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(at.address_bytes == 4 ? AF_INET : AF_INET6, at.address.data(), text.data(),
              text.size());
    return std::string(text.data()) + ' ' + std::to_string(at.port);
}

// What became of a packet: "out 141", "sibling 13", "host 10.0.0.51 21000",
// "scion_bad_mac 4/51 at 72", "traceroute 131", "drop scion_malformed".
inline std::string told(const scion_outcome& got) {
    const std::string reason(text_of(got.reason).name);
    const auto with = [](const char* before, unsigned number) {
        return before + std::to_string(number);
    };
    switch (got.fate) {
        case verdict::drop: return "drop " + reason;
        case verdict::punt: return "punt " + reason;
        case verdict::forward: {
            const std::string to = text_of_endpoint(got.destination());
            return to.starts_with("192.0.2.2 ") ? with("out ", got.destination().port - 2000U)
                   : to == "10.0.0.13 30042"    ? "sibling 13"
                   : to == "10.0.0.14 30042"    ? "sibling 14"
                                                : "host " + to;
        }
        case verdict::slow: break;
        default: return "nothing";
    }
    const slow_request& asked = got.asked;
    switch (asked.task) {
        case slow_task::traceroute: return with("traceroute ", asked.interface);
        case slow_task::bfd: return "bfd";
        case slow_task::scmp_error: break;
        default: return "other";
    }
    return reason + with(" ", asked.type) + with("/", asked.code) +
           (asked.type >= 5 ? with(" of ", asked.interface) : with(" at ", asked.pointer));
}

struct border {
    border() : rig(isd_as_of(here), as_key(own_as), endpoint_of("10.0.0.1", 30042)) {
        using enum scion::link_type;
        for (const auto& [interface, type] :
             std::vector<std::pair<unsigned, scion::link_type>>{{121, peer},
                                                                {122, peer},
                                                                {131, parent},
                                                                {132, parent},
                                                                {141, child},
                                                                {151, child},
                                                                {161, core},
                                                                {171, core}}) {
            rig.add_external(static_cast<std::uint16_t>(interface), type,
                             endpoint_of("192.0.2.1", 1000 + interface),
                             endpoint_of("192.0.2.2", 2000 + interface), isd_as_of(nearby));
        }
        for (const auto& [interface, type] : std::vector<std::pair<unsigned, scion::link_type>>{
                 {221, peer}, {231, parent}, {241, child}, {261, core}}) {
            rig.add_sibling(static_cast<std::uint16_t>(interface), type,
                            endpoint_of("10.0.0.13", 30042), isd_as_of(nearby));
        }
        rig.add_sibling(242, child, endpoint_of("10.0.0.14", 30042), isd_as_of(nearby));
        rig.own.services = {{scion::service_control,
                             {endpoint_of("10.0.0.71", 20001), endpoint_of("10.0.0.72", 20002),
                              endpoint_of("10.0.0.73", 20003)}},
                            {scion::service_discovery, {}}};
        rig.own.first_port = 1024;
        rig.own.last_port = 40000;
        rig.now_ms = clock_ms;
    }

    // The underlay packet by which `scion` comes: by an external interface, from a host (0), or
    // from the sibling with this last byte of its address.
    [[nodiscard]] static std::vector<byte> packet_by(unsigned interface,
                                                     const std::vector<byte>& scion) {
        const scion::endpoint inside = endpoint_of("10.0.0.1", 30042);
        if (interface == 0) {
            return udp_packet(endpoint_of("10.0.0.51", 40001), inside, scion);
        }
        if (interface < 100) {
            return udp_packet(endpoint_of("10.0.0." + std::to_string(interface), 30042), inside,
                              scion);
        }
        return udp_packet(endpoint_of("192.0.2.2", 2000 + interface),
                          endpoint_of("192.0.2.1", 1000 + interface), scion);
    }
    [[nodiscard]] scion_outcome run(unsigned interface, const std::vector<byte>& scion) {
        return rig.run(packet_by(interface, scion));
    }
    [[nodiscard]] scion_outcome run(unsigned interface, packet_spec spec) {
        spec.from_outside = interface >= 100;
        return run(interface, make_scion(spec));
    }
    [[nodiscard]] std::string tell(unsigned interface, const packet_spec& spec) {
        return told(run(interface, spec));
    }
    [[nodiscard]] std::uint16_t link(std::uint16_t interface) const {
        return rig.own.link_of(interface);
    }

    scion_rig rig;
};

// Paths through the router's AS, which is in the middle of three unless something else is said.
inline segment_spec through(bool construction, std::uint16_t in, std::uint16_t out) {
    return {construction, {{0, 1}, {in, out, own_as}, {2, 0}}};
}
inline packet_spec transit(bool construction, std::uint16_t in, std::uint16_t out) {
    packet_spec spec;
    spec.segments = {through(construction, in, out)};
    spec.hop = 1;
    return spec;
}
// At the end of its path.
inline packet_spec inbound(bool construction, std::uint16_t in, std::uint16_t unused = 0) {
    packet_spec spec;
    spec.to = here;
    spec.segments = {{construction, {{0, 1}, {in, unused, own_as}}}};
    spec.hop = 1;
    return spec;
}
// From a host of this AS.
inline packet_spec outbound(bool construction, std::uint16_t out) {
    packet_spec spec;
    spec.from = here;
    spec.segments = {{construction, {{0, out, own_as}, {2, 0}}}};
    spec.hop = 0;
    return spec;
}
// This AS has the last hop of one segment and the first of the next.
inline packet_spec switching(bool first, std::uint16_t in, bool second, std::uint16_t out) {
    packet_spec spec;
    spec.segments = {{first, {{0, 1}, {in, 0, own_as}}}, {second, {{0, out, own_as}, {2, 0}}}};
    spec.segments[1].beta = 0x2222;
    spec.hop = 1;
    return spec;
}

}  // namespace rhumb::test

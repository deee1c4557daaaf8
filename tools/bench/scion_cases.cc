// SCION packets through a border router, 840 flows: of 172 bytes as Ethernet carries them, as the
// reference's own benchmark has them, of 1500, and with forged ones among them.
#include <memory>

#include "tests/support/scion_border.hh"
#include "tools/bench/stage_cases.hh"

namespace rhumb::bench {

namespace {

using test::border;
using test::packet_spec;

constexpr std::uint32_t flows = 840;

struct traffic_shape {
    std::size_t frame_bytes = 172;
    std::uint32_t forged_every = 0;  // packets; 0: none
};

ip_prefix host_prefix(const std::string& address) {
    const scion::endpoint host = test::endpoint_of(address, 0);
    return {family::ipv4, 32, host.address};
}

stage_case packets(std::string name, unsigned interface, packet_spec spec,
                   const traffic_shape& shape = {}) {
    const auto shared = std::make_shared<border>();
    spec.from_outside = interface >= 100;
    // Payload up to the wanted size.
    const std::size_t header = test::make_scion(spec).size() - spec.layer4.bytes.size();
    constexpr std::size_t udp_header = 8;
    const std::size_t scion_bytes = shape.frame_bytes - 14 - 20 - 8;
    spec.layer4 = test::udp(40000, 21000, scion_bytes - header - udp_header);
    const auto frames = std::make_shared<std::vector<frame>>();
    for (std::uint32_t flow = 0; flow < flows; ++flow) {
        spec.flow = flow + 1;
        spec.segments[0].hops[spec.hop].bad_mac =
            shape.forged_every != 0 && flow % shape.forged_every == shape.forged_every / 2;
        const auto packet = border::packet_by(interface, test::make_scion(spec));
        frame made(ethernet::header_bytes);
        ethernet::write_header(made.data(), our_mac, {2, 0, 0, 0, 9, 9}, 0, ethernet::type_ipv4);
        made.insert(made.end(), packet.begin(), packet.end());
        frames->push_back(made);
    }
    stage_case one;
    one.name = std::move(name);
    one.make = [frames](config::rules& rules) {
        const std::uint32_t paths = rules.intern(config::path_list{{"n0", 1, {}}});
        for (const char* const own : {"192.0.2.1", "10.0.0.1"}) {
            config::prefix_rule rule;
            rule.match = host_prefix(own);
            rule.local = true;
            rules.prefixes.push_back(rule);
        }
        for (const char* const other : {"192.0.2.2", "10.0.0.13", "10.0.0.51"}) {
            config::prefix_rule rule;
            rule.match = host_prefix(other);
            rule.paths = paths;
            rules.prefixes.push_back(rule);
        }
        return [frames](std::size_t n) { return (*frames)[n % frames->size()]; };
    };
    shared->rig.own.finish();
    one.scion = {std::shared_ptr<const scion::table>(shared, &shared->rig.own), shared->rig.now_ms};
    return one;
}

}  // namespace

std::vector<stage_case> scion_cases() {
    constexpr unsigned host = 0;
    constexpr unsigned sibling = 13;
    return {
        packets("SCION out", host, test::outbound(true, 141)),
        packets("SCION in", 131, test::inbound(true, 131)),
        packets("SCION through", 131, test::transit(true, 131, 141)),
        packets("SCION to a sibling", 131, test::transit(true, 131, 241)),
        packets("SCION from a sibling", sibling, test::transit(true, 231, 141)),
        packets("SCION, switch of segments", 151, test::switching(false, 151, true, 141)),
        packets("SCION through, 1500 bytes", 131, test::transit(true, 131, 141), {1500, 0}),
        packets("SCION through, 1 in 100 forged", 131, test::transit(true, 131, 141), {172, 100})};
}

}  // namespace rhumb::bench

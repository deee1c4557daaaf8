#include "controlplane/scion_paths/walker.hh"

#include <algorithm>

#include "controlplane/scion/br_toml.hh"
#include "controlplane/scion/reply.hh"
#include "controlplane/scion/topology.hh"
#include "controlplane/scion_paths/files.hh"
#include "dataplane/scion/packet.hh"
#include "dataplane/scion/stage.hh"
#include "rhumb/packet/lane.hh"
#include "rhumb/table/stage_context.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"

namespace rhumb::scion::paths {

namespace {

constexpr std::size_t headroom = 128;
constexpr unsigned most_routers = 200;  // more are a circle

std::size_t outer_bytes(std::span<const byte> packet) {
    return (packet[0] >> 4 == 4 ? ipv4::header_bytes(packet.data()) : ipv6::header_bytes) +
           udp_bytes;
}
endpoint receiver_of(std::span<const byte> packet) {
    const bool v4 = packet[0] >> 4 == 4;
    endpoint to;
    to.address_bytes = v4 ? 4 : 16;
    std::copy_n(&packet[v4 ? 16 : 24], to.address_bytes, to.address.begin());
    to.port = load_be16(&packet[outer_bytes(packet) - udp_bytes + 2]);
    return to;
}
std::vector<byte> inner(std::span<const byte> packet) {
    const auto scion = packet.subspan(outer_bytes(packet));
    return {scion.begin(), scion.end()};
}
endpoint to_endpoint(const control::underlay_endpoint& from) {
    return {from.address, from.address_bytes, from.port};
}
control::underlay_endpoint to_underlay(const endpoint& from) {
    return {from.address, from.address_bytes, from.port, {}};
}

// What the router's loader makes of the files that write_files() would write.
result<std::shared_ptr<const setup>> load_router(const network& of, const as_keys& keys,
                                                 std::size_t as, std::size_t router,
                                                 std::uint64_t now_ms) {
    auto settings = control::parse_br_toml(br_toml(of, as, router), "br.toml");
    auto topology = control::parse_topology(topology_json(of, as), "topology.json");
    if (!settings || !topology) {
        return settings ? topology.why() : settings.why();
    }
    control::border_router_files files;
    files.settings = std::move(*settings);
    files.as = std::move(*topology);
    files.keys = {control::secret(keys.master0), control::secret(keys.master1)};
    files.topology_path = "topology.json";
    files.dispatched_ports = files.as.dispatched_ports;
    if (auto good = control::check_own_router(files.own(), files.topology_path); !good) {
        return good.why();
    }
    return setup::make({}, std::move(files), nullptr, now_ms);
}

}  // namespace

result<std::unique_ptr<walker>> walker::make(const network& of, const key_ring& keys,
                                             std::uint64_t now_ms) {
    std::unique_ptr<walker> made(new walker(of, now_ms));
    for (std::size_t as = 0; as < of.ases.size(); ++as) {
        auto& routers = made->routers_.emplace_back();
        for (std::size_t n = 0; n < of.ases[as].routers.size(); ++n) {
            auto loaded = load_router(of, keys[as], as, n, now_ms);
            if (!loaded) {
                return loaded.why();
            }
            made->at_[of.ases[as].routers[n].internal] = {as, n};
            made->live_[loaded.value().get()] = std::make_unique<liveness>();
            routers.push_back(std::move(*loaded));
        }
        for (const link_side& side : of.sides(as)) {
            made->at_[side.near->address] = {as, side.near->router};
        }
    }
    return made;
}

void walker::set_link(std::size_t as, std::uint16_t interface, bool up) {
    for (const auto& router : routers_[as]) {
        if (router->own.knows(interface)) {
            live_[router.get()]->set_link(router->own.link_of(interface), up);
        }
    }
}

std::optional<std::vector<byte>> walker::sent_by_host(std::size_t as, std::uint16_t interface,
                                                      std::span<const byte> scion) const {
    const link_side side = of_.side(as, interface);
    if (!side) {
        return std::nullopt;
    }
    link by;
    set_outer(by, to_endpoint(of_.ases[as].host),
              to_endpoint(of_.ases[as].routers[side.near->router].internal));
    return underlay_packet(by, nullptr, scion);
}

walk walker::carry(std::vector<byte> packet) {
    walk made;
    while (made.steps.size() < most_routers) {
        const endpoint to = receiver_of(packet);
        const auto known = at_.find(to_underlay(to));
        if (known == at_.end()) {
            made.arrived = true;
            made.host = to;
            made.packet = inner(packet);
            break;
        }
        made.steps.push_back(run(known->second.as, known->second.router, packet));
        if (!made.steps.back().forwarded()) {
            break;
        }
    }
    return made;
}

walk_step walker::run(std::size_t as, std::size_t router, std::vector<byte>& packet) {
    const setup& self = *routers_[as][router];
    walk_step made;
    made.as = as;
    made.router = router;
    made.sender = sender_of(packet);
    made.before = inner(packet);

    // A block of its own that ends with the packet, so that AddressSanitizer sees its end.
    std::vector<byte> buffer(headroom + packet.size());
    std::copy(packet.begin(), packet.end(), buffer.begin() + headroom);
    burst& b = *burst_;
    b.count = 1;
    b.start();
    b.put(0, buffer.data() + headroom, packet.size(), headroom);
    b.kind[0] = protocol::scion;
    table_set tables;
    tables.scion = &self.own;
    lanes uncovered;
    trace_->clear();
    const std::uint8_t first = 0;
    stage::process(b, lane(&first, 1), {tables, *live_[&self], *counters_, now_ms_}, uncovered,
                   *trace_);

    for (std::size_t n = 0; n < trace_->of(0).count; ++n) {
        const trace_event& event = trace_->of(0).list[n];
        if (event.what == step::scion_arrived) {
            made.link_in = static_cast<std::uint16_t>(event.a);
        } else if (event.what == step::scion_sent) {
            made.link_out = static_cast<std::uint16_t>(event.a);
        }
    }
    // The lane of IPv4 or IPv6: from here on it is routed as any other packet.
    made.fate = b.fate[0] == verdict::again ? verdict::forward : b.fate[0];
    made.reason = made.forwarded() ? drop_reason::none : b.reason[0];
    if (made.forwarded()) {
        packet.assign(b.front[0], b.end[0]);
        made.receiver = receiver_of(packet);
        made.after = inner(packet);
        return made;
    }
    // In place: what the router changed before it gave up is in the buffer.
    const std::span<const byte> left = std::span(buffer).subspan(headroom);
    made.after = inner(left);
    if (made.fate == verdict::slow) {
        made.asked = b.slow[0];
        reply_options how;
        how.now_ns = now_ms_ * 1'000'000;
        made.answer = make_reply(self.own, made.asked, left, how).value_or(std::vector<byte>());
    }
    return made;
}

std::optional<packet> at_hop(std::vector<byte>& scion) {
    packet p;
    p.scion = scion.data();
    p.bytes = scion.size();
    if (scion.size() < least_bytes || scion.size() < common_bytes + address_bytes(p.scion) ||
        !find_parts(p) || p.type != path_type::scion || current_hop(p.meta) >= p.hops ||
        current_info(p.meta) >= p.segments) {
        return std::nullopt;
    }
    return p;
}

std::optional<std::uint16_t> egress_of(std::span<const byte> scion) {
    std::vector<byte> copy(scion.begin(), scion.end());
    const auto p = at_hop(copy);
    return p ? std::optional(p->current().egress()) : std::nullopt;
}

}  // namespace rhumb::scion::paths

// To a host or a service of the own AS: which address and port.
#include <algorithm>

#include "dataplane/scion/packet.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion {

namespace {

slow_request error(std::uint8_t type, std::uint8_t code) noexcept {
    return {slow_task::scmp_error, type, code, 0, 0, 0};
}

constexpr int no_port = -1;

// The port of a packet that quotes: that of the quoted packet's source.
int quoted_port(byte* quote, std::size_t bytes) noexcept {
    packet quoted;
    quoted.scion = quote;
    quoted.bytes = bytes;
    if (bytes < least_bytes || bytes < common_bytes + address_bytes(quote) || !find_parts(quoted)) {
        return no_port;
    }
    const byte* const layer4 = quoted.layer4;
    const std::size_t left = quoted.layer4_bytes();
    if (quoted.next == next_udp) {
        return left >= udp_bytes && load_be16(layer4) != 0 ? load_be16(layer4) : no_port;
    }
    if (quoted.next != next_scmp || left < scmp::echo_bytes) {
        return no_port;
    }
    const bool is_request =
        layer4[0] == scmp::echo_request ||
        (layer4[0] == scmp::traceroute_request && left >= scmp::traceroute_bytes);
    return is_request ? load_be16(layer4 + 4) : no_port;
}

int scmp_port(const packet& p) noexcept {
    const std::size_t left = p.layer4_bytes();
    if (left < scmp::header_bytes) {
        return no_port;
    }
    switch (p.layer4[0]) {
        case scmp::echo_request:
        case scmp::traceroute_request: return table::dispatcher_port;
        case scmp::echo_reply: return left >= scmp::echo_bytes ? load_be16(p.layer4 + 4) : no_port;
        case scmp::traceroute_reply:
            return left >= scmp::traceroute_bytes ? load_be16(p.layer4 + 4) : no_port;
        default: break;
    }
    const std::size_t quote = scmp::quote_offset(p.layer4[0]);
    return quote != 0 && left > quote ? quoted_port(p.layer4 + quote, left - quote) : no_port;
}

// By the layer 4 header; no_port: the packet is to be dropped.
int port_of(const packet& p) noexcept {
    constexpr std::size_t tcp_bytes = 20;
    const std::size_t left = p.layer4_bytes();
    switch (p.next) {
        case next_udp: return left >= udp_bytes ? load_be16(p.layer4 + 2) : no_port;
        case next_tcp: return left >= tcp_bytes ? load_be16(p.layer4 + 2) : no_port;
        case next_scmp: return scmp_port(p);
        default: return table::dispatcher_port;
    }
}

delivery to_service(const packet& p, const table& own) noexcept {
    const unsigned number = load_be16(destination_host(p.scion)) & ~unsigned{service_multicast};
    const auto known = std::find_if(own.services.begin(), own.services.end(),
                                    [=](const service& s) { return s.number == number; });
    delivery out;
    if (known == own.services.end() || known->instances.empty()) {
        out.error = error(scmp::destination_unreachable, scmp::no_route);
        return out;
    }
    // Packets of a flow stay together.
    const std::size_t flow = (flow_id(p.scion) ^ source(p.scion)) * 0x9e3779b97f4a7c15 >> 32;
    out.to = known->instances[flow % known->instances.size()];
    return out;
}

}  // namespace

delivery deliver(const packet& p, const table& own) noexcept {
    const unsigned type = destination_type(p.scion);
    if (type == host_service) {
        return to_service(p, own);
    }
    delivery out;
    const byte* const host = destination_host(p.scion);
    const bool is_v4 = type == host_ipv4;
    const bool is_v6 = type == host_ipv6;
    const bool unspecified =
        is_v4 ? load_be32(host) == 0 : is_v6 && load_be64(host) == 0 && load_be64(host + 8) == 0;
    if ((!is_v4 && !is_v6) || unspecified || (is_v6 && is_v4_mapped(host))) {
        out.error = error(scmp::parameter_problem, scmp::invalid_destination_address);
        return out;
    }
    out.to.address_bytes = is_v4 ? 4 : 16;
    std::copy_n(host, out.to.address_bytes, out.to.address.begin());
    const int port = port_of(p);
    if (port == no_port) {
        out.bad = drop_reason::scion_bad_layer4;
        return out;
    }
    // Where nothing is dispatched, the range is 0 to 0; no range has port 0.
    const bool in_range = port != 0 && port >= own.first_port && port <= own.last_port;
    out.to.port =
        own.any_port || in_range ? static_cast<std::uint16_t>(port) : table::dispatcher_port;
    return out;
}

}  // namespace rhumb::scion

#include "controlplane/scion_paths/packet_writer.hh"

#include <algorithm>

#include "controlplane/scion/path_reversal.hh"
#include "dataplane/scion/packet.hh"
#include "rhumb/checksum.hh"
#include "rhumb/wire/scion.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion::paths {

namespace {

constexpr std::size_t most_payload_bytes = 0xffff;

void append(std::vector<byte>& to, std::span<const byte> what) {
    to.resize(to.size() + what.size());
    std::copy(what.begin(), what.end(), to.end() - static_cast<std::ptrdiff_t>(what.size()));
}

std::vector<byte> payload_of(const packet_description& what) {
    std::vector<byte> made;
    if (what.kind == payload_kind::udp) {
        made.resize(udp_bytes);
        store_be16(&made[0], what.source.port);
        store_be16(&made[2], what.destination.port);
        append(made, what.data);
        store_be16(&made[4], static_cast<std::uint16_t>(made.size()));
        return made;
    }
    const bool echo = what.kind == payload_kind::echo;
    made.resize(echo ? scmp::echo_bytes : scmp::traceroute_bytes);
    made[0] = echo ? scmp::echo_request : scmp::traceroute_request;
    store_be16(&made[4], what.source.port);
    store_be16(&made[6], what.sequence);
    append(made, echo ? std::span<const byte>(what.data) : std::span<const byte>());
    return made;
}

// Sets the checksum of a packet without extension headers, over the pseudo header of addresses,
// length and protocol, and what lies behind the SCION header.
void set_checksum(std::vector<byte>& packet) {
    const std::size_t header = header_bytes(packet.data());
    const unsigned protocol = next_header(packet.data());
    const std::size_t at = header + (protocol == next_udp ? 6U : 2U);
    if (at + 2 > packet.size()) {
        return;
    }
    store_be16(&packet[at], 0);
    std::uint64_t sum = checksum_sum(&packet[destination_offset], address_bytes(packet.data()));
    sum += checksum_sum(&packet[header], packet.size() - header);
    sum += packet.size() - header + protocol;
    store_be16(&packet[at], static_cast<std::uint16_t>(~checksum_fold(sum)));
}

unsigned host_type(const control::underlay_endpoint& host) {
    return host.address_bytes == 4 ? host_ipv4 : host_ipv6;
}

}  // namespace

result<std::vector<byte>> write_packet(const packet_description& what) {
    const std::vector<byte> payload = payload_of(what);
    if (payload.size() > most_payload_bytes) {
        return error{"the payload is longer than 65535 bytes", {}};
    }
    const std::size_t addresses =
        2 * isd_as_bytes + what.source.address_bytes + what.destination.address_bytes;
    const std::size_t header = common_bytes + addresses + what.path.size();
    if (header > most_header_bytes || header % 4 != 0) {
        return error{"the path does not fit a SCION header", {}};
    }
    std::vector<byte> made(common_bytes);
    store_be32(&made[0], std::uint32_t{what.traffic_class} << 20 | (what.flow & 0xfffff));
    made[4] = static_cast<byte>(what.kind == payload_kind::udp ? next_udp : next_scmp);
    made[5] = static_cast<byte>(header / 4);
    store_be16(&made[6], static_cast<std::uint16_t>(payload.size()));
    made[8] = static_cast<byte>(what.path.empty() ? path_type::empty : path_type::scion);
    made[9] = static_cast<byte>(host_type(what.destination) << 4 | host_type(what.source));
    made.resize(hosts_offset);
    store_isd_as(&made[destination_offset], what.to);
    store_isd_as(&made[source_offset], what.from);
    append(made, std::span(what.destination.address).first(what.destination.address_bytes));
    append(made, std::span(what.source.address).first(what.source.address_bytes));
    append(made, what.path);
    append(made, payload);
    set_checksum(made);
    return made;
}

bool set_alert(std::span<byte> path, std::size_t hop, bool ingress) {
    if (path.size() < meta_bytes) {
        return false;
    }
    const std::uint32_t meta = load_be32(path.data());
    std::size_t segments = 0;
    std::size_t hops = 0;
    for (unsigned n = 0; n < most_segments && segment_length(meta, n) != 0; ++n) {
        ++segments;
        hops += segment_length(meta, n);
    }
    const std::size_t first = meta_bytes + segments * info_bytes;
    if (hop >= hops || path.size() < first + hops * hop_bytes) {
        return false;
    }
    const std::size_t info = meta_bytes + segment_of(meta, static_cast<unsigned>(hop)) * info_bytes;
    const bool construction = (path[info] & info_construction) != 0;
    byte& flags = path[first + hop * hop_bytes];
    flags =
        static_cast<byte>(flags | (construction == ingress ? hop_ingress_alert : hop_egress_alert));
    return true;
}

result<std::vector<byte>> answer_to(std::span<const byte> scion) {
    std::vector<byte> copy(scion.begin(), scion.end());
    packet p;
    p.scion = copy.data();
    p.bytes = copy.size();
    if (copy.size() < least_bytes || copy.size() < common_bytes + address_bytes(p.scion) ||
        !find_parts(p) || p.type != path_type::scion) {
        return error{"this is no packet with a path of type SCION", {}};
    }
    const std::vector<byte> back = path_back(p, false);
    if (back.empty()) {
        return error{"the packet's path has no way back", {}};
    }
    std::vector<byte> made(copy.begin(), copy.begin() + hosts_offset);
    made[9] = static_cast<byte>(source_type(p.scion) << 4 | destination_type(p.scion));
    store_be64(&made[destination_offset], source(p.scion));
    store_be64(&made[source_offset], destination(p.scion));
    append(made, {source_host(p.scion), host_bytes(source_type(p.scion))});
    append(made, {destination_host(p.scion), host_bytes(destination_type(p.scion))});
    append(made, back);
    made[4] = p.next;
    made[5] = static_cast<byte>(made.size() / 4);
    const std::size_t payload = made.size();
    append(made, {p.layer4, p.layer4_bytes()});
    store_be16(&made[6], static_cast<std::uint16_t>(p.layer4_bytes()));
    if (p.next == next_udp && p.layer4_bytes() >= udp_bytes) {
        std::swap_ranges(&made[payload], &made[payload + 2], &made[payload + 2]);
    } else if (p.next == next_scmp && made[payload] == scmp::echo_request) {
        made[payload] = scmp::echo_reply;
    }
    set_checksum(made);
    return made;
}

}  // namespace rhumb::scion::paths

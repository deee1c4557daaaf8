#include "dataplane/scion/packet.hh"

#include "rhumb/checksum.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion {

namespace {

// Behind at most one header with hop-by-hop options and then one with end-to-end ones. What is in
// them is nothing to a router.
bool skip_extensions(packet& p) noexcept {
    std::size_t at = header_bytes(p.scion);
    unsigned next = next_header(p.scion);
    for (unsigned extension = next_hop_by_hop; extension <= next_end_to_end; ++extension) {
        if (next != extension) {
            continue;
        }
        if (p.bytes - at < 2) {
            return false;
        }
        const std::size_t length = (std::size_t{p.scion[at + 1]} + 1) * 4;
        if (p.bytes - at < length) {
            return false;
        }
        next = p.scion[at];
        at += length;
    }
    p.layer4 = p.scion + at;
    p.next = static_cast<std::uint8_t>(next);
    return next != next_hop_by_hop && next != next_end_to_end;
}

// PathMeta's own rules: no segment after an empty one, at most 64 hops, and all fields there.
bool find_scion_path(packet& p, byte* path, std::size_t path_bytes) noexcept {
    if (path_bytes < meta_bytes) {
        return false;
    }
    p.path = path;
    p.meta = load_be32(path);
    unsigned hops = 0;
    unsigned segments = 0;
    for (unsigned n = 0; n < most_segments; ++n) {
        const unsigned length = segment_length(p.meta, n);
        if (length != 0 && segments != n) {
            return false;
        }
        segments += length != 0 ? 1 : 0;
        hops += length;
    }
    p.segments = static_cast<std::uint8_t>(segments);
    p.hops = static_cast<std::uint8_t>(hops);
    return hops <= most_hops && path_bytes >= meta_bytes + segments * info_bytes + hops * hop_bytes;
}

}  // namespace

bool take_alert(packet& p, byte* hop, byte alert) noexcept {
    if ((hop[0] & alert) == 0) [[likely]] {
        return false;
    }
    clear_alert(p, hop, alert);
    return p.next == next_scmp && p.layer4_bytes() >= scmp::traceroute_bytes &&
           p.layer4[0] == scmp::traceroute_request && p.layer4[1] == 0;
}

arrival arrive(packet& p, std::size_t ip_bytes, const table& own) noexcept {
    const bool v4 = p.ip[0] >> 4 == 4;
    const std::size_t header = v4 ? ipv4::header_bytes(p.ip) : ipv6::header_bytes;
    constexpr unsigned udp = 17;
    if ((v4 ? ipv4::protocol(p.ip) : ipv6::next_header(p.ip)) != udp) {
        return arrival::elsewhere;
    }
    if ((v4 && ipv4::fragment(p.ip) != 0) || ip_bytes < header + udp_bytes) {
        return arrival::bad_underlay;
    }
    p.udp = p.ip + header;
    p.link = v4 ? own.finder.find_v4(p.ip, p.udp) : own.finder.find_v6(p.ip, p.udp);
    if (p.link == link_finder::nothing) {
        return arrival::elsewhere;
    }
    const std::size_t udp_length = load_be16(p.udp + 4);
    if (udp_length < udp_bytes || udp_length > ip_bytes - header ||
        (!v4 && load_be16(p.udp + 6) == 0)) {
        return arrival::bad_underlay;
    }
    p.scion = p.udp + udp_bytes;
    p.bytes = udp_length - udp_bytes;
    p.from = own.links[p.link].interface;
    if (p.bytes >= common_bytes && is_known_next_header(next_header(p.scion)) &&
        p.bytes >= common_bytes + address_bytes(p.scion)) {
        return arrival::scion;
    }
    constexpr std::uint32_t stun_cookie = 0x2112a442;
    constexpr std::size_t stun_header_bytes = 20;
    return own.links[p.link].scope == link_scope::internal && p.bytes >= stun_header_bytes &&
                   load_be32(p.scion + 4) == stun_cookie
               ? arrival::stun
               : arrival::not_scion;
}

bool find_parts(packet& p) noexcept {
    const std::size_t header = header_bytes(p.scion);
    const std::size_t before_path = common_bytes + address_bytes(p.scion);
    if (header < before_path || header > p.bytes) {
        return false;
    }
    byte* const path = p.scion + before_path;
    const std::size_t path_bytes = header - before_path;
    switch (type_of_path(p.scion)) {
        case static_cast<unsigned>(path_type::empty):
            p.type = path_type::empty;
            if (path_bytes != 0) {
                return false;
            }
            break;
        case static_cast<unsigned>(path_type::scion):
            p.type = path_type::scion;
            if (!find_scion_path(p, path, path_bytes)) {
                return false;
            }
            break;
        case static_cast<unsigned>(path_type::one_hop):
            p.type = path_type::one_hop;
            p.path = path;
            if (path_bytes < one_hop_path_bytes) {
                return false;
            }
            break;
        case static_cast<unsigned>(path_type::epic):
            p.type = path_type::epic;
            if (path_bytes < epic_bytes ||
                !find_scion_path(p, path + epic_bytes, path_bytes - epic_bytes)) {
                return false;
            }
            break;
        default: return false;
    }
    return skip_extensions(p);
}

namespace {

// Of addresses and ports of a packet with its outer headers.
std::uint64_t pseudo_sum(const byte* ip, const byte* udp) noexcept {
    const bool v4 = ip[0] >> 4 == 4;
    return wire_sum(ip + (v4 ? 12 : 8), v4 ? 8 : 32) + load_wire32(udp);
}

void store_sum(byte* to, std::uint16_t value) noexcept { std::memcpy(to, &value, sizeof value); }

// The whole UDP checksum, where there is none to go on from.
std::uint16_t checksum_from_nothing(std::uint64_t pseudo, const byte* udp,
                                    std::size_t bytes) noexcept {
    // Protocol, and the length twice: in the pseudo header and in the UDP header.
    std::uint64_t sum = pseudo + byte_swap(static_cast<std::uint16_t>(17)) +
                        2 * std::uint64_t{byte_swap(static_cast<std::uint16_t>(bytes))};
    sum += byte_swap(checksum_sum(udp + udp_bytes, bytes - udp_bytes));
    return static_cast<std::uint16_t>(~checksum_fold(sum));
}

}  // namespace

byte* encapsulate(packet& p, const link& by, const endpoint* to) noexcept {
    const std::uint64_t old_pseudo = pseudo_sum(p.ip, p.udp);
    std::uint16_t checksum = 0;
    std::memcpy(&checksum, p.udp + 6, 2);

    byte* const udp = p.scion - udp_bytes;
    byte* const ip = p.scion - by.outer_bytes;
    const bool v4 = by.outer_bytes == ipv4::min_header_bytes + udp_bytes;
    const auto udp_length = static_cast<std::uint16_t>(p.bytes + udp_bytes);
    std::uint64_t pseudo = by.pseudo_sum;
    std::uint64_t header_sum = by.header_sum;
    if (v4) {
        std::memcpy(ip, by.outer.data(), ipv4::min_header_bytes + udp_bytes);
    } else {
        std::memcpy(ip, by.outer.data(), ipv6::header_bytes + udp_bytes);
    }
    if (to != nullptr) {
        std::memcpy(udp - to->address_bytes, to->address.data(), to->address_bytes);
        store_be16(udp + 2, to->port);
        const std::uint64_t address = wire_sum(udp - to->address_bytes, to->address_bytes);
        pseudo += address + byte_swap(to->port);
        header_sum += address;
    }
    store_be16(udp + 4, udp_length);
    if (v4) {
        const auto total = static_cast<std::uint16_t>(udp_length + ipv4::min_header_bytes);
        store_be16(ip + 2, total);
        store_sum(ip + 10,
                  static_cast<std::uint16_t>(~checksum_fold(header_sum + byte_swap(total))));
    } else {
        store_be16(ip + 4, udp_length);
    }
    if (checksum != 0) [[likely]] {
        // RFC 1624: what was covered and is no longer goes, what is new comes.
        const std::uint64_t sum = static_cast<std::uint16_t>(~checksum) + p.change + pseudo +
                                  (0xffffU - checksum_fold(old_pseudo));
        checksum = static_cast<std::uint16_t>(~checksum_fold(sum));
        store_sum(udp + 6, checksum == 0 ? 0xffff : checksum);
    } else if (!v4) {  // none over IPv4 stays none; IPv6 must have one (RFC 8200 section 8.1)
        checksum = checksum_from_nothing(pseudo, udp, udp_length);
        store_sum(udp + 6, checksum == 0 ? 0xffff : checksum);
    }
    return ip;
}

}  // namespace rhumb::scion

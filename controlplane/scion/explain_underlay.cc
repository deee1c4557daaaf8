// The outer headers: Ethernet with VLAN tags and MPLS labels, IPv4 or IPv6, UDP.
#include <fmt/format.h>

#include <algorithm>

#include "controlplane/scion/explain_parts.hh"
#include "rhumb/checksum.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/stun.hh"

namespace rhumb::scion::explain {

namespace {

constexpr unsigned protocol_udp = 17;
constexpr std::size_t udp_header_bytes = 8;
constexpr unsigned type_service_vlan = 0x88a8;  // IEEE 802.1ad
constexpr std::size_t label_bytes = 4;

std::string mac_text(const byte* mac) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3],
                       mac[4], mac[5]);
}

std::string type_text(unsigned type) {
    switch (type) {
        case ethernet::type_ipv4: return "IPv4";
        case ethernet::type_ipv6: return "IPv6";
        case ethernet::type_vlan: return "VLAN tag";
        case type_service_vlan: return "service VLAN tag";
        case ethernet::type_mpls: return "MPLS";
        case ethernet::type_arp: return "ARP: no SCION packet";
        default: return "no SCION packet";
    }
}

void labels(reader& r, std::size_t at, fields& into) {
    for (bool is_last = false; !is_last; at += label_bytes) {
        field& f = open(into, at, "MPLS label");
        if (!r.has(at, label_bytes, "an MPLS label")) {
            return;
        }
        const std::uint32_t entry = load_be32(r.at(at));
        is_last = (entry >> 8 & 1) != 0;
        f.bytes = label_bytes;
        f.value = std::to_string(entry >> 12);
        f.number = entry >> 12;
        f.meaning = fmt::format("TC {}, TTL {}{}", entry >> 9 & 7, entry & 0xff,
                                is_last ? ", the last" : "");
    }
    ip(r, at, into);
}

// What follows a header that says how long it is: bytes behind that are no part of the packet.
void cut(reader& r, std::size_t end, field& in, std::string_view why) {
    if (end < r.bytes.size()) {
        say(in, end, "behind it", count_of(r.bytes.size() - end, "byte"), std::string(why));
        r.bytes = r.bytes.first(end);
    }
}

// Sum of the pseudo header (RFC 768, RFC 8200 section 8.1); both addresses lie side by side.
std::uint64_t pseudo_sum(const reader& r, std::size_t addresses_at, std::size_t bytes,
                         std::size_t length) {
    return std::uint64_t{checksum_sum(r.at(addresses_at), bytes)} + protocol_udp + length;
}

void udp(reader& r, std::size_t at, std::size_t addresses_at, std::size_t addresses_bytes,
         fields& into) {
    field& f = open(into, at, "UDP");
    f.meaning = "of the underlay";
    if (!r.has(at, udp_header_bytes, "the UDP header")) {
        return;
    }
    f.bytes = udp_header_bytes;
    const std::size_t length = load_be16(r.at(at + 4));
    add_number(f, at, 2, "Source port", load_be16(r.at(at)));
    add_number(f, at + 2, 2, "Destination port", load_be16(r.at(at + 2)));
    add_number(f, at + 4, 2, "Length", length);
    const std::uint16_t is = load_be16(r.at(at + 6));
    const bool fits = length >= udp_header_bytes && length <= r.left(at);
    const bool is_v4 = addresses_bytes == 8;
    if (!fits) {
        add_hex(f, at + 6, 2, "Checksum", is, 4);
        r.bad(at + 4, fmt::format("the UDP length is {}, and {} there from the UDP header on",
                                  length, count_of(r.left(at), "byte")));
    } else if (is == 0) {
        field& sum = add_hex(f, at + 6, 2, "Checksum", is, 4,
                             is_v4 ? "none" : "none, which IPv6 does not allow");
        sum.judged = is_v4 ? verdict::none : verdict::wrong;
    } else {
        const std::uint64_t all = pseudo_sum(r, addresses_at, addresses_bytes, length) +
                                  checksum_sum(r.at(at), length) + (0xffffU - is);
        const auto should = static_cast<std::uint16_t>(~checksum_fold(all));
        add_checksum(f, at + 6, is, should == 0 ? 0xffff : should);
    }
    if (length >= udp_header_bytes) {
        if (fits) {
            cut(r, at + length, f, "not in the UDP length");
        }
        udp_payload(r, at + udp_header_bytes, into);
    }
}

void ipv4_packet(reader& r, std::size_t at, fields& into) {
    field& f = open(into, at, "IPv4");
    if (!r.has(at, ipv4::min_header_bytes, "the IPv4 header")) {
        return;
    }
    const byte* const h = r.at(at);
    const std::size_t header = ipv4::header_bytes(h);
    add_number(f, at, 1, "Version", ipv4::version(h));
    add_number(f, at, 1, "IHL", header / 4, count_of(header, "byte"));
    if (header < ipv4::min_header_bytes || !r.has(at, header, "the IPv4 header")) {
        r.bad(at, "the IPv4 header's length cannot be");
        return;
    }
    f.bytes = header;
    const std::size_t total = ipv4::total_length(h);
    add_hex(f, at + 1, 1, "Type of Service", h[1], 2,
            fmt::format("DSCP {}, ECN {}", h[1] >> 2, h[1] & 3));
    add_number(f, at + 2, 2, "Total Length", total);
    add_hex(f, at + 4, 2, "Identification", load_be16(h + 4), 4);
    const unsigned fragment = load_be16(h + 6);
    add_hex(f, at + 6, 2, "Flags, Offset", fragment, 4,
            ipv4::fragment(h) != 0     ? "a fragment"
            : (fragment & 0x4000) != 0 ? "must not be fragmented"
                                       : "in one piece");
    add_number(f, at + 8, 1, "Time to Live", ipv4::ttl(h));
    const unsigned protocol = ipv4::protocol(h);
    add_number(f, at + 9, 1, "Protocol", protocol, protocol == protocol_udp ? "UDP" : "not UDP");
    const std::uint16_t is = load_be16(h + 10);
    const std::uint64_t sum = std::uint64_t{checksum_sum(h, header)} + (0xffffU - is);
    add_checksum(f, at + 10, is, static_cast<std::uint16_t>(~checksum_fold(sum)));
    add(f, at + 12, 4, "Source", ip_text(h + 12, 4));
    add(f, at + 16, 4, "Destination", ip_text(h + 16, 4));
    if (header > ipv4::min_header_bytes) {
        add_bytes(f, r, at + 20, header - 20, "Options");
    }
    if (total < header || total > r.left(at)) {
        r.bad(at + 2, fmt::format("the IPv4 total length is {}, and {} there from its header on",
                                  total, count_of(r.left(at), "byte")));
    } else {
        cut(r, at + total, f, "padding of the frame");
    }
    if (ipv4::fragment(h) != 0) {
        say(f, at + 6, "so", "not read further", "a border router drops fragments of the underlay");
    } else if (protocol == protocol_udp) {
        udp(r, at + header, at + 12, 8, into);
    }
}

void ipv6_packet(reader& r, std::size_t at, fields& into) {
    field& f = open(into, at, "IPv6");
    if (!r.has(at, ipv6::header_bytes, "the IPv6 header")) {
        return;
    }
    f.bytes = ipv6::header_bytes;
    const byte* const h = r.at(at);
    const unsigned traffic = load_be16(h) >> 4 & 0xff;
    add_number(f, at, 1, "Version", ipv6::version(h));
    add_hex(f, at, 2, "Traffic Class", traffic, 2,
            fmt::format("DSCP {}, ECN {}", traffic >> 2, traffic & 3));
    add_hex(f, at + 1, 3, "Flow Label", load_be32(h) & 0xfffff, 5);
    const std::size_t length = ipv6::payload_length(h);
    add_number(f, at + 4, 2, "Payload Length", length);
    const unsigned next = ipv6::next_header(h);
    add_number(f, at + 6, 1, "Next Header", next,
               next == protocol_udp ? "UDP" : "not UDP: a border router takes UDP right here");
    add_number(f, at + 7, 1, "Hop Limit", ipv6::hop_limit(h));
    add(f, at + 8, 16, "Source", ip_text(ipv6::source_bytes(h), 16));
    add(f, at + 24, 16, "Destination", ip_text(ipv6::destination_bytes(h), 16));
    const std::size_t body = at + ipv6::header_bytes;
    if (length > r.left(body)) {
        r.bad(at + 4, fmt::format("the IPv6 payload length is {}, and {} there", length,
                                  count_of(r.left(body), "byte")));
    } else {
        cut(r, body + length, f, "padding of the frame");
    }
    if (next == protocol_udp) {
        udp(r, body, at + 8, 32, into);
    }
}

}  // namespace

void add_checksum(field& in, std::size_t at, std::uint16_t is, std::uint16_t should) {
    field& f = add_hex(in, at, 2, "Checksum", is, 4,
                       is == should ? "right" : fmt::format("wrong: 0x{:04x} is right", should));
    f.judged = is == should ? verdict::right : verdict::wrong;
}

void ethernet(reader& r, std::size_t at, fields& into) {
    field& f = open(into, at, "Ethernet");
    if (!r.has(at, ethernet::header_bytes, "the Ethernet header")) {
        return;
    }
    add(f, at, 6, "Destination", mac_text(r.at(at)));
    add(f, at + 6, 6, "Source", mac_text(r.at(at + 6)));
    std::size_t here = at + ethernet::type_offset;
    unsigned type = 0;
    for (;; here += 4) {
        if (!r.has(here, 2, "the EtherType")) {
            return;
        }
        type = load_be16(r.at(here));
        add_hex(f, here, 2, "EtherType", type, 4, type_text(type));
        f.bytes = here + 2 - at;
        if (type != ethernet::type_vlan && type != type_service_vlan) {
            break;
        }
        if (!r.has(here + 2, 2, "the VLAN tag")) {
            return;
        }
        const unsigned tag = load_be16(r.at(here + 2));
        add_number(f, here + 2, 2, "VLAN", tag & 0xfff, fmt::format("priority {}", tag >> 13));
    }
    if (type == ethernet::type_mpls) {
        labels(r, here + 2, into);
    } else if (type == ethernet::type_ipv4 || type == ethernet::type_ipv6) {
        ip(r, here + 2, into);
    }
}

void ip(reader& r, std::size_t at, fields& into) {
    if (!r.has(at, 1, "an IP header")) {
        return;
    }
    const unsigned version = *r.at(at) >> 4;
    if (version == 4) {
        ipv4_packet(r, at, into);
    } else if (version == 6) {
        ipv6_packet(r, at, into);
    } else {
        r.bad(at, fmt::format("an IP header begins with version 4 or 6, not {}", version));
    }
}

void udp_payload(reader& r, std::size_t at, fields& into) {
    // As routers tell the two apart: the cookie's first byte is no NextHdr in use.
    if (r.left(at) >= stun::header_bytes && load_be32(r.at(at + 4)) == stun::magic_cookie) {
        stun_message(r, at, into);
    } else {
        scion_packet(r, at, into);
    }
}

}  // namespace rhumb::scion::explain

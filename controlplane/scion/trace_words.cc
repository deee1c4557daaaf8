#include "controlplane/scion/trace_words.hh"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

#include "rhumb/wire/isd_as.hh"
#include "rhumb/wire/scion.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion {

namespace {

std::uint16_t high(std::uint32_t both) { return static_cast<std::uint16_t>(both >> 16); }
std::uint16_t low(std::uint32_t both) { return static_cast<std::uint16_t>(both & 0xffff); }

std::string ipv4_text(std::uint32_t address) {
    return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 0xff, address >> 8 & 0xff,
                       address & 0xff);
}

std::string_view type_text(link_type type) {
    switch (type) {
        case link_type::core: return "a core link";
        case link_type::parent: return "a parent";
        case link_type::child: return "a child";
        case link_type::peer: return "a peer";
        case link_type::none: break;
    }
    return "no link";
}

// "141 to 1-ff00:0:112, a child", or "0, the inside".
std::string interface_text(std::uint16_t interface, const table* own) {
    if (interface == 0) {
        return "0, the end of the segment";
    }
    if (own == nullptr || !own->knows(interface)) {
        return fmt::format("{}, which this AS does not have", interface);
    }
    const auto known = std::lower_bound(
        own->neighbours.begin(), own->neighbours.end(), interface,
        [](const neighbour& n, std::uint16_t wanted) { return n.interface < wanted; });
    const bool found = known != own->neighbours.end() && known->interface == interface;
    return fmt::format("{} ({}, {})", interface,
                       found ? to_string(isd_as(known->isd_as)) : "unknown AS",
                       type_text(own->type_of(interface)));
}

// The inside, "interface 141 (...)", or the sibling's address.
std::string link_text(std::uint32_t number, const table* own) {
    if (number == 0) {
        return "the inside of the AS";
    }
    if (own == nullptr || number >= own->links.size()) {
        return fmt::format("link {}", number);
    }
    const link& at = own->links[number];
    if (at.scope != link_scope::sibling) {
        return "interface " + interface_text(at.interface, own);
    }
    return at.outer_bytes == ipv4::min_header_bytes + udp_bytes
               ? fmt::format("sibling router {}:{}", ipv4_text(load_be32(&at.outer[16])),
                             load_be16(&at.outer[22]))
               : fmt::format("a sibling router (link {})", number);
}

std::string_view traffic_text(std::uint32_t kind) {
    constexpr std::array<std::string_view, traffic_types> kinds{"something else",
                                                                "to a host",
                                                                "out of the AS",
                                                                "on to a sibling",
                                                                "out of the AS from a sibling",
                                                                "through this router"};
    return kinds[std::min<std::size_t>(kind, kinds.size() - 1)];
}

std::string path_text(std::uint32_t meta, std::uint32_t where) {
    std::string lengths;
    for (unsigned n = 0; n < most_segments && segment_length(meta, n) != 0; ++n) {
        lengths += (n == 0 ? "" : " + ") + std::to_string(segment_length(meta, n));
    }
    return fmt::format(
        "{}path of {} hop fields, PathMeta at byte {}: at hop field {} of segment {}",
        high(where) == static_cast<unsigned>(path_type::epic) ? "EPIC " : "",
        lengths.empty() ? "no" : lengths, low(where), current_hop(meta), current_info(meta));
}

std::string hop_text(std::uint32_t interfaces, std::uint32_t where, const table* own) {
    const bool forth = (high(where) & info_construction) != 0;
    return fmt::format("hop field at byte {}, {} construction{}: from interface {} to {}",
                       low(where), forth ? "in the direction of" : "against",
                       (high(where) & info_peering) != 0 ? ", peering" : "",
                       interface_text(high(interfaces), own), interface_text(low(interfaces), own));
}

std::string_view mac_text(std::uint32_t key) {
    return key == 0   ? "MAC right under the current key"
           : key == 1 ? "MAC right under the former key, which is still good"
                      : "MAC wrong";
}

std::string_view problem_text(std::uint8_t code) {
    switch (code) {
        case scmp::invalid_packet_size: return "PayloadLen is not what is there";
        case scmp::invalid_source_address: return "invalid source address";
        case scmp::invalid_destination_address: return "invalid destination address";
        case scmp::invalid_path: return "these links may not follow each other";
        case scmp::unknown_hop_field_ingress: return "ConsIngress of the hop field is not right";
        case scmp::unknown_hop_field_egress: return "ConsEgress of the hop field is not right";
        case scmp::invalid_hop_field_mac: return "MAC of the hop field is wrong";
        case scmp::path_expired: return "the hop field has expired";
        case scmp::invalid_segment_change: return "segments may not change between these links";
        default: return "parameter problem";
    }
}

std::string error_text(const slow_request& asked, const table* own) {
    const std::string number = fmt::format("answered by SCMP {}/{}: ", asked.type, asked.code);
    switch (asked.type) {
        case scmp::destination_unreachable: return number + "no instance of the service";
        case scmp::packet_too_big:
            return number +
                   fmt::format("longer than the next link's MTU of {} bytes", asked.pointer);
        case scmp::external_interface_down:
        case scmp::internal_connectivity_down:
            return number + fmt::format("no way out by interface {}: its link is down",
                                        interface_text(asked.interface, own));
        default: break;
    }
    return number + fmt::format("{}, at byte {} of the SCION packet", problem_text(asked.code),
                                asked.pointer);
}

}  // namespace

std::string words_of(const trace_event& event, const table* own) {
    const auto [what, a, b] = event;
    switch (what) {
        case step::scion_arrived: return "SCION, by " + link_text(a, own);
        case step::scion_path: return path_text(a, b);
        case step::scion_hop: return hop_text(a, b, own);
        case step::scion_good_until:
            return fmt::format("the hop field is good until {:%Y-%m-%d %H:%M:%S} UTC",
                               fmt::gmtime(static_cast<std::time_t>(a)));
        case step::scion_one_hop:
            return fmt::format("one-hop path, {} by interface {}", b != 0 ? "out" : "in",
                               interface_text(low(a), own));
        case step::scion_id:
            return fmt::format("SegID {:#06x}{}", a,
                               b != 0 ? ", as the MAC of this hop field is taken back out" : "");
        case step::scion_mac: return std::string(mac_text(a));
        case step::scion_switched:
            return fmt::format("segment {} ends in this AS: on to hop field {} of segment {}",
                               current_info(a) - 1, current_hop(a), current_info(a));
        case step::scion_id_chained:
            return fmt::format("SegID becomes {:#06x}: the MAC of this hop field is put in", a);
        case step::scion_advanced:
            return fmt::format("pointer moved to hop field {} of segment {}", current_hop(a),
                               current_info(a));
        case step::scion_epic:
            return fmt::format("EPIC: not too old, and the validation field of the {} is right",
                               a == 1 ? "last hop" : "last hop but one");
        case step::scion_delivered:
            return a != 0 ? fmt::format("for {}, UDP port {}", ipv4_text(a), b)
                          : fmt::format("for UDP port {} of a host", b);
        case step::scion_sent: return fmt::format("{}, by {}", traffic_text(b), link_text(a, own));
        default: return "unknown step";
    }
}

std::string words_of(const slow_request& asked, const table* own) {
    switch (asked.task) {
        case slow_task::scmp_error: return error_text(asked, own);
        case slow_task::traceroute:
            return fmt::format("router alert: answered by a traceroute reply for interface {}",
                               interface_text(asked.interface, own));
        case slow_task::bfd: return "BFD, for the session of " + link_text(asked.link, own);
        case slow_task::other: return "not SCION: STUN, if it is answered";
        default: return {};
    }
}

}  // namespace rhumb::scion

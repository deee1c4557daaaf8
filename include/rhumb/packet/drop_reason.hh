// Why a packet was not forwarded: one enumerator, one name, one sentence. Data, not code: the
// counters, rhumbctl, telemetry, the trace and docs/drop-reasons.md all come from this table.
// To add one: a line in the enum, a line in the table (a static_assert keeps them in step), a line
// in docs/drop-reasons.md (a test compares). Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rhumb {

enum class drop_reason : std::uint8_t {
    none,
    // frames
    frame_too_short,
    frame_in_pieces,
    not_for_us,
    unknown_vlan,
    unknown_ethertype,
    // MPLS
    label_stack_truncated,
    unknown_label,
    reserved_label,
    implicit_null_on_wire,
    router_alert,
    entropy_label_malformed,
    too_many_label_lookups,
    mpls_ttl_expired,
    payload_unknown,
    // IP
    ipv4_truncated,
    ipv4_bad_header,
    ipv4_bad_checksum,
    ipv4_martian,
    ipv4_ttl_expired,
    ipv4_no_route,
    ipv6_truncated,
    ipv6_bad_header,
    ipv6_martian,
    ipv6_hop_limit_expired,
    ipv6_no_route,
    neighbour_unresolved,
    discard_route,
    // SCION
    local_other,
    scion_bad_underlay,
    scion_malformed,
    scion_bad_path,
    scion_wrong_router,
    scion_bad_one_hop,
    scion_bad_epic,
    scion_bad_layer4,
    scion_no_session,
    scion_for_control,
    scion_invalid,
    scion_bad_mac,
    scion_expired,
    scion_no_route,
    scion_link_down,
    scion_too_big,
    scion_slow_path_busy,
    // on the way out
    next_hop_down,
    mtu_exceeded,
    no_headroom,
    too_many_rounds,
    tx_queue_full,
    worker_busy,
    count_,
};

inline constexpr std::size_t drop_reason_count = static_cast<std::size_t>(drop_reason::count_);

struct drop_reason_text {
    drop_reason reason;
    std::string_view name;
    std::string_view sentence;
};

inline constexpr std::array<drop_reason_text, drop_reason_count> drop_reason_texts{{
    {drop_reason::none, "none", "The packet was not dropped."},

    {drop_reason::frame_too_short, "frame_too_short",
     "The frame ends before its Ethernet header or tag does."},
    {drop_reason::frame_in_pieces, "frame_in_pieces",
     "The frame is longer than the receive buffers that the port's MTU asks for."},
    {drop_reason::not_for_us, "not_for_us",
     "The destination MAC is not the port's; broadcast and multicast are for the control plane."},
    {drop_reason::unknown_vlan, "unknown_vlan",
     "The frame carries a VLAN id that neither the port nor a next hop on it uses."},
    {drop_reason::unknown_ethertype, "unknown_ethertype",
     "The frame carries neither MPLS, IPv4 nor IPv6."},

    {drop_reason::label_stack_truncated, "label_stack_truncated",
     "The frame ends before a label with the bottom-of-stack bit."},
    {drop_reason::unknown_label, "unknown_label", "The label has no entry in the label table."},
    {drop_reason::reserved_label, "reserved_label",
     "The label is a special-purpose label (0 to 15) that this router does not process."},
    {drop_reason::implicit_null_on_wire, "implicit_null_on_wire",
     "Label 3 (implicit null) is a signalling value and must not be in a packet."},
    {drop_reason::router_alert, "router_alert",
     "The router alert label asks for the control plane."},
    {drop_reason::entropy_label_malformed, "entropy_label_malformed",
     "The entropy label indicator is at the bottom of the stack, so its label is missing."},
    {drop_reason::too_many_label_lookups, "too_many_label_lookups",
     "More labels in a row ask for a lookup than max_label_lookups allows."},
    {drop_reason::mpls_ttl_expired, "mpls_ttl_expired",
     "The label's TTL was 0 or 1 on arrival, or the label uncovered has TTL 0."},
    {drop_reason::payload_unknown, "payload_unknown",
     "What follows the last label is neither IPv4 nor IPv6."},

    {drop_reason::ipv4_truncated, "ipv4_truncated",
     "The frame ends before the IPv4 datagram or its header does."},
    {drop_reason::ipv4_bad_header, "ipv4_bad_header",
     "The IPv4 version, header length or total length is wrong."},
    {drop_reason::ipv4_bad_checksum, "ipv4_bad_checksum", "The IPv4 header checksum is wrong."},
    {drop_reason::ipv4_martian, "ipv4_martian",
     "The IPv4 source or destination is loopback, link local, multicast, reserved or net 0."},
    {drop_reason::ipv4_ttl_expired, "ipv4_ttl_expired", "The IPv4 TTL was 0 or 1 on arrival."},
    {drop_reason::ipv4_no_route, "ipv4_no_route", "No prefix matches the IPv4 destination."},
    {drop_reason::ipv6_truncated, "ipv6_truncated",
     "The frame ends before the IPv6 packet or its header does."},
    {drop_reason::ipv6_bad_header, "ipv6_bad_header", "The IPv6 version is wrong."},
    {drop_reason::ipv6_martian, "ipv6_martian",
     "The IPv6 source or destination is unspecified, loopback, link local or multicast."},
    {drop_reason::ipv6_hop_limit_expired, "ipv6_hop_limit_expired",
     "The IPv6 hop limit was 0 or 1 on arrival."},
    {drop_reason::ipv6_no_route, "ipv6_no_route", "No prefix matches the IPv6 destination."},
    {drop_reason::neighbour_unresolved, "neighbour_unresolved",
     "The destination is on a connected subnet, and its MAC address is not known yet."},
    {drop_reason::discard_route, "discard_route",
     "The prefix is to be discarded: its policy has no path, and says to drop."},

    {drop_reason::local_other, "local_other",
     "The packet is for an address of this router, but neither SCION nor for a port of a link."},
    {drop_reason::scion_bad_underlay, "scion_bad_underlay",
     "The UDP datagram around a SCION packet is a fragment, or its length or checksum is wrong."},
    {drop_reason::scion_malformed, "scion_malformed",
     "The SCION header, path or extension headers do not fit together."},
    {drop_reason::scion_bad_path, "scion_bad_path",
     "The path's current fields, segments or peering flags contradict each other."},
    {drop_reason::scion_wrong_router, "scion_wrong_router",
     "The packet is in transit but did not come from the router that has its ingress interface."},
    {drop_reason::scion_bad_one_hop, "scion_bad_one_hop",
     "The one-hop path is not between this AS and the neighbour, or its MAC is wrong."},
    {drop_reason::scion_bad_epic, "scion_bad_epic",
     "The EPIC packet is too old or too new, or its hop validation field is wrong."},
    {drop_reason::scion_bad_layer4, "scion_bad_layer4",
     "The packet is for a host of this AS, but has no port to deliver it to."},
    {drop_reason::scion_no_session, "scion_no_session",
     "A BFD packet came by a link that has no BFD session."},
    {drop_reason::scion_for_control, "scion_for_control",
     "Traceroute, BFD and STUN packets that the slow path answers."},
    {drop_reason::scion_invalid, "scion_invalid",
     "An address, the payload length, the interfaces or the segment change is not allowed."},
    {drop_reason::scion_bad_mac, "scion_bad_mac", "The hop field's MAC is wrong."},
    {drop_reason::scion_expired, "scion_expired", "The hop field has expired."},
    {drop_reason::scion_no_route, "scion_no_route",
     "The egress interface is unknown, or no instance of the service is."},
    {drop_reason::scion_link_down, "scion_link_down",
     "BFD says that the egress link, or the router that has it, is down."},
    {drop_reason::scion_too_big, "scion_too_big",
     "The packet is longer than the MTU of the link that it is to leave by."},
    {drop_reason::scion_slow_path_busy, "scion_slow_path_busy",
     "The slow path was to answer the packet, but has as much to do as it may."},

    {drop_reason::next_hop_down, "next_hop_down",
     "The next hop or its port is down, and it has no backup that is up."},
    {drop_reason::mtu_exceeded, "mtu_exceeded",
     "The packet, labels included, is longer than the next hop's MTU."},
    {drop_reason::no_headroom, "no_headroom",
     "The buffer has no room in front of the packet for the headers to add."},
    {drop_reason::too_many_rounds, "too_many_rounds",
     "The packet still asked for another protocol after the last round of the pipeline."},
    {drop_reason::tx_queue_full, "tx_queue_full",
     "The port's transmit queue, or the ring towards its worker, was full."},
    {drop_reason::worker_busy, "worker_busy",
     "The packet's flow is another worker's, and the ring towards that one was full."},
}};

namespace detail {
constexpr bool texts_match_enum() {
    for (std::size_t i = 0; i < drop_reason_count; ++i) {
        if (static_cast<std::size_t>(drop_reason_texts[i].reason) != i) {
            return false;
        }
    }
    return true;
}
}  // namespace detail
static_assert(detail::texts_match_enum(), "drop_reason_texts must follow the enum's order");

[[nodiscard]] constexpr const drop_reason_text& text_of(drop_reason reason) noexcept {
    return drop_reason_texts[static_cast<std::size_t>(reason)];
}

}  // namespace rhumb

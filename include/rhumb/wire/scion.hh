// SCION headers (draft-dekater-scion-dataplane), as far as a border router reads them: the common
// and the address header, and the path behind them. All numbers are big-endian. Threads: any.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Version| Traffic Class |            Flow ID                    |
//   |    NextHdr    |    HdrLen     |          PayloadLen           |
//   |    PathType   |DT |DL |ST |SL |              RSV              |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |            destination ISD         |    destination AS (48)   |
//   |               source ISD           |       source AS (48)     |
//   |         destination host (4 * (DL + 1) bytes)                 |
//   |            source host (4 * (SL + 1) bytes)                   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | path                                                          |
//
// A path of type SCION: PathMeta (4 bytes), info fields (8 each), hop fields (12 each).
//
//   PathMeta    CurrINF (2) CurrHF (6) RSV (6) Seg0Len (6) Seg1Len (6) Seg2Len (6)
//   info field  flags (1): bit 0 C, construction direction; bit 1 P, peering
//               RSV (1)  SegID (2)  Timestamp (4), seconds since 1970
//   hop field   flags (1): bit 0 E, egress alert; bit 1 I, ingress alert, both as constructed
//               ExpTime (1)  ConsIngress (2)  ConsEgress (2)  MAC (6)
//
// Every function wants the whole of what it reads, unless it says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rhumb/bytes.hh"

namespace rhumb::scion {

inline constexpr std::size_t common_bytes = 12;
inline constexpr std::size_t isd_as_bytes = 8;
inline constexpr std::size_t destination_offset = 12;  // ISD-AS
inline constexpr std::size_t source_offset = 20;
inline constexpr std::size_t hosts_offset = 28;
inline constexpr std::size_t least_bytes = hosts_offset + 8;  // with two hosts of 4 bytes
inline constexpr std::size_t most_header_bytes = std::size_t{255} * 4;
inline constexpr std::size_t most_host_bytes = 16;

inline constexpr std::size_t meta_bytes = 4;
inline constexpr std::size_t info_bytes = 8;
inline constexpr std::size_t hop_bytes = 12;
inline constexpr std::size_t mac_bytes = 6;
inline constexpr std::size_t most_segments = 3;
inline constexpr std::size_t most_hops = 64;
inline constexpr std::size_t one_hop_path_bytes = info_bytes + 2 * hop_bytes;
inline constexpr std::size_t epic_bytes = 16;  // before the SCION path

enum class path_type : std::uint8_t { empty = 0, scion = 1, one_hop = 2, epic = 3 };

// NextHdr.
inline constexpr unsigned next_tcp = 6;
inline constexpr unsigned next_udp = 17;
inline constexpr unsigned next_hop_by_hop = 200;
inline constexpr unsigned next_end_to_end = 201;
inline constexpr unsigned next_scmp = 202;
inline constexpr unsigned next_bfd = 203;
inline constexpr unsigned next_experiment_1 = 253;
inline constexpr unsigned next_experiment_2 = 254;

// Host types: DT and DL, or ST and SL, as one number of four bits.
inline constexpr unsigned host_ipv4 = 0b0000;
inline constexpr unsigned host_ipv6 = 0b0011;
inline constexpr unsigned host_service = 0b0100;

inline constexpr unsigned service_multicast = 0x8000;
inline constexpr unsigned service_discovery = 1;
inline constexpr unsigned service_control = 2;

[[nodiscard]] constexpr unsigned traffic_class(const byte* h) noexcept {
    return load_be16(h) >> 4 & 0xff;
}
[[nodiscard]] constexpr std::uint32_t flow_id(const byte* h) noexcept {
    return load_be32(h) & 0xfffff;
}
[[nodiscard]] constexpr unsigned next_header(const byte* h) noexcept { return h[4]; }
[[nodiscard]] constexpr std::size_t header_bytes(const byte* h) noexcept {
    return std::size_t{h[5]} * 4;
}
[[nodiscard]] constexpr std::uint16_t payload_length(const byte* h) noexcept {
    return load_be16(h + 6);
}
[[nodiscard]] constexpr unsigned type_of_path(const byte* h) noexcept { return h[8]; }
[[nodiscard]] constexpr unsigned destination_type(const byte* h) noexcept { return h[9] >> 4; }
[[nodiscard]] constexpr unsigned source_type(const byte* h) noexcept { return h[9] & 0xfU; }
[[nodiscard]] constexpr std::size_t host_bytes(unsigned type) noexcept {
    return std::size_t{(type & 3) + 1} * 4;
}
// Of the address header.
[[nodiscard]] constexpr std::size_t address_bytes(const byte* h) noexcept {
    return 2 * isd_as_bytes + host_bytes(destination_type(h)) + host_bytes(source_type(h));
}
// ISD in the upper 16 bits, AS in the lower 48.
[[nodiscard]] constexpr std::uint64_t destination(const byte* h) noexcept {
    return load_be64(h + destination_offset);
}
[[nodiscard]] constexpr std::uint64_t source(const byte* h) noexcept {
    return load_be64(h + source_offset);
}
[[nodiscard]] constexpr const byte* destination_host(const byte* h) noexcept {
    return h + hosts_offset;
}
[[nodiscard]] constexpr const byte* source_host(const byte* h) noexcept {
    return h + hosts_offset + host_bytes(destination_type(h));
}

// Where NextHdr says what this border router knows, which is also what tells a SCION packet from
// one of another protocol on the same UDP port (the reference router's rule).
[[nodiscard]] constexpr bool is_known_next_header(unsigned next) noexcept {
    return next == next_tcp || next == next_udp || (next >= next_hop_by_hop && next <= next_bfd) ||
           next == next_experiment_1 || next == next_experiment_2;
}

// ::ffff:0:0/96 (RFC 4291 section 2.5.5.2): never valid as a host.
[[nodiscard]] constexpr bool is_v4_mapped(const byte* host) noexcept {
    return load_be64(host) == 0 && load_be32(host + 8) == 0xffff;
}

// PathMeta, as a number.
[[nodiscard]] constexpr unsigned current_info(std::uint32_t meta) noexcept { return meta >> 30; }
[[nodiscard]] constexpr unsigned current_hop(std::uint32_t meta) noexcept {
    return meta >> 24 & 0x3f;
}
[[nodiscard]] constexpr unsigned segment_length(std::uint32_t meta, unsigned segment) noexcept {
    return meta >> (12 - 6 * segment) & 0x3f;
}
[[nodiscard]] constexpr std::uint32_t make_meta(unsigned info, unsigned hop, unsigned length_0,
                                                unsigned length_1, unsigned length_2) noexcept {
    return info << 30 | hop << 24 | length_0 << 12 | length_1 << 6 | length_2;
}

// Info fields.
inline constexpr byte info_construction = 1;
inline constexpr byte info_peering = 2;
[[nodiscard]] constexpr std::uint16_t segment_id(const byte* info) noexcept {
    return load_be16(info + 2);
}
[[nodiscard]] constexpr std::uint32_t timestamp(const byte* info) noexcept {
    return load_be32(info + 4);
}

// Hop fields.
inline constexpr byte hop_egress_alert = 1;
inline constexpr byte hop_ingress_alert = 2;
[[nodiscard]] constexpr std::uint16_t construction_ingress(const byte* hop) noexcept {
    return load_be16(hop + 2);
}
[[nodiscard]] constexpr std::uint16_t construction_egress(const byte* hop) noexcept {
    return load_be16(hop + 4);
}
[[nodiscard]] constexpr const byte* mac(const byte* hop) noexcept { return hop + 6; }

// Until when a hop field is good, in milliseconds since 1970: a step of ExpTime is 337.5 s. It has
// expired when that is before now.
[[nodiscard]] constexpr std::uint64_t good_until(const byte* info, const byte* hop) noexcept {
    return std::uint64_t{timestamp(info)} * 1000 + (std::uint64_t{hop[1]} + 1) * 337'500;
}

// What a hop field's MAC is made over: 16 bytes to `to`.
constexpr void write_mac_input(byte* to, std::uint16_t segment, const byte* info,
                               const byte* hop) noexcept {
    store_be64(to, std::uint64_t{segment} << 32 | timestamp(info));
    // Both interfaces behind ExpTime.
    store_be64(to + 8, std::uint64_t{hop[1]} << 48 | std::uint64_t{load_be32(hop + 2)} << 16);
}

}  // namespace rhumb::scion

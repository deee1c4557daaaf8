// SCMP, the SCION control message protocol (draft-dekater-scion-dataplane; the reference's
// specification of it): types, codes, and how long what stands before the quote is. Threads: any.
//
//    0                   1                   2                   3
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |     Type      |     Code      |           Checksum            |
//   | by type: pointer, MTU, interfaces, or identifier and sequence |
//   | data: of errors, the packet that they are about               |
#pragma once

#include <cstddef>
#include <cstdint>

namespace rhumb::scmp {

inline constexpr std::size_t header_bytes = 4;
inline constexpr std::size_t echo_bytes = 8;           // with identifier and sequence
inline constexpr std::size_t traceroute_bytes = 24;    // with ISD-AS and interface
inline constexpr std::size_t most_error_bytes = 1232;  // from the SCION header on

inline constexpr std::uint8_t destination_unreachable = 1;
inline constexpr std::uint8_t packet_too_big = 2;
inline constexpr std::uint8_t parameter_problem = 4;
inline constexpr std::uint8_t external_interface_down = 5;
inline constexpr std::uint8_t internal_connectivity_down = 6;
inline constexpr std::uint8_t first_informational = 128;  // below are errors
inline constexpr std::uint8_t echo_request = 128;
inline constexpr std::uint8_t echo_reply = 129;
inline constexpr std::uint8_t traceroute_request = 130;
inline constexpr std::uint8_t traceroute_reply = 131;

// Codes of destination unreachable.
inline constexpr std::uint8_t no_route = 0;
// Codes of parameter problem.
inline constexpr std::uint8_t invalid_packet_size = 19;
inline constexpr std::uint8_t invalid_source_address = 33;
inline constexpr std::uint8_t invalid_destination_address = 34;
inline constexpr std::uint8_t invalid_path = 48;
inline constexpr std::uint8_t unknown_hop_field_ingress = 49;
inline constexpr std::uint8_t unknown_hop_field_egress = 50;
inline constexpr std::uint8_t invalid_hop_field_mac = 51;
inline constexpr std::uint8_t path_expired = 52;
inline constexpr std::uint8_t invalid_segment_change = 53;

// Where an error's quote begins; 0: not an error that is known.
[[nodiscard]] constexpr std::size_t quote_offset(std::uint8_t type) noexcept {
    switch (type) {
        case destination_unreachable:
        case packet_too_big:
        case parameter_problem: return 8;
        case external_interface_down: return 20;
        case internal_connectivity_down: return 28;
        default: return 0;
    }
}

}  // namespace rhumb::scmp

// BFD control packets (RFC 5880 section 4.1), as SCION border routers exchange them: asynchronous
// mode alone, without authentication, echo, demand mode or poll sequences. Threads: any.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
//   |                       My Discriminator                        |
//   |                      Your Discriminator                       |
//   |                    Desired Min TX Interval                    |
//   |                   Required Min RX Interval                    |
//   |                 Required Min Echo RX Interval                 |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rhumb/bytes.hh"

namespace rhumb::bfd {

inline constexpr std::size_t packet_bytes = 24;
inline constexpr std::uint8_t next_header = 203;  // of a SCION header in front of it

enum class state : std::uint8_t { admin_down, down, init, up };

// Why a session left its last state; what others send may be any value of five bits.
enum class diagnostic : std::uint8_t {
    none,
    detection_time_expired,
    echo_failed,
    neighbor_signaled_down,
    forwarding_plane_reset,
    path_down,
    concatenated_path_down,
    administratively_down,
    reverse_concatenated_path_down,
};

// What is left to say once the packet is one that a session takes. Intervals in microseconds.
struct control_packet {
    bfd::state state = state::down;
    bfd::diagnostic diagnostic = diagnostic::none;
    bool control_plane_independent = false;
    std::uint8_t detect_multiplier = 0;
    std::uint32_t my_discriminator = 0;
    std::uint32_t your_discriminator = 0;
    std::uint32_t desired_min_tx = 0;
    std::uint32_t required_min_rx = 0;

    friend bool operator==(const control_packet&, const control_packet&) = default;
};

// Why a packet is discarded: what RFC 5880 section 6.8.6 says, then what is not supported.
enum class fault : std::uint8_t {
    none,
    truncated,
    version,
    length,
    detect_multiplier,
    multipoint,
    my_discriminator,
    your_discriminator,  // zero, from a peer that says that it has heard of us
    authentication,
    poll_sequence,
    echo,
    demand,
};

namespace flag {
inline constexpr unsigned poll = 0x20;
inline constexpr unsigned final = 0x10;
inline constexpr unsigned control_plane_independent = 0x08;
inline constexpr unsigned authentication = 0x04;
inline constexpr unsigned demand = 0x02;
inline constexpr unsigned multipoint = 0x01;
}  // namespace flag

// Reads packet_bytes at `from`, of a packet without fault.
[[nodiscard]] constexpr control_packet load(const byte* from) noexcept {
    return {.state = static_cast<state>(from[1] >> 6),
            .diagnostic = static_cast<diagnostic>(from[0] & 0x1fU),
            .control_plane_independent = (from[1] & flag::control_plane_independent) != 0,
            .detect_multiplier = from[2],
            .my_discriminator = load_be32(from + 4),
            .your_discriminator = load_be32(from + 8),
            .desired_min_tx = load_be32(from + 12),
            .required_min_rx = load_be32(from + 16)};
}

// What is wrong with `bytes`, which end where the packet that carried them ends. Bytes behind the
// packet's own length don't matter. What asks for things that we don't do is a fault, as it is in
// the reference implementation: such a peer's session must not come up, half understood.
[[nodiscard]] constexpr fault fault_of(std::span<const byte> bytes) noexcept {
    if (bytes.size() < packet_bytes) {
        return fault::truncated;
    }
    const byte* const from = bytes.data();
    const unsigned flags = from[1];
    const control_packet packet = load(from);
    if (from[0] >> 5 != 1) {
        return fault::version;
    }
    if (from[3] < packet_bytes || from[3] > bytes.size()) {
        return fault::length;
    }
    if (packet.detect_multiplier == 0) {
        return fault::detect_multiplier;
    }
    if ((flags & flag::multipoint) != 0) {
        return fault::multipoint;
    }
    if (packet.my_discriminator == 0) {
        return fault::my_discriminator;
    }
    if (packet.your_discriminator == 0 && packet.state >= state::init) {
        return fault::your_discriminator;
    }
    if ((flags & flag::authentication) != 0) {
        return fault::authentication;
    }
    if ((flags & (flag::poll | flag::final)) != 0) {
        return fault::poll_sequence;
    }
    if (load_be32(from + 20) != 0) {
        return fault::echo;
    }
    return (flags & flag::demand) != 0 ? fault::demand : fault::none;
}

[[nodiscard]] constexpr std::optional<control_packet> parse(std::span<const byte> bytes) noexcept {
    if (fault_of(bytes) != fault::none) {
        return std::nullopt;
    }
    return load(bytes.data());
}

// Writes packet_bytes at `to`.
constexpr void store(byte* to, const control_packet& packet) noexcept {
    to[0] = static_cast<byte>(1U << 5 | (static_cast<unsigned>(packet.diagnostic) & 0x1fU));
    to[1] = static_cast<byte>(
        static_cast<unsigned>(packet.state) << 6 |
        (packet.control_plane_independent ? flag::control_plane_independent : 0U));
    to[2] = packet.detect_multiplier;
    to[3] = static_cast<byte>(packet_bytes);
    store_be32(to + 4, packet.my_discriminator);
    store_be32(to + 8, packet.your_discriminator);
    store_be32(to + 12, packet.desired_min_tx);
    store_be32(to + 16, packet.required_min_rx);
    store_be32(to + 20, 0);
}

}  // namespace rhumb::bfd

// ARP for IPv4 over Ethernet (RFC 826), and what RFC 5227 says with it: probes (the sender's
// address is 0.0.0.0) and announcements (sender and target are the same). Threads: any.
//
//    0        2        4    5    6        8              14         18             24         28
//   +--------+--------+----+----+--------+--------------+----------+--------------+----------+
//   | 0001   | 0800   | 06 | 04 | op     | sender MAC   | sender   | target MAC   | target   |
//   +--------+--------+----+----+--------+--------------+----------+--------------+----------+
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "rhumb/bytes.hh"
#include "rhumb/wire/ethernet.hh"

namespace rhumb::arp {

inline constexpr std::size_t packet_bytes = 28;
// Room for a whole frame with a tag; without one it is as long, as both are padded.
inline constexpr std::size_t frame_bytes = ethernet::min_frame_bytes;

enum operation : std::uint16_t { request = 1, reply = 2 };

using ipv4_address = std::array<byte, 4>;

struct message {
    std::uint16_t op = request;
    ethernet::mac_address sender_mac{};
    ipv4_address sender{};
    ethernet::mac_address target_mac{};
    ipv4_address target{};
    friend bool operator==(const message&, const message&) = default;
};

// The packet behind an Ethernet header of type ARP; bytes after it are padding. nullopt where it is
// short, not Ethernet and IPv4, or neither request nor reply. The addresses are as they came:
// multicast and zero are for the caller to refuse.
[[nodiscard]] inline std::optional<message> parse(std::span<const byte> packet) noexcept {
    if (packet.size() < packet_bytes) {
        return std::nullopt;
    }
    const byte* const from = packet.data();
    constexpr std::uint64_t ethernet_ipv4 = 0x0001'0800'0604;  // hardware, protocol, lengths
    message read;
    read.op = load_be16(from + 6);
    if (load_be64(from) >> 16 != ethernet_ipv4 || (read.op != request && read.op != reply)) {
        return std::nullopt;
    }
    std::memcpy(read.sender_mac.data(), from + 8, 6);
    std::memcpy(read.sender.data(), from + 14, 4);
    std::memcpy(read.target_mac.data(), from + 18, 6);
    std::memcpy(read.target.data(), from + 24, 4);
    return read;
}

// Writes a whole frame from the sender's MAC to `destination`, with a tag unless `vlan` is 0,
// padded to the shortest that Ethernet knows. Returns frame_bytes, or 0 where `to` has no room for
// it.
[[nodiscard]] inline std::size_t write_frame(std::span<byte> to,
                                             const ethernet::mac_address& destination,
                                             std::uint16_t vlan, const message& what) noexcept {
    if (to.size() < frame_bytes) {
        return 0;
    }
    std::fill_n(to.data(), frame_bytes, byte{0});
    byte* const at = to.data() + ethernet::write_header(to.data(), destination, what.sender_mac,
                                                        vlan, ethernet::type_arp);
    store_be16(at, 1);
    store_be16(at + 2, ethernet::type_ipv4);
    store_be16(at + 4, 0x0604);
    store_be16(at + 6, what.op);
    std::memcpy(at + 8, what.sender_mac.data(), 6);
    std::memcpy(at + 14, what.sender.data(), 4);
    std::memcpy(at + 18, what.target_mac.data(), 6);
    std::memcpy(at + 24, what.target.data(), 4);
    return frame_bytes;
}

}  // namespace rhumb::arp

// Ethernet II frames with at most one 802.1Q tag. Threads: any.
//
//    0                   6                   12      14
//   +-------------------+-------------------+-------+---------
//   | destination       | source            | type  | payload
//   +-------------------+-------------------+-------+---------
//                                           | 8100  | PCP DEI VID | type | payload   (tagged)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "rhumb/bytes.hh"

namespace rhumb::ethernet {

inline constexpr std::size_t header_bytes = 14;
inline constexpr std::size_t tagged_header_bytes = 18;
inline constexpr std::size_t type_offset = 12;
// The shortest frame (IEEE 802.3), without its frame check sequence.
inline constexpr std::size_t min_frame_bytes = 60;

enum ethertype : std::uint16_t {
    type_ipv4 = 0x0800,
    type_arp = 0x0806,
    type_vlan = 0x8100,  // IEEE 802.1Q C-tag
    type_ipv6 = 0x86dd,
    type_mpls = 0x8847,  // RFC 5332: unicast and upstream-assigned multicast
};

using mac_address = std::array<byte, 6>;

// The address in the upper 48 bits of a word, as it stands in a frame: comparing two such words
// compares two addresses in one go.
[[nodiscard]] constexpr std::uint64_t mac_word(const mac_address& mac) noexcept {
    std::uint64_t word = 0;
    for (const byte b : mac) {
        word = word << 8 | b;
    }
    return word << 16;
}

// The destination of a frame of at least 8 bytes, in the form of mac_word().
[[nodiscard]] constexpr std::uint64_t destination_word(const byte* frame) noexcept {
    return load_be64(frame) & ~std::uint64_t{0xffff};
}

// The I/G bit: multicast and broadcast.
[[nodiscard]] constexpr bool is_group(std::uint64_t destination) noexcept {
    return (destination >> 56 & 1) != 0;
}

// Writes an untagged header's 14 bytes, or a tagged one's 18 (vlan != 0), at `to`.
// The tag's priority bits are 0.
inline std::size_t write_header(byte* to, const mac_address& destination, const mac_address& source,
                                std::uint16_t vlan, std::uint16_t type) noexcept {
    std::memcpy(to, destination.data(), 6);
    std::memcpy(to + 6, source.data(), 6);
    if (vlan == 0) {
        store_be16(to + 12, type);
        return header_bytes;
    }
    store_be16(to + 12, type_vlan);
    store_be16(to + 14, vlan);
    store_be16(to + 16, type);
    return tagged_header_bytes;
}

// A frame taken apart. `payload` is all that follows the header, padding included.
struct frame_view {
    mac_address destination{};
    mac_address source{};
    std::uint16_t vlan = 0;  // 0: no tag, or one that has a priority only
    std::uint16_t type = 0;
    std::span<const byte> payload;
};

// nullopt where the frame is shorter than its header.
[[nodiscard]] inline std::optional<frame_view> read_frame(std::span<const byte> frame) noexcept {
    if (frame.size() < header_bytes) {
        return std::nullopt;
    }
    frame_view view;
    std::memcpy(view.destination.data(), frame.data(), 6);
    std::memcpy(view.source.data(), frame.data() + 6, 6);
    view.type = load_be16(frame.data() + type_offset);
    if (view.type != type_vlan) {
        view.payload = frame.subspan(header_bytes);
        return view;
    }
    if (frame.size() < tagged_header_bytes) {
        return std::nullopt;
    }
    view.vlan = load_be16(frame.data() + type_offset + 2) & 0xfff;
    view.type = load_be16(frame.data() + type_offset + 4);
    view.payload = frame.subspan(tagged_header_bytes);
    return view;
}

}  // namespace rhumb::ethernet

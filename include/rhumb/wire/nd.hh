// Neighbour solicitations and advertisements (RFC 4861 sections 4.3, 4.4, 4.6.1, 7.1), the two
// messages of neighbour discovery that find an address's MAC. Threads: any.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Type 135/136 |     Code 0    |           Checksum            |
//   |R|S|O|                   Reserved                              |   flags: advertisements only
//   |                    Target Address (16 bytes)                  |
//   |  Option type  |  Length / 8   |  for a link-layer address: 6 bytes of MAC
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// A message stands right behind the IPv6 header: one behind extension headers is not seen here, and
// fragments must not be taken (RFC 6980).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "rhumb/bytes.hh"
#include "rhumb/checksum.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv6.hh"

namespace rhumb::nd {

inline constexpr unsigned icmpv6 = 58;      // next header
inline constexpr unsigned hop_limit = 255;  // what no router has passed on
inline constexpr std::size_t message_bytes = 24;
inline constexpr std::size_t link_layer_option_bytes = 8;
// The most that write_frame() writes.
inline constexpr std::size_t max_frame_bytes =
    ethernet::tagged_header_bytes + ipv6::header_bytes + message_bytes + link_layer_option_bytes;

enum message_type : std::uint8_t { solicitation = 135, advertisement = 136 };
enum option_type : std::uint8_t { source_link_layer = 1, target_link_layer = 2 };

using ipv6_address = std::array<byte, ipv6::address_bytes>;

inline constexpr ipv6_address unspecified{};
inline constexpr ipv6_address all_nodes{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

struct message {
    message_type type = solicitation;
    ipv6_address source{};  // of the IPv6 header; unspecified in a probe (RFC 4862 section 5.4.2)
    ipv6_address destination{};
    ipv6_address target{};
    bool router = false;  // R, S and O: advertisements only
    bool solicited = false;
    bool override_ = false;
    // The source's in a solicitation, the target's in an advertisement.
    std::optional<ethernet::mac_address> link_layer;
    friend bool operator==(const message&, const message&) = default;
};

[[nodiscard]] constexpr bool is_multicast(const ipv6_address& address) noexcept {
    return address[0] == 0xff;
}

// ff02::1:ff00:0 and the address's last 24 bits (RFC 4291 section 2.7.1).
[[nodiscard]] constexpr ipv6_address solicited_node(const ipv6_address& address) noexcept {
    return {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, address[13], address[14], address[15]};
}

[[nodiscard]] constexpr bool is_solicited_node(const ipv6_address& address) noexcept {
    return address == solicited_node(address);
}

// Where frames to a multicast address go (RFC 2464 section 7).
[[nodiscard]] constexpr ethernet::mac_address multicast_mac(const ipv6_address& group) noexcept {
    return {0x33, 0x33, group[12], group[13], group[14], group[15]};
}

// Whether an IPv6 packet is one of the two messages, well formed or not.
[[nodiscard]] inline bool is_message(std::span<const byte> packet) noexcept {
    if (packet.size() <= ipv6::header_bytes || ipv6::version(packet.data()) != 6 ||
        ipv6::next_header(packet.data()) != icmpv6) {
        return false;
    }
    const byte type = packet[ipv6::header_bytes];
    return type == solicitation || type == advertisement;
}

// The sum over pseudo-header (RFC 8200 section 8.1) and message of a packet with `length` bytes of
// ICMPv6 behind its header: 0xffff where the checksum holds.
[[nodiscard]] inline std::uint16_t icmp_sum(const byte* ip, std::size_t length) noexcept {
    return checksum_fold(std::uint64_t{checksum_sum(ip + 8, 2 * ipv6::address_bytes)} + length +
                         icmpv6 + checksum_sum(ip + ipv6::header_bytes, length));
}

// Walks the options behind a message. False where one is empty or reaches beyond the end, or where
// the link-layer address that `type` asks for is not one of Ethernet. The first such option counts.
[[nodiscard]] inline bool read_options(std::span<const byte> options, byte type,
                                       std::optional<ethernet::mac_address>& found) noexcept {
    while (!options.empty()) {
        const std::size_t length = options.size() < 2 ? 0 : std::size_t{options[1]} * 8;
        if (length == 0 || length > options.size()) {
            return false;
        }
        if (options[0] == type && !found) {
            if (length != link_layer_option_bytes) {
                return false;
            }
            std::memcpy(found.emplace().data(), options.data() + 2, 6);
        }
        options = options.subspan(length);
    }
    return true;
}

// What RFC 4861 sections 7.1.1 and 7.1.2 ask of addresses and flags.
[[nodiscard]] inline bool is_sound(const message& read) noexcept {
    if (is_multicast(read.source) || is_multicast(read.target)) {
        return false;
    }
    if (read.type == advertisement) {
        return read.source != unspecified && !(read.solicited && is_multicast(read.destination));
    }
    return read.source != unspecified || (is_solicited_node(read.destination) && !read.link_layer);
}

// A packet from its IPv6 header on; bytes after it are padding. nullopt where it is neither of the
// two messages or must be silently discarded (RFC 4861 section 7.1).
[[nodiscard]] inline std::optional<message> parse(std::span<const byte> packet) noexcept {
    if (!is_message(packet)) {
        return std::nullopt;
    }
    const byte* const ip = packet.data();
    const std::size_t length = ipv6::payload_length(ip);
    if (length < message_bytes || length > packet.size() - ipv6::header_bytes ||
        ipv6::hop_limit(ip) != hop_limit || icmp_sum(ip, length) != 0xffff) {
        return std::nullopt;
    }
    const byte* const icmp = ip + ipv6::header_bytes;
    if (icmp[1] != 0) {
        return std::nullopt;
    }
    message read;
    read.type = icmp[0] == solicitation ? solicitation : advertisement;
    std::memcpy(read.source.data(), ipv6::source_bytes(ip), ipv6::address_bytes);
    std::memcpy(read.destination.data(), ipv6::destination_bytes(ip), ipv6::address_bytes);
    std::memcpy(read.target.data(), icmp + 8, ipv6::address_bytes);
    const bool is_solicitation = read.type == solicitation;
    if (!is_solicitation) {
        read.router = (icmp[4] & 0x80) != 0;
        read.solicited = (icmp[4] & 0x40) != 0;
        read.override_ = (icmp[4] & 0x20) != 0;
    }
    const auto options = packet.subspan(ipv6::header_bytes, length).subspan(message_bytes);
    if (!read_options(options, is_solicitation ? source_link_layer : target_link_layer,
                      read.link_layer) ||
        !is_sound(read)) {
        return std::nullopt;
    }
    return read;
}

// Writes a whole frame, with a tag unless `vlan` is 0, and its option if the message has a
// link-layer address. Returns its bytes, or 0 where `to` has no room for them.
[[nodiscard]] inline std::size_t write_frame(std::span<byte> to,
                                             const ethernet::mac_address& destination,
                                             const ethernet::mac_address& source,
                                             std::uint16_t vlan, const message& what) noexcept {
    const std::size_t length = message_bytes + (what.link_layer ? link_layer_option_bytes : 0);
    const std::size_t front = vlan == 0 ? ethernet::header_bytes : ethernet::tagged_header_bytes;
    const std::size_t total = front + ipv6::header_bytes + length;
    if (to.size() < total) {
        return 0;
    }
    std::memset(to.data(), 0, total);
    ethernet::write_header(to.data(), destination, source, vlan, ethernet::type_ipv6);
    byte* const ip = to.data() + front;
    ip[0] = 0x60;
    store_be16(ip + 4, static_cast<std::uint16_t>(length));
    ip[6] = static_cast<byte>(icmpv6);
    ip[7] = static_cast<byte>(hop_limit);
    std::memcpy(ip + 8, what.source.data(), ipv6::address_bytes);
    std::memcpy(ip + 24, what.destination.data(), ipv6::address_bytes);
    byte* const icmp = ip + ipv6::header_bytes;
    icmp[0] = what.type;
    icmp[4] = static_cast<byte>((what.router ? 0x80U : 0U) | (what.solicited ? 0x40U : 0U) |
                                (what.override_ ? 0x20U : 0U));
    std::memcpy(icmp + 8, what.target.data(), ipv6::address_bytes);
    if (what.link_layer) {
        icmp[24] = what.type == solicitation ? source_link_layer : target_link_layer;
        icmp[25] = 1;
        std::memcpy(icmp + 26, what.link_layer->data(), 6);
    }
    store_be16(icmp + 2, static_cast<std::uint16_t>(~icmp_sum(ip, length)));
    return total;
}

}  // namespace rhumb::nd

// An IPv4 or IPv6 address of a host. Threads: any (a value).
#pragma once

#include <algorithm>
#include <array>
#include <compare>

#include "rhumb/table/prefix.hh"
#include "rhumb/wire/arp.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/nd.hh"

namespace rhumb::neighbours {

struct ip_address {
    family af = family::ipv4;
    std::array<byte, 16> bytes{};  // IPv4: the first four, the rest zero
    friend auto operator<=>(const ip_address&, const ip_address&) = default;

    [[nodiscard]] static constexpr ip_address of(const arp::ipv4_address& from) noexcept {
        ip_address made;
        std::copy(from.begin(), from.end(), made.bytes.begin());
        return made;
    }
    [[nodiscard]] static constexpr ip_address of(const nd::ipv6_address& from) noexcept {
        return {family::ipv6, from};
    }
    // Precondition: af is ipv4.
    [[nodiscard]] constexpr arp::ipv4_address ipv4() const noexcept {
        return {bytes[0], bytes[1], bytes[2], bytes[3]};
    }
};

// RFC 4291 section 2.5.6: fe80::/10.
[[nodiscard]] constexpr bool is_ipv6_link_local(const ip_address& address) noexcept {
    return address.af == family::ipv6 && (load_be16(address.bytes.data()) & 0xffc0) == 0xfe80;
}

// Whether it may be a neighbour's: not unspecified, loopback, multicast, broadcast or reserved.
[[nodiscard]] constexpr bool is_unicast(const ip_address& address) noexcept {
    if (address.af == family::ipv6) {
        return address.bytes[0] != 0xff && !ipv6::is_unspecified_or_loopback(address.bytes.data());
    }
    const byte net = address.bytes[0];
    return net != 0 && net != 127 && net < 224;
}

// Whether the first `length` bits are the same.
[[nodiscard]] constexpr bool is_within(const ip_address& address, const ip_address& subnet,
                                       unsigned length) noexcept {
    const auto bits = static_cast<std::uint8_t>(address_bits(address.af));
    return address.af == subnet.af &&
           ip_prefix{address.af, bits, address.bytes}.shortened(length) ==
               ip_prefix{subnet.af, bits, subnet.bytes}.shortened(length);
}

// A MAC that one station may have: neither group nor zero.
[[nodiscard]] constexpr bool is_station(const ethernet::mac_address& mac) noexcept {
    const std::uint64_t word = ethernet::mac_word(mac);
    return word != 0 && !ethernet::is_group(word);
}

}  // namespace rhumb::neighbours

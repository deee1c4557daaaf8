// What the SCION stage looks things up in: links, interfaces, services, keys. One immutable version
// for each configuration. Threads: made by control, read by workers.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"

namespace rhumb::scion {

inline constexpr std::size_t max_links = 4096;  // the internal one and siblings included
inline constexpr std::size_t udp_bytes = 8;

// internal: hosts and services of the own AS. sibling: another border router of it.
enum class link_scope : std::uint8_t { internal, sibling, external };
// What the neighbour is to this AS. Interface 0, the inside, is none of them.
enum class link_type : std::uint8_t { none, core, parent, child, peer };

// How a packet crosses the AS: what is neither, malformed or of the router's own is `other`.
enum class traffic : std::uint8_t { other, in, out, in_transit, out_transit, br_transit };
inline constexpr std::size_t traffic_types = 6;

// Packets by size: up to 63 bytes, then a class for each power of two, what is larger in the last.
inline constexpr std::size_t size_classes = 9;
[[nodiscard]] constexpr std::size_t size_class_of(std::size_t scion_bytes) noexcept {
    return std::min(static_cast<std::size_t>(std::bit_width(scion_bytes >> 6)), size_classes - 1);
}

// An IP address, 4 bytes or 16, and a UDP port.
struct endpoint {
    std::array<byte, 16> address{};
    std::uint8_t address_bytes = 4;
    std::uint16_t port = 0;
    friend bool operator==(const endpoint&, const endpoint&) = default;
};

// A link, and the IP and UDP headers to send with: complete but for lengths and checksums, and,
// on the internal link, for the destination.
struct alignas(64) link {
    std::array<byte, ipv6::header_bytes + udp_bytes> outer{};
    std::uint8_t outer_bytes = 0;  // 28 or 48
    link_scope scope = link_scope::internal;
    std::uint16_t interface = 0;  // external links; else 0
    std::uint16_t mtu = 0;        // bytes of a SCION packet; 0: no limit
    bool has_session = false;     // BFD
    std::uint64_t neighbour = 0;  // ISD-AS; the own one inside
    // One's complement sums over the bytes as they lie (RFC 1071 section 2: the byte order makes no
    // difference): of addresses and ports; of the IPv4 header.
    std::uint64_t pseudo_sum = 0;
    std::uint64_t header_sum = 0;
    // Set by table::finish(). Bytes of the largest SCION packet that may be sent in IPv4; 0: none.
    std::uint16_t most_over_ipv4 = 0;
    // Bit t: a packet that came by this link may leave by an external one of link_type t, within
    // its segment, or where it switches segments.
    std::uint8_t passes_to = 0;
    std::uint8_t switches_to = 0;
};

// Which links may follow each other within a segment, and at a switch of segments.
[[nodiscard]] constexpr bool may_pass(link_type in, link_type out) noexcept {
    using enum link_type;
    return (in == core && out == core) || (in == child && (out == parent || out == peer)) ||
           (out == child && (in == parent || in == peer));
}
[[nodiscard]] constexpr bool may_switch(link_type in, link_type out) noexcept {
    using enum link_type;
    return (in == core && out == child) || (in == child && (out == core || out == child));
}

// Which link a packet came by: the external ones and siblings by both ends, the internal one by
// ours.
class link_finder {
public:
    static constexpr std::uint16_t nothing = 0xffff;

    void add(const endpoint& local, const endpoint& remote, std::uint16_t link);
    void set_internal(const endpoint& local) { internal_ = make_key(local, endpoint{}); }

    // By an IPv4 packet with its UDP header, or an IPv6 one whose UDP header is at `udp`.
    [[nodiscard]] std::uint16_t find_v4(const byte* ip, const byte* udp) const noexcept {
        key wanted{};
        std::memcpy(&wanted.words[0], ip + 12, 8);  // source, destination
        std::memcpy(&wanted.ports, udp, 4);
        return find(wanted, wanted.words[0] >> 32, 0, internal_.words[0] >> 32, 0);
    }
    [[nodiscard]] std::uint16_t find_v6(const byte* ip, const byte* udp) const noexcept {
        key wanted{};
        std::memcpy(&wanted.words, ip + 8, 32);
        std::memcpy(&wanted.ports, udp, 4);
        return find(wanted, wanted.words[2], wanted.words[3], internal_.words[2],
                    internal_.words[3]);
    }

private:
    // Source address, destination address, source port, destination port, as on the wire. IPv4
    // addresses share the first word.
    struct key {
        std::array<std::uint64_t, 4> words;
        std::uint32_t ports;
        friend bool operator==(const key& a, const key& b) noexcept {
            return ((a.words[0] ^ b.words[0]) | (a.words[1] ^ b.words[1]) |
                    (a.words[2] ^ b.words[2]) | (a.words[3] ^ b.words[3]) | (a.ports ^ b.ports)) ==
                   0;
        }
    };
    struct slot {
        key what{};
        std::uint16_t link = nothing;
    };

    static key make_key(const endpoint& local, const endpoint& remote);
    void put(const key& what, std::uint16_t link);
    static std::size_t hash(const key& k) noexcept {
        // Of IPv4 only the first word is not zero, which the compiler sees.
        const std::uint64_t mixed =
            (k.words[0] ^ std::uint64_t{k.ports} << 16) * 0x9e3779b97f4a7c15 +
            k.words[1] * 0xbf58476d1ce4e5b9 + k.words[2] * 0x94d049bb133111eb +
            k.words[3] * 0xd6e8feb86659fd93;
        return mixed ^ mixed >> 32;
    }
    [[nodiscard]] std::uint16_t find(const key& wanted, std::uint64_t to_1, std::uint64_t to_2,
                                     std::uint64_t own_1, std::uint64_t own_2) const noexcept {
        for (std::size_t n = hash(wanted);; ++n) {
            const slot& here = slots_[n & mask_];
            if (here.link == nothing) {
                break;
            }
            if (here.what == wanted) [[likely]] {
                return here.link;
            }
        }
        const bool is_internal =
            to_1 == own_1 && to_2 == own_2 && wanted.ports >> 16 == internal_.ports >> 16;
        return is_internal ? std::uint16_t{0} : nothing;
    }

    std::vector<slot> slots_{slot{}};
    std::size_t mask_ = 0;
    std::size_t used_ = 0;
    key internal_{};
};

// Where a service of the own AS is.
struct service {
    std::uint16_t number = 0;
    std::vector<endpoint> instances;
};

struct neighbour {
    std::uint16_t interface = 0;
    std::uint64_t isd_as = 0;
};

struct table {
    std::uint64_t isd_as = 0;  // of the own AS
    std::vector<link> links;   // number 0: the internal one
    link_finder finder;
    // By interface id: link number in the lower 13 bits, link_type above. 0xffff: unknown.
    std::vector<std::uint16_t> interfaces = std::vector<std::uint16_t>(0x10000, unknown_interface);
    std::vector<neighbour> neighbours;  // of all interfaces of the AS, ascending
    std::vector<service> services;
    // Hosts behind the old dispatcher get everything outside of these ports at port 30041.
    std::uint16_t first_port = 0;
    std::uint16_t last_port = 0;
    bool any_port = false;       // every packet goes to its own port
    bool packet_too_big = true;  // SCMP 2/0 where the next link's MTU is less
    const crypto::cmac_key* key = nullptr;
    const crypto::cmac_key* former_key = nullptr;        // good as well, while keys roll over
    std::uint64_t former_key_until = ~std::uint64_t{0};  // milliseconds since 1970

    static constexpr std::uint16_t unknown_interface = 0xffff;
    static constexpr std::uint16_t dispatcher_port = 30041;

    // Once all else is there: fills what links say of themselves for the stage's short way.
    void finish();

    static constexpr std::uint16_t pack(std::uint16_t link, link_type type) noexcept {
        return static_cast<std::uint16_t>(link | static_cast<unsigned>(type) << 13);
    }
    [[nodiscard]] bool knows(std::uint16_t interface) const noexcept {
        return interfaces[interface] != unknown_interface;
    }
    // Precondition: knows(interface).
    [[nodiscard]] std::uint16_t link_of(std::uint16_t interface) const noexcept {
        return interfaces[interface] & 0x1fff;
    }
    [[nodiscard]] link_type type_of(std::uint16_t interface) const noexcept {
        const std::uint16_t packed = interfaces[interface];
        return packed == unknown_interface ? link_type::none : static_cast<link_type>(packed >> 13);
    }
};
static_assert(max_links <= 0x1fff);

// Fills what a link sends with. `remote` of the internal link: none, all zeroes.
void set_outer(link& to, const endpoint& local, const endpoint& remote);

}  // namespace rhumb::scion

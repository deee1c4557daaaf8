// The hash that spreads flows over equal-cost paths. Threads: any.
//
// Input, in this order of preference (RFC 6790 section 4.3, RFC 8662 section 4):
//   - the entropy label, if an entropy label indicator (7) stands in the stack: it alone;
//   - else every label of the stack that is not special-purpose, and the five-tuple of the IP
//     packet below (addresses, protocol, ports; ports only of unfragmented TCP, UDP, UDP-Lite,
//     SCTP and DCCP).
// Reads nothing beyond `length`; a truncated packet hashes what there is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rhumb/bytes.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb {

namespace detail {

// Folds `word` into `state` by a 64 x 64 -> 128 bit multiplication: every input bit reaches every
// output bit.
[[nodiscard]] inline std::uint64_t hash_mix(std::uint64_t state, std::uint64_t word) noexcept {
    __extension__ using wide = unsigned __int128;
    const wide product =
        static_cast<wide>(state ^ 0x9e3779b97f4a7c15U) * (word ^ 0xd1b54a32d192ed03U);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

[[nodiscard]] inline bool has_ports(unsigned protocol) noexcept {
    return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 || protocol == 136;
}

[[nodiscard]] inline std::uint64_t hash_ipv4(std::uint64_t state, const byte* ip,
                                             std::size_t length) noexcept {
    if (length < ipv4::min_header_bytes) {
        return state;
    }
    state = hash_mix(state, load_be64(ip + 12));
    std::uint64_t rest = ipv4::protocol(ip);
    const std::size_t header = ipv4::header_bytes(ip);
    if (ipv4::fragment(ip) == 0 && has_ports(ipv4::protocol(ip)) && length >= header + 4) {
        rest |= std::uint64_t{load_be32(ip + header)} << 8;
    }
    return hash_mix(state, rest);
}

[[nodiscard]] inline std::uint64_t hash_ipv6(std::uint64_t state, const byte* ip,
                                             std::size_t length) noexcept {
    if (length < ipv6::header_bytes) {
        return state;
    }
    for (std::size_t offset = 8; offset < ipv6::header_bytes; offset += 8) {
        state = hash_mix(state, load_be64(ip + offset));
    }
    std::uint64_t rest = ipv6::next_header(ip);
    if (has_ports(ipv6::next_header(ip)) && length >= ipv6::header_bytes + 4) {
        rest |= std::uint64_t{load_be32(ip + ipv6::header_bytes)} << 8;
    }
    return hash_mix(state, rest);
}

}  // namespace detail

// The hash of the IP packet at `ip` (nothing but `seed` goes in if it is neither version).
[[nodiscard]] inline std::uint32_t flow_hash_ip(std::uint64_t seed, const byte* ip,
                                                std::size_t length) noexcept {
    if (length != 0 && ipv4::version(ip) == 4) {
        seed = detail::hash_ipv4(seed, ip, length);
    } else if (length != 0 && ipv6::version(ip) == 6) {
        seed = detail::hash_ipv6(seed, ip, length);
    }
    return static_cast<std::uint32_t>(detail::hash_mix(seed, 1) >> 32);
}

// The hash of the labelled packet whose stack starts at `stack`.
[[nodiscard]] inline std::uint32_t flow_hash_mpls(std::uint64_t seed, const byte* stack,
                                                  std::size_t length) noexcept {
    std::uint64_t state = seed;
    while (length >= mpls::lse_bytes) {
        const mpls::lse entry = load_be32(stack);
        stack += mpls::lse_bytes;
        length -= mpls::lse_bytes;
        const mpls::label label = mpls::label_of(entry);
        if (label == mpls::entropy_label_indicator && !mpls::is_bottom(entry) &&
            length >= mpls::lse_bytes) {
            state = detail::hash_mix(seed, mpls::label_of(load_be32(stack)));
            return static_cast<std::uint32_t>(detail::hash_mix(state, 1) >> 32);
        }
        if (label >= mpls::first_unreserved) {
            state = detail::hash_mix(state, label);
        }
        if (mpls::is_bottom(entry)) {
            return flow_hash_ip(state, stack, length);
        }
    }
    return static_cast<std::uint32_t>(detail::hash_mix(state, 1) >> 32);
}

}  // namespace rhumb

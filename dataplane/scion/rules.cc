#include "dataplane/scion/rules.hh"

#include <algorithm>
#include <array>
#include <cstring>

#include "rhumb/crypto/equal.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion {

bool has_good_shape(packet& p) noexcept {
    const unsigned hop = current_hop(p.meta);
    const unsigned info = current_info(p.meta);
    if (hop >= p.hops || info >= p.segments) {
        return false;
    }
    if ((p.info(info)[0] & info_peering) != 0) {
        // Two segments meet over a peering link, and no third is there.
        if (p.segments != 2) {
            return false;
        }
        p.peering = is_peering_hop(p, hop);
    } else {
        for (unsigned n = 0; n < most_segments; ++n) {
            if (segment_length(p.meta, n) == 1) {
                return false;
            }
        }
    }
    return info == segment_of(p.meta, hop);
}

bool came_from_its_entry(const packet& p, const table& own) noexcept {
    unsigned hop = current_hop(p.meta);
    if (!p.peering && segment_of(p.meta, hop) != segment_of(p.meta, hop - 1)) {
        --hop;
    }
    const hop_view entry{p.info(segment_of(p.meta, hop)), p.hop(hop)};
    return own.knows(entry.ingress()) && own.link_of(entry.ingress()) == p.link;
}

address_fault fault_of_addresses(const packet& p, const table& own) noexcept {
    const unsigned hop = current_hop(p.meta);
    const bool from_here = source(p.scion) == own.isd_as;
    const bool to_here = destination(p.scion) == own.isd_as;
    const bool is_last = hop + 1 == p.hops;
    if (p.from == 0 ? hop == 0 && !from_here : from_here) {
        return {scmp::invalid_source_address, source_offset};
    }
    if (p.from == 0 ? to_here : is_last != to_here) {
        return {scmp::invalid_destination_address, destination_offset};
    }
    if (from_here) {
        const unsigned type = source_type(p.scion);
        if ((type != host_ipv4 && type != host_ipv6 && type != host_service) ||
            (type == host_ipv6 && is_v4_mapped(source_host(p.scion)))) {
            return {scmp::invalid_source_address, 0};
        }
    }
    return {};
}

bool is_between_neighbours(const packet& p, const table& own) noexcept {
    const hop_view at{p.path, p.path + info_bytes};
    const std::uint64_t local = p.from == 0 ? source(p.scion) : destination(p.scion);
    const std::uint64_t remote = p.from == 0 ? destination(p.scion) : source(p.scion);
    const std::uint16_t interface = p.from == 0 ? at.egress() : p.from;
    const auto known = std::lower_bound(
        own.neighbours.begin(), own.neighbours.end(), interface,
        [](const neighbour& n, std::uint16_t wanted) { return n.interface < wanted; });
    return local == own.isd_as && known != own.neighbours.end() && known->interface == interface &&
           known->isd_as == remote;
}

namespace {

crypto::block epic_validation(const packet& p, std::uint32_t made,
                              const crypto::block& tag) noexcept {
    std::array<crypto::block, 3> input{};
    byte* to = input[0].bytes.data();
    const std::size_t host = host_bytes(source_type(p.scion));
    *to++ = static_cast<byte>(source_type(p.scion) & 3);
    store_be32(to, made);
    std::memcpy(to + 4, p.path - epic_bytes, 8);
    store_be64(to + 12, source(p.scion));
    std::memcpy(to + 20, source_host(p.scion), host);
    store_be16(to + 20 + host, payload_length(p.scion));
    const std::size_t blocks = (23 + host + crypto::block_bytes - 1) / crypto::block_bytes;
    crypto::aes128_key key;
    crypto::expand(key, tag.bytes.data());
    return crypto::cbc_mac(key, {input.data(), blocks});
}

}  // namespace

bool epic_holds(const packet& p, const crypto::block& tag, std::uint64_t now_ms) noexcept {
    if (p.epic_hop == 0) [[likely]] {
        return true;
    }
    const byte* const epic = p.path - epic_bytes;
    const std::uint32_t made = timestamp(p.info(0));
    constexpr std::uint64_t step_us = 21;
    const std::uint64_t sent_us =
        std::uint64_t{made} * 1'000'000 + (std::uint64_t{load_be32(epic)} + 1) * step_us;
    const std::uint64_t now_us = now_ms * 1000;
    constexpr std::uint64_t early_us = 1'000'000;
    constexpr std::uint64_t lifetime_us = 3'000'000;
    if (sent_us > now_us + early_us || now_us > sent_us + lifetime_us) {
        return false;
    }
    const byte* const field = epic + (p.epic_hop == 2 ? 8 : 12);
    return crypto::constant_time_equal(field, epic_validation(p, made, tag).bytes.data(), 4);
}

}  // namespace rhumb::scion

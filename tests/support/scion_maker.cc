#include "tests/support/scion_maker.hh"

#include <algorithm>

#include "rhumb/crypto/cmac.hh"
#include "rhumb/wire/scmp.hh"
#include "tests/support/scion_rig.hh"

namespace rhumb::test {

namespace {

template <class T>
void put(std::vector<byte>& to, T value) {
    to.resize(to.size() + sizeof value);
    store_be(to.data() + to.size() - sizeof value, value);
}
void put(std::vector<byte>& to, const std::vector<byte>& what) {
    for (const byte b : what) {
        to.push_back(b);
    }
}

struct made_segment {
    std::array<byte, scion::info_bytes> info{};
    std::vector<std::array<byte, scion::hop_bytes>> hops;  // in the order of travel
    std::vector<crypto::block> tags;
    std::vector<std::uint16_t> betas;  // that each hop is verified with
};

// All but the SegID of the info field.
made_segment make_segment(const segment_spec& spec) {
    made_segment made;
    const std::size_t count = spec.hops.size();
    made.info[0] = static_cast<byte>((spec.construction ? scion::info_construction : 0) |
                                     (spec.peering ? scion::info_peering : 0));
    store_be32(&made.info[4], spec.made);
    made.hops.resize(count);
    made.tags.resize(count);
    made.betas.resize(count);
    std::uint16_t beta = spec.beta;
    for (std::size_t n = 0; n < count; ++n) {
        const std::size_t at = spec.construction ? n : count - 1 - n;
        const hop_spec& from = spec.hops[at];
        auto& hop = made.hops[at];
        const bool forth = spec.construction;
        hop[0] = static_cast<byte>((from.alert_in ? forth ? 2 : 1 : 0) |
                                   (from.alert_out ? forth ? 1 : 2 : 0));
        hop[1] = from.exp_time;
        store_be16(&hop[2], forth ? from.in : from.out);
        store_be16(&hop[4], forth ? from.out : from.in);
        made.betas[at] = beta;
        const std::vector<byte> key = from.key.empty() ? as_key(from.as) : from.key;
        made.tags[at] = mac_of(key, beta, made.info.data(), hop.data());
        std::copy_n(made.tags[at].bytes.begin(), scion::mac_bytes, &hop[6]);
        // A hop over a peering link is none of the chain: it is made with the next one's beta.
        if (!(spec.peering && n == 0)) {
            beta = static_cast<std::uint16_t>(beta ^ load_be16(&hop[6]));
        }
        hop[6] ^= from.bad_mac ? 1 : 0;
    }
    return made;
}

// What SegID is when the packet stands at `current` of a segment's hops; before it: negative.
std::uint16_t segment_id_at(const segment_spec& spec, const made_segment& made, int current,
                            bool from_outside) {
    const int last = static_cast<int>(made.hops.size()) - 1;
    if (current < 0 || current > last) {
        return made.betas[static_cast<std::size_t>(current < 0 ? 0 : last)];
    }
    const auto at = static_cast<std::size_t>(current);
    const bool over_peering = spec.peering && current == last;  // against construction
    if (spec.construction || !from_outside || current == 0 || over_peering) {
        return made.betas[at];
    }
    return made.betas[at - 1];  // the router at the entrance takes it back by one
}

// EPIC's validation field: CBC-MAC under the whole tag of a hop.
std::uint32_t validation_field(const packet_spec& spec, const crypto::block& tag,
                               std::uint16_t payload_length, bool bad) {
    std::vector<byte> input{static_cast<byte>(spec.source.type & 3)};
    put(input, spec.segments.at(0).made);
    put(input, spec.epic.timestamp);
    put(input, spec.epic.counter);
    put(input, isd_as_of(spec.from));
    put(input, spec.source.bytes);
    put(input, payload_length);
    std::vector<crypto::block> blocks;
    for (std::size_t n = 0; n < input.size(); n += crypto::block_bytes) {
        crypto::block& block = blocks.emplace_back();
        block = {};
        std::copy_n(input.begin() + static_cast<long>(n),
                    std::min(crypto::block_bytes, input.size() - n), block.bytes.begin());
    }
    crypto::aes128_key key;
    crypto::expand(key, tag.bytes.data());
    return load_be32(crypto::cbc_mac(key, blocks).bytes.data()) ^ (bad ? 1U : 0U);
}

std::vector<byte> make_path(const packet_spec& spec, std::uint16_t payload_length) {
    std::vector<made_segment> made;
    std::array<unsigned, scion::most_segments> lengths{};
    std::vector<byte> infos;
    std::vector<byte> hops;
    std::vector<crypto::block> tags;
    unsigned before = 0;
    unsigned current_info = 0;
    for (std::size_t n = 0; n < spec.segments.size(); ++n) {
        const segment_spec& segment = spec.segments[n];
        made_segment one = make_segment(segment);
        lengths.at(n) = static_cast<unsigned>(one.hops.size());
        const int current = static_cast<int>(spec.hop) - static_cast<int>(before);
        current_info = current >= 0 ? static_cast<unsigned>(n) : current_info;
        store_be16(&one.info[2], segment_id_at(segment, one, current, spec.from_outside));
        infos.insert(infos.end(), one.info.begin(), one.info.end());
        for (const auto& hop : one.hops) {
            hops.insert(hops.end(), hop.begin(), hop.end());
        }
        tags.insert(tags.end(), one.tags.begin(), one.tags.end());
        before += lengths.at(n);
    }
    std::vector<byte> path;
    if (spec.type == scion::path_type::epic) {
        put(path, spec.epic.timestamp);
        put(path, spec.epic.counter);
        for (const std::size_t back : {2U, 1U}) {
            const bool bad = back == 2 ? spec.epic.bad_penultimate : spec.epic.bad_last;
            put(path, tags.size() < back
                          ? 0
                          : validation_field(spec, tags[tags.size() - back], payload_length, bad));
        }
    }
    if (spec.type != scion::path_type::one_hop) {
        put(path, scion::make_meta(spec.info.value_or(current_info), spec.hop, lengths[0],
                                   lengths[1], lengths[2]));
    }
    put(path, infos);
    put(path, hops);
    if (spec.type == scion::path_type::one_hop) {
        path.resize(scion::one_hop_path_bytes);
    }
    return path;
}

}  // namespace

std::vector<byte> as_key(byte number) { return std::vector<byte>(crypto::key_bytes, number); }

crypto::block mac_of(const std::vector<byte>& key, std::uint16_t beta, const byte* info,
                     const byte* hop) {
    crypto::cmac_key expanded;
    crypto::expand(expanded, key.data());
    crypto::block input{};
    scion::write_mac_input(input.bytes.data(), beta, info, hop);
    return crypto::cmac(expanded, input.bytes);
}

host_spec host(const std::string& address) {
    const scion::endpoint at = endpoint_of(address, 0);
    return {at.address_bytes == 4 ? scion::host_ipv4 : scion::host_ipv6,
            {at.address.begin(), at.address.begin() + at.address_bytes}};
}
host_spec service_host(unsigned number) {
    return {scion::host_service,
            {static_cast<byte>(number >> 8), static_cast<byte>(number & 0xff), 0, 0}};
}

layer4_spec udp(unsigned source, unsigned destination, std::size_t data) {
    layer4_spec made{scion::next_udp, std::vector<byte>(8 + data, 0x5a)};
    store_be16(&made.bytes[0], static_cast<std::uint16_t>(source));
    store_be16(&made.bytes[2], static_cast<std::uint16_t>(destination));
    store_be16(&made.bytes[4], static_cast<std::uint16_t>(made.bytes.size()));
    return made;
}
layer4_spec tcp(unsigned source, unsigned destination) {
    layer4_spec made{scion::next_tcp, std::vector<byte>(20)};
    store_be16(&made.bytes[0], static_cast<std::uint16_t>(source));
    store_be16(&made.bytes[2], static_cast<std::uint16_t>(destination));
    made.bytes[12] = 0x50;
    return made;
}
layer4_spec scmp_message(byte type, byte code, const std::vector<byte>& rest) {
    layer4_spec made{scion::next_scmp, {type, code, 0, 0}};
    put(made.bytes, rest);
    return made;
}
layer4_spec echo(byte type, unsigned identifier) {
    std::vector<byte> rest;
    put(rest, static_cast<std::uint16_t>(identifier));
    put(rest, std::uint16_t{1});
    return scmp_message(type, 0, rest);
}
layer4_spec traceroute(byte type, unsigned identifier) {
    layer4_spec made = echo(type, identifier);
    made.bytes.resize(scmp::traceroute_bytes);
    return made;
}

std::vector<byte> make_scion(const packet_spec& spec) {
    std::vector<byte> payload;
    unsigned next = spec.layer4.next;
    for (std::size_t n = spec.extensions.size(); n-- > 0;) {
        std::vector<byte> header{static_cast<byte>(next)};
        put(header, spec.extensions[n].second);
        payload.insert(payload.begin(), header.begin(), header.end());
        next = spec.extensions[n].first;
    }
    put(payload, spec.layer4.bytes);
    const auto length = static_cast<std::uint16_t>(
        spec.payload_length.value_or(static_cast<unsigned>(payload.size())));

    std::vector<byte> packet;
    put(packet, std::uint32_t{spec.flow});
    packet.insert(packet.end(), {static_cast<byte>(next), 0});
    put(packet, length);
    packet.insert(packet.end(),
                  {static_cast<byte>(spec.type),
                   static_cast<byte>(spec.destination.type << 4 | spec.source.type), 0, 0});
    put(packet, isd_as_of(spec.to));
    put(packet, isd_as_of(spec.from));
    put(packet, spec.destination.bytes);
    put(packet, spec.source.bytes);
    if (spec.type != scion::path_type::empty) {
        put(packet, make_path(spec, length));
    }
    packet.resize(packet.size() + 4 * spec.spare_words);
    packet[5] = static_cast<byte>(packet.size() / 4);
    put(packet, payload);
    return packet;
}

std::size_t info_at(const packet_spec& spec, unsigned info) {
    return scion::hosts_offset + spec.destination.bytes.size() + spec.source.bytes.size() +
           scion::meta_bytes + info * scion::info_bytes;
}
std::size_t hop_at(const packet_spec& spec, unsigned hop) {
    return info_at(spec, static_cast<unsigned>(spec.segments.size())) + hop * scion::hop_bytes;
}

}  // namespace rhumb::test

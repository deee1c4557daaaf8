#include "controlplane/scion_paths/segment.hh"

#include <sodium.h>

#include <algorithm>

namespace rhumb::scion::paths {

segment_digest sha256(const std::vector<byte>& of) {
    segment_digest made{};
    crypto_hash_sha256(made.data(), of.data(), of.size());
    return made;
}

segment_digest digest_of(const segment& of) {
    constexpr std::size_t entry_bytes = isd_as::bytes + 4;
    std::vector<byte> text(of.entries.size() * entry_bytes);
    byte* to = text.data();
    for (const segment_entry& entry : of.entries) {
        store_isd_as(to, entry.ia);
        store_be16(to + isd_as::bytes, entry.hop.ingress);
        store_be16(to + isd_as::bytes + 2, entry.hop.egress);
        to += entry_bytes;
    }
    return sha256(text);
}

void write_hop(byte* to, const hop_field& hop) {
    to[0] = 0;
    to[1] = hop.exp_time;
    store_be16(to + 2, hop.ingress);
    store_be16(to + 4, hop.egress);
    std::copy(hop.mac.begin(), hop.mac.end(), to + 6);
}

std::array<byte, mac_bytes> mac_of(const crypto::cmac_key& key, std::uint16_t beta,
                                   std::uint32_t timestamp, const hop_field& hop) {
    std::array<byte, info_bytes> info{};
    std::array<byte, hop_bytes> bytes{};
    store_be32(&info[4], timestamp);
    write_hop(bytes.data(), hop);
    crypto::block input{};
    write_mac_input(input.bytes.data(), beta, info.data(), bytes.data());
    const crypto::block tag = crypto::cmac(key, input.bytes);
    std::array<byte, mac_bytes> made{};
    std::copy_n(tag.bytes.begin(), made.size(), made.begin());
    return made;
}

}  // namespace rhumb::scion::paths

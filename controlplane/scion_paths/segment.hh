// Path segments (draft-dekater-scion-controlplane, path segment construction beacons), without
// signatures: what a beacon has gathered on its way from a core AS, one entry an AS, in the
// direction of construction. Threads: any.
//
//   core AS            AS                AS
//   egress 1 ------> 41 ingress, egress 42 ------> 51 ingress      hop entry
//                    peering links: 43, 44                         peer entries
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/wire/isd_as.hh"
#include "rhumb/wire/scion.hh"

namespace rhumb::scion::paths {

// A hop field without flags.
struct hop_field {
    std::uint8_t exp_time = 0;  // in steps of 337.5 s, less one
    std::uint16_t ingress = 0;  // as constructed; 0: none
    std::uint16_t egress = 0;
    std::array<byte, mac_bytes> mac{};
    friend bool operator==(const hop_field&, const hop_field&) = default;
};

// A peering link of an entry's AS, and the hop that leads over it.
struct peer_entry {
    isd_as peer;
    std::uint16_t peer_interface = 0;  // 0: not known
    std::uint16_t mtu = 0;
    hop_field hop;
};

struct segment_entry {
    isd_as ia;
    std::uint16_t mtu = 0;          // inside the AS
    std::uint16_t ingress_mtu = 0;  // of the link from the entry before; 0: there is none
    hop_field hop;
    std::vector<peer_entry> peers;
};

struct segment {
    std::uint16_t id = 0;         // beta of the first entry
    std::uint32_t timestamp = 0;  // seconds since 1970
    std::vector<segment_entry> entries;
};

// What tells segments apart and orders them: SHA-256 over ISD-AS, ingress and egress of all
// entries.
using segment_digest = std::array<byte, 32>;
[[nodiscard]] segment_digest digest_of(const segment& of);

[[nodiscard]] segment_digest sha256(const std::vector<byte>& of);

// The hop field's 12 bytes, and the MAC that belongs there under `key` where the segment id is
// `beta`.
void write_hop(byte* to, const hop_field& hop);
[[nodiscard]] std::array<byte, mac_bytes> mac_of(const crypto::cmac_key& key, std::uint16_t beta,
                                                 std::uint32_t timestamp, const hop_field& hop);

// The next entry's beta.
[[nodiscard]] inline std::uint16_t chained(std::uint16_t beta, const hop_field& hop) {
    return static_cast<std::uint16_t>(beta ^ load_be16(hop.mac.data()));
}

}  // namespace rhumb::scion::paths

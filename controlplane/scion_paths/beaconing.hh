// Beaconing in one process (draft-dekater-scion-controlplane): every core AS sends beacons over
// its core links and down to its children, every AS adds its entry, signs its hop fields with its
// own key, and passes the beacon on, until nobody new is left. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "controlplane/scion_paths/key_ring.hh"
#include "controlplane/scion_paths/network.hh"
#include "controlplane/scion_paths/segment.hh"
#include "rhumb/result.hh"

namespace rhumb::scion::paths {

struct beacon_options {
    std::uint32_t timestamp = 0;        // of all segments, seconds since 1970
    std::uint8_t exp_time = 63;         // six hours
    std::size_t most_ases = 10;         // in a segment
    std::size_t most_segments = 50000;  // more are an error: lower most_ases
    std::optional<std::uint64_t> seed;  // of segment ids; none: random
};

// Up segments are down segments that are walked the other way.
struct segment_store {
    std::vector<segment> cores;
    std::vector<segment> downs;

    // What a host in `from` would be given for a way to `to`, as the lookup of the reference
    // implementation splits it.
    struct found {
        std::vector<const segment*> ups;
        std::vector<const segment*> cores;
        std::vector<const segment*> downs;
    };
    [[nodiscard]] found look_up(isd_as from, isd_as to) const;
};

[[nodiscard]] result<segment_store> make_segments(const network& of, const key_ring& keys,
                                                  const beacon_options& how);

// Makes all MACs of a segment of which all but `mac` is set: hop entries under the chain of
// segment ids, peer entries with the next one's. `key_of` gives an AS's key.
template <class KeyOf>
void sign(segment& of, KeyOf&& key_of) {
    std::uint16_t beta = of.id;
    for (segment_entry& entry : of.entries) {
        const crypto::cmac_key& key = key_of(entry.ia);
        entry.hop.mac = mac_of(key, beta, of.timestamp, entry.hop);
        beta = chained(beta, entry.hop);
        for (peer_entry& peer : entry.peers) {
            peer.hop.mac = mac_of(key, beta, of.timestamp, peer.hop);
        }
    }
}

}  // namespace rhumb::scion::paths

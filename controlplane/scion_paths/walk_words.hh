// What the routers of a walk did, in words for people who learn SCION: by which link a packet
// came, which hop field was looked at, what was checked and with what result, how SegID and the
// pointer changed, and where it went. Threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/scion_paths/key_ring.hh"
#include "controlplane/scion_paths/walker.hh"
#include "rhumb/bytes.hh"
#include "rhumb/wire/scion.hh"

namespace rhumb::scion::paths {

// The current hop field of a packet of type SCION, in the direction of travel.
struct hop_facts {
    unsigned hop = 0;
    unsigned hops = 0;
    unsigned segment = 0;
    unsigned segments = 0;
    bool construction = false;
    bool peering = false;  // of the segment
    bool over_peering = false;
    std::uint16_t in = 0;
    std::uint16_t out = 0;
    std::uint8_t exp_time = 0;
    std::uint64_t good_until_ms = 0;
    std::uint16_t segment_id = 0;  // as it stands in the packet
    std::array<byte, mac_bytes> mac{};
    std::array<byte, mac_bytes> right_mac{};  // by the AS's key
    std::uint16_t verified_id = 0;            // the SegID that right_mac is made with
};

// `from_outside`: the packet came by an external link, so SegID is taken back by one first where
// the segment is walked against its construction. None: no such packet.
[[nodiscard]] std::optional<hop_facts> facts_of(std::span<const byte> scion, bool from_outside,
                                                const crypto::cmac_key& key);

struct word_line {
    std::string what;  // "came by", "MAC"
    std::string text;
};
[[nodiscard]] std::vector<word_line> in_words(const walker& routers, const key_ring& keys,
                                              const walk_step& step);

// "1-ff00:0:111 br1"
[[nodiscard]] std::string router_name(const network& of, const walk_step& step);
// "2026-01-01T00:00:00Z"
[[nodiscard]] std::string time_text(std::uint64_t milliseconds);
[[nodiscard]] std::string endpoint_text(const endpoint& at);
// "SCMP 4/51, invalid hop field MAC"
[[nodiscard]] std::string scmp_text(std::uint8_t type, std::uint8_t code);

}  // namespace rhumb::scion::paths

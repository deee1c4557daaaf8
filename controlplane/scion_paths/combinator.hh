// From segments to paths: which segments may follow each other, where they may be cut, and in
// which order the results are (the combinator of the reference implementation, order included).
// Threads: any.
//
//   up      the way a segment was constructed, against its direction; whole, or cut at an AS that
//           the down segment has as well (a shortcut), or at a peering link that both know
//   core    whole, against its direction
//   down    along its direction; cut as up
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "controlplane/scion_paths/segment.hh"
#include "rhumb/bytes.hh"
#include "rhumb/wire/isd_as.hh"

namespace rhumb::scion::paths {

enum class segment_kind : std::uint8_t { up, core, down };
[[nodiscard]] std::string_view to_string(segment_kind kind);

// One segment's part of a path, in the order of travel.
struct path_part {
    segment_kind kind = segment_kind::up;
    bool construction = false;
    bool peering = false;
    std::uint16_t segment_id = 0;  // as the path starts
    std::uint32_t timestamp = 0;
    std::vector<hop_field> hops;
};

struct path_interface {
    isd_as ia;
    std::uint16_t id = 0;
    friend auto operator<=>(const path_interface&, const path_interface&) = default;
};

struct path {
    isd_as from;
    isd_as to;
    unsigned weight = 0;           // inter-AS links
    std::vector<path_part> parts;  // one to three
    std::vector<path_interface> interfaces;
    std::uint16_t mtu = 0;
    std::uint64_t good_until_ms = 0;  // since 1970

    [[nodiscard]] std::size_t hop_count() const;
    // Whose each hop field is; at a switch of segments, two are one AS's.
    [[nodiscard]] std::vector<isd_as> ases_of_hops() const;
    // A path of type SCION, at its first hop. Precondition: at most most_hops hops, 63 of a part.
    [[nodiscard]] std::vector<byte> bytes() const;
    // SHA-256 over all interfaces: the same for the same way, whenever its segments were made.
    [[nodiscard]] segment_digest fingerprint() const;
};

// Segments in the direction of construction. Paths of more than most_hops hops are left out.
[[nodiscard]] std::vector<path> combine(isd_as from, isd_as to, std::span<const segment* const> ups,
                                        std::span<const segment* const> cores,
                                        std::span<const segment* const> downs);

// Of paths over the same interfaces, the one that lasts longest, the first of equals; the order
// stays.
[[nodiscard]] std::vector<path> without_duplicates(std::vector<path> all);

}  // namespace rhumb::scion::paths

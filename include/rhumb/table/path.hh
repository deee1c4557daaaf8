// Where packets go: next hops, groups of weighted paths to them, and segment lists to impose.
// Threads: written by control before publication, read by workers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rhumb/bytes.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/packet/impose.hh"
#include "rhumb/table/flat_array.hh"
#include "rhumb/table/paged_array.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb {

inline constexpr std::size_t max_nexthops = 1U << 16;
inline constexpr std::size_t max_path_groups = 1U << 15;
inline constexpr std::size_t max_segment_lists = 1U << 20;
inline constexpr std::size_t max_ports = 64;
inline constexpr std::size_t max_segments = 16;  // in one list (imposed_labels holds as many)
inline constexpr std::size_t max_paths = 64;     // in one group

// A next hop ("adjacency"): the layer 2 header to put in front, ready-made but for its ethertype,
// and what to do while it is down: the backup with labels to push first (a repair list,
// RFC 9855). The first cache line is all that a packet needs while everything is up.
struct alignas(64) nexthop {
    std::array<byte, ethernet::tagged_header_bytes> l2{};
    std::uint8_t l2_bytes = 0;  // 14 or 18; the last two hold the ethertype
    std::uint8_t port = 0;
    std::uint16_t mtu = 0;  // bytes, from the network header (the first label) on
    std::uint8_t backup_labels = 0;
    bool in_use = false;
    bool has_backup = false;
    bool backup_pipe = false;      // RFC 3443: push 255 instead of the packet's TTL
    bool backup_replaces = false;  // the backup's labels stand for the top one, which goes first
    nexthop_id backup = 0;
    // Whose flag (liveness.hh) says whether it is up, where it is not its own: several next hops
    // with different backups may be one neighbour.
    nexthop_id follows = nobody;
    static constexpr nexthop_id nobody = 0xffffffff;
    alignas(64) imposed_labels backup_push;
};
static_assert(sizeof(nexthop) == 128);
using nexthop_table = flat_array<nexthop>;

// One of several paths. `out` is what the path has of its own, and depends on the rule:
// - CONTINUE: the label to swap to, where next hops have different SRGBs; implicit null where this
//   next hop wants the label popped; no_label where the rule's own holds
// - PUSH by path, of labels and prefixes: the segment list; no_label where nothing is pushed.
struct path {
    static constexpr mpls::label no_label = 0xffffffff;
    nexthop_id nexthop = 0;
    std::uint32_t out = no_label;
    friend bool operator==(const path&, const path&) = default;
};

// Weighted paths behind hash buckets. A bucket names a path; when paths come and go, only as many
// buckets change owner as the new weights ask for (publish/buckets.hh), so that other flows stay.
struct path_group {
    static constexpr std::size_t buckets = 1024;
    std::array<std::uint8_t, buckets> bucket{};
    std::array<path, max_paths> paths{};
    std::array<std::uint16_t, max_paths> weights{};  // for control and rhumbctl
    std::uint8_t count = 0;
    bool pushes = false;  // paths name segment lists
};
using path_group_table = paged_array<path_group, 3>;

// Either a next hop or a group: what the `via` of a rule has become.
class via_ref {
public:
    constexpr via_ref() = default;
    static constexpr via_ref to_nexthop(nexthop_id id) noexcept { return via_ref(id); }
    static constexpr via_ref to_group(std::uint32_t id) noexcept { return via_ref(id | group_bit); }
    static constexpr via_ref from_bits(std::uint32_t bits) noexcept { return via_ref(bits); }

    [[nodiscard]] constexpr bool is_group() const noexcept { return (bits_ & group_bit) != 0; }
    [[nodiscard]] constexpr std::uint32_t id() const noexcept { return bits_ & ~group_bit; }
    [[nodiscard]] constexpr std::uint32_t bits() const noexcept { return bits_; }
    friend bool operator==(via_ref, via_ref) = default;

private:
    static constexpr std::uint32_t group_bit = 1U << 31;
    constexpr explicit via_ref(std::uint32_t bits) : bits_(bits) {}
    std::uint32_t bits_ = 0;
};

// A list of segments to impose (RFC 8402 PUSH), top first, and where to send the result; of one
// that a path names, the path says that.
struct segment_list {
    imposed_labels labels;
    std::uint8_t count = 0;
    via_ref via;
};
using segment_list_table = paged_array<segment_list, 8>;

}  // namespace rhumb

// The label table (ILM and NHLFE of RFC 3031 in one): 2^20 entries of 8 bytes, indexed by label.
// The special-purpose labels 0 to 15 have entries of their own kind, so the packet path has no
// special case for them. Threads: as paged_array.
//
// An entry is what to do, and a label stack entry to send, as far as the rule names it. The latter
// lies in the byte order of the wire, so that a swap is two masks and no shift:
//
//    63                          32 31 28  27   20   19   17  16                     0
//   +------------------------------+-----+-----+----+--------+------------------------+
//   | out, TC, 0, 0 (wire order);  | op  |group|pipe|TC kept | next hop or group      |
//   | or the number of a list      |     |     |    |        |                        |
//   +------------------------------+-----+-----+----+--------+------------------------+
//
// "TC kept" has the bits that the TC has in a label stack entry in wire order: all of them, or none
// where the rule sets the TC.
#pragma once

#include <bit>
#include <cstdint>

#include "rhumb/bytes.hh"
#include "rhumb/table/paged_array.hh"
#include "rhumb/table/path.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb {

static_assert(std::endian::native == std::endian::little, "entries are laid out for it");

enum class label_op : std::uint8_t {
    continue_,  // RFC 8402 CONTINUE: swap, send to via
    none,       // no entry
    next,       // RFC 8402 NEXT: pop, look up what follows
    pop,        // NEXT on an adjacency segment or before the last hop: pop, send to via
    push,  // RFC 8402 PUSH on a binding SID: replace by a segment list, or by the chosen path's
    // special-purpose labels (RFC 3032, RFC 4182, RFC 6790)
    explicit_null_ipv4,
    explicit_null_ipv6,
    entropy_indicator,
    router_alert,
    implicit_null,
    reserved,
};

class label_entry {
public:
    constexpr label_entry() = default;

    // Swap to `out`, or to what the path itself names.
    static constexpr label_entry make_continue(mpls::label out, via_ref via) noexcept {
        return label_entry(label_op::continue_, via, out);
    }
    static constexpr label_entry make_next() noexcept {
        return label_entry(label_op::next, via_ref(), 0);
    }
    static constexpr label_entry make_pop(via_ref via) noexcept {
        return label_entry(label_op::pop, via, 0);
    }
    static constexpr label_entry make_push(std::uint32_t list) noexcept {
        return label_entry(label_op::push, via_ref(), list);
    }
    // Push what the path of the group names.
    static constexpr label_entry make_push_by_path(via_ref group) noexcept {
        return label_entry(label_op::push, group, 0);
    }
    static constexpr label_entry make_special(label_op op) noexcept {
        return label_entry(op, via_ref(), 0);
    }
    [[nodiscard]] constexpr label_entry with_pipe(bool pipe) const noexcept {
        return label_entry(high_, pipe ? low_ | pipe_bit : low_ & ~pipe_bit);
    }
    [[nodiscard]] constexpr label_entry with_tc(unsigned tc) const noexcept {
        return label_entry((high_ & ~tc_bits) | byte_swap(std::uint32_t{tc & 7} << 9),
                           low_ & ~tc_bits);
    }

    [[nodiscard]] constexpr label_op op() const noexcept {
        return static_cast<label_op>(low_ >> 28);
    }
    // CONTINUE with one path: nothing to choose.
    [[nodiscard]] constexpr bool is_plain_swap() const noexcept {
        return (low_ & (0xf0000000 | group_bit)) == 0;
    }
    [[nodiscard]] constexpr via_ref via() const noexcept {
        return (low_ & group_bit) != 0 ? via_ref::to_group(low_ & id_bits)
                                       : via_ref::to_nexthop(low_ & id_bits);
    }
    [[nodiscard]] constexpr std::uint32_t list() const noexcept { return out(); }
    [[nodiscard]] constexpr bool pushes_by_path() const noexcept {
        return op() == label_op::push && (low_ & group_bit) != 0;
    }
    [[nodiscard]] constexpr mpls::label out() const noexcept {
        return mpls::label_of(byte_swap(high_));
    }
    // What a swap makes of a label stack entry, both in wire order: `out`, the TC if the rule sets
    // one, and the rest.
    [[nodiscard]] constexpr std::uint32_t swapped(std::uint32_t top) const noexcept {
        constexpr std::uint32_t bottom_and_ttl = byte_swap(std::uint32_t{0x1ff});
        return high_ | (top & ((low_ & tc_bits) | bottom_and_ttl));
    }
    // RFC 3443: pipe model (true) or uniform model.
    [[nodiscard]] constexpr bool pipe() const noexcept { return (low_ & pipe_bit) != 0; }
    // The traffic class to send with: the configured one, or that of the packet.
    [[nodiscard]] constexpr unsigned tc(unsigned packet_tc) const noexcept {
        return sets_tc() ? mpls::tc_of(byte_swap(high_)) : packet_tc;
    }
    [[nodiscard]] constexpr bool sets_tc() const noexcept { return (low_ & tc_bits) == 0; }
    friend bool operator==(label_entry, label_entry) = default;

private:
    static constexpr std::uint32_t tc_bits = byte_swap(std::uint32_t{0xe00});  // 17 to 19
    static constexpr std::uint32_t id_bits = 0x1ffff;
    static constexpr std::uint32_t pipe_bit = 1U << 20;
    static constexpr std::uint32_t group_bit = 1U << 27;
    static_assert(max_nexthops - 1 <= id_bits && max_path_groups - 1 <= id_bits);
    static_assert(max_segment_lists <= mpls::label_count);

    constexpr label_entry(label_op op, via_ref via, mpls::label out) noexcept
        : low_(static_cast<std::uint32_t>(op) << 28 | (via.is_group() ? group_bit : 0) | tc_bits |
               via.id()),
          high_(byte_swap(std::uint32_t{out << 12})) {}
    constexpr label_entry(std::uint32_t high, std::uint32_t low) noexcept
        : low_(low), high_(high) {}

    std::uint32_t low_ = static_cast<std::uint32_t>(label_op::none) << 28 | tc_bits;
    std::uint32_t high_ = 0;
};
static_assert(sizeof(label_entry) == 8);

// 512 entries (4 KiB) a page, 2048 pages.
using label_table = paged_array<label_entry, 9>;

}  // namespace rhumb

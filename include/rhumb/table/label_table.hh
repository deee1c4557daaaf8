// The label table (ILM and NHLFE of RFC 3031 in one): 2^20 entries of 8 bytes, indexed by label.
// The special-purpose labels 0 to 15 have entries of their own kind, so the packet path has no
// special case for them. Threads: as paged_array.
//
// An entry is a label stack entry to send, as far as the rule names it, and what to do:
//
//    63               44 43 41  40   39 37   36   35 32 31                        0
//   +-------------------+-----+------+-----+------+-----+---------------------------+
//   |        out        | TC  |TC set|  0  | pipe | op  | via, or a segment list    |
//   +-------------------+-----+------+-----+------+-----+---------------------------+
#pragma once

#include <cstdint>

#include "rhumb/table/paged_array.hh"
#include "rhumb/table/path.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb {

enum class label_op : std::uint8_t {
    none,       // no entry
    continue_,  // RFC 8402 CONTINUE: swap, send to via
    next,       // RFC 8402 NEXT: pop, look up what follows
    pop,        // NEXT on an adjacency segment or before the last hop: pop, send to via
    push,       // RFC 8402 PUSH on a binding SID: replace by a segment list
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
        return label_entry(label_op::continue_, via.bits(), out);
    }
    static constexpr label_entry make_next() noexcept { return label_entry(label_op::next, 0, 0); }
    static constexpr label_entry make_pop(via_ref via) noexcept {
        return label_entry(label_op::pop, via.bits(), 0);
    }
    static constexpr label_entry make_push(std::uint32_t list) noexcept {
        return label_entry(label_op::push, list, 0);
    }
    static constexpr label_entry make_special(label_op op) noexcept {
        return label_entry(op, 0, 0);
    }
    [[nodiscard]] constexpr label_entry with_pipe(bool pipe) const noexcept {
        return label_entry(pipe ? bits_ | pipe_bit : bits_ & ~pipe_bit);
    }
    [[nodiscard]] constexpr label_entry with_tc(unsigned tc) const noexcept {
        return label_entry((bits_ & ~(std::uint64_t{7} << 41)) | std::uint64_t{tc & 7} << 41 |
                           tc_bit);
    }

    [[nodiscard]] constexpr label_op op() const noexcept {
        return static_cast<label_op>(bits_ >> 32 & 0xf);
    }
    // CONTINUE with one path: nothing to choose or to look up.
    [[nodiscard]] constexpr bool is_plain_swap() const noexcept {
        return (bits_ & (std::uint64_t{0xf} << 32 | via_ref::group_bit)) ==
               static_cast<std::uint64_t>(label_op::continue_) << 32;
    }
    [[nodiscard]] constexpr via_ref via() const noexcept {
        return via_ref::from_bits(static_cast<std::uint32_t>(bits_));
    }
    [[nodiscard]] constexpr std::uint32_t list() const noexcept {
        return static_cast<std::uint32_t>(bits_);
    }
    [[nodiscard]] constexpr mpls::label out() const noexcept {
        return static_cast<mpls::label>(bits_ >> 44);
    }
    // What a swap makes of a label stack entry: `out`, the rule's TC if it sets one, and the rest.
    [[nodiscard]] constexpr mpls::lse swapped(mpls::lse top) const noexcept {
        const auto high = static_cast<std::uint32_t>(bits_ >> 32);
        // TC set, bit 8, times 14 is the mask of the TC, bits 9 to 11.
        const mpls::lse kept = 0xfff ^ (high & 0x100) * 14;
        return (top & kept) | (high & ~kept);
    }
    // RFC 3443: pipe model (true) or uniform model.
    [[nodiscard]] constexpr bool pipe() const noexcept { return (bits_ & pipe_bit) != 0; }
    // The traffic class to send with: the configured one, or that of the packet.
    [[nodiscard]] constexpr unsigned tc(unsigned packet_tc) const noexcept {
        return (bits_ & tc_bit) != 0 ? static_cast<unsigned>(bits_ >> 41 & 7) : packet_tc;
    }
    [[nodiscard]] constexpr bool sets_tc() const noexcept { return (bits_ & tc_bit) != 0; }
    friend bool operator==(label_entry, label_entry) = default;

private:
    static constexpr std::uint64_t tc_bit = std::uint64_t{1} << 40;
    static constexpr std::uint64_t pipe_bit = std::uint64_t{1} << 36;

    constexpr label_entry(label_op op, std::uint32_t low, mpls::label out) noexcept
        : bits_(low | std::uint64_t{out} << 44 | static_cast<std::uint64_t>(op) << 32) {}
    constexpr explicit label_entry(std::uint64_t bits) noexcept : bits_(bits) {}
    std::uint64_t bits_ = 0;
};
static_assert(sizeof(label_entry) == 8);

// 512 entries (4 KiB) a page, 2048 pages.
using label_table = paged_array<label_entry, 9>;

}  // namespace rhumb

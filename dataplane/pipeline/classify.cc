#include "dataplane/pipeline/classify.hh"

#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>

#include "dataplane/pipeline/protocols.hh"
#include "rhumb/bytes.hh"
#include "rhumb/wire/ethernet.hh"

namespace rhumb {

namespace {

protocol protocol_of(std::uint16_t ethertype) noexcept {
    protocol found = protocol::unknown;
    const auto compare = [&]<class Stage>(Stage) {
        if constexpr (requires { Stage::ethertype; }) {
            found = ethertype == Stage::ethertype ? Stage::kind : found;
        }
    };
    std::apply([&](auto... stage) { (compare(stage), ...); }, protocols{});
    return found;
}

// Where a frame does not simply go to its protocol's stage: settles it and gives `unknown`, or
// finds the protocol behind a VLAN tag. Multicast and broadcast (routing protocols, ARP) are the
// control plane's.
template <class Trace>
protocol classify_rest(burst& b, std::size_t i, const port_filter& filter, Trace& trace) noexcept {
    const std::size_t length = b.length(i);
    if (length < ethernet::header_bytes) {
        b.drop(i, length == 0 ? drop_reason::frame_in_pieces : drop_reason::frame_too_short);
        return protocol::unknown;
    }
    const byte* const frame = b.front[i];
    const std::uint64_t destination = ethernet::destination_word(frame);
    if (destination != filter.mac && !filter.promiscuous && !ethernet::is_group(destination)) {
        b.drop(i, drop_reason::not_for_us);
        return protocol::unknown;
    }
    std::size_t header = ethernet::header_bytes;
    std::uint16_t type = load_be16(frame + ethernet::type_offset);
    if (type == ethernet::type_vlan) {
        if (length < ethernet::tagged_header_bytes) {
            b.drop(i, drop_reason::frame_too_short);
            return protocol::unknown;
        }
        header = ethernet::tagged_header_bytes;
        const std::size_t vlan = load_be16(frame + ethernet::header_bytes) & 0xfffU;
        if (vlan != 0 && !filter.vlans[vlan]) {
            b.drop(i, drop_reason::unknown_vlan);
            return protocol::unknown;
        }
        type = load_be16(frame + ethernet::header_bytes + 2);
    }
    trace.note(i, step::classified, type);
    const protocol kind = protocol_of(type);
    if (kind == protocol::unknown || ethernet::is_group(destination)) {
        b.punt(i, kind == protocol::unknown ? drop_reason::unknown_ethertype
                                            : drop_reason::not_for_us);
        return protocol::unknown;
    }
    b.pull(i, header);
    return kind;
}

template <class Trace>
protocol classify_one(burst& b, std::size_t i, const port_filter& filter, Trace& trace) noexcept {
    const byte* const frame = b.front[i];
    if (b.length(i) >= ethernet::header_bytes && ethernet::destination_word(frame) == filter.mac)
        [[likely]] {
        const std::uint16_t type = load_be16(frame + ethernet::type_offset);
        const protocol kind = protocol_of(type);
        if (kind != protocol::unknown) [[likely]] {
            trace.note(i, step::classified, type);
            b.pull(i, ethernet::header_bytes);
            return kind;
        }
    }
    return classify_rest(b, i, filter, trace);
}

constexpr std::size_t ahead = 8;  // frames whose headers are on their way into the cache

// Calls look(i) for every frame of the burst, and has the headers of those ahead on their way.
template <class Look>
void for_each_frame(const burst& b, Look&& look) noexcept {
    const std::size_t count = b.count;
    const std::size_t first = std::min(count, ahead);
    for (std::size_t i = 0; i < first; ++i) {
        __builtin_prefetch(b.front[i]);
    }
    std::size_t i = 0;
    for (; i < count - first; ++i) {
        __builtin_prefetch(b.front[i + ahead]);
        look(i);
    }
    for (; i < count; ++i) {
        look(i);
    }
}

// The protocol of all frames, if they are what frames mostly are: for this port's own address,
// untagged, of one ethertype. Else `unknown`. All are compared with the first.
protocol common_protocol(const burst& b, const port_filter& filter) noexcept {
    using head = std::uint64_t __attribute__((vector_size(16)));
    constexpr head destination_and_type{0x0000ffffffffffff, 0x0000ffff00000000};
    static_assert(std::endian::native == std::endian::little);
    if (b.count == 0 || b.length(0) < sizeof(head) ||
        ethernet::destination_word(b.front[0]) != filter.mac) {
        return protocol::unknown;
    }
    head first;
    std::memcpy(&first, b.front[0], sizeof first);
    head different{};
    std::size_t short_frames = 0;
    for_each_frame(b, [&](std::size_t i) {
        if (b.length(i) < sizeof(head)) [[unlikely]] {
            ++short_frames;
            return;
        }
        head other;
        std::memcpy(&other, b.front[i], sizeof other);
        different |= other ^ first;
    });
    different &= destination_and_type;
    return (different[0] | different[1] | short_frames) != 0
               ? protocol::unknown
               : protocol_of(load_be16(b.front[0] + ethernet::type_offset));
}

}  // namespace

template <class Trace>
protocol classify(burst& b, const port_filter& filter, lanes& waiting, Trace& trace) noexcept {
    b.start();
    // Traced, every frame is looked at by itself.
    if (const protocol common = Trace::on ? protocol::unknown : common_protocol(b, filter);
        common != protocol::unknown) {
        const std::size_t count = b.count;
        for (std::size_t i = 0; i < count; ++i) {
            b.front[i] += ethernet::header_bytes;
        }
        b.set_kinds(common);
        return common;
    }
    for_each_frame(b, [&](std::size_t i) {
        b.kind[i] = classify_one(b, i, filter, trace);
        waiting.add(b.kind[i], i);
    });
    return protocol::unknown;
}

template protocol classify(burst&, const port_filter&, lanes&, no_trace&) noexcept;
template protocol classify(burst&, const port_filter&, lanes&, trace_log&) noexcept;

}  // namespace rhumb

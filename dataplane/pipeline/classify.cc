#include "dataplane/pipeline/classify.hh"

#include <bit>
#include <tuple>

#include "dataplane/pipeline/protocols.hh"
#include "rhumb/bytes.hh"
#include "rhumb/wire/ethernet.hh"

namespace rhumb {

namespace {

protocol protocol_of(std::uint16_t ethertype) noexcept {
    protocol found = protocol::unknown;
    std::apply(
        [&](auto... stage) {
            ((ethertype == decltype(stage)::ethertype ? void(found = decltype(stage)::kind)
                                                      : void()),
             ...);
        },
        protocols{});
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
    if (b.length(i) >= ethernet::header_bytes &&
        ethernet::destination_word(frame) == filter.mac) [[likely]] {
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

}  // namespace

template <class Trace>
protocol classify(burst& b, const port_filter& filter, lanes& waiting, Trace& trace) noexcept {
    constexpr std::size_t ahead = 8;  // frames whose headers are on their way into the cache
    b.fate.fill(verdict::again);
    b.ttl_taken.fill(false);
    for (std::size_t i = 0; i < b.count && i < ahead; ++i) {
        __builtin_prefetch(b.front[i]);
    }
    unsigned seen = 0;  // a bit for each protocol
    for (std::size_t i = 0; i < b.count; ++i) {
        if (i + ahead < b.count) {
            __builtin_prefetch(b.front[i + ahead]);
        }
        b.kind[i] = classify_one(b, i, filter, trace);
        seen |= 1U << static_cast<unsigned>(b.kind[i]);
    }
    if (std::has_single_bit(seen)) {
        return static_cast<protocol>(std::countr_zero(seen));
    }
    for (std::size_t i = 0; i < b.count; ++i) {
        waiting.add(b.kind[i], i);
    }
    return protocol::unknown;
}

template protocol classify(burst&, const port_filter&, lanes&, no_trace&) noexcept;
template protocol classify(burst&, const port_filter&, lanes&, trace_log&) noexcept;

}  // namespace rhumb

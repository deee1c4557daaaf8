#include "dataplane/pipeline/classify.hh"

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

// Multicast and broadcast (routing protocols, ARP) are the control plane's.
bool is_for_us(std::uint64_t destination, const port_filter& filter) noexcept {
    return destination == filter.mac || filter.promiscuous || ethernet::is_group(destination);
}

template <class Trace>
void classify_one(burst& b, std::size_t i, const port_filter& filter, Trace& trace) noexcept {
    b.ttl_taken[i] = false;
    b.ttl[i] = 0;
    if (b.length[i] < ethernet::header_bytes) [[unlikely]] {
        return b.drop(
            i, b.length[i] == 0 ? drop_reason::frame_in_pieces : drop_reason::frame_too_short);
    }
    const byte* const frame = b.front[i];
    const std::uint64_t destination = ethernet::destination_word(frame);
    if (!is_for_us(destination, filter)) [[unlikely]] {
        return b.drop(i, drop_reason::not_for_us);
    }
    std::size_t header = ethernet::header_bytes;
    std::uint16_t type = load_be16(frame + ethernet::type_offset);
    if (type == ethernet::type_vlan) {
        if (b.length[i] < ethernet::tagged_header_bytes) {
            return b.drop(i, drop_reason::frame_too_short);
        }
        header = ethernet::tagged_header_bytes;
        const std::size_t vlan = load_be16(frame + ethernet::header_bytes) & 0xfffU;
        if (vlan != 0 && !filter.vlans[vlan]) {
            return b.drop(i, drop_reason::unknown_vlan);
        }
        type = load_be16(frame + ethernet::header_bytes + 2);
    }
    trace.note(i, step::classified, type);
    b.kind[i] = protocol_of(type);
    if (b.kind[i] == protocol::unknown) {
        return b.punt(i, drop_reason::unknown_ethertype);
    }
    if (ethernet::is_group(destination)) {
        return b.punt(i, drop_reason::not_for_us);
    }
    b.pull(i, header);
    b.fate[i] = verdict::again;
}

}  // namespace

template <class Trace>
void classify(burst& b, const port_filter& filter, Trace& trace) noexcept {
    constexpr std::size_t ahead = 8;  // frames whose headers are on their way into the cache
    for (std::size_t i = 0; i < b.count && i < ahead; ++i) {
        __builtin_prefetch(b.front[i]);
    }
    for (std::size_t i = 0; i < b.count; ++i) {
        if (i + ahead < b.count) {
            __builtin_prefetch(b.front[i + ahead]);
        }
        classify_one(b, i, filter, trace);
    }
}

template void classify(burst&, const port_filter&, no_trace&) noexcept;
template void classify(burst&, const port_filter&, trace_log&) noexcept;

}  // namespace rhumb

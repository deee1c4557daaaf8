#include "dataplane/pipeline/rewrite.hh"

#include <array>
#include <cstring>

#include "rhumb/bytes.hh"
#include "rhumb/packet/impose.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb {

namespace {

// By protocol.
constexpr std::array<std::uint16_t, protocol_count> ethertypes{0, ethernet::type_mpls,
                                                               ethernet::type_ipv4,
                                                               ethernet::type_ipv6};

// Pushes the repair list of a next hop that is down (RFC 9855). Its labels take TTL and TC from the
// header that they cover, whose TTL this node has seen to already.
bool push_repair(burst& b, std::size_t i, const nexthop& down) noexcept {
    if (down.backup_labels == 0) {
        return true;
    }
    const byte* const header = b.front[i];
    unsigned ttl = 0;
    unsigned tc = 0;
    switch (b.kind[i]) {
        case protocol::ipv4:
            ttl = ipv4::ttl(header);
            tc = ipv4::precedence(header);
            break;
        case protocol::ipv6:
            ttl = ipv6::hop_limit(header);
            tc = ipv6::precedence(header);
            break;
        default: ttl = mpls::ttl_of(load_be32(header)); tc = mpls::tc_of(load_be32(header));
    }
    return impose_labels(b, i, down.backup_push.data(), down.backup_labels, tc,
                         down.backup_pipe ? 255 : ttl);
}

// What to use instead of a next hop that is down: its backup, or null and the packet is dropped. A
// backup has no backup: two failures at once are for the control plane to route around, and packets
// must not wander.
template <class Trace>
const nexthop* take_backup(burst& b, std::size_t i, const stage_context& context,
                           Trace& trace) noexcept {
    const nexthop_id wanted = b.nexthop[i];
    const nexthop& hop = context.tables.nexthops[wanted];
    if (!hop.has_backup || !context.is_up(hop.backup)) {
        b.drop(i, drop_reason::next_hop_down);
        return nullptr;
    }
    if (!push_repair(b, i, hop)) {
        return nullptr;
    }
    trace.note(i, step::backup_taken, wanted, hop.backup);
    b.nexthop[i] = hop.backup;
    return &context.tables.nexthops[hop.backup];
}

// Puts the layer 2 header in front; false, and the packet is dropped, where the buffer has no room.
bool push_layer2(burst& b, std::size_t i, const nexthop& hop) noexcept {
    byte* const front = b.front[i];
    if (b.headroom(i) >= nexthop::l2_room) [[likely]] {
        std::memcpy(front - nexthop::l2_room, hop.l2.data(), nexthop::l2_room);
    } else if (b.headroom(i) >= hop.l2_bytes) {
        std::memcpy(front - hop.l2_bytes, l2_header(hop), hop.l2_bytes);
    } else {
        b.drop(i, drop_reason::no_headroom);
        return false;
    }
    store_be16(front - 2, ethertypes[static_cast<std::size_t>(b.kind[i])]);
    b.front[i] = front - hop.l2_bytes;
    return true;
}

template <class Trace>
bool rewrite_one(burst& b, std::size_t i, const stage_context& context,
                 const nexthop_table::view nexthops, counter_array& counters,
                 Trace& trace) noexcept {
    if (b.fate[i] != verdict::forward) {
        return false;
    }
    const nexthop* hop = &nexthops[b.nexthop[i]];
    if (!context.is_up(b.nexthop[i])) [[unlikely]] {
        hop = take_backup(b, i, context, trace);
        if (hop == nullptr) {
            return false;
        }
    }
    if (b.length(i) > hop->mtu) [[unlikely]] {
        b.drop(i, drop_reason::mtu_exceeded);
        return false;
    }
    if (!push_layer2(b, i, *hop)) [[unlikely]] {
        return false;
    }
    b.out_port[i] = hop->port;
    counters[b.nexthop[i]].add(b.length(i));
    trace.note(i, step::layer2_written, hop->port);
    return true;
}

}  // namespace

template <class Trace>
bool rewrite(burst& b, const stage_context& context, Trace& trace) noexcept {
    bool all = true;
    for (std::size_t i = 0; i < b.count; ++i) {
        all &= rewrite_one(b, i, context, context.tables.nexthops, context.counters.nexthops, trace);
    }
    return all;
}

template bool rewrite(burst&, const stage_context&, no_trace&) noexcept;
template bool rewrite(burst&, const stage_context&, trace_log&) noexcept;

}  // namespace rhumb

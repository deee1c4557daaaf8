#include "dataplane/pipeline/rewrite.hh"

#include <cstring>

#include "rhumb/bytes.hh"
#include "rhumb/packet/impose.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb {

namespace {

std::uint16_t ethertype_of(protocol kind) noexcept {
    switch (kind) {
        case protocol::ipv4: return ethernet::type_ipv4;
        case protocol::ipv6: return ethernet::type_ipv6;
        default: return ethernet::type_mpls;
    }
}

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

// The next hop to use: the one chosen, or its backup. A backup has no backup: two failures at once
// are for the control plane to route around, and packets must not wander.
template <class Trace>
const nexthop* live_nexthop(burst& b, std::size_t i, const stage_context& context,
                            Trace& trace) noexcept {
    const nexthop_id wanted = b.nexthop[i];
    const nexthop& hop = context.tables.nexthops[wanted];
    if (context.is_up(wanted)) [[likely]] {
        return &hop;
    }
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

template <class Trace>
void rewrite_one(burst& b, std::size_t i, const stage_context& context, Trace& trace) noexcept {
    const nexthop* const hop = live_nexthop(b, i, context, trace);
    if (hop == nullptr) {
        return;
    }
    if (b.length[i] > hop->mtu) [[unlikely]] {
        return b.drop(i, drop_reason::mtu_exceeded);
    }
    if (!b.push(i, hop->l2_bytes)) [[unlikely]] {
        return b.drop(i, drop_reason::no_headroom);
    }
    byte* const frame = b.front[i];
    std::memcpy(frame, hop->l2.data(), hop->l2_bytes);
    store_be16(frame + hop->l2_bytes - 2, ethertype_of(b.kind[i]));
    b.out_port[i] = hop->port;
    context.counters.nexthops[b.nexthop[i]].add(b.length[i]);
    trace.note(i, step::layer2_written, hop->port);
}

}  // namespace

template <class Trace>
void rewrite(burst& b, const stage_context& context, Trace& trace) noexcept {
    for (std::size_t i = 0; i < b.count; ++i) {
        if (b.fate[i] == verdict::forward) {
            rewrite_one(b, i, context, trace);
        }
    }
}

template void rewrite(burst&, const stage_context&, no_trace&) noexcept;
template void rewrite(burst&, const stage_context&, trace_log&) noexcept;

}  // namespace rhumb

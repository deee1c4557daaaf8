#include "dataplane/pipeline/rewrite.hh"

#include <algorithm>
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

using mpls::lse;

// By protocol, as on the wire.
constexpr std::array<std::array<byte, 2>, protocol_count> ethertypes{
    {{}, {0x88, 0x47}, {0x08, 0x00}, {0x86, 0xdd}, {}}};  // SCION leaves as IP

// What the top label covers, 4 or 6 by the first nibble behind the last label.
protocol kind_below(lse top, const byte* below, std::size_t length) noexcept {
    if (!mpls::is_bottom(top)) {
        return protocol::mpls;
    }
    const unsigned version = length != 0 ? *below >> 4 : 0U;
    return version == 4 ? protocol::ipv4 : version == 6 ? protocol::ipv6 : protocol::unknown;
}

// What a label leaves behind as it is popped here (RFC 3443): its TTL where that is the smaller
// one, in uniform model.
void hand_down_ttl(byte* header, std::size_t length, protocol kind, unsigned ttl) noexcept {
    if (kind == protocol::ipv4 && length >= ipv4::min_header_bytes && ttl < ipv4::ttl(header)) {
        ipv4::lower_ttl(header, ipv4::ttl(header) - ttl);
    } else if (kind == protocol::ipv6 && length >= ipv6::header_bytes) {
        ipv6::set_hop_limit(header, std::min(ttl, ipv6::hop_limit(header)));
    } else if (kind == protocol::mpls && length >= mpls::lse_bytes) {
        const lse below = load_be32(header);
        store_be32(header, mpls::with_ttl(below, std::min(ttl, mpls::ttl_of(below))));
    }
}

// The repair list of a next hop that is down takes the place of the top label, which the rule put
// there for that next hop: what leads on from the repair's end is in the list. The label's TTL and
// TC go over to the list.
bool replace_by_repair(burst& b, std::size_t i, const nexthop& down) noexcept {
    const lse top = load_be32(b.front[i]);
    const std::size_t left = b.length(i) - mpls::lse_bytes;
    b.pull(i, mpls::lse_bytes);
    b.kind[i] = kind_below(top, b.front[i], left);
    if (down.backup_labels != 0) {
        return impose_labels(b, i, down.backup_push, down.backup_labels, mpls::tc_of(top),
                             mpls::ttl_of(top));
    }
    if (b.kind[i] == protocol::unknown) {
        b.drop(i, drop_reason::payload_unknown);
        return false;
    }
    if (!down.backup_pipe) {
        hand_down_ttl(b.front[i], left, b.kind[i], mpls::ttl_of(top));
    }
    return true;
}

// Pushes the repair list of a next hop that is down (RFC 9855). Its labels take TTL and TC from the
// header that they cover, whose TTL this node has seen to already.
bool push_repair(burst& b, std::size_t i, const nexthop& down) noexcept {
    if (down.backup_replaces && b.kind[i] == protocol::mpls) {
        return replace_by_repair(b, i, down);
    }
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
    return impose_labels(b, i, down.backup_push, down.backup_labels, tc,
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
    const bool replaces = hop.backup_replaces && b.kind[i] == protocol::mpls;
    const lse replaced = replaces ? load_be32(b.front[i]) : 0;
    if (!push_repair(b, i, hop)) {
        return nullptr;
    }
    trace.note(i, step::backup_taken, wanted, hop.backup);
    if (replaces) {
        trace.note(i, step::label_popped, mpls::label_of(replaced));
    }
    if (hop.backup_labels != 0) {
        trace.note(i, step::labels_pushed, hop.backup_labels, load_be32(b.front[i]));
    }
    b.nexthop[i] = hop.backup;
    return &context.tables.nexthops[hop.backup];
}

// Writes a next hop's header so that it ends at `front`. Not a byte more is written: the frame
// often begins where a cache line does.
void write_layer2(byte* front, const nexthop& hop, std::size_t l2_bytes, protocol kind) noexcept {
    if (l2_bytes == ethernet::header_bytes) [[likely]] {
        std::memcpy(front - ethernet::header_bytes, hop.l2.data(), ethernet::header_bytes);
    } else {
        std::memcpy(front - ethernet::tagged_header_bytes, hop.l2.data(),
                    ethernet::tagged_header_bytes);
    }
    std::memcpy(front - 2, &ethertypes[static_cast<std::size_t>(kind)], 2);
}

}  // namespace

template <class Trace>
bool rewrite(burst& b, const stage_context& context, Trace& trace) noexcept {
    // Copies: stores of bytes could change everything that is reached through a reference.
    const stage_context at_hand = context;
    const nexthop_table::view nexthops = context.tables.nexthops;
    counter* const counters = context.counters.nexthops.data();
    const std::size_t count = b.count;
    std::size_t forwarded = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (b.fate[i] != verdict::forward) [[unlikely]] {
            continue;
        }
        nexthop_id id = b.nexthop[i];
        const nexthop* hop = &nexthops[id];
        if (!at_hand.is_up(id, *hop)) [[unlikely]] {
            hop = take_backup(b, i, context, trace);
            if (hop == nullptr) {
                continue;
            }
            id = b.nexthop[i];
        }
        byte* const front = b.front[i];
        const auto length = static_cast<std::size_t>(b.end[i] - front);
        const auto headroom = static_cast<std::size_t>(front - b.room[i]);
        const std::size_t l2_bytes = hop->l2_bytes;
        if (length > hop->mtu || headroom < l2_bytes) [[unlikely]] {
            b.drop(i, length > hop->mtu ? drop_reason::mtu_exceeded : drop_reason::no_headroom);
            continue;
        }
        b.out_port[i] = hop->port;
        counters[id].add(length + l2_bytes);
        write_layer2(front, *hop, l2_bytes, b.kind[i]);
        b.front[i] = front - l2_bytes;
        trace.note(i, step::layer2_written, hop->port);
        ++forwarded;
    }
    return forwarded == count;
}

template bool rewrite(burst&, const stage_context&, no_trace&) noexcept;
template bool rewrite(burst&, const stage_context&, trace_log&) noexcept;

}  // namespace rhumb

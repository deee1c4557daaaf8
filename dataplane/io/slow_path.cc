#include "dataplane/io/slow_path.hh"

#include <algorithm>
#include <cstring>

#include "dataplane/pipeline/pipeline.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"

namespace rhumb::io {

namespace {

// ARP, and ICMPv6's neighbour solicitations and advertisements; untagged.
bool speaks_of_neighbours(std::span<const byte> frame) noexcept {
    constexpr std::uint16_t arp = 0x0806;
    constexpr std::size_t icmp_offset = ethernet::header_bytes + ipv6::header_bytes;
    if (frame.size() < ethernet::header_bytes) {
        return false;
    }
    const std::uint16_t type = load_be16(&frame[ethernet::type_offset]);
    return type == arp || (type == ethernet::type_ipv6 && frame.size() > icmp_offset &&
                           ipv6::next_header(&frame[ethernet::header_bytes]) == 58 &&
                           (frame[icmp_offset] == 135 || frame[icmp_offset] == 136));
}

slow_queues::limits limits_of(const stage_context& context) noexcept {
    return {context.tables.slow_path_rate, context.tables.slow_path_link_rate};
}

// Of what a border router sends itself, as of all that crosses the AS in no way.
void count_by_link(const own_packet& packet, const stage_context& context) noexcept {
    const byte* const ip = packet.data.data();
    const std::size_t outer =
        scion::udp_bytes +
        (packet.kind == protocol::ipv4 ? ipv4::header_bytes(ip) : ipv6::header_bytes);
    const std::size_t bytes = packet.length - outer;
    context.counters.scion_links[packet.by]
        .of(bytes)
        .out[static_cast<std::size_t>(scion::traffic::other)]
        .add(bytes);
}

void count_full(const stage_context& context) noexcept {
    constexpr auto full = static_cast<std::size_t>(drop_reason::tx_queue_full);
    count_up(context.counters.ports[own_port].drops[full], 1);
}

}  // namespace

void slow_path::take(const burst& b, const stage_context& context) noexcept {
    for (std::size_t i = 0; i < b.count; ++i) {
        if (b.fate[i] != verdict::slow) {
            continue;
        }
        const slow_request& what = b.slow[i];
        const std::size_t length = b.length(i);
        if (!queues_.take(what, {b.front[i], length}, context.now_ms, limits_of(context))) {
            constexpr auto busy = static_cast<std::size_t>(drop_reason::scion_slow_path_busy);
            count_up(context.counters.ports[b.in_port].drops[busy], 1);
            if (what.task != slow_task::resolve) {
                const byte* const ip = b.front[i];
                const std::size_t outer =
                    scion::udp_bytes +
                    (ip[0] >> 4 == 4 ? ipv4::header_bytes(ip) : ipv6::header_bytes);
                scion_counters& link = context.counters.scion_links[what.link];
                count_up(link.of(length - outer).busy_slow_path, 1);
            }
        }
    }
}

void slow_path::take_neighbours(const burst& b, const stage_context& context) noexcept {
    for (std::size_t i = 0; i < b.count; ++i) {
        if (b.fate[i] != verdict::punt) {
            continue;
        }
        const auto* const m = static_cast<const rte_mbuf*>(b.handle[i]);
        const auto* const frame = rte_pktmbuf_mtod(m, const byte*);
        if (!speaks_of_neighbours({frame, m->data_len})) {
            continue;
        }
        const slow_request what{slow_task::neighbour, 0, 0, 0, 0, b.in_port};
        (void)queues_.take(what, {frame, m->data_len}, context.now_ms, limits_of(context));
    }
}

bool slow_path::send(const stage_context& context) noexcept {
    constexpr int most = 32;  // a round
    bool any = false;
    for (int sent = 0; sent < most; ++sent) {
        own_packet* const packet = queues_.next_own();
        if (packet == nullptr) {
            break;
        }
        any = true;
        send_one(*packet, context);
        queues_.give_back(packet);
    }
    return any;
}

void slow_path::send_one(const own_packet& packet, const stage_context& context) noexcept {
    rte_mbuf* const m = rte_pktmbuf_alloc(buffers_);
    if (m == nullptr || rte_pktmbuf_tailroom(m) < packet.length) {
        count_full(context);
        rte_pktmbuf_free(m);
        return;
    }
    burst& b = *burst_;
    b.count = 1;
    b.in_port = own_port;
    b.handle[0] = m;
    auto* const first = rte_pktmbuf_mtod(m, byte*);
    std::memcpy(first, packet.data.data(), packet.length);
    b.put(0, first, packet.length, m->data_off);
    if (packet.kind != protocol::unknown) {
        run_own(b, packet.kind, context);
        if (b.fate[0] == verdict::slow && b.slow[0].task == slow_task::resolve) {
            take(b, context);  // it waits until its neighbour is found
        }
        if (b.fate[0] == verdict::forward) {
            count_by_link(packet, context);
        }
    } else {
        b.start();
        b.fate[0] = verdict::forward;
        b.out_port[0] = static_cast<std::uint8_t>(packet.by);
    }
    if (packet.of_session && b.fate[0] == verdict::forward) {
        out_.send_session(b, 0);
    } else {
        out_.send(b);
    }
}

}  // namespace rhumb::io

#include "dataplane/io/fan_out.hh"

#include <algorithm>

#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/scion.hh"

namespace rhumb::io {

flow_number scion_flow(const byte* frame, std::size_t length) noexcept {
    constexpr std::size_t udp_bytes = 8;
    constexpr unsigned udp = 17;
    if (length < ethernet::header_bytes + ipv4::min_header_bytes + udp_bytes + scion::least_bytes) {
        return {};
    }
    const byte* const ip = frame + ethernet::header_bytes;
    std::size_t at = ethernet::header_bytes + udp_bytes;
    const std::uint16_t type = load_be16(frame + ethernet::type_offset);
    if (type == ethernet::type_ipv4 && ipv4::protocol(ip) == udp && ipv4::fragment(ip) == 0) {
        at += ipv4::header_bytes(ip);
    } else if (type == ethernet::type_ipv6 && ipv6::next_header(ip) == udp) {
        at += ipv6::header_bytes;
    } else {
        return {};
    }
    const byte* const header = frame + at;
    if (length < at + scion::least_bytes ||
        !scion::is_known_next_header(scion::next_header(header)) ||
        scion::next_header(header) == scion::next_bfd) {
        return {};
    }
    const std::size_t bytes =
        std::min(scion::address_bytes(header), length - at - scion::common_bytes);
    std::uint64_t mixed = scion::flow_id(header);
    for (std::size_t n = 0; n + 4 <= bytes; n += 4) {
        mixed = (mixed ^ load_wire32(header + scion::common_bytes + n)) * 0x9e3779b97f4a7c15;
        mixed ^= mixed >> 29;
    }
    return {true, static_cast<std::uint32_t>(mixed >> 32)};
}

void fan_out::spread(burst& b, port_counters& port) noexcept {
    std::size_t kept = 0;
    const auto workers = static_cast<std::uint32_t>(rings_.size());
    for (std::size_t i = 0; i < b.count; ++i) {
        const flow_number flow = scion_flow(b.front[i], b.length(i));
        const std::uint32_t worker = flow.is_scion ? flow.number % workers : self_;
        auto* const m = static_cast<rte_mbuf*>(b.handle[i]);
        if (worker != self_) {
            m->port = b.in_port;  // ours: whoever takes it knows where it came in
            line& to = leaving_[worker];
            to.packets[to.count++] = m;
            continue;
        }
        b.front[kept] = b.front[i];
        b.end[kept] = b.end[i];
        b.room[kept] = b.room[i];
        b.handle[kept] = m;
        ++kept;
    }
    b.count = static_cast<std::uint16_t>(kept);
    for (std::size_t w = 0; w < leaving_.size(); ++w) {
        line& to = leaving_[w];
        if (to.count == 0) {
            continue;
        }
        const unsigned taken = rte_ring_mp_enqueue_burst(
            rings_[w], reinterpret_cast<void**>(to.packets.data()), to.count, nullptr);
        if (taken != to.count) [[unlikely]] {
            constexpr auto busy = static_cast<std::size_t>(drop_reason::worker_busy);
            count_up(port.drops[busy], to.count - taken);
            rte_pktmbuf_free_bulk(to.packets.data() + taken, to.count - taken);
        }
        to.count = 0;
    }
}

bool fan_out::take(burst& b, std::uint16_t most) noexcept {
    if (arrived_next_ == arrived_count_) {
        arrived_next_ = 0;
        arrived_count_ = rte_ring_sc_dequeue_burst(
            rings_[self_], reinterpret_cast<void**>(arrived_.data()), most, nullptr);
        if (arrived_count_ == 0) {
            return false;
        }
    }
    b.count = 0;
    b.in_port = static_cast<std::uint8_t>(arrived_[arrived_next_]->port);
    while (arrived_next_ != arrived_count_ && arrived_[arrived_next_]->port == b.in_port) {
        rte_mbuf* const m = arrived_[arrived_next_++];
        b.handle[b.count] = m;
        b.put(b.count, rte_pktmbuf_mtod(m, byte*), m->nb_segs == 1 ? m->data_len : 0U, m->data_off);
        ++b.count;
    }
    return true;
}

}  // namespace rhumb::io

// What the stage tells a tracer about a packet (include/rhumb/packet/trace.hh, steps scion_*): with
// no_trace nothing at all. Threads: worker.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/scion/packet.hh"
#include "rhumb/crypto/aes128.hh"
#include "rhumb/crypto/equal.hh"
#include "rhumb/packet/trace.hh"

namespace rhumb::scion {

// Two numbers of 16 bits in one event's word.
[[nodiscard]] constexpr std::uint32_t both(std::uint32_t high, std::uint32_t low) noexcept {
    return high << 16 | low;
}

template <class Trace>
void note_path(Trace& trace, std::size_t i, const packet& p) noexcept {
    if constexpr (Trace::on) {
        trace.note(i, step::scion_path, p.meta,
                   both(static_cast<std::uint32_t>(p.type), p.offset_of(p.path)));
    }
}

template <class Trace>
void note_hop(Trace& trace, std::size_t i, const packet& p, const hop_view& at) noexcept {
    if constexpr (Trace::on) {
        trace.note(i, step::scion_hop, both(at.ingress(), at.egress()),
                   both(at.info[0], p.offset_of(at.hop)));
        trace.note(i, step::scion_good_until,
                   static_cast<std::uint32_t>(good_until(at.info, at.hop) / 1000));
    }
}

// Behind the one place where the ingress router may have taken a MAC back out of SegID.
template <class Trace>
void note_segment_id(Trace& trace, std::size_t i, const packet& p, const hop_view& at) noexcept {
    if constexpr (Trace::on) {
        const bool taken_back = !at.construction() && p.from != 0 && !p.peering;
        trace.note(i, step::scion_id, segment_id(at.info), taken_back ? 1 : 0);
    }
}

// `tag`: what the former key makes of the field.
template <class Trace>
void note_former_key(Trace& trace, std::size_t i, const byte* hop,
                     const crypto::block& tag) noexcept {
    if constexpr (Trace::on) {
        const bool right = crypto::constant_time_equal(mac(hop), tag.bytes.data(), mac_bytes);
        trace.note(i, step::scion_mac, right ? 1 : 2);
    }
}

template <class Trace>
void note_epic(Trace& trace, std::size_t i, const packet& p) noexcept {
    if constexpr (Trace::on) {
        if (p.epic_hop != 0) {
            trace.note(i, step::scion_epic, p.epic_hop);
        }
    }
}

template <class Trace>
void note_host(Trace& trace, std::size_t i, const endpoint& to) noexcept {
    if constexpr (Trace::on) {
        trace.note(i, step::scion_delivered,
                   to.address_bytes == 4 ? load_be32(to.address.data()) : 0, to.port);
    }
}

}  // namespace rhumb::scion

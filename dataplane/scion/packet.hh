// One SCION packet in the hands of the stage: where its parts are, and what has been found out.
// Threads: worker.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rhumb/packet/drop_reason.hh"
#include "rhumb/packet/slow_request.hh"
#include "rhumb/table/scion_table.hh"
#include "rhumb/wire/scion.hh"

namespace rhumb::scion {

// What one hop field is checked against. Points into the packet.
struct hop_view {
    byte* info = nullptr;
    byte* hop = nullptr;

    [[nodiscard]] bool construction() const noexcept { return (*info & info_construction) != 0; }
    // By the direction of travel.
    [[nodiscard]] std::uint16_t ingress() const noexcept {
        return construction() ? construction_ingress(hop) : construction_egress(hop);
    }
    [[nodiscard]] std::uint16_t egress() const noexcept {
        return construction() ? construction_egress(hop) : construction_ingress(hop);
    }
    [[nodiscard]] byte ingress_alert() const noexcept {
        return construction() ? hop_ingress_alert : hop_egress_alert;
    }
    [[nodiscard]] byte egress_alert() const noexcept {
        return construction() ? hop_egress_alert : hop_ingress_alert;
    }
};

struct packet {
    byte* ip = nullptr;  // outer header
    byte* udp = nullptr;
    byte* scion = nullptr;
    byte* path = nullptr;    // SCION path: its PathMeta; one-hop: its info field
    byte* layer4 = nullptr;  // behind extension headers
    std::size_t bytes = 0;   // of the SCION packet, as the UDP length says

    std::uint64_t change = 0;  // one's complement sum: what edits add to the UDP checksum

    std::uint32_t meta = 0;  // PathMeta
    std::uint16_t link = 0;  // it came by
    std::uint16_t from = 0;  // the external interface that it came by; 0 from inside
    std::uint8_t next = 0;   // protocol of layer4
    path_type type = path_type::empty;
    std::uint8_t segments = 0;
    std::uint8_t hops = 0;
    bool peering = false;       // the current hop is a peering one
    bool switches = false;      // the next hop field, of another segment, is this AS's as well
    std::uint8_t epic_hop = 0;  // 2: penultimate on arrival, 1: last; else 0

    [[nodiscard]] byte* info(unsigned n) const noexcept {
        return path + meta_bytes + n * info_bytes;
    }
    [[nodiscard]] byte* hop(unsigned n) const noexcept {
        return path + meta_bytes + segments * info_bytes + n * hop_bytes;
    }
    [[nodiscard]] hop_view current() const noexcept {
        return {info(current_info(meta)), hop(current_hop(meta))};
    }
    [[nodiscard]] std::uint16_t offset_of(const byte* part) const noexcept {
        // Of EPIC paths the reference router counts as if the packet began with the SCION path.
        const std::size_t epic = type == path_type::epic ? epic_bytes : 0;
        return static_cast<std::uint16_t>(static_cast<std::size_t>(part - scion) - epic);
    }
    [[nodiscard]] std::size_t layer4_bytes() const noexcept {
        return bytes - static_cast<std::size_t>(layer4 - scion);
    }
};

// Changes a 16-bit word of the packet that its UDP checksum covers.
inline void set_word(packet& p, byte* at, std::uint16_t value) noexcept {
    std::uint16_t before = 0;
    std::uint16_t after = 0;
    std::memcpy(&before, at, 2);
    store_be16(at, value);
    std::memcpy(&after, at, 2);
    p.change += static_cast<std::uint64_t>(after) + 0xffffU - before;
}

// A changed info or hop field is written as the reference router serializes it: reserved bits zero.
inline void set_segment_id(packet& p, byte* info, std::uint16_t value) noexcept {
    set_word(p, info, static_cast<std::uint16_t>((info[0] & 3) << 8));
    set_word(p, info + 2, value);
}
inline void clear_alert(packet& p, byte* hop, byte alert) noexcept {
    set_word(p, hop, static_cast<std::uint16_t>((hop[0] & 3 & ~alert) << 8 | hop[1]));
}
inline void chain_segment_id(packet& p, const hop_view& at) noexcept {
    set_segment_id(p, at.info,
                   static_cast<std::uint16_t>(segment_id(at.info) ^ load_be16(mac(at.hop))));
}

// The segment that holds hop `n`.
[[nodiscard]] inline unsigned segment_of(std::uint32_t meta, unsigned n) noexcept {
    const unsigned first = segment_length(meta, 0);
    return n < first ? 0U : n < first + segment_length(meta, 1) ? 1U : 2U;
}
// To the next hop field. False, and nothing changed, at the last one.
[[nodiscard]] inline bool advance(packet& p) noexcept {
    const unsigned hop = current_hop(p.meta) + 1;
    if (hop >= p.hops) {
        return false;
    }
    p.meta = make_meta(segment_of(p.meta, hop), hop, segment_length(p.meta, 0),
                       segment_length(p.meta, 1), segment_length(p.meta, 2));
    set_word(p, p.path, static_cast<std::uint16_t>(p.meta >> 16));
    set_word(p, p.path + 2, static_cast<std::uint16_t>(p.meta));
    return true;
}

// A hop that crosses a peering link: the last of the first segment or the first of the second.
[[nodiscard]] inline bool is_peering_hop(const packet& p, unsigned hop) noexcept {
    const unsigned first = segment_length(p.meta, 0);
    return hop + 1 == first || hop == first;
}

// Whether the hop asks this router to answer a traceroute, and the packet is one; the flag is gone
// then in any case.
[[nodiscard]] bool take_alert(packet& p, byte* hop, byte alert) noexcept;

// What an IP packet for one of this router's underlay addresses is. Sets `udp`, and but for the
// first two `link`, `from`, `scion` and `bytes`.
enum class arrival : std::uint8_t {
    elsewhere,     // for no link
    bad_underlay,  // a fragment, or its UDP length or checksum field cannot be
    stun,          // on the internal link, where hosts ask for their own address (RFC 8489)
    not_scion,
    scion,
};
[[nodiscard]] arrival arrive(packet& p, std::size_t ip_bytes, const table& own) noexcept;

// Finds the parts of a packet that came for `link`; `scion` and `bytes` are set. False: malformed.
[[nodiscard]] bool find_parts(packet& p) noexcept;

// Where a packet for a host of the own AS goes, or why it does not.
struct delivery {
    endpoint to;
    drop_reason bad = drop_reason::none;  // none, and...
    slow_request error;                   // ...this set: an SCMP error instead
};
[[nodiscard]] delivery deliver(const packet& p, const table& own) noexcept;

// Puts the outer headers of `by` in front of the packet; `to`: on the internal link, the host.
// Returns where the packet now begins. The buffer has room for them. A packet that came over IPv4
// without a UDP checksum has none over IPv4 either.
byte* encapsulate(packet& p, const link& by, const endpoint* to) noexcept;

}  // namespace rhumb::scion

#include "dataplane/scion/stage.hh"

#include <algorithm>
#include <array>
#include <cstddef>

#include "dataplane/scion/packet.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/crypto/equal.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion {

namespace {

// A burst's packets whose MACs are to be verified, side by side: first everybody's checks up to
// the MAC, then all MACs at once, then what follows from them.
//
//   work   | packet 0 | packet 1 | packet 2 | ...
//             |          |    \       |
//   blocks | first    | first| second| first | ...   a second one at a segment switch
struct work {
    packet p;
    hop_view at;             // the hop that was checked first
    std::uint8_t index = 0;  // in the burst
    std::uint16_t block = 0;
};
struct batch {
    std::array<work, burst::capacity> items;
    std::array<crypto::block, 2 * burst::capacity> blocks;
    std::array<crypto::block, 2 * burst::capacity> macs;
    std::size_t count = 0;
    std::size_t block_count = 0;
};

constexpr std::uint8_t departing_ttl = 64;

// One packet's way through the stage.
template <class Trace>
class step_by_step {
public:
    step_by_step(burst& b, std::size_t i, const stage_context& context, lanes& uncovered,
                 Trace& trace) noexcept
        : b_(b),
          i_(i),
          context_(context),
          own_(*context.tables.scion),
          uncovered_(uncovered),
          trace_(trace) {}

    // From the outer header to what must be verified: an item of the batch. False: settled.
    [[nodiscard]] bool open(work& w, batch& all) noexcept {
        if (!find_link(w.p)) {
            return false;
        }
        trace_.note(i_, step::scion_arrived, w.p.link, w.p.from);
        if (!find_parts(w.p)) {
            return drop(w.p, drop_reason::scion_malformed);
        }
        if (w.p.next == next_bfd &&
            (w.p.type == path_type::empty || w.p.type == path_type::one_hop)) {
            return for_session(w.p);
        }
        w.block = static_cast<std::uint16_t>(all.block_count);
        switch (w.p.type) {
            case path_type::empty: return drop(w.p, drop_reason::scion_malformed);
            case path_type::one_hop: return check_one_hop(w, all);
            default: return check_path(w, all);
        }
    }

    // The rest, once the MACs are known.
    void close(work& w, batch& all) noexcept {
        crypto::block* tag = &all.macs[w.block];
        const crypto::block* input = &all.blocks[w.block];
        if (w.p.type == path_type::one_hop) {
            return w.p.from == 0 ? leave_by_one_hop(w, *input, *tag) : enter_by_one_hop(w, *tag);
        }
        if (!verify(w.at.hop, *input, *tag)) {
            return error(w.p, drop_reason::scion_bad_mac, scmp::parameter_problem,
                         scmp::invalid_hop_field_mac, w.p.offset_of(w.at.hop));
        }
        if (w.p.from != 0 && alerted(w.p, w.at.hop, w.at.ingress_alert())) {
            return traceroute(w.p, w.p.from);
        }
        if (destination(w.p.scion) == own_.isd_as) {
            return deliver_to_host(w, *tag);
        }
        if (w.p.switches) {
            ++tag;
            ++input;
            if (!advance(w.p)) {
                return void(drop(w.p, drop_reason::scion_bad_path));
            }
            w.at = w.p.current();
            if (good_until(w.at.info, w.at.hop) < context_.now_ms) {
                return error(w.p, drop_reason::scion_expired, scmp::parameter_problem,
                             scmp::path_expired, w.p.offset_of(w.at.hop));
            }
            if (!verify(w.at.hop, *input, *tag)) {
                return error(w.p, drop_reason::scion_bad_mac, scmp::parameter_problem,
                             scmp::invalid_hop_field_mac, w.p.offset_of(w.at.hop));
            }
        }
        leave(w, *tag);
    }

private:
    [[nodiscard]] scion_counters::by_size& size(const packet& p) noexcept {
        return context_.counters.scion_links[p.link].of(p.bytes);
    }

    // Verdicts. All give false, for those who settle a packet.
    bool drop(const packet& p, drop_reason why) noexcept {
        count_up(size(p).invalid, 1);
        b_.drop(i_, why);
        return false;
    }
    bool ask(const packet& p, drop_reason why, slow_request what) noexcept {
        what.link = p.link;
        b_.front[i_] = p.ip;
        b_.end[i_] = p.scion + p.bytes;  // without what lies behind the datagram
        b_.ask(i_, why, what);
        return false;
    }
    // No error about an error, nor about what may be one.
    void error(const packet& p, drop_reason why, slow_request what) noexcept {
        if (p.next == next_scmp &&
            (p.layer4_bytes() < scmp::header_bytes || p.layer4[0] < scmp::first_informational)) {
            drop(p, why);
            return;
        }
        ask(p, why, what);
    }
    void error(const packet& p, drop_reason why, std::uint8_t type, std::uint8_t code,
               std::size_t pointer) noexcept {
        error(p, why,
              {slow_task::scmp_error, type, code, static_cast<std::uint16_t>(pointer), 0, 0});
    }
    bool refuse(const packet& p, drop_reason why, std::uint8_t code, std::size_t pointer) noexcept {
        error(p, why, scmp::parameter_problem, code, pointer);
        return false;
    }
    // Of a reply's path, the next router expects SegID as if the packet had got as far as the MAC;
    // the reference router's, which are made of SegID as it came, are dropped there.
    bool refuse_hop(work& w, drop_reason why, std::uint8_t code, std::size_t pointer) noexcept {
        take_segment_id_back(w);
        return refuse(w.p, why, code, pointer);
    }
    // Against the direction of construction it is the ingress router that does it.
    static void take_segment_id_back(work& w) noexcept {
        if (!w.at.construction() && w.p.from != 0 && !w.p.peering) {
            chain_segment_id(w.p, w.at);
        }
    }
    void traceroute(const packet& p, std::uint16_t interface) noexcept {
        ask(p, drop_reason::scion_for_control, {slow_task::traceroute, 0, 0, 0, interface, 0});
    }

    // The outer headers: who sent this, and is it SCION?
    [[nodiscard]] bool find_link(packet& p) noexcept {
        p.ip = b_.front[i_];
        const std::size_t length = b_.length(i_);
        const bool v4 = p.ip[0] >> 4 == 4;
        const std::size_t header = v4 ? ipv4::header_bytes(p.ip) : ipv6::header_bytes;
        constexpr unsigned udp = 17;
        if ((v4 ? ipv4::protocol(p.ip) : ipv6::next_header(p.ip)) != udp) {
            return other();
        }
        if ((v4 && ipv4::fragment(p.ip) != 0) || length < header + udp_bytes) {
            return bad_underlay();
        }
        p.udp = p.ip + header;
        p.link = v4 ? own_.finder.find_v4(p.ip, p.udp) : own_.finder.find_v6(p.ip, p.udp);
        if (p.link == link_finder::nothing) {
            return other();
        }
        const std::size_t udp_length = load_be16(p.udp + 4);
        if (udp_length < udp_bytes || udp_length > length - header ||
            (!v4 && load_be16(p.udp + 6) == 0)) {
            return bad_underlay();
        }
        p.scion = p.udp + udp_bytes;
        p.bytes = udp_length - udp_bytes;
        p.from = own_.links[p.link].interface;
        size(p).in.add(p.bytes);
        if (p.bytes < common_bytes || !is_known_next_header(next_header(p.scion)) ||
            p.bytes < common_bytes + address_bytes(p.scion)) {
            return not_scion(p);
        }
        return true;
    }
    bool other() noexcept {
        b_.punt(i_, drop_reason::local_other);
        return false;
    }
    bool bad_underlay() noexcept {
        b_.drop(i_, drop_reason::scion_bad_underlay);
        return false;
    }
    // Hosts ask for their own address on the port that SCION has inside (RFC 8489).
    bool not_scion(const packet& p) noexcept {
        constexpr std::uint32_t stun_cookie = 0x2112a442;
        if (own_.links[p.link].scope == link_scope::internal && p.bytes >= 20 &&
            load_be32(p.scion + 4) == stun_cookie) {
            return ask(p, drop_reason::scion_for_control, {slow_task::other, 0, 0, 0, 0, 0});
        }
        return drop(p, drop_reason::scion_malformed);
    }
    bool for_session(const packet& p) noexcept {
        if (!own_.links[p.link].has_session) {
            return drop(p, drop_reason::scion_no_session);
        }
        return ask(p, drop_reason::scion_for_control, {slow_task::bfd, 0, 0, 0, 0, 0});
    }

    // A path's checks up to the MAC, in the order in which the reference router has them.
    [[nodiscard]] bool check_path(work& w, batch& all) noexcept {
        packet& p = w.p;
        if (!check_shape(p)) {
            return drop(p, drop_reason::scion_bad_path);
        }
        const unsigned hop = current_hop(p.meta);
        w.at = p.current();
        const std::size_t pointer = p.offset_of(w.at.hop);
        if (good_until(w.at.info, w.at.hop) < context_.now_ms) {
            return refuse_hop(w, drop_reason::scion_expired, scmp::path_expired, pointer);
        }
        if (p.from != 0 && p.from != w.at.ingress()) {
            return refuse_hop(w, drop_reason::scion_invalid,
                              w.at.construction() ? scmp::unknown_hop_field_ingress
                                                  : scmp::unknown_hop_field_egress,
                              pointer);
        }
        if (payload_length(p.scion) != p.bytes - header_bytes(p.scion)) {
            return refuse_hop(w, drop_reason::scion_invalid, scmp::invalid_packet_size, 0);
        }
        if (p.from == 0 && hop != 0 && !entered_by(p)) {
            return drop(p, drop_reason::scion_wrong_router);
        }
        if (!check_addresses(p, hop)) {
            return false;
        }
        take_segment_id_back(w);
        if (p.type == path_type::epic) {
            p.epic_hop = hop + 2 == p.hops ? 2 : hop + 1 == p.hops ? 1 : 0;
        }
        add_block(all, w.at);
        p.switches = !p.peering && hop + 1 < p.hops &&
                     segment_of(p.meta, hop + 1) != segment_of(p.meta, hop) &&
                     destination(p.scion) != own_.isd_as;
        if (p.switches) {
            add_block(all, {p.info(segment_of(p.meta, hop + 1)), p.hop(hop + 1)});
        }
        return true;
    }

    // PathMeta and the flags agree with each other. Notes whether the hop is a peering one.
    [[nodiscard]] static bool check_shape(packet& p) noexcept {
        const unsigned hop = current_hop(p.meta);
        const unsigned info = current_info(p.meta);
        if (hop >= p.hops || info >= p.segments) {
            return false;
        }
        if ((p.info(info)[0] & info_peering) != 0) {
            // Two segments meet over a peering link, and no third is there.
            if (p.segments != 2) {
                return false;
            }
            p.peering = is_peering_hop(p, hop);
        } else {
            for (unsigned n = 0; n < p.segments; ++n) {
                if (segment_length(p.meta, n) == 1) {
                    return false;
                }
            }
        }
        return info == segment_of(p.meta, hop);
    }

    // In transit from inside: whether the router that it came from is the one where the packet
    // entered the AS. That was at the hop before, if a switch of segments has been done since.
    [[nodiscard]] bool entered_by(const packet& p) const noexcept {
        unsigned hop = current_hop(p.meta);
        if (!p.peering && segment_of(p.meta, hop) != segment_of(p.meta, hop - 1)) {
            --hop;
        }
        const hop_view entry{p.info(segment_of(p.meta, hop)), p.hop(hop)};
        return own_.knows(entry.ingress()) && own_.link_of(entry.ingress()) == p.link;
    }

    [[nodiscard]] bool check_addresses(const packet& p, unsigned hop) noexcept {
        const bool from_here = source(p.scion) == own_.isd_as;
        const bool to_here = destination(p.scion) == own_.isd_as;
        const bool is_last = hop + 1 == p.hops;
        if (p.from == 0 ? hop == 0 && !from_here : from_here) {
            return refuse(p, drop_reason::scion_invalid, scmp::invalid_source_address,
                          source_offset);
        }
        if (p.from == 0 ? to_here : is_last != to_here) {
            return refuse(p, drop_reason::scion_invalid, scmp::invalid_destination_address,
                          destination_offset);
        }
        if (from_here) {
            const unsigned type = source_type(p.scion);
            if ((type != host_ipv4 && type != host_ipv6 && type != host_service) ||
                (type == host_ipv6 && is_v4_mapped(source_host(p.scion)))) {
                return refuse(p, drop_reason::scion_invalid, scmp::invalid_source_address, 0);
            }
        }
        return true;
    }

    static void add_block(batch& all, const hop_view& at) noexcept {
        write_mac_input(all.blocks[all.block_count++].bytes.data(), segment_id(at.info), at.info,
                        at.hop);
    }
    // `tag` becomes that of the former key where it is by that one that the MAC is right.
    [[nodiscard]] bool verify(const byte* hop, const crypto::block& input,
                              crypto::block& tag) const noexcept {
        if (crypto::constant_time_equal(mac(hop), tag.bytes.data(), mac_bytes)) [[likely]] {
            return true;
        }
        if (own_.former_key == nullptr || context_.now_ms > own_.former_key_until) {
            return false;
        }
        tag = crypto::cmac(*own_.former_key, input.bytes);
        return crypto::constant_time_equal(mac(hop), tag.bytes.data(), mac_bytes);
    }

    // Whether the hop asks this router to answer a traceroute, and the packet is one; the flag is
    // gone then in any case.
    [[nodiscard]] static bool alerted(packet& p, byte* hop, byte alert) noexcept {
        if ((hop[0] & alert) == 0) [[likely]] {
            return false;
        }
        clear_alert(p, hop, alert);
        return p.next == next_scmp && p.layer4_bytes() >= scmp::traceroute_bytes &&
               p.layer4[0] == scmp::traceroute_request && p.layer4[1] == 0;
    }

    // Out of the AS, or towards the router that has the egress interface.
    void leave(work& w, const crypto::block& tag) noexcept {
        packet& p = w.p;
        const std::uint16_t egress = w.at.egress();
        const std::size_t pointer = p.offset_of(w.at.hop);
        const std::uint16_t number = own_.knows(egress) ? own_.link_of(egress) : 0;
        const link& by = own_.links[number];
        if (by.scope == link_scope::internal || (p.from == 0 && by.scope == link_scope::sibling)) {
            return error(p, drop_reason::scion_no_route, scmp::parameter_problem,
                         w.at.construction() ? scmp::unknown_hop_field_egress
                                             : scmp::unknown_hop_field_ingress,
                         pointer);
        }
        if (p.switches ? !may_switch(own_.type_of(p.from), own_.type_of(egress))
                       : p.from != 0 && !may_pass(own_.type_of(p.from), own_.type_of(egress))) {
            return p.switches ? error(p, drop_reason::scion_invalid, scmp::parameter_problem,
                                      scmp::invalid_segment_change, p.offset_of(w.at.info))
                              : error(p, drop_reason::scion_invalid, scmp::parameter_problem,
                                      scmp::invalid_path, pointer);
        }
        const bool external = by.scope == link_scope::external;
        if (external && alerted(p, w.at.hop, w.at.egress_alert())) {
            return traceroute(p, egress);
        }
        if (!context_.live.link_up(number)) {
            return error(
                p, drop_reason::scion_link_down,
                {slow_task::scmp_error,
                 external ? scmp::external_interface_down : scmp::internal_connectivity_down, 0, 0,
                 egress, 0});
        }
        if (is_too_big(p, by)) {
            return error(p, drop_reason::scion_too_big, scmp::packet_too_big, 0, by.mtu);
        }
        if (!epic_holds(w, tag)) {
            return epic_fails(p);
        }
        if (!external) {
            return send(p, by, nullptr, number, traffic::in_transit);
        }
        if (w.at.construction() && !p.peering) {
            chain_segment_id(p, w.at);
        }
        if (!advance(p)) {
            return void(drop(p, drop_reason::scion_bad_path));
        }
        send(p, by, nullptr, number,
             source(p.scion) == own_.isd_as ? traffic::out
             : p.from == 0                  ? traffic::out_transit
                                            : traffic::br_transit);
    }
    // Within a segment.
    [[nodiscard]] static bool may_pass(link_type in, link_type out) noexcept {
        using enum link_type;
        return (in == core && out == core) || (in == child && (out == parent || out == peer)) ||
               (out == child && (in == parent || in == peer));
    }
    // From one segment to another.
    [[nodiscard]] static bool may_switch(link_type in, link_type out) noexcept {
        using enum link_type;
        return (in == core && out == child) || (in == child && (out == core || out == child));
    }
    [[nodiscard]] bool is_too_big(const packet& p, const link& by) const noexcept {
        return own_.packet_too_big && by.mtu != 0 && p.bytes > by.mtu;
    }

    void deliver_to_host(work& w, const crypto::block& tag) noexcept {
        packet& p = w.p;
        const delivery where = deliver(p, own_);
        if (where.error.task != slow_task::none) {
            return error(p, drop_reason::scion_no_route, where.error);
        }
        if (where.bad != drop_reason::none) {
            return void(drop(p, where.bad));
        }
        if (is_too_big(p, own_.links[0])) {
            return error(p, drop_reason::scion_too_big, scmp::packet_too_big, 0, own_.links[0].mtu);
        }
        if (!epic_holds(w, tag)) {
            return epic_fails(p);
        }
        send_inside(p, where.to);
    }
    void send_inside(packet& p, const endpoint& to) noexcept {
        const link& inside = own_.links[0];
        const bool same_family =
            (to.address_bytes == 4) == (inside.outer_bytes == ipv4::min_header_bytes + udp_bytes);
        if (!same_family) {
            return void(drop(p, drop_reason::scion_no_route));
        }
        send(p, inside, &to, 0, traffic::in);
    }

    void send(packet& p, const link& by, const endpoint* to, std::uint16_t number,
              traffic kind) noexcept {
        if (p.scion - b_.room[i_] < by.outer_bytes) [[unlikely]] {
            return b_.drop(i_, drop_reason::no_headroom);
        }
        context_.counters.scion_links[number].of(p.bytes).out[static_cast<std::size_t>(kind)].add(
            p.bytes);
        byte* const ip = encapsulate(p, by, to);
        b_.front[i_] = ip;
        b_.end[i_] = p.scion + p.bytes;
        b_.ttl[i_] = departing_ttl;  // this node has made the header: no hop of it is taken
        b_.kind[i_] = ip[0] >> 4 == 4 ? protocol::ipv4 : protocol::ipv6;
        trace_.note(i_, step::scion_sent, number, static_cast<std::uint32_t>(kind));
        uncovered_.add(b_.kind[i_], i_);
    }

    // One-hop paths: between neighbours that have no path yet. Failures are silent.
    [[nodiscard]] bool check_one_hop(work& w, batch& all) noexcept {
        packet& p = w.p;
        w.at = {p.path, p.path + info_bytes};
        if (!w.at.construction()) {
            return drop(p, drop_reason::scion_bad_one_hop);
        }
        const std::uint64_t local = p.from == 0 ? source(p.scion) : destination(p.scion);
        const std::uint64_t remote = p.from == 0 ? destination(p.scion) : source(p.scion);
        const std::uint16_t interface = p.from == 0 ? w.at.egress() : p.from;
        const auto known = std::lower_bound(
            own_.neighbours.begin(), own_.neighbours.end(), interface,
            [](const neighbour& n, std::uint16_t wanted) { return n.interface < wanted; });
        if (local != own_.isd_as || known == own_.neighbours.end() ||
            known->interface != interface || known->isd_as != remote) {
            return drop(p, drop_reason::scion_bad_one_hop);
        }
        if (p.from == 0) {
            add_block(all, w.at);
            return true;
        }
        byte* const second = w.at.hop + hop_bytes;
        set_word(p, second, w.at.hop[1]);  // no flags; ExpTime of the first
        set_word(p, second + 2, p.from);
        set_word(p, second + 4, 0);
        add_block(all, {w.at.info, second});
        return true;
    }
    void leave_by_one_hop(work& w, const crypto::block& input, crypto::block& tag) noexcept {
        if (!verify(w.at.hop, input, tag)) {
            return void(drop(w.p, drop_reason::scion_bad_one_hop));
        }
        chain_segment_id(w.p, w.at);
        const std::uint16_t number = own_.link_of(w.at.egress());
        const link& by = own_.links[number];
        send(w.p, by, nullptr, number,
             by.scope == link_scope::external ? traffic::out : traffic::in_transit);
    }
    void enter_by_one_hop(work& w, const crypto::block& tag) noexcept {
        byte* const second = w.at.hop + hop_bytes;
        for (std::size_t n = 0; n < mac_bytes; n += 2) {
            set_word(w.p, second + 6 + n, load_be16(&tag.bytes[n]));
        }
        const delivery where = deliver(w.p, own_);
        if (where.error.task != slow_task::none || where.bad != drop_reason::none) {
            return void(drop(w.p, drop_reason::scion_bad_one_hop));
        }
        send_inside(w.p, where.to);
    }

    // EPIC: the hop validation field of the last two hops, and how old the packet is. `tag`: the
    // whole MAC of the hop verified last.
    [[nodiscard]] bool epic_holds(const work& w, const crypto::block& tag) const noexcept {
        if (w.p.epic_hop == 0) [[likely]] {
            return true;
        }
        const byte* const epic = w.p.path - epic_bytes;
        const std::uint32_t made = timestamp(w.p.info(0));
        const std::uint64_t sent_us =
            std::uint64_t{made} * 1'000'000 + (std::uint64_t{load_be32(epic)} + 1) * 21;
        const std::uint64_t now_us = context_.now_ms * 1000;
        constexpr std::uint64_t early_us = 1'000'000;
        constexpr std::uint64_t lifetime_us = 3'000'000;
        if (sent_us > now_us + early_us || now_us > sent_us + lifetime_us) {
            return false;
        }
        const byte* const field = epic + (w.p.epic_hop == 2 ? 8 : 12);
        return crypto::constant_time_equal(field, epic_validation(w.p, made, tag).bytes.data(), 4);
    }
    [[nodiscard]] static crypto::block epic_validation(const packet& p, std::uint32_t made,
                                                       const crypto::block& tag) noexcept {
        std::array<crypto::block, 3> input{};
        byte* to = input[0].bytes.data();
        const std::size_t host = host_bytes(source_type(p.scion));
        *to++ = static_cast<byte>(source_type(p.scion) & 3);
        store_be32(to, made);
        std::memcpy(to + 4, p.path - epic_bytes, 8);
        store_be64(to + 12, source(p.scion));
        std::memcpy(to + 20, source_host(p.scion), host);
        store_be16(to + 20 + host, payload_length(p.scion));
        const std::size_t blocks = (23 + host + crypto::block_bytes - 1) / crypto::block_bytes;
        crypto::aes128_key key;
        crypto::expand(key, tag.bytes.data());
        return crypto::cbc_mac(key, {input.data(), blocks});
    }
    void epic_fails(const packet& p) noexcept { drop(p, drop_reason::scion_bad_epic); }

    burst& b_;
    const std::size_t i_;
    const stage_context& context_;
    const table& own_;
    lanes& uncovered_;
    Trace& trace_;
};

}  // namespace

template <class Trace>
void stage::process(burst& b, lane packets, const stage_context& context, lanes& uncovered,
                    Trace& trace) noexcept {
    if (context.tables.scion == nullptr) {
        for (const std::size_t i : packets) {
            b.punt(i, drop_reason::local_other);
        }
        return;
    }
    batch all;
    for (const std::size_t i : packets) {
        work& w = all.items[all.count];
        w = work{};
        w.index = static_cast<std::uint8_t>(i);
        if (step_by_step(b, i, context, uncovered, trace).open(w, all)) {
            ++all.count;
        }
    }
    crypto::cmac_blocks(*context.tables.scion->key, all.blocks.data(), all.macs.data(),
                        all.block_count);
    for (std::size_t n = 0; n < all.count; ++n) {
        work& w = all.items[n];
        step_by_step(b, w.index, context, uncovered, trace).close(w, all);
    }
}

template void stage::process(burst&, lane, const stage_context&, lanes&, no_trace&) noexcept;
template void stage::process(burst&, lane, const stage_context&, lanes&, trace_log&) noexcept;

}  // namespace rhumb::scion

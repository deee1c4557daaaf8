#include "dataplane/scion/stage.hh"

#include <array>
#include <cstddef>
#include <new>

#include "dataplane/scion/notes.hh"
#include "dataplane/scion/packet.hh"
#include "dataplane/scion/plain.hh"
#include "dataplane/scion/rules.hh"
#include "dataplane/scion/verdicts.hh"
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
    batch() noexcept {}
    union {  // so that nothing writes to items that no packet needs
        std::array<work, burst::capacity> items;
    };
    std::array<crypto::block, 2 * burst::capacity> blocks;
    std::array<crypto::block, 2 * burst::capacity> macs;
    std::size_t count = 0;
    std::size_t block_count = 0;
};

constexpr std::uint8_t departing_ttl = 64;

// One packet's way through the stage.
template <class Trace>
class step_by_step : private verdicts {
public:
    step_by_step(burst& b, std::size_t i, const stage_context& context, lanes& uncovered,
                 Trace& trace) noexcept
        : verdicts(b, i, context),
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
        if (w.p.from != 0 && take_alert(w.p, w.at.hop, w.at.ingress_alert())) {
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
            trace_.note(i_, step::scion_switched, w.p.meta);
            note_hop(trace_, i_, w.p, w.at);
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
    // Whether it is SCION, and by which link it came.
    [[nodiscard]] bool find_link(packet& p) noexcept {
        p.ip = b_.front[i_];
        const arrival how = arrive(p, b_.length(i_), own_);
        switch (how) {
            case arrival::elsewhere: b_.punt(i_, drop_reason::local_other); return false;
            case arrival::bad_underlay: b_.drop(i_, drop_reason::scion_bad_underlay); return false;
            default: size(p).in.add(p.bytes);
        }
        if (how == arrival::stun) {
            return ask(p, drop_reason::scion_for_control, {slow_task::other, 0, 0, 0, 0, 0});
        }
        return how == arrival::scion || drop(p, drop_reason::scion_malformed);
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
        note_path(trace_, i_, p);
        if (!has_good_shape(p)) {
            return drop(p, drop_reason::scion_bad_path);
        }
        const unsigned hop = current_hop(p.meta);
        w.at = p.current();
        const std::size_t pointer = p.offset_of(w.at.hop);
        note_hop(trace_, i_, p, w.at);
        if (good_until(w.at.info, w.at.hop) < context_.now_ms) {
            return refuse_hop(p, w.at, drop_reason::scion_expired, scmp::path_expired, pointer);
        }
        if (p.from != 0 && p.from != w.at.ingress()) {
            return refuse_hop(p, w.at, drop_reason::scion_invalid,
                              w.at.construction() ? scmp::unknown_hop_field_ingress
                                                  : scmp::unknown_hop_field_egress,
                              pointer);
        }
        if (payload_length(p.scion) != p.bytes - header_bytes(p.scion)) {
            return refuse_hop(p, w.at, drop_reason::scion_invalid, scmp::invalid_packet_size, 0);
        }
        if (p.from == 0 && hop != 0 && !came_from_its_entry(p, own_)) {
            return drop(p, drop_reason::scion_wrong_router);
        }
        if (const address_fault fault = fault_of_addresses(p, own_); fault.code != 0) {
            return refuse(p, drop_reason::scion_invalid, fault.code, fault.pointer);
        }
        take_segment_id_back(p, w.at);
        note_segment_id(trace_, i_, p, w.at);
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

    static void add_block(batch& all, const hop_view& at) noexcept {
        write_mac_input(all.blocks[all.block_count++].bytes.data(), segment_id(at.info), at.info,
                        at.hop);
    }
    // `tag` becomes that of the former key where it is by that one that the MAC is right.
    [[nodiscard]] bool verify(const byte* hop, const crypto::block& input,
                              crypto::block& tag) const noexcept {
        if (crypto::constant_time_equal(mac(hop), tag.bytes.data(), mac_bytes)) [[likely]] {
            trace_.note(i_, step::scion_mac, 0);
            return true;
        }
        if (own_.former_key == nullptr || context_.now_ms > own_.former_key_until) {
            trace_.note(i_, step::scion_mac, 2);
            return false;
        }
        tag = crypto::cmac(*own_.former_key, input.bytes);
        note_former_key(trace_, i_, hop, tag);
        return crypto::constant_time_equal(mac(hop), tag.bytes.data(), mac_bytes);
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
        if (external && take_alert(p, w.at.hop, w.at.egress_alert())) {
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
        if (!epic_holds(p, tag, context_.now_ms)) {
            return epic_fails(p);
        }
        note_epic(trace_, i_, p);
        if (!external) {
            return send(p, by, nullptr, number, traffic::in_transit);
        }
        if (w.at.construction() && !p.peering) {
            chain_segment_id(p, w.at);
            trace_.note(i_, step::scion_id_chained, segment_id(w.at.info));
        }
        if (!advance(p)) {
            return void(drop(p, drop_reason::scion_bad_path));
        }
        trace_.note(i_, step::scion_advanced, p.meta);
        send(p, by, nullptr, number,
             source(p.scion) == own_.isd_as ? traffic::out
             : p.from == 0                  ? traffic::out_transit
                                            : traffic::br_transit);
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
        if (!epic_holds(p, tag, context_.now_ms)) {
            return epic_fails(p);
        }
        note_epic(trace_, i_, p);
        send_inside(p, where.to);
    }
    void send_inside(packet& p, const endpoint& to) noexcept {
        const link& inside = own_.links[0];
        const bool same_family =
            (to.address_bytes == 4) == (inside.outer_bytes == ipv4::min_header_bytes + udp_bytes);
        if (!same_family) {
            return void(drop(p, drop_reason::scion_no_route));
        }
        note_host(trace_, i_, to);
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
        if (!w.at.construction() || !is_between_neighbours(p, own_)) {
            return drop(p, drop_reason::scion_bad_one_hop);
        }
        trace_.note(i_, step::scion_one_hop, p.from == 0 ? w.at.egress() : p.from, p.from == 0);
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
        trace_.note(i_, step::scion_id_chained, segment_id(w.at.info));
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

    void epic_fails(const packet& p) noexcept { drop(p, drop_reason::scion_bad_epic); }

    const table& own_;
    lanes& uncovered_;
    Trace& trace_;
};

template <class Trace>
[[gnu::noinline]] void go_the_long_way(burst& b, lane packets, const stage_context& context,
                                       lanes& uncovered, Trace& trace) noexcept {
    batch all;
    for (const std::size_t i : packets) {
        work& w = *new (&all.items[all.count]) work;
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
    if constexpr (Trace::on) {
        go_the_long_way(b, packets, context, uncovered, trace);
    } else {
        lane_list rest;
        forward_plain(b, packets, context, rest);
        if (rest.count != 0) {
            go_the_long_way(b, rest.all(), context, uncovered, trace);
        }
    }
}

template void stage::process(burst&, lane, const stage_context&, lanes&, no_trace&) noexcept;
template void stage::process(burst&, lane, const stage_context&, lanes&, trace_log&) noexcept;

}  // namespace rhumb::scion

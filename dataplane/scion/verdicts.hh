// What the stage decides about one packet, and how it is counted. Threads: worker.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/scion/packet.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/table/stage_context.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion {

class verdicts {
protected:
    verdicts(burst& b, std::size_t i, const stage_context& context) noexcept
        : b_(b), i_(i), context_(context) {}

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
    bool refuse_hop(packet& p, const hop_view& at, drop_reason why, std::uint8_t code,
                    std::size_t pointer) noexcept {
        take_segment_id_back(p, at);
        return refuse(p, why, code, pointer);
    }
    // Against the direction of construction it is the ingress router that does it.
    static void take_segment_id_back(packet& p, const hop_view& at) noexcept {
        if (!at.construction() && p.from != 0 && !p.peering) {
            chain_segment_id(p, at);
        }
    }
    void traceroute(const packet& p, std::uint16_t interface) noexcept {
        ask(p, drop_reason::scion_for_control, {slow_task::traceroute, 0, 0, 0, interface, 0});
    }

    burst& b_;
    const std::size_t i_;
    const stage_context& context_;
};

}  // namespace rhumb::scion

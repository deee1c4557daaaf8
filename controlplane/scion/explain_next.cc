// What the next border router does with a packet, in the order of its checks: that of the reference
// router and of dataplane/scion. What only its configuration tells (links, neighbours, services) is
// left open. Threads: any.
#include <fmt/format.h>

#include "controlplane/scion/explain_parts.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion::explain {

namespace {

class prediction {
public:
    prediction(const reader& r, const header_view& header, field& into)
        : r_(r), header_(header), path_(*header.path), into_(into), hop_(path_.current()) {}

    void one_hop() {
        const std::size_t at = path_.info_at(0);
        if (header_.next == next_bfd) {
            tell(at, "gives it to the link's BFD session, and checks nothing else");
        } else if (!path_.is_construction(r_, 0)) {
            ends(at, "drops it: a one-hop path is in construction direction");
        } else {
            tell(at,
                 fmt::format("coming from inside: checks hop field 0's MAC, changes SegID to "
                             "0x{:04x}, sends it by {}",
                             header_.macs[0].segment_id ^ load_be16(mac(r_.at(path_.hop_at(0)))),
                             construction_egress(r_.at(path_.hop_at(0)))));
            tell(at,
                 "coming from outside: fills in hop field 1, and delivers it to " + destination());
        }
    }

    void scion() {
        if (is_shaped() && is_good(hop_) && is_paid()) {
            if (!mac_is_wrong(hop_)) {
                go_on();
            }
        }
    }

private:
    void tell(std::size_t at, std::string text) {
        say(into_, at, std::to_string(into_.inside.size() + 1), std::move(text));
    }
    void ends(std::size_t at, std::string text) {
        tell(at, std::move(text));
        into_.inside.back().judged = verdict::wrong;
    }
    void answers(std::size_t at, unsigned code, unsigned hop) {
        const std::size_t epic =
            type_of_path(r_.at(header_.at)) == static_cast<unsigned>(path_type::epic) ? epic_bytes
                                                                                      : 0;
        const std::size_t pointer =
            code == scmp::invalid_packet_size ? 0 : path_.hop_at(hop) - header_.at - epic;
        ends(at, fmt::format("drops it; {} SCMP 4/{}, {} (pointer {})",
                             is_scmp_error() ? "were it no SCMP error itself, it would answer with"
                             : has_extensions() ? "unless it is an SCMP error itself, answers with"
                                                : "answers with",
                             code, scmp_code_text(scmp::parameter_problem, code), pointer));
    }
    [[nodiscard]] bool is_scmp_error() const {
        return header_.next == next_scmp && r_.left(header_.payload_at) != 0 &&
               *r_.at(header_.payload_at) < scmp::first_informational;
    }
    [[nodiscard]] bool has_extensions() const {
        return header_.next == next_hop_by_hop || header_.next == next_end_to_end;
    }
    [[nodiscard]] std::string destination() const {
        const byte* const h = r_.at(header_.at);
        return fmt::format("{},{}", to_string(load_isd_as(h + destination_offset)),
                           host_text(destination_type(h), destination_host(h)));
    }

    bool is_shaped() {
        const std::size_t at = path_.meta_at;
        const unsigned info = current_info(path_.meta);
        if (hop_ >= path_.hops || info >= path_.segments) {
            ends(at, "drops it: CurrHF or CurrINF is behind the last one");
            return false;
        }
        const bool has_peering = (*r_.at(path_.info_at(info)) & info_peering) != 0;
        for (unsigned n = 0; n < path_.segments; ++n) {
            if (path_.length(n) == 1 && !has_peering) {
                ends(at, fmt::format("drops it: segment {} has a single hop field", n));
                return false;
            }
        }
        if (info != path_.segment_of(hop_)) {
            ends(at, fmt::format("drops it: hop field {} is of segment {}, and CurrINF is {}", hop_,
                                 path_.segment_of(hop_), info));
            return false;
        }
        if (has_peering && path_.segments != 2) {
            ends(at, "drops it: a path with a peering link has two segments");
            return false;
        }
        return true;
    }
    bool is_good(unsigned hop) {
        const byte* const info = r_.at(path_.info_at(path_.segment_of(hop)));
        if (good_until(info, r_.at(path_.hop_at(hop))) < r_.how->now_ms) {
            answers(path_.hop_at(hop), scmp::path_expired, hop);
            return false;
        }
        return true;
    }
    bool is_paid() {
        if (header_.is_exact) {
            return true;
        }
        answers(header_.at + 6, scmp::invalid_packet_size, 0);
        return false;
    }
    bool mac_is_wrong(unsigned hop) {
        const mac_check& check = header_.macs[hop];
        if (check.taken == place::outside) {
            tell(path_.info_at(path_.segment_of(hop)),
                 fmt::format("coming from outside: changes SegID to 0x{:04x}", check.segment_id));
        }
        if (!check.is_checked) {
            tell(path_.hop_at(hop), fmt::format("checks hop field {}'s MAC with SegID 0x{:04x}",
                                                hop, check.segment_id));
        } else if (check.is_right) {
            tell(path_.hop_at(hop), fmt::format("finds hop field {}'s MAC right", hop));
        } else {
            answers(path_.hop_at(hop), scmp::invalid_hop_field_mac, hop);
            return true;
        }
        return false;
    }
    [[nodiscard]] bool has_alert(unsigned hop, bool entering) const {
        const bool construction = path_.is_construction(r_, path_.segment_of(hop));
        const byte flag = entering == construction ? hop_ingress_alert : hop_egress_alert;
        return (*r_.at(path_.hop_at(hop)) & flag) != 0;
    }

    void go_on() {
        if (has_alert(hop_, true)) {
            tell(path_.hop_at(hop_),
                 "coming from outside: clears the alert flag, and answers if "
                 "it is a traceroute request");
        }
        if (hop_ + 1 == path_.hops) {
            tell(path_.hop_at(hop_), "delivers it to " + destination());
            return;
        }
        unsigned out = hop_;
        if (path_.switches_at(r_, hop_)) {
            out = hop_ + 1;
            tell(path_.hop_at(out), fmt::format("switches segments: CurrINF {}, CurrHF {}",
                                                path_.segment_of(out), out));
            if (!is_good(out) || mac_is_wrong(out)) {
                return;
            }
        }
        leave(out);
    }
    void leave(unsigned hop) {
        const std::size_t at = path_.hop_at(hop);
        if (has_alert(hop, false)) {
            tell(at,
                 "leaving the AS: clears the alert flag, and answers if it is a traceroute "
                 "request");
        }
        std::string text = fmt::format("sends it by {}", path_.egress(r_, hop));
        if (path_.is_peering(r_, hop)) {
            text +=
                hop + 1 == path_.length(0) ? ", over a peering link; SegID stays" : "; SegID stays";
        } else if (path_.is_construction(r_, path_.segment_of(hop))) {
            text += fmt::format("; then SegID is 0x{:04x}",
                                header_.macs[hop].segment_id ^ load_be16(mac(r_.at(at))));
        }
        if (hop + 1 == path_.hops) {
            ends(at, "drops it: there is no hop field to leave for");
            return;
        }
        tell(at, fmt::format("{}, CurrHF {}", text, hop + 1));
    }

    const reader& r_;
    const header_view& header_;
    const path_view& path_;
    field& into_;
    unsigned hop_;
};

}  // namespace

void next_router(const reader& r, const header_view& header, fields& into) {
    const path_view& path = *header.path;
    field& f = open(into, path.meta_at, "next router");
    prediction next(r, header, f);
    if (path.is_one_hop) {
        next.one_hop();
        return;
    }
    if (path.current() < path.hops && header.macs[path.current()].as) {
        f.meaning = "of " + to_string(*header.macs[path.current()].as);
    }
    next.scion();
}

}  // namespace rhumb::scion::explain

#include "controlplane/scion_paths/walk_words.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "controlplane/scion_paths/hex.hh"
#include "dataplane/scion/packet.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion::paths {

namespace {

// In the order in which the stage checks; see dataplane/scion/README.md.
enum class check : std::uint8_t {
    headers,
    pointer,
    expiry,
    ingress,
    length,
    entry,
    addresses,
    mac,
    second_expiry,
    second_mac,
    egress,
    link_types,
    link_up,
    mtu,
    none,
};
constexpr std::array<std::string_view, 14> check_names{"headers",
                                                       "pointer and segments",
                                                       "expiry",
                                                       "ingress interface",
                                                       "payload length",
                                                       "entry router",
                                                       "addresses",
                                                       "MAC",
                                                       "expiry after the switch",
                                                       "MAC after the switch",
                                                       "egress interface",
                                                       "link types",
                                                       "link is up",
                                                       "MTU"};

// What the router was at when it gave the packet up.
check failed_check(const walk_step& step, bool switched) {
    switch (step.reason) {
        case drop_reason::local_other:
        case drop_reason::scion_bad_underlay:
        case drop_reason::scion_malformed: return check::headers;
        case drop_reason::scion_bad_path: return check::pointer;
        case drop_reason::scion_expired: return switched ? check::second_expiry : check::expiry;
        case drop_reason::scion_wrong_router: return check::entry;
        case drop_reason::scion_bad_mac: return switched ? check::second_mac : check::mac;
        case drop_reason::scion_no_route: return check::egress;
        case drop_reason::scion_link_down: return check::link_up;
        case drop_reason::scion_too_big: return check::mtu;
        case drop_reason::scion_invalid: break;
        default: return check::none;
    }
    switch (step.asked.code) {
        case scmp::unknown_hop_field_ingress:
        case scmp::unknown_hop_field_egress: return check::ingress;
        case scmp::invalid_packet_size: return check::length;
        case scmp::invalid_source_address:
        case scmp::invalid_destination_address: return check::addresses;
        case scmp::invalid_path:
        case scmp::invalid_segment_change: return check::link_types;
        default: return check::none;  // the answer would have been an error to an error
    }
}

// Of those that a packet like this one is put to.
bool applies(check c, const hop_facts& hop, bool from_outside, bool switches, bool delivered) {
    switch (c) {
        case check::ingress: return from_outside;
        case check::entry: return !from_outside && hop.hop != 0;
        case check::second_expiry:
        case check::second_mac: return switches;
        case check::egress:
        case check::link_up: return !delivered;
        case check::link_types: return !delivered && from_outside;
        default: return true;
    }
}

std::string checks_text(const walk_step& step, const hop_facts& hop, bool from_outside,
                        bool switches, bool delivered) {
    const check failed = step.forwarded() ? check::none : failed_check(step, switches);
    if (failed == check::none && step.reason == drop_reason::scion_invalid) {
        return "not all passed";
    }
    std::string passed;
    for (std::size_t n = 0; n < check_names.size() && n < static_cast<std::size_t>(failed); ++n) {
        if (applies(static_cast<check>(n), hop, from_outside, switches, delivered)) {
            passed += (passed.empty() ? "" : ", ") + std::string(check_names[n]);
        }
    }
    std::string text = passed.empty() ? "" : passed + ": passed";
    if (failed != check::none) {
        text += fmt::format("{}{}: FAILED", text.empty() ? "" : "; ",
                            check_names[static_cast<std::size_t>(failed)]);
    }
    return text;
}

std::string hop_text(const hop_facts& hop) {
    const auto interface = [](std::uint16_t id) { return id == 0 ? "-" : std::to_string(id); };
    return fmt::format(
        "{} of {}, in segment {} of {} ({} construction{}); in {}, out {}; good "
        "until {} (ExpTime {})",
        hop.hop, hop.hops, hop.segment, hop.segments, hop.construction ? "along" : "against",
        hop.over_peering ? ", over a peering link" : "", interface(hop.in), interface(hop.out),
        time_text(hop.good_until_ms), hop.exp_time);
}

std::string mac_text(const hop_facts& hop) {
    return hop.mac == hop.right_mac
               ? fmt::format("{} with SegID {:#06x}: right", to_hex(hop.mac), hop.verified_id)
               : fmt::format("{} with SegID {:#06x}: WRONG, by this AS's key it is {}",
                             to_hex(hop.mac), hop.verified_id, to_hex(hop.right_mac));
}

std::string neighbour_text(const link_description& link) {
    constexpr std::array<std::string_view, 5> is{"", "core", "parent", "child", "peer"};
    return fmt::format("{} {}", is[static_cast<std::size_t>(link.type)],
                       scion::to_string(link.neighbour));
}

std::string sibling_text(const network_as& as, const link_description& link) {
    for (const network_router& router : as.routers) {
        if (control::to_string(router.internal) == link.name) {
            return fmt::format("sibling router {} at {}", router.name, link.name);
        }
    }
    return "sibling router " + link.name;
}

std::string came_by(const walker& routers, const walk_step& step) {
    if (!step.link_in) {
        return "no link of this router";
    }
    const link_description& link = routers.router(step.as, step.router).links[*step.link_in];
    switch (link.scope) {
        case link_scope::external:
            return fmt::format("interface {}, from the {}", link.name, neighbour_text(link));
        case link_scope::sibling: return sibling_text(routers.of().ases[step.as], link);
        case link_scope::internal: break;
    }
    return "inside, from the host " + endpoint_text(step.sender);
}

std::string left_by(const walker& routers, const walk_step& step) {
    const link_description& link =
        routers.router(step.as, step.router).links[step.link_out.value_or(0)];
    switch (link.scope) {
        case link_scope::external:
            return fmt::format("interface {}, to the {}", link.name, neighbour_text(link));
        case link_scope::sibling: return sibling_text(routers.of().ases[step.as], link);
        case link_scope::internal: break;
    }
    return "inside, to the host " + endpoint_text(step.receiver);
}

std::string pointer_text(const hop_facts& before, const hop_facts& after) {
    if (before.hop == after.hop) {
        return fmt::format("stays at hop field {}", before.hop);
    }
    return fmt::format("hop field {} -> {}, segment {} -> {}", before.hop, after.hop,
                       before.segment, after.segment);
}

void add_refusal(const walk_step& step, std::vector<word_line>& to) {
    const auto& why = text_of(step.reason);
    if (step.asked.task == slow_task::traceroute) {
        to.push_back(
            {"asked", fmt::format("for a traceroute reply of interface {}", step.asked.interface)});
    } else {
        to.push_back({"refused", fmt::format("{}: {}", why.name, why.sentence)});
    }
    if (step.asked.task == slow_task::scmp_error) {
        std::string text = scmp_text(step.asked.type, step.asked.code);
        if (step.asked.type == scmp::parameter_problem) {
            text += fmt::format(", pointer {}", step.asked.pointer);
        }
        to.push_back({"answer", text});
    }
}

}  // namespace

std::optional<hop_facts> facts_of(std::span<const byte> scion, bool from_outside,
                                  const crypto::cmac_key& key) {
    std::vector<byte> copy(scion.begin(), scion.end());
    const auto found = at_hop(copy);
    if (!found) {
        return std::nullopt;
    }
    const packet& p = *found;
    const hop_view at = p.current();
    hop_facts made;
    made.hop = current_hop(p.meta);
    made.hops = p.hops;
    made.segment = current_info(p.meta);
    made.segments = p.segments;
    made.construction = at.construction();
    made.peering = (at.info[0] & info_peering) != 0;
    made.over_peering = made.peering && is_peering_hop(p, made.hop);
    made.in = at.ingress();
    made.out = at.egress();
    made.exp_time = at.hop[1];
    made.good_until_ms = good_until(at.info, at.hop);
    made.segment_id = segment_id(at.info);
    std::copy_n(mac(at.hop), mac_bytes, made.mac.begin());
    made.verified_id = made.segment_id;
    if (from_outside && !made.construction && !made.over_peering) {
        made.verified_id ^= load_be16(made.mac.data());
    }
    crypto::block input{};
    write_mac_input(input.bytes.data(), made.verified_id, at.info, at.hop);
    const crypto::block tag = crypto::cmac(key, input.bytes);
    std::copy_n(tag.bytes.begin(), mac_bytes, made.right_mac.begin());
    return made;
}

std::vector<word_line> in_words(const walker& routers, const key_ring& keys,
                                const walk_step& step) {
    std::vector<word_line> lines{{"came by", came_by(routers, step)}};
    const setup& self = routers.router(step.as, step.router);
    const bool from_outside =
        step.link_in && self.links[*step.link_in].scope == link_scope::external;
    const crypto::cmac_key& key = keys[step.as].hop;
    const auto before = facts_of(step.before, from_outside, key);
    if (!before) {
        add_refusal(step, lines);
        return lines;
    }
    const bool delivered = destination(step.before.data()) == self.own.isd_as;
    // At a switch, the router checks the next hop field as well. It moves to that one first.
    std::vector<byte> next = step.before;
    const auto after = facts_of(step.after, false, key);
    const bool leaves_as =
        step.link_out && self.links[*step.link_out].scope == link_scope::external;
    const unsigned moved = after ? after->hop - before->hop : 0;
    const bool switched = step.forwarded() ? moved == (leaves_as ? 2U : 1U) : moved == 1;
    lines.push_back({"hop field", hop_text(*before)});
    lines.push_back({"checks", checks_text(step, *before, from_outside, switched, delivered)});
    const check failed = failed_check(step, switched);
    const bool unknown = failed == check::none && step.reason == drop_reason::scion_invalid;
    const bool reached = step.forwarded() || (failed >= check::mac && !unknown);
    if (reached) {
        lines.push_back({"MAC", mac_text(*before)});
    }
    if (switched) {
        const std::size_t meta = common_bytes + address_bytes(next.data());
        const std::uint32_t was = load_be32(&next[meta]);
        store_be32(&next[meta],
                   make_meta(current_info(was) + 1, current_hop(was) + 1, segment_length(was, 0),
                             segment_length(was, 1), segment_length(was, 2)));
        if (const auto second = facts_of(next, false, key)) {
            lines.push_back({"switch", hop_text(*second)});
            lines.push_back({"MAC", mac_text(*second)});
        }
    }
    if (after) {
        // The info field that was in use as the packet left, which the pointer may have left
        // behind.
        const std::size_t segment = switched ? before->segment + 1U : before->segment;
        const std::size_t info =
            common_bytes + address_bytes(step.before.data()) + meta_bytes + segment * info_bytes;
        const auto id_before = segment_id(&step.before[info]);
        const auto id_after = segment_id(&step.after[info]);
        lines.push_back({"SegID", id_before == id_after
                                      ? fmt::format("{:#06x} stays", id_before)
                                      : fmt::format("{:#06x} -> {:#06x}", id_before, id_after)});
        lines.push_back({"pointer", pointer_text(*before, *after)});
    }
    if (step.forwarded()) {
        lines.push_back({"left by", left_by(routers, step)});
    } else {
        add_refusal(step, lines);
    }
    return lines;
}

std::string router_name(const network& of, const walk_step& step) {
    const network_as& as = of.ases[step.as];
    return fmt::format("{} {}", scion::to_string(as.ia), as.routers[step.router].name);
}

std::string time_text(std::uint64_t milliseconds) {
    using namespace std::chrono;
    const sys_time<seconds> at(seconds(static_cast<std::int64_t>(milliseconds / 1000)));
    const auto day = floor<days>(at);
    const year_month_day date(day);
    const hh_mm_ss clock(at - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string endpoint_text(const endpoint& at) {
    return control::to_string(
        control::underlay_endpoint{at.address, at.address_bytes, at.port, {}});
}

std::string scmp_text(std::uint8_t type, std::uint8_t code) {
    std::string_view name;
    switch (type) {
        case scmp::destination_unreachable: name = "destination unreachable"; break;
        case scmp::packet_too_big: name = "packet too big"; break;
        case scmp::external_interface_down: name = "external interface down"; break;
        case scmp::internal_connectivity_down: name = "internal connectivity down"; break;
        case scmp::traceroute_reply: name = "traceroute reply"; break;
        default: break;
    }
    if (type == scmp::parameter_problem) {
        switch (code) {
            case scmp::invalid_packet_size: name = "invalid packet size"; break;
            case scmp::invalid_source_address: name = "invalid source address"; break;
            case scmp::invalid_destination_address: name = "invalid destination address"; break;
            case scmp::invalid_path: name = "invalid path"; break;
            case scmp::unknown_hop_field_ingress: name = "unknown hop field ingress"; break;
            case scmp::unknown_hop_field_egress: name = "unknown hop field egress"; break;
            case scmp::invalid_hop_field_mac: name = "invalid hop field MAC"; break;
            case scmp::path_expired: name = "path expired"; break;
            case scmp::invalid_segment_change: name = "invalid segment change"; break;
            default: name = "parameter problem"; break;
        }
    }
    return fmt::format("SCMP {}/{}{}{}", type, code, name.empty() ? "" : ", ", name);
}

}  // namespace rhumb::scion::paths

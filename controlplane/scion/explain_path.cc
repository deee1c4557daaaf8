// The path of a SCION header: PathMeta, info fields and hop fields, with what follows from where a
// hop field stands; EPIC's fields in front, and one-hop paths.
#include <fmt/format.h>

#include <algorithm>

#include "controlplane/scion/explain_parts.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/crypto/equal.hh"

namespace rhumb::scion::explain {

unsigned path_view::first(unsigned segment) const {
    unsigned hop = 0;
    for (unsigned n = 0; n < segment; ++n) {
        hop += length(n);
    }
    return hop;
}

unsigned path_view::segment_of(unsigned hop) const {
    unsigned segment = 0;
    while (segment + 1 < segments && hop >= first(segment + 1)) {
        ++segment;
    }
    return segment;
}

bool path_view::is_peering(const reader& r, unsigned hop) const {
    if (is_one_hop || segments != 2 || (*r.at(info_at(segment_of(hop))) & info_peering) == 0) {
        return false;
    }
    return hop + 1 == length(0) || hop == length(0);
}

bool path_view::switches_at(const reader& r, unsigned hop) const {
    return hop + 1 < hops && segment_of(hop) != segment_of(hop + 1) && !is_peering(r, hop);
}

unsigned path_view::ingress(const reader& r, unsigned hop) const {
    const byte* const h = r.at(hop_at(hop));
    return is_construction(r, segment_of(hop)) ? construction_ingress(h) : construction_egress(h);
}

unsigned path_view::egress(const reader& r, unsigned hop) const {
    const byte* const h = r.at(hop_at(hop));
    return is_construction(r, segment_of(hop)) ? construction_egress(h) : construction_ingress(h);
}

namespace {

void info_field(const reader& r, const path_view& path, unsigned n, field& in) {
    const std::size_t at = path.info_at(n);
    const byte* const info = r.at(at);
    field& f = add(in, at, info_bytes, fmt::format("info field {}", n), "");
    const bool construction = (info[0] & info_construction) != 0;
    const bool peering = (info[0] & info_peering) != 0;
    f.meaning =
        fmt::format("segment {}, {}{}", n,
                    construction ? "in construction direction" : "against construction direction",
                    peering ? ", with a peering hop" : "");
    f.is_current = !path.is_one_hop && n == current_info(path.meta);
    add_hex(f, at, 1, "Flags", info[0], 2);
    add_number(f, at, 1, "P", peering ? 1 : 0, peering ? "peering" : "");
    add_number(f, at, 1, "C", construction ? 1 : 0, construction ? "construction direction" : "");
    add_hex(f, at + 1, 1, "RSV", info[1], 2);
    add_hex(f, at + 2, 2, "SegID", segment_id(info), 4);
    add_number(f, at + 4, 4, "Timestamp", timestamp(info),
               date_text(std::uint64_t{timestamp(info)} * 1000));
}

// Where a hop field leads, and what of its interfaces is not used here.
std::string travel_text(const reader& r, const path_view& path, unsigned n) {
    const bool after_switch = n > 0 && path.switches_at(r, n - 1);
    const bool is_last = n + 1 == path.hops;
    const unsigned in = path.ingress(r, n);
    const unsigned out = path.egress(r, n);
    std::string text = n == 0         ? "starts here"
                       : after_switch ? "comes from the hop field before, in the same AS"
                                      : fmt::format("enters by {}", in);
    if ((n == 0 || after_switch) && in != 0 && !path.is_peering(r, n)) {
        text += fmt::format(" (not by {})", in);
    }
    if (path.switches_at(r, n)) {
        text += "; goes on with the next hop field, in the same AS";
    } else if (is_last) {
        text += "; ends here";
    } else {
        return text + fmt::format("; leaves by {}{}", out,
                                  path.is_peering(r, n) && n + 1 == path.length(0)
                                      ? ", a peering link"
                                      : "");
    }
    return out != 0 ? text + fmt::format(" (not by {})", out) : text;
}

void alerts(const reader& r, const path_view& path, unsigned n, field& in) {
    const std::size_t at = path.hop_at(n);
    const byte flags = *r.at(at);
    const bool construction = path.is_construction(r, path.segment_of(n));
    for (const bool ingress : {true, false}) {
        const bool is_set = (flags & (ingress ? hop_ingress_alert : hop_egress_alert)) != 0;
        const char* const whose = ingress == construction ? "enters" : "leaves";
        add_number(
            in, at, 1, ingress ? "I" : "E", is_set ? 1 : 0,
            is_set ? fmt::format("alert for the router that the packet {} the AS by", whose) : "");
    }
}

void mac_verdict(const reader& r, const path_view& path, const mac_check& check, unsigned n,
                 field& in) {
    const std::size_t at = path.hop_at(n) + 6;
    std::string meaning = fmt::format("with SegID 0x{:04x}", check.segment_id);
    if (check.taken != place::unknown) {
        meaning += check.taken == place::outside ? ", which the router that it enters the AS by is "
                                                   "still to make of the info field's"
                                                 : ", as in the info field";
    }
    if (!check.is_checked) {
        const bool any_key = !r.how->keys.empty();
        say(in, at, "MAC is", "not checked",
            meaning + (!any_key   ? "; no key is given"
                       : check.as ? "; its AS has no key here"
                                  : "; no key given fits, and its AS is not named"));
        return;
    }
    if (check.as_by_key) {
        meaning += "; the key that fits tells its AS";
    }
    if (!check.is_right) {
        meaning += fmt::format("; right would be {}", to_hex({check.tag.bytes.data(), mac_bytes}));
        if (check.misled_by) {
            meaning += fmt::format(", if hop field {}'s wrong MAC did not stand between",
                                   *check.misled_by);
        } else if (check.is_own_beta) {
            meaning += ", if its first 2 bytes are good: they are in this SegID";
        }
    }
    say(in, at, "MAC is", check.is_right ? "right" : "wrong", std::move(meaning),
        check.is_right ? verdict::right : verdict::wrong);
}

void hop_field(const reader& r, const header_view& header, unsigned n, field& in) {
    const path_view& path = *header.path;
    const mac_check& check = header.macs[n];
    const std::size_t at = path.hop_at(n);
    const byte* const hop = r.at(at);
    const byte* const info = r.at(path.info_at(path.segment_of(n)));
    field& f = add(in, at, hop_bytes, fmt::format("hop field {}", n),
                   check.as ? to_string(*check.as) : "AS not known",
                   fmt::format("segment {}{}", path.segment_of(n),
                               path.is_peering(r, n) ? ", peering hop" : ""));
    f.is_current = !path.is_one_hop && n == path.current();
    say(f, at, "on its way", travel_text(r, path, n));
    add_hex(f, at, 1, "Flags", hop[0], 2);
    alerts(r, path, n, f);
    const std::uint64_t until = good_until(info, hop);
    add_number(f, at + 1, 1, "ExpTime", hop[1],
               span_text((std::uint64_t{hop[1]} + 1) * 337'500) + " from the segment's timestamp");
    add_number(f, at + 2, 2, "ConsIngress", construction_ingress(hop));
    add_number(f, at + 4, 2, "ConsEgress", construction_egress(hop));
    add_bytes(f, r, at + 6, mac_bytes, "MAC");
    const bool is_unfilled = path.is_one_hop && n == 1 &&
                             std::all_of(hop, hop + hop_bytes, [](byte b) { return b == 0; });
    if (is_unfilled) {
        say(f, at, "so", "not filled in yet", "the router that receives it does that");
        return;
    }
    const bool expired = until < r.how->now_ms;
    say(f, at + 1, "good until", date_text(until),
        expired ? fmt::format("expired {} ago", span_text(r.how->now_ms - until))
                : fmt::format("{} are left", span_text(until - r.how->now_ms)),
        expired ? verdict::wrong : verdict::none);
    mac_verdict(r, path, check, n, f);
}

void meta(const path_view& path, field& in) {
    const std::size_t at = path.meta_at;
    const std::uint32_t meta = path.meta;
    field& f = add(in, at, meta_bytes, "PathMeta", fmt::format("0x{:08x}", meta));
    add_number(f, at, 1, "CurrINF", current_info(meta));
    add_number(f, at, 1, "CurrHF", current_hop(meta));
    add_hex(f, at + 1, 1, "RSV", meta >> 18 & 0x3f, 2);
    for (unsigned n = 0; n < most_segments; ++n) {
        // Bits 18 to 12, 12 to 6, and the last 6.
        add_number(f, at + 1 + n, n == 2 ? 1 : 2, fmt::format("Seg{}Len", n),
                   segment_length(meta, n), segment_length(meta, n) == 0 ? "" : "hop fields");
    }
}

// PathMeta's own rules, as routers have them. False: no path can be made of it.
bool check_meta(reader& r, path_view& path, std::size_t end) {
    for (unsigned n = 0; n < most_segments; ++n) {
        const unsigned length = segment_length(path.meta, n);
        if (length != 0 && path.segments != n) {
            r.bad(path.meta_at + 1,
                  fmt::format("Seg{}Len is {}, behind a segment without hop fields", n, length));
            return false;
        }
        path.segments += length != 0 ? 1 : 0;
        path.hops += length;
    }
    if (path.hops > most_hops) {
        r.bad(path.meta_at + 1,
              fmt::format("the segments have {} hop fields; 64 is the most", path.hops));
        return false;
    }
    path.hops_at = path.info_at(path.segments);
    const std::size_t wants = path.hop_at(path.hops) - path.meta_at;
    if (end - path.meta_at < wants) {
        r.bad(end, fmt::format("the path wants {} bytes as PathMeta has it, and the header ends "
                               "after {}",
                               wants, end - path.meta_at));
        return false;
    }
    return true;
}

void list_path(reader& r, header_view& header, std::size_t end, field& in) {
    const path_view& path = *header.path;
    header.macs = check_macs(r, path, load_isd_as(r.at(header.at + source_offset)),
                             load_isd_as(r.at(header.at + destination_offset)));
    for (unsigned n = 0; n < path.segments; ++n) {
        info_field(r, path, n, in);
    }
    for (unsigned n = 0; n < path.hops; ++n) {
        hop_field(r, header, n, in);
        if (path.switches_at(r, n)) {
            say(in, path.hop_at(n + 1), "segment switch", "",
                fmt::format("from segment {} to segment {}, within an AS", path.segment_of(n),
                            path.segment_of(n + 1)));
        } else if (path.is_peering(r, n) && n + 1 < path.hops && n + 1 == path.length(0)) {
            say(in, path.hop_at(n + 1), "peering link", "",
                "from segment 0 to segment 1, between two ASes");
        }
    }
    if (const std::size_t behind = path.hop_at(path.hops); behind < end) {
        add_bytes(in, r, behind, end - behind, "unused",
                  "within HdrLen and behind the path: routers leave it alone");
    }
}

bool one_hop_path(reader& r, header_view& header, std::size_t at, std::size_t end, field& in) {
    if (end - at < one_hop_path_bytes) {
        r.bad(end,
              fmt::format("a one-hop path has 32 bytes, and the header ends after {}", end - at));
        return false;
    }
    header.path = path_view{.scion = header.at,
                            .meta_at = at,
                            .infos_at = at,
                            .hops_at = at + info_bytes,
                            .segments = 1,
                            .hops = 2,
                            .is_one_hop = true};
    list_path(r, header, end, in);
    return true;
}

}  // namespace

bool scion_path(reader& r, header_view& header, std::size_t end, fields& into) {
    const unsigned type = type_of_path(r.at(header.at));
    std::size_t at = header.at + common_bytes + header.addresses_bytes;
    field& f = open(into, at, "SCION path");
    f.bytes = end - at;
    if (type == static_cast<unsigned>(path_type::empty)) {
        f.value = "empty";
        if (end != at) {
            r.bad(at, fmt::format("{} behind the address header, where an empty path has none",
                                  count_of(end - at, "byte")));
        }
        return end == at;
    }
    if (type == static_cast<unsigned>(path_type::one_hop)) {
        f.value = "one-hop";
        return one_hop_path(r, header, at, end, f);
    }
    const bool epic = type == static_cast<unsigned>(path_type::epic);
    if (!epic && type != static_cast<unsigned>(path_type::scion)) {
        r.bad(header.at + 8, fmt::format("PathType {} is unknown; a router drops it", type));
        return false;
    }
    if (end - at < meta_bytes + (epic ? epic_bytes : 0)) {
        r.bad(end, fmt::format("the path ends after {}, before its hop fields",
                               count_of(end - at, "byte")));
        return false;
    }
    at += epic ? epic_bytes : 0;
    path_view path{.scion = header.at,
                   .meta_at = at,
                   .infos_at = at + meta_bytes,
                   .hops_at = at + meta_bytes,
                   .meta = load_be32(r.at(at))};
    const bool is_sound = check_meta(r, path, end);
    if (is_sound) {
        header.path = path;
        header.macs.assign(path.hops, {});
    }
    f.value =
        fmt::format("{}, {}", count_of(path.segments, "segment"), count_of(path.hops, "hop field"));
    meta(path, f);
    if (is_sound) {
        list_path(r, header, end, f);
    }
    if (epic) {
        field front;
        epic_fields(r, header, front);
        f.inside.insert(f.inside.begin(), std::move(front.inside.front()));
    }
    return is_sound;
}

}  // namespace rhumb::scion::explain

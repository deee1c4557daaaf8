#include "tests/support/packet_scion.hh"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <optional>

#include "rhumb/crypto/cmac.hh"
#include "rhumb/wire/bfd.hh"
#include "rhumb/wire/isd_as.hh"
#include "rhumb/wire/scion.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::test {

namespace {

template <std::unsigned_integral T>
void put(packet_bytes& to, T value) {
    to.resize(to.size() + sizeof value);
    store_be(to.data() + to.size() - sizeof value, value);
}
void put(packet_bytes& to, std::span<const byte> more) {
    const std::size_t before = to.size();
    to.resize(before + more.size());
    std::copy(more.begin(), more.end(), to.begin() + static_cast<long>(before));
}

std::uint64_t isd_as_in(const word& w) {
    const auto parsed = scion::parse_isd_as(w.text);
    if (!parsed) {
        throw complaint{w.column, "\"" + w.text + "\" is not an ISD-AS"};
    }
    return parsed->value();
}

struct end_point {
    std::uint64_t isd_as = 0;
    unsigned type = scion::host_ipv4;
    packet_bytes host;
};

// "1-ff00:0:110,10.0.0.1"; as host also an IPv6 address, CS, DS, or svc:NUMBER.
end_point end_in(const word& w) {
    const std::size_t comma = w.text.find(',');
    if (comma == std::string::npos) {
        throw complaint{w.column, "\"" + w.text + "\" is not ISD-AS,HOST"};
    }
    const word host{w.text.substr(comma + 1), w.column + comma + 1};
    end_point end{isd_as_in({w.text.substr(0, comma), w.column}), scion::host_service, {}};
    const auto service = [&](std::uint64_t number) {
        put(end.host, static_cast<std::uint32_t>(number << 16));
    };
    if (host.text == "DS" || host.text == "CS") {
        service(host.text == "DS" ? scion::service_discovery : scion::service_control);
    } else if (host.text.starts_with("svc:")) {
        service(to_number({host.text.substr(4), host.column + 4}, 0xffff, "svc"));
    } else {
        const bool v6 = host.text.find(':') != std::string::npos;
        end.type = v6 ? scion::host_ipv6 : scion::host_ipv4;
        end.host = to_address(host, v6 ? AF_INET6 : AF_INET);
    }
    return end;
}

std::uint64_t now_in(const packet_names& names) {
    const auto found = names.find("now");
    return found == names.end() ? 0 : std::stoull(found->second);
}

// Info field, and what its hop fields need of it.
struct made_segment {
    std::array<byte, scion::info_bytes> info{};
    std::uint16_t id = 0;
    std::optional<std::uint64_t> with;  // the hop whose MAC is in SegID
    std::size_t column = 0;
    unsigned hops = 0;
};

made_segment segment_in(element& e, const packet_names& names) {
    made_segment made;
    const bool forth = e.flag("forth");
    if (forth == e.flag("back")) {
        throw complaint{e.column(), "a segment goes forth or back"};
    }
    made.column = e.column();
    made.info[0] = static_cast<byte>((forth ? scion::info_construction : 0) |
                                     (e.flag("peering") ? scion::info_peering : 0));
    made.id = static_cast<std::uint16_t>(e.number("id", 0xffff).value_or(0));
    made.with = e.number("with", scion::most_hops - 1);
    const std::uint64_t now = now_in(names);
    const std::uint64_t age = e.number("age", 0xffffffff).value_or(0);
    const std::uint64_t made_at = e.number("made", 0xffffffff).value_or(age > now ? 0 : now - age);
    store_be32(&made.info[4], static_cast<std::uint32_t>(made_at));
    e.finish();
    return made;
}

packet_bytes mac_under(const word& key, std::uint16_t id, const byte* info, const byte* hop,
                       const packet_names& names) {
    const auto found = names.find("key " + key.text);
    if (found == names.end()) {
        throw complaint{key.column, "there is no key \"" + key.text + '"'};
    }
    const packet_bytes bytes = to_bytes({found->second, key.column});
    if (bytes.size() != crypto::key_bytes) {
        throw complaint{key.column, "key \"" + key.text + "\" does not have 16 bytes"};
    }
    crypto::cmac_key expanded;
    crypto::expand(expanded, bytes.data());
    crypto::block input{};
    scion::write_mac_input(input.bytes.data(), id, info, hop);
    const crypto::block tag = crypto::cmac(expanded, input.bytes);
    return {tag.bytes.begin(), tag.bytes.begin() + scion::mac_bytes};
}

using hop_field = std::array<byte, scion::hop_bytes>;

hop_field hop_in(element& e, const made_segment& in, const packet_names& names) {
    hop_field made{};
    if (e.size() > 1) {
        const auto [ingress, egress] = e.ends("INTERFACE");
        store_be16(&made[2], static_cast<std::uint16_t>(to_number(ingress, 0xffff, "a hop")));
        store_be16(&made[4], static_cast<std::uint16_t>(to_number(egress, 0xffff, "a hop")));
    }
    made[0] = static_cast<byte>((e.flag("egress-alert") ? scion::hop_egress_alert : 0) |
                                (e.flag("ingress-alert") ? scion::hop_ingress_alert : 0));
    made[1] = static_cast<byte>(e.number("exp", 255).value_or(0));
    const auto id = static_cast<std::uint16_t>(e.number("id", 0xffff).value_or(in.id));
    const auto key = e.option("key");
    const auto given = e.option("mac");
    packet_bytes mac(scion::mac_bytes);
    if (key) {
        mac = mac_under(*key, id, in.info.data(), made.data(), names);
    }
    if (given) {
        mac = to_bytes(*given);
        if (mac.size() != scion::mac_bytes) {
            throw complaint{given->column, "a MAC has six bytes"};
        }
    }
    std::copy(mac.begin(), mac.end(), made.begin() + 6);
    e.finish();
    return made;
}

struct made_path {
    scion::path_type type = scion::path_type::empty;
    packet_bytes bytes;
};

made_path path_in(std::span<element> parts, const packet_names& names) {
    made_path made;
    if (parts.empty()) {
        return made;
    }
    element& head = parts[0];
    const bool one_hop = head.kind() == "one-hop";
    if (!one_hop && head.kind() != "path") {
        throw complaint{head.column(), "before segments and hops stands path or one-hop"};
    }
    made.type = one_hop ? scion::path_type::one_hop : scion::path_type::scion;
    const unsigned at = static_cast<unsigned>(head.number("at", 63).value_or(0));
    const auto info = head.number("info", 3);
    head.finish();
    std::vector<made_segment> segments;
    std::vector<hop_field> hops;
    unsigned current = 0;
    for (element& e : parts.subspan(1)) {
        if (e.kind() == "segment" && segments.size() < scion::most_segments) {
            segments.push_back(segment_in(e, names));
        } else if (e.kind() == "hop" && !segments.empty() && hops.size() < scion::most_hops) {
            current = hops.size() <= at ? static_cast<unsigned>(segments.size()) - 1 : current;
            hops.push_back(hop_in(e, segments.back(), names));
            ++segments.back().hops;
        } else {
            throw complaint{e.column(), e.kind() + " cannot stand here"};
        }
    }
    std::array<unsigned, scion::most_segments> lengths{};
    for (std::size_t n = 0; n < segments.size(); ++n) {
        made_segment& one = segments[n];
        lengths[n] = one.hops;
        std::uint16_t id = one.id;
        if (one.with) {
            if (*one.with >= hops.size()) {
                throw complaint{one.column, "with wants the number of a hop"};
            }
            id = static_cast<std::uint16_t>(id ^ load_be16(&hops[*one.with][6]));
        }
        store_be16(&one.info[2], id);
    }
    if (!one_hop) {
        put(made.bytes, scion::make_meta(static_cast<unsigned>(info.value_or(current)), at,
                                         lengths[0], lengths[1], lengths[2]));
    }
    for (const made_segment& one : segments) {
        put(made.bytes, one.info);
    }
    for (const hop_field& one : hops) {
        put(made.bytes, one);
    }
    if (one_hop && made.bytes.size() != scion::one_hop_path_bytes) {
        throw complaint{head.column(), "a one-hop path has a segment of two hops"};
    }
    return made;
}

}  // namespace

bool is_path_part(std::string_view kind) {
    return kind == "path" || kind == "one-hop" || kind == "segment" || kind == "hop";
}
bool is_scion_extension(std::string_view kind) { return kind == "hbh" || kind == "e2e"; }

unsigned scion_next_header(std::string_view kind) {
    return kind == "udp"    ? scion::next_udp
           : kind == "tcp"  ? scion::next_tcp
           : kind == "scmp" ? scion::next_scmp
           : kind == "bfd"  ? scion::next_bfd
           : kind == "hbh"  ? scion::next_hop_by_hop
           : kind == "e2e"  ? scion::next_end_to_end
                            : scion::next_experiment_1;
}

packet_bytes scion_header(std::span<element> parts, std::size_t payload_bytes,
                          std::string_view next, const packet_names& names) {
    element& e = parts[0];
    const made_path path = path_in(parts.subspan(1), names);
    const auto [from_word, to_word] = e.ends("ISD-AS,HOST");
    const end_point from = end_in(from_word);
    const end_point to = end_in(to_word);
    packet_bytes made;
    put(made, static_cast<std::uint32_t>(e.number("version", 15).value_or(0) << 28 |
                                         e.number("traffic-class", 255).value_or(0) << 20 |
                                         e.number("flow", 0xfffff).value_or(1)));
    made.push_back(static_cast<byte>(e.number("next", 255).value_or(scion_next_header(next))));
    made.push_back(0);
    put(made, static_cast<std::uint16_t>(e.number("length", 0xffff).value_or(payload_bytes)));
    made.push_back(static_cast<byte>(
        e.number("path-type", 255).value_or(static_cast<std::uint64_t>(path.type))));
    made.push_back(static_cast<byte>(to.type << 4 | from.type));
    put(made, std::uint16_t{0});
    put(made, to.isd_as);
    put(made, from.isd_as);
    put(made, to.host);
    put(made, from.host);
    put(made, path.bytes);
    if (made.size() > scion::most_header_bytes) {
        throw complaint{e.column(), "a SCION header has up to 1020 bytes"};
    }
    made[5] = static_cast<byte>(e.number("header-length", 255).value_or(made.size() / 4));
    return made;
}

packet_bytes scion_pseudo_header(element& scion) {
    const auto [from_word, to_word] = scion.ends("ISD-AS,HOST");
    const end_point from = end_in(from_word);
    const end_point to = end_in(to_word);
    packet_bytes made;
    put(made, to.isd_as);
    put(made, from.isd_as);
    put(made, to.host);
    put(made, from.host);
    return made;
}

packet_bytes scion_extension(element& e, std::string_view next) {
    packet_bytes made{static_cast<byte>(scion_next_header(next)), 0};
    for (std::size_t n = 1; n < e.size(); ++n) {
        put(made, to_bytes(e.at(n, "options")));
    }
    if (made.size() % 4 != 0 || made.size() > 1024) {
        throw complaint{e.column(), "options have 2, 6, 10, .. bytes"};
    }
    made[1] = static_cast<byte>(made.size() / 4 - 1);
    return made;
}

packet_bytes scmp_head(element& e) {
    const word& kind = e.at(1, "TYPE/CODE");
    const std::size_t slash = std::min(kind.text.find('/'), kind.text.size() - 1);
    const auto type = static_cast<byte>(
        to_number({kind.text.substr(0, slash), kind.column}, 255, "an SCMP type"));
    const auto code = static_cast<byte>(
        to_number({kind.text.substr(slash + 1), kind.column + slash + 1}, 255, "an SCMP code"));
    packet_bytes made{type, code, 0, 0};
    const auto two = [&](std::string_view name) {
        put(made, static_cast<std::uint16_t>(e.number(name, 0xffff).value_or(0)));
    };
    const auto eight = [&](std::string_view name) {
        put(made, e.number(name, 0xffff).value_or(0));
    };
    const auto isd_as = [&] {
        const auto given = e.option("isd-as");
        put(made, given ? isd_as_in(*given) : std::uint64_t{0});
    };
    switch (type) {
        case scmp::destination_unreachable: put(made, std::uint32_t{0}); break;
        case scmp::packet_too_big: put(made, std::uint16_t{0}), two("mtu"); break;
        case scmp::parameter_problem: put(made, std::uint16_t{0}), two("pointer"); break;
        case scmp::external_interface_down: isd_as(), eight("interface"); break;
        case scmp::internal_connectivity_down: isd_as(), eight("ingress"), eight("egress"); break;
        case scmp::echo_request:
        case scmp::echo_reply: two("id"), two("seq"); break;
        case scmp::traceroute_request:
        case scmp::traceroute_reply: two("id"), two("seq"), isd_as(), eight("interface"); break;
        default: break;
    }
    return made;
}

packet_bytes bfd_packet(element& e) {
    bfd::control_packet what;
    const word& name = e.at(1, "a state");
    const std::array<std::string_view, 4> states{"admin-down", "down", "init", "up"};
    const auto found = std::find(states.begin(), states.end(), name.text);
    if (found == states.end()) {
        throw complaint{name.column, "a BFD state is admin-down, down, init or up"};
    }
    const auto number = [&](std::string_view option, std::uint64_t usual) {
        return static_cast<std::uint32_t>(e.number(option, 0xffffffff).value_or(usual));
    };
    what.state = static_cast<bfd::state>(found - states.begin());
    what.diagnostic = static_cast<bfd::diagnostic>(e.number("diagnostic", 31).value_or(0));
    what.detect_multiplier = static_cast<std::uint8_t>(e.number("multiplier", 255).value_or(3));
    what.my_discriminator = number("my", 0);
    what.your_discriminator = number("your", 0);
    what.desired_min_tx = number("tx", 200'000);
    what.required_min_rx = number("rx", 200'000);
    packet_bytes made(bfd::packet_bytes);
    bfd::store(made.data(), what);
    return made;
}

}  // namespace rhumb::test

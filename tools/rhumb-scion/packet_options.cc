#include "tools/rhumb-scion/packet_options.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "controlplane/scion_paths/packet_writer.hh"
#include "rhumb/wire/scion.hh"

namespace rhumb::scion::tool {

namespace {

// Where the fields of info and hop fields are, in bytes.
struct field {
    std::string_view name;  // as --flip takes it
    std::string_view told;
    bool of_info;
    std::size_t first;
    std::size_t last;
};
constexpr std::array<field, 8> fields{{{"flags", "flags", false, 0, 0},
                                       {"exptime", "ExpTime", false, 1, 1},
                                       {"ingress", "ConsIngress", false, 2, 3},
                                       {"egress", "ConsEgress", false, 4, 5},
                                       {"mac", "MAC", false, 6, 11},
                                       {"segflags", "flags", true, 0, 0},
                                       {"segid", "SegID", true, 2, 3},
                                       {"timestamp", "timestamp", true, 4, 7}}};

// Where info and hop fields of a packet of ours begin.
struct layout {
    explicit layout(const std::vector<byte>& packet)
        : meta(common_bytes + address_bytes(packet.data())) {
        const std::uint32_t lengths = load_be32(&packet[meta]);
        for (unsigned n = 0; n < most_segments; ++n) {
            segments += segment_length(lengths, n) != 0 ? 1U : 0U;
            hops += segment_length(lengths, n);
        }
    }
    [[nodiscard]] std::size_t info(std::size_t n) const {
        return meta + meta_bytes + n * info_bytes;
    }
    [[nodiscard]] std::size_t hop(std::size_t n) const { return info(segments) + n * hop_bytes; }

    std::size_t meta;
    std::size_t segments = 0;
    std::size_t hops = 0;
};

failure no_flip(const std::string& what, const std::vector<byte>& packet) {
    const layout parts(packet);
    return {exit_status::usage,
            fmt::format("--flip {} is no bit of a packet with {} bits, {} hop fields and {} info "
                        "fields; give a number, or mac:HOP, exptime:HOP, ingress:HOP, egress:HOP, "
                        "flags:HOP, segid:SEGMENT, timestamp:SEGMENT or segflags:SEGMENT",
                        what, 8 * packet.size(), parts.hops, parts.segments)};
}

// The bit that a word of --flip means, counted from the packet's first bit, the highest of byte 0.
// By name it is the last bit of the field.
std::size_t bit_of(const std::string& what, const std::vector<byte>& packet) {
    const std::size_t colon = what.find(':');
    const std::string_view number =
        std::string_view(what).substr(colon == std::string::npos ? 0 : colon + 1);
    const auto n = parse_digits(number, 10, 8 * packet.size() - 1);
    if (!n) {
        throw no_flip(what, packet);
    }
    if (colon == std::string::npos) {
        return *n;
    }
    const layout parts(packet);
    for (const field& f : fields) {
        if (f.name == what.substr(0, colon) && *n < (f.of_info ? parts.segments : parts.hops)) {
            return 8 * ((f.of_info ? parts.info(*n) : parts.hop(*n)) + f.last) + 7;
        }
    }
    throw no_flip(what, packet);
}

std::string place_of(std::size_t bit, const std::vector<byte>& packet) {
    const layout parts(packet);
    const std::size_t at = bit / 8;
    for (const field& f : fields) {
        for (std::size_t n = 0; n < (f.of_info ? parts.segments : parts.hops); ++n) {
            const std::size_t start = f.of_info ? parts.info(n) : parts.hop(n);
            if (at >= start + f.first && at <= start + f.last) {
                return fmt::format("the {} of {} field {}", f.told, f.of_info ? "info" : "hop", n);
            }
        }
    }
    return at < common_bytes              ? "the common header"
           : at < parts.meta              ? "the addresses"
           : at < parts.meta + meta_bytes ? "PathMeta"
           : at < parts.hop(parts.hops)   ? "what is reserved"
                                          : "what the path carries";
}

std::vector<byte> data_of(const packet_options& how) {
    std::vector<byte> made(how.data.size() / 2);
    for (std::size_t n = 0; n < made.size(); ++n) {
        const auto digits = parse_digits(std::string_view(how.data).substr(2 * n, 2), 16, 0xff);
        if (!digits) {
            throw failure(exit_status::usage, "--data takes hexadecimal digits");
        }
        made[n] = static_cast<byte>(*digits);
    }
    if (how.data.size() % 2 != 0) {
        throw failure(exit_status::usage, "--data takes two digits a byte");
    }
    if (how.data.empty()) {
        made.assign(how.text.begin(), how.text.end());
    }
    return made;
}

// Asks the router that has `at` for a traceroute reply; by default the last one on the path.
void ask_for_trace(const lab& in, const std::string& at, const paths::path& by,
                   std::vector<byte>& path) {
    const auto wanted = at.empty() ? by.interfaces.back() : in.interface_of(at);
    const auto ases = by.ases_of_hops();
    std::size_t hop = 0;
    for (const paths::path_part& part : by.parts) {
        for (const paths::hop_field& field : part.hops) {
            const std::uint16_t entered = part.construction ? field.ingress : field.egress;
            const std::uint16_t left = part.construction ? field.egress : field.ingress;
            const bool used = std::find(by.interfaces.begin(), by.interfaces.end(), wanted) !=
                              by.interfaces.end();
            if (used && ases[hop] == wanted.ia && (wanted.id == entered || wanted.id == left)) {
                (void)paths::set_alert(path, hop, wanted.id == entered);
                return;
            }
            ++hop;
        }
    }
    throw failure(exit_status::usage,
                  fmt::format("the path does not use {}", paths::to_string(wanted.ia, wanted.id)));
}

}  // namespace

void packet_options::add_to(po::options_description& options) {
    // clang-format off
    options.add_options()
        ("kind", po::value(&kind)->value_name("KIND"), "udp, echo or traceroute (udp)")
        ("at", po::value(&at)->value_name("AS#IF"),
         "traceroute: the interface that is to answer (the path's last)")
        ("text", po::value(&text)->value_name("TEXT"), "what it carries")
        ("data", po::value(&data)->value_name("HEX"), "the same as hexadecimal digits")
        ("from-port", po::value(&from_port)->value_name("N"),
         "UDP; of echo and traceroute, the identifier (31000)")
        ("to-port", po::value(&to_port)->value_name("N"), "UDP (31000)")
        ("flow", po::value(&flow)->value_name("N"), "FlowID (1)")
        ("class", po::value(&traffic_class)->value_name("N"), "TrafficClass (0)")
        ("flip", po::value(&flips)->value_name("BIT"),
         "change a bit: a number from the SCION header's first bit on, or a field's last bit: "
         "mac:HOP, exptime:HOP, ingress:HOP, egress:HOP, flags:HOP, segid:SEGMENT, "
         "timestamp:SEGMENT, segflags:SEGMENT; more than once");
    // clang-format on
}

packet_options::made packet_options::packet(const lab& in, std::size_t from, std::size_t to,
                                            const paths::path& by) const {
    paths::packet_description what;
    what.from = in.of.ases[from].ia;
    what.to = in.of.ases[to].ia;
    what.source = in.of.ases[from].host;
    what.source.port = from_port;
    what.destination = in.of.ases[to].host;
    what.destination.port = to_port;
    what.path = by.bytes();
    if (flow > 0xfffff || traffic_class > 0xff) {
        throw failure(exit_status::usage, "FlowID has 20 bits, and TrafficClass 8");
    }
    what.flow = flow;
    what.traffic_class = static_cast<std::uint8_t>(traffic_class);
    what.data = data_of(*this);
    if (kind == "echo") {
        what.kind = paths::payload_kind::echo;
    } else if (kind == "traceroute") {
        what.kind = paths::payload_kind::traceroute;
        ask_for_trace(in, at, by, what.path);
    } else if (kind != "udp") {
        throw failure(exit_status::usage, "--kind is udp, echo or traceroute");
    }
    const auto whole = value_or_failure(paths::write_packet(what), exit_status::usage);
    made out{whole, {}};
    for (const std::string& flip : flips) {
        // A flipped bit may change the lengths in PathMeta: all are found in the whole packet.
        const std::size_t bit = bit_of(flip, whole);
        out.scion[bit / 8] ^= static_cast<byte>(0x80 >> bit % 8);
        out.flipped.push_back(fmt::format("bit {} is flipped, in {}", bit, place_of(bit, whole)));
    }
    return out;
}

const paths::path& choose_path(const std::vector<paths::path>& all, std::uint64_t number) {
    if (all.empty()) {
        throw failure(exit_status::refused, "there is no path");
    }
    if (number == 0 || number > all.size()) {
        throw failure(exit_status::usage,
                      fmt::format("--path {}: there are paths 1 to {}", number, all.size()));
    }
    return all[number - 1];
}

}  // namespace rhumb::scion::tool

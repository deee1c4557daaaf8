#include "tests/support/scion_rig.hh"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include "dataplane/scion/stage.hh"
#include "rhumb/checksum.hh"
#include "rhumb/packet/lane.hh"
#include "rhumb/table/stage_context.hh"
#include "rhumb/wire/scion.hh"

namespace rhumb::test {

std::vector<byte> from_hex(std::string_view hex) {
    std::vector<byte> bytes;
    for (std::size_t n = 0; n + 1 < hex.size(); n += 2) {
        bytes.push_back(static_cast<byte>(std::stoul(std::string(hex.substr(n, 2)), nullptr, 16)));
    }
    return bytes;
}

std::string to_hex(std::span<const byte> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const byte b : bytes) {
        hex += digits[b >> 4];
        hex += digits[b & 15];
    }
    return hex;
}

scion::endpoint endpoint_of(const std::string& address, unsigned port) {
    scion::endpoint made;
    made.port = static_cast<std::uint16_t>(port);
    made.address_bytes = address.find(':') == std::string::npos ? 4 : 16;
    const int family = made.address_bytes == 4 ? AF_INET : AF_INET6;
    if (inet_pton(family, address.c_str(), made.address.data()) != 1) {
        throw std::invalid_argument(address);
    }
    return made;
}

std::uint64_t isd_as_of(const std::string& text) {
    const std::size_t dash = text.find('-');
    std::uint64_t as = 0;
    std::size_t at = dash + 1;
    for (int group = 0; group < 3; ++group) {
        const std::size_t end = std::min(text.find(':', at), text.size());
        as = as << 16 | std::stoul(text.substr(at, end - at), nullptr, 16);
        at = end + 1;
    }
    return std::stoull(text.substr(0, dash)) << 48 | as;
}

scion::link_type link_type_of(const std::string& text) {
    using enum scion::link_type;
    return text == "core"     ? core
           : text == "parent" ? parent
           : text == "child"  ? child
           : text == "peer"   ? peer
                              : none;
}

std::vector<byte> udp_packet(const scion::endpoint& from, const scion::endpoint& to,
                             std::span<const byte> payload) {
    scion::link by;
    scion::set_outer(by, from, to);
    return scion::underlay_packet(by, nullptr, payload);
}

namespace {

std::size_t header_of(std::span<const byte> packet) {
    return packet[0] >> 4 == 4 ? ipv4::header_bytes(packet.data()) : ipv6::header_bytes;
}

}  // namespace

std::span<const byte> scion_outcome::payload() const {
    return std::span(packet).subspan(header_of(packet) + scion::udp_bytes);
}

scion::endpoint scion_outcome::destination() const {
    const bool v4 = packet[0] >> 4 == 4;
    scion::endpoint to;
    to.address_bytes = v4 ? 4 : 16;
    std::copy_n(&packet[v4 ? 16 : 24], to.address_bytes, to.address.begin());
    to.port = load_be16(&packet[header_of(packet) + 2]);
    return to;
}

std::string what_is_wrong_with(std::span<const byte> packet) {
    const bool v4 = packet[0] >> 4 == 4;
    const std::size_t header = header_of(packet);
    const std::span<const byte> udp = packet.subspan(header);
    if (v4 && (ipv4::total_length(packet.data()) != packet.size() ||
               !ipv4::checksum_holds(packet.data()))) {
        return "IPv4 length or checksum";
    }
    if (!v4 && ipv6::payload_length(packet.data()) != udp.size()) {
        return "IPv6 length";
    }
    if (load_be16(&udp[4]) != udp.size()) {
        return "UDP length";
    }
    if (v4 && load_be16(&udp[6]) == 0) {
        return {};
    }
    const std::size_t addresses = v4 ? 12 : 8;
    const std::uint64_t sum = checksum_sum(&packet[addresses], header - addresses) +
                              std::uint64_t{17} + udp.size() + checksum_sum(udp.data(), udp.size());
    return checksum_fold(sum) == 0xffff ? "" : "UDP checksum";
}

bool layer4_checksum_holds(std::span<const byte> scion) {
    const byte* const h = scion.data();
    const std::span<const byte> message = scion.subspan(scion::header_bytes(h));
    const std::uint64_t sum = checksum_sum(h + scion::destination_offset, scion::address_bytes(h)) +
                              message.size() + scion::next_header(h) +
                              checksum_sum(message.data(), message.size());
    return checksum_fold(sum) == 0xffff;
}

scion_rig::scion_rig(std::uint64_t isd_as, std::span<const byte> key,
                     const scion::endpoint& internal)
    : internal_(internal) {
    crypto::expand(key_, key.data());
    own.isd_as = isd_as;
    own.key = &key_;
    own.links.emplace_back();
    scion::endpoint anybody;
    anybody.address_bytes = internal.address_bytes;
    scion::set_outer(own.links[0], internal, anybody);
    own.links[0].neighbour = isd_as;
    own.finder.set_internal(internal);
    own.interfaces[0] = scion::table::pack(0, scion::link_type::none);
}

std::uint16_t scion_rig::add_external(std::uint16_t interface, scion::link_type type,
                                      const scion::endpoint& local, const scion::endpoint& remote,
                                      std::uint64_t neighbour) {
    const auto number = static_cast<std::uint16_t>(own.links.size());
    scion::link& made = own.links.emplace_back();
    scion::set_outer(made, local, remote);
    made.scope = scion::link_scope::external;
    made.interface = interface;
    made.neighbour = neighbour;
    own.finder.add(local, remote, number);
    own.interfaces[interface] = scion::table::pack(number, type);
    add_neighbour(interface, neighbour);
    return number;
}

std::uint16_t scion_rig::add_sibling(std::uint16_t interface, scion::link_type type,
                                     const scion::endpoint& address, std::uint64_t neighbour) {
    const auto [known, is_new] =
        siblings_.emplace(to_hex(address.address) + ' ' + std::to_string(address.port),
                          static_cast<std::uint16_t>(own.links.size()));
    if (is_new) {
        scion::link& made = own.links.emplace_back();
        scion::set_outer(made, internal_, address);
        made.scope = scion::link_scope::sibling;
        made.neighbour = own.isd_as;
        own.finder.add(internal_, address, known->second);
    }
    own.interfaces[interface] = scion::table::pack(known->second, type);
    add_neighbour(interface, neighbour);
    return known->second;
}

void scion_rig::add_neighbour(std::uint16_t interface, std::uint64_t neighbour) {
    own.neighbours.push_back({interface, neighbour});
    std::sort(own.neighbours.begin(), own.neighbours.end(),
              [](const auto& a, const auto& b) { return a.interface < b.interface; });
}

void scion_rig::set_former_key(std::span<const byte> key) {
    crypto::expand(former_key_, key.data());
    own.former_key = &former_key_;
}

namespace {

// Every IPv4 address is by the same route.
class default_route {
public:
    default_route() {
        if (!prefixes_.set({family::ipv4, 0, {}}, 1)) {
            throw std::bad_alloc();
        }
        retired_list none;
        tables_.ipv4 = prefixes_.commit(none);
    }
    [[nodiscard]] table_set tables_by(const route& way) {
        routes_.edit(1) = way;
        retired_list none;
        tables_.routes = routes_.commit(none);
        return tables_;
    }

private:
    table_set tables_;
    lpm_pool pool_;
    lpm_table prefixes_{pool_, family::ipv4};
    route_table routes_{2};
};

scion_outcome outcome_of(const burst& b, std::size_t i, lanes& uncovered) {
    scion_outcome out;
    out.fate = b.fate[i];
    if (b.fate[i] == verdict::again) {  // in the lane of IPv4 or IPv6, to be forwarded
        const lane_list& mine = uncovered.of(b.kind[i]);
        const bool waits = std::count(mine.index.begin(), mine.index.begin() + mine.count,
                                      static_cast<std::uint8_t>(i)) == 1;
        out.fate = waits ? verdict::forward : verdict::again;
    } else if (b.fate[i] == verdict::forward) {  // the short way
        const bool right = b.nexthop[i] == scion_rig::nexthop && b.kind[i] == protocol::ipv4;
        out.fate = right ? verdict::forward : verdict::again;
    } else {
        out.reason = b.reason[i];
    }
    if (out.fate == verdict::slow) {
        out.asked = b.slow[i];
    }
    if (out.fate == verdict::forward || out.fate == verdict::slow) {
        out.packet.assign(b.front[i], b.end[i]);
    }
    return out;
}

template <class Trace>
std::vector<scion_outcome> run_stage(burst& b, const std::vector<std::vector<byte>>& packets,
                                     std::size_t headroom, const stage_context& context,
                                     Trace& trace, std::size_t& short_ways) {
    // Headroom and packet, so that AddressSanitizer knows where a packet ends.
    std::vector<std::vector<byte>> buffers;
    std::vector<std::uint8_t> all;
    b.count = static_cast<std::uint16_t>(packets.size());
    b.start();
    for (std::size_t i = 0; i < packets.size(); ++i) {
        std::vector<byte>& buffer = buffers.emplace_back(headroom, byte{0xa5});
        buffer.insert(buffer.end(), packets[i].begin(), packets[i].end());
        buffer.shrink_to_fit();
        b.put(i, buffer.data() + headroom, packets[i].size(), headroom);
        b.kind[i] = protocol::scion;
        all.push_back(static_cast<std::uint8_t>(i));
    }
    lanes uncovered;
    scion::stage::process(b, all, context, uncovered, trace);

    std::vector<scion_outcome> outcomes;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        short_ways += b.fate[i] == verdict::forward ? 1U : 0U;
        outcomes.push_back(outcome_of(b, i, uncovered));
    }
    return outcomes;
}

}  // namespace

std::vector<scion_outcome> scion_rig::run_all(const std::vector<std::vector<byte>>& packets) {
    static default_route everywhere;
    own.finish();
    table_set tables = everywhere.tables_by(underlay);
    tables.scion = &own;
    std::size_t none = 0;
    trace_log& trace = traced != nullptr ? *traced : *own_trace_;
    trace.clear();
    auto outcomes = run_stage(*burst_, packets, headroom,
                              {tables, live, long_way_counters_, now_ms}, trace, none);
    no_trace untraced;
    const auto again = run_stage(*burst_, packets, headroom, {tables, live, counters, now_ms},
                                 untraced, short_ways);
    if (outcomes != again || none != 0) {
        throw std::logic_error("the short way does not do what the long way does");
    }
    const std::size_t counted = own.links.size() * sizeof(scion_counters);
    if (std::memcmp(counters.scion_links.data(), long_way_counters_.scion_links.data(), counted) !=
        0) {
        throw std::logic_error("the short way does not count what the long way counts");
    }
    return outcomes;
}

std::optional<std::vector<byte>> scion_rig::reply(const scion_outcome& handed,
                                                  bool authenticate) const {
    scion::reply_options how;
    how.authenticate = authenticate;
    how.now_ns = now_ms * 1'000'000;
    return scion::make_reply(own, handed.asked, handed.packet, how);
}

}  // namespace rhumb::test

#include "dataplane/ip/stage.hh"

#include <algorithm>
#include <array>
#include <cstddef>

#include "rhumb/packet/flow_hash.hh"
#include "rhumb/packet/impose.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::ip {

namespace {

// What differs between the two versions, under one set of names.

struct v4 {
    static constexpr drop_reason no_route = drop_reason::ipv4_no_route;
    static constexpr drop_reason expired = drop_reason::ipv4_ttl_expired;

    // none, or why the packet is not to be forwarded. `packet_bytes` becomes the packet's own
    // length, without the padding of a short Ethernet frame.
    static drop_reason check(const byte* ip, std::size_t length,
                             std::size_t& packet_bytes) noexcept {
        if (length < ipv4::min_header_bytes) {
            return drop_reason::ipv4_truncated;
        }
        const std::size_t header = ipv4::header_bytes(ip);
        packet_bytes = ipv4::total_length(ip);
        if (ipv4::version(ip) != 4 || header < ipv4::min_header_bytes || packet_bytes < header) {
            return drop_reason::ipv4_bad_header;
        }
        if (packet_bytes > length) {
            return drop_reason::ipv4_truncated;
        }
        if (!ipv4::checksum_holds(ip)) {
            return drop_reason::ipv4_bad_checksum;
        }
        return ipv4::is_martian(ipv4::source(ip)) || ipv4::is_martian(ipv4::destination(ip))
                   ? drop_reason::ipv4_martian
                   : drop_reason::none;
    }
    static const lpm_view& prefixes(const table_set& tables) noexcept { return tables.ipv4; }
    static const byte* destination(const byte* ip) noexcept { return ipv4::destination_bytes(ip); }
    static unsigned ttl(const byte* ip) noexcept { return ipv4::ttl(ip); }
    static void set_ttl(byte* ip, unsigned ttl) noexcept { ipv4::set_ttl(ip, ttl); }
    static unsigned precedence(const byte* ip) noexcept { return ipv4::precedence(ip); }
};

struct v6 {
    static constexpr drop_reason no_route = drop_reason::ipv6_no_route;
    static constexpr drop_reason expired = drop_reason::ipv6_hop_limit_expired;

    static drop_reason check(const byte* ip, std::size_t length,
                             std::size_t& packet_bytes) noexcept {
        if (length < ipv6::header_bytes) {
            return drop_reason::ipv6_truncated;
        }
        if (ipv6::version(ip) != 6) {
            return drop_reason::ipv6_bad_header;
        }
        packet_bytes = ipv6::header_bytes + ipv6::payload_length(ip);
        if (packet_bytes > length) {
            return drop_reason::ipv6_truncated;
        }
        return ipv6::is_martian(ipv6::source_bytes(ip)) ||
                       ipv6::is_martian(ipv6::destination_bytes(ip))
                   ? drop_reason::ipv6_martian
                   : drop_reason::none;
    }
    static const lpm_view& prefixes(const table_set& tables) noexcept { return tables.ipv6; }
    static const byte* destination(const byte* ip) noexcept { return ipv6::destination_bytes(ip); }
    static unsigned ttl(const byte* ip) noexcept { return ipv6::hop_limit(ip); }
    static void set_ttl(byte* ip, unsigned ttl) noexcept { ipv6::set_hop_limit(ip, ttl); }
    static unsigned precedence(const byte* ip) noexcept { return ipv6::precedence(ip); }
};

// The TTL to leave with; 0 if it has expired. RFC 3443: where a uniform pop has taken this node's
// one already, the smaller of the two holds.
template <class Version>
unsigned ttl_left(const burst& b, std::size_t i) noexcept {
    const unsigned own = Version::ttl(b.front[i]);
    return b.ttl_taken[i] ? std::min<unsigned>(own, b.ttl[i]) : own - (own != 0 ? 1 : 0);
}

// Imposes the route's segment list, if it has one, and names the next hop.
template <class Version, class Trace>
void forward(burst& b, std::size_t i, const route& way, unsigned ttl, const stage_context& context,
             Trace& trace) noexcept {
    const bool labelled = way.list != route::no_list;
    const segment_list& list = context.tables.lists[labelled ? way.list : 0];
    const path chosen = choose_path(context, labelled ? list.via : way.via, i, trace, [&] {
        return flow_hash_ip(context.tables.hash_seed, b.front[i], b.length(i));
    });
    Version::set_ttl(b.front[i], ttl);
    if (labelled) {
        const unsigned tc = way.sets_tc ? way.tc : Version::precedence(b.front[i]);
        if (!impose_labels(b, i, list.labels.data(), list.count, tc, way.pipe ? 255 : ttl)) {
            return;
        }
        trace.note(i, step::labels_pushed, list.count, load_be32(b.front[i]));
    }
    b.nexthop[i] = chosen.nexthop;
    b.fate[i] = verdict::forward;
}

template <class Version, class Trace>
void process_version(burst& b, lane packets, const stage_context& context,
                     Trace& trace) noexcept {
    // Checks first, so that the loads of the lookups overlap.
    lane_list good;
    std::array<const byte*, burst::capacity> destinations;
    for (const std::size_t i : packets) {
        std::size_t packet_bytes = 0;
        const drop_reason bad = Version::check(b.front[i], b.length(i), packet_bytes);
        if (bad != drop_reason::none) [[unlikely]] {
            b.drop(i, bad);
            continue;
        }
        b.end[i] = b.front[i] + packet_bytes;
        destinations[good.count] = Version::destination(b.front[i]);
        good.add(i);
    }
    std::array<std::uint32_t, burst::capacity> routes;
    Version::prefixes(context.tables).lookup(destinations.data(), routes.data(), good.count);
    for (std::size_t n = 0; n < good.count; ++n) {
        const std::size_t i = good.index[n];
        const unsigned ttl = ttl_left<Version>(b, i);
        if (routes[n] == 0) [[unlikely]] {
            b.drop(i, Version::no_route);
            continue;
        }
        trace.note(i, step::route_found, routes[n]);
        context.counters.prefixes[routes[n]].add(b.length(i));
        if (ttl == 0) [[unlikely]] {
            b.punt(i, Version::expired);
            continue;
        }
        trace.note(i, step::ttl_taken, Version::ttl(b.front[i]), ttl);
        forward<Version>(b, i, context.tables.routes[routes[n]], ttl, context, trace);
    }
}

}  // namespace

template <class Trace>
void ipv4_stage::process(burst& b, lane packets, const stage_context& context,
                         lanes&, Trace& trace) noexcept {
    process_version<v4>(b, packets, context, trace);
}

template <class Trace>
void ipv6_stage::process(burst& b, lane packets, const stage_context& context,
                         lanes&, Trace& trace) noexcept {
    process_version<v6>(b, packets, context, trace);
}

template void ipv4_stage::process(burst&, lane, const stage_context&, lanes&, no_trace&) noexcept;
template void ipv4_stage::process(burst&, lane, const stage_context&, lanes&, trace_log&) noexcept;
template void ipv6_stage::process(burst&, lane, const stage_context&, lanes&, no_trace&) noexcept;
template void ipv6_stage::process(burst&, lane, const stage_context&, lanes&, trace_log&) noexcept;

}  // namespace rhumb::ip

#include "dataplane/ip/stage.hh"

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include "dataplane/ip/prepare.hh"
#include "rhumb/packet/flow_hash.hh"
#include "rhumb/packet/impose.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::ip {

namespace {

// A table by first byte of an address.
template <class Test>
constexpr std::array<std::uint8_t, 256> suspects(Test test) noexcept {
    std::array<std::uint8_t, 256> table{};
    for (std::uint32_t first = 0; first < 256; ++first) {
        table[first] = test(first) ? 1 : 0;
    }
    return table;
}

// What differs between the two versions, under one set of names.

struct v4 {
    static constexpr std::size_t header_bytes = ipv4::min_header_bytes;
    static constexpr drop_reason no_route = drop_reason::ipv4_no_route;
    static constexpr drop_reason expired = drop_reason::ipv4_ttl_expired;

    // none, or why the packet is not to be forwarded. `packet_bytes` becomes the packet's own
    // length, without the padding of a short Ethernet frame.
    [[gnu::always_inline]] static drop_reason check(const byte* ip, std::size_t length,
                                                    std::size_t& packet_bytes) noexcept {
        if (length < ipv4::min_header_bytes) [[unlikely]] {
            return drop_reason::ipv4_truncated;
        }
        packet_bytes = ipv4::total_length(ip);
        if (ip[0] != 0x45 || packet_bytes < ipv4::min_header_bytes || packet_bytes > length ||
            !checksum_holds_20(ip) || (suspect[ip[12]] | suspect[ip[16]]) != 0) [[unlikely]] {
            return check_rest(ip, length, packet_bytes);
        }
        return drop_reason::none;
    }
    // The same for a header with options, or with something wrong.
    [[gnu::noinline]] static drop_reason check_rest(const byte* ip, std::size_t length,
                                                    std::size_t packet_bytes) noexcept {
        const std::size_t header = ipv4::header_bytes(ip);
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
    // By first byte: whether the address may be a martian.
    static constexpr auto suspect = suspects([](std::uint32_t first) {
        return ipv4::is_martian(first << 24) || first == 0xa9;  // 169.254/16
    });
    static bool is_for_control(const byte*, drop_reason) noexcept { return false; }
    static const lpm_view& prefixes(const table_set& tables) noexcept { return tables.ipv4; }
    static const byte* destination(const byte* ip) noexcept { return ipv4::destination_bytes(ip); }
    static unsigned ttl(const byte* ip) noexcept { return ipv4::ttl(ip); }
    static void lower_ttl(byte* ip, unsigned hops) noexcept { ipv4::lower_ttl(ip, hops); }
    static unsigned precedence(const byte* ip) noexcept { return ipv4::precedence(ip); }
};

struct v6 {
    static constexpr std::size_t header_bytes = ipv6::header_bytes;
    static constexpr drop_reason no_route = drop_reason::ipv6_no_route;
    static constexpr drop_reason expired = drop_reason::ipv6_hop_limit_expired;

    [[gnu::always_inline]] static drop_reason check(const byte* ip, std::size_t length,
                                                    std::size_t& packet_bytes) noexcept {
        if (length < ipv6::header_bytes) [[unlikely]] {
            return drop_reason::ipv6_truncated;
        }
        packet_bytes = ipv6::header_bytes + ipv6::payload_length(ip);
        if (ipv6::version(ip) != 6 || packet_bytes > length ||
            (suspect[ip[8]] | suspect[ip[24]]) != 0) [[unlikely]] {
            return check_rest(ip, length, packet_bytes);
        }
        return drop_reason::none;
    }
    [[gnu::noinline]] static drop_reason check_rest(const byte* ip, std::size_t length,
                                                    std::size_t packet_bytes) noexcept {
        if (ipv6::version(ip) != 6) {
            return drop_reason::ipv6_bad_header;
        }
        if (packet_bytes > length) {
            return drop_reason::ipv6_truncated;
        }
        return ipv6::is_martian(ipv6::source_bytes(ip)) ||
                       ipv6::is_martian(ipv6::destination_bytes(ip))
                   ? drop_reason::ipv6_martian
                   : drop_reason::none;
    }
    static constexpr auto suspect = suspects([](std::uint32_t first) {
        return first == 0x00 || first == 0xfe || first == 0xff;  // ::, ::1, fe80::/10, ff00::/8
    });
    // Neighbours speak from link-local addresses (RFC 4861 section 4); the packet is whole.
    static bool is_for_control(const byte* ip, drop_reason bad) noexcept {
        constexpr unsigned icmp = 58;
        constexpr unsigned from_the_link = 255;
        return bad == drop_reason::ipv6_martian && ipv6::next_header(ip) == icmp &&
               ipv6::hop_limit(ip) == from_the_link;
    }
    static const lpm_view& prefixes(const table_set& tables) noexcept { return tables.ipv6; }
    static const byte* destination(const byte* ip) noexcept { return ipv6::destination_bytes(ip); }
    static unsigned ttl(const byte* ip) noexcept { return ipv6::hop_limit(ip); }
    static void lower_ttl(byte* ip, unsigned hops) noexcept {
        ipv6::set_hop_limit(ip, ipv6::hop_limit(ip) - hops);
    }
    static unsigned precedence(const byte* ip) noexcept { return ipv6::precedence(ip); }
};

// Writes the TTL to leave with into the header and returns it; 0, and nothing written, if it has
// expired. RFC 3443: where a uniform pop has taken this node's one already, the smaller of the two
// holds.
template <class Version>
[[gnu::always_inline]] inline unsigned take_ttl(const burst& b, std::size_t i, byte* ip) noexcept {
    const unsigned own = Version::ttl(ip);
    if (b.ttl[i] == 0) {
        if (own <= 1) [[unlikely]] {
            return 0;
        }
        Version::lower_ttl(ip, 1);
        return own - 1;
    }
    const unsigned left = std::min<unsigned>(own, b.ttl[i]);
    if (left != 0) [[likely]] {
        Version::lower_ttl(ip, own - left);
    }
    return left;
}

// One of several paths, by the flow's hash.
template <class Trace>
[[nodiscard, gnu::noinline]] path choose(burst& b, std::size_t i, via_ref via,
                                         const stage_context& context, Trace& trace) noexcept {
    return choose_path(context, via, i, trace, [&] {
        return flow_hash_ip(context.tables.hash_seed, b.front[i], b.length(i));
    });
}

constexpr nexthop_id no_hop = 0xffffffff;

// A route with a segment list: the packet gets the labels. The list's next hop, or no_hop and the
// packet is dropped.
template <class Version, class Trace>
[[nodiscard, gnu::always_inline]] inline nexthop_id impose(burst& b, std::size_t i,
                                                           const route& way, unsigned ttl,
                                                           const stage_context& context,
                                                           Trace& trace) noexcept {
    std::uint32_t number = way.list;
    nexthop_id hop = no_hop;
    if (number == route::by_path) [[unlikely]] {
        const path chosen = choose(b, i, way.via, context, trace);
        if (chosen.out == path::no_label) {
            return chosen.nexthop;
        }
        number = chosen.out;
        hop = chosen.nexthop;
    } else {
        const via_ref via = context.tables.lists[number].via;
        hop = Trace::on || via.is_group() ? choose(b, i, via, context, trace).nexthop : via.id();
    }
    const segment_list& list = context.tables.lists[number];
    const unsigned tc = way.sets_tc ? way.tc : Version::precedence(b.front[i]);
    if (!impose_labels(b, i, list.labels, list.count, tc, way.pipe ? 255 : ttl)) [[unlikely]] {
        return no_hop;
    }
    trace.note(i, step::labels_pushed, list.count, load_be32(b.front[i]));
    return hop;
}

// A packet for one of this router's own addresses, for a host that is to be found first, or for
// nobody.
template <class Version>
[[gnu::noinline]] void arrive(burst& b, std::size_t i, const route& way,
                              lanes& uncovered) noexcept {
    if (way.list == route::local) {
        b.kind[i] = protocol::scion;
        uncovered.add(protocol::scion, i);
    } else if (way.list == route::discard) {
        b.drop(i, drop_reason::discard_route);
    } else if (take_ttl<Version>(b, i, b.front[i]) == 0) {
        b.punt(i, Version::expired);
    } else {
        b.ask(i, drop_reason::neighbour_unresolved, {slow_task::resolve, 0, 0, 0, 0, 0});
    }
}

// The rest of the way of a packet whose header is checked and has its TTL.
template <class Version, class Trace>
[[gnu::always_inline]] inline void send(burst& b, std::size_t i, const route& way, unsigned ttl,
                                        const stage_context& context, Trace& trace) noexcept {
    nexthop_id hop = way.via.id();
    if (way.list != route::no_list) {
        hop = impose<Version>(b, i, way, ttl, context, trace);
        if (hop == no_hop) [[unlikely]] {
            return;
        }
    } else if (Trace::on || way.via.is_group()) {
        hop = choose(b, i, way.via, context, trace).nexthop;
    }
    b.nexthop[i] = hop;
    b.fate[i] = verdict::forward;
}

// One packet's way from its header to a next hop. `find(i, destination)` gives its route.
template <class Version, class Find, class Trace>
[[gnu::always_inline]] inline void forward(burst& b, std::size_t i, const stage_context& context,
                                           const Find find, const route_table::view routes,
                                           counter* const counters, lanes& uncovered,
                                           Trace& trace) noexcept {
    byte* const ip = b.front[i];
    std::size_t packet_bytes = 0;
    if (const drop_reason bad = Version::check(ip, b.length(i), packet_bytes);
        bad != drop_reason::none) [[unlikely]] {
        return Version::is_for_control(ip, bad) ? b.punt(i, bad) : b.drop(i, bad);
    }
    b.end[i] = ip + packet_bytes;  // without padding
    const std::uint32_t id = find(i, Version::destination(ip));
    if (id == 0) [[unlikely]] {
        return b.drop(i, Version::no_route);
    }
    trace.note(i, step::route_found, id);
    counters[id].add(packet_bytes);
    const route& way = routes[id];
    if (way.ends_here()) [[unlikely]] {
        if (way.is_own()) {
            trace.note(i, step::to_protocol, static_cast<std::uint32_t>(protocol::scion));
        }
        return arrive<Version>(b, i, way, uncovered);
    }
    const unsigned old_ttl = Version::ttl(ip);
    const unsigned ttl = take_ttl<Version>(b, i, ip);
    if (ttl == 0) [[unlikely]] {
        return b.punt(i, Version::expired);
    }
    trace.note(i, step::ttl_taken, old_ttl, ttl);
    send<Version>(b, i, way, ttl, context, trace);
}

// One of a burst that all but it went another way.
template <class Find>
[[gnu::noinline]] void forward_alone(burst& b, std::size_t i, const stage_context& context,
                                     const Find find, const route_table::view routes,
                                     counter* const counters, lanes& uncovered,
                                     no_trace& trace) noexcept {
    forward<v4>(b, i, context, find, routes, counters, uncovered, trace);
}

// The same for a whole burst of IPv4 whose headers `prepare` looks at together.
template <class Find>
[[gnu::noinline]] void forward_prepared(burst& b, prepare_function prepare,
                                        const stage_context& context, const Find find,
                                        const route_table::view routes, counter* const counters,
                                        lanes& uncovered, no_trace& trace) noexcept {
    prepared all;
    prepare(b, all);
    // The address of this router's own that came last: tunnels end there, so it is likely to come
    // again, and need not be looked up then. At first one that no packet has (it is a martian).
    std::uint32_t own_address = 0;
    std::uint32_t own_route = 0;
    const std::size_t count = b.count;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t ttl_word = all.ttl_word[i];
        if (ttl_word == 0) [[unlikely]] {
            forward_alone(b, i, context, find, routes, counters, uncovered, trace);
            continue;
        }
        byte* const ip = b.front[i];
        const std::uint32_t destination = load_wire32(v4::destination(ip));
        if (destination == own_address) {
            counters[own_route].add(b.length(i));
            b.kind[i] = protocol::scion;
            uncovered.add(protocol::scion, i);
            continue;
        }
        const std::uint32_t id = find(i, v4::destination(ip));
        if (id == 0) [[unlikely]] {
            b.drop(i, v4::no_route);
            continue;
        }
        counters[id].add(b.length(i));
        const route& way = routes[id];
        if (way.ends_here()) [[unlikely]] {
            if (way.list == route::local) {
                own_address = destination;
                own_route = id;
            }
            arrive<v4>(b, i, way, uncovered);
            continue;
        }
        ipv4::store_ttl_word(ip, ttl_word);
        send<v4>(b, i, way, static_cast<byte>(ttl_word), context, trace);
    }
}

// The routes of all packets, by index, where the tables are larger than the cache: looked up
// together, so that their loads overlap, with routes and counters then on their way. A packet that
// is too short to have a destination gets none.
template <class Version>
void find_together(const burst& b, lane packets, const lpm_view prefixes,
                   const route_table::view routes, const counter* const counters,
                   std::uint32_t* found) noexcept {
    std::array<const byte*, burst::capacity> destinations;
    std::array<std::uint8_t, burst::capacity> whose;
    std::array<std::uint32_t, burst::capacity> ids;
    std::size_t count = 0;
    for (const std::uint8_t i : packets) {
        found[i] = 0;
        if (b.length(i) >= Version::header_bytes) [[likely]] {
            destinations[count] = Version::destination(b.front[i]);
            whose[count++] = i;
        }
    }
    prefixes.lookup(destinations.data(), ids.data(), count);
    for (std::size_t n = 0; n < count; ++n) {
        found[whose[n]] = ids[n];
        __builtin_prefetch(&routes[ids[n]]);
        __builtin_prefetch(&counters[ids[n]], 1);
    }
}

const prepare_function prepare_ipv4 = prepare_for(isa_in_use());

template <class Version, class Find, class Trace>
void forward_all(burst& b, lane packets, const stage_context& context, const Find find,
                 const route_table::view routes, counter* const counters, lanes& uncovered,
                 Trace& trace) noexcept {
    if constexpr (std::is_same_v<Version, v4> && !Trace::on) {
        if (prepare_ipv4 != nullptr && packets.size() == b.count) {  // every packet is in the lane
            return forward_prepared(b, prepare_ipv4, context, find, routes, counters, uncovered,
                                    trace);
        }
    }
    for (const std::size_t i : packets) {
        forward<Version>(b, i, context, find, routes, counters, uncovered, trace);
    }
}

template <class Version, class Trace>
void process_version(burst& b, lane packets, const stage_context& context, lanes& uncovered,
                     Trace& trace) noexcept {
    const lpm_view prefixes = Version::prefixes(context.tables);
    const route_table::view routes = context.tables.routes;
    counter* const counters = context.counters.prefixes.data();
    if (context.tables.many_prefixes) {
        std::array<std::uint32_t, burst::capacity> found;
        find_together<Version>(b, packets, prefixes, routes, counters, found.data());
        const auto known = [ids = found.data()](std::size_t i, const byte*) { return ids[i]; };
        return forward_all<Version>(b, packets, context, known, routes, counters, uncovered, trace);
    }
    const auto look_up = [prefixes](std::size_t, const byte* destination) {
        return prefixes.lookup(destination);
    };
    forward_all<Version>(b, packets, context, look_up, routes, counters, uncovered, trace);
}

}  // namespace

template <class Trace>
void ipv4_stage::process(burst& b, lane packets, const stage_context& context, lanes& uncovered,
                         Trace& trace) noexcept {
    process_version<v4>(b, packets, context, uncovered, trace);
}

template <class Trace>
void ipv6_stage::process(burst& b, lane packets, const stage_context& context, lanes& uncovered,
                         Trace& trace) noexcept {
    process_version<v6>(b, packets, context, uncovered, trace);
}

template void ipv4_stage::process(burst&, lane, const stage_context&, lanes&, no_trace&) noexcept;
template void ipv4_stage::process(burst&, lane, const stage_context&, lanes&, trace_log&) noexcept;
template void ipv6_stage::process(burst&, lane, const stage_context&, lanes&, no_trace&) noexcept;
template void ipv6_stage::process(burst&, lane, const stage_context&, lanes&, trace_log&) noexcept;

}  // namespace rhumb::ip

#include "dataplane/scion/plain.hh"

#include <array>
#include <cstddef>
#include <cstring>

#include "dataplane/scion/packet.hh"
#include "dataplane/scion/rules.hh"
#include "rhumb/checksum.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/crypto/equal.hh"
#include "rhumb/isa.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/scion.hh"

namespace rhumb::scion {

namespace {

constexpr std::size_t outer_bytes = ipv4::min_header_bytes + udp_bytes;
constexpr std::size_t least_packet_bytes =
    outer_bytes + least_bytes + meta_bytes + info_bytes + 2 * hop_bytes;

// By NextHdr: what is behind the SCION header is nothing to the stage, but where it is delivered.
constexpr std::array<bool, 256> is_transport = [] {
    std::array<bool, 256> all{};
    all[next_udp] = all[next_tcp] = all[next_scmp] = true;
    return all;
}();

// What follows from PathMeta alone.
struct shape {
    std::uint32_t meta;
    std::uint32_t next;    // PathMeta one hop further
    std::uint16_t bytes;   // of the path; nowhere: not a good one
    std::uint16_t hop_at;  // in the path, as `info_at`
    std::uint8_t info_at;
    std::uint8_t segments;
    bool is_last;
    bool crosses;  // the next hop field is of another segment

    static constexpr std::uint16_t nowhere = 0xffff;

    [[nodiscard]] bool is_first() const noexcept { return current_hop(meta) == 0; }
};

// Every segment has two hop fields, none follows an empty one, and the pointers agree.
[[gnu::noinline]] shape make_shape(std::uint32_t meta) noexcept {
    std::array<unsigned, most_segments> length{};
    unsigned hops = 0;
    unsigned segments = 0;
    bool good = true;
    for (unsigned n = 0; n < most_segments; ++n) {
        length[n] = segment_length(meta, n);
        good = good && length[n] != 1 && (length[n] == 0 || segments == n);
        segments += length[n] != 0 ? 1U : 0U;
        hops += length[n];
    }
    const unsigned hop = current_hop(meta);
    const unsigned info = current_info(meta);
    shape s{};
    s.meta = meta;
    s.bytes = shape::nowhere;
    if (!good || hops > most_hops || hop >= hops || info != segment_of(meta, hop)) {
        return s;
    }
    const unsigned next_info = segment_of(meta, hop + 1);
    s.next = make_meta(next_info, hop + 1, length[0], length[1], length[2]);
    s.bytes = static_cast<std::uint16_t>(meta_bytes + segments * info_bytes + hops * hop_bytes);
    s.info_at = static_cast<std::uint8_t>(meta_bytes + info * info_bytes);
    s.hop_at = static_cast<std::uint16_t>(meta_bytes + segments * info_bytes + hop * hop_bytes);
    s.segments = static_cast<std::uint8_t>(segments);
    s.is_last = hop + 1 == hops;
    s.crosses = !s.is_last && next_info != info;
    return s;
}

// Paths of few shapes make up most of the traffic of a router, and a shape is the same to all.
class shapes {
public:
    constexpr shapes() noexcept : known_{} {
        known_[0].bytes = shape::nowhere;  // a PathMeta of zero has no hop field
    }
    // Valid until the next call.
    [[gnu::always_inline]] const shape& of(std::uint32_t meta) noexcept {
        shape& s = known_[(meta * 0x9e3779b1U) >> (32 - bits)];
        if (s.meta != meta) [[unlikely]] {
            s = make_shape(meta);
        }
        return s;
    }

private:
    static constexpr unsigned bits = 7;
    std::array<shape, std::size_t{1} << bits> known_;
};
thread_local constinit shapes all_shapes;

// A packet on the short way.
struct plain {
    byte* scion;  // behind IPv4 and UDP
    byte* path;
    byte* info;  // of the hop field that it leaves by; at a switch the one before is checked, too
    byte* hop;
    std::uint32_t meta;     // to leave with
    std::uint32_t route;    // the prefix of where it goes next
    nexthop_id nexthop;     // and its next hop
    std::uint16_t bytes;    // from the SCION header on
    std::uint16_t block;    // its MAC input, the first of two at a switch
    std::uint16_t segment;  // SegID, taken back, of the info field that it came with
    std::uint16_t in;       // link numbers
    std::uint16_t out;
    std::uint16_t port;  // of the host that it is for
    std::uint8_t index;  // in the burst
    traffic kind;
    bool takes_back;  // SegID of the info field that it came with is to be written
    bool switches;
    bool chains;  // SegID of the info field that it leaves with goes on
    bool moves;   // PathMeta changes

    [[nodiscard]] hop_view at() const noexcept { return {info, hop}; }
};

// What the MACs are made of; then the MACs.
struct inputs {
    std::array<crypto::block, 2 * burst::capacity> blocks;
    std::size_t count = 0;
};

// Where an address of the underlay is, and the prefix that says so.
struct way {
    std::uint32_t route;  // 0: unknown, or not plainly by one next hop
    nexthop_id nexthop;
};

// Ways by link, as long as one burst lasts: most of its packets leave by few links.
class known_ways {
public:
    known_ways() noexcept { links_.fill(no_link); }

    template <class Find>
    [[nodiscard, gnu::always_inline]] way of(std::uint16_t link, Find find) noexcept {
        const std::size_t slot = link % slots;
        if (links_[slot] != link) [[unlikely]] {
            links_[slot] = link;
            ways_[slot] = find();
        }
        return ways_[slot];
    }

private:
    static constexpr std::size_t slots = 16;
    static constexpr std::uint16_t no_link = 0xffff;
    std::array<std::uint16_t, slots> links_;
    std::array<way, slots> ways_;
};

class short_way {
public:
    short_way(burst& b, const stage_context& context) noexcept
        : b_(b),
          context_(context),
          own_(*context.tables.scion),
          isd_as_(own_.isd_as),
          now_ms_(context.now_ms),
          links_(own_.links.data()),
          interfaces_(own_.interfaces.data()),
          shapes_(all_shapes) {}

    // The steps. False: the packet is not plain. Nothing in it is changed before the last one.

    [[nodiscard, gnu::always_inline]] bool take(std::size_t i, plain& w, inputs& all) noexcept {
        w.index = static_cast<std::uint8_t>(i);
        byte* const ip = b_.front[i];
        const std::size_t ip_bytes = b_.length(i);
        if (!find_link(ip, ip_bytes)) {
            return false;
        }
        byte* const scion = ip + outer_bytes;
        const std::size_t bytes = ip_bytes - outer_bytes;
        const std::size_t header = header_bytes(scion);
        const std::size_t before_path = common_bytes + address_bytes(scion);
        byte* const path = scion + before_path;
        const shape* here = &shapes_.of(load_be32(path));
        if (type_of_path(scion) != static_cast<unsigned>(path_type::scion) ||
            !is_transport[next_header(scion)] || before_path + here->bytes > header ||
            header + payload_length(scion) != bytes) {
            return false;
        }
        const link& in = links_[last_link_];
        const bool outside = in.interface != 0;
        const bool from_here = source(scion) == isd_as_;
        const bool to_here = destination(scion) == isd_as_;
        hop_view at{path + here->info_at, path + here->hop_at};
        if (!is_plain(at) ||
            (outside ? from_here || here->is_last != to_here || in.interface != at.ingress()
                     : to_here || !came_from_inside(scion, path, *here, from_here))) {
            return false;
        }
        w.takes_back = outside && !at.construction();
        w.segment = static_cast<std::uint16_t>(segment_id(at.info) ^
                                               (w.takes_back ? load_be16(mac(at.hop)) : 0));
        w.block = static_cast<std::uint16_t>(all.count);
        byte* const input = all.blocks[all.count++].bytes.data();
        write_mac_input(input, w.segment, at.info, at.hop);
        w.switches = here->crosses && !to_here;
        if (w.switches) {
            at.info += info_bytes;
            at.hop += hop_bytes;
            write_mac_input(input + crypto::block_bytes, segment_id(at.info), at.info, at.hop);
            ++all.count;
            if (!is_plain(at)) {
                return false;
            }
            here = &shapes_.of(here->next);
        }
        w.scion = scion;
        w.path = path;
        w.info = at.info;
        w.hop = at.hop;
        w.bytes = static_cast<std::uint16_t>(bytes);
        w.in = last_link_;
        return (to_here ? find_host(w, header) : find_exit(w, *here, in, from_here)) &&
               w.route != 0;
    }

    [[nodiscard, gnu::always_inline]] static bool verify(const plain& w,
                                                         const inputs& all) noexcept {
        const crypto::block* tag = &all.blocks[w.block];
        if (w.switches && !is_mac_of(w.hop - hop_bytes, *tag++)) {
            return false;
        }
        return is_mac_of(w.hop, *tag);
    }

    [[gnu::always_inline]] void send(const plain& w) noexcept {
        std::uint64_t change = 0;
        if (w.takes_back) {
            change += set_segment_id(w.info - (w.switches ? info_bytes : 0), w.segment);
        }
        if (w.chains) {
            change += set_segment_id(w.info, segment_id(w.info) ^ load_be16(mac(w.hop)));
        }
        if (w.moves) {
            change += set(w.path, w.meta);
        }
        encapsulate(w, change);
        const std::size_t size = size_class_of(w.bytes);
        scion_counters* const counted = context_.counters.scion_links.data();
        counted[w.in].sizes[size].in.add(w.bytes);
        counted[w.out].sizes[size].out[static_cast<std::size_t>(w.kind)].add(w.bytes);
        context_.counters.prefixes.data()[w.route].add(w.bytes + outer_bytes);
        b_.nexthop[w.index] = w.nexthop;
        b_.kind[w.index] = protocol::ipv4;
        b_.fate[w.index] = verdict::forward;
    }

private:
    // IPv4 without options, whole, with all of it UDP from a link's other end: last_link_.
    [[gnu::always_inline]] bool find_link(const byte* ip, std::size_t ip_bytes) noexcept {
        constexpr std::uint32_t fragment_and_protocol = 0x3fff00ff;
        const byte* const udp = ip + ipv4::min_header_bytes;
        if (ip_bytes < least_packet_bytes || ip[0] != 0x45 ||
            (load_be32(ip + 6) & fragment_and_protocol) != next_udp ||
            load_be16(udp + 4) != ip_bytes - ipv4::min_header_bytes) {
            return false;
        }
        std::uint64_t addresses = 0;
        std::memcpy(&addresses, ip + 12, sizeof addresses);
        if (addresses == last_addresses_ && load_wire32(udp) == last_ports_) [[likely]] {
            return true;
        }
        return find_other_link(ip, udp);
    }
    [[gnu::noinline]] bool find_other_link(const byte* ip, const byte* udp) noexcept {
        const std::uint16_t found = own_.finder.find_v4(ip, udp);
        if (found == link_finder::nothing) {
            return false;
        }
        last_link_ = found;
        std::memcpy(&last_addresses_, ip + 12, sizeof last_addresses_);
        last_ports_ = load_wire32(udp);
        return true;
    }

    // What makes a hop field plain, but for its MAC.
    [[gnu::always_inline]] bool is_plain(const hop_view& at) const noexcept {
        const unsigned flags =
            (at.info[0] & info_peering) | (at.hop[0] & (hop_ingress_alert | hop_egress_alert));
        return flags == 0 && good_until(at.info, at.hop) >= now_ms_;
    }
    [[gnu::always_inline]] bool came_from_inside(const byte* scion, byte* path, const shape& here,
                                                 bool from_here) const noexcept {
        if (from_here && !is_good_source(scion)) {
            return false;
        }
        return current_hop(here.meta) == 0 ? from_here : came_from_sibling(path, here);
    }
    [[gnu::always_inline]] static bool is_good_source(const byte* scion) noexcept {
        const unsigned type = source_type(scion);
        return type == host_ipv4 || (type == host_ipv6 && !is_v4_mapped(source_host(scion)));
    }
    [[gnu::noinline]] bool came_from_sibling(byte* path, const shape& here) const noexcept {
        packet p;
        p.path = path;
        p.meta = here.meta;
        p.segments = here.segments;
        p.link = last_link_;
        return came_from_its_entry(p, own_);
    }
    [[gnu::always_inline]] static bool is_mac_of(const byte* hop,
                                                 const crypto::block& tag) noexcept {
        return crypto::constant_time_equal(mac(hop), tag.bytes.data(), mac_bytes);
    }

    // To an IPv4 host of the own AS.
    [[gnu::always_inline]] bool find_host(plain& w, std::size_t header) noexcept {
        constexpr std::size_t tcp_bytes = 20;
        const byte* const host = destination_host(w.scion);
        const unsigned next = next_header(w.scion);
        const std::size_t left = w.bytes - header;
        if (destination_type(w.scion) != host_ipv4 || load_be32(host) == 0 || next == next_scmp ||
            left < (next == next_udp ? udp_bytes : tcp_bytes) ||
            w.bytes > links_[0].most_over_ipv4) {
            return false;
        }
        w.port = load_be16(w.scion + header + 2);
        const bool in_range = w.port != 0 && w.port >= own_.first_port && w.port <= own_.last_port;
        if (!in_range && !own_.any_port) {
            w.port = table::dispatcher_port;
        }
        w.out = 0;
        w.kind = traffic::in;
        w.chains = false;
        w.moves = false;
        go(w, look_up(host));
        return true;
    }
    // To the link of the hop field's egress interface, or to the sibling that has it.
    [[gnu::always_inline]] bool find_exit(plain& w, const shape& here, const link& in,
                                          bool from_here) noexcept {
        const std::uint16_t packed = interfaces_[w.at().egress()];
        const std::uint16_t number = packed & 0x1fff;
        if (packed == table::unknown_interface || number == 0) {
            return false;
        }
        const link& by = links_[number];
        const unsigned ways_on = w.switches ? in.switches_to : in.passes_to;
        if ((ways_on >> (packed >> 13) & 1) == 0 || w.bytes > by.most_over_ipv4 ||
            !context_.live.link_up(number)) {
            return false;
        }
        w.out = number;
        go(w, ways_.of(number, [&] { return look_up(by.outer.data() + 16); }));
        if (by.scope == link_scope::external) [[likely]] {
            w.meta = here.next;
            w.moves = true;
            w.chains = w.at().construction();
            w.kind = from_here           ? traffic::out
                     : in.interface == 0 ? traffic::out_transit
                                         : traffic::br_transit;
            return !here.is_last;
        }
        w.meta = here.meta;
        w.moves = w.switches;
        w.chains = false;
        w.kind = traffic::in_transit;
        return in.interface != 0;
    }
    [[gnu::always_inline]] static void go(plain& w, way to) noexcept {
        w.route = to.route;
        w.nexthop = to.nexthop;
    }
    // As the IP stage finds it; anything but one next hop is left to that.
    [[nodiscard]] way look_up(const byte* address) const noexcept {
        const std::uint32_t id = context_.tables.ipv4.lookup(address);
        const route& to = context_.tables.routes[id];
        const bool is_simple = to.list == route::no_list && !to.via.is_group() &&
                               !ipv4::is_martian(load_be32(address));
        return {is_simple ? id : 0, to.via.id()};
    }

    // Writes a word that the UDP checksum covers. Returns what its sum changes by (RFC 1624).
    [[gnu::always_inline]] static std::uint64_t set(byte* at, std::uint32_t value) noexcept {
        const std::uint64_t before = load_wire32(at);
        const std::uint32_t after = byte_swap(value);
        store_wire32(at, after);
        return std::uint64_t{0xffffffff} + after - before;
    }
    // Reserved bits become zero.
    [[gnu::always_inline]] static std::uint64_t set_segment_id(byte* info,
                                                               unsigned value) noexcept {
        return set(info, std::uint32_t{info[0] & 3U} << 24 | value);
    }

    [[gnu::always_inline]] void encapsulate(const plain& w, std::uint64_t change) noexcept {
        byte* const ip = w.scion - outer_bytes;
        byte* const udp = w.scion - udp_bytes;
        const std::uint64_t old_pseudo = wire_sum(ip + 12, 12);  // addresses and ports
        std::uint16_t checksum = 0;
        std::memcpy(&checksum, udp + 6, sizeof checksum);
        const link& by = links_[w.out];
        std::uint64_t pseudo = by.pseudo_sum;
        std::uint64_t header_sum = by.header_sum;
        std::memcpy(ip, by.outer.data(), outer_bytes);
        if (w.out == 0) {
            const std::uint32_t host = load_wire32(destination_host(w.scion));
            store_wire32(ip + 16, host);
            store_be16(udp + 2, w.port);
            pseudo += std::uint64_t{host} + byte_swap(w.port);
            header_sum += host;
        }
        const auto total = static_cast<std::uint16_t>(w.bytes + outer_bytes);
        store_be16(ip + 2, total);
        store_be16(udp + 4, static_cast<std::uint16_t>(w.bytes + udp_bytes));
        store_sum(ip + 10, header_sum + byte_swap(total));
        if (checksum != 0) [[likely]] {
            // To a sum of this kind, a multiple of 0xffff is nothing.
            constexpr std::uint64_t nothing = std::uint64_t{0xffff} << 32;
            store_sum(udp + 6, static_cast<std::uint16_t>(~checksum) + change + pseudo + nothing -
                                   old_pseudo);
            if (load_be16(udp + 6) == 0) [[unlikely]] {
                store_be16(udp + 6, 0xffff);
            }
        }
    }
    // The checksum of what has this sum.
    [[gnu::always_inline]] static void store_sum(byte* to, std::uint64_t sum) noexcept {
        const auto checksum = static_cast<std::uint16_t>(~checksum_fold(sum));
        std::memcpy(to, &checksum, sizeof checksum);
    }

    burst& b_;
    const stage_context& context_;
    const table& own_;
    const std::uint64_t isd_as_;
    const std::uint64_t now_ms_;
    const link* const links_;
    const std::uint16_t* const interfaces_;
    shapes& shapes_;
    known_ways ways_;
    // The outer addresses and ports of the packet before, which many share; ports of 0 are no
    // link's.
    std::uint64_t last_addresses_ = 0;
    std::uint32_t last_ports_ = 0;
    std::uint16_t last_link_ = link_finder::nothing;
};

[[gnu::always_inline]] inline void forward(burst& b, lane packets, const stage_context& context,
                                           lane_list& rest) noexcept {
    std::array<plain, burst::capacity> items;
    inputs all;
    short_way way(b, context);
    std::size_t count = 0;
    for (const std::size_t i : packets) {
        if (way.take(i, items[count], all)) [[likely]] {
            ++count;
        } else {
            rest.add(i);
        }
    }
    crypto::cmac_blocks(*context.tables.scion->key, all.blocks.data(), all.blocks.data(),
                        all.count);
    for (std::size_t n = 0; n < count; ++n) {
        const plain& w = items[n];
        if (short_way::verify(w, all)) [[likely]] {
            way.send(w);
        } else {
            rest.add(w.index);
        }
    }
}

void forward_portable(burst& b, lane packets, const stage_context& context,
                      lane_list& rest) noexcept {
    forward(b, packets, context, rest);
}
#if defined(__x86_64__)
// For its byte swaps in loads and stores, which every processor with VAES has.
[[gnu::target("movbe,bmi,bmi2,lzcnt")]] void forward_x86_64_v3(burst& b, lane packets,
                                                               const stage_context& context,
                                                               lane_list& rest) noexcept {
    forward(b, packets, context, rest);
}
const auto forward_in_use = isa_in_use() >= isa::vaes ? forward_x86_64_v3 : forward_portable;
#else
const auto forward_in_use = forward_portable;
#endif

}  // namespace

void forward_plain(burst& b, lane packets, const stage_context& context, lane_list& rest) noexcept {
    forward_in_use(b, packets, context, rest);
}

}  // namespace rhumb::scion

// Everything that a worker looks things up in: one immutable version. A burst uses one version from
// end to end, so labels, prefixes, paths and next hops always agree.
// Threads: made by control, read by workers, retired through sync/published.hh.
#pragma once

#include <bitset>
#include <cstdint>

#include "rhumb/table/label_table.hh"
#include "rhumb/table/lpm.hh"
#include "rhumb/table/path.hh"
#include "rhumb/table/scion_table.hh"

namespace rhumb {

// Which frames a port takes.
struct port_filter {
    std::uint64_t mac = 0;  // ethernet::mac_word
    bool promiscuous = false;
    std::bitset<4096> vlans;  // ids in use; 0 (priority tag) always is
};
using port_filter_table = paged_array<port_filter, 0>;

// What a prefix leads to: plain forwarding, or a segment list to impose first, which may be the
// chosen path's own.
struct route {
    static constexpr std::uint32_t no_list = 0xffffffff;
    static constexpr std::uint32_t local = 0xfffffffe;      // an address of this router's own
    static constexpr std::uint32_t connected = 0xfffffffd;  // a subnet whose hosts are to be found
    static constexpr std::uint32_t discard = 0xfffffffc;    // packets are dropped
    static constexpr std::uint32_t by_path = 0xfffffffb;    // via is a group: what its path names
    via_ref via;                                            // where there is no list
    std::uint32_t list = no_list;                           // else the list, which has its own via
    bool pipe = false;                                      // RFC 3443 for the labels pushed
    bool sets_tc = false;                                   // else: from the IP precedence
    std::uint8_t tc = 0;
    bool in_use = false;

    [[nodiscard]] bool pushes() const noexcept { return list < by_path; }
    [[nodiscard]] bool is_own() const noexcept { return list == local || list == connected; }
    // Nothing is sent on.
    [[nodiscard]] bool ends_here() const noexcept { return list >= discard && list != no_list; }
};
using route_table = paged_array<route, 9>;

struct table_set {
    // As many entries and their counters as the level-1 cache may hold beside packets. Beyond it,
    // stages have what a burst needs fetched before they start.
    static constexpr std::size_t few = 512;

    label_table::view labels;
    lpm_view ipv4;  // -> route number, which is also the prefix's counter
    lpm_view ipv6;
    route_table::view routes;
    segment_list_table::view lists;
    path_group_table::view groups;
    nexthop_table::view nexthops;
    port_filter_table::view filters;
    const scion::table* scion = nullptr;  // null: the router speaks no SCION
    std::uint64_t neighbour_ports = 0;    // bit p: port p has addresses, and finds its neighbours
    // Packets a second that a worker hands to the slow path, in all and by one link or port.
    std::uint32_t slow_path_rate = 10'000;
    std::uint32_t slow_path_link_rate = 1'000;
    std::uint64_t nexthop_ports = 0;  // bit p: a next hop is on port p
    bool many_labels = false;         // more than `few`
    bool many_prefixes = false;
    std::uint32_t max_label_lookups = 8;
    std::uint64_t hash_seed = 0;
    std::uint64_t generation = 0;
};

}  // namespace rhumb

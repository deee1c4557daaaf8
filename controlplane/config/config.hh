// The configuration as a plain value: what a file says, checked for form but not yet for sense
// (names that dangle, labels outside their block: publish/forwarding.hh sees to those, for files
// and single changes alike). Every key is described in docs/configuration.md. Threads: control.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rhumb/table/prefix.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::config {

// Where a setting stands: files[file], from 1; line 0 means nowhere (a single change).
struct position {
    std::uint32_t line = 0;
    std::uint16_t column = 0;
    std::uint16_t file = 0;
};

// Both ends included.
struct label_range {
    mpls::label first = 0;
    mpls::label last = 0;
    friend bool operator==(const label_range&, const label_range&) = default;
};

enum class ttl_model : std::uint8_t { inherit, uniform, pipe };  // RFC 3443; inherit: the node's
enum class operation : std::uint8_t { continue_, next, pop, push };
enum class idle_policy : std::uint8_t { busy, adaptive };

inline constexpr std::uint32_t none = 0xffffffff;

struct path {
    std::string nexthop;
    std::uint16_t weight = 1;        // 1 to 256
    std::optional<mpls::label> out;  // instead of the rule's own; implicit null: popped
    // Index into rules::segment_lists: pushed instead of the rule's own; none: nothing is pushed,
    // where other paths push.
    std::uint32_t list = none;
    friend auto operator<=>(const path&, const path&) = default;
};
using path_list = std::vector<path>;        // 1 to 64
using segments = std::vector<mpls::label>;  // top first, 1 to 16

// One [[labels]] entry, kept small: there may be a million.
struct label_rule {
    mpls::label label = 0;
    mpls::label out = none;      // continue only; none where every path has its own
    std::uint32_t paths = none;  // index into rules::path_lists; none for next
    std::uint32_t list = none;   // index into rules::segment_lists; push only; none: by path
    operation op = operation::next;
    ttl_model ttl = ttl_model::inherit;
    std::int8_t tc = -1;    // -1: the packet's own
    bool by_index = false;  // `label` is an index into the SRGB
    position where;
};

struct prefix_rule {
    ip_prefix match;
    std::uint32_t paths = none;
    std::uint32_t list = none;  // none: plain forwarding, or what the path names
    bool discard = false;       // packets are dropped: no paths, no list
    bool local = false;         // an address of this router's own: no paths, no list
    bool connected = false;     // a subnet of this router's own: the same
    ttl_model ttl = ttl_model::inherit;
    std::int8_t tc = -1;
    position where;

    [[nodiscard]] bool is_own() const noexcept { return local || connected; }
    [[nodiscard]] bool is_special() const noexcept { return is_own() || discard; }
};

// Rules and what they share. Used for a whole file and for a batch of single changes.
struct rules {
    std::vector<path_list> path_lists;
    std::vector<segments> segment_lists;
    std::vector<label_rule> labels;
    std::vector<prefix_rule> prefixes;

    // The index of an equal list, which is added if there is none yet.
    std::uint32_t intern(path_list list);
    std::uint32_t intern(segments list);

private:
    // Finds a list by its value: open addressing over indexes, 8 to 16 bytes a list, as a million
    // rules may have as many lists.
    class index {
    public:
        template <class List>
        std::uint32_t intern(std::vector<List>& lists, List&& list);

    private:
        std::vector<std::uint32_t> slots_;
    };
    index known_paths_;
    index known_segments_;
};

// Labels of another protocol of this node, LDP or RSVP-TE, that nobody else may use.
struct reserved_range {
    std::string owner;
    label_range labels;
    position where;
};

struct node {
    std::string name = "rhumb";
    std::vector<label_range> srgb{{16000, 23999}};  // RFC 8660 2.4: indexes walk the ranges
    std::vector<label_range> srlb{{15000, 15999}};
    std::vector<label_range> static_labels;  // key: static
    std::vector<reserved_range> reserved;
    ttl_model ttl = ttl_model::uniform;
    std::uint8_t msd = 10;                   // 1 to 16, RFC 8491
    std::uint8_t max_label_lookups = 8;      // 1 to 16
    std::optional<std::uint64_t> hash_seed;  // default: from the name
    std::string punt;                        // port for the control plane's frames
    std::string table;                       // CSV file of labels, as written
    position where;
    position punt_where;
    position table_where;
};

// An address of a port, with the length of its subnet.
struct port_address {
    ip_prefix host;           // all of its bits
    std::uint8_t length = 0;  // of the subnet
    position where;
};

struct port {
    std::string name;
    std::string device;                        // DPDK devargs
    std::optional<ethernet::mac_address> mac;  // default: the device's own
    std::uint16_t mtu = 1500;                  // 68 to 9600, network header on
    bool promiscuous = false;
    std::uint8_t rx_queues = 1;        // 1 to 64
    bool shared_tx = false;            // one worker sends for all
    std::optional<std::uint8_t> msd;   // default: the node's
    std::vector<std::uint16_t> vlans;  // 1 to 4094
    std::vector<port_address> addresses;
    std::vector<ip_prefix> gateways;  // one of each version at most
    position where;
    position device_where;
};

struct backup {
    std::string nexthop;
    segments push;  // 0 to 16
    position where;
    bool replace = false;  // push stands for the top label, which is popped first
    [[nodiscard]] bool same_as(const backup& other) const {
        return nexthop == other.nexthop && push == other.push && replace == other.replace;
    }
};

struct nexthop {
    std::string name;
    std::string port;
    ethernet::mac_address mac{};
    std::uint16_t vlan = 0;              // 0: untagged, else 1 to 4094
    std::optional<std::uint16_t> mtu;    // default: the port's
    ttl_model ttl = ttl_model::inherit;  // of the labels that backup pushes
    std::optional<config::backup> backup;
    position where;
    std::string follows;  // the next hop whose state is this one's, too; empty: its own
};

struct runtime {                // section [runtime]
    std::uint16_t workers = 1;  // 1 to 64
    std::string cores;          // core list or map; lowest: control; "" = auto
    idle_policy idle = idle_policy::adaptive;
    std::uint16_t burst = 32;            // 1 to 256
    std::uint16_t rx_descriptors = 512;  // 32 to 8192
    std::uint16_t tx_descriptors = 512;
    std::uint32_t buffers = 0;       // packet buffers; 0 = auto
    std::uint32_t memory_mib = 0;    // for DPDK; 0 = auto
    std::string hugepages = "auto";  // auto, on, off
    std::vector<std::string> eal;    // further EAL arguments
    std::string socket;              // control socket's path; "" = default
    position where;
};

struct scion_section {           // [scion]: this router is a border router
    std::string router;          // br.toml, from the folder of the file that says so on
    bool own_ports = false;      // deliver to ports outside of the dispatched range as well
    bool fan_out = true;         // with several workers: spread by SCION flow
    bool packet_too_big = true;  // answer with SCMP 2/0
    std::uint32_t slow_path_rate = 10'000;      // packets a second to the slow path, in all
    std::uint32_t slow_path_link_rate = 1'000;  // by one link
    std::string http;  // address and port of pages for people and Prometheus; "" for none
    std::uint32_t key_overlap = 0;  // seconds for which a replaced key is good as well
    position where;
    position router_where;
};

// What is taken to fail with a link (RFC 9855 4); nothing: no repairs are computed.
enum class protected_resource : std::uint8_t { nothing, link, node, srlg, node_and_srlg };

struct inline_map;  // inline_map.hh

struct topology_section {  // [topology]: rules are computed from a map of the network
    std::string file;      // the map, from the folder of the file that says so on, ...
    std::shared_ptr<const inline_map> map;  // ... or the map itself
    std::string node;                       // this router's name there; "" = the node's
    struct adjacency {                      // key: links
        std::string link;                   // on the map
        std::string nexthop;                // of this configuration
        position where;
    };
    std::vector<adjacency> adjacencies;
    protected_resource protects = protected_resource::link;
    bool fall_back = true;                  // to link protection where there is no other repair
    std::uint32_t local_delay = 0;          // milliseconds, RFC 8333
    std::uint32_t microloop_avoidance = 0;  // milliseconds; 0: off
    std::uint32_t measure = 10;             // seconds from one reading of counters to the next
    std::uint32_t smoothing = 30;           // seconds: time constant of the rates' average
    // Of SR policies.
    std::uint32_t policy_settle = 0;           // milliseconds until a better path is taken
    bool policy_keep_installed = false;        // RFC 9256 2.9
    std::uint32_t policy_reserved_labels = 0;  // of the MSD, for services and repairs
    position where;
    position map_where;  // of `file`, or of the map
};

// Whose connections are taken.
enum class overlay_admission : std::uint8_t { followed, anyone };

// How broadcast messages spread (controlplane/overlay/broadcast/).
enum class overlay_broadcast : std::uint8_t { off, plumtree, flooding, gossip };

// [overlay]: the replication service. Names of feeds and addresses stay text here, with their
// places: the service knows their form.
struct overlay_section {
    struct item {
        std::string text;
        position where;
    };
    // Paths count from the folder of the file that has the section.
    std::string key_file = "overlay.key";
    std::string passphrase_file;  // "" = the key file is not encrypted
    std::string store_file = "overlay.db";
    item network;              // the network key in base64; "" = that of the main SSB network
    std::vector<item> listen;  // HOST:PORT
    std::vector<item> peers;   // addresses that are dialled and kept
    std::vector<item> follow;  // feeds that are replicated, beside those of the store
    overlay_admission admits = overlay_admission::followed;
    bool discovery = false;
    overlay_broadcast broadcast = overlay_broadcast::off;
    bool broadcast_order = false;           // delivered in the order of each origin
    bool broadcast_retransmit = false;      // until acknowledged
    std::uint32_t broadcast_fanout = 4;     // of gossip
    std::uint32_t broadcast_lifetime = 60;  // seconds that a message may be old
    bool link_state = false;  // the map by feeds: this node's own part, and that of `nodes`
    struct node_feed {
        std::string node;
        item feed;
    };
    std::vector<node_feed> nodes;
    item broadcast_address;  // HOST:PORT that others are told to dial; "" = the first of listen
    std::uint32_t max_peers = 64;
    std::uint32_t switch_timeout = 3000;     // milliseconds until a silent source is left
    std::uint32_t handshake_timeout = 5000;  // milliseconds
    // What one peer may cost in a second.
    std::uint32_t messages_per_second = 20'000;
    std::uint32_t verifies_per_second = 20'000;
    std::uint32_t kilobytes_per_second = 64 * 1024;
    position where;
};

enum class demand_source : std::uint8_t { file, measured };

struct controller_section {  // [controller]: this router computes for the whole network
    demand_source demands = demand_source::file;
    std::uint32_t reoptimise = 0;  // seconds from one time to the next; 0: when it is asked for
    std::uint32_t target = 80;     // percent: enough once no link is fuller
    std::uint32_t moves = 100;     // at most, each time
    position where;
};

struct file {
    std::vector<std::string> files;  // names for position::file
    config::node node;
    std::vector<port> ports;  // in the file's order
    std::vector<config::nexthop> nexthops;
    config::runtime runtime;
    std::optional<scion_section> scion;
    std::optional<topology_section> topology;
    std::optional<overlay_section> overlay;
    std::optional<controller_section> controller;
    config::rules rules;
};

}  // namespace rhumb::config

#include "controlplane/config/sections.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "controlplane/config/text.hh"

namespace rhumb::config {
namespace {

constexpr std::int64_t min_mtu = 68;  // RFC 791
constexpr std::int64_t max_mtu = 9600;
constexpr std::int64_t max_vlan = 4094;
constexpr std::size_t max_socket_bytes = 107;  // sun_path less its terminator

ethernet::mac_address read_mac(value from, diagnostics& errors) {
    const auto text = read_text(from, "mac", errors);
    const auto mac = parse_mac(text.value_or(""));
    if (text && !mac) {
        errors.fail(from.where(errors),
                    fmt::format("mac {} is not six bytes in hex, as in \"02:00:00:00:01:01\"",
                                in_quotes(*text)));
    } else if (mac && ethernet::is_group(ethernet::mac_word(*mac))) {
        errors.fail(from.where(errors),
                    fmt::format("mac {} is a group (multicast) address; a station's first byte is "
                                "even",
                                in_quotes(*text)));
    }
    return mac.value_or(ethernet::mac_address{});
}

// An address without a length.
ip_prefix read_host(value from, std::string_view what, diagnostics& errors) {
    const auto text = read_text(from, what, errors);
    const auto host = parse_host(text.value_or(""));
    if (text && !host) {
        errors.fail(from.where(errors),
                    fmt::format("{} {} is no IP address", what, in_quotes(*text)));
    }
    return host.value_or(ip_prefix{});
}

port_address read_port_address(value from, diagnostics& errors) {
    const auto text = read_text(from, "an address", errors);
    const auto given = parse_prefix(text.value_or(""));
    port_address made;
    made.where = from.where(errors);
    if (text && (!given || given->length == 0)) {
        errors.fail(made.where, fmt::format("address {} is no IP address with the length of its "
                                            "subnet, as in \"192.0.2.1/24\"",
                                            in_quotes(*text)));
    } else if (given) {
        made.host = *given;
        made.host.length = static_cast<std::uint8_t>(address_bits(given->af));
        made.length = given->length;
    }
    return made;
}

std::vector<std::uint16_t> read_vlans(value from, diagnostics& errors) {
    std::vector<std::uint16_t> vlans;
    std::bitset<max_vlan + 1> seen;
    for (const value element : read_array(from, "vlans", errors)) {
        const std::int64_t vlan = read_integer(element, "a VLAN of vlans", errors).value_or(1);
        if (vlan < 1 || vlan > max_vlan) {
            errors.fail(element.where(errors),
                        fmt::format("VLAN {} is out of range: 1 to {}", vlan, max_vlan));
            break;
        }
        if (seen.test(static_cast<std::size_t>(vlan))) {
            errors.fail(element.where(errors), fmt::format("VLAN {} stands here twice", vlan));
        }
        seen.set(static_cast<std::size_t>(vlan));
        vlans.push_back(static_cast<std::uint16_t>(vlan));
    }
    return vlans;
}

// The label blocks of a node and which key they come from, to see that none overlap.
class label_blocks {
public:
    label_blocks(const table_reader& from, diagnostics& errors) : from_(from), errors_(errors) {}

    // Sets `ranges` if the key is there; they count as taken in any case.
    void read(std::string_view key, std::vector<label_range>& ranges) {
        const value given = from_.find(key);
        std::vector<position> where;
        if (given) {
            ranges.clear();
            for (const value element : read_array_or_one(given)) {
                where.push_back(element.where(errors_));
                ranges.push_back(read_range(element, key));
            }
        }
        for (std::size_t n = 0; n < ranges.size(); ++n) {
            taken_.push_back(
                {ranges[n], std::string(key), given ? where[n] : from_.where(), !given});
        }
    }
    // reserved: from owners to ranges.
    void read_reserved(std::vector<reserved_range>& ranges) {
        const value given = from_.find("reserved");
        if (given && given.kind() != value_kind::table) {
            errors_.fail(given.where(errors_),
                         "reserved must be a table: write reserved = { ldp = \"100000-199999\" }");
            return;
        }
        for (const value::member& m : given ? given.members() : std::vector<value::member>{}) {
            const std::string key = fmt::format("reserved.{}", m.key);
            check_name(m.key, "owner in reserved", errors_.at(m.line, m.column), errors_);
            for (const value element : read_array_or_one(m.value)) {
                const position where = element.where(errors_);
                ranges.push_back({std::string(m.key), read_range(element, key), where});
                taken_.push_back({ranges.back().labels, key, where, false});
            }
        }
    }

    void check_overlap() {
        std::ranges::sort(
            taken_, [](const block& a, const block& b) { return a.range.first < b.range.first; });
        for (std::size_t n = 1; n < taken_.size() && !errors_.failed(); ++n) {
            const block& a = taken_[n - 1];
            const block& b = taken_[n];
            if (a.range.last >= b.range.first) {
                // Point at what is written, and there at what comes later.
                const bool first_is_later = std::pair(a.where.line, a.where.column) >
                                            std::pair(b.where.line, b.where.column);
                const bool blame_first =
                    a.is_default != b.is_default ? b.is_default : first_is_later;
                fail(blame_first ? a : b, blame_first ? b : a);
            }
        }
    }

private:
    struct block {
        label_range range;
        std::string key;
        position where;
        bool is_default = false;
    };

    label_range read_range(value from, std::string_view key) {
        const auto text = read_text(from, key, errors_);
        const auto range = parse_label_range(text.value_or(""));
        if (text && !range) {
            errors_.fail(
                from.where(errors_),
                fmt::format("{} {} is no range of labels, as in \"16000-23999\", within "
                            "{} to {}",
                            key, in_quotes(*text), mpls::first_unreserved, mpls::label_count - 1));
        } else if (range && range->first < mpls::first_unreserved) {
            errors_.fail(from.where(errors_),
                         fmt::format("{} {} holds special-purpose labels (0 to 15); start at {} or "
                                     "above",
                                     key, *text, mpls::first_unreserved));
        }
        return range.value_or(label_range{});
    }

    void fail(const block& blamed, const block& other) {
        errors_.fail(
            blamed.where,
            fmt::format("{} {} overlaps {} {}{}", blamed.key, to_string(blamed.range), other.key,
                        to_string(other.range),
                        other.is_default
                            ? fmt::format(", its default; set {} as well, [] for none", other.key)
                            : "; a label belongs to one block"));
    }

    const table_reader& from_;
    diagnostics& errors_;
    std::vector<block> taken_;
};

backup read_backup(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 3> known{"nexthop", "push", "replace"};
    const table_reader table(from, "backup", known, errors);
    backup result;
    result.where = table.where();
    (void)table.need("nexthop", R"(backup = { nexthop = "r3", push = [16002] })");
    table.name("nexthop", result.nexthop);
    if (const value push = table.find("push")) {
        result.push = read_segments(push, "push", 0, errors);
    }
    table.flag("replace", result.replace);
    return result;
}

}  // namespace

node read_node(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 11> known{
        "name",      "srgb", "srlb", "static", "reserved", "ttl", "msd", "max_label_lookups",
        "ecmp_seed", "punt", "table"};
    const table_reader table(from, "[node]", known, errors);
    node result;
    result.where = table.where();
    table.name("name", result.name);
    if (result.name.find('/') != std::string::npos) {  // it becomes part of file names
        errors.fail(table.find("name").where(errors), "name must not contain \"/\"");
    }
    label_blocks blocks(table, errors);
    blocks.read("srgb", result.srgb);
    blocks.read("srlb", result.srlb);
    blocks.read("static", result.static_labels);
    blocks.read_reserved(result.reserved);
    blocks.check_overlap();
    table.word("ttl", ttl_models, result.ttl);
    table.number("msd", 1, max_segments, result.msd);
    table.number("max_label_lookups", 1, 16, result.max_label_lookups);
    table.number("ecmp_seed", 0, std::numeric_limits<std::int64_t>::max(), result.hash_seed);
    table.name("punt", result.punt);
    result.punt_where = table.find("punt").where(errors);
    table.text("table", result.table);
    result.table_where = table.find("table").where(errors);
    if (table.find("table") && result.table.empty()) {
        errors.fail(result.table_where, "table is empty; give the name of a CSV file");
    }
    return result;
}

namespace {

// Whether a port with these addresses reaches the host without help: fe80::/10 is on every link.
bool is_neighbour(const std::vector<port_address>& addresses, const ip_prefix& host) {
    const bool is_link_local =
        host.af == family::ipv6 && host.address[0] == 0xfe && (host.address[1] & 0xc0) == 0x80;
    return std::ranges::any_of(addresses, [&](const port_address& own) {
        return own.host.af == host.af && own.host != host &&
               (is_link_local || own.host.shortened(own.length) == host.shortened(own.length));
    });
}

}  // namespace

port read_port(std::string_view name, value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 10> known{"device",    "mac",       "mtu", "promiscuous",
                                                     "rx_queues", "shared_tx", "msd", "vlans",
                                                     "addresses", "gateways"};
    const table_reader table(from, fmt::format("[ports.{}]", name), known, errors);
    port result;
    result.name = name;
    result.where = table.where();
    result.device_where =
        table.need("device", R"(device = "0000:01:00.0" or device = "net_tap0")").where(errors);
    table.text("device", result.device);
    if (table.find("device") && result.device.empty()) {
        errors.fail(result.device_where, "device is empty; give DPDK device arguments");
    }
    if (const value mac = table.find("mac")) {
        result.mac = read_mac(mac, errors);
    }
    table.number("mtu", min_mtu, max_mtu, result.mtu);
    table.flag("promiscuous", result.promiscuous);
    table.number("rx_queues", 1, 64, result.rx_queues);
    table.flag("shared_tx", result.shared_tx);
    table.number("msd", 1, max_segments, result.msd);
    if (const value vlans = table.find("vlans")) {
        result.vlans = read_vlans(vlans, errors);
    }
    if (const value addresses = table.find("addresses")) {
        for (const value element : read_array(addresses, "addresses", errors)) {
            result.addresses.push_back(read_port_address(element, errors));
        }
    }
    if (const value gateways = table.find("gateways")) {
        for (const value element : read_array(gateways, "gateways", errors)) {
            const ip_prefix gateway = read_host(element, "a gateway", errors);
            if (std::ranges::find(result.gateways, gateway.af, &ip_prefix::af) !=
                result.gateways.end()) {
                errors.fail(element.where(errors), "one gateway of a version is enough");
            } else if (!is_neighbour(result.addresses, gateway)) {
                errors.fail(element.where(errors),
                            "the gateway is no neighbour of this port's: "
                            "it is in no subnet of `addresses`");
            }
            result.gateways.push_back(gateway);
        }
    }
    return result;
}

nexthop read_nexthop(std::string_view name, value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 7> known{"port", "mac",    "vlan",   "mtu",
                                                    "ttl",  "backup", "follows"};
    const table_reader table(from, fmt::format("[nexthops.{}]", name), known, errors);
    nexthop result;
    result.name = name;
    result.where = table.where();
    if (name.find('~') != std::string_view::npos) {
        errors.fail(result.where, fmt::format("next hop {} has a \"~\" in its name; such names are "
                                              "those of computed next hops",
                                              in_quotes(name)));
    }
    (void)table.need("port", R"(port = "east")");
    table.name("port", result.port);
    if (const value mac = table.need("mac", R"(mac = "02:00:00:00:02:01")")) {
        result.mac = read_mac(mac, errors);
    }
    table.number("vlan", 0, max_vlan, result.vlan);
    table.number("mtu", min_mtu, max_mtu, result.mtu);
    table.word("ttl", ttl_models, result.ttl);
    if (const value given = table.find("backup")) {
        result.backup = read_backup(given, errors);
    }
    table.name("follows", result.follows);
    const value ttl = table.find("ttl");
    if (ttl && (!result.backup || result.backup->push.empty())) {
        errors.fail(ttl.where(errors),
                    "ttl is for the labels that the backup pushes, and there are none; remove it, "
                    "or give backup a push");
    }
    return result;
}

runtime read_runtime(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 11> known{
        "workers", "cores",      "idle",      "burst", "rx_descriptors", "tx_descriptors",
        "buffers", "memory_mib", "hugepages", "eal",   "socket"};
    constexpr std::array<choice<idle_policy>, 2> policies{
        {{"adaptive", idle_policy::adaptive}, {"busy", idle_policy::busy}}};
    constexpr std::array<choice<std::string_view>, 3> hugepages{
        {{"auto", "auto"}, {"on", "on"}, {"off", "off"}}};
    constexpr std::int64_t max_count = std::numeric_limits<std::int32_t>::max();
    const table_reader table(from, "[runtime]", known, errors);
    runtime result;
    result.where = table.where();
    table.number("workers", 1, 64, result.workers);
    table.text("cores", result.cores);
    if (result.cores.find_first_not_of("0123456789,-@()") != std::string::npos) {
        errors.fail(
            table.find("cores").where(errors),
            fmt::format("cores {} is no DPDK core list, as in \"0,2-5\"", in_quotes(result.cores)));
    }
    table.word("idle", policies, result.idle);
    table.number("burst", 1, 256, result.burst);
    table.number("rx_descriptors", 32, 8192, result.rx_descriptors);
    table.number("tx_descriptors", 32, 8192, result.tx_descriptors);
    table.number("buffers", 0, max_count, result.buffers);
    table.number("memory_mib", 0, max_count, result.memory_mib);
    std::string_view pages = result.hugepages;
    table.word("hugepages", hugepages, pages);
    result.hugepages = pages;
    if (const value eal = table.find("eal")) {
        for (const value element : read_array(eal, "eal", errors)) {
            result.eal.emplace_back(read_text(element, "an argument of eal", errors).value_or(""));
        }
    }
    table.text("socket", result.socket);
    if (result.socket.size() > max_socket_bytes) {
        errors.fail(table.find("socket").where(errors),
                    fmt::format("socket is {} bytes long; a socket's path has at most {}",
                                result.socket.size(), max_socket_bytes));
    }
    return result;
}

scion_section read_scion(value from, diagnostics& errors) {
    constexpr std::array<std::string_view, 8> known{"router",         "fan_out",
                                                    "own_ports",      "packet_too_big",
                                                    "slow_path_rate", "slow_path_link_rate",
                                                    "key_overlap",    "http"};
    constexpr std::int64_t max_rate = 10'000'000;
    constexpr std::int64_t max_overlap =
        std::int64_t{24} * 3600;  // no hop field is good for longer
    const table_reader table(from, "[scion]", known, errors);
    scion_section result;
    result.where = table.where();
    result.router_where = table.need("router", R"(router = "br.toml")").where(errors);
    table.text("router", result.router);
    if (table.find("router") && result.router.empty()) {
        errors.fail(result.router_where, "router is empty; give the name of a br.toml");
    }
    table.flag("own_ports", result.own_ports);
    table.flag("packet_too_big", result.packet_too_big);
    table.flag("fan_out", result.fan_out);
    table.number("slow_path_rate", 1, max_rate, result.slow_path_rate);
    table.number("slow_path_link_rate", 1, max_rate, result.slow_path_link_rate);
    table.number("key_overlap", 0, max_overlap, result.key_overlap);
    table.text("http", result.http);
    return result;
}

}  // namespace rhumb::config

// A network of SCION ASes as a person describes it, in a small TOML file: which ASes there are,
// with which border routers, and which links between them. Everything else that a network needs
// (addresses, MTUs, interface numbers) has a default. The format is described in
// docs/rhumb-scion.md. Threads: any, once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/scion/text.hh"
#include "rhumb/bytes.hh"
#include "rhumb/result.hh"
#include "rhumb/wire/isd_as.hh"

namespace rhumb::scion::paths {

struct network_router {
    std::string name;
    control::underlay_endpoint internal;
    config::position where;
};

struct network_as {
    isd_as ia;
    bool core = false;
    std::uint16_t mtu = 0;
    std::optional<std::vector<byte>> master_key;  // as the file gives it
    std::vector<network_router> routers;          // one at least
    control::underlay_endpoint host;              // who sends and receives in walks
    std::optional<control::underlay_endpoint> control_service;
    std::optional<control::port_range> dispatched_ports;
    config::position where;
};

// parent_child: the first end is the parent.
enum class link_kind : std::uint8_t { core, parent_child, peer };

struct link_end {
    std::size_t as = 0;      // its place in network::ases
    std::size_t router = 0;  // its place in network_as::routers
    std::uint16_t interface = 0;
    control::underlay_endpoint address;
};

struct network_link {
    link_kind kind = link_kind::core;
    link_end ends[2];
    std::uint16_t mtu = 0;
    config::position where;
};

// One side of a link: whose interface it is, and the far end.
struct link_side {
    const network_link* link = nullptr;
    const link_end* near = nullptr;
    const link_end* far = nullptr;
    explicit operator bool() const { return link != nullptr; }
};

struct network {
    std::string file;              // for messages
    std::vector<network_as> ases;  // as the file orders them
    std::vector<network_link> links;

    [[nodiscard]] std::optional<std::size_t> find(isd_as ia) const;
    // None: the AS has no such interface.
    [[nodiscard]] link_side side(std::size_t as, std::uint16_t interface) const;
    // All links of an AS, ascending by its own interface.
    [[nodiscard]] std::vector<link_side> sides(std::size_t as) const;
};

[[nodiscard]] std::string_view to_string(link_kind kind);
// "1-ff00:0:110#41"
[[nodiscard]] std::string to_string(isd_as ia, std::uint16_t interface);

// From text; `name` stands in errors, which have line and column.
[[nodiscard]] result<network> parse_network(std::string_view text, const std::string& name);
[[nodiscard]] result<network> load_network(const std::string& path);

// Fills in what the file leaves open: numbers are those of ASes and links in the file, so a file
// gives the same addresses each time. Public for parse_network() alone.
//
//   inside AS n      10.n.0.0/16: routers 10.n.0.1..., the host 10.n.1.100, services 10.n.1.1
//   link n           172.16.0.0/12, four addresses each: .1 and .2 of them, port 50000
[[nodiscard]] result<void> complete_addresses(network& of);

}  // namespace rhumb::scion::paths

// The topology of a SCION AS as its border routers read it from topology.json: which routers there
// are, which links they have to other ASes, where services run. A plain value, checked for form
// and for what the reference implementation checks; addresses are literal, never looked up. A
// router reads its siblings' links, too, and binds none of their addresses. Threads: control.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/config/config.hh"
#include "controlplane/scion/text.hh"
#include "rhumb/result.hh"
#include "rhumb/wire/isd_as.hh"

namespace rhumb::scion::control {

// What the neighbour is to us.
enum class link_type : std::uint8_t { core, parent, child, peer };
[[nodiscard]] std::string_view to_string(link_type type);

// What the topology sets for a single link; everything else is the router's (br.toml).
struct bfd_overrides {
    std::optional<bool> disable;
    std::optional<std::uint8_t> detect_mult;                           // 1 to 255
    std::optional<std::chrono::nanoseconds> desired_min_tx_interval;   // 1 us to about 71 minutes
    std::optional<std::chrono::nanoseconds> required_min_rx_interval;  // the same
    friend bool operator==(const bfd_overrides&, const bfd_overrides&) = default;
};

inline constexpr std::string_view udpip = "udpip";  // the underlay that we know

struct interface {
    std::uint16_t id = 0;  // 1 to 65535, once in an AS
    std::string provider{udpip};
    // Addresses of our end and of the neighbour's. None without an underlay in the file (allowed
    // for siblings) or with a provider that we do not know.
    std::optional<underlay_endpoint> local;  // may be a mere port
    std::optional<underlay_endpoint> remote;
    isd_as neighbour;
    link_type type = link_type::core;
    std::uint16_t mtu = 0;                  // 0: not given
    std::uint16_t remote_interface_id = 0;  // of peer links; 0: not given
    bfd_overrides bfd;
    config::position where;
    config::position remote_where;
};

struct border_router {
    std::string name;
    underlay_endpoint internal_addr;
    std::map<std::uint16_t, interface> interfaces;  // by id
    config::position where;
};

struct topology {
    isd_as ia;
    bool core = false;
    std::uint16_t mtu = 0;                       // inside the AS; 0: not given
    std::optional<port_range> dispatched_ports;  // where hosts have a socket for each application
    std::map<std::string, border_router> border_routers;  // by name
    std::map<std::string, underlay_endpoint> control_services;
    std::map<std::string, underlay_endpoint> discovery_services;
};

// From text; `name` stands in errors.
[[nodiscard]] result<topology> parse_topology(std::string_view text, const std::string& name);

// Whether `router` can run here: each link has addresses of an underlay that we know, and no two
// have the same remote one, by which packets find their link. `name` is the topology's file.
[[nodiscard]] result<void> check_own_router(const border_router& router, const std::string& name);

}  // namespace rhumb::scion::control

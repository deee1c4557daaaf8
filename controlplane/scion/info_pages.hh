// What a SCION border router tells over HTTP besides its counters, in the paths and forms of the
// reference implementation, so that what reads it there reads it here: on the address of
// [metrics] the process and the files as loaded, on that of [api] the same under a prefix, and the
// interfaces by its management API. Plain values in, text out. Threads: any.
//
//   /info                process_text()      also /api/v1/info
//   /config              br.toml as loaded   also /api/v1/config
//   /topology            topology.json as loaded
//   /api/v1/interfaces   interfaces_json()
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/scion/bfd_settings.hh"
#include "controlplane/scion/text.hh"
#include "controlplane/scion/topology.hh"
#include "rhumb/wire/isd_as.hh"

namespace rhumb::scion::control {

inline constexpr std::string_view info_path = "/info";
inline constexpr std::string_view config_path = "/config";
inline constexpr std::string_view topology_path = "/topology";
inline constexpr std::string_view api_prefix = "/api/v1";
inline constexpr std::string_view interfaces_path = "/api/v1/interfaces";

// Content types: of /info and /config; of the others.
inline constexpr std::string_view text_type = "text/plain; charset=utf-8";
inline constexpr std::string_view json_type = "application/json";

struct process_facts {
    std::string version;
    std::string id;  // general.id of br.toml
    isd_as ia;
    std::int64_t pid = 0;
    std::uint32_t euid = 0;
    std::uint32_t egid = 0;
    std::chrono::system_clock::time_point started;
    std::vector<std::string> command_line;
};

// A fact a line.
[[nodiscard]] std::string process_text(const process_facts& facts);

// A link to another AS that is this router's own.
struct interface_facts {
    std::uint16_t id = 0;
    underlay_endpoint local;
    underlay_endpoint remote;
    isd_as neighbour;
    link_type type = link_type::core;
    std::uint16_t mtu = 0;  // bytes of a SCION packet; 0: not given
    bool up = false;
    bfd_settings bfd;
};

// One of another router of the AS.
struct sibling_interface_facts {
    std::uint16_t id = 0;
    underlay_endpoint router;  // internal address of that router
    isd_as neighbour;
    link_type type = link_type::core;
    std::uint16_t mtu = 0;
    bool up = false;  // whether that router is reached, which says nothing of the link
};

struct router_interfaces {
    underlay_endpoint internal;  // this router's internal address
    std::vector<interface_facts> own;
    std::vector<sibling_interface_facts> siblings;
};

// {"interfaces": [..], "sibling_interfaces": [..]}. Beyond the reference's members, an own
// interface has `local_address`.
[[nodiscard]] std::string interfaces_json(const router_interfaces& facts);

// As Go writes a duration: "200ms", "1.5s", "1m30s", "0s".
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace rhumb::scion::control

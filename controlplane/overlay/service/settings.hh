// What the service is told by [overlay] of a configuration, checked. Threads: control.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/overlay/broadcast/options.hh"
#include "controlplane/overlay/service/address.hh"
#include "controlplane/overlay/wire/handshake.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

struct broadcast_settings {
    broadcast::spreading way = broadcast::spreading::plumtree;
    bool in_order = false;
    bool retransmit = false;
    std::size_t fanout = 4;                  // of gossip
    std::uint32_t lifetime = 60;             // seconds that a message may be old
    std::uint32_t neighbour_timeout = 5000;  // milliseconds
    std::optional<host_port> address;        // where others dial this node; none: not told

    friend bool operator==(const broadcast_settings&, const broadcast_settings&) = default;
};

// The feed that speaks for a node of the map.
struct node_speaker {
    std::string node;
    key32 feed{};
    friend bool operator==(const node_speaker&, const node_speaker&) = default;
};
struct link_state_settings {
    std::vector<node_speaker> nodes;
    friend bool operator==(const link_state_settings&, const link_state_settings&) = default;
};

struct service_settings {
    std::string key_file;
    std::string passphrase_file;  // "" = not encrypted
    std::string store_file;
    network_key network = main_network;
    std::vector<host_port> listen;
    std::vector<peer_target> peers;
    std::vector<key32> follow;
    bool admits_anyone = false;
    bool discovery = false;
    std::optional<broadcast_settings> broadcast;    // none: off
    std::optional<link_state_settings> link_state;  // none: off
    std::size_t max_peers = 64;
    std::uint32_t switch_timeout = 3000;     // milliseconds
    std::uint32_t handshake_timeout = 5000;  // milliseconds
    std::uint32_t messages_per_second = 20'000;
    std::uint32_t verifies_per_second = 20'000;
    std::uint64_t bytes_per_second = std::uint64_t{64} << 20;

    friend bool operator==(const service_settings&, const service_settings&) = default;
};

// An address that others can dial; none for 0.0.0.0 and the like.
[[nodiscard]] result<std::optional<host_port>> dialled_address(const host_port& at);

// Errors have the place in `file`. Files are looked for from `file`'s folder.
[[nodiscard]] result<service_settings> settings_of(const config::overlay_section& given,
                                                   const std::string& file);

}  // namespace rhumb::overlay

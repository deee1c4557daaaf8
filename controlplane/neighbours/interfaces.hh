// What the neighbour table is configured with, and what follows from it alone: which addresses are
// our own, and over which interface, to which neighbour, an address is reached.
// Threads: any (a value that nobody changes).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "controlplane/neighbours/address.hh"
#include "rhumb/result.hh"
#include "rhumb/wire/ethernet.hh"

namespace rhumb::neighbours {

using duration = std::chrono::milliseconds;
// Only compared and added to: whoever calls says what time it is.
using time_point = std::chrono::steady_clock::time_point;

using interface_id = std::uint32_t;  // index into settings::interfaces

struct own_address {
    ip_address address;
    std::uint8_t length = 0;  // of the subnet that is reached directly, bits
};

struct interface_settings {
    std::uint16_t port = 0;
    std::uint16_t vlan = 0;  // 0: untagged
    ethernet::mac_address mac{};
    std::vector<own_address> addresses;
    std::optional<ip_address> gateway_ipv4;  // for what is on no subnet of any interface; the first
    std::optional<ip_address> gateway_ipv6;  // interface that has one counts
};

// A neighbour that is not asked for; also the only way to reach one that is on no own subnet.
struct static_entry {
    interface_id interface = 0;
    ip_address address;
    ethernet::mac_address mac{};
};

struct settings {
    std::vector<interface_settings> interfaces;
    std::vector<static_entry> statics;
    std::size_t max_neighbours = 4096;      // beside the static ones
    std::size_t waiting_per_neighbour = 3;  // packets
    std::size_t waiting = 256;              // packets
    duration waiting_time{3000};
    unsigned tries = 3;              // solicitations in a row
    duration retransmit{1000};       // between two of them: RFC 4861 section 10
    duration reachable_time{30000};  // likewise; then the neighbour is probed
    duration first_backoff{1000};    // between two rows, doubled up to
    duration most_backoff{30000};
};

// Where packets to an address go.
struct route_to {
    interface_id interface = 0;
    ip_address neighbour;  // the address itself, or a gateway
};

// Whether the settings make sense; what is wrong where they do not.
[[nodiscard]] result<void> check(const settings& of);

[[nodiscard]] bool is_own(const interface_settings& on, const ip_address& address) noexcept;

// Whether `address` may be a neighbour's on a subnet of this interface: the length of the longest
// such prefix. IPv4's broadcast and all-zero host numbers are nobody's (RFC 1122 section 3.2.1.3),
// but where a subnet is of 31 bits (RFC 3021). Link-local addresses of IPv6 are on every interface
// that has an IPv6 address.
[[nodiscard]] std::optional<unsigned> on_link(const interface_settings& on,
                                              const ip_address& address) noexcept;

// The own address that asks for `target`: on the same subnet if there is one, else any of its
// family, unspecified where there is none.
[[nodiscard]] ip_address source_for(const interface_settings& on,
                                    const ip_address& target) noexcept;

// A static entry's interface, else the longest subnet's, else a gateway's.
[[nodiscard]] result<route_to> find_route(const settings& in, const ip_address& address);

}  // namespace rhumb::neighbours

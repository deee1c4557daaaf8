// An SR policy (RFC 9256 2) as its sources give it: a key, and candidate paths that compete to be
// the active one. Nodes stand here by number, which they keep for good; links by name, as their
// numbers move when the map grows. Threads: any (values).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/paths/constraints.hh"
#include "controlplane/topology/graph.hh"
#include "rhumb/table/prefix.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::paths {

// RFC 9256 2.1. The null endpoint, 0.0.0.0 or ::, stands for any.
struct policy_key {
    topology::node_number headend = topology::nobody;
    std::uint32_t color = 0;
    ip_prefix endpoint;  // all bits
    friend auto operator<=>(const policy_key&, const policy_key&) = default;
};

struct policy_key_hash {
    [[nodiscard]] std::size_t operator()(const policy_key& key) const noexcept {
        return ip_prefix_hash{}(key.endpoint) ^
               (std::size_t{key.headend} << 32 | key.color) * 0x9e3779b97f4a7c15U;
    }
};

[[nodiscard]] constexpr bool is_null(const ip_prefix& endpoint) noexcept {
    return endpoint.address == decltype(endpoint.address){};
}

enum class protocol_origin : std::uint8_t { pcep = 10, bgp = 20, config = 30 };  // 2.3

// 2.4: compared as one number of 160 bits, an IPv4 address being its last 32.
struct originator {
    std::uint32_t asn = 0;
    std::array<std::uint8_t, 16> address{};
    friend auto operator<=>(const originator&, const originator&) = default;
};

[[nodiscard]] constexpr originator originator_of(std::uint32_t asn,
                                                 const ip_prefix& address) noexcept {
    originator made{asn, {}};
    const std::size_t bytes = address_bits(address.af) / 8;
    for (std::size_t i = 0; i < bytes; ++i) {
        made.address[made.address.size() - bytes + i] = address.address[i];
    }
    return made;
}

// 2.6: what tells the candidate paths of one policy apart.
struct candidate_key {
    protocol_origin origin = protocol_origin::config;
    originator from;
    std::uint32_t discriminator = 0;
    friend auto operator<=>(const candidate_key&, const candidate_key&) = default;
};

// One element of an explicit list, as its author wrote it.
struct hop {
    enum class kind : std::uint8_t { node, link, prefix, label };
    kind is = kind::node;
    std::uint8_t algorithm = 0;                       // node and prefix
    topology::node_number node = topology::nobody;    // node: its end; link: where it begins
    topology::node_number remote = topology::nobody;  // link without a name: where it leads
    std::string link;                                 // its name at `node`; empty: any to `remote`
    ip_prefix address;                                // prefix
    std::uint32_t label = 0;
    friend bool operator==(const hop&, const hop&) = default;
};

struct explicit_list {
    std::vector<hop> hops;
    std::uint32_t weight = 1;
    bool verify = false;  // 5.1: every label has to be one that the map knows, not the first alone
    friend bool operator==(const explicit_list&, const explicit_list&) = default;
};

// What a dynamic path may not share with that of another policy.
enum class kept_apart : std::uint8_t { link, node, srlg, node_and_srlg };

struct dynamic_path {
    constraints within;      // its exclude_links is filled from `avoid`
    std::vector<hop> avoid;  // links
    std::vector<hop> via;    // nodes and prefixes (anycast): `within` has what is behind them
    std::optional<policy_key> disjoint_from;
    kept_apart disjoint = kept_apart::link;
    // A disjoint association (RFC 8800): two paths of different policies with the same name here
    // and equal in all else are computed as a pair. `strict` (its flag T): both or none.
    std::string group;
    bool strict = false;
    bool ecmp = false;  // all paths of the least metric, not one of them
    // A path that somebody has chosen: these links, by name, while they keep to the rest.
    std::vector<hop> pinned;
    friend bool operator==(const dynamic_path&, const dynamic_path&) = default;
};

// What another path for a policy has to keep to.
struct replacement {
    std::uint32_t policy = 0;  // as the policies number it
    topology::node_number endpoint = topology::nobody;
    // As its own path demands it, without `group`: it keeps apart from the other one of its pair.
    // Nothing where its path is explicit.
    dynamic_path demands;
    constraints within;  // the same with all exclusions, as things are
};

inline constexpr std::uint32_t default_preference = 100;  // 2.7
inline constexpr std::uint8_t default_priority = 128;     // 2.12

struct candidate_path {
    candidate_key key;
    std::string name;
    std::uint32_t preference = default_preference;
    std::uint8_t priority = default_priority;  // the lowest is the first to be recomputed
    std::optional<mpls::label> binding_sid;    // specified; else one is allocated
    bool specified_binding_sid_only = false;   // 6.2.3
    bool drop_upon_invalid = false;            // 8.2
    std::vector<explicit_list> lists;          // explicit, or ...
    std::optional<dynamic_path> dynamic;       // ... computed
    friend bool operator==(const candidate_path&, const candidate_path&) = default;
};

}  // namespace rhumb::paths

// SR policies, colored prefixes and demands as TOML (docs/policies.md, docs/controller.md): what a
// file says, with names that the map has yet to know, and the same against a map. As strict as the
// configuration: each error has its file, line and column. Threads: control.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/diagnostics.hh"
#include "controlplane/config/reader.hh"
#include "controlplane/paths/policy.hh"
#include "controlplane/topology/map.hh"
#include "rhumb/result.hh"

namespace rhumb::config {

struct name_at {
    std::string text;
    position where;
};

// A segment: a label, or a name (of a node, a link or a prefix).
struct segment_entry {
    name_at name;
    std::optional<mpls::label> label;
    std::uint8_t algorithm = 0;
};

struct segment_list_entry {
    std::vector<segment_entry> segments;
    std::uint32_t weight = 1;
    bool verify = false;
    position where;
};

struct dynamic_entry {
    paths::constraints within;  // what needs no names
    std::vector<name_at> exclude_nodes;
    std::vector<name_at> exclude_links;
    std::vector<name_at> via;
    std::optional<name_at> disjoint_from;  // a policy
    paths::kept_apart disjoint = paths::kept_apart::link;
    std::optional<name_at> group;  // a disjoint association
    bool strict = false;
    bool ecmp = false;
};

struct policy_path_entry {
    paths::candidate_path path;  // what needs no names; its discriminator
    std::vector<segment_list_entry> lists;
    std::optional<dynamic_entry> dynamic;
    bool own_discriminator = false;
    position where;
};

struct policy_entry {
    std::string name;
    std::uint32_t color = 0;
    name_at endpoint;  // an address, or a node's name
    name_at headend;   // empty: this node
    std::optional<std::uint8_t> priority;
    std::vector<ip_prefix> steer;
    std::vector<policy_path_entry> paths;
    position where;
};

struct color_entry {
    std::uint32_t color = 0;
    unsigned only = 0;  // CO bits
};

// A prefix with colors, as BGP would bring it.
struct route_entry {
    ip_prefix prefix;
    name_at next_hop;  // an address, or a node's name
    std::vector<color_entry> colors;
    name_at headend;  // empty: this node
    position where;
};

struct demand_entry {
    name_at from;
    name_at to;
    std::optional<name_at> policy;  // the traffic takes it
    std::uint64_t rate = 0;         // bits a second
    position where;
};

struct policies_file {
    std::vector<policy_entry> policies;
    std::vector<route_entry> routes;
    std::vector<demand_entry> demands;
};

// The arrays [[policies]], [[routes]] and [[demands]]. `affinities` are the names of bits.
void read_policies(value from, std::span<const std::string> affinities, policies_file& into,
                   diagnostics& errors);
void read_routes(value from, policies_file& into, diagnostics& errors);
void read_demands(value from, policies_file& into, diagnostics& errors);

// A file of these arrays and nothing else.
[[nodiscard]] result<policies_file> parse_policies(std::string_view text, const std::string& name,
                                                   std::span<const std::string> affinities);

// The same in the map's terms.
struct resolved_policy {
    paths::policy_key key;
    std::string name;
    std::optional<std::uint8_t> priority;
    std::vector<ip_prefix> steer;
    std::vector<paths::candidate_path> candidates;
    friend bool operator==(const resolved_policy&, const resolved_policy&) = default;
};
struct resolved_route {
    topology::node_number headend = topology::nobody;
    ip_prefix prefix;
    ip_prefix next_hop;
    std::vector<color_entry> colors;
};
struct resolved_demand {
    topology::node_number from = topology::nobody;
    topology::node_number to = topology::nobody;
    std::optional<paths::policy_key> policy;
    std::uint64_t rate = 0;
};
struct resolved_policies {
    std::vector<resolved_policy> policies;
    std::vector<resolved_route> routes;
    std::vector<resolved_demand> demands;
};

// `own`: the node that headends are where none is named. Names that the map does not know, and
// policies that stand there twice, are errors.
[[nodiscard]] resolved_policies resolve_policies(const policies_file& file, const topology::map& m,
                                                 std::optional<topology::node_number> own,
                                                 diagnostics& errors);

}  // namespace rhumb::config

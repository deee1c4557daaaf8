// The map of the network (a link-state database): what each node says of itself, the latest version
// of each, and the graph that they make together. Sources of any kind feed it through apply() and
// withdraw(), in any order, as often as they like.
//
// Nodes and prefixes keep their numbers for good. Links keep theirs until renumberings() moves on,
// which happens when a link is new; links that go, come back or change do not move others.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/topology/advertisement.hh"
#include "controlplane/topology/graph.hh"
#include "rhumb/result.hh"

namespace rhumb::topology {

using prefix_number = std::uint32_t;

// Whether it makes sense by itself: ranges, names, blocks that overlap. The error names the origin.
[[nodiscard]] result<void> check(const advertisement& said);

// What an update has changed; empty where it said nothing new.
struct change {
    bool stale = false;                   // a version that is known, or older than one
    bool renumbered = false;              // all link numbers are new
    std::vector<link_number> links;       // came, went, or differ; both directions where both do
    std::vector<node_number> nodes;       // SRGB, flags, algorithms, definitions, or came or went
    std::vector<prefix_number> prefixes;  // came, went, or differ

    [[nodiscard]] bool empty() const noexcept {
        return !renumbered && links.empty() && nodes.empty() && prefixes.empty();
    }
};

// Who advertises a prefix.
struct prefix_source {
    node_number node = nobody;
    const prefix* said = nullptr;
};

class map {
public:
    // Takes what a node says, if it is newer than what is known.
    [[nodiscard]] result<change> apply(advertisement said);
    // The same for many at once, as a file brings them: all of them, or an error and none. Links
    // are numbered once, so that a large network takes no longer than it must; stale ones are left
    // out.
    [[nodiscard]] result<change> apply(std::vector<advertisement> all);
    // The node says nothing any more; what it says later has to be newer than `version`.
    [[nodiscard]] change withdraw(std::string_view origin, std::uint64_t version);

    [[nodiscard]] const topology::graph& graph() const noexcept { return graph_; }
    [[nodiscard]] std::uint64_t renumberings() const noexcept { return renumberings_; }

    [[nodiscard]] std::optional<node_number> find(std::string_view name) const;
    [[nodiscard]] const std::string& name(node_number node) const { return nodes_[node]->name; }
    // Null: others have a link to it, but it has not said anything.
    [[nodiscard]] const advertisement* said(node_number node) const {
        return nodes_[node]->said ? &*nodes_[node]->said : nullptr;
    }
    [[nodiscard]] std::size_t node_count() const noexcept { return nodes_.size(); }

    // The link of a node by its name, whether or not it is usable.
    [[nodiscard]] std::optional<link_number> find_link(node_number node,
                                                       std::string_view name) const;
    // Null: it is gone.
    [[nodiscard]] const link* said_of(link_number l) const { return links_[l]; }
    [[nodiscard]] std::span<const link_number> links_with_srlg(std::uint32_t srlg) const;
    // SRLG numbers that links have.
    [[nodiscard]] std::vector<std::uint32_t> srlgs() const;

    [[nodiscard]] std::size_t prefix_count() const noexcept { return prefixes_.size(); }
    [[nodiscard]] const ip_prefix& address(prefix_number p) const { return prefixes_[p].address; }
    [[nodiscard]] std::span<const prefix_source> sources(prefix_number p) const {
        return prefixes_[p].sources;
    }
    [[nodiscard]] std::optional<prefix_number> find(const ip_prefix& address) const;

private:
    // A link keeps its place at its node; null once it is gone.
    struct link_slot {
        std::string name;
        node_number remote = nobody;
    };
    struct node_entry {
        std::string name;
        std::uint64_t version = 0;
        std::optional<advertisement> said;
        std::vector<link_slot> slots;
    };
    struct prefix_entry {
        ip_prefix address;
        std::vector<prefix_source> sources;  // by node number
    };

    [[nodiscard]] node_number number_for(const std::string& name);
    void replace(node_number node, std::optional<advertisement> with, change& changed);
    // A part of it: what the node said before.
    std::optional<advertisement> exchange_said(node_number node, std::optional<advertisement> with,
                                               change& changed);
    // Puts the node's links into their slots; false where one has none.
    [[nodiscard]] bool place_links(node_number node, change& changed);
    void renumber(change& changed);
    [[nodiscard]] std::span<const link_number> links_between(node_number from,
                                                             node_number to) const;
    void pair(node_number a, node_number b);
    void fill_link(link_number l);
    void list_srlgs();
    void set_prefixes(node_number node, const std::optional<advertisement>& before,
                      change& changed);

    std::vector<std::unique_ptr<node_entry>> nodes_;
    std::unordered_map<std::string_view, node_number> node_numbers_;
    std::vector<const link*> links_;
    std::vector<link_number>
        by_remote_;  // a node's links stand where graph_ has them, sorted by to
    topology::graph graph_{.first = {0},
                           .from = {},
                           .to = {},
                           .reverse = {},
                           .metrics = {},
                           .affinities = {},
                           .no_transit = {}};
    std::uint64_t renumberings_ = 0;
    std::unordered_map<std::uint32_t, std::vector<link_number>> srlgs_;
    std::vector<prefix_entry> prefixes_;
    std::unordered_map<ip_prefix, prefix_number, ip_prefix_hash> prefix_numbers_;
};

}  // namespace rhumb::topology

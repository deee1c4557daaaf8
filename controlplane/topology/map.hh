// The map of the network (a link-state database): what each node says of itself, the latest version
// of each, and the graph that they make together. Sources of any kind feed it through apply() and
// withdraw(), in any order, as often as they like.
//
// Nodes and prefixes keep their numbers for good. Links keep theirs until renumberings() moves on,
// which happens when a link is new; links that go, come back or change do not move others. An
// update costs as much as what it says is long, a renumbering as much as all links: whoever has
// many updates at hand gives them in one piece, for one renumbering. The graph is a function of
// what nodes say now, up to the numbers.
// Threads: one at a time; without changes, any.
#pragma once

#include <array>
#include <cstdint>
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

// What an update has changed; empty where it said nothing new. Numbers are in order, each once.
// Nodes and prefixes may be more than before; nodes that only others speak of are not listed.
struct change {
    bool stale = false;                   // a version that is known, or older than one
    bool renumbered = false;              // all link numbers are new; `links` is empty then
    std::vector<link_number> links;       // came, went, or differ: what is said, or in the graph
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
    // The same for many, as if one after the other; stale if all are. Where one makes no sense none
    // is taken.
    [[nodiscard]] result<change> apply(std::vector<advertisement> said);
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
    // In order.
    [[nodiscard]] std::span<const link_number> links_with_srlg(std::uint32_t srlg) const;
    // SRLG numbers that links have, in order.
    [[nodiscard]] std::vector<std::uint32_t> srlgs() const;

    [[nodiscard]] std::size_t prefix_count() const noexcept { return prefixes_.size(); }
    [[nodiscard]] const ip_prefix& address(prefix_number p) const { return prefixes_[p].address; }
    [[nodiscard]] std::span<const prefix_source> sources(prefix_number p) const {
        return prefixes_[p].sources;
    }
    [[nodiscard]] std::optional<prefix_number> find(const ip_prefix& address) const;

private:
    // A link keeps its place at its node, also while it is gone.
    struct link_slot {
        std::string name;
        node_number remote = nobody;
    };
    struct node_entry {
        std::string name;
        std::uint64_t version = 0;
        std::optional<advertisement> said;
        std::vector<link_slot> slots;
        std::vector<std::uint32_t>
            by_name;            // of slots, in order of names; only where they are many
        bool in_order = true;   // what it says now stands in the order of slots
        bool is_placed = true;  // slots are exactly the links that it says now
    };
    struct prefix_entry {
        ip_prefix address;
        std::vector<prefix_source> sources;  // by node number
    };
    // What the graph says of a link.
    struct columns {
        link_number link;
        link_number reverse;
        std::array<cost, metric_types> costs;
        affinity_set affinities;
        friend bool operator==(const columns&, const columns&) = default;
    };

    [[nodiscard]] node_number number_for(const std::string& name);
    void take(advertisement said, change& changed);
    void replace(node_number node, std::optional<advertisement> with, change& changed);
    void finish(change& changed);
    void set_prefixes(node_number node, const std::optional<advertisement>& before,
                      change& changed);

    // Links: map_links.cc.
    [[nodiscard]] static std::optional<std::size_t> slot_of(const node_entry& entry,
                                                            std::string_view name);
    [[nodiscard]] bool find_places(node_entry& entry);
    [[nodiscard]] bool place_links(node_number node, change& changed);
    void renumber();
    void make_slots(node_entry& entry);
    void number_links(std::span<const std::uint8_t> is_new);
    void number_anew(node_number node);
    void move_srlg_lists(std::span<const std::uint8_t> is_new, std::span<const link_number> first);
    void move_srlgs(link_number l, const link* before, const link* now);
    // Directions: map_pairs.cc.
    void pair_all(node_number node, std::span<const std::uint8_t> is_new);
    [[nodiscard]] std::span<const link_number> links_between(node_number from,
                                                             node_number to) const;
    void pair(node_number a, node_number b);
    void pair_parallel(std::span<const link_number> there, std::span<const link_number> back);
    void join(link_number a, link_number b);
    void pair_again(node_number node, node_number remote, change& changed);
    [[nodiscard]] columns columns_of(link_number l) const;
    void fill_link(link_number l);

    std::vector<std::unique_ptr<node_entry>> nodes_;
    std::unordered_map<std::string_view, node_number> node_numbers_;
    std::vector<const link*> links_;  // null: gone
    // A node's links stand where graph_ has them, in order of their other ends.
    std::vector<link_number> by_remote_;
    topology::graph graph_{.first = {0},
                           .from = {},
                           .to = {},
                           .reverse = {},
                           .metrics = {},
                           .affinities = {},
                           .no_transit = {}};
    std::uint64_t renumberings_ = 0;
    bool renumbering_is_due_ = false;  // within apply(): links_ is not to be looked at
    std::unordered_map<std::uint32_t, std::vector<link_number>> srlgs_;  // in order
    std::vector<prefix_entry> prefixes_;
    std::unordered_map<ip_prefix, prefix_number, ip_prefix_hash> prefix_numbers_;

    // Kept for the next update.
    std::vector<const link*> places_;
    std::vector<node_number> remotes_;
    std::vector<columns> columns_;
};

}  // namespace rhumb::topology

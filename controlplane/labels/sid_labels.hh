// From segments to labels (RFC 8660): which label stands for a segment at which node. Conflicts
// between SIDs are resolved as RFC 8660 2.5 and 2.6 say, and reported.
//
// A prefix has one SID in an algorithm. Where nodes give it different ones, that of a node which
// does not readvertise it (R) counts, then the lowest index, then the node of the lowest name.
// Two prefixes with one index collide at every node: the loser has no SID. A loser's label is used
// for nothing, neither coming in nor going out.
//
// Answers point into the map: they are good until it changes.
// Threads: read by any once made.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/labels/fec.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/segment.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::labels {

// A label that two FECs claim at a node, or an index that no label stands for.
struct conflict {
    topology::node_number node = topology::nobody;  // nobody: everywhere
    std::uint32_t label = 0;                        // or index, where `node` is nobody
    std::string winner;                             // in words; empty: an index beyond an SRGB
    std::string loser;                              // then `label` is that index
};

// The label for an index in the blocks of an SRGB (RFC 8660 2.4); nullopt beyond them.
[[nodiscard]] std::optional<mpls::label> label_for(std::span<const topology::label_block> srgb,
                                                   std::uint32_t index);
// The other way: nullopt for a label of no block.
[[nodiscard]] std::optional<std::uint32_t> index_of(std::span<const topology::label_block> srgb,
                                                    mpls::label label);

// Whose SID an index is.
struct prefix_sid_owner {
    topology::prefix_number prefix = topology::nobody;
    std::uint8_t algorithm = 0;
};

class sid_labels {
public:
    explicit sid_labels(const topology::map& m);

    // The SID of a prefix in an algorithm as all nodes see it; null where it has none, or has lost
    // it to another prefix.
    [[nodiscard]] const topology::prefix_sid* sid(topology::prefix_number p,
                                                  std::uint8_t algorithm) const;
    // The prefix whose SID is that of the node (flag N); nullopt where it has none.
    [[nodiscard]] std::optional<topology::prefix_number> node_prefix(topology::node_number node,
                                                                     std::uint8_t algorithm) const;
    // What to put on a packet that `at` is to look at.
    [[nodiscard]] std::optional<mpls::label> prefix_label(topology::prefix_number p,
                                                          std::uint8_t algorithm,
                                                          topology::node_number at) const;
    // The same for any segment. Adjacencies: of their SIDs that which is protected, if wanted and
    // there is one, else the other.
    [[nodiscard]] std::optional<mpls::label> label(const topology::segment& s,
                                                   topology::node_number at,
                                                   bool want_protected) const;

    // Whose prefix SID a label is at a node; nullopt where it is none, or has lost.
    [[nodiscard]] std::optional<prefix_sid_owner> prefix_of(mpls::label label,
                                                            topology::node_number at) const;
    // Whether an adjacency SID that the link has, or a binding SID that the node has, counts.
    [[nodiscard]] bool in_force(topology::link_number l, const topology::adjacency_sid& sid) const;
    [[nodiscard]] bool in_force(topology::node_number node, std::uint32_t binding) const;

    [[nodiscard]] std::span<const conflict> conflicts() const { return conflicts_; }

private:
    struct indexed {
        std::uint32_t index = 0;
        prefix_sid_owner owner;
    };
    struct node_sid {
        topology::node_number node = topology::nobody;
        prefix_sid_owner owner;
    };

    void choose_sids();
    void resolve_indexes();
    void find_node_sids();
    void report_beyond_srgb();
    [[nodiscard]] std::string words_for(const prefix_sid_owner& owner) const;
    [[nodiscard]] std::optional<prefix_sid_owner> owner_of(std::uint32_t index) const;

    const topology::map& map_;
    // By prefix: its SIDs, one for each algorithm, from first_of_prefix_[p] on.
    std::vector<std::uint32_t> first_of_prefix_;
    std::vector<const topology::prefix_sid*> sids_;  // null: lost
    std::vector<indexed> by_index_;                  // those that count, by index
    std::vector<node_sid> node_sids_;                // by node and algorithm
    // Sorted; few.
    std::vector<std::uint64_t> lost_adjacencies_;  // link << 32 | label << 1 | set
    std::vector<std::uint64_t> lost_bindings_;     // node << 32 | label
    std::vector<conflict> conflicts_;
};

}  // namespace rhumb::labels

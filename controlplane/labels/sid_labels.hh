// From segments to labels (RFC 8660): which label stands for a segment at which node. Conflicts
// between SIDs are resolved as RFC 8660 2.5 and 2.6 say, and reported.
// Threads: read by any once made.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/topology/map.hh"
#include "controlplane/topology/segment.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::labels {

// A label that two FECs claim at a node, or an index that no label stands for.
struct conflict {
    topology::node_number node = topology::nobody;  // nobody: everywhere
    std::uint32_t label = 0;                        // or index, where `node` is nobody
    std::string winner;                             // in words; empty: an index beyond an SRGB
    std::string loser;
};

// The label for an index in the blocks of an SRGB (RFC 8660 2.4); nullopt beyond them.
[[nodiscard]] std::optional<mpls::label> label_for(std::span<const topology::label_block> srgb,
                                                   std::uint32_t index);

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

    [[nodiscard]] std::span<const conflict> conflicts() const { return conflicts_; }

private:
    const topology::map& map_;
    std::vector<conflict> conflicts_;
};

}  // namespace rhumb::labels

// Which node a packet can be brought to from which other by an algorithm's SIDs, and what a label
// means at a node: what explicit segment lists are checked with. Answers are found when first asked
// for and kept until the map has changed. Threads: one at a time, with the map.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "controlplane/topology/map.hh"
#include "controlplane/topology/segment.hh"

namespace rhumb::paths {

class reachability {
public:
    explicit reachability(const topology::map& m) : map_(m) {}

    [[nodiscard]] bool reaches(topology::node_number from, topology::node_number to,
                               std::uint8_t algorithm);

    // What changed on the map. False where no answer has changed by it: the links that changed are
    // bypassed by others in all algorithms that were asked for.
    [[nodiscard]] bool refresh(const topology::change& changed);
    void clear() { planes_.clear(); }

private:
    struct plane_answers {
        topology::plane view;
        std::vector<std::vector<std::uint64_t>> sets;  // by source; empty: not asked for
    };
    void search(const topology::plane& view, topology::node_number from,
                std::vector<std::uint64_t>& set);

    const topology::map& map_;
    std::map<std::uint8_t, plane_answers> planes_;
    std::vector<topology::node_number> queue_;
};

// Prefix SIDs that two prefixes claim mean nothing here.
class sid_reader {
public:
    explicit sid_reader(const topology::map& m) : map_(m) {}

    // What a node makes of a label: a prefix SID, an adjacency or set of them, or a binding SID.
    [[nodiscard]] std::optional<topology::segment> read(topology::node_number at,
                                                        std::uint32_t label);
    void clear() { built_ = false; }

private:
    struct meaning {
        topology::prefix_number prefix = topology::nobody;  // nobody: several
        std::uint8_t algorithm = 0;
    };
    void build();
    [[nodiscard]] std::optional<topology::segment> read_adjacency(topology::node_number at,
                                                                  std::uint32_t label) const;

    const topology::map& map_;
    bool built_ = false;
    std::unordered_map<std::uint32_t, meaning> by_index_;
};

// The segment for a prefix: its node's where it is that of one node alone, else anycast.
[[nodiscard]] topology::segment segment_to(const topology::map& m, topology::prefix_number p,
                                           std::uint8_t algorithm);

}  // namespace rhumb::paths

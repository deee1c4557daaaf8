// A segment of a path (RFC 8402) in the map's terms, whatever SID it is spelt with: path code works
// on these, labels/ turns them into labels. Threads: any (values).
#pragma once

#include <cstdint>
#include <vector>

#include "controlplane/topology/graph.hh"

namespace rhumb::topology {

enum class segment_kind : std::uint8_t {
    node,       // to `node` along an algorithm's shortest paths
    anycast,    // to the nearest node of an anycast prefix: `number` is map's of the prefix
    adjacency,  // over link `number`, of `node`
    parallel,   // over any link of the set of parallel links at `node` that link `number` is of
    sid,        // a SID that is given as such (RFC 9256 type A): `number` is its value
    binding,    // through what binding SID `number` of `node` stands for, which ends elsewhere
};

struct segment {
    segment_kind kind = segment_kind::node;
    std::uint8_t algorithm = 0;  // node and anycast
    node_number node = nobody;   // node: where it ends; adjacency, binding: where it begins
    std::uint32_t number = nobody;
    friend auto operator<=>(const segment&, const segment&) = default;

    static constexpr segment to_node(node_number node, std::uint8_t algorithm = 0) noexcept {
        return {segment_kind::node, algorithm, node, nobody};
    }
    static constexpr segment over_link(const graph& g, link_number l) {
        return {segment_kind::adjacency, 0, g.from[l], l};
    }
};
using segments = std::vector<segment>;  // in the order in which they are followed

}  // namespace rhumb::topology

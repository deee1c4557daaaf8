// A packet's way over the map by its labels, as every node would treat it (RFC 8402, 8660): which
// operation, which link, and why. It follows SRGBs, PHP, explicit nulls and equal-cost branches; of
// what nodes do not advertise it knows the policies that it is told, and no repairs.
//
// A walk is a graph of visits: a node that gets a packet with a certain stack. Branches that meet
// in the same visit are told once. Each hop brings the packet nearer to the end of its top segment,
// or takes that off: there are no loops.
// Threads: one at a time; a walker keeps shortest paths for its next walks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/labels/list_reader.hh"
#include "controlplane/labels/sid_labels.hh"
#include "controlplane/topology/graph.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/segment.hh"

namespace rhumb::labels {

enum class walk_operation : std::uint8_t {
    push,       // the ingress imposes the list
    continue_,  // the top label becomes the neighbour's
    next,       // the top label goes: the segment ends, or PHP
    forward,    // no label: plain IP
};
[[nodiscard]] std::string_view to_text(walk_operation op);

// What leaves a node over one link.
struct walk_branch {
    walk_operation op = walk_operation::forward;
    topology::link_number link = topology::nobody;
    label_stack after;
    std::uint32_t to = 0;  // number of the visit; that of the walk's size: not followed
};

enum class walk_outcome : std::uint8_t { forwarded, arrived, lost };

struct visit {
    topology::node_number node = topology::nobody;
    label_stack before;
    walk_outcome outcome = walk_outcome::forwarded;
    std::vector<std::string> why;  // what the node does, step by step; the last one: the outcome
    std::vector<walk_branch> branches;
};

struct label_walk {
    std::vector<visit> visits;  // the ingress first
    bool complete = true;       // false: there was more than the options allow

    // All branches end where they should.
    [[nodiscard]] bool arrives() const;
};

// What a policy's binding SID stands for at its node: any of the lists, which lead to `end`.
struct bound_policy {
    std::vector<topology::segments> lists;
    topology::node_number end = topology::nobody;  // nobody: at one of several, or unknown
};
using bound_policies = std::map<std::pair<topology::node_number, mpls::label>, bound_policy>;

struct walk_options {
    bool all_branches = true;  // false: the first one only
    std::size_t max_visits = 4096;
    std::vector<topology::link_number> down;  // links that fail while nobody knows
    const bound_policies* policies = nullptr;
};

class label_walker {
public:
    label_walker(const topology::map& m, const sid_labels& labels) : map_(m), labels_(labels) {}

    // With a segment list, as a policy at the ingress would have it; what is left at its end has
    // arrived where it ends, or goes on to `destination` as plain IP.
    [[nodiscard]] label_walk follow(topology::node_number ingress, const topology::segments& list,
                                    std::optional<topology::prefix_number> destination,
                                    const walk_options& options = {});
    // Towards a prefix: by its SID in the algorithm, or as plain IP where it has none.
    [[nodiscard]] label_walk follow(topology::node_number ingress,
                                    topology::prefix_number destination, std::uint8_t algorithm,
                                    const walk_options& options = {});
    // The stack that stands for a list: each label is that of the node which will see it on top.
    // An error names the first segment without one.
    [[nodiscard]] result<label_stack> stack_for(topology::node_number ingress,
                                                const topology::segments& list,
                                                const bound_policies* policies = nullptr);

private:
    friend class walk_maker;
    using tree_key = std::pair<topology::prefix_number, std::uint8_t>;

    [[nodiscard]] const topology::plane& plane_of(std::uint8_t algorithm);
    // From each node to the nearest that has the prefix.
    [[nodiscard]] const std::vector<topology::distance>& distances_to(topology::prefix_number p,
                                                                      std::uint8_t algorithm);

    const topology::map& map_;
    const sid_labels& labels_;
    std::map<std::uint8_t, topology::plane> planes_;
    std::map<tree_key, std::vector<topology::distance>> distances_;
};

// Whether packets may leave over a link: it is there at both ends.
[[nodiscard]] bool is_usable(const topology::map& m, topology::link_number l);

// "r3", "r1->r2", "r1:to-r2.2", "192.0.2.5/32", "16005": a segment as policies are written.
[[nodiscard]] std::string to_text(const topology::map& m, const topology::segment& s);
// "16002 16005", or "-" where there is none.
[[nodiscard]] std::string to_text(std::span<const mpls::label> stack);

}  // namespace rhumb::labels

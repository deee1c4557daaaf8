// What a repair rests on, by plain definition: the P-space, extended P-space and Q-space of RFC
// 7490 and RFC 9855, and why a destination has the repair that it has, or none. It searches for
// each question, so it is for showing and for tests. Threads: any.
#pragma once

#include <optional>
#include <vector>

#include "controlplane/topology/ti_lfa.hh"
#include "controlplane/topology/ti_lfa_failure.hh"

namespace rhumb::topology {

// Nodes that `root` reaches by shortest paths none of which meets the failure, in order, itself
// among them. Of the node before a failed link: its P-space; of a neighbour N: the extended P-space
// by N.
[[nodiscard]] std::vector<node_number> p_space(const graph& g, const plane& view, node_number root,
                                               const failure& what);
// Nodes whose shortest paths to `destination` do not meet the failure, in order, itself among them.
[[nodiscard]] std::vector<node_number> q_space(const graph& g, const plane& view,
                                               node_number destination, const failure& what);

enum class repair_outcome : std::uint8_t {
    repaired,
    weaker,         // repaired, but not against all that is to be protected from
    not_used,       // no shortest path to the destination begins with the link
    no_other_path,  // the destination is not reached without what fails
    too_many_segments,
    no_sids,         // nodes or links on the way have no SID to be named by
    srlg_too_large,  // max_srlg_links
};

struct repair_explanation {
    repair_outcome outcome = repair_outcome::not_used;
    protection achieved = protection::link;  // where repaired
    failure what;                            // that is protected from
    std::optional<repair> way;  // what is taken; without a repair what would be, without limits
    std::size_t segments = 0;   // of that
    distance before = unreachable;
    distance after = unreachable;   // without what was protected from
    std::vector<link_number> path;  // that packets take, one of equal-cost branches
    std::vector<node_number> p;
    std::vector<node_number> extended_p;  // by the repair's first hop
    std::vector<node_number> q;
};

// About the repair of link `l`, which is usable, for a destination. Without a repair the path and
// extended P-space are those that it would have if there were no limits.
[[nodiscard]] repair_explanation explain_repair(const map& m, const plane& view,
                                                std::uint8_t algorithm, link_number l,
                                                node_number destination,
                                                const ti_lfa_options& options);

}  // namespace rhumb::topology

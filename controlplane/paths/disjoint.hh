// Pairs of paths that do not fail together: disjoint by links, by nodes, by SRLGs. The sum of the
// two metrics is the least there is (the field's min-sum), not what is left over once the shortest
// path has been taken out.
//
// Links and nodes: Suurballe's algorithm on the residual graph, where a node or link that the first
// path has may be shared at a price that exceeds any path. So where no disjoint pair exists, the
// pair that shares the least comes out of the same search. SRLGs, and bounds that each path has to
// keep, make it NP-hard: pairs are searched by branch and bound. Two paths that share something
// give two branches, one in which it is forbidden to the first, one to the second path; the
// branches' two shortest paths bound the sum from below. Up to max_branches of these the answer is
// exact; beyond, it is the best one found, and says so.
// Threads: any, as long as nobody changes the map.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "controlplane/paths/cspf.hh"

namespace rhumb::paths {

// Each but the first implies the links. Nodes are those between the ends, or the ends too where
// they are different ones.
enum class disjointness : std::uint8_t { links, nodes, srlgs, nodes_and_srlgs };

// What both paths of a pair have. A link counts in either direction.
struct shared_risks {
    std::vector<topology::node_number> nodes;
    std::vector<topology::link_number> links;
    std::vector<std::uint32_t> srlgs;
    friend bool operator==(const shared_risks&, const shared_risks&) = default;
};

struct path_pair {
    path first;  // with two sources: that of the first one; else the nearer one
    path second;
    bool disjoint = false;  // as wanted
    shared_risks shared;    // of the kinds that were not to be shared
    // Disjoint: no such pair has a smaller sum. Else: there is no disjoint pair.
    bool proven = false;
    // Not disjoint: no pair shares less (nodes, then links), of those none has a smaller sum. Not
    // for SRLGs and bounds, where it is what has been found.
    bool least_shared = false;
};

struct disjoint_options {
    disjointness kind = disjointness::links;
    bool or_least_shared = true;  // where there is no disjoint pair
    // With two ends on both sides: the first leads to the first, the second to the second.
    bool ends_in_order = false;
    std::size_t max_branches = 1000;
};

class pair_result {
public:
    pair_result(path_pair found) : value_(std::move(found)) {}
    pair_result(no_path why) : value_(std::move(why)) {}
    [[nodiscard]] bool ok() const noexcept { return value_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] const path_pair& operator*() const { return *std::get_if<0>(&value_); }
    [[nodiscard]] const path_pair* operator->() const { return std::get_if<0>(&value_); }
    [[nodiscard]] const no_path& why() const { return *std::get_if<1>(&value_); }

private:
    std::variant<path_pair, no_path> value_;
};

// One source or two, one destination or two (dual-homed): of two, each path has its own.
// Waypoints (limits.via) are refused.
[[nodiscard]] pair_result disjoint_pair(const topology::map& m,
                                        std::span<const topology::node_number> from,
                                        std::span<const topology::node_number> to,
                                        const constraints& limits,
                                        const disjoint_options& options = {},
                                        const reservations* reserved = nullptr,
                                        owner_id owner = no_owner);
[[nodiscard]] inline pair_result disjoint_pair(const topology::map& m, topology::node_number from,
                                               topology::node_number to, const constraints& limits,
                                               const disjoint_options& options = {},
                                               const reservations* reserved = nullptr,
                                               owner_id owner = no_owner) {
    return disjoint_pair(m, std::span(&from, 1), std::span(&to, 1), limits, options, reserved,
                         owner);
}

// What two paths share of a kind.
[[nodiscard]] shared_risks shared_by(const topology::map& m, const path& a, const path& b,
                                     disjointness kind);

}  // namespace rhumb::paths

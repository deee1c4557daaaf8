// Constrained shortest paths (CSPF): the least metric of any type under affinities, SRLGs,
// bandwidth, and bounds on metric, delay and hops together; to a node, to the nearest of several
// (anycast), through waypoints. Exact, or it says that it has given up. Of several paths with the
// least metric one with the fewest links is taken, always the same one.
// Threads: any, as long as nobody changes the map; a path_finder belongs to one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "controlplane/paths/constraints.hh"
#include "controlplane/paths/cspf_space.hh"
#include "controlplane/paths/cspf_trees.hh"
#include "controlplane/paths/reservations.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::paths {

// What leaves no path.
enum class no_path_reason : std::uint8_t {
    no_such_node,  // a node that is asked for is not on the map
    unreachable,   // not even without constraints
    metric,        // links do not give the metric that is asked for
    exclusions,    // of nodes, links, SRLGs
    affinities,
    bandwidth,
    bounds,
    disjoint,  // there are paths, but no two that have to be apart (disjoint.hh)
    gave_up,   // perhaps there is one: the search has become too long
};

struct no_path {
    no_path_reason reason = no_path_reason::unreachable;
    std::string text;  // in words, no full stop
};

class path_result {
public:
    path_result(path found) : value_(std::move(found)) {}
    path_result(no_path why) : value_(std::move(why)) {}

    [[nodiscard]] bool ok() const noexcept { return value_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    // Precondition: ok().
    [[nodiscard]] const path& operator*() const& { return *std::get_if<0>(&value_); }
    [[nodiscard]] path&& operator*() && { return std::move(*std::get_if<0>(&value_)); }
    [[nodiscard]] const path* operator->() const { return std::get_if<0>(&value_); }
    // Precondition: !ok().
    [[nodiscard]] const no_path& why() const { return *std::get_if<1>(&value_); }

private:
    std::variant<path, no_path> value_;
};

// `owner`: for whom; what it has reserved itself counts as free. Without reservations, nothing of
// the links' bandwidth is taken.
[[nodiscard]] path_result shortest_path(const topology::map& m, topology::node_number from,
                                        topology::node_number to, const constraints& limits,
                                        const reservations* reserved = nullptr,
                                        owner_id owner = no_owner);
// The same for routes through and to the best members of anycast groups. A way that takes a link
// twice needs its bandwidth twice: where that is not free, the search gives up.
[[nodiscard]] path_result shortest_path(const topology::map& m, const route& way,
                                        const constraints& limits,
                                        const reservations* reserved = nullptr,
                                        owner_id owner = no_owner);

// The constraint that leaves no path, as shortest_path has found that there is none.
[[nodiscard]] no_path why_none(const topology::map& m, const route& way, const constraints& limits,
                               const bandwidth_pool& pool);
// The same where it is known that the rules before `last` leave one.
[[nodiscard]] no_path explain(const topology::map& m, const route& way, const constraints& limits,
                              rule last);
[[nodiscard]] no_path gave_up(std::string text);
// The reason with names: which exclusions it takes, which rule of affinities, whether bandwidth is
// lacking or not given. For people: it searches once for each exclusion. `affinities`: their names
// by bit, as far as they are known.
[[nodiscard]] std::string in_full(const topology::map& m, route way, const constraints& limits,
                                  const no_path& why, std::span<const std::string> affinities = {});

// All links that lie on some path of the least metric (ECMP). Bounds are not looked at, nor `via`.
[[nodiscard]] std::vector<topology::link_number> equal_cost_links(
    const topology::map& m, topology::node_number from, topology::node_number to,
    const constraints& limits, const reservations* reserved = nullptr, owner_id owner = no_owner);

// shortest_path with a memory: for many paths, of which many begin at the same node under the same
// constraints. Those with bandwidth, waypoints, or bounds that the shortest does not keep are
// computed each time.
class path_finder {
public:
    explicit path_finder(const topology::map& m) { update(m); }

    // To be called when the map has changed, before anything else. What the change does not touch
    // stays.
    void update(const topology::map& m);

    [[nodiscard]] path_result find(const topology::map& m, topology::node_number from,
                                   std::span<const topology::node_number> to,
                                   const constraints& limits,
                                   const reservations* reserved = nullptr,
                                   owner_id owner = no_owner);
    [[nodiscard]] path_result find(const topology::map& m, topology::node_number from,
                                   topology::node_number to, const constraints& limits,
                                   const reservations* reserved = nullptr,
                                   owner_id owner = no_owner) {
        return find(m, from, std::span(&to, 1), limits, reserved, owner);
    }
    // Trees that were computed since it was made.
    [[nodiscard]] std::uint64_t computed() const;

private:
    // Sets of constraints that are remembered; beyond, all are forgotten.
    static constexpr std::size_t max_kinds = 256;
    struct kind {
        constraints limits;  // without bounds
        tree_cache trees;
        std::map<rule, tree_cache> partial;  // as if there were no rules behind; where asked for
    };

    [[nodiscard]] static no_path why_not(const topology::map& m, const route& way, kind& k);

    std::vector<kind> kinds_;
    std::uint64_t renumberings_ = 0;
    std::size_t nodes_ = 0;
    std::uint64_t computed_before_ = 0;  // by kinds that are forgotten
};

}  // namespace rhumb::paths

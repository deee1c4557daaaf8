// The k shortest loopless paths under constraints, nearest first (constraints.hh: nearer). Yen's
// algorithm with Lawler's partition: the paths that are left are divided into sets that share a
// beginning, and a set is searched only when its lower bound has become the least.
// Threads: any, as long as nobody changes the map.
#pragma once

#include <vector>

#include "controlplane/paths/cspf.hh"

namespace rhumb::paths {

struct k_paths {
    std::vector<path> paths;
    bool all = false;      // there are no others
    bool gave_up = false;  // a search became too long (bounds), so there may be nearer ones
    no_path why;           // where there is none
};

// With waypoints, paths are free of loops between two of them.
[[nodiscard]] k_paths k_shortest_paths(const topology::map& m, const route& way, std::size_t k,
                                       const constraints& limits,
                                       const reservations* reserved = nullptr,
                                       owner_id owner = no_owner);
[[nodiscard]] inline k_paths k_shortest_paths(const topology::map& m, topology::node_number from,
                                              topology::node_number to, std::size_t k,
                                              const constraints& limits,
                                              const reservations* reserved = nullptr,
                                              owner_id owner = no_owner) {
    return k_shortest_paths(m, route{from, {}, {to}}, k, limits, reserved, owner);
}

}  // namespace rhumb::paths

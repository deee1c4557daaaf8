// What came of candidate paths, in words for people. Threads: one at a time, with the map.
#pragma once

#include <string>

#include "controlplane/paths/compress.hh"
#include "controlplane/paths/policies.hh"

namespace rhumb::paths {

// Of a path's disjoint association; empty: it has none.
[[nodiscard]] std::string pair_text(const topology::map& m, const candidate_state& state);

// What would make a path fit that has too many labels: which nodes need policies with binding SIDs.
// Empty: nothing would.
[[nodiscard]] std::string split_text(const topology::map& m,
                                     const std::optional<split_segments>& proposal);

}  // namespace rhumb::paths

// What repairs may be made of, from a map and its SIDs. Threads: any (pure).
#pragma once

#include <cstdint>

#include "controlplane/labels/sid_labels.hh"
#include "controlplane/topology/ti_lfa.hh"

namespace rhumb::routing {

// Links and nodes count that have SIDs in the algorithm; the rest is as by default.
[[nodiscard]] topology::ti_lfa_options repair_options(const topology::map& m,
                                                      const labels::sid_labels& labels,
                                                      std::uint8_t algorithm);

}  // namespace rhumb::routing

// Label blocks of this node: what its configuration says of them, which the map's word must agree
// with, and which other protocols' nothing computed may touch. Threads: any (pure).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/config/policies_file.hh"
#include "controlplane/labels/label_owner.hh"
#include "controlplane/topology/advertisement.hh"
#include "rhumb/result.hh"

namespace rhumb::routing {

// Beside SRGB and SRLB.
struct own_blocks {
    std::vector<topology::label_block> dynamic;  // binding SIDs may be of these
    std::vector<labels::reserved_labels> reserved;
    friend bool operator==(const own_blocks&, const own_blocks&) = default;
};
[[nodiscard]] own_blocks own_blocks_of(const config::node& node);

// Neighbours send what the map says; this router listens to what its configuration says.
[[nodiscard]] result<void> compare_blocks(const config::file& file,
                                          const topology::advertisement& own);

// That no SID of this node, nor a binding SID of its policies, is reserved. The error stands in the
// topology file: `where` is this node's place there.
[[nodiscard]] result<void> check_reserved(const config::node& node,
                                          const topology::advertisement& own,
                                          const config::policies_file& policies,
                                          const source_position& where);

}  // namespace rhumb::routing

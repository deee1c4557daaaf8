// Conflicts between labels that a node itself gives out: adjacency and binding SIDs, with each
// other and with prefix SIDs of its SRGB (RFC 8660 2.5). A part of sid_labels. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/labels/sid_labels.hh"

namespace rhumb::labels {

// What of local SIDs has lost its label.
struct local_losses {
    std::vector<std::uint64_t> adjacencies;  // link << 32 | label << 1 | set, sorted
    std::vector<std::uint64_t> bindings;     // node << 32 | label, sorted
    std::vector<conflict> conflicts;
};

// Whose prefix SID an index is at a node, and in words; nullopt where nobody's.
struct prefix_claim {
    fec what;
    std::string words;
};
using prefix_lookup =
    std::function<std::optional<prefix_claim>(topology::node_number, std::uint32_t index)>;

[[nodiscard]] local_losses find_local_losses(const topology::map& m, const prefix_lookup& prefixes);

[[nodiscard]] constexpr std::uint64_t adjacency_key(topology::link_number l,
                                                    const topology::adjacency_sid& sid) {
    return std::uint64_t{l} << 32 | std::uint64_t{sid.label} << 1 | (sid.set ? 1U : 0U);
}
[[nodiscard]] constexpr std::uint64_t binding_key(topology::node_number node, std::uint32_t label) {
    return std::uint64_t{node} << 32 | label;
}

}  // namespace rhumb::labels

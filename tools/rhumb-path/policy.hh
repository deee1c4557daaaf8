// SR policies of the file as their headend would have them: which candidate path is active, and
// what it has in force. Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "controlplane/routing/own_policies.hh"
#include "tools/rhumb-path/network.hh"
#include "tools/rhumb-path/walking.hh"

namespace rhumb::path_tool {

// All policies of the file, evaluated; those without a headend are `own`'s, and an error
// where there is none. Throws failure: file,
// where names of them are not those of the map.
[[nodiscard]] std::unique_ptr<routing::own_policies> evaluate_policies(
    const network& in, std::optional<topology::node_number> own);

// That of `from` to `to` with a color; else that to the null endpoint. Throws failure: refused,
// where there is none.
[[nodiscard]] const paths::policy_state& find_policy(const network& in, const paths::policies& all,
                                                     topology::node_number from,
                                                     topology::node_number to, std::uint32_t color);

// What their binding SIDs stand for.
[[nodiscard]] labels::bound_policies bound_policies_of(const paths::policies& all);

// In words or as JSON, to standard output.
exit_status tell_policy(const network& in, topology::node_number from, topology::node_number to,
                        std::uint32_t color, const walk_settings& walking, bool as_json);

}  // namespace rhumb::path_tool

// Binding SIDs that lead back to themselves: a policy whose list names the binding SID of another,
// whose list names that of a third, and so on to the first one. Packets would go round for as long
// as they live, and for ever where each round pushes a new TTL. Threads: any.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rhumb::topology {

// A list of policy `from` names the binding SID of policy `to`.
struct binding_use {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
};

// Which of the uses lie on a cycle. Numbers of policies are below `policies`.
[[nodiscard]] std::vector<bool> on_cycles(std::uint32_t policies,
                                          std::span<const binding_use> uses);

}  // namespace rhumb::topology

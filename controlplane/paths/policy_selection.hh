// Which candidate path of an SR policy is preferred (RFC 9256 2.9). Threads: any.
#pragma once

#include <span>
#include <vector>

#include "controlplane/paths/policy.hh"

namespace rhumb::paths {

// Whether `a` goes before `b`, both being valid. `installed`, if not null, is the key of the path
// that is to be kept where preference and protocol-origin leave the choice open. Candidates of one
// policy have different keys, so that this is a total order.
[[nodiscard]] bool goes_before(const candidate_path& a, const candidate_path& b,
                               const candidate_key* installed = nullptr);

// Positions of the candidates, the most preferred first.
void order_of_preference(std::span<const candidate_path> candidates, const candidate_key* installed,
                         std::vector<std::uint32_t>& order);

// 2.12: the lowest of the candidates' priorities that are not the default.
[[nodiscard]] std::uint8_t priority_of(std::span<const candidate_path> candidates);

}  // namespace rhumb::paths

#include "controlplane/paths/policy_selection.hh"

#include <algorithm>
#include <numeric>

namespace rhumb::paths {

bool goes_before(const candidate_path& a, const candidate_path& b, const candidate_key* installed) {
    if (a.preference != b.preference) {
        return a.preference > b.preference;
    }
    if (a.key.origin != b.key.origin) {
        return a.key.origin > b.key.origin;
    }
    if (installed != nullptr && (a.key == *installed) != (b.key == *installed)) {
        return a.key == *installed;
    }
    if (a.key.from != b.key.from) {
        return a.key.from < b.key.from;
    }
    return a.key.discriminator > b.key.discriminator;
}

void order_of_preference(std::span<const candidate_path> candidates, const candidate_key* installed,
                         std::vector<std::uint32_t>& order) {
    order.resize(candidates.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return goes_before(candidates[a], candidates[b], installed);
    });
}

std::uint8_t priority_of(std::span<const candidate_path> candidates) {
    std::optional<std::uint8_t> lowest;
    for (const candidate_path& c : candidates) {
        if (c.priority != default_priority && (!lowest || c.priority < *lowest)) {
            lowest = c.priority;
        }
    }
    return lowest.value_or(default_priority);
}

}  // namespace rhumb::paths

// What a stage gets besides its packets, and the choice of a path, which all protocols share.
// Threads: worker.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rhumb/packet/trace.hh"
#include "rhumb/table/counters.hh"
#include "rhumb/table/liveness.hh"
#include "rhumb/table/table_set.hh"

namespace rhumb {

struct stage_context {
    // `now`: the time of day, milliseconds since 1970; only SCION looks at it.
    stage_context(const table_set& which, const liveness& flags, worker_counters& counted,
                  std::uint64_t now = 0) noexcept
        : tables(which),
          live(flags),
          counters(counted),
          now_ms(now),
          ports_up(flags.ports()),
          all_up((which.nexthop_ports & ~ports_up) == 0 && flags.all_nexthops_up()) {}

    const table_set& tables;
    const liveness& live;
    worker_counters& counters;
    const std::uint64_t now_ms;
    // Read once for the burst.
    const std::uint64_t ports_up;
    const bool all_up;  // no next hop is down, and no port of one

    [[nodiscard]] bool is_up(nexthop_id id, const nexthop& hop) const noexcept {
        return all_up || ((ports_up >> hop.port & 1) != 0 &&
                          live.nexthop_up(hop.follows == nexthop::nobody ? id : hop.follows));
    }
    [[nodiscard]] bool is_up(nexthop_id id) const noexcept {
        return all_up || is_up(id, tables.nexthops[id]);
    }
    // Up itself, or repaired by its backup.
    [[nodiscard]] bool is_usable(nexthop_id id) const noexcept {
        const nexthop& hop = tables.nexthops[id];
        return is_up(id) || (hop.has_backup && is_up(hop.backup));
    }
};

namespace detail {

// A path of the group for a packet with this hash; one that is not usable hands its flows to the
// others, spread by the upper bits of the hash, and other flows stay where they are.
[[nodiscard]] inline const path& choose_in_group(const stage_context& context,
                                                 const path_group& group,
                                                 std::uint32_t hash) noexcept {
    const std::size_t first = group.bucket[hash % path_group::buckets];
    if (context.is_usable(group.paths[first].nexthop)) [[likely]] {
        return group.paths[first];
    }
    const std::size_t start = hash / path_group::buckets % group.count;
    for (std::size_t n = 0; n < group.count; ++n) {
        const path& candidate = group.paths[(start + n) % group.count];
        if (context.is_usable(candidate.nexthop)) {
            return candidate;
        }
    }
    return group.paths[first];  // none is usable: the rewrite will say so
}

}  // namespace detail

// The path that `via` means for packet `i`; `hash()` is asked for the flow's hash only if there is
// a choice.
template <class Trace, class Hash>
[[nodiscard]] path choose_path(const stage_context& context, via_ref via, std::size_t i,
                               Trace& trace, Hash&& hash) noexcept {
    if (!via.is_group()) [[likely]] {
        trace.note(i, step::sent_to, via.id());
        return path{via.id(), path::no_label};
    }
    const std::uint32_t value = hash();
    const path& chosen = detail::choose_in_group(context, context.tables.groups[via.id()], value);
    trace.note(i, step::path_chosen, value % path_group::buckets, chosen.nexthop);
    return chosen;
}

}  // namespace rhumb

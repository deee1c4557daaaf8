// Whether what stands in the tables still fits where next hops change. Threads: control.
#include <fmt/format.h>

#include "controlplane/publish/checker.hh"

namespace rhumb::publish {

// Lists that stand already must still fit where a next hop of theirs has changed.
result<void> checker::check_lists_in_use() const {
    if (!replaces_) {
        return {};
    }
    const auto check = [&](nexthop_id id, std::size_t count) -> result<void> {
        const std::size_t limit = limit_if_changed(id);
        if (count > limit) {
            const std::string_view name = now_.nexthop_name(id);
            return error_at(nexthop_named(name)->where,
                            fmt::format("next hop \"{}\" would take at most {} labels, but a list "
                                        "of {} segments goes there",
                                        name, limit, count));
        }
        return {};
    };
    for (const auto& [key, number] : now_.known_lists_.values()) {
        const via_ref via = via_ref::from_bits(key.via);
        if (via == forwarding::path_names_it) {
            continue;
        }
        if (!via.is_group()) {
            if (auto r = check(via.id(), key.labels.size()); !r) return r;
            continue;
        }
        for (const auto& path : now_.known_groups_.value(via.id()).paths) {
            if (auto r = check(path.hop, key.labels.size()); !r) return r;
        }
    }
    for (const auto& [key, number] : now_.known_groups_.values()) {
        for (const auto& path : key.paths) {
            if (key.pushes && path.out != rhumb::path::no_label) {
                if (auto r = check(path.hop, now_.lists_[path.out].count); !r) return r;
            }
        }
    }
    return {};
}

// How many labels a next hop will take; unlimited where the batch leaves it and its backup as they
// are.
std::size_t checker::limit_if_changed(nexthop_id id) const {
    const auto it = now_.nexthops().find(now_.nexthop_name(id));
    if (it == now_.nexthops().end()) {
        return unlimited;
    }
    const config::nexthop* const hop = nexthop_named(it->first);
    const bool changes =
        hop != nullptr &&
        (coming_.contains(it->first) || (hop->backup && coming_.contains(hop->backup->nexthop)));
    return changes ? depth_limit(*hop) : unlimited;
}

}  // namespace rhumb::publish

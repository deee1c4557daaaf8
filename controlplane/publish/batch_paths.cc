#include "controlplane/publish/batch_paths.hh"

#include <algorithm>

namespace rhumb::publish {

forwarding::batch_paths::batch_paths(forwarding& owner, const config::rules& rules)
    : owner_(owner),
      rules_(rules),
      most_lists_(most_new_lists(rules)),
      members_(rules.path_lists.size()) {}

via_ref forwarding::batch_paths::acquire(std::uint32_t list, const old_group& old) {
    const members& paths = resolved(list);
    if (paths.size() == 1) {
        const via_ref via = via_ref::to_nexthop(paths.front().hop);
        owner_.add_user(via);
        return via;
    }
    if (!owner_.building_) {
        return via_ref::to_group(group_for(paths, old));
    }
    // While tables are built nothing is released, so what was made for another rule is still there.
    const std::uint64_t key = std::uint64_t{list} << 32 | (old.number ? *old.number + 1 : 0);
    const auto made = made_.find(key);
    if (made == made_.end()) {
        return via_ref::to_group(made_[key] = group_for(paths, old));
    }
    owner_.known_groups_.add_user(made->second);
    return via_ref::to_group(made->second);
}

const forwarding::members& forwarding::batch_paths::resolved(std::uint32_t list) {
    members& paths = members_[list];
    if (paths.empty()) {
        for (const config::path& p : rules_.path_lists[list]) {
            paths.push_back({*owner_.nexthop_number(p.nexthop),
                             p.out.value_or(rhumb::path::no_label), p.weight});
        }
        std::sort(paths.begin(), paths.end());
    }
    return paths;
}

std::uint32_t forwarding::batch_paths::group_for(const members& paths, const old_group& old) {
    const bool is_ours = old.number && old.owner == &owner_;
    std::optional<std::uint32_t> same;
    if (is_ours && owner_.known_groups_.value(*old.number).paths == paths) {
        same = old.number;
    } else if (!is_room_for_more()) {
        same = group_of_equal_paths(paths);
    }
    if (same) {
        owner_.known_groups_.add_user(*same);
        return *same;
    }
    return owner_.acquire_group(paths, old.number ? &old.owner->groups_[*old.number] : nullptr);
}

std::optional<std::uint32_t> forwarding::batch_paths::group_of_equal_paths(
    const members& paths) const {
    const auto& known = owner_.known_groups_.values();
    const auto first = known.lower_bound({paths, {}});
    return first != known.end() && first->first.paths == paths ? std::optional(first->second)
                                                               : std::nullopt;
}

// Whether equal paths may have several groups, each with the buckets of its own past: the checker
// has seen to room for one group a path list, and that must not be used up.
bool forwarding::batch_paths::is_room_for_more() const {
    return owner_.known_groups_.available() > rules_.path_lists.size() &&
           owner_.known_lists_.available() > most_lists_;
}

}  // namespace rhumb::publish

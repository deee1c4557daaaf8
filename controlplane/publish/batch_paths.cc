#include "controlplane/publish/batch_paths.hh"

#include <algorithm>

namespace rhumb::publish {

forwarding::batch_paths::batch_paths(forwarding& owner, const config::rules& rules)
    : owner_(owner),
      rules_(rules),
      most_lists_(most_new_lists(rules)),
      members_(rules.path_lists.size()),
      pushes_(rules.path_lists.size()) {
    for (std::size_t n = 0; n < pushes_.size(); ++n) {
        const config::path_list& paths = rules.path_lists[n];
        pushes_[n] = std::any_of(paths.begin(), paths.end(), [](const config::path& path) {
            return path.list != config::none;
        });
    }
}

forwarding::batch_paths::~batch_paths() {
    for (const auto& [key, group] : made_) {
        owner_.release_via(via_ref::to_group(group));
    }
    for (const std::uint32_t list : path_lists_) {
        owner_.release_list(list);
    }
}

via_ref forwarding::batch_paths::acquire(std::uint32_t list, const old_group& old) {
    const members& paths = resolved(list);
    if (paths.size() == 1) {
        const via_ref via = via_ref::to_nexthop(paths.front().hop);
        owner_.add_user(via);
        return via;
    }
    // Rules by the thousand may have the same list, and come from the same group.
    const std::uint64_t key = std::uint64_t{list} << 32 | (old.number ? *old.number + 1 : 0);
    const auto made = made_.find(key);
    const std::uint32_t group =
        made == made_.end() ? made_[key] = group_for(list, old) : made->second;
    owner_.known_groups_.add_user(group);
    return via_ref::to_group(group);
}

const forwarding::members& forwarding::batch_paths::resolved(std::uint32_t list) {
    members& paths = members_[list];
    if (paths.empty()) {
        for (const config::path& p : rules_.path_lists[list]) {
            std::uint32_t out = p.out.value_or(rhumb::path::no_label);
            if (p.list != config::none && rules_.path_lists[list].size() > 1) {
                out = owner_.acquire_path_list(rules_.segment_lists[p.list]);
                path_lists_.push_back(out);
            }
            paths.push_back({*owner_.nexthop_number(p.nexthop), out, p.weight});
        }
        std::sort(paths.begin(), paths.end());
    }
    return paths;
}

std::uint32_t forwarding::batch_paths::group_for(std::uint32_t list, const old_group& old) {
    const members& paths = members_[list];
    const bool pushes = pushes_[list];
    const bool is_ours = old.number && old.owner == &owner_;
    std::optional<std::uint32_t> same;
    if (is_ours && owner_.known_groups_.value(*old.number).paths == paths &&
        owner_.known_groups_.value(*old.number).pushes == pushes) {
        same = old.number;
    } else if (!is_room_for_more()) {
        same = group_of_equal_paths(paths, pushes);
    }
    if (same) {
        owner_.known_groups_.add_user(*same);
        return *same;
    }
    return owner_.acquire_group(paths, pushes,
                                old.number ? &old.owner->groups_[*old.number] : nullptr);
}

std::optional<std::uint32_t> forwarding::batch_paths::group_of_equal_paths(const members& paths,
                                                                           bool pushes) const {
    const auto& known = owner_.known_groups_.values();
    const auto first = known.lower_bound({paths, pushes, {}});
    return first != known.end() && first->first.paths == paths && first->first.pushes == pushes
               ? std::optional(first->second)
               : std::nullopt;
}

// Whether equal paths may have several groups, each with the buckets of its own past: the checker
// has seen to room for one group a path list, and that must not be used up.
bool forwarding::batch_paths::is_room_for_more() const {
    return owner_.known_groups_.available() > rules_.path_lists.size() &&
           owner_.known_lists_.available() > most_lists_;
}

}  // namespace rhumb::publish

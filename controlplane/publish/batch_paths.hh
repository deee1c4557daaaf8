// The path lists of one batch of rules on their way into the tables: resolved to next hop numbers
// once each, as labels by the thousand share them. Threads: control.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "controlplane/publish/forwarding.hh"

namespace rhumb::publish {

class forwarding::batch_paths {
public:
    batch_paths(forwarding& owner, const config::rules& rules);
    batch_paths(const batch_paths&) = delete;
    batch_paths& operator=(const batch_paths&) = delete;
    ~batch_paths();

    // The group that a rule had before, and in whose tables it is.
    struct old_group {
        const forwarding* owner = nullptr;
        std::optional<std::uint32_t> number;
    };

    // One more user of this list. A group that is made for it leaves flows where `old` had them, as
    // far as its weights allow.
    [[nodiscard]] via_ref acquire(std::uint32_t list, const old_group& old);

    [[nodiscard]] const config::path_list& list(std::uint32_t n) const {
        return rules_.path_lists[n];
    }
    // Whether the paths of this list name what to push.
    [[nodiscard]] bool pushes(std::uint32_t list) const { return pushes_[list]; }
    // The one segment list of a rule with these lists of its own and of paths; none: by path, or
    // no list at all.
    [[nodiscard]] std::uint32_t only_list(std::uint32_t own, std::uint32_t paths) const {
        const config::path_list& all = rules_.path_lists[paths];
        return own == config::none && all.size() == 1 ? all.front().list : own;
    }
    [[nodiscard]] const config::segments& segments(std::uint32_t n) const {
        return rules_.segment_lists[n];
    }

private:
    [[nodiscard]] const members& resolved(std::uint32_t list);
    [[nodiscard]] std::uint32_t group_for(std::uint32_t list, const old_group& old);
    [[nodiscard]] std::optional<std::uint32_t> group_of_equal_paths(const members& paths,
                                                                    bool pushes) const;
    [[nodiscard]] bool is_room_for_more() const;

    forwarding& owner_;
    const config::rules& rules_;
    const std::size_t most_lists_;
    std::vector<members> members_;
    std::vector<bool> pushes_;
    std::vector<std::uint32_t> path_lists_;  // which this holds, so that they keep their numbers
    // List and old group -> group; each is held once more, so that it keeps its number.
    std::unordered_map<std::uint64_t, std::uint32_t> made_;
};

}  // namespace rhumb::publish

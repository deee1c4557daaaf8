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
    [[nodiscard]] const config::segments& segments(std::uint32_t n) const {
        return rules_.segment_lists[n];
    }

private:
    [[nodiscard]] const members& resolved(std::uint32_t list);
    [[nodiscard]] std::uint32_t group_for(const members& paths, const old_group& old);
    [[nodiscard]] std::optional<std::uint32_t> group_of_equal_paths(const members& paths) const;
    [[nodiscard]] bool is_room_for_more() const;

    forwarding& owner_;
    const config::rules& rules_;
    const std::size_t most_lists_;
    std::vector<members> members_;
    std::unordered_map<std::uint64_t, std::uint32_t> made_;  // list and old group -> group
};

}  // namespace rhumb::publish

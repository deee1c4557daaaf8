#include "controlplane/config/config.hh"

#include <algorithm>
#include <functional>
#include <utility>

namespace rhumb::config {
namespace {

std::size_t mixed(std::size_t hash, std::size_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15U;
    return hash ^ hash >> 32;
}

std::size_t hash_of(const path_list& list) {
    std::size_t hash = list.size();
    for (const path& p : list) {
        hash = mixed(hash, std::hash<std::string>{}(p.nexthop));
        hash = mixed(hash, std::size_t{p.weight} << 32 | p.out.value_or(none));
        hash = mixed(hash, p.list);
    }
    return hash;
}

std::size_t hash_of(const segments& list) {
    std::size_t hash = list.size();
    for (const mpls::label label : list) {
        hash = mixed(hash, label);
    }
    return hash;
}

// The slot that holds an equal list, or the empty one where it belongs. At least one is empty.
template <class List>
std::uint32_t& slot_for(std::vector<std::uint32_t>& slots, const std::vector<List>& lists,
                        const List& list) {
    const std::size_t mask = slots.size() - 1;
    std::size_t n = hash_of(list) & mask;
    while (slots[n] != none && lists[slots[n]] != list) {
        n = (n + 1) & mask;
    }
    return slots[n];
}

}  // namespace

template <class List>
std::uint32_t rules::index::intern(std::vector<List>& lists, List&& list) {
    if (slots_.size() < 2 * (lists.size() + 1)) {
        slots_.assign(std::max<std::size_t>(16, 2 * slots_.size()), none);
        for (std::uint32_t n = 0; n < lists.size(); ++n) {
            slot_for(slots_, lists, lists[n]) = n;
        }
    }
    std::uint32_t& slot = slot_for(slots_, lists, list);
    if (slot == none) {
        slot = static_cast<std::uint32_t>(lists.size());
        lists.push_back(std::forward<List>(list));
    }
    return slot;
}

std::uint32_t rules::intern(path_list list) {
    return known_paths_.intern(path_lists, std::move(list));
}

std::uint32_t rules::intern(segments list) {
    return known_segments_.intern(segment_lists, std::move(list));
}

}  // namespace rhumb::config

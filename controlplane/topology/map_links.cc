// Links of the map: their places at their nodes, and their numbers.
#include <algorithm>
#include <numeric>
#include <utility>

#include "controlplane/topology/map.hh"

namespace rhumb::topology {

namespace {

constexpr std::size_t many_slots = 32;  // from here on they are looked up in by_name

std::span<const std::uint32_t> srlgs_of(const link* said) {
    return said == nullptr ? std::span<const std::uint32_t>()
                           : std::span<const std::uint32_t>(said->srlgs);
}

}  // namespace

std::optional<std::size_t> map::slot_of(const node_entry& entry, std::string_view name) {
    const auto& slots = entry.slots;
    if (entry.by_name.empty()) {
        const auto at = std::find_if(slots.begin(), slots.end(),
                                     [&](const link_slot& slot) { return slot.name == name; });
        return at == slots.end() ? std::nullopt
                                 : std::optional(static_cast<std::size_t>(at - slots.begin()));
    }
    const auto at =
        std::partition_point(entry.by_name.begin(), entry.by_name.end(),
                             [&](std::uint32_t slot) { return slots[slot].name < name; });
    return at == entry.by_name.end() || slots[*at].name != name ? std::nullopt
                                                                : std::optional<std::size_t>(*at);
}

std::optional<link_number> map::find_link(node_number node, std::string_view name) const {
    const auto slot = slot_of(*nodes_[node], name);
    return slot ? std::optional(graph_.first[node] + static_cast<link_number>(*slot))
                : std::nullopt;
}

// Fills places_ with what the node says of each of its slots; false where a link has none.
bool map::find_places(node_entry& entry) {
    places_.assign(entry.slots.size(), nullptr);
    std::size_t next = 0;  // where most links are: behind the one before
    bool in_order = true;
    for (const link& l :
         entry.said ? std::span<const link>(entry.said->links) : std::span<const link>()) {
        std::size_t at = next;
        if (at >= entry.slots.size() || entry.slots[at].name != l.name) {
            const auto found = slot_of(entry, l.name);
            if (!found) {
                return false;
            }
            at = *found;
        }
        if (nodes_[entry.slots[at].remote]->name != l.remote) {
            return false;
        }
        in_order = in_order && at >= next;
        places_[at] = &l;
        next = at + 1;
    }
    entry.in_order = in_order;
    return true;
}

// Puts the node's links into their slots; false where one has none. What it said before is still
// there to compare with.
bool map::place_links(node_number node, change& changed) {
    node_entry& entry = *nodes_[node];
    const bool was_in_order = entry.in_order;
    if (!find_places(entry)) {
        return false;
    }
    // The order of parallel links tells which belong together.
    const bool reordered = !was_in_order || !entry.in_order;
    const link_number base = graph_.first[node];
    remotes_.clear();
    entry.is_placed = entry.in_order;
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const link* const now = places_[i];
        const link* const before = std::exchange(links_[base + i], now);
        entry.is_placed = entry.is_placed && now != nullptr;
        if (before == nullptr && now == nullptr) {
            continue;
        }
        const bool differs = before == nullptr || now == nullptr || *before != *now;
        if (differs) {
            const auto number = base + static_cast<link_number>(i);
            changed.links.push_back(number);
            move_srlgs(number, before, now);
        }
        if (differs || reordered) {
            remotes_.push_back(entry.slots[i].remote);
        }
    }
    std::sort(remotes_.begin(), remotes_.end());
    remotes_.erase(std::unique(remotes_.begin(), remotes_.end()), remotes_.end());
    for (const node_number remote : remotes_) {
        pair_again(node, remote, changed);
    }
    return true;
}

// Nodes whose links are the ones they were keep what was found out about these, at other numbers.
void map::renumber() {
    ++renumberings_;
    // Nodes that are known by their neighbours' links only come in while this runs.
    std::vector<std::uint8_t> is_new(nodes_.size(), 1);
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
        is_new.resize(nodes_.size(), 1);
        if (nodes_[n]->is_placed) {
            is_new[n] = 0;
        } else {
            make_slots(*nodes_[n]);
        }
    }
    is_new.resize(nodes_.size(), 1);
    number_links(is_new);
    for (node_number n = 0; n < nodes_.size(); ++n) {
        if (is_new[n] != 0) {
            pair_all(n, is_new);
        }
    }
}

void map::make_slots(node_entry& entry) {
    entry.slots.clear();
    entry.by_name.clear();
    entry.in_order = true;
    entry.is_placed = true;
    if (!entry.said) {
        return;
    }
    entry.slots.reserve(entry.said->links.size());
    for (const link& l : entry.said->links) {
        const node_number remote = number_for(l.remote);
        entry.slots.push_back({l.name, remote});
    }
    if (entry.slots.size() >= many_slots) {
        entry.by_name.resize(entry.slots.size());
        std::iota(entry.by_name.begin(), entry.by_name.end(), 0);
        std::sort(entry.by_name.begin(), entry.by_name.end(),
                  [&](std::uint32_t a, std::uint32_t b) {
                      return entry.slots[a].name < entry.slots[b].name;
                  });
    }
}

void map::number_links(std::span<const std::uint8_t> is_new) {
    std::vector<link_number> first{0};
    first.reserve(nodes_.size() + 1);
    for (const auto& entry : nodes_) {
        first.push_back(first.back() + static_cast<link_number>(entry->slots.size()));
    }
    move_srlg_lists(is_new, first);
    topology::graph old;
    std::swap(old, graph_);
    const auto old_links = std::exchange(links_, {});
    const auto old_by_remote = std::exchange(by_remote_, {});
    graph_.first = std::move(first);
    graph_.no_transit = std::move(old.no_transit);
    const std::size_t count = graph_.first.back();
    graph_.from.resize(count);
    graph_.to.resize(count);
    graph_.reverse.assign(count, nobody);
    graph_.affinities.assign(count, 0);
    for (auto& metric : graph_.metrics) {
        metric.assign(count, unusable);
    }
    links_.resize(count);
    by_remote_.resize(count);
    for (node_number n = 0; n < nodes_.size(); ++n) {
        if (is_new[n] != 0) {
            number_anew(n);
            continue;
        }
        const link_number base = graph_.first[n];
        for (link_number i = 0; i < graph_.first[n + 1] - base; ++i) {
            const link_number before = old.first[n] + i;
            const link_number now = base + i;
            const node_number to = old.to[before];
            graph_.from[now] = n;
            graph_.to[now] = to;
            links_[now] = old_links[before];
            by_remote_[now] = old_by_remote[before] - old.first[n] + base;
            if (is_new[to] == 0 && old.reverse[before] != nobody) {
                graph_.reverse[now] = old.reverse[before] - old.first[to] + graph_.first[to];
                graph_.affinities[now] = old.affinities[before];
                for (std::size_t metric = 0; metric < metric_types; ++metric) {
                    graph_.metrics[metric][now] = old.metrics[metric][before];
                }
            }
        }
    }
}

void map::number_anew(node_number node) {
    const node_entry& entry = *nodes_[node];
    const link_number base = graph_.first[node];
    for (std::size_t i = 0; i < entry.slots.size(); ++i) {
        const auto l = base + static_cast<link_number>(i);
        graph_.from[l] = node;
        graph_.to[l] = entry.slots[i].remote;
        links_[l] = &entry.said->links[i];
        by_remote_[l] = l;
        move_srlgs(l, nullptr, links_[l]);
    }
    std::sort(by_remote_.begin() + base, by_remote_.begin() + graph_.first[node + 1],
              [this](link_number a, link_number b) {
                  return std::pair(graph_.to[a], a) < std::pair(graph_.to[b], b);
              });
}

void map::move_srlg_lists(std::span<const std::uint8_t> is_new,
                          std::span<const link_number> first) {
    for (auto at = srlgs_.begin(); at != srlgs_.end();) {
        std::erase_if(at->second, [&](link_number l) { return is_new[graph_.from[l]] != 0; });
        for (link_number& l : at->second) {
            const node_number node = graph_.from[l];
            l = l - graph_.first[node] + first[node];
        }
        at = at->second.empty() ? srlgs_.erase(at) : std::next(at);
    }
}

void map::move_srlgs(link_number l, const link* before, const link* now) {
    const auto had = srlgs_of(before);
    const auto has = srlgs_of(now);
    if (std::equal(had.begin(), had.end(), has.begin(), has.end())) {
        return;
    }
    for (const std::uint32_t srlg : had) {
        if (const auto at = srlgs_.find(srlg); at != srlgs_.end()) {
            std::vector<link_number>& links = at->second;
            const auto place = std::lower_bound(links.begin(), links.end(), l);
            if (place != links.end() && *place == l) {  // a link may say the same twice
                links.erase(place);
            }
            if (links.empty()) {
                srlgs_.erase(at);
            }
        }
    }
    for (const std::uint32_t srlg : has) {
        std::vector<link_number>& links = srlgs_[srlg];
        const auto place = std::lower_bound(links.begin(), links.end(), l);
        if (place == links.end() || *place != l) {
            links.insert(place, l);
        }
    }
}

}  // namespace rhumb::topology

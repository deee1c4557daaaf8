// Links of the map: their numbers, and which of them are the two directions of one.
#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "controlplane/topology/map.hh"

namespace rhumb::topology {

namespace {

constexpr std::size_t many_slots = 32;  // from here on they are looked up in by_name

cost or_unusable(cost given) { return given == 0 ? unusable : given; }

// Whether two links, each of which may name its other end, do not contradict.
bool names_fit(const link& a, const link& b) {
    return (a.remote_link.empty() || a.remote_link == b.name) &&
           (b.remote_link.empty() || b.remote_link == a.name);
}

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

std::span<const link_number> map::links_between(node_number from, node_number to) const {
    const auto begin = by_remote_.begin() + graph_.first[from];
    const auto end = by_remote_.begin() + graph_.first[from + 1];
    const auto low =
        std::partition_point(begin, end, [&](link_number l) { return graph_.to[l] < to; });
    auto high = low;
    if (high != end && graph_.to[*high] == to) {
        high = std::partition_point(low, end, [&](link_number l) { return graph_.to[l] == to; });
    }
    return {low, high};
}

void map::renumber() {
    ++renumberings_;
    // Nodes that are known by their neighbours' links only come in while this runs.
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
        if (!nodes_[n]->is_placed) {
            make_slots(*nodes_[n]);
        }
    }
    number_links();
    sort_by_remote();
    for (node_number n = 0; n < nodes_.size(); ++n) {
        for (link_number i = graph_.first[n]; i < graph_.first[n + 1];) {
            const node_number remote = graph_.to[by_remote_[i]];
            if (remote > n) {
                pair(n, remote);
            }
            while (i < graph_.first[n + 1] && graph_.to[by_remote_[i]] == remote) {
                ++i;
            }
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

void map::number_links() {
    graph_.first.assign(1, 0);
    graph_.from.clear();
    graph_.to.clear();
    links_.clear();
    srlgs_.clear();
    for (node_number n = 0; n < nodes_.size(); ++n) {
        const node_entry& entry = *nodes_[n];
        for (std::size_t i = 0; i < entry.slots.size(); ++i) {
            graph_.from.push_back(n);
            graph_.to.push_back(entry.slots[i].remote);
            links_.push_back(&entry.said->links[i]);
            move_srlgs(static_cast<link_number>(links_.size() - 1), nullptr, links_.back());
        }
        graph_.first.push_back(static_cast<link_number>(links_.size()));
    }
    graph_.reverse.assign(links_.size(), nobody);
    graph_.affinities.assign(links_.size(), 0);
    for (auto& metric : graph_.metrics) {
        metric.assign(links_.size(), unusable);
    }
}

// All links by their other ends first, then dealt out to their nodes.
void map::sort_by_remote() {
    std::vector<link_number> next(nodes_.size() + 1);
    for (const node_number to : graph_.to) {
        ++next[to + 1];
    }
    std::partial_sum(next.begin(), next.end(), next.begin());
    std::vector<link_number> by_end(links_.size());
    for (link_number l = 0; l < links_.size(); ++l) {
        by_end[next[graph_.to[l]]++] = l;
    }
    next = graph_.first;
    by_remote_.resize(links_.size());
    for (const link_number l : by_end) {
        by_remote_[next[graph_.from[l]]++] = l;
    }
}

// Matches links between two nodes: first those that name their other end, then the rest in the
// order in which they are advertised.
void map::pair(node_number a, node_number b) {
    const auto there = links_between(a, b);
    const auto back = links_between(b, a);
    for (const auto side : {there, back}) {
        for (const link_number l : side) {
            graph_.reverse[l] = nobody;
        }
    }
    if (there.size() == 1 && back.size() == 1) {
        const link* const one = links_[there[0]];
        const link* const other = links_[back[0]];
        if (one != nullptr && other != nullptr && names_fit(*one, *other)) {
            join(there[0], back[0]);
        }
    } else if (!there.empty() && !back.empty()) {
        pair_parallel(there, back);
    }
    for (const auto side : {there, back}) {
        std::for_each(side.begin(), side.end(), [this](link_number l) { fill_link(l); });
    }
}

void map::pair_parallel(std::span<const link_number> there, std::span<const link_number> back) {
    struct ends {
        std::vector<link_number> in_order;  // as they are advertised
        std::vector<link_number> by_name;
    };
    const auto look = [this](std::span<const link_number> side) {
        ends found;
        std::copy_if(side.begin(), side.end(), std::back_inserter(found.in_order),
                     [this](link_number l) { return links_[l] != nullptr; });
        std::sort(
            found.in_order.begin(), found.in_order.end(),
            [this](link_number x, link_number y) { return std::less<>()(links_[x], links_[y]); });
        found.by_name = found.in_order;
        std::sort(found.by_name.begin(), found.by_name.end(), [this](link_number x, link_number y) {
            return links_[x]->name < links_[y]->name;
        });
        return found;
    };
    const auto join_named = [this](const ends& these, const ends& those) {
        for (const link_number l : these.in_order) {
            const std::string& wanted = links_[l]->remote_link;
            if (wanted.empty() || graph_.reverse[l] != nobody) {
                continue;
            }
            const auto other =
                std::partition_point(those.by_name.begin(), those.by_name.end(),
                                     [&](link_number x) { return links_[x]->name < wanted; });
            if (other != those.by_name.end() && graph_.reverse[*other] == nobody &&
                names_fit(*links_[l], *links_[*other])) {
                join(l, *other);
            }
        }
    };
    ends here = look(there);
    ends far = look(back);
    join_named(here, far);
    join_named(far, here);
    for (ends* const side : {&here, &far}) {
        std::erase_if(side->in_order, [this](link_number l) {
            return graph_.reverse[l] != nobody || !links_[l]->remote_link.empty();
        });
    }
    for (std::size_t i = 0; i < std::min(here.in_order.size(), far.in_order.size()); ++i) {
        join(here.in_order[i], far.in_order[i]);
    }
}

void map::join(link_number a, link_number b) {
    graph_.reverse[a] = b;
    graph_.reverse[b] = a;
}

// Links of both nodes may come, go or change with that.
void map::pair_again(node_number node, node_number remote, change& changed) {
    columns_.clear();
    for (const auto side : {links_between(node, remote), links_between(remote, node)}) {
        for (const link_number l : side) {
            columns_.push_back(columns_of(l));
        }
    }
    pair(node, remote);
    for (const columns& before : columns_) {
        if (columns_of(before.link) != before) {
            changed.links.push_back(before.link);
        }
    }
}

map::columns map::columns_of(link_number l) const {
    columns now{l, graph_.reverse[l], {}, graph_.affinities[l]};
    for (std::size_t metric = 0; metric < metric_types; ++metric) {
        now.costs[metric] = graph_.metrics[metric][l];
    }
    return now;
}

void map::fill_link(link_number l) {
    const link* const said = links_[l];
    const bool usable = said != nullptr && graph_.reverse[l] != nobody;
    graph_.affinities[l] = usable ? said->affinities : 0;
    graph_.metrics[static_cast<std::size_t>(metric_type::igp)][l] =
        usable ? said->metric : unusable;
    graph_.metrics[static_cast<std::size_t>(metric_type::delay)][l] =
        usable ? or_unusable(said->delay) : unusable;
    graph_.metrics[static_cast<std::size_t>(metric_type::te)][l] =
        usable ? or_unusable(said->te_metric) : unusable;
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

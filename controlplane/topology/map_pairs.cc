// Which links of the map are the two directions of one, and what the graph says of these.
#include <algorithm>
#include <functional>

#include "controlplane/topology/map.hh"

namespace rhumb::topology {

namespace {

cost or_unusable(cost given) { return given == 0 ? unusable : given; }

// Whether two links, each of which may name its other end, do not contradict.
bool names_fit(const link& a, const link& b) {
    return (a.remote_link.empty() || a.remote_link == b.name) &&
           (b.remote_link.empty() || b.remote_link == a.name);
}

}  // namespace

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

// With each node that has links to this one; where both are new, once.
void map::pair_all(node_number node, std::span<const std::uint8_t> is_new) {
    const link_number end = graph_.first[node + 1];
    for (link_number i = graph_.first[node]; i < end;) {
        const node_number remote = graph_.to[by_remote_[i]];
        if (remote > node || is_new[remote] == 0) {
            pair(node, remote);
        }
        while (i < end && graph_.to[by_remote_[i]] == remote) {
            ++i;
        }
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

}  // namespace rhumb::topology

#include "controlplane/topology/map.hh"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace rhumb::topology {

namespace {

// What of a node others compute with, besides its links and prefixes.
bool same_node(const advertisement& a, const advertisement& b) {
    return a.srgb == b.srgb && a.srlb == b.srlb && a.msd == b.msd && a.overload == b.overload &&
           a.algorithms == b.algorithms && a.definitions == b.definitions &&
           a.bindings == b.bindings;
}

cost or_unusable(cost given) { return given == 0 ? unusable : given; }

}  // namespace

std::optional<node_number> map::find(std::string_view name) const {
    const auto at = node_numbers_.find(name);
    return at == node_numbers_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<prefix_number> map::find(const ip_prefix& address) const {
    const auto at = prefix_numbers_.find(address);
    return at == prefix_numbers_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<link_number> map::find_link(node_number node, std::string_view name) const {
    const auto& slots = nodes_[node]->slots;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (slots[i].name == name) {
            return graph_.first[node] + static_cast<link_number>(i);
        }
    }
    return std::nullopt;
}

std::span<const link_number> map::links_with_srlg(std::uint32_t srlg) const {
    const auto at = srlgs_.find(srlg);
    return at == srlgs_.end() ? std::span<const link_number>() : at->second;
}

std::vector<std::uint32_t> map::srlgs() const {
    std::vector<std::uint32_t> all;
    for (const auto& [srlg, links] : srlgs_) {
        all.push_back(srlg);
    }
    std::sort(all.begin(), all.end());
    return all;
}

result<change> map::apply(advertisement said) {
    if (auto sense = check(said); !sense) {
        return sense.why();
    }
    const std::size_t known = nodes_.size();
    const node_number node = number_for(said.origin);
    change changed;
    node_entry& entry = *nodes_[node];
    if (node < known && said.version <= entry.version) {
        changed.stale = true;
        return changed;
    }
    entry.version = said.version;
    replace(node, std::move(said), changed);
    return changed;
}

result<change> map::apply(std::vector<advertisement> all) {
    for (const advertisement& said : all) {
        if (auto sense = check(said); !sense) {
            return sense.why();
        }
    }
    change changed;
    bool any = false;
    for (advertisement& said : all) {
        const std::size_t known = nodes_.size();
        const node_number node = number_for(said.origin);
        if (node < known && said.version <= nodes_[node]->version) {
            changed.stale = true;
            continue;
        }
        any = true;
        nodes_[node]->version = said.version;
        const auto before = exchange_said(node, std::move(said), changed);
        set_prefixes(node, before, changed);
    }
    if (any) {
        renumber(changed);
    }
    return changed;
}

change map::withdraw(std::string_view origin, std::uint64_t version) {
    change changed;
    const auto node = find(origin);
    if (!node || version <= nodes_[*node]->version) {
        changed.stale = true;
        return changed;
    }
    nodes_[*node]->version = version;
    replace(*node, std::nullopt, changed);
    return changed;
}

node_number map::number_for(const std::string& name) {
    const auto known = node_numbers_.find(name);
    if (known != node_numbers_.end()) {
        return known->second;
    }
    const auto number = static_cast<node_number>(nodes_.size());
    nodes_.push_back(std::make_unique<node_entry>());
    nodes_.back()->name = name;
    node_numbers_.emplace(nodes_.back()->name, number);
    graph_.first.push_back(graph_.first.back());
    graph_.no_transit.push_back(1);
    return number;
}

std::optional<advertisement> map::exchange_said(node_number node, std::optional<advertisement> with,
                                                change& changed) {
    node_entry& entry = *nodes_[node];
    std::optional<advertisement> before = std::exchange(entry.said, std::move(with));
    if (before.has_value() != entry.said.has_value() ||
        (before && entry.said && !same_node(*before, *entry.said))) {
        changed.nodes.push_back(node);
    }
    graph_.no_transit[node] = entry.said && !entry.said->overload ? 0 : 1;
    return before;
}

void map::replace(node_number node, std::optional<advertisement> with, change& changed) {
    node_entry& entry = *nodes_[node];
    const std::optional<advertisement> before = exchange_said(node, std::move(with), changed);
    if (!before || !entry.said || before->links != entry.said->links) {
        if (!place_links(node, changed)) {
            renumber(changed);
        }
    } else {
        // The same links at new addresses.
        for (link_number l = graph_.first[node]; l < graph_.first[node + 1]; ++l) {
            if (links_[l] != nullptr) {
                links_[l] =
                    &entry.said->links[static_cast<std::size_t>(links_[l] - before->links.data())];
            }
        }
    }
    set_prefixes(node, before, changed);
}

bool map::place_links(node_number node, change& changed) {
    node_entry& entry = *nodes_[node];
    const link_number base = graph_.first[node];
    std::vector<const link*> placed(entry.slots.size(), nullptr);
    if (entry.said) {
        std::unordered_map<std::string_view, std::size_t> by_name;
        for (std::size_t i = 0; i < entry.slots.size(); ++i) {
            by_name.emplace(entry.slots[i].name, i);
        }
        for (const link& l : entry.said->links) {
            const auto at = by_name.find(l.name);
            if (at == by_name.end() || nodes_[entry.slots[at->second].remote]->name != l.remote) {
                return false;
            }
            placed[at->second] = &l;
        }
    }
    // Neighbours with which a link differs.
    std::vector<node_number> remotes;
    bool srlgs_differ = false;
    for (std::size_t i = 0; i < placed.size(); ++i) {
        const link* const old = std::exchange(links_[base + i], placed[i]);
        if ((old == nullptr) != (placed[i] == nullptr) || (old != nullptr && *old != *placed[i])) {
            changed.links.push_back(base + static_cast<link_number>(i));
            remotes.push_back(entry.slots[i].remote);
            srlgs_differ |= (old != nullptr && !old->srlgs.empty()) ||
                            (placed[i] != nullptr && !placed[i]->srlgs.empty());
        }
    }
    std::sort(remotes.begin(), remotes.end());
    remotes.erase(std::unique(remotes.begin(), remotes.end()), remotes.end());

    // Links in the other direction come and go with those of this one.
    std::vector<std::pair<link_number, link_number>> reverses;
    for (const node_number remote : remotes) {
        for (const link_number l : links_between(remote, node)) {
            reverses.emplace_back(l, graph_.reverse[l]);
        }
        pair(node, remote);
    }
    for (const auto& [l, reverse] : reverses) {
        if (reverse != graph_.reverse[l]) {
            changed.links.push_back(l);
        }
    }
    if (srlgs_differ) {
        list_srlgs();
    }
    return true;
}

std::span<const link_number> map::links_between(node_number from, node_number to) const {
    const auto begin = by_remote_.begin() + graph_.first[from];
    const auto end = by_remote_.begin() + graph_.first[from + 1];
    const auto low =
        std::partition_point(begin, end, [&](link_number l) { return graph_.to[l] < to; });
    const auto high =
        std::partition_point(low, end, [&](link_number l) { return graph_.to[l] == to; });
    return {low, high};
}

void map::renumber(change& changed) {
    changed.renumbered = true;
    changed.links.clear();
    ++renumberings_;
    // Nodes that are known by their neighbours' links only come in while this runs.
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
        nodes_[n]->slots.clear();
        if (nodes_[n]->said) {
            for (const link& l : nodes_[n]->said->links) {
                const node_number remote = number_for(l.remote);
                nodes_[n]->slots.push_back({l.name, remote});
            }
        }
    }
    graph_.first.assign(1, 0);
    graph_.from.clear();
    graph_.to.clear();
    links_.clear();
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
        const node_entry& entry = *nodes_[n];
        for (std::size_t i = 0; i < entry.slots.size(); ++i) {
            graph_.from.push_back(static_cast<node_number>(n));
            graph_.to.push_back(entry.slots[i].remote);
            links_.push_back(&entry.said->links[i]);
        }
        graph_.first.push_back(static_cast<link_number>(links_.size()));
    }
    graph_.reverse.assign(links_.size(), nobody);
    graph_.affinities.assign(links_.size(), 0);
    for (auto& metric : graph_.metrics) {
        metric.assign(links_.size(), unusable);
    }
    by_remote_.resize(links_.size());
    std::iota(by_remote_.begin(), by_remote_.end(), 0);
    std::sort(by_remote_.begin(), by_remote_.end(), [&](link_number a, link_number b) {
        return std::tuple(graph_.from[a], graph_.to[a], a) <
               std::tuple(graph_.from[b], graph_.to[b], b);
    });
    for (node_number n = 0; n < nodes_.size(); ++n) {
        for (link_number l = graph_.first[n]; l < graph_.first[n + 1]; ++l) {
            if (graph_.reverse[l] == nobody) {
                pair(n, graph_.to[l]);
            }
        }
    }
    list_srlgs();
}

// Matches links between two nodes: first those that name their other end, then the rest in the
// order in which they are advertised.
void map::pair(node_number a, node_number b) {
    struct end {
        link_number l;
        const link* said;
    };
    const auto ends = [&](node_number from, node_number to) {
        std::vector<end> found;
        for (const link_number l : links_between(from, to)) {
            graph_.reverse[l] = nobody;
            if (links_[l] != nullptr) {
                found.push_back({l, links_[l]});
            }
        }
        return found;
    };
    const std::vector<end> there = ends(a, b);
    const std::vector<end> back = ends(b, a);
    const auto agree = [&](const end& x, const end& y, bool by_name) {
        const bool named = !x.said->remote_link.empty() || !y.said->remote_link.empty();
        const bool names_fit =
            (x.said->remote_link.empty() || x.said->remote_link == y.said->name) &&
            (y.said->remote_link.empty() || y.said->remote_link == x.said->name);
        return named == by_name && names_fit && graph_.reverse[x.l] == nobody &&
               graph_.reverse[y.l] == nobody;
    };
    for (const bool by_name : {true, false}) {
        for (const end& x : there) {
            for (const end& y : back) {
                if (agree(x, y, by_name)) {
                    graph_.reverse[x.l] = y.l;
                    graph_.reverse[y.l] = x.l;
                }
            }
        }
    }
    for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
        for (const link_number l : links_between(from, to)) {
            fill_link(l);
        }
    }
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

void map::list_srlgs() {
    srlgs_.clear();
    for (std::size_t l = 0; l < links_.size(); ++l) {
        if (links_[l] != nullptr) {
            for (const std::uint32_t srlg : links_[l]->srlgs) {
                srlgs_[srlg].push_back(static_cast<link_number>(l));
            }
        }
    }
}

void map::set_prefixes(node_number node, const std::optional<advertisement>& before,
                       change& changed) {
    const std::optional<advertisement>& now = nodes_[node]->said;
    std::unordered_map<ip_prefix, const prefix*, ip_prefix_hash> gone;
    if (before) {
        for (const prefix& p : before->prefixes) {
            gone.emplace(p.address, &p);
        }
    }
    const auto source_at = [&](prefix_number number) {
        auto& sources = prefixes_[number].sources;
        return std::lower_bound(sources.begin(), sources.end(), node,
                                [](const prefix_source& s, node_number n) { return s.node < n; });
    };
    if (now) {
        for (const prefix& p : now->prefixes) {
            const auto [at, is_new] =
                prefix_numbers_.emplace(p.address, static_cast<prefix_number>(prefixes_.size()));
            if (is_new) {
                prefixes_.push_back({p.address, {}});
            }
            const auto was = gone.find(p.address);
            if (was == gone.end() || *was->second != p) {
                changed.prefixes.push_back(at->second);
            }
            const auto source = source_at(at->second);
            auto& sources = prefixes_[at->second].sources;
            if (source != sources.end() && source->node == node) {
                source->said = &p;
            } else {
                sources.insert(source, {node, &p});
            }
            if (was != gone.end()) {
                gone.erase(was);
            }
        }
    }
    for (const auto& [address, said] : gone) {
        const prefix_number number = prefix_numbers_.at(address);
        const auto source = source_at(number);
        prefixes_[number].sources.erase(source);
        changed.prefixes.push_back(number);
    }
}

}  // namespace rhumb::topology

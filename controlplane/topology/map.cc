#include "controlplane/topology/map.hh"

#include <algorithm>
#include <utility>

namespace rhumb::topology {

namespace {

// What of a node others compute with, besides its links and prefixes.
bool same_node(const advertisement& a, const advertisement& b) {
    return a.srgb == b.srgb && a.srlb == b.srlb && a.msd == b.msd && a.overload == b.overload &&
           a.algorithms == b.algorithms && a.definitions == b.definitions &&
           a.bindings == b.bindings;
}

template <class Number>
void in_order_once(std::vector<Number>& numbers) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

}  // namespace

std::optional<node_number> map::find(std::string_view name) const {
    const auto at = node_numbers_.find(name);
    return at == node_numbers_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<prefix_number> map::find(const ip_prefix& address) const {
    const auto at = prefix_numbers_.find(address);
    return at == prefix_numbers_.end() ? std::nullopt : std::optional(at->second);
}

std::span<const link_number> map::links_with_srlg(std::uint32_t srlg) const {
    const auto at = srlgs_.find(srlg);
    return at == srlgs_.end() ? std::span<const link_number>() : at->second;
}

std::vector<std::uint32_t> map::srlgs() const {
    std::vector<std::uint32_t> all;
    all.reserve(srlgs_.size());
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
    change changed{.stale = true, .renumbered = false, .links = {}, .nodes = {}, .prefixes = {}};
    take(std::move(said), changed);
    finish(changed);
    return changed;
}

result<change> map::apply(std::vector<advertisement> said) {
    for (const advertisement& one : said) {
        if (auto sense = check(one); !sense) {
            return sense.why();
        }
    }
    change changed{.stale = true, .renumbered = false, .links = {}, .nodes = {}, .prefixes = {}};
    for (advertisement& one : said) {
        take(std::move(one), changed);
    }
    finish(changed);
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
    finish(changed);
    return changed;
}

// A node that is known by name only has version 0.
void map::take(advertisement said, change& changed) {
    const node_number node = number_for(said.origin);
    if (said.version <= nodes_[node]->version) {
        return;
    }
    changed.stale = false;
    nodes_[node]->version = said.version;
    replace(node, std::move(said), changed);
}

void map::finish(change& changed) {
    if (std::exchange(renumbering_is_due_, false)) {
        renumber();
        changed.renumbered = true;
        changed.links.clear();
    }
    in_order_once(changed.links);
    in_order_once(changed.nodes);
    in_order_once(changed.prefixes);
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

void map::replace(node_number node, std::optional<advertisement> with, change& changed) {
    node_entry& entry = *nodes_[node];
    std::optional<advertisement> before = std::exchange(entry.said, std::move(with));
    const bool was_there = before.has_value();
    const bool is_there = entry.said.has_value();
    if (was_there != is_there || (was_there && !same_node(*before, *entry.said))) {
        changed.nodes.push_back(node);
    }
    graph_.no_transit[node] = is_there && !entry.said->overload ? 0 : 1;
    // What is the same stays at its address, where others know it.
    if (was_there && is_there && before->links == entry.said->links) {
        std::swap(before->links, entry.said->links);
    } else if (renumbering_is_due_ || !place_links(node, changed)) {
        entry.is_placed = false;
        renumbering_is_due_ = true;
    }
    if (was_there && is_there && before->prefixes == entry.said->prefixes) {
        std::swap(before->prefixes, entry.said->prefixes);
    } else {
        set_prefixes(node, before, changed);
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

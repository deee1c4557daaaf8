#include "controlplane/routing/whole_map.hh"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rhumb::routing {

using topology::advertisement;

void add_to(topology::change& all, const topology::change& later) {
    if (later.renumbered) {
        all.renumbered = true;
        all.links.clear();
    }
    const auto append = [](auto& to, const auto& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    append(all.links, later.links);
    append(all.nodes, later.nodes);
    append(all.prefixes, later.prefixes);
}

result<topology::change> whole_map::replace(std::vector<advertisement> network,
                                            topology::map& into) {
    std::set<std::string_view> origins;
    for (const advertisement& said : network) {
        if (auto sense = topology::check(said); !sense) {
            return sense.why();
        }
        if (!origins.insert(said.origin).second) {
            return error{"node " + said.origin + " is there twice", {}};
        }
    }
    topology::change changed;
    for (auto& [origin, node] : known_) {
        if (!node.withdrawn && !origins.contains(origin)) {
            node.withdrawn = true;
            if (!node.heard) {
                add_to(changed, into.withdraw(origin, ++node.version));
            }
        }
    }
    std::vector<advertisement> news;
    for (advertisement& said : network) {
        known& node = known_[said.origin];
        said.version = node.said.version;
        if (node.version != 0 && !node.withdrawn && said == node.said) {
            continue;
        }
        node.said = std::move(said);
        node.withdrawn = false;
        if (node.heard) {
            continue;
        }
        ++node.version;
        news.push_back(with_links_up(node));
    }
    auto done = into.apply(std::move(news));
    if (done) {
        add_to(changed, done.value());
    }
    return done ? result<topology::change>(std::move(changed)) : done.why();
}

topology::change whole_map::set_link(std::string_view link, bool up, topology::map& into) {
    const auto at = down_.find(link);
    if ((at == down_.end()) == up) {
        return {};
    }
    if (up) {
        down_.erase(at);
    } else {
        down_.emplace(link);
    }
    const auto own = known_.find(own_node_);
    if (own == known_.end() || own->second.withdrawn) {
        return {};
    }
    auto done = renew(own->second, into);
    return done ? std::move(done).value() : topology::change{};
}

result<topology::change> whole_map::hear(advertisement said, topology::map& into) {
    topology::change stale;
    stale.stale = true;
    if (auto sense = topology::check(said); !sense) {
        return sense.why();
    }
    if (said.origin == own_node_) {
        return stale;
    }
    const auto [at, is_new] = known_.try_emplace(said.origin);
    known& node = at->second;
    node.withdrawn |= is_new;
    if (node.heard && node.heard->version >= said.version) {
        return stale;
    }
    node.heard = std::move(said);
    node.down.clear();
    return renew(node, into);
}

topology::change whole_map::hear_down(std::string_view node, std::string_view link,
                                      std::uint64_t version, topology::map& into) {
    const auto at = known_.find(node);
    if (at == known_.end() || !at->second.heard || at->second.heard->version != version) {
        topology::change stale;
        stale.stale = true;
        return stale;
    }
    const auto& links = at->second.heard->links;
    if (std::ranges::find(links, link, &topology::link::name) == links.end() ||
        !at->second.down.emplace(link).second) {
        return {};
    }
    auto done = renew(at->second, into);
    return done ? std::move(done).value() : topology::change{};
}

std::vector<topology::link> whole_map::own_links_down() const {
    std::vector<topology::link> links;
    if (const advertisement* const own = said(own_node_)) {
        std::ranges::copy_if(own->links, std::back_inserter(links),
                             [&](const topology::link& l) { return down_.contains(l.name); });
    }
    return links;
}

const advertisement* whole_map::said(std::string_view node) const {
    const auto at = known_.find(node);
    return at == known_.end() || (at->second.withdrawn && !at->second.heard) ? nullptr
                                                                             : &at->second.now();
}

// Says it to the map as it is now.
result<topology::change> whole_map::renew(known& node, topology::map& into) {
    ++node.version;
    return into.apply(with_links_up(node));
}

advertisement whole_map::with_links_up(const known& node) const {
    advertisement result = node.now();
    result.version = node.version;
    const auto& down = result.origin == own_node_ ? down_ : node.down;
    std::erase_if(result.links, [&](const topology::link& l) { return down.contains(l.name); });
    return result;
}

}  // namespace rhumb::routing

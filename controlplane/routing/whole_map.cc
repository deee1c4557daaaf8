#include "controlplane/routing/whole_map.hh"

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
            add_to(changed, into.withdraw(origin, ++node.version));
            node.withdrawn = true;
        }
    }
    std::vector<advertisement> news;
    for (advertisement& said : network) {
        known& node = known_[said.origin];
        said.version = node.version;
        if (node.version != 0 && !node.withdrawn && said == node.said) {
            continue;
        }
        said.version = ++node.version;
        node.said = std::move(said);
        node.withdrawn = false;
        news.push_back(with_links_up(node.said));
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
    own->second.said.version = ++own->second.version;
    auto done = into.apply(with_links_up(own->second.said));
    return done ? std::move(done).value() : topology::change{};
}

advertisement whole_map::with_links_up(const advertisement& said) const {
    advertisement result = said;
    if (said.origin == own_node_) {
        std::erase_if(result.links,
                      [&](const topology::link& l) { return down_.contains(l.name); });
    }
    return result;
}

}  // namespace rhumb::routing

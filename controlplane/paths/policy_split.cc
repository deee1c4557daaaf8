#include "controlplane/paths/policy_split.hh"

#include <algorithm>

#include "controlplane/topology/binding_paths.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::nobody;
using topology::node_number;
using topology::segment;
using topology::segment_kind;
using topology::segments;

namespace {

// Whether the segment leads over the only link between two nodes.
bool is_only_link(const topology::map& m, const segment& s, node_number at, node_number next) {
    const topology::graph& g = m.graph();
    if (s.kind != segment_kind::adjacency || s.number >= g.link_count() || g.from[s.number] != at ||
        g.to[s.number] != next) {
        return false;
    }
    for (link_number l = g.first[at]; l < g.first[at + 1]; ++l) {
        if (l != s.number && g.to[l] == next && g.reverse[l] != nobody) {
            return false;
        }
    }
    return true;
}

// How many segments from `begin` on the map's binding SID stands for; 0: it does not.
std::size_t length_of(const topology::map& m, const topology::binding_sid& binding,
                      const segments& list, std::span<const node_number> nodes, std::size_t begin) {
    if (binding.nodes.size() > list.size() - begin) {
        return 0;
    }
    for (std::size_t i = 0; i < binding.nodes.size(); ++i) {
        const auto next = m.find(binding.nodes[i]);
        if (!next || !is_only_link(m, list[begin + i], nodes[begin + i], *next)) {
            return 0;
        }
    }
    return binding.nodes.size();
}

class replacer {
public:
    replacer(const topology::map& m, node_number headend, const segments& list,
             const std::set<binding_place>& bound)
        : map_(m),
          list_(list),
          bound_(bound),
          nodes_(nodes_along(m, headend, list)),
          best_(list.size() + 1),
          backed_(m) {}

    segments run(std::span<const offered_binding> offers) {
        for (std::size_t at = 0; at < list_.size(); ++at) {
            reach(at, at + 1, list_[at]);
            // At the headend itself there is nobody to look the label up.
            if (at > 0 && nodes_[at] != nobody) {
                try_map(at);
                try_offers(at, offers);
            }
        }
        segments made;
        for (std::size_t at = list_.size(); at > 0; at = best_[at].begin) {
            made.push_back(best_[at].last);
        }
        std::reverse(made.begin(), made.end());
        return made;
    }

private:
    struct reached {
        std::size_t count = ~std::size_t{0};
        std::size_t begin = 0;
        segment last;
    };

    void reach(std::size_t begin, std::size_t end, const segment& by) {
        const std::size_t count = begin == 0 ? 1 : best_[begin].count + 1;
        if (count < best_[end].count) {
            best_[end] = {count, begin, by};
        }
    }

    void try_map(std::size_t at) {
        const topology::advertisement* const said = map_.said(nodes_[at]);
        if (said == nullptr) {
            return;
        }
        for (const topology::binding_sid& binding : said->bindings) {
            const std::size_t length = length_of(map_, binding, list_, nodes_, at);
            if (length != 0 && !bound_.contains({nodes_[at], binding.label}) &&
                leads_there(nodes_[at], binding.label, nodes_[at + length])) {
                reach(at, at + length, {segment_kind::binding, 0, nodes_[at], binding.label});
            }
        }
    }

    // With something behind it, and the first of its label.
    [[nodiscard]] bool leads_there(node_number node, mpls::label label, node_number end) {
        const topology::binding_path* const path = backed_.find(node, label);
        return path != nullptr && path->end == end;
    }

    void try_offers(std::size_t at, std::span<const offered_binding> offers) {
        for (const offered_binding& offer : offers) {
            if (offer.node != nodes_[at]) {
                continue;
            }
            const segment by{segment_kind::binding, 0, offer.node, offer.label};
            const auto rest = std::span(list_).subspan(at);
            if (!offer.segments.empty() && offer.segments.size() <= rest.size() &&
                std::equal(offer.segments.begin(), offer.segments.end(), rest.begin())) {
                reach(at, at + offer.segments.size(), by);
            }
            const auto is_over = [](link_number l, const segment& s) {
                return s.kind == segment_kind::adjacency && s.number == l;
            };
            if (!offer.links.empty() && offer.links.size() <= rest.size() &&
                std::equal(offer.links.begin(), offer.links.end(), rest.begin(), is_over)) {
                reach(at, at + offer.links.size(), by);
            }
        }
    }

    const topology::map& map_;
    const segments& list_;
    const std::set<binding_place>& bound_;
    std::vector<node_number> nodes_;
    std::vector<reached> best_;  // by where they end
    topology::binding_paths backed_;
};

}  // namespace

std::vector<node_number> nodes_along(const topology::map& m, node_number headend,
                                     const segments& list) {
    std::vector<node_number> nodes{headend};
    nodes.reserve(list.size() + 1);
    for (const segment& s : list) {
        node_number end = nobody;
        if (s.kind == segment_kind::node) {
            end = s.node;
        } else if ((s.kind == segment_kind::adjacency || s.kind == segment_kind::parallel) &&
                   s.number < m.graph().link_count()) {
            end = m.graph().to[s.number];
        }
        nodes.push_back(end);
    }
    return nodes;
}

segments expand_offers(const topology::graph& g, const segments& list,
                       std::span<const offered_binding> offers) {
    segments made;
    for (const segment& s : list) {
        const offered_binding* const offer =
            s.kind == segment_kind::binding ? find_offer(offers, s.node, s.number) : nullptr;
        if (offer == nullptr) {
            made.push_back(s);
            continue;
        }
        made.insert(made.end(), offer->segments.begin(), offer->segments.end());
        for (const link_number l :
             offer->segments.empty() ? offer->links : std::vector<link_number>()) {
            made.push_back(segment::over_link(g, l));
        }
    }
    return made;
}

segments replace_by_bindings(const topology::map& m, node_number headend, const segments& list,
                             std::span<const offered_binding> offers,
                             const std::set<binding_place>& bound) {
    return replacer(m, headend, list, bound).run(offers);
}

}  // namespace rhumb::paths

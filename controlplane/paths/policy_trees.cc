#include "controlplane/paths/policy_trees.hh"

#include <algorithm>

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;

topology::plane plane_within(const topology::map& m, const constraints& within) {
    const topology::graph& g = m.graph();
    topology::plane view{g.costs(within.metric), g.no_transit};
    const auto remove = [&](link_number l) {
        if (l < view.costs.size()) {
            view.costs[l] = topology::unusable;
        }
    };
    if ((within.exclude_any | within.include_any | within.include_all) != 0) {
        for (link_number l = 0; l < g.link_count(); ++l) {
            const topology::affinity_set has = g.affinities[l];
            if ((has & within.exclude_any) != 0 ||
                (within.include_any != 0 && (has & within.include_any) == 0) ||
                (has & within.include_all) != within.include_all) {
                remove(l);
            }
        }
    }
    for (const node_number n : within.exclude_nodes) {
        for (link_number l = n < g.node_count() ? g.first[n] : 0;
             n < g.node_count() && l < g.first[n + 1]; ++l) {
            remove(l);
            remove(g.reverse[l]);
        }
    }
    std::for_each(within.exclude_links.begin(), within.exclude_links.end(), remove);
    for (const std::uint32_t srlg : within.exclude_srlgs) {
        for (const link_number l : m.links_with_srlg(srlg)) {
            remove(l);
        }
    }
    return view;
}

bool policy_trees::path_to(node_number endpoint, const constraints& within,
                           std::vector<link_number>& links) const {
    const topology::graph& g = map_.graph();
    topology::distance delay = 0;
    for (node_number at = endpoint; at != tree_.root;) {
        const link_number l = parents_[at];
        const topology::cost one = g.costs(topology::metric_type::delay)[l];
        delay += one == topology::unusable ? 0 : one;
        links.push_back(l);
        at = g.from[l];
    }
    std::reverse(links.begin(), links.end());
    return tree_.distances[endpoint] <= within.max_metric && delay <= within.max_delay &&
           links.size() <= within.max_hops;
}

void policy_trees::compute(node_number headend, const constraints& within,
                           std::span<const node_number> endpoints,
                           std::span<std::optional<computed_list>> found) {
    const topology::graph& g = map_.graph();
    const auto alone = [&](std::size_t i) {
        if (single_) {
            found[i] = single_(headend, endpoints[i], within);
        }
    };
    if (!within.via.empty() || within.bandwidth != 0) {
        for (std::size_t i = 0; i < endpoints.size(); ++i) {
            alone(i);
        }
        return;
    }
    const topology::plane view = plane_within(map_, within);
    shortest_paths_from(g, view, headend, tree_, memory_);
    parents_.assign(g.node_count(), topology::nobody);
    for (const node_number node : tree_.order) {
        if (view.no_transit[node] != 0 && node != headend) {
            continue;
        }
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            if (view.costs[l] != topology::unusable && parents_[g.to[l]] == topology::nobody &&
                tree_.distances[node] + view.costs[l] == tree_.distances[g.to[l]]) {
                parents_[g.to[l]] = l;
            }
        }
    }
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        if (endpoints[i] == headend || !tree_.reaches(endpoints[i])) {
            continue;
        }
        computed_list made;
        if (!path_to(endpoints[i], within, made.links)) {
            alone(i);
        } else if (auto segments = spell_ ? spell_(headend, made.links) : std::nullopt) {
            made.segments = *std::move(segments);
            found[i] = std::move(made);
        }
    }
}

}  // namespace rhumb::paths

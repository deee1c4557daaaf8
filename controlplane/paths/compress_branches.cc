#include "controlplane/paths/compress_branches.hh"

#include <algorithm>

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;

namespace {

using node_list = std::vector<node_number>;

bool contains(const node_list& nodes, node_number node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

// The members with the least distance as seen from the tree's root.
node_list nearest_of(const shortest_tree& tree, const path_engine::anycast_group& group) {
    topology::distance least = topology::unreachable;
    node_list nearest;
    for (const path_engine::anycast_member& m : group.members) {
        if (!tree.reaches(m.node) || tree.distances[m.node] + m.metric > least) {
            continue;
        }
        if (tree.distances[m.node] + m.metric < least) {
            least = tree.distances[m.node] + m.metric;
            nearest.clear();
        }
        nearest.push_back(m.node);
    }
    return nearest;
}

}  // namespace

void add_branches(const topology::graph& g, const topology::plane& view, const shortest_tree& tree,
                  node_list ends, std::vector<link_number>& links) {
    for (std::size_t i = 0; i < ends.size(); ++i) {
        for_each_last(g, view, tree, ends[i], [&](link_number l) {
            links.push_back(l);
            if (!contains(ends, g.from[l])) {
                ends.push_back(g.from[l]);
            }
        });
    }
    std::sort(links.begin(), links.end());
    links.erase(std::unique(links.begin(), links.end()), links.end());
}

std::optional<node_list> anycast_ends(path_engine& engine, std::size_t plane, node_number begin,
                                      const path_engine::anycast_group& group,
                                      const std::function<bool(link_number)>& allowed,
                                      std::vector<link_number>& links) {
    const topology::graph& g = engine.graph();
    const auto is_member = [&](node_number node) {
        return std::any_of(group.members.begin(), group.members.end(),
                           [&](const path_engine::anycast_member& m) { return m.node == node; });
    };
    if (is_member(begin)) {
        return std::nullopt;
    }
    const shortest_tree& tree = engine.tree(plane, begin);
    // What is nearest to a router on the way is nearest to `begin` too: all of them are on these.
    std::vector<link_number> branches;
    add_branches(g, engine.view(plane), tree, nearest_of(tree, group), branches);
    node_list ends;
    node_list seen{begin};
    for (std::size_t i = 0; i < seen.size(); ++i) {
        if (is_member(seen[i])) {
            ends.push_back(seen[i]);
            continue;
        }
        const auto first = std::lower_bound(branches.begin(), branches.end(), g.first[seen[i]]);
        for (auto l = first; l != branches.end() && *l < g.first[seen[i] + 1]; ++l) {
            if (!allowed(*l)) {
                return std::nullopt;
            }
            links.push_back(*l);
            if (!contains(seen, g.to[*l])) {
                seen.push_back(g.to[*l]);
            }
        }
    }
    std::sort(ends.begin(), ends.end());
    return ends.empty() ? std::nullopt : std::optional(ends);
}

}  // namespace rhumb::paths

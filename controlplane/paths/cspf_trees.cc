#include "controlplane/paths/cspf_trees.hh"

#include <algorithm>
#include <tuple>

namespace rhumb::paths {

using topology::distance;
using topology::link_number;
using topology::node_number;
using topology::unreachable;
using topology::unusable;

namespace {

constexpr auto later = [](const tree_workspace::entry& a, const tree_workspace::entry& b) {
    if (a.at != b.at) {
        return a.at > b.at;
    }
    return a.hops != b.hops ? a.hops > b.hops : a.node > b.node;
};

void relax(const topology::graph& g, const topology::plane& view, node_number node,
           shortest_tree& tree, tree_workspace& memory) {
    const distance at = tree.distances[node];
    const std::uint32_t hops = tree.hops[node] + 1;
    for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
        if (view.costs[l] == unusable) {
            continue;
        }
        const node_number next = g.to[l];
        const distance reached = at + view.costs[l];
        if (reached > tree.distances[next]) {
            continue;
        }
        const bool nearer = reached < tree.distances[next];
        // Two of the same cost: whichever is taken, it is not the only one.
        tree.only[next] = nearer ? tree.only[node] : 0;
        if (nearer || std::tie(hops, l) < std::tie(tree.hops[next], tree.parents[next])) {
            const bool is_new = nearer || hops != tree.hops[next];
            tree.distances[next] = reached;
            tree.hops[next] = hops;
            tree.parents[next] = l;
            if (is_new) {
                memory.heap.push_back({reached, hops, next});
                std::push_heap(memory.heap.begin(), memory.heap.end(), later);
            }
        }
    }
}

}  // namespace

void shortest_tree_from(const topology::graph& g, const topology::plane& view, node_number root,
                        std::span<const node_number> stop, shortest_tree& tree,
                        tree_workspace& memory) {
    const std::size_t nodes = g.node_count();
    tree.root = root;
    tree.distances.assign(nodes, unreachable);
    tree.hops.assign(nodes, 0);
    tree.parents.assign(nodes, topology::nobody);
    tree.only.assign(nodes, 0);
    tree.distances[root] = 0;
    tree.only[root] = 1;
    memory.heap.assign(1, {0, 0, root});
    while (!memory.heap.empty()) {
        std::pop_heap(memory.heap.begin(), memory.heap.end(), later);
        const auto [at, hops, node] = memory.heap.back();
        memory.heap.pop_back();
        if (at != tree.distances[node] || hops != tree.hops[node]) {
            continue;
        }
        if (std::find(stop.begin(), stop.end(), node) != stop.end()) {
            return;
        }
        if (view.no_transit[node] == 0 || node == root) {
            relax(g, view, node, tree, memory);
        }
    }
}

std::vector<link_number> shortest_tree::links_to(const topology::graph& g, node_number node) const {
    std::vector<link_number> links(hops[node]);
    for (std::size_t i = links.size(); i > 0; --i) {
        links[i - 1] = parents[node];
        node = g.from[parents[node]];
    }
    return links;
}

node_number shortest_tree::nearest(std::span<const node_number> of) const {
    node_number best = topology::nobody;
    for (const node_number node : of) {
        if (reaches(node) &&
            (best == topology::nobody || std::tie(distances[node], hops[node], node) <
                                             std::tie(distances[best], hops[best], best))) {
            best = node;
        }
    }
    return best;
}

void tree_cache::update(topology::plane view, bool renumbered) {
    ++generation_;
    if (renumbered || view.no_transit != view_.no_transit ||
        view.costs.size() != view_.costs.size() || link_from_.size() != view.costs.size()) {
        trees_.clear();
        trees_in_all_ = 0;
        link_from_.clear();
        view_ = std::move(view);
        return;
    }
    std::vector<link_number> changed;
    for (link_number l = 0; l < view.costs.size(); ++l) {
        if (view.costs[l] != view_.costs[l]) {
            changed.push_back(l);
        }
    }
    for (slot& s : trees_) {
        // In the tree or level with it before, or afterwards.
        const auto spoilt = [&](link_number l) {
            const distance at = s.tree->distances[link_from_[l]];
            const distance least = std::min(view.costs[l], view_.costs[l]);
            return at != unreachable && at + least <= s.tree->distances[link_to_[l]];
        };
        if (s.tree && std::any_of(changed.begin(), changed.end(), spoilt)) {
            s.tree.reset();
            --trees_in_all_;
        }
    }
    view_ = std::move(view);
}

const shortest_tree& tree_cache::from(const topology::graph& g, node_number root) {
    if (trees_.size() != g.node_count()) {
        trees_.resize(g.node_count());
    }
    if (link_from_.size() != g.link_count()) {
        link_from_ = g.from;
        link_to_ = g.to;
    }
    slot& s = trees_[root];
    if (!s.tree) {
        const std::size_t bytes =
            g.node_count() * (sizeof(distance) + 2 * sizeof(std::uint32_t) + 1);
        make_room(bytes);
        s.tree = std::make_unique<shortest_tree>();
        shortest_tree_from(g, view_, root, {}, *s.tree, memory_);
        ++trees_in_all_;
        ++computed_;
    }
    s.used = generation_;
    return *s.tree;
}

void tree_cache::make_room(std::size_t bytes) {
    const auto drop = [&](bool all) {
        for (slot& s : trees_) {
            if (s.tree && (all || s.used != generation_)) {
                s.tree.reset();
                --trees_in_all_;
            }
        }
    };
    for (const bool all : {false, true}) {
        if ((trees_in_all_ + 1) * bytes > max_bytes_) {
            drop(all);
        }
    }
}

}  // namespace rhumb::paths

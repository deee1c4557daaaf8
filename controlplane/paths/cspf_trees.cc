#include "controlplane/paths/cspf_trees.hh"

#include <algorithm>
#include <tuple>
#include <utility>

namespace rhumb::paths {

using topology::distance;
using topology::link_number;
using topology::node_number;
using topology::unreachable;
using topology::unusable;

namespace {

constexpr auto later = [](const shortest_tree::entry& a, const shortest_tree::entry& b) {
    if (a.at != b.at) {
        return a.at > b.at;
    }
    return a.hops != b.hops ? a.hops > b.hops : a.node > b.node;
};

// One link more to a node. Whether the node is nearer now, or takes fewer links.
bool relax(const topology::graph& g, const topology::plane& view, node_number node, link_number l,
           shortest_tree& tree) {
    const node_number next = g.to[l];
    const distance reached = tree.distances[node] + view.costs[l];
    const std::uint32_t hops = tree.hops[node] + 1;
    if (reached > tree.distances[next]) {
        return false;
    }
    const bool nearer = reached < tree.distances[next];
    // Two of the same cost: whichever is taken, it is not the only one.
    tree.only[next] = nearer ? tree.only[node] : 0;
    if (!nearer && std::tie(hops, l) > std::tie(tree.hops[next], tree.parents[next])) {
        return false;
    }
    const bool is_new = nearer || hops != tree.hops[next];
    tree.distances[next] = reached;
    tree.hops[next] = hops;
    tree.parents[next] = l;
    return is_new;
}

void push(node_number node, shortest_tree& tree) {
    tree.open.push_back({tree.distances[node], tree.hops[node], node});
    std::push_heap(tree.open.begin(), tree.open.end(), later);
}

// Dijkstra's algorithm, from what is open.
void search(const topology::graph& g, const topology::plane& view,
            std::span<const node_number> stop, shortest_tree& tree) {
    const auto is_final = [&](node_number node) { return tree.is_final(node); };
    while (!tree.open.empty() && std::none_of(stop.begin(), stop.end(), is_final)) {
        std::pop_heap(tree.open.begin(), tree.open.end(), later);
        const auto [at, hops, node] = tree.open.back();
        tree.open.pop_back();
        if (at != tree.distances[node] || hops != tree.hops[node]) {
            continue;
        }
        if (view.no_transit[node] != 0 && node != tree.root) {
            continue;
        }
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            if (view.costs[l] != unusable && relax(g, view, node, l, tree)) {
                push(g.to[l], tree);
            }
        }
    }
}

}  // namespace

void shortest_tree_from(const topology::graph& g, const topology::plane& view, node_number root,
                        std::span<const node_number> stop, shortest_tree& tree) {
    const std::size_t nodes = g.node_count();
    tree.root = root;
    tree.distances.assign(nodes, unreachable);
    tree.hops.assign(nodes, 0);
    tree.parents.assign(nodes, topology::nobody);
    tree.only.assign(nodes, 0);
    tree.distances[root] = 0;
    tree.only[root] = 1;
    tree.open.assign(1, {0, 0, root});
    search(g, view, stop, tree);
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

void tree_cache::update(const topology::graph& g, topology::plane view, bool renumbered) {
    ++generation_;
    if (renumbered || view.no_transit != view_.no_transit ||
        view.costs.size() != view_.costs.size()) {
        trees_.clear();
        trees_in_all_ = 0;
        bytes_ = 0;
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
        if (!changed.empty() && s.tree && !repair(g, view, changed, *s.tree)) {
            drop(s);
        }
    }
    view_ = std::move(view);
}

bool tree_cache::repair(const topology::graph& g, const topology::plane& view,
                        std::span<const link_number> changed, shortest_tree& tree) {
    dearer_.clear();
    for (const link_number l : changed) {
        const distance at = tree.distances[g.from[l]];
        const distance least = std::min(view.costs[l], view_.costs[l]);
        // In the tree or level with it, before or afterwards.
        if (at == unreachable || at + least > tree.distances[g.to[l]]) {
            continue;
        }
        if (!tree.open.empty()) {
            // Where the search has not come to the link's beginning, it has not used it.
            if (at > tree.open.front().at) {
                continue;
            }
            return false;
        }
        if (view.costs[l] < view_.costs[l]) {
            return false;
        }
        dearer_.push_back(l);
    }
    const bool is_small = collect_behind(g, dearer_, tree);
    if (is_small && !behind_.empty()) {
        search_again(g, view, tree);
    }
    for (const node_number node : behind_) {
        is_behind_[node] = 0;
    }
    return is_small;
}

bool tree_cache::collect_behind(const topology::graph& g, std::span<const link_number> dearer,
                                const shortest_tree& tree) {
    // Beyond, it is as well to search for all, when somebody asks.
    const std::size_t most = g.node_count() / 4 + 1;
    is_behind_.resize(g.node_count());
    behind_.clear();
    const auto add = [&](node_number node) {
        if (is_behind_[node] == 0) {
            is_behind_[node] = 1;
            behind_.push_back(node);
        }
    };
    for (const link_number l : dearer) {
        add(g.to[l]);
    }
    for (std::size_t i = 0; i < behind_.size() && behind_.size() <= most; ++i) {
        const node_number node = behind_[i];
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            if (view_.no_transit[node] == 0 && view_.costs[l] != unusable &&
                tree.distances[node] + view_.costs[l] == tree.distances[g.to[l]]) {
                add(g.to[l]);
            }
        }
    }
    return behind_.size() <= most;
}

// What is not behind stays: a node that was nearer by another way is so all the more.
void tree_cache::search_again(const topology::graph& g, const topology::plane& view,
                              shortest_tree& tree) {
    for (const node_number node : behind_) {
        tree.distances[node] = unreachable;
        tree.hops[node] = 0;
        tree.parents[node] = topology::nobody;
        tree.only[node] = 0;
    }
    for (const node_number node : behind_) {
        for (link_number back = g.first[node]; back < g.first[node + 1]; ++back) {
            const link_number l = g.reverse[back];
            const node_number before = g.to[back];
            if (l != topology::nobody && view.costs[l] != unusable && is_behind_[before] == 0 &&
                tree.reaches(before) && (view.no_transit[before] == 0 || before == tree.root)) {
                static_cast<void>(relax(g, view, before, l, tree));
            }
        }
        if (tree.reaches(node)) {
            push(node, tree);
        }
    }
    search(g, view, {}, tree);
}

const shortest_tree& tree_cache::from(const topology::graph& g, node_number root,
                                      std::span<const node_number> until) {
    if (trees_.size() != g.node_count()) {
        trees_.resize(g.node_count());
    }
    slot& s = trees_[root];
    if (!s.tree) {
        make_room();
        s.tree = std::make_unique<shortest_tree>();
        shortest_tree_from(g, view_, root, until, *s.tree);
        ++trees_in_all_;
        ++computed_;
    } else {
        search(g, view_, until, *s.tree);
    }
    if (s.tree->open.empty()) {
        s.tree->open.shrink_to_fit();
    }
    const std::size_t bytes = g.node_count() * (sizeof(distance) + 2 * sizeof(std::uint32_t) + 1) +
                              s.tree->open.capacity() * sizeof(shortest_tree::entry);
    bytes_ += bytes - std::exchange(s.bytes, bytes);
    s.used = generation_;
    return *s.tree;
}

void tree_cache::drop(slot& s) {
    bytes_ -= s.bytes;
    s = {};
    --trees_in_all_;
}

// Trees are asked for in much the same order after each update: were the oldest to go, each would
// go just before it is wanted.
void tree_cache::make_room() {
    if (bytes_ < max_bytes_) {
        return;
    }
    for (slot& s : trees_) {
        if (s.tree && s.used != generation_) {
            drop(s);
        }
    }
    if (bytes_ < max_bytes_ / 2) {
        return;
    }
    const std::uint32_t drawn = ++clearings_ * 0x9e3779b9U;
    for (slot& s : trees_) {
        if (s.tree && (((s.tree->root ^ drawn) * 0x85ebca6bU) >> 31) != 0) {
            drop(s);
        }
    }
}

}  // namespace rhumb::paths

#include "controlplane/topology/spf.hh"

#include <algorithm>

#include "controlplane/topology/search_view.hh"

namespace rhumb::topology {

namespace {

// Dijkstra's algorithm, all nodes of one distance at a time. Entries that were overtaken stay in
// the queue and are dropped later.
template <bool Backwards>
void search(const graph& g, const plane& view, node_number root, tree& result,
            spf_workspace& memory) {
    const search_view<Backwards> seen{g, view, root};
    result.root = root;
    result.distances.assign(g.node_count(), unreachable);
    result.distances[root] = 0;
    result.order.clear();
    result.order.reserve(g.node_count());
    result.order.push_back(root);
    distance* const distances = result.distances.data();
    radix_queue& queue = memory.queue;
    queue.clear();
    std::size_t done = 0;
    do {
        const distance at = queue.nearest();
        for (; done < result.order.size(); ++done) {
            const node_number node = result.order[done];
            if (!seen.passes(node)) {
                continue;
            }
            for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
                const cost step = seen.onward(l);
                const node_number next = g.to[l];
                if (step != unusable && at + step < distances[next]) {
                    distances[next] = at + step;
                    queue.push(at + step, next);
                }
            }
        }
    } while (queue.take_nearest(result.order, [distances](distance at, node_number node) {
        return at != distances[node];
    }));
}

}  // namespace

void shortest_paths_from(const graph& g, const plane& view, node_number root, tree& result,
                         spf_workspace& memory) {
    search<false>(g, view, root, result, memory);
}

void shortest_paths_to(const graph& g, const plane& view, node_number root, tree& result,
                       spf_workspace& memory) {
    search<true>(g, view, root, result, memory);
}

void first_hops::compute(const graph& g, const plane& view, const tree& from) {
    const node_number root = from.root;
    const link_number base = g.first[root];
    const std::size_t degree = g.first[root + 1] - base;
    words_ = std::max<std::size_t>(1, (degree + 63) / 64);
    bits_.assign(g.node_count() * words_, 0);
    const search_view<false> seen{g, view, root};
    const std::size_t words = words_;
    std::uint64_t* const bits = bits_.data();
    for (const node_number node : from.order) {
        if (!seen.passes(node)) {
            continue;
        }
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            const node_number next = g.to[l];
            if (view.costs[l] == unusable ||
                from.distances[node] + view.costs[l] != from.distances[next]) {
                continue;
            }
            std::uint64_t* const to = bits + next * words;
            if (node == root) {
                const std::size_t position = l - base;
                to[position / 64] |= std::uint64_t{1} << (position % 64);
            } else {
                const std::uint64_t* const through = bits + node * words;
                for (std::size_t w = 0; w < words; ++w) {
                    to[w] |= through[w];
                }
            }
        }
    }
}

// Computes a node's set from those of its predecessors. Whether it differs from what was there.
bool first_hops::refresh(const graph& g, const plane& view, const tree& from, node_number node) {
    const search_view<false> seen{g, view, from.root};
    const link_number base = g.first[from.root];
    fresh_.assign(words_, 0);
    for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
        const node_number previous = g.to[l];
        const cost step = seen.inward(l);
        if (step == unusable || !seen.passes(previous) || !from.reaches(previous) ||
            from.distances[previous] + step != from.distances[node]) {
            continue;
        }
        if (previous == from.root) {
            const std::size_t position = g.reverse[l] - base;
            fresh_[position / 64] |= std::uint64_t{1} << (position % 64);
        } else {
            for (std::size_t w = 0; w < words_; ++w) {
                fresh_[w] |= bits_[previous * words_ + w];
            }
        }
    }
    std::uint64_t* const set = bits_.data() + node * words_;
    if (std::equal(fresh_.begin(), fresh_.end(), set)) {
        return false;
    }
    std::copy(fresh_.begin(), fresh_.end(), set);
    return true;
}

tree_update first_hops::update(const graph& g, const plane& view, const plane_change& changed,
                               const tree& from, const tree_update& moved, spf_workspace& memory) {
    const std::size_t degree = g.first[from.root + 1] - g.first[from.root];
    if (moved.complete || changed.complete || bits_.size() != g.node_count() * words_ ||
        words_ != std::max<std::size_t>(1, (degree + 63) / 64)) {
        compute(g, view, from);
        return {.complete = true, .nodes = {}};
    }
    memory.rerouted.clear();
    memory.state.assign(g.node_count(), 0);
    memory.queue.clear();
    // The root has none, whatever leads to it. What is unreachable has none any more.
    const auto look_at = [&](node_number node) {
        if (memory.state[node] != 0 || node == from.root) {
            return;
        }
        memory.state[node] = 1;
        if (from.reaches(node)) {
            memory.queue.push(from.distances[node], node);
        } else if (refresh(g, view, from, node)) {
            memory.rerouted.push_back(node);
        }
    };
    for (const link_number l : changed.links) {
        look_at(g.to[l]);
    }
    for (const node_number node : changed.nodes) {
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            look_at(g.to[l]);
        }
    }
    std::for_each(moved.nodes.begin(), moved.nodes.end(), look_at);
    // Of those behind a node that moved: which had their paths through it, or have them now. (One
    // too many, as where what is unreachable wraps around, does no harm.)
    for (const node_number node : moved.nodes) {
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            const node_number next = g.to[l];
            const distance at = from.distances[next];
            if (view.costs[l] != unusable && at != unreachable &&
                (at == from.distances[node] + view.costs[l] ||
                 at == memory.before[node] + view.costs[l])) {
                look_at(next);
            }
        }
    }
    memory.level.clear();
    while (memory.queue.take_nearest(memory.level, [](distance, node_number) { return false; })) {
        for (const node_number node : memory.level) {
            if (!refresh(g, view, from, node)) {
                continue;
            }
            memory.rerouted.push_back(node);
            for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
                if (view.costs[l] != unusable &&
                    from.distances[node] + view.costs[l] == from.distances[g.to[l]]) {
                    look_at(g.to[l]);
                }
            }
        }
        memory.level.clear();
    }
    return {.complete = false, .nodes = memory.rerouted};
}

}  // namespace rhumb::topology

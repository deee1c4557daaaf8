#include "controlplane/topology/spf.hh"

#include <algorithm>

namespace rhumb::topology {

namespace {

// A graph as a search sees it, along the links or against them.
template <bool Backwards>
struct search_view {
    const graph& g;
    const plane& view;
    node_number root;

    [[nodiscard]] bool passes(node_number node) const {
        return view.no_transit[node] == 0 || node == root;
    }
    // What the search pays for link l of a node, from the node on to g.to[l].
    [[nodiscard]] cost onward(link_number l) const {
        if constexpr (Backwards) {
            return g.reverse[l] == nobody ? unusable : view.costs[g.reverse[l]];
        }
        return view.costs[l];
    }
};

// Dijkstra's algorithm, all nodes of one distance at a time. Entries that were overtaken stay in
// the queue and are dropped later.
template <bool Backwards>
void search(const graph& g, const plane& view, node_number root, tree& result,
            spf_workspace& memory, distance limit) {
    const search_view<Backwards> seen{g, view, root};
    // Nodes begin as far away as nobody is to be reached: the search asks for nothing else.
    const distance beyond = limit == unreachable ? unreachable : limit + 1;
    result.root = root;
    result.distances.assign(g.node_count(), beyond);
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
    if (beyond != unreachable) {
        std::replace(result.distances.begin(), result.distances.end(), beyond, unreachable);
    }
}

}  // namespace

void shortest_paths_from(const graph& g, const plane& view, node_number root, tree& result,
                         spf_workspace& memory, distance limit) {
    search<false>(g, view, root, result, memory, limit);
}

void shortest_paths_to(const graph& g, const plane& view, node_number root, tree& result,
                       spf_workspace& memory, distance limit) {
    search<true>(g, view, root, result, memory, limit);
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

}  // namespace rhumb::topology

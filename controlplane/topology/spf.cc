#include "controlplane/topology/spf.hh"

#include <algorithm>

namespace rhumb::topology {

namespace {

constexpr auto later = [](const spf_workspace::entry& a, const spf_workspace::entry& b) {
    return a.at != b.at ? a.at > b.at : a.node > b.node;
};

// Dijkstra's algorithm; entries that were overtaken stay in the heap and are skipped.
template <bool Backwards>
void search(const graph& g, const plane& view, node_number root, tree& result,
            spf_workspace& memory) {
    result.root = root;
    result.distances.assign(g.node_count(), unreachable);
    result.order.clear();
    auto& heap = memory.heap;
    heap.clear();
    result.distances[root] = 0;
    heap.push_back({0, root});
    while (!heap.empty()) {
        std::pop_heap(heap.begin(), heap.end(), later);
        const auto [at, node] = heap.back();
        heap.pop_back();
        if (at != result.distances[node]) {
            continue;
        }
        result.order.push_back(node);
        if (view.no_transit[node] != 0 && node != root) {
            continue;
        }
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            const link_number used = Backwards ? g.reverse[l] : l;
            if (used == nobody || view.costs[used] == unusable) {
                continue;
            }
            const node_number next = g.to[l];
            const distance reached = at + view.costs[used];
            if (reached < result.distances[next]) {
                result.distances[next] = reached;
                heap.push_back({reached, next});
                std::push_heap(heap.begin(), heap.end(), later);
            }
        }
    }
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
    for (const node_number node : from.order) {
        if (view.no_transit[node] != 0 && node != root) {
            continue;
        }
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            const node_number next = g.to[l];
            if (view.costs[l] == unusable ||
                from.distances[node] + view.costs[l] != from.distances[next]) {
                continue;
            }
            std::uint64_t* const to = &bits_[next * words_];
            if (node == root) {
                const std::size_t position = l - base;
                to[position / 64] |= std::uint64_t{1} << (position % 64);
            } else {
                const std::uint64_t* const through = &bits_[node * words_];
                for (std::size_t w = 0; w < words_; ++w) {
                    to[w] |= through[w];
                }
            }
        }
    }
}

}  // namespace rhumb::topology

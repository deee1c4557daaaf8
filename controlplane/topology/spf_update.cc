// Trees of shortest paths after a change.
//
// First the nodes are found that have lost every shortest path, in the order of their distances: a
// node keeps its distance as long as one neighbour that keeps its own is near enough. The distances
// of those that lost are begun anew from their neighbours that did not, and those behind links that
// became cheaper are lowered; from these on Dijkstra's algorithm goes on as far as it finds nearer
// ways. The costs before the change are not needed for any of that.
#include <algorithm>
#include <tuple>

#include "controlplane/topology/search_view.hh"
#include "controlplane/topology/spf.hh"

namespace rhumb::topology {

namespace {

constexpr std::uint8_t queued = 1;
constexpr std::uint8_t affected = 2;
constexpr std::uint8_t has_moved = 4;

// Where more than a quarter of all nodes move a search from the beginning is the faster one
// (measured); what was done until then is lost.
constexpr std::size_t worthwhile(std::size_t nodes) { return nodes / 5 + 16; }

template <bool Backwards>
class updater {
public:
    updater(const graph& g, const plane& view, tree& result, spf_workspace& memory)
        : seen_{g, view, result.root}, g_(g), tree_(result), memory_(memory) {}

    // False: too much changes, the tree must be made anew.
    bool update(const plane_change& changed) {
        memory_.state.assign(g_.node_count(), 0);
        memory_.before.resize(g_.node_count());
        memory_.affected.clear();
        memory_.moved.clear();
        memory_.level.clear();
        if (!find_affected(changed)) {
            return false;
        }
        memory_.queue.clear();
        for (const node_number node : memory_.affected) {
            move(node, unreachable);
        }
        for (const node_number node : memory_.affected) {
            begin_anew(node);
        }
        for (const link_number l : changed.links) {
            lower(seen_.tail(l), seen_.head(l), seen_.view.costs[l]);
        }
        for (const node_number node : changed.nodes) {
            lower_behind(node);
        }
        if (!search_on()) {
            return false;
        }
        // A node may have come back to the distance that it had.
        std::erase_if(memory_.moved, [&](node_number node) {
            const bool same = memory_.before[node] == tree_.distances[node];
            memory_.state[node] = same ? 0 : has_moved;
            return same;
        });
        mend_order();
        return true;
    }

private:
    void suspect(node_number node) {
        if (memory_.state[node] == 0 && node != tree_.root && tree_.reaches(node)) {
            memory_.state[node] = queued;
            memory_.queue.push(tree_.distances[node], node);
        }
    }

    [[nodiscard]] bool is_held(node_number node) const {
        const distance at = tree_.distances[node];
        for (link_number l = g_.first[node]; l < g_.first[node + 1]; ++l) {
            const node_number previous = g_.to[l];
            const cost step = seen_.inward(l);
            if (step != unusable && tree_.reaches(previous) &&
                tree_.distances[previous] + step <= at &&
                (memory_.state[previous] & affected) == 0 && seen_.passes(previous)) {
                return true;
            }
        }
        return false;
    }

    bool find_affected(const plane_change& changed) {
        memory_.queue.clear();
        for (const link_number l : changed.links) {
            suspect(seen_.head(l));
        }
        for (const node_number node : changed.nodes) {
            for (link_number l = g_.first[node]; l < g_.first[node + 1]; ++l) {
                suspect(g_.to[l]);
            }
        }
        const auto none_stale = [](distance, node_number) { return false; };
        while (memory_.queue.take_nearest(memory_.level, none_stale)) {
            for (const node_number node : memory_.level) {
                if (is_held(node)) {
                    continue;
                }
                memory_.state[node] |= affected;
                memory_.affected.push_back(node);
                for (link_number l = g_.first[node]; l < g_.first[node + 1]; ++l) {
                    const cost step = seen_.onward(l);
                    if (step != unusable &&
                        tree_.distances[node] + step == tree_.distances[g_.to[l]]) {
                        suspect(g_.to[l]);
                    }
                }
            }
            if (memory_.affected.size() > worthwhile(g_.node_count())) {
                return false;
            }
            memory_.level.clear();
        }
        return true;
    }

    void move(node_number node, distance to) {
        if ((memory_.state[node] & has_moved) == 0) {
            memory_.state[node] |= has_moved;
            memory_.before[node] = tree_.distances[node];
            memory_.moved.push_back(node);
        }
        tree_.distances[node] = to;
    }

    void begin_anew(node_number node) {
        distance nearest = unreachable;
        for (link_number l = g_.first[node]; l < g_.first[node + 1]; ++l) {
            const node_number previous = g_.to[l];
            const cost step = seen_.inward(l);
            if (step != unusable && (memory_.state[previous] & affected) == 0 &&
                tree_.reaches(previous) && seen_.passes(previous)) {
                nearest = std::min(nearest, tree_.distances[previous] + step);
            }
        }
        if (nearest != unreachable) {
            tree_.distances[node] = nearest;
            memory_.queue.push(nearest, node);
        }
    }

    void lower(node_number from, node_number to, cost step) {
        if (step != unusable && tree_.reaches(from) && seen_.passes(from) &&
            tree_.distances[from] + step < tree_.distances[to]) {
            move(to, tree_.distances[from] + step);
            memory_.queue.push(tree_.distances[to], to);
        }
    }

    void lower_behind(node_number node) {
        for (link_number l = g_.first[node]; l < g_.first[node + 1]; ++l) {
            lower(node, g_.to[l], seen_.onward(l));
        }
    }

    bool search_on() {
        const auto is_stale = [this](distance at, node_number node) {
            return at != tree_.distances[node];
        };
        memory_.level.clear();
        while (memory_.queue.take_nearest(memory_.level, is_stale)) {
            for (const node_number node : memory_.level) {
                lower_behind(node);
            }
            memory_.level.clear();
            if (memory_.moved.size() > worthwhile(g_.node_count())) {
                return false;
            }
        }
        return true;
    }

    [[nodiscard]] distance old_distance(node_number node) const {
        return (memory_.state[node] & has_moved) != 0 ? memory_.before[node]
                                                      : tree_.distances[node];
    }

    // Nodes that moved are taken out of the order and put in where they are now; what is nearer or
    // farther than all of this stays untouched.
    void mend_order() {
        if (memory_.moved.empty()) {
            return;
        }
        distance low = unreachable;
        distance high = 0;
        for (const node_number node : memory_.moved) {
            for (const distance at : {memory_.before[node], tree_.distances[node]}) {
                low = std::min(low, at);
                high = at == unreachable ? high : std::max(high, at);
            }
        }
        auto& order = tree_.order;
        const auto begin = std::partition_point(
            order.begin(), order.end(), [&](node_number node) { return old_distance(node) < low; });
        const auto end = std::partition_point(
            begin, order.end(), [&](node_number node) { return old_distance(node) <= high; });
        memory_.level.clear();
        std::copy_if(memory_.moved.begin(), memory_.moved.end(), std::back_inserter(memory_.level),
                     [&](node_number node) { return tree_.reaches(node); });
        const auto is_nearer = [&](node_number a, node_number b) {
            return std::tuple(tree_.distances[a], a) < std::tuple(tree_.distances[b], b);
        };
        std::sort(memory_.level.begin(), memory_.level.end(), is_nearer);
        memory_.kept.clear();
        std::copy_if(begin, end, std::back_inserter(memory_.kept),
                     [&](node_number node) { return (memory_.state[node] & has_moved) == 0; });
        const auto length = static_cast<std::size_t>(end - begin);
        const std::size_t wanted = memory_.kept.size() + memory_.level.size();
        const auto place = begin - order.begin();
        if (wanted > length) {
            order.insert(end, wanted - length, nobody);
        } else {
            order.erase(end - static_cast<std::ptrdiff_t>(length - wanted), end);
        }
        std::merge(memory_.kept.begin(), memory_.kept.end(), memory_.level.begin(),
                   memory_.level.end(), order.begin() + place, is_nearer);
    }

    const search_view<Backwards> seen_;
    const graph& g_;
    tree& tree_;
    spf_workspace& memory_;
};

template <bool Backwards>
tree_update update_paths(const graph& g, const plane& view, const plane_change& changed,
                         tree& result, spf_workspace& memory) {
    if (!changed.complete && result.distances.size() == g.node_count() &&
        updater<Backwards>(g, view, result, memory).update(changed)) {
        return {.complete = false, .nodes = memory.moved};
    }
    (Backwards ? shortest_paths_to : shortest_paths_from)(g, view, result.root, result, memory);
    return {.complete = true, .nodes = {}};
}

}  // namespace

tree_update update_paths_from(const graph& g, const plane& view, const plane_change& changed,
                              tree& result, spf_workspace& memory) {
    return update_paths<false>(g, view, changed, result, memory);
}

tree_update update_paths_to(const graph& g, const plane& view, const plane_change& changed,
                            tree& result, spf_workspace& memory) {
    return update_paths<true>(g, view, changed, result, memory);
}

}  // namespace rhumb::topology

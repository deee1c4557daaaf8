// A graph as a search sees it, along the links or against them: what both kinds of shortest paths
// and their updates share. Threads: any.
#pragma once

#include "controlplane/topology/graph.hh"

namespace rhumb::topology {

template <bool Backwards>
struct search_view {
    const graph& g;
    const plane& view;
    node_number root;

    [[nodiscard]] bool passes(node_number node) const {
        return view.no_transit[node] == 0 || node == root;
    }
    [[nodiscard]] cost reverse_cost(link_number l) const {
        return g.reverse[l] == nobody ? unusable : view.costs[g.reverse[l]];
    }
    // Of link l of a node: what the search pays from the node on to g.to[l], and from there back.
    [[nodiscard]] cost onward(link_number l) const {
        return Backwards ? reverse_cost(l) : view.costs[l];
    }
    [[nodiscard]] cost inward(link_number l) const {
        return Backwards ? view.costs[l] : reverse_cost(l);
    }
    // The ends of a link in the direction of the search.
    [[nodiscard]] node_number tail(link_number l) const { return Backwards ? g.to[l] : g.from[l]; }
    [[nodiscard]] node_number head(link_number l) const { return Backwards ? g.from[l] : g.to[l]; }
};

}  // namespace rhumb::topology

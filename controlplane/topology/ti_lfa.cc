#include "controlplane/topology/ti_lfa.hh"

#include <algorithm>
#include <array>
#include <deque>
#include <span>
#include <unordered_map>
#include <utility>

#include "controlplane/topology/ti_lfa_failure.hh"
#include "controlplane/topology/ti_lfa_search.hh"

namespace rhumb::topology {

namespace {

// What is tried, in this order.
std::span<const protection> tries(protection wanted) {
    static constexpr std::array all{protection::node_and_srlg, protection::node, protection::srlg,
                                    protection::link};
    static constexpr std::array node{protection::node, protection::link};
    switch (wanted) {
        case protection::node_and_srlg: return all;
        case protection::node: return node;
        case protection::srlg: return std::span(all).last(2);
        case protection::link: break;
    }
    return std::span(all).last(1);
}

// Trees by root, whose memory stays.
class tree_store {
public:
    void clear() {
        numbers_.clear();
        used_ = 0;
    }
    // One that reaches as far as `limit`; by `search` where there is none yet.
    template <class Search>
    const tree& of(node_number root, distance limit, Search search) {
        const auto [at, is_new] = numbers_.emplace(root, used_);
        if (is_new && ++used_ > trees_.size()) {
            trees_.emplace_back();
        }
        auto& [made, reaches] = trees_[at->second];
        if (is_new || reaches < limit) {
            search(made);
            reaches = limit;
        }
        return made;
    }

private:
    std::deque<std::pair<tree, distance>> trees_;
    std::unordered_map<node_number, std::size_t> numbers_;
    std::size_t used_ = 0;
};

}  // namespace

class repair_computer::memory {
public:
    std::vector<link_repairs> compute(const map& m, const plane& view, std::uint8_t algorithm,
                                      node_number own, const ti_lfa_options& options) {
        map_ = &m;
        g_ = &m.graph();
        view_ = &view;
        algorithm_ = algorithm;
        own_ = own;
        options_ = &options;
        trees_from_.clear();
        trees_to_.clear();
        const tree& before = tree_from(own);
        hops_.compute(*g_, view, before);
        after_.start(*g_, view, before);
        std::vector<link_repairs> all;
        for (link_number l = g_->first[own]; l < g_->first[own + 1]; ++l) {
            if (view.costs[l] != unusable) {
                all.push_back(repairs_for(l));
            }
        }
        return all;
    }

private:
    const tree& tree_from(node_number node, distance limit = unreachable) {
        return trees_from_.of(node, limit, [&](tree& made) {
            shortest_paths_from(*g_, *view_, node, made, search_, limit);
        });
    }
    const tree& tree_to(node_number node, distance limit = unreachable) {
        return trees_to_.of(node, limit, [&](tree& made) {
            shortest_paths_to(*g_, *view_, node, made, search_, limit);
        });
    }
    [[nodiscard]] bool uses(node_number node, link_number l) const {
        const std::size_t position = l - g_->first[own_];
        return (hops_.of(node)[position / 64] >> (position % 64) & 1) != 0;
    }

    link_repairs repairs_for(link_number l) {
        link_repairs made;
        made.link = l;
        made.by_node.assign(g_->node_count(), link_repairs::none);
        failure tried;
        for (const protection what : tries(options_->protects)) {
            failure now = failure_of(*map_, *view_, l, what);
            const bool is_new = now.links != tried.links || now.node != tried.node;
            tried = std::move(now);
            // Where nothing shares the risk, all has been said.
            if (is_new && !is_too_large(l, tried)) {
                after_.take_out(tried);
                find_nodes(l, what, made);
                find_gates(l, tried);
                search_lists();
                if (take_repairs(l, what, made) == 0) {
                    break;
                }
            }
            if (!options_->fall_back) {
                break;
            }
        }
        return made;
    }

    // Whether a link fails with the node, or is the link itself: no gate of its own is needed.
    [[nodiscard]] bool is_inside(link_number x, link_number l, const failure& what) const {
        return what.node != nobody ? g_->from[x] == what.node || g_->to[x] == what.node
                                   : x == l || x == g_->reverse[l];
    }
    [[nodiscard]] bool is_too_large(link_number l, const failure& what) const {
        const auto outside = std::count_if(what.links.begin(), what.links.end(),
                                           [&](link_number x) { return !is_inside(x, l, what); });
        return static_cast<std::size_t>(outside) > options_->max_srlg_links;
    }

    // What is touched and lies on paths to nodes that need a repair, nearest first.
    void find_nodes(link_number l, protection what, const link_repairs& made) {
        const auto touched = after_.touched();
        if (what == protection::link) {
            nodes_.assign(touched.begin(), touched.end());
            return;
        }
        const std::vector<distance>& at = after_.distances();
        nodes_.clear();
        needed_.resize(g_->node_count());
        for (auto node = touched.rbegin(); node != touched.rend(); ++node) {
            const bool wanted =
                (made.by_node[*node] == link_repairs::none && uses(*node, l)) || *node == g_->to[l];
            if (std::exchange(needed_[*node], std::uint8_t{0}) == 0 && !wanted) {
                continue;
            }
            nodes_.push_back(*node);
            for (link_number back = g_->first[*node]; back < g_->first[*node + 1]; ++back) {
                const node_number from = g_->to[back];
                const link_number x = g_->reverse[back];
                if (x != nobody && after_.out()[x] == 0 && view_->costs[x] != unusable &&
                    at[from] < at[*node] && at[from] + view_->costs[x] == at[*node] &&
                    after_.is_touched(from)) {
                    needed_[from] = 1;
                }
            }
        }
        std::reverse(nodes_.begin(), nodes_.end());
    }

    // The ways through what fails.
    void find_gates(link_number l, const failure& what) {
        gates_.clear();
        const bool by_node = what.node != nobody;
        const node_number in = by_node ? what.node : own_;
        const node_number out = g_->to[l];
        const cost length = by_node ? 0 : view_->costs[l];
        const std::vector<distance>& before = tree_from(own_).distances;
        const extent most = extent_of_nodes();
        // Who is farther from a gate than paths are long is safe: nobody needs to know how far.
        const distance far = most.along;
        if (std::all_of(what.links.begin(), what.links.end(),
                        [&](link_number x) { return is_inside(x, l, what); })) {
            // All that is touched is touched because it lies behind `out`.
            add_gate({in, out, length, &tree_to(in, far).distances, &before, before[out]});
            return;
        }
        add_gate({in, out, length, &tree_to(in, far).distances, &tree_from(out, far).distances, 0});
        for (const link_number x : what.links) {
            if (!is_inside(x, l, what) && matters(x, most)) {
                add_gate({g_->from[x], g_->to[x], view_->costs[x],
                          &tree_to(g_->from[x], far).distances,
                          &tree_from(g_->to[x], far).distances, 0});
            }
        }
    }

    void add_gate(gate by) {
        by.in_ends = view_->no_transit[by.in] != 0;
        by.out_begins = view_->no_transit[by.out] != 0;
        gates_.push_back(by);
    }

    // How far the nodes in question are.
    struct extent {
        distance along = 0;       // from one of them to another, on a path after the failure
        distance detour = 0;      // what a failure adds to a path
        distance round_trip = 0;  // there after the failure, and back before
    };
    extent extent_of_nodes() {
        const tree& before = tree_from(own_);
        const tree& back = tree_to(own_);
        extent most;
        for (const node_number node : nodes_) {
            const distance at = after_.distances()[node];
            most.along = std::max(most.along, at);
            most.detour = std::max(most.detour, at - before.distances[node]);
            most.round_trip = std::max(most.round_trip, view_->no_transit[node] != 0
                                                            ? unreachable
                                                            : sum(at, back.distances[node]));
        }
        return most;
    }

    // Whether a link can be on a present path between nodes in question, as far as triangles with
    // this node tell. For x on the path to y they say that the way through the link is longer than
    // along(x, y) by at least what it is longer than the shortest way from here to its end, less
    // the detour of y; and likewise for the way back here.
    bool matters(link_number l, const extent& most) {
        const node_number in = g_->from[l];
        const node_number out = g_->to[l];
        const tree& before = tree_from(own_);
        if (out == own_ || !before.reaches(in) || (view_->no_transit[in] != 0 && in != own_)) {
            return false;
        }
        const distance through = before.distances[in] + view_->costs[l];
        return through - before.distances[out] <= most.detour &&
               sum(through, tree_to(own_).distances[out]) <= most.round_trip;
    }

    void search_lists() {
        search_input input;
        input.g = g_;
        input.view = view_;
        input.own = own_;
        input.algorithm = algorithm_;
        input.at = &after_.distances();
        input.out = &after_.out();
        input.gates = gates_;
        input.nodes = nodes_;
        input.hops = &hops_;
        lists_.run(input, *options_);
    }

    // How many are left without.
    std::size_t take_repairs(link_number l, protection what, link_repairs& made) {
        numbers_.clear();
        const node_number far = g_->to[l];
        for (const node_number node : nodes_) {
            if (made.by_node[node] == link_repairs::none && uses(node, l)) {
                made.by_node[node] = number_of(node, what, made);
            }
        }
        if (made.adjacency == link_repairs::none) {
            made.adjacency = uses(far, l) ? made.by_node[far] : number_of(far, what, made);
        }
        std::size_t left = made.adjacency == link_repairs::none ? 1 : 0;
        for (const node_number node : after_.all_touched()) {
            if (made.by_node[node] == link_repairs::none && uses(node, l)) {
                ++left;
            }
        }
        return left;
    }

    // Equal repairs have equal lists, which have equal numbers.
    std::uint32_t number_of(node_number node, protection what, link_repairs& made) {
        const segment_search::way way = lists_.to(node);
        if (way.list == segment_search::none) {
            return link_repairs::none;
        }
        const bool at_destination = way.anchor == node;
        numbers_.resize(2 * lists_.list_count(), link_repairs::none);
        std::uint32_t& number = numbers_[2 * way.list + (at_destination ? 1 : 0)];
        if (number == link_repairs::none) {
            number = static_cast<std::uint32_t>(made.repairs.size());
            made.repairs.push_back({lists_.out_of(way.list), lists_.segments_of(way.list),
                                    way.anchor, at_destination, what});
        }
        return number;
    }

    const map* map_ = nullptr;
    const graph* g_ = nullptr;
    const plane* view_ = nullptr;
    std::uint8_t algorithm_ = 0;
    node_number own_ = nobody;
    const ti_lfa_options* options_ = nullptr;
    spf_workspace search_;
    tree_store trees_from_;
    tree_store trees_to_;
    first_hops hops_;
    paths_without after_;
    std::vector<node_number> nodes_;    // in question
    std::vector<std::uint8_t> needed_;  // by node
    std::vector<gate> gates_;
    segment_search lists_;
    std::vector<std::uint32_t> numbers_;  // by list and whether it ends at the destination
};

repair_computer::repair_computer() : memory_(std::make_unique<memory>()) {}
repair_computer::~repair_computer() = default;

std::vector<link_repairs> repair_computer::compute(const map& m, const plane& view,
                                                   std::uint8_t algorithm, node_number own,
                                                   const ti_lfa_options& options) {
    return memory_->compute(m, view, algorithm, own, options);
}

}  // namespace rhumb::topology

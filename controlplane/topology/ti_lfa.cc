#include "controlplane/topology/ti_lfa.hh"

#include <algorithm>
#include <array>
#include <deque>
#include <span>
#include <unordered_map>

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
    // Where `fresh` is set, the tree is still to be computed.
    tree& of(node_number root, bool& fresh) {
        const auto [at, is_new] = numbers_.emplace(root, used_);
        fresh = is_new;
        if (is_new && ++used_ > trees_.size()) {
            trees_.emplace_back();
        }
        return trees_[at->second];
    }

private:
    std::deque<tree> trees_;
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
    const tree& tree_from(node_number node) {
        bool fresh = false;
        tree& made = trees_from_.of(node, fresh);
        if (fresh) {
            shortest_paths_from(*g_, *view_, node, made, search_);
        }
        return made;
    }
    const tree& tree_to(node_number node) {
        bool fresh = false;
        tree& made = trees_to_.of(node, fresh);
        if (fresh) {
            shortest_paths_to(*g_, *view_, node, made, search_);
        }
        return made;
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

    // The ways through what fails.
    void find_gates(link_number l, const failure& what) {
        gates_.clear();
        const bool by_node = what.node != nobody;
        const node_number in = by_node ? what.node : own_;
        const node_number out = g_->to[l];
        const cost length = by_node ? 0 : view_->costs[l];
        if (std::all_of(what.links.begin(), what.links.end(),
                        [&](link_number x) { return is_inside(x, l, what); })) {
            // All that is touched is touched because it lies behind `out`.
            const std::vector<distance>& before = tree_from(own_).distances;
            gates_.push_back({in, out, length, &tree_to(in).distances, &before, before[out]});
        } else {
            gates_.push_back(
                {in, out, length, &tree_to(in).distances, &tree_from(out).distances, 0});
            for (const link_number x : what.links) {
                if (!is_inside(x, l, what) && g_->to[x] != own_) {
                    gates_.push_back({g_->from[x], g_->to[x], view_->costs[x],
                                      &tree_to(g_->from[x]).distances,
                                      &tree_from(g_->to[x]).distances, 0});
                }
            }
        }
        for (gate& way : gates_) {
            way.in_ends = view_->no_transit[way.in] != 0;
            way.out_begins = view_->no_transit[way.out] != 0;
        }
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
        input.nodes = after_.touched();
        input.hops = &hops_;
        lists_.run(input, *options_);
    }

    // How many are left without.
    std::size_t take_repairs(link_number l, protection what, link_repairs& made) {
        numbers_.clear();
        const node_number far = g_->to[l];
        for (const node_number node : after_.touched()) {
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

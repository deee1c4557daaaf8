#include "controlplane/topology/ti_lfa.hh"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace rhumb::topology {

namespace {

constexpr std::uint32_t no_list = 0xffffffff;
constexpr std::size_t max_states = 4;  // of equal worth, kept for a node

distance sum(distance a, distance b) {
    return a == unreachable || b == unreachable ? unreachable : a + b;
}

// One way through what fails: into `in`, at a cost, out of `out`.
struct gate {
    node_number in = nobody;
    node_number out = nobody;
    cost length = 0;
    const tree* to_in = nullptr;
    const tree* from_out = nullptr;
};

// Lists of segments that share their beginnings: equal ones have equal numbers.
class segment_lists {
public:
    void clear() {
        nodes_.clear();
        known_.clear();
    }
    std::uint32_t extended(std::uint32_t list, const segment& by) {
        const key wanted{list, by};
        const auto [at, is_new] = known_.emplace(wanted, static_cast<std::uint32_t>(nodes_.size()));
        if (is_new) {
            nodes_.push_back(wanted);
        }
        return at->second;
    }
    [[nodiscard]] segments whole(std::uint32_t list) const {
        segments result;
        for (; list != no_list; list = nodes_[list].before) {
            result.push_back(nodes_[list].last);
        }
        std::reverse(result.begin(), result.end());
        return result;
    }

private:
    struct key {
        std::uint32_t before;
        segment last;
        friend bool operator==(const key&, const key&) = default;
    };
    struct key_hash {
        std::size_t operator()(const key& k) const noexcept {
            const std::uint64_t both = std::uint64_t{k.last.node} << 32 | k.last.number;
            return (both ^ std::uint64_t{k.before} * 0x9e3779b97f4a7c15U) * 0xbf58476d1ce4e5b9U;
        }
    };
    std::vector<key> nodes_;
    std::unordered_map<key, std::uint32_t, key_hash> known_;
};

// How a packet has come to a node on a post-convergence path: over `out`, through `list`, the last
// of which ended at `anchor`; from there on it can follow the SID of where it goes.
struct state {
    link_number out = nobody;
    node_number anchor = nobody;
    std::uint32_t list = no_list;
};
// The ways to a node that take the fewest segments. One that takes more is never better further on:
// any of these can end a segment right here.
struct node_states {
    std::uint32_t count = 0;
    std::uint32_t length = 0;  // segments
    std::array<state, max_states> all{};
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
        options_ = options;
        trees_from_.clear();
        trees_to_.clear();
        hops_.compute(*g_, view, tree_from(own));
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
        const auto [at, is_new] = trees_from_.try_emplace(node);
        if (is_new) {
            shortest_paths_from(*g_, *view_, node, at->second, search_);
        }
        return at->second;
    }
    const tree& tree_to(node_number node) {
        const auto [at, is_new] = trees_to_.try_emplace(node);
        if (is_new) {
            shortest_paths_to(*g_, *view_, node, at->second, search_);
        }
        return at->second;
    }

    link_repairs repairs_for(link_number l) {
        link_repairs result;
        result.link = l;
        result.by_node.assign(g_->node_count(), link_repairs::none);
        numbers_.clear();
        take_out(l, options_.protects);
        repair_all(l, options_.protects, result);
        if (options_.protects != protection::link && options_.fall_back) {
            take_out(l, protection::link);
            repair_all(l, protection::link, result);
        }
        return result;
    }

    [[nodiscard]] bool uses(node_number node, link_number l) const {
        const std::size_t position = l - g_->first[own_];
        return (hops_.of(node)[position / 64] >> (position % 64) & 1) != 0;
    }

    // What fails with the link: the plane without it, and the ways through it.
    void take_out(link_number l, protection what) {
        after_ = *view_;
        gates_.clear();
        const node_number far = g_->to[l];
        if (what == protection::node || what == protection::node_and_srlg) {
            for (link_number x = g_->first[far]; x < g_->first[far + 1]; ++x) {
                after_.costs[x] = unusable;
                if (g_->reverse[x] != nobody) {
                    after_.costs[g_->reverse[x]] = unusable;
                }
            }
            gates_.push_back({far, far, 0, &tree_to(far), &tree_from(far)});
        }
        take_out_link(l);
        if (what == protection::srlg || what == protection::node_and_srlg) {
            for (const std::uint32_t group : map_->said_of(l)->srlgs) {
                for (const link_number x : map_->links_with_srlg(group)) {
                    take_out_link(x);
                }
            }
        }
    }

    // Both directions: a link fails whole.
    void take_out_link(link_number l) {
        for (const link_number x : {l, g_->reverse[l]}) {
            if (x != nobody && after_.costs[x] != unusable) {
                after_.costs[x] = unusable;
                gates_.push_back({g_->from[x], g_->to[x], view_->costs[x], &tree_to(g_->from[x]),
                                  &tree_from(g_->to[x])});
            }
        }
    }

    // Whether all present shortest paths from x to y, which lies behind it on a post-convergence
    // path, avoid what fails.
    [[nodiscard]] bool is_safe(node_number x, node_number y) const {
        const distance along = post_.distances[y] - post_.distances[x];
        for (const gate& g : gates_) {
            if ((view_->no_transit[g.in] != 0 && g.in != x) ||
                (view_->no_transit[g.out] != 0 && g.out != y)) {
                continue;
            }
            const distance through =
                sum(sum(g.to_in->distances[x], g.from_out->distances[y]), g.length);
            if (through <= along) {
                return false;
            }
        }
        return true;
    }

    void repair_all(link_number l, protection what, link_repairs& result) {
        shortest_paths_from(*g_, after_, own_, post_, search_);
        states_.assign(g_->node_count(), {});
        lists_.clear();
        for (const node_number node : post_.order) {
            spread(node);
        }
        for (const node_number node : post_.order) {
            if (uses(node, l) && result.by_node[node] == link_repairs::none &&
                states_[node].count != 0 && states_[node].length <= options_.max_segments) {
                result.by_node[node] = number_of(node, what, result);
            }
        }
    }

    // Takes the ways to a node one link further.
    void spread(node_number node) {
        if (after_.no_transit[node] != 0 && node != own_) {
            return;
        }
        for (link_number l = g_->first[node]; l < g_->first[node + 1]; ++l) {
            const node_number next = g_->to[l];
            if (after_.costs[l] == unusable ||
                post_.distances[node] + after_.costs[l] != post_.distances[next]) {
                continue;
            }
            if (node == own_) {
                add(next, 0, {l, next, no_list});
                continue;
            }
            const node_states& here = states_[node];
            for (std::uint32_t i = 0; i < here.count; ++i) {
                step(node, l, here.all[i], here.length);
            }
        }
    }

    void step(node_number node, link_number l, state from, std::uint32_t length) {
        const node_number next = g_->to[l];
        if (is_safe(from.anchor, next)) {
            add(next, length, from);
            return;
        }
        if (from.anchor != node) {
            if (!options_.has_node_sid.empty() && options_.has_node_sid[node] == 0) {
                return;
            }
            from.list = lists_.extended(from.list, segment::to_node(node, algorithm_));
            from.anchor = node;
            ++length;
            if (is_safe(node, next)) {
                add(next, length, from);
                return;
            }
        }
        if (options_.has_adjacency_sid.empty() || options_.has_adjacency_sid[l] != 0) {
            from.list = lists_.extended(from.list, segment::over_link(*g_, l));
            from.anchor = next;
            add(next, length + 1, from);
        }
    }

    void add(node_number node, std::uint32_t length, const state& way) {
        node_states& known = states_[node];
        if (known.count == 0 || length < known.length) {
            known.count = 0;
            known.length = length;
        }
        const auto end = known.all.begin() + known.count;
        const auto same = [&](const state& s) { return s.anchor == way.anchor; };
        if (length == known.length && known.count < max_states &&
            std::find_if(known.all.begin(), end, same) == end) {
            known.all[known.count++] = way;
        }
    }

    std::uint32_t number_of(node_number node, protection what, link_repairs& result) {
        const state& way = states_[node].all[0];
        const std::uint64_t key = (std::uint64_t{way.out} << 32 | way.list) * 0x9e3779b97f4a7c15U ^
                                  (std::uint64_t{way.anchor} << 1 | (way.anchor == node ? 1U : 0U));
        auto& numbers = numbers_[key];
        for (const std::uint32_t number : numbers) {
            const repair& r = result.repairs[number];
            if (r.out == way.out && r.end == way.anchor && r.protects == what &&
                r.at_destination == (way.anchor == node) && r.segments == lists_.whole(way.list)) {
                return number;
            }
        }
        numbers.push_back(static_cast<std::uint32_t>(result.repairs.size()));
        result.repairs.push_back(
            {way.out, lists_.whole(way.list), way.anchor, way.anchor == node, what});
        return numbers.back();
    }

    const map* map_ = nullptr;
    const graph* g_ = nullptr;
    const plane* view_ = nullptr;
    std::uint8_t algorithm_ = 0;
    node_number own_ = nobody;
    ti_lfa_options options_;
    spf_workspace search_;
    std::unordered_map<node_number, tree> trees_from_;
    std::unordered_map<node_number, tree> trees_to_;
    first_hops hops_;
    plane after_;  // without what fails
    std::vector<gate> gates_;
    tree post_;
    std::vector<node_states> states_;
    segment_lists lists_;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> numbers_;
};

repair_computer::repair_computer() : memory_(std::make_unique<memory>()) {}
repair_computer::~repair_computer() = default;

std::vector<link_repairs> repair_computer::compute(const map& m, const plane& view,
                                                   std::uint8_t algorithm, node_number own,
                                                   const ti_lfa_options& options) {
    return memory_->compute(m, view, algorithm, own, options);
}

}  // namespace rhumb::topology

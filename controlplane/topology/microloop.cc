#include "controlplane/topology/microloop.hh"

#include <algorithm>
#include <limits>

#include "controlplane/topology/spf.hh"
#include "controlplane/topology/ti_lfa_search.hh"

namespace rhumb::topology {

namespace {

// Whether two directions, of which neither is the other's reverse as the graph is now, were those
// of one link: it has gone, and its ends know nothing of each other any more.
bool were_one_link(const graph& g, link_number a, link_number b) {
    return g.reverse[a] == nobody && g.reverse[b] == nobody && g.from[a] == g.to[b] &&
           g.to[a] == g.from[b];
}

}  // namespace

plane_difference difference_of(const graph& g, const plane& before, const plane& after,
                               node_number own) {
    plane_difference found;
    for (link_number l = 0; l < g.link_count(); ++l) {
        if (before.costs[l] == after.costs[l]) {
            continue;
        }
        const link_number link = std::min(l, g.reverse[l]);
        if (found.link == nobody) {
            found.link = link;
        } else if (found.link != link && !were_one_link(g, found.link, link)) {
            return {change_kind::several, nobody};
        }
        const bool is_own = g.from[l] == own || g.to[l] == own;
        const bool down = after.costs[l] == unusable;
        found.kind = is_own && (down || found.kind == change_kind::own_link_down)
                         ? change_kind::own_link_down
                         : change_kind::one_link;
    }
    if (before.no_transit != after.no_transit) {
        return {change_kind::several, nobody};
    }
    return found;
}

convergence_phase convergence_timer::on_change(const plane_difference& what, std::uint64_t now) {
    (void)advance(now);
    if (what.kind == change_kind::nothing) {
        return phase_;
    }
    const bool runs = phase_ != convergence_phase::settled;
    if (runs && what.link == link_ && what.kind == kind_ && kind_ == change_kind::own_link_down) {
        return phase_;
    }
    phase_ = convergence_phase::settled;
    std::uint64_t wait = 0;
    if (!runs && what.kind == change_kind::own_link_down && times_.local_delay != 0) {
        phase_ = convergence_phase::holding;
        wait = times_.local_delay;
    } else if (!runs && what.kind == change_kind::one_link && times_.pinned != 0) {
        phase_ = convergence_phase::pinned;
        wait = times_.pinned;
    }
    link_ = phase_ == convergence_phase::settled ? nobody : what.link;
    kind_ = what.kind;
    due_ = wait > std::numeric_limits<std::uint64_t>::max() - now
               ? std::numeric_limits<std::uint64_t>::max()
               : now + wait;
    return phase_;
}

convergence_phase convergence_timer::advance(std::uint64_t now) {
    if (phase_ != convergence_phase::settled && now >= due_) {
        phase_ = convergence_phase::settled;
        link_ = nobody;
    }
    return phase_;
}

std::optional<std::uint64_t> convergence_timer::due() const noexcept {
    return phase_ == convergence_phase::settled ? std::nullopt : std::optional(due_);
}

class microloop_avoider::memory {
public:
    pinned_paths compute(const graph& g, const plane& before, const plane& after,
                         std::uint8_t algorithm, node_number own, const ti_lfa_options& options) {
        g_ = &g;
        own_ = own;
        shortest_paths_from(g, after, own, own_tree_, search_);
        hops_.compute(g, after, own_tree_);
        pinned_paths made;
        made.by_node.assign(g.node_count(), pinned_paths::none);
        if (!find_gates(before, after, options.max_srlg_links)) {
            made.exposed.assign(own_tree_.order.begin() + 1, own_tree_.order.end());
            return made;
        }
        if (gates_.empty()) {
            return made;
        }
        search_input input;
        input.g = &g;
        input.view = &after;
        input.own = own;
        input.algorithm = algorithm;
        input.at = &own_tree_.distances;
        input.gates = gates_;
        input.nodes = own_tree_.order;
        lists_.run(input, options);
        numbers_.assign(2 * lists_.list_count(), pinned_paths::none);
        for (const node_number node : own_tree_.order) {
            if (node != own && !is_plain(node)) {
                pin(node, made);
            }
        }
        return made;
    }

private:
    // Two searches in each plane for every link that differs and is usable there; false: too many.
    bool find_gates(const plane& before, const plane& after, std::size_t most) {
        gates_.clear();
        std::size_t trees = 0;
        std::size_t links = 0;
        const auto next_tree = [&]() -> tree& {
            while (trees >= trees_.size()) {
                trees_.push_back(std::make_unique<tree>());
            }
            return *trees_[trees++];
        };
        const auto add = [&](const plane& view, node_number in, node_number out, cost length) {
            tree& to_in = next_tree();
            tree& from_out = next_tree();
            shortest_paths_to(*g_, view, in, to_in, search_);
            shortest_paths_from(*g_, view, out, from_out, search_);
            gates_.push_back({in, out, length, &to_in.distances, &from_out.distances, 0,
                              in != out && view.no_transit[in] != 0,
                              in != out && view.no_transit[out] != 0});
        };
        for (link_number l = 0; l < g_->link_count(); ++l) {
            if (before.costs[l] == after.costs[l]) {
                continue;
            }
            if (++links > most) {
                return false;
            }
            for (const plane* view : {&before, &after}) {
                if (view->costs[l] != unusable) {
                    add(*view, g_->from[l], g_->to[l], view->costs[l]);
                }
            }
        }
        for (node_number n = 0; n < g_->node_count(); ++n) {
            if (before.no_transit[n] != after.no_transit[n]) {
                if (++links > most) {
                    return false;
                }
                add(before.no_transit[n] == 0 ? before : after, n, n, 0);
            }
        }
        return true;
    }

    // Whether the new shortest paths are safe, whichever of them a packet takes.
    [[nodiscard]] bool is_plain(node_number node) const {
        const link_number base = g_->first[own_];
        const auto bits = hops_.of(node);
        for (std::uint32_t w = 0; w < bits.size(); ++w) {
            for (std::uint64_t rest = bits[w]; rest != 0; rest &= rest - 1) {
                const link_number l =
                    base + 64 * w + static_cast<std::uint32_t>(__builtin_ctzll(rest));
                if (!lists_.is_safe(g_->to[l], node)) {
                    return false;
                }
            }
        }
        return true;
    }

    void pin(node_number node, pinned_paths& made) {
        const segment_search::way way = lists_.to(node);
        if (way.list == segment_search::none) {
            made.exposed.push_back(node);
            return;
        }
        const bool at_destination = way.anchor == node;
        std::uint32_t& number = numbers_[2 * way.list + (at_destination ? 1 : 0)];
        if (number == pinned_paths::none) {
            number = static_cast<std::uint32_t>(made.paths.size());
            made.paths.push_back({lists_.out_of(way.list), lists_.segments_of(way.list), way.anchor,
                                  at_destination, protection::link});
        }
        made.by_node[node] = number;
    }

    const graph* g_ = nullptr;
    node_number own_ = nobody;
    spf_workspace search_;
    tree own_tree_;
    first_hops hops_;
    std::vector<std::unique_ptr<tree>> trees_;
    std::vector<gate> gates_;
    segment_search lists_;
    std::vector<std::uint32_t> numbers_;
};

microloop_avoider::microloop_avoider() : memory_(std::make_unique<memory>()) {}
microloop_avoider::~microloop_avoider() = default;

pinned_paths microloop_avoider::compute(const graph& g, const plane& before, const plane& after,
                                        std::uint8_t algorithm, node_number own,
                                        const ti_lfa_options& options) {
    return memory_->compute(g, before, after, algorithm, own, options);
}

}  // namespace rhumb::topology

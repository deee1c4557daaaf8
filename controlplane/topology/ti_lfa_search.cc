#include "controlplane/topology/ti_lfa_search.hh"

#include <algorithm>

namespace rhumb::topology {

void segment_search::run(const search_input& input, const ti_lfa_options& options) {
    in_ = input;
    options_ = &options;
    const graph& g = *in_.g;
    slots_.resize(g.node_count());
    std::fill(slots_.begin(), slots_.end(), slot{});
    states_.clear();
    lists_.clear();
    for (link_number l = g.first[in_.own]; l < g.first[in_.own + 1]; ++l) {
        lists_.push_back({none, {}, l});
    }
    slots_[in_.own].known = true;
    for (const node_number node : in_.nodes) {
        slots_[node].in_question = true;
    }
    if (!options.has_node_sid.empty()) {
        add_nodes_before();
    }
    for (const node_number node : in_.nodes) {
        if (node != in_.own) {
            visit(node);
        }
    }
}

// Before a node in question there may be some that are not and that have no SID. How to end a
// segment there, by adjacencies, has to be found out as well.
void segment_search::add_nodes_before() {
    nodes_.assign(in_.nodes.begin(), in_.nodes.end());
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        find_last_links(nodes_[i]);
        for (const link_number l : last_links_) {
            slot& before = slots_[in_.g->from[l]];
            if (!before.in_question && !before.known && !has_sid(in_.g->from[l])) {
                before.known = true;  // listed; visit() comes before it is looked at
                nodes_.push_back(in_.g->from[l]);
            }
        }
    }
    if (nodes_.size() != in_.nodes.size()) {
        std::sort(nodes_.begin(), nodes_.end(), [&](node_number a, node_number b) {
            return std::pair((*in_.at)[a], a) < std::pair((*in_.at)[b], b);
        });
    }
    in_.nodes = nodes_;
}

segments segment_search::segments_of(std::uint32_t list) const {
    segments made;
    for (; lists_[list].before != none; list = lists_[list].before) {
        made.push_back(lists_[list].last);
    }
    std::reverse(made.begin(), made.end());
    return made;
}

segment_search::way segment_search::to(node_number node) {
    if ((*in_.at)[node] == unreachable) {
        return {};
    }
    const slot& at = slot_of(node);
    const auto begin = states_.begin() + at.begin;
    const auto best = std::min_element(begin, begin + at.count, [](const state& a, const state& b) {
        return a.length < b.length;
    });
    return at.count == 0 ? way{} : *best;
}

distance segment_search::key(const gate& by, node_number anchor) const {
    return by.in_ends && anchor != by.in ? unreachable
                                         : sum((*by.to_in)[anchor], by.length + (*in_.at)[anchor]);
}

bool segment_search::is_safe(node_number x, node_number y) const {
    return !slots_[y].in_question ||
           std::all_of(in_.gates.begin(), in_.gates.end(), [&](const gate& by) {
               const distance whole = sum(key(by, x), (*by.from_out)[y]);
               return whole == unreachable || (by.out_begins && y != by.out) ||
                      whole > (*in_.at)[y] + by.excess;
           });
}

// Who ends right here can go on by an adjacency at once, which a key does not tell.
bool segment_search::is_as_good(const way& a, const way& b) const {
    if (a.length > b.length || (b.anchor == visited_ && a.anchor != visited_)) {
        return false;
    }
    return a.anchor == b.anchor ||
           std::all_of(in_.gates.begin(), in_.gates.end(),
                       [&](const gate& by) { return key(by, a.anchor) >= key(by, b.anchor); });
}

bool segment_search::has_sid(node_number node) const {
    const auto& known = options_->has_node_sid;
    return node >= known.size() || known[node] != 0;
}

bool segment_search::has_adjacency(link_number l) const {
    const auto& known = options_->has_adjacency_sid;
    return l >= known.size() || known[l] != 0;
}

std::uint32_t segment_search::extended(std::uint32_t list, const segment& by) {
    lists_.push_back({list, by, lists_[list].out});
    return static_cast<std::uint32_t>(lists_.size() - 1);
}

// Of nodes that are not in question: their first hops.
segment_search::slot& segment_search::slot_of(node_number node) {
    slot& at = slots_[node];
    if (at.known) {
        return at;
    }
    found_.clear();
    visited_ = node;
    if (in_.hops != nullptr) {
        const link_number base = in_.g->first[in_.own];
        const auto bits = in_.hops->of(node);
        for (std::uint32_t w = 0; w < bits.size(); ++w) {
            for (std::uint64_t rest = bits[w]; rest != 0; rest &= rest - 1) {
                const auto n = 64 * w + static_cast<std::uint32_t>(__builtin_ctzll(rest));
                add({n, in_.g->to[base + n], 0}, true);
            }
        }
    }
    keep(at);
    return at;
}

// Links over which paths that are wanted come to a node.
void segment_search::find_last_links(node_number node) {
    const graph& g = *in_.g;
    const std::vector<distance>& at = *in_.at;
    last_links_.clear();
    for (link_number back = g.first[node]; back < g.first[node + 1]; ++back) {
        const link_number l = g.reverse[back];
        if (l == nobody || in_.view->costs[l] == unusable ||
            (in_.out != nullptr && (*in_.out)[l] != 0)) {
            continue;
        }
        const node_number from = g.from[l];
        if (at[from] != unreachable && at[from] + in_.view->costs[l] == at[node] &&
            (from == in_.own || in_.view->no_transit[from] == 0)) {
            last_links_.push_back(l);
        }
    }
}

void segment_search::visit(node_number node) {
    const graph& g = *in_.g;
    find_last_links(node);
    for (const link_number l : last_links_) {
        (void)slot_of(g.from[l]);  // now: it takes the memory that is used below
    }
    found_.clear();
    visited_ = node;
    const bool node_has_sid = has_sid(node);
    for (const link_number l : last_links_) {
        const node_number from = g.from[l];
        if (from == in_.own) {
            add({l - g.first[from], node, 0}, node_has_sid);
            continue;
        }
        const slot before = slots_[from];
        for (std::uint32_t i = 0; i < before.count; ++i) {
            follow(l, before.begin + i, node_has_sid);
        }
    }
    keep(slots_[node]);
}

void segment_search::keep(slot& at) {
    at.known = true;
    at.begin = static_cast<std::uint32_t>(states_.size());
    at.count = static_cast<std::uint32_t>(found_.size());
    states_.insert(states_.end(), found_.begin(), found_.end());
}

// Takes a way to the beginning of a link over it. Where the far end has a SID, the shortest
// continuation is enough; where it has none, a better anchor may be worth a segment.
void segment_search::follow(link_number l, std::size_t number, bool node_has_sid) {
    const node_number from = in_.g->from[l];
    const node_number node = in_.g->to[l];
    way here = states_[number];
    if (is_safe(here.anchor, node)) {
        add(here, node_has_sid);
        if (node_has_sid) {
            return;
        }
    }
    if (here.anchor != from) {
        if (!has_sid(from) || here.length >= options_->max_segments) {
            return;
        }
        if (states_[number].ended == none) {
            states_[number].ended = extended(here.list, segment::to_node(from, in_.algorithm));
        }
        here = {states_[number].ended, from, here.length + 1};
        if (is_safe(from, node)) {
            add(here, node_has_sid);
            if (node_has_sid) {
                return;
            }
        }
    }
    over_adjacency(l, here);
}

void segment_search::over_adjacency(link_number l, const way& to_begin) {
    if (!has_adjacency(l) || to_begin.length >= options_->max_segments) {
        return;
    }
    const node_number node = in_.g->to[l];
    const way over{none, node, to_begin.length + 1};
    // The list is made only if somebody wants it.
    const auto better = [&](const state& s) { return is_as_good(s, over); };
    if (std::none_of(found_.begin(), found_.end(), better)) {
        const std::uint32_t list = extended(to_begin.list, segment::over_link(*in_.g, l));
        add({list, node, over.length}, has_sid(node));
    }
}

void segment_search::add(const way& candidate, bool only_fewest) {
    if (only_fewest && !found_.empty()) {
        if (candidate.length > found_.front().length) {
            return;
        }
        if (candidate.length < found_.front().length) {
            found_.clear();
        }
    }
    for (const state& known : found_) {
        if (is_as_good(known, candidate)) {
            return;
        }
    }
    std::erase_if(found_, [&](const state& known) { return is_as_good(candidate, known); });
    if (found_.size() == max_states) {
        const auto longest =
            std::max_element(found_.begin(), found_.end(),
                             [](const state& a, const state& b) { return a.length < b.length; });
        if (longest->length <= candidate.length) {
            return;
        }
        found_.erase(longest);
    }
    state fresh;
    static_cast<way&>(fresh) = candidate;
    found_.push_back(fresh);
}

}  // namespace rhumb::topology

#include "controlplane/paths/disjoint_flow.hh"

#include <algorithm>
#include <tuple>

#include "controlplane/paths/cspf_labels.hh"

namespace rhumb::paths {

using topology::distance;
using topology::link_number;
using topology::nobody;
using topology::node_number;
using topology::unreachable;
using topology::unusable;

namespace {

// The second search. A node is a state; one on the first path is two, as it is entered (state: its
// number) and as it is left (states from node_count on, by position on the path). To cross over
// from one to the other is to share the node; to go back along the path, from entering one node to
// leaving the one before, is to give that link to the other path.
class residual_search {
public:
    residual_search(const topology::graph& g, const topology::plane& view,
                    std::span<const node_number> from, std::span<const node_number> to,
                    bool by_nodes)
        : g_(g), view_(view), from_(from), to_(to), by_nodes_(by_nodes) {}

    std::optional<link_lists> run() {
        if (!first_path() || !second_path()) {
            return std::nullopt;
        }
        return take_apart();
    }

private:
    using state = std::uint32_t;
    // In this order: nothing outweighs what is shared.
    struct price {
        std::uint32_t nodes = nobody;
        std::uint32_t links = nobody;
        distance reduced = unreachable;
        friend auto operator<=>(const price&, const price&) = default;
        [[nodiscard]] price plus(std::uint32_t n, std::uint32_t l, distance d) const {
            return {nodes + n, links + l, reduced + d};
        }
    };
    struct entry {
        price at;
        state of;
    };
    enum class move : std::uint8_t { none, forward, back };

    bool first_path() {
        // A search against the links gives the first path and makes all costs of the second one
        // at least 0 (Johnson): cost + what is to go after - what is to go before.
        label_search ahead;
        ahead.prepare(g_, view_, {from_.front(), {}, {to_.begin(), to_.end()}}, {});
        to_go_.resize(g_.node_count());
        for (node_number n = 0; n < g_.node_count(); ++n) {
            to_go_[n] = ahead.metric_from(n);
        }
        node_number at = from_.front();
        for (const node_number n : from_) {
            at = to_go_[n] < to_go_[at] ? n : at;
        }
        if (to_go_[at] == unreachable) {
            return false;
        }
        start_ = at;
        label_search::start begin;
        begin.at = at;
        if (ahead.run(begin, first_) != label_search::outcome::found) {
            return false;
        }
        position_.assign(g_.node_count(), nobody);
        nodes_ = {at};
        nodes_.reserve(first_.size() + 1);
        for (const link_number l : first_) {
            nodes_.push_back(g_.to[l]);
        }
        for (std::size_t k = 0; k < nodes_.size(); ++k) {
            position_[nodes_[k]] = static_cast<std::uint32_t>(k);
        }
        return true;
    }

    [[nodiscard]] state leaving(std::size_t k) const {
        return static_cast<state>(g_.node_count() + k);
    }
    // Of two ends, the second path has the one that the first has not.
    [[nodiscard]] static node_number other(std::span<const node_number> ends, node_number taken) {
        return ends.size() == 2 && ends[0] == taken ? ends[1] : ends[0];
    }

    bool second_path() {
        const std::size_t states = g_.node_count() + nodes_.size();
        prices_.assign(states, {});
        before_.assign(states, nobody);
        over_.assign(states, nobody);
        moves_.assign(states, move::none);
        const node_number begin = other(from_, start_);
        goal_ = other(to_, nodes_.back());
        const state root = from_.size() == 1 ? leaving(0) : begin;
        offer(root, root, nobody, move::none, {0, 0, 0});
        while (!heap_.empty()) {
            std::pop_heap(heap_.begin(), heap_.end(), behind);
            const entry next = heap_.back();
            heap_.pop_back();
            if (next.at != prices_[next.of]) {
                continue;
            }
            if (next.of == goal_) {
                return true;
            }
            if (next.of < g_.node_count()) {
                enter(next.of);
            } else {
                leave(next.of - g_.node_count());
            }
        }
        return false;
    }

    static bool behind(const entry& a, const entry& b) {
        return std::tie(a.at, a.of) > std::tie(b.at, b.of);
    }

    void offer(state to, state before, link_number over, move how, const price& at) {
        if (at < prices_[to]) {
            prices_[to] = at;
            before_[to] = before;
            over_[to] = over;
            moves_[to] = how;
            heap_.push_back({at, to});
            std::push_heap(heap_.begin(), heap_.end(), behind);
        }
    }

    // A node that the second path comes into.
    void enter(node_number node) {
        const std::uint32_t k = position_[node];
        const price at = prices_[node];
        const bool passes = view_.no_transit[node] == 0;
        if (k == nobody) {
            if (passes || node == other(from_, start_)) {
                follow_links(node, node, nobody);
            }
            return;
        }
        if (k > 0) {
            offer(leaving(k - 1), node, first_[k - 1], move::back, at);
        }
        if (passes) {
            offer(leaving(k), node, nobody, move::none, at.plus(by_nodes_ ? 1 : 0, 0, 0));
        }
    }

    // A node of the first path, position k, from which the second path may go anywhere.
    void leave(std::size_t k) {
        const state here = leaving(k);
        const node_number node = nodes_[k];
        offer(node, here, nobody, move::none, prices_[here]);
        if (k + 1 < nodes_.size()) {
            offer(nodes_[k + 1], here, first_[k], move::forward, prices_[here].plus(0, 1, 0));
        }
        follow_links(node, here, k + 1 < nodes_.size() ? first_[k] : nobody);
    }

    void follow_links(node_number node, state here, link_number but) {
        for (link_number l = g_.first[node]; l < g_.first[node + 1]; ++l) {
            const node_number next = g_.to[l];
            // What cannot be passed has a distance to the end all the same.
            const bool passes =
                view_.no_transit[next] == 0 || next == goal_ || next == nodes_.back();
            if (l == but || view_.costs[l] == unusable || to_go_[next] == unreachable || !passes ||
                (from_.size() == 1 && next == start_)) {
                continue;
            }
            const distance reduced = view_.costs[l] + to_go_[next] - to_go_[node];
            offer(next, here, l, move::forward, prices_[here].plus(0, 0, reduced));
        }
    }

    // The two together are a flow without cycles: whichever way is taken, it ends at an end.
    link_lists take_apart() {
        std::vector<link_number> flow = first_;
        for (state s = goal_; before_[s] != s; s = before_[s]) {
            if (moves_[s] == move::forward) {
                flow.push_back(over_[s]);
            } else if (moves_[s] == move::back) {
                flow.erase(std::find(flow.begin(), flow.end(), over_[s]));
            }
        }
        std::sort(flow.begin(), flow.end());
        const auto walk = [&](node_number at) {
            std::vector<link_number> links;
            for (;;) {
                const auto next = std::lower_bound(flow.begin(), flow.end(), g_.first[at]);
                if (next == flow.end() || *next >= g_.first[at + 1]) {
                    return links;
                }
                links.push_back(*next);
                at = g_.to[*next];
                flow.erase(next);
            }
        };
        link_lists both;
        both.first = walk(from_.front());
        both.second = walk(from_.back());
        return both;
    }

    const topology::graph& g_;
    const topology::plane& view_;
    std::span<const node_number> from_;
    std::span<const node_number> to_;
    bool by_nodes_;

    std::vector<distance> to_go_;          // by node
    std::vector<link_number> first_;       // the first path
    std::vector<node_number> nodes_;       // and its nodes
    std::vector<std::uint32_t> position_;  // by node: where it is on it, or nobody
    node_number start_ = nobody;
    node_number goal_ = nobody;
    std::vector<price> prices_;  // by state
    std::vector<state> before_;
    std::vector<link_number> over_;
    std::vector<move> moves_;
    std::vector<entry> heap_;
};

}  // namespace

std::optional<link_lists> two_paths(const topology::graph& g, const topology::plane& view,
                                    std::span<const node_number> from,
                                    std::span<const node_number> to, bool by_nodes) {
    return residual_search(g, view, from, to, by_nodes).run();
}

}  // namespace rhumb::paths

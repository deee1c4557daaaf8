#include "controlplane/paths/disjoint_branches.hh"

#include <algorithm>
#include <tuple>

namespace rhumb::paths {

using topology::distance;
using topology::link_number;
using topology::node_number;

namespace {

constexpr auto later = [](const auto& a, const auto& b) {
    return std::tie(a.bound, a.order) > std::tie(b.bound, b.order);
};

void forbid_link(const topology::graph& g, link_number l, constraints& limits) {
    limits.exclude_links.push_back(l);
    if (g.reverse[l] != topology::nobody) {
        limits.exclude_links.push_back(g.reverse[l]);
    }
}

}  // namespace

std::vector<pair_search::branch> pair_search::beginnings() const {
    std::vector<branch> all;
    const auto add = [&](node_number first_end, node_number second_end) {
        branch b;
        b.sides[0] = {from_.front(), first_end, limits_, {}};
        b.sides[1] = {from_.back(), second_end, limits_, {}};
        all.push_back(std::move(b));
    };
    add(to_.front(), to_.back());
    if (from_.size() == 2 && to_.size() == 2 && !options_.ends_in_order) {
        add(to_.back(), to_.front());
    }
    return all;
}

bool pair_search::find(side& s, progress& done) const {
    auto found = shortest_path(map_, s.from, s.to, s.limits, pool_.reserved, pool_.owner);
    if (!found) {
        done.complete &= found.why().reason != no_path_reason::gave_up;
        return false;
    }
    s.shortest = *std::move(found);
    return true;
}

path_pair pair_search::make_pair(const path& a, const path& b) const {
    path_pair pair;
    const bool swapped = from_.size() == 1 && nearer(b, a);
    pair.first = swapped ? b : a;
    pair.second = swapped ? a : b;
    pair.shared = shared_by(map_, a, b, options_.kind);
    pair.disjoint = pair.shared == shared_risks{};
    return pair;
}

void pair_search::take(const path& a, const path& b, progress& done) const {
    if (a.metric + b.metric < done.sum) {
        done.sum = a.metric + b.metric;
        done.best = make_pair(a, b);
    }
}

shared_risks pair_search::risks(const path& p) const {
    // With itself a path shares everything but its ends; those of another path are other nodes.
    shared_risks all = shared_by(map_, p, p, options_.kind);
    const bool by_nodes =
        options_.kind == disjointness::nodes || options_.kind == disjointness::nodes_and_srlgs;
    const topology::graph& g = map_.graph();
    if (by_nodes && from_.size() == 2) {
        all.nodes.push_back(g.from[p.links.front()]);
    }
    if (by_nodes && to_.size() == 2) {
        all.nodes.push_back(g.to[p.links.back()]);
    }
    return all;
}

void pair_search::forbid_all(const path& p, constraints& limits) const {
    const shared_risks all = risks(p);
    for (const link_number l : all.links) {
        forbid_link(map_.graph(), l, limits);
    }
    limits.exclude_nodes.insert(limits.exclude_nodes.end(), all.nodes.begin(), all.nodes.end());
    limits.exclude_srlgs.insert(limits.exclude_srlgs.end(), all.srlgs.begin(), all.srlgs.end());
}

// A pair to measure others by: the first path as it is, the second around it.
void pair_search::complete_first(const branch& b, progress& done) const {
    side around = b.sides[1];
    forbid_all(b.sides[0].shortest, around.limits);
    progress ignored;
    if (find(around, ignored)) {
        take(b.sides[0].shortest, around.shortest, done);
    }
}

// The branches in which one thing is forbidden to either path. Without the second, where nothing
// is forbidden yet and the ends are the same: both would be the same one.
std::vector<pair_search::branch> pair_search::split_by(const branch& b, const risk& shared,
                                                       progress& done) const {
    const bool alike = b.order == 0 && from_.size() == 1 && to_.size() == 1;
    std::vector<branch> children;
    for (int i = 0; i < (alike ? 1 : 2); ++i) {
        branch child = b;
        side& s = child.sides[i];
        switch (shared.kind) {
            case risk_kind::srlg: s.limits.exclude_srlgs.push_back(shared.number); break;
            case risk_kind::node: s.limits.exclude_nodes.push_back(shared.number); break;
            case risk_kind::link: forbid_link(map_.graph(), shared.number, s.limits); break;
        }
        if (find(s, done)) {
            child.bound = child.sides[0].shortest.metric + child.sides[1].shortest.metric;
            child.order = static_cast<std::uint32_t>(2 * done.branches) + static_cast<unsigned>(i);
            children.push_back(std::move(child));
        }
    }
    return children;
}

// Of what the paths share, that is taken which leaves the fewest branches with the highest bounds.
void pair_search::split(const branch& b, std::vector<branch>& heap, progress& done) const {
    const shared_risks shared =
        shared_by(map_, b.sides[0].shortest, b.sides[1].shortest, options_.kind);
    std::vector<risk> candidates;
    candidates.reserve(shared.srlgs.size() + shared.nodes.size() + shared.links.size());
    for (const std::uint32_t srlg : shared.srlgs) {
        candidates.push_back({risk_kind::srlg, srlg});
    }
    for (const node_number node : shared.nodes) {
        candidates.push_back({risk_kind::node, node});
    }
    for (const link_number l : shared.links) {
        candidates.push_back({risk_kind::link, l});
    }
    const auto weight = [](const std::vector<branch>& children) {
        distance least = topology::unreachable;
        for (const branch& child : children) {
            least = std::min(least, child.bound);
        }
        return least;
    };
    std::vector<branch> best = split_by(b, candidates.front(), done);
    for (std::size_t i = 1; i < std::min(candidates.size(), max_candidates) && !best.empty(); ++i) {
        std::vector<branch> other = split_by(b, candidates[i], done);
        if (weight(other) > weight(best)) {
            best = std::move(other);
        }
    }
    for (branch& child : best) {
        if (child.bound < done.sum) {
            heap.push_back(std::move(child));
            std::push_heap(heap.begin(), heap.end(), later);
        }
    }
}

void pair_search::explore(branch first, distance least, progress& done) const {
    std::vector<branch> heap;
    first.bound = first.sides[0].shortest.metric + first.sides[1].shortest.metric;
    heap.push_back(std::move(first));
    while (!heap.empty()) {
        std::pop_heap(heap.begin(), heap.end(), later);
        const branch next = std::move(heap.back());
        heap.pop_back();
        if (next.bound >= done.sum || done.sum == least) {
            return;
        }
        const path& a = next.sides[0].shortest;
        const path& b = next.sides[1].shortest;
        if (shared_by(map_, a, b, options_.kind) == shared_risks{}) {
            take(a, b, done);
            return;
        }
        if (++done.branches > options_.max_branches) {
            done.complete = false;
            return;
        }
        complete_first(next, done);
        split(next, heap, done);
    }
}

path_pair pair_search::disjoint(const path_pair& unbound, bool keeps_bounds) const {
    progress done;
    // No pair is better than one that is disjoint in less.
    const distance least = unbound.first.metric + unbound.second.metric;
    for (branch& b : beginnings()) {
        if (find(b.sides[0], done) && find(b.sides[1], done)) {
            explore(std::move(b), least, done);
        }
    }
    path_pair pair = unbound;
    pair.disjoint = false;
    pair.least_shared = false;
    if (done.sum != topology::unreachable) {
        pair = std::move(done.best);
        pair.least_shared = done.complete || done.sum == least;
    } else if (!keeps_bounds) {
        pair.shared = {};
    }
    pair.proven = done.complete || done.sum == least;
    return pair;
}

pair_result pair_search::least_shared(const path_pair& unbound) const {
    progress done;
    std::optional<path_pair> best;
    const auto offer = [&](path_pair pair) {
        const auto weight = [](const path_pair& p) {
            return std::tuple(p.shared.nodes.size(), p.shared.links.size(), p.shared.srlgs.size(),
                              p.first.metric + p.second.metric);
        };
        if (!best || weight(pair) < weight(*best)) {
            best = std::move(pair);
        }
    };
    if (is_straight(unbound.first) && within(unbound.first, limits_) &&
        within(unbound.second, limits_)) {
        offer(make_pair(unbound.first, unbound.second));
    }
    for (branch& b : beginnings()) {
        side& second = b.sides[1];
        if (!find(b.sides[0], done) || !find(second, done)) {
            continue;
        }
        offer(make_pair(b.sides[0].shortest, second.shortest));
        // The second path gives up one thing of the first after the other, as long as it can.
        const shared_risks all = risks(b.sides[0].shortest);
        const auto try_without = [&](const auto& forbid) {
            side s = second;
            forbid(s.limits);
            if (find(s, done)) {
                second = std::move(s);
                offer(make_pair(b.sides[0].shortest, second.shortest));
            }
        };
        for (const node_number n : all.nodes) {
            try_without([&](constraints& c) { c.exclude_nodes.push_back(n); });
        }
        for (const link_number l : all.links) {
            try_without([&](constraints& c) { forbid_link(map_.graph(), l, c); });
        }
        for (const std::uint32_t srlg : all.srlgs) {
            try_without([&](constraints& c) { c.exclude_srlgs.push_back(srlg); });
        }
    }
    if (!best) {
        const node_set ends(to_.begin(), to_.end());
        if (!done.complete) {
            return gave_up("too many ways come close to the bounds; wider ones may help");
        }
        return why_none(map_, {from_.front(), {}, ends}, limits_, pool_);
    }
    best->proven = unbound.proven;
    return *std::move(best);
}

}  // namespace rhumb::paths

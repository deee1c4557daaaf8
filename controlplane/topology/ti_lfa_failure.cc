#include "controlplane/topology/ti_lfa_failure.hh"

#include <algorithm>

namespace rhumb::topology {

failure failure_of(const map& m, const plane& view, link_number l, protection what) {
    const graph& g = m.graph();
    failure made;
    const auto add = [&](link_number one) {
        for (const link_number x : {one, g.reverse[one]}) {
            if (x != nobody && view.costs[x] != unusable) {
                made.links.push_back(x);
            }
        }
    };
    add(l);
    if (what == protection::node || what == protection::node_and_srlg) {
        made.node = g.to[l];
        for (link_number x = g.first[made.node]; x < g.first[made.node + 1]; ++x) {
            add(x);
        }
    }
    if (what == protection::srlg || what == protection::node_and_srlg) {
        // One end may know of a risk that the other does not mention.
        for (const link_number end : {l, g.reverse[l]}) {
            const link* const said = end == nobody ? nullptr : m.said_of(end);
            if (said == nullptr) {
                continue;
            }
            for (const std::uint32_t srlg : said->srlgs) {
                for (const link_number x : m.links_with_srlg(srlg)) {
                    add(x);
                }
            }
        }
    }
    std::sort(made.links.begin(), made.links.end());
    made.links.erase(std::unique(made.links.begin(), made.links.end()), made.links.end());
    return made;
}

void paths_without::start(const graph& g, const plane& view, const tree& before) {
    g_ = &g;
    view_ = &view;
    before_ = &before;
    after_ = before.distances;
    marks_.assign(g.node_count(), untouched);
    out_.assign(g.link_count(), 0);
    out_links_.clear();
    touched_.clear();
    reached_.clear();
}

void paths_without::restore() {
    for (const link_number l : out_links_) {
        out_[l] = 0;
    }
    for (const node_number node : touched_) {
        after_[node] = before_->distances[node];
        marks_[node] = untouched;
    }
    out_links_.clear();
    touched_.clear();
    reached_.clear();
}

bool paths_without::is_before(link_number l) const {
    const node_number from = g_->from[l];
    return view_->costs[l] != unusable && before_->reaches(from) &&
           (view_->no_transit[from] == 0 || from == before_->root) &&
           before_->distances[from] + view_->costs[l] == before_->distances[g_->to[l]];
}

void paths_without::collect(node_number node) {
    if (marks_[node] == untouched) {
        marks_[node] = lost;
        touched_.push_back(node);
    }
}

bool paths_without::has_other_way(node_number node) const {
    for (link_number back = g_->first[node]; back < g_->first[node + 1]; ++back) {
        const link_number l = g_->reverse[back];
        if (l != nobody && out_[l] == 0 && marks_[g_->from[l]] != lost && is_before(l)) {
            return true;
        }
    }
    return false;
}

void paths_without::take_out(const failure& what) {
    restore();
    out_links_ = what.links;
    for (const link_number l : out_links_) {
        out_[l] = 1;
    }
    for (const link_number l : out_links_) {
        if (is_before(l)) {
            collect(g_->to[l]);
        }
    }
    for (std::size_t i = 0; i < touched_.size(); ++i) {
        const node_number node = touched_[i];
        for (link_number l = g_->first[node]; l < g_->first[node + 1]; ++l) {
            if (is_before(l)) {
                collect(g_->to[l]);
            }
        }
    }
    const auto nearer = [&](node_number a, node_number b) {
        return after_[a] != after_[b] ? after_[a] < after_[b] : a < b;
    };
    std::sort(touched_.begin(), touched_.end(), nearer);
    // Nearest first: what another way could come from is decided before.
    for (const node_number node : touched_) {
        if (has_other_way(node)) {
            marks_[node] = shortened;
        }
    }
    search();
    for (const node_number node : touched_) {
        if (after_[node] != unreachable) {
            reached_.push_back(node);
        }
    }
    std::sort(reached_.begin(), reached_.end(), nearer);
}

void paths_without::offer(node_number node, distance at) {
    if (at < after_[node]) {
        after_[node] = at;
        heap_.push_back({at, node});
        std::push_heap(heap_.begin(), heap_.end(),
                       [](const entry& a, const entry& b) { return a.at > b.at; });
    }
}

// Dijkstra's algorithm over the lost nodes, beginning at those that are not.
void paths_without::search() {
    heap_.clear();
    for (const node_number node : touched_) {
        if (marks_[node] == lost) {
            after_[node] = unreachable;
        }
    }
    for (const node_number node : touched_) {
        if (marks_[node] != lost) {
            continue;
        }
        for (link_number back = g_->first[node]; back < g_->first[node + 1]; ++back) {
            const link_number l = g_->reverse[back];
            const node_number from = g_->to[back];
            if (l != nobody && out_[l] == 0 && view_->costs[l] != unusable &&
                marks_[from] != lost && before_->reaches(from) &&
                (view_->no_transit[from] == 0 || from == before_->root)) {
                offer(node, before_->distances[from] + view_->costs[l]);
            }
        }
    }
    while (!heap_.empty()) {
        std::pop_heap(heap_.begin(), heap_.end(),
                      [](const entry& a, const entry& b) { return a.at > b.at; });
        const auto [at, node] = heap_.back();
        heap_.pop_back();
        if (at != after_[node] || view_->no_transit[node] != 0) {
            continue;
        }
        for (link_number l = g_->first[node]; l < g_->first[node + 1]; ++l) {
            if (out_[l] == 0 && view_->costs[l] != unusable && marks_[g_->to[l]] == lost) {
                offer(g_->to[l], at + view_->costs[l]);
            }
        }
    }
}

}  // namespace rhumb::topology

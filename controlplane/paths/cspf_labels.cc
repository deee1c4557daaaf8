#include "controlplane/paths/cspf_labels.hh"

#include <algorithm>
#include <tuple>

namespace rhumb::paths {

using topology::cost;
using topology::distance;
using topology::link_number;
using topology::node_number;
using topology::unreachable;
using topology::unusable;

namespace {

constexpr std::uint32_t none = 0xffffffff;

struct step {
    distance at;
    std::uint64_t hops;
    node_number node;
};

constexpr auto later = [](const step& a, const step& b) {
    return std::tie(a.at, a.hops, a.node) > std::tie(b.at, b.hops, b.node);
};

// Of labels. Level ones: the latest goes on first, which leads straight to the end.
constexpr auto behind = [](const auto& a, const auto& b) {
    if (a.metric != b.metric) {
        return a.metric > b.metric;
    }
    return a.hops != b.hops ? a.hops > b.hops : a.number < b.number;
};

}  // namespace

void label_search::prepare(const topology::graph& g, const topology::plane& view, const route& way,
                           const constraints& limits, std::size_t max_labels) {
    graph_ = &g;
    view_ = &view;
    limits_ = limits;
    max_labels_ = std::min<std::size_t>(max_labels, none);
    bounds_delay_ = limits.max_delay != unreachable;
    bounds_hops_ = limits.max_hops != none;
    nodes_ = static_cast<std::uint32_t>(g.node_count());
    layers_ = static_cast<std::uint32_t>(way.through.size() + 1);
    const std::size_t places = std::size_t{nodes_} * layers_;
    member_.assign(places, 0);
    for (std::uint32_t layer = 0; layer < layers_; ++layer) {
        for (const node_number node : layer + 1 < layers_ ? way.through[layer] : way.to) {
            member_[std::size_t{layer} * nodes_ + node] = 1;
        }
    }
    first_ = arrive(0, way.from);
    look_ahead(way, &view.costs, to_go_);
    delay_to_go_.clear();
    hops_to_go_.clear();
    if (bounds_delay_) {
        look_ahead(way, &g.costs(topology::metric_type::delay), delay_to_go_);
    }
    if (bounds_hops_) {
        look_ahead(way, nullptr, hops_to_go_);
    }
    settled_.assign(places, none);
    stamp_.assign(places, 0);
    barred_.assign(places, 0);
    run_ = 0;
}

label_search::place label_search::arrive(std::uint32_t layer, node_number node) const {
    while (layer + 1 < layers_ && member_[std::size_t{layer} * nodes_ + node] != 0) {
        ++layer;
    }
    return layer * nodes_ + node;
}

bool label_search::is_goal(place at) const {
    return at / nodes_ + 1 == layers_ && member_[at] != 0;
}

// From the last layer on: each starts with what is to go from its waypoints in the next one.
void label_search::look_ahead(const route& way, const std::vector<cost>* costs,
                              std::vector<rest>& result) {
    result.assign(std::size_t{nodes_} * layers_, {});
    for (std::uint32_t layer = layers_; layer-- > 0;) {
        rest* const here = &result[std::size_t{layer} * nodes_];
        if (layer + 1 == layers_) {
            for (const node_number node : way.to) {
                here[node] = {0, 0};
            }
        } else {
            for (const node_number node : way.through[layer]) {
                const rest beyond = here[std::size_t{nodes_} + node];
                // Who lets nothing through may be an end, not a waypoint.
                if (view_->no_transit[node] == 0 || beyond.metric == 0) {
                    here[node] = beyond;
                }
            }
        }
        look_ahead_in_layer(costs, here);
    }
}

void label_search::look_ahead_in_layer(const std::vector<cost>* costs, rest* result) {
    std::vector<step> heap;
    for (node_number node = 0; node < nodes_; ++node) {
        if (result[node].metric != unreachable) {
            heap.push_back({result[node].metric, result[node].hops, node});
        }
    }
    std::make_heap(heap.begin(), heap.end(), later);
    const std::vector<step> seeds = heap;
    const auto is_seed = [&](node_number node) {
        return std::any_of(seeds.begin(), seeds.end(),
                           [&](const step& s) { return s.node == node; });
    };
    while (!heap.empty()) {
        std::pop_heap(heap.begin(), heap.end(), later);
        const auto [at, hops, node] = heap.back();
        heap.pop_back();
        if (std::tie(at, hops) != std::tie(result[node].metric, result[node].hops) ||
            (view_->no_transit[node] != 0 && !is_seed(node))) {
            continue;
        }
        for (link_number l = graph_->first[node]; l < graph_->first[node + 1]; ++l) {
            const link_number used = graph_->reverse[l];
            if (used == topology::nobody || view_->costs[used] == unusable) {
                continue;
            }
            rest& before = result[graph_->to[l]];
            const rest reached{at + (costs != nullptr ? (*costs)[used] : 1), hops + 1};
            if (std::tie(reached.metric, reached.hops) < std::tie(before.metric, before.hops)) {
                before = reached;
                heap.push_back({reached.metric, reached.hops, graph_->to[l]});
                std::push_heap(heap.begin(), heap.end(), later);
            }
        }
    }
}

// Labels are settled in the order of their metric, so that is no better than an earlier one's.
bool label_search::is_dominated(const label& l) const {
    if (stamp_[l.at] != run_) {
        return false;
    }
    for (std::uint32_t other = settled_[l.at]; other != none; other = labels_[other].next) {
        if ((!bounds_delay_ || labels_[other].delay <= l.delay) &&
            (!bounds_hops_ || labels_[other].hops <= l.hops)) {
            return true;
        }
    }
    return false;
}

// Earlier labels that this one is no worse than in what is bounded are of no more use: so with one
// bound there is one label, with two there are at most as many as different numbers of hops.
void label_search::settle(std::uint32_t number) {
    label& l = labels_[number];
    std::uint32_t* link = &l.next;
    std::uint32_t other = stamp_[l.at] == run_ ? settled_[l.at] : none;
    for (; other != none; other = labels_[other].next) {
        if ((bounds_delay_ && labels_[other].delay < l.delay) ||
            (bounds_hops_ && labels_[other].hops < l.hops)) {
            *link = other;
            link = &labels_[other].next;
        }
    }
    *link = none;
    stamp_[l.at] = run_;
    settled_[l.at] = number;
}

void label_search::offer(const label& made, const start& from) {
    const rest& ahead = to_go_[made.at];
    const auto fits = [](distance spent, const rest& more, distance bound) {
        return more.metric <= bound && spent <= bound - more.metric;
    };
    const distance bound = std::min(limits_.max_metric, from.max_metric);
    if (ahead.metric == unreachable || barred_[made.at] == run_ ||
        !fits(made.metric, ahead, bound) ||
        (bounds_delay_ && !fits(made.delay, delay_to_go_[made.at], limits_.max_delay)) ||
        (bounds_hops_ && !fits(made.hops, hops_to_go_[made.at], limits_.max_hops)) ||
        is_dominated(made)) {
        return;
    }
    heap_.push_back({made.metric + ahead.metric, made.hops + ahead.hops,
                     static_cast<std::uint32_t>(labels_.size())});
    std::push_heap(heap_.begin(), heap_.end(), behind);
    labels_.push_back(made);
}

void label_search::extend(std::uint32_t number, const start& from) {
    const label l = labels_[number];
    const node_number node = l.at % nodes_;
    const bool is_first = l.parent == none;
    if (view_->no_transit[node] != 0 && !is_first) {
        return;
    }
    const auto& delays = graph_->costs(topology::metric_type::delay);
    for (link_number link = graph_->first[node]; link < graph_->first[node + 1]; ++link) {
        if (view_->costs[link] == unusable ||
            (is_first && std::find(from.not_first.begin(), from.not_first.end(), link) !=
                             from.not_first.end())) {
            continue;
        }
        offer({l.metric + view_->costs[link], bounds_delay_ ? l.delay + delays[link] : 0,
               l.hops + 1, after(l.at, link), number, link, none},
              from);
    }
}

label_search::outcome label_search::run(const start& from, std::vector<link_number>& links) {
    ++run_;
    labels_.clear();
    heap_.clear();
    links.clear();
    for (const place p : from.not_through) {
        barred_[p] = run_;
    }
    offer({from.metric, from.delay, from.hops, from.at, none, topology::nobody, none}, from);
    while (!heap_.empty()) {
        std::pop_heap(heap_.begin(), heap_.end(), behind);
        const std::uint32_t number = heap_.back().number;
        heap_.pop_back();
        const label l = labels_[number];
        if (is_dominated(l)) {
            continue;
        }
        if (is_goal(l.at)) {
            for (std::uint32_t n = number; labels_[n].parent != none; n = labels_[n].parent) {
                links.push_back(labels_[n].link);
            }
            std::reverse(links.begin(), links.end());
            return outcome::found;
        }
        settle(number);
        if (labels_.size() >= max_labels_) {
            return outcome::gave_up;
        }
        extend(number, from);
    }
    return outcome::none;
}

}  // namespace rhumb::paths

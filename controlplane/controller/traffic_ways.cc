// How a demand is routed: from segment lists to legs.
#include <algorithm>

#include "controlplane/controller/traffic.hh"

namespace rhumb::controller {

using topology::link_number;
using topology::nobody;
using topology::node_number;
using topology::segment;
using topology::segment_kind;

bool traffic::usable(const world& in, link_number l) const {
    return l < map_.graph().link_count() && map_.said_of(l) != nullptr &&
           map_.graph().reverse[l] != nobody && (in.failed.empty() || in.failed[l] == 0);
}

traffic::way traffic::route(world& in, std::uint32_t number, const reroute* otherwise) {
    const routed_demand& d = demands_[number];
    way made;
    bool fickle = false;  // also by what leads nowhere: elsewhere it might
    const auto try_lists = [&](const segment_lists& lists, std::uint32_t choice) {
        const bool good = follow_lists(in, d, lists, made);
        made.choice = choice;
        made.fickle = fickle = fickle || made.fickle;
        return good;
    };
    const auto choices = static_cast<std::uint32_t>(d.choices.size());
    for (std::uint32_t choice = 0; choice < choices; ++choice) {
        if (try_lists(d.choices[choice], choice)) {
            return made;
        }
    }
    if (otherwise != nullptr && *otherwise && choices != 0) {
        const auto lists = (*otherwise)(number, in.failed);
        if (lists && try_lists(*lists, choices)) {
            return made;
        }
    }
    made = {};
    made.fickle = fickle;
    made.routable = !d.drop && follow(in, d, {}, 1, made);
    return made;
}

// RFC 9256 5.1 and 2.11: the lists that lead somewhere share by their weights.
bool traffic::follow_lists(world& in, const routed_demand& d, const segment_lists& lists,
                           way& made) {
    made = {};
    std::vector<way> ways;
    std::vector<double> weights;
    double sum = 0;
    for (const paths::weighted_segments& list : lists) {
        way one;
        const bool good = list.weight != 0 && follow(in, d, list.segments, 1, one);
        made.fickle |= one.fickle;
        if (good) {
            ways.push_back(std::move(one));
            weights.push_back(list.weight);
            sum += list.weight;
        }
    }
    for (std::size_t i = 0; i < ways.size(); ++i) {
        for (leg part : ways[i].legs) {
            part.share *= weights[i] / sum;
            made.legs.push_back(part);
        }
        for (const auto& [l, share] : ways[i].links) {
            made.links.emplace_back(l, share * weights[i] / sum);
        }
    }
    made.routable = !ways.empty();
    return made.routable;
}

// Along one list, and from its end to where the demand goes.
bool traffic::follow(world& in, const routed_demand& d, std::span<const segment> segments,
                     double share, way& made) {
    node_number at = d.from;
    for (const segment& s : segments) {
        if (!step(in, s, share, at, made)) {
            return false;
        }
    }
    return go(in, 0, d.to, share, at, made);
}

bool traffic::go(world& in, std::uint8_t algorithm, node_number to, double share, node_number& at,
                 way& made) {
    const std::size_t nodes = map_.graph().node_count();
    if (at >= nodes || to >= nodes) {
        return false;
    }
    if (at == to) {
        return true;
    }
    const std::uint32_t number = group_for(algorithm, to);
    if (!tree_of(in, number).reaches(at)) {
        return false;
    }
    made.legs.push_back({number, at, share});
    at = to;
    return true;
}

bool traffic::step(world& in, const segment& s, double share, node_number& at, way& made) {
    switch (s.kind) {
        case segment_kind::node: return go(in, s.algorithm, s.node, share, at, made);
        case segment_kind::anycast: return step_anycast(in, s, share, at, made);
        case segment_kind::adjacency:
            if (at != s.node || !usable(in, s.number)) {
                return false;
            }
            made.links.emplace_back(s.number, share);
            at = map_.graph().to[s.number];
            return true;
        case segment_kind::parallel: return step_parallel(in, s, share, at, made);
        case segment_kind::binding: return step_binding(in, s, share, at, made);
        case segment_kind::sid: {
            const auto meant = sids_.read(at, s.number);
            return meant && meant->kind != segment_kind::sid && step(in, *meant, share, at, made);
        }
    }
    return false;
}

bool traffic::step_parallel(world& in, const segment& s, double share, node_number& at, way& made) {
    const topology::graph& g = map_.graph();
    if (at != s.node || s.number >= g.link_count()) {
        return false;
    }
    std::vector<link_number> members;
    for (link_number l = g.first[at]; l < g.first[at + 1]; ++l) {
        if (g.to[l] == g.to[s.number] && usable(in, l)) {
            members.push_back(l);
        }
    }
    for (const link_number l : members) {
        made.links.emplace_back(l, share / static_cast<double>(members.size()));
    }
    at = g.to[s.number];
    return !members.empty();
}

// Through the nodes that the one that offers it names, as its rule goes.
bool traffic::step_binding(world& in, const segment& s, double share, node_number& at, way& made) {
    if (at >= map_.graph().node_count() || at != s.node) {
        return false;
    }
    const topology::binding_path* const behind = bindings_.find(at, s.number);
    return behind != nullptr &&
           std::all_of(behind->list.begin(), behind->list.end(),
                       [&](const segment& next) { return step(in, next, share, at, made); });
}

// To the nearest of the nodes; of equally near ones to that of the lowest number.
bool traffic::step_anycast(world& in, const segment& s, double share, node_number& at, way& made) {
    if (s.number >= map_.prefix_count() || at >= map_.graph().node_count()) {
        return false;
    }
    made.fickle = true;
    topology::distance best = topology::unreachable;
    node_number nearest = nobody;
    for (const topology::prefix_source& source : map_.sources(s.number)) {
        const topology::tree& tree = tree_of(in, group_for(s.algorithm, source.node));
        if (tree.distances[at] < best) {
            best = tree.distances[at];
            nearest = source.node;
        }
    }
    return nearest != nobody && go(in, s.algorithm, nearest, share, at, made);
}

}  // namespace rhumb::controller

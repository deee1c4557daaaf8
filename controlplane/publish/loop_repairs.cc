// The ways of repairs, for the check for loops.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controlplane/publish/loop_check.hh"

namespace rhumb::publish {

using topology::distance;
using topology::nobody;
using topology::node_number;

// The parts of all repairs, and where they begin.
result<void> loop_check::find_repairs() {
    for (auto& [name, over] : hops_) {
        if (over.out == nobody) {
            continue;
        }
        if (auto r = find_legs(name, over); !r) return r;
        for (std::size_t v = 0; v < views_.size(); ++v) {
            without_link& rest = views_[v].without[over.position];
            rest.add_start(over.end);
            for (const leg& part : over.legs) {
                rest.add_start(part.x);
            }
        }
    }
    for (const auto& [name, over] : hops_) {
        for (const leg& part : over.legs) {
            if (may_come_back(over.position, part.x, part.y, part.view)) {
                return comes_back(fmt::format("next hop {}", name), over.position, part.x, part.y);
            }
        }
    }
    return {};
}

result<void> loop_check::find_legs(std::string_view name, hop& over) {
    node_number at = neighbour(over.out);
    for (const mpls::label label : over.backup->push) {
        if (label < mpls::first_unreserved) {
            break;
        }
        if (const auto owner = from_.labels.prefix_of(label, at)) {
            const auto v = view_of(owner->algorithm);
            const node_number y = v ? nearest_from(at, owner->prefix, *v) : nobody;
            if (y == nobody) {
                return comes_back(fmt::format("next hop {}", name), over.position, at, at);
            }
            over.legs.push_back({at, y, *v});
            at = y;
            continue;
        }
        topology::link_number taken = nobody;
        for (topology::link_number l = g_.first[at]; l < g_.first[at + 1]; ++l) {
            const topology::link* const said = from_.map.said_of(l);
            if (said != nullptr && std::any_of(said->sids.begin(), said->sids.end(),
                                               [&](const auto& s) { return s.label == label; })) {
                taken = l;
                break;
            }
        }
        if (taken == nobody || taken == link_at(over.position)) {
            return comes_back(fmt::format("next hop {}", name), over.position, at, at);
        }
        at = g_.to[taken];
    }
    over.end = at;
    return {};
}

// Whether a shortest path from x to y may lead over the link at this position.
bool loop_check::may_come_back(std::uint32_t position, node_number x, node_number y,
                               std::size_t v) {
    const topology::plane& plane = *from_.algorithms[v].view;
    if (views_[v].to_own.distances.empty()) {
        topology::shortest_paths_to(g_, plane, from_.own, views_[v].to_own, search_);
    }
    // Nothing goes through an overloaded node, and so not over the link.
    const bool passes = (plane.no_transit[from_.own] == 0 || x == from_.own) &&
                        (plane.no_transit[neighbour(position)] == 0 || y == neighbour(position));
    if (!passes && tree_from(x, v).reaches(y)) {
        return false;
    }
    const topology::cost cost = plane.costs[link_at(position)];
    const distance back = views_[v].to_own.distances[x];
    if (back == topology::unreachable || cost == topology::unusable) {
        return tree_from(x, v).distances[y] == topology::unreachable;
    }
    without_link& rest = views_[v].without[position];
    if (!rest.is_searched()) {
        topology::paths_without& memory = views_[v].rest;
        if (!std::exchange(views_[v].rest_started, true)) {
            memory.start(g_, plane, own_[v].tree);
        }
        rest.search(g_, plane, own_[v].tree, link_at(position), memory);
    }
    // By way of this node it is at least this far; over the link exactly so, where it leads to y.
    const distance at_most = rest.between(x, y);
    const distance on = own_[v].tree.distances[y];
    if (at_most != topology::unreachable && on != topology::unreachable && at_most < back + on) {
        return false;
    }
    const distance direct = tree_from(x, v).distances[y];
    const distance beyond = tree_from(neighbour(position), v).distances[y];
    return direct == topology::unreachable ||
           (beyond != topology::unreachable && back + cost + beyond == direct);
}

error loop_check::comes_back(std::string_view what, std::uint32_t position, node_number x,
                             node_number y) const {
    return error{fmt::format("{} would loop while the link to {} is down: the repair's way from {} "
                             "to {} may lead over it",
                             what, from_.map.name(neighbour(position)), from_.map.name(x),
                             from_.map.name(y)),
                 {}};
}

result<void> loop_check::check_repair(const hop& over, const end& to, node_number source,
                                      const std::string& what) {
    if (source != nobody && !is_source(to.prefix, over.end) &&
        may_come_back(over.position, over.end, source, to.view)) {
        return comes_back(what, over.position, over.end, source);
    }
    return {};
}

}  // namespace rhumb::publish

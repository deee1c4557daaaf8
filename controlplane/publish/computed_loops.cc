// The last look before tables are published: over the map, does anything come back?
//
// The other nodes are taken to follow their shortest paths. Then a plain rule is safe where it
// sends to a neighbour whose shortest path does not come by here, as those have that are nearer.
// While a link own->b is down, a path from x to y may come back to it exactly if d(x, own) + cost +
// d(b, y) = d(x, y); repairs have no such part, from the neighbour that they begin with to the
// destination. What d(x, y) is at most, a search from here without the link tells for all x that
// lie before y: so no search is needed for each of them.
#include <fmt/format.h>

#include <algorithm>

#include "controlplane/config/text.hh"
#include "controlplane/publish/loop_check.hh"

namespace rhumb::publish {

using topology::distance;
using topology::nobody;
using topology::node_number;

// Rules of prefix SIDs; those of adjacencies and policies lead over links and lists that are named.
result<void> loop_check::check_label(const config::label_rule& rule) {
    const auto owner = from_.labels.prefix_of(rule.label, from_.own);
    if (rule.paths == config::none || rule.op == config::operation::push || !owner) {
        return {};
    }
    const auto v = view_of(owner->algorithm);
    if (!v) {
        return {};
    }
    const auto what = [&] { return fmt::format("label {}", rule.label); };
    for (const config::path& path : tables_.rules.path_lists[rule.paths]) {
        const auto over = hops_.find(path.nexthop);
        if (over == hops_.end()) {
            return error{
                fmt::format("{} goes via {}, which is no link of the map", what(), path.nexthop),
                {}};
        }
        const node_number n = neighbour(over->second.position);
        const mpls::label out =
            rule.op == config::operation::pop ? mpls::implicit_null : path.out.value_or(rule.out);
        if (out < mpls::first_unreserved) {  // popped, or as good as
            if (!is_source(owner->prefix, n)) {
                return error{fmt::format("{} ends at {}, which is not where its prefix is", what(),
                                         from_.map.name(n)),
                             {}};
            }
        } else if (const auto there = from_.labels.prefix_of(out, n);
                   !there || there->prefix != owner->prefix ||
                   there->algorithm != owner->algorithm) {
            return error{fmt::format("{} becomes {}, which at {} is another segment", what(), out,
                                     from_.map.name(n)),
                         {}};
        }
        if (auto r = check_way(over->second, {owner->prefix, *v}, what()); !r) return r;
    }
    return {};
}

// Prefixes that go as plain IP. With a label on top they follow the label's rule wherever they come
// by, here too, and lists end where they say.
result<void> loop_check::check_prefix(const config::prefix_rule& rule) {
    const auto p = from_.map.find(rule.match);
    const auto v = view_of(0);
    if (!p || !v || rule.paths == config::none) {
        return {};
    }
    for (const config::path& path : tables_.rules.path_lists[rule.paths]) {
        const auto over = hops_.find(path.nexthop);
        const std::uint32_t list = rule.list != config::none ? rule.list : path.list;
        if (over == hops_.end() || list != config::none ||
            is_source(*p, neighbour(over->second.position))) {
            continue;
        }
        if (auto r = check_way(over->second, {*p, *v},
                               fmt::format("prefix {}", config::to_string(rule.match)));
            !r) {
            return r;
        }
    }
    return {};
}

result<void> loop_check::check_way(const hop& over, const end& to, const std::string& what) {
    if (comes_back(over.position, to)) {
        return error{fmt::format("{} would loop: {}", what, walk(neighbour(over.position), to)),
                     {}};
    }
    if (over.out == nobody) {
        return {};
    }
    // The nearest node with the prefix behind this link.
    node_number source = nobody;
    distance least = topology::unreachable;
    for (const topology::prefix_source& s : from_.map.sources(to.prefix)) {
        const distance d = own_[to.view].tree.distances[s.node];
        if (d != topology::unreachable && begins_with(s.node, over.position, to.view) &&
            d + s.said->metric < least) {
            least = d + s.said->metric;
            source = s.node;
        }
    }
    return check_repair(over, to, source, what);
}

// Whether a neighbour's shortest path to the prefix may lead back here.
bool loop_check::comes_back(std::uint32_t position, const end& to) {
    // Where a shortest path from here begins with the link, what is left is shorter by the link.
    const auto [here, nearest_source] = nearest(own_[to.view].tree, to.prefix);
    for (const topology::prefix_source& s : from_.map.sources(to.prefix)) {
        const distance d = own_[to.view].tree.distances[s.node];
        if (d != topology::unreachable && d + s.said->metric == here &&
            begins_with(s.node, position, to.view)) {
            return false;
        }
    }
    const topology::tree& there = tree_from(neighbour(position), to.view);
    const distance on = nearest(there, to.prefix).first;
    // Where nothing leads on from here, nothing comes by here either: a policy knows another way.
    const bool passes =
        here != topology::unreachable && from_.algorithms[to.view].view->no_transit[from_.own] == 0;
    return on == topology::unreachable ||
           (passes && there.reaches(from_.own) && there.distances[from_.own] + here <= on);
}

node_number loop_check::nearest_from(node_number at, topology::prefix_number p, std::size_t v) {
    const auto sources = from_.map.sources(p);
    return sources.size() == 1 ? sources.front().node : nearest(tree_from(at, v), p).second;
}

// The way that a packet would take from a neighbour on, for the error.
std::string loop_check::walk(node_number node, const end& to) {
    std::string text = from_.map.name(from_.own);
    const topology::plane& plane = *from_.algorithms[to.view].view;
    for (std::size_t n = 0; n < 64; ++n) {
        text += " -> " + from_.map.name(node);
        const auto [left, source] = nearest(tree_from(node, to.view), to.prefix);
        if (node == from_.own || source == nobody || node == source) {
            break;
        }
        for (topology::link_number l = g_.first[node]; l < g_.first[node + 1]; ++l) {
            if (plane.costs[l] != topology::unusable &&
                nearest(tree_from(g_.to[l], to.view), to.prefix).first + plane.costs[l] == left) {
                node = g_.to[l];
                break;
            }
        }
    }
    return text;
}

result<void> check_loops(const computed_inputs& from, const computed_tables& tables) {
    std::vector<own_view> views(from.algorithms.size());
    search_from_here(from, views);
    return check_loops(from, tables, views);
}

result<void> check_loops(const computed_inputs& from, const computed_tables& tables,
                         std::span<const own_view> views) {
    return loop_check(from, tables, views).run();
}

}  // namespace rhumb::publish

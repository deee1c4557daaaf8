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
#include <map>
#include <unordered_map>

#include "controlplane/config/text.hh"
#include "controlplane/publish/computation.hh"
#include "controlplane/publish/without_link.hh"

namespace rhumb::publish {

namespace {

using topology::distance;
using topology::nobody;
using topology::node_number;

class loop_check {
public:
    loop_check(const computed_inputs& from, const computed_tables& tables,
               std::span<const own_view> own)
        : from_(from),
          tables_(tables),
          g_(from.map.graph()),
          own_(own),
          views_(from.algorithms.size()) {}

    [[nodiscard]] result<void> run() {
        for (std::size_t v = 0; v < views_.size(); ++v) {
            views_[v].algorithm = from_.algorithms[v].algorithm;
        }
        find_hops();
        if (auto r = find_repairs(); !r) return r;
        for (const config::label_rule& rule : tables_.rules.labels) {
            if (auto r = check_label(rule); !r) return r;
        }
        for (const config::prefix_rule& rule : tables_.rules.prefixes) {
            if (auto r = check_prefix(rule); !r) return r;
        }
        return {};
    }

private:
    struct view {
        std::uint8_t algorithm = 0;
        topology::tree to_own;  // when it is needed
        std::unordered_map<node_number, topology::tree> others;
        std::map<std::uint32_t, without_link> without;  // by position
    };
    // A part of a repair: the shortest path from x to y.
    struct leg {
        node_number x = nobody;
        node_number y = nobody;
        std::size_t view = 0;
    };
    // A next hop: which link, and the repair.
    struct hop {
        std::uint32_t position = nobody;
        std::uint32_t out = nobody;  // nobody: no backup of ours
        const config::backup* backup = nullptr;
        std::vector<leg> legs{};
        node_number end = nobody;  // of the repair
    };
    // A prefix in an algorithm: where a label leads.
    struct end {
        topology::prefix_number prefix = nobody;
        std::size_t view = 0;
    };

    void find_hops() {
        const topology::link_number first = g_.first[from_.own];
        for (std::uint32_t i = 0; i < g_.first[from_.own + 1] - first; ++i) {
            const topology::link* const said = from_.map.said_of(first + i);
            for (const auto& given : from_.links) {
                if (said != nullptr && given.link == said->name) {
                    hops_[given.nexthop] = {i, nobody, nullptr, {}, nobody};
                }
            }
        }
        for (const config::nexthop& made : tables_.nexthops) {
            const auto of = hops_.find(made.follows);
            const auto by = hops_.find(made.backup ? made.backup->nexthop : "");
            if (of != hops_.end() && by != hops_.end()) {
                hops_[made.name] = {
                    of->second.position, by->second.position, &*made.backup, {}, nobody};
            }
        }
    }

    [[nodiscard]] std::optional<std::size_t> view_of(std::uint8_t algorithm) const {
        for (std::size_t v = 0; v < views_.size(); ++v) {
            if (views_[v].algorithm == algorithm) {
                return v;
            }
        }
        return std::nullopt;
    }
    [[nodiscard]] topology::link_number link_at(std::uint32_t position) const {
        return g_.first[from_.own] + position;
    }
    [[nodiscard]] node_number neighbour(std::uint32_t position) const {
        return g_.to[link_at(position)];
    }
    [[nodiscard]] const topology::tree& tree_from(node_number node, std::size_t v) {
        const auto [at, is_new] = views_[v].others.try_emplace(node);
        if (is_new) {
            topology::shortest_paths_from(g_, *from_.algorithms[v].view, node, at->second, search_);
        }
        return at->second;
    }
    // From the root of a tree to the nearest node that has the prefix.
    [[nodiscard]] std::pair<distance, node_number> nearest(const topology::tree& tree,
                                                           topology::prefix_number p) const {
        std::pair<distance, node_number> best{topology::unreachable, nobody};
        for (const topology::prefix_source& source : from_.map.sources(p)) {
            if (tree.reaches(source.node)) {
                best = std::min(best,
                                {tree.distances[source.node] + source.said->metric, source.node});
            }
        }
        return best;
    }
    [[nodiscard]] bool is_source(topology::prefix_number p, node_number node) const {
        const auto sources = from_.map.sources(p);
        return std::any_of(sources.begin(), sources.end(),
                           [&](const auto& source) { return source.node == node; });
    }

    [[nodiscard]] result<void> find_repairs();
    [[nodiscard]] result<void> find_legs(std::string_view name, hop& over);
    [[nodiscard]] node_number nearest_from(node_number at, topology::prefix_number p,
                                           std::size_t v);
    [[nodiscard]] bool begins_with(node_number source, std::uint32_t position,
                                   std::size_t v) const {
        return (own_[v].hops.of(source)[position / 64] >> position % 64 & 1) != 0;
    }
    [[nodiscard]] result<void> check_label(const config::label_rule& rule);
    [[nodiscard]] result<void> check_prefix(const config::prefix_rule& rule);
    [[nodiscard]] result<void> check_way(const hop& over, const end& to, const std::string& what);
    [[nodiscard]] bool comes_back(std::uint32_t position, const end& to);
    [[nodiscard]] result<void> check_repair(const hop& over, const end& to, node_number source,
                                            const std::string& what);
    [[nodiscard]] error comes_back(std::string_view what, std::uint32_t position, node_number x,
                                   node_number y) const;
    [[nodiscard]] bool may_come_back(std::uint32_t position, node_number x, node_number y,
                                     std::size_t v);
    [[nodiscard]] std::string walk(node_number node, const end& to);

    const computed_inputs& from_;
    const computed_tables& tables_;
    const topology::graph& g_;
    std::span<const own_view> own_;
    std::vector<view> views_;
    topology::spf_workspace search_;
    std::unordered_map<std::string_view, hop> hops_;
};

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
    return on == topology::unreachable || here == topology::unreachable ||
           (there.reaches(from_.own) && there.distances[from_.own] + here <= on);
}

node_number loop_check::nearest_from(node_number at, topology::prefix_number p, std::size_t v) {
    const auto sources = from_.map.sources(p);
    return sources.size() == 1 ? sources.front().node : nearest(tree_from(at, v), p).second;
}

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
    const topology::cost cost = plane.costs[link_at(position)];
    const distance back = views_[v].to_own.distances[x];
    if (back == topology::unreachable || cost == topology::unusable) {
        return tree_from(x, v).distances[y] == topology::unreachable;
    }
    without_link& rest = views_[v].without[position];
    if (!rest.is_searched()) {
        rest.search(g_, plane, from_.own, link_at(position), search_);
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

}  // namespace

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

// The last look before tables are published: over the map, does anything come back?
//
// The other nodes are taken to follow their shortest paths. Then a plain rule is safe where it
// sends to a neighbour that is nearer to the segment's end. While a link own->b is down, a path
// from x to y may come back to it exactly if d(x, own) + cost + d(b, y) = d(x, y); repairs have no
// such part, from the neighbour that they begin with to the destination.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "controlplane/config/text.hh"
#include "controlplane/publish/computed.hh"

namespace rhumb::publish {

namespace {

using topology::distance;
using topology::nobody;
using topology::node_number;

class loop_check {
public:
    loop_check(const computed_inputs& from, const computed_tables& tables)
        : from_(from), tables_(tables), g_(from.map.graph()), views_(from.algorithms.size()) {}

    [[nodiscard]] result<void> run() {
        find_hops();
        for (std::size_t v = 0; v < views_.size(); ++v) {
            const topology::plane& plane = *from_.algorithms[v].view;
            views_[v].algorithm = from_.algorithms[v].algorithm;
            topology::shortest_paths_from(g_, plane, from_.own, views_[v].own, search_);
            topology::shortest_paths_to(g_, plane, from_.own, views_[v].to_own, search_);
            views_[v].hops.compute(g_, plane, views_[v].own);
        }
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
        topology::tree own;
        topology::tree to_own;
        topology::first_hops hops;
        std::unordered_map<node_number, topology::tree> others;
    };
    // A next hop: which link, and the repair.
    struct hop {
        std::uint32_t position = nobody;
        std::uint32_t out = nobody;  // nobody: no backup of ours
        const config::backup* backup = nullptr;
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
                    hops_[given.nexthop] = {i, nobody, nullptr};
                }
            }
        }
        for (const config::nexthop& made : tables_.nexthops) {
            const auto of = hops_.find(made.follows);
            const auto by = hops_.find(made.backup ? made.backup->nexthop : "");
            if (of != hops_.end() && by != hops_.end()) {
                hops_[made.name] = {of->second.position, by->second.position, &*made.backup};
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

    [[nodiscard]] result<void> check_label(const config::label_rule& rule);
    [[nodiscard]] result<void> check_prefix(const config::prefix_rule& rule);
    [[nodiscard]] result<void> check_way(const hop& over, const end& to, const std::string& what);
    [[nodiscard]] bool is_nearer(std::uint32_t position, const end& to);
    [[nodiscard]] result<void> check_repair(const hop& over, const end& to, node_number source,
                                            const std::string& what);
    [[nodiscard]] bool may_come_back(std::uint32_t position, node_number x, node_number y,
                                     std::size_t v);
    [[nodiscard]] std::string walk(node_number node, const end& to);

    const computed_inputs& from_;
    const computed_tables& tables_;
    const topology::graph& g_;
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

// Prefixes that are sent to their own node; those that are steered end where their list does.
result<void> loop_check::check_prefix(const config::prefix_rule& rule) {
    const auto p = from_.map.find(rule.match);
    const auto v = view_of(0);
    if (!p || !v || rule.paths == config::none) {
        return {};
    }
    for (const config::path& path : tables_.rules.path_lists[rule.paths]) {
        const auto over = hops_.find(path.nexthop);
        if (over == hops_.end()) {
            continue;
        }
        const std::uint32_t list = rule.list != config::none ? rule.list : path.list;
        const node_number n = neighbour(over->second.position);
        if (list != config::none) {
            const config::segments& labels = tables_.rules.segment_lists[list];
            const auto there = from_.labels.prefix_of(labels.front(), n);
            const bool is_its_own =
                labels.size() == 1 && (labels.front() < mpls::first_unreserved ||
                                       (there && there->prefix == *p && there->algorithm == 0));
            if (!is_its_own) {
                continue;
            }
        } else if (is_source(*p, n)) {
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
    if (!is_nearer(over.position, to)) {
        return error{fmt::format("{} would loop: {}", what, walk(neighbour(over.position), to)),
                     {}};
    }
    if (over.out == nobody) {
        return {};
    }
    const auto source = nearest(tree_from(neighbour(over.position), to.view), to.prefix).second;
    return check_repair(over, to, source, what);
}

bool loop_check::is_nearer(std::uint32_t position, const end& to) {
    // Where a shortest path from here begins with the link, what is left is shorter by the link.
    view& v = views_[to.view];
    const auto [here, source] = nearest(v.own, to.prefix);
    if (source == nobody) {
        return false;
    }
    if ((v.hops.of(source)[position / 64] >> position % 64 & 1) != 0) {
        return true;
    }
    return nearest(tree_from(neighbour(position), to.view), to.prefix).first < here;
}

// Whether a shortest path from x to y may lead over the link at this position.
bool loop_check::may_come_back(std::uint32_t position, node_number x, node_number y,
                               std::size_t v) {
    const topology::cost cost = from_.algorithms[v].view->costs[link_at(position)];
    const distance direct = tree_from(x, v).distances[y];
    const distance back = views_[v].to_own.distances[x];
    const distance on = tree_from(neighbour(position), v).distances[y];
    return direct == topology::unreachable ||
           (back != topology::unreachable && on != topology::unreachable &&
            cost != topology::unusable && back + cost + on == direct);
}

result<void> loop_check::check_repair(const hop& over, const end& to, node_number source,
                                      const std::string& what) {
    const auto bad = [&](node_number x, node_number y) {
        return error{
            fmt::format("{} would loop while {} is down: the repair's way from {} to {} may "
                        "lead over it",
                        what, from_.map.name(neighbour(over.position)), from_.map.name(x),
                        from_.map.name(y)),
            {}};
    };
    node_number at = neighbour(over.out);
    for (const mpls::label label : over.backup->push) {
        if (label < mpls::first_unreserved) {
            break;
        }
        if (const auto owner = from_.labels.prefix_of(label, at)) {
            const auto v = view_of(owner->algorithm);
            const node_number y = v ? nearest(tree_from(at, *v), owner->prefix).second : nobody;
            if (y == nobody || may_come_back(over.position, at, y, *v)) {
                return bad(at, y == nobody ? source : y);
            }
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
            return bad(at, source);
        }
        at = g_.to[taken];
    }
    if (!is_source(to.prefix, at) && source != nobody &&
        may_come_back(over.position, at, source, to.view)) {
        return bad(at, source);
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
    return loop_check(from, tables).run();
}

}  // namespace rhumb::publish

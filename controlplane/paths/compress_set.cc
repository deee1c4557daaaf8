// The fewest segments for traffic that may branch: a search over the sets of nodes at which packets
// can be, each of which is one node, or what an anycast segment leads to.
#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "controlplane/paths/compress.hh"
#include "controlplane/paths/compress_branches.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::nobody;
using topology::node_number;
using topology::segment;
using topology::segment_kind;

namespace {

using node_list = std::vector<node_number>;  // sorted

// Sets of several nodes that are looked at, at most.
constexpr std::size_t max_sets = 1024;

class set_search {
public:
    set_search(path_engine& engine, node_number from, std::span<const link_number> wanted,
               const compress_options& options)
        : engine_(engine), g_(engine.graph()), from_(from), options_(options) {
        wanted_.assign(g_.link_count(), 0);
        nodes_ = {from};
        for (const link_number l : wanted) {
            wanted_[l] = 1;
            nodes_.push_back(g_.from[l]);
            nodes_.push_back(g_.to[l]);
        }
        std::sort(nodes_.begin(), nodes_.end());
        nodes_.erase(std::unique(nodes_.begin(), nodes_.end()), nodes_.end());
    }

    std::optional<topology::segments> run(node_number to) {
        const node_list goal{to};
        std::vector<node_list> level{{from_}};
        known_[level.front()] = {};
        for (std::size_t depth = 0; !level.empty() && !known_.contains(goal); ++depth) {
            next_.clear();
            depth_ = depth;
            for (const node_list& at : level) {
                extend(at);
            }
            level.swap(next_);
        }
        const auto found = known_.find(goal);
        if (found == known_.end()) {
            return std::nullopt;
        }
        topology::segments list;
        for (auto at = found; at->second.depth > 0; at = known_.find(at->second.before)) {
            list.push_back(at->second.by);
        }
        std::reverse(list.begin(), list.end());
        return list;
    }

private:
    struct reached {
        std::size_t depth = 0;
        std::size_t links = 0;  // that packets can take so far
        std::size_t adjacencies = 0;
        node_list before;
        segment by;
    };
    // Where all branches of the shortest paths from a node stay on wanted links.
    struct reach {
        std::vector<std::uint8_t> stays;  // by place in nodes_
    };

    [[nodiscard]] std::size_t place(node_number node) const {
        const auto at = std::lower_bound(nodes_.begin(), nodes_.end(), node);
        return at != nodes_.end() && *at == node ? static_cast<std::size_t>(at - nodes_.begin())
                                                 : nodes_.size();
    }
    [[nodiscard]] bool stays(const reach& r, node_number node) const {
        const std::size_t at = place(node);
        return at < nodes_.size() && r.stays[at] != 0;
    }

    // Of lists of the same length that which takes more links, then one with fewer adjacencies.
    void offer(const node_list& from, node_list to, const segment& by, std::size_t links) {
        const reached& before = known_[from];
        const reached made{depth_ + 1, before.links + links,
                           before.adjacencies + (by.kind == segment_kind::adjacency ? 1U : 0U),
                           from, by};
        const auto at = known_.find(to);
        if (at == known_.end()) {
            if (to.size() > 1 && ++sets_ > max_sets) {
                return;
            }
            next_.push_back(to);
            known_.emplace(std::move(to), made);
        } else if (at->second.depth == depth_ + 1 &&
                   std::tie(at->second.links, made.adjacencies) <
                       std::tie(made.links, at->second.adjacencies)) {
            at->second = made;
        }
    }

    void extend(const node_list& at) {
        for (std::size_t p = 0; p < std::min<std::size_t>(engine_.plane_count(), 64); ++p) {
            if ((options_.planes >> p & 1) != 0) {
                along_shortest(at, p);
            }
        }
        if (at.size() == 1) {
            over_links(at);
            if (options_.use_bindings && at.front() != from_) {
                through_bindings(at);
            }
        }
    }

    void along_shortest(const node_list& at, std::size_t p) {
        for (const node_number end : nodes_) {
            const bool all = std::all_of(at.begin(), at.end(), [&](node_number begin) {
                return stays(reach_of(p, begin), end);
            });
            if (!all || !engine_.has_node_sid(p, end) || at == node_list{end}) {
                continue;
            }
            std::vector<link_number> links;
            for (const node_number begin : at) {
                add_branches(g_, engine_.view(p), engine_.tree(p, begin), {end}, links);
            }
            offer(at, {end}, segment::to_node(end, engine_.algorithm(p)), links.size());
        }
        if (!options_.use_anycast) {
            return;
        }
        for (const path_engine::anycast_group& group : engine_.anycast(p)) {
            node_list ends;
            std::vector<link_number> links;
            const bool all = std::all_of(at.begin(), at.end(), [&](node_number begin) {
                const auto some = anycast_ends(
                    engine_, p, begin, group, [&](link_number l) { return wanted_[l] != 0; },
                    links);
                if (some) {
                    ends.insert(ends.end(), some->begin(), some->end());
                }
                return some.has_value();
            });
            if (all) {
                leave_one_each(ends);
                leave_one_each(links);
                offer(at, ends, {segment_kind::anycast, engine_.algorithm(p), nobody, group.prefix},
                      links.size());
            }
        }
    }

    static void leave_one_each(std::vector<std::uint32_t>& numbers) {
        std::sort(numbers.begin(), numbers.end());
        numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    }

    const reach& reach_of(std::size_t p, node_number begin) {
        const auto [at, is_new] = reaches_.try_emplace(std::pair(p, begin));
        if (is_new) {
            at->second.stays.assign(nodes_.size(), 0);
            find_reach(p, begin, at->second);
        }
        return at->second;
    }

    void find_reach(std::size_t p, node_number begin, reach& r) {
        const shortest_tree& tree = engine_.tree(p, begin);
        node_list order;
        for (const node_number n : nodes_) {
            if (tree.reaches(n)) {
                order.push_back(n);
            }
        }
        std::sort(order.begin(), order.end(), [&](node_number a, node_number b) {
            return std::tie(tree.distances[a], a) < std::tie(tree.distances[b], b);
        });
        for (const node_number n : order) {
            bool all = true;
            for_each_last(g_, engine_.view(p), tree, n, [&](link_number l) {
                all = all && wanted_[l] != 0 && stays(r, g_.from[l]);
            });
            r.stays[place(n)] = all ? 1 : 0;
        }
    }

    void over_links(const node_list& at) {
        const node_number node = at.front();
        for (link_number l = g_.first[node]; l < g_.first[node + 1]; ++l) {
            if (wanted_[l] == 0) {
                continue;
            }
            if (set_size(l) > 0) {
                offer(at, {g_.to[l]}, {segment_kind::parallel, 0, node, l}, set_size(l));
            }
            if (engine_.has_adjacency_sid(l)) {
                offer(at, {g_.to[l]}, segment::over_link(g_, l), 1);
            }
        }
    }

    // How many links share the SID of the link's set; 0 where it is in none, or one of them is not
    // wanted or leads elsewhere. Which of several sets is meant, a segment does not say.
    [[nodiscard]] std::size_t set_size(link_number l) const {
        std::optional<std::uint32_t> label;
        for (const topology::adjacency_sid& sid : engine_.map().said_of(l)->sids) {
            if (sid.set && label && *label != sid.label) {
                return 0;
            }
            label = sid.set ? std::optional(sid.label) : label;
        }
        const node_number node = g_.from[l];
        std::size_t size = 0;
        for (link_number other = g_.first[node]; label && other < g_.first[node + 1]; ++other) {
            if (!has_set_label(other, *label)) {
                continue;
            }
            if (wanted_[other] == 0 || g_.to[other] != g_.to[l]) {
                return 0;
            }
            ++size;
        }
        return size;
    }

    [[nodiscard]] bool has_set_label(link_number l, std::uint32_t label) const {
        const topology::link* const said = engine_.map().said_of(l);
        return said != nullptr &&
               std::any_of(said->sids.begin(), said->sids.end(),
                           [&](const auto& sid) { return sid.set && sid.label == label; });
    }

    void through_bindings(const node_list& at) {
        for (const path_engine::binding& offered : engine_.bindings(at.front())) {
            node_number node = at.front();
            bool fits = true;
            std::size_t links = 0;
            for (const node_number next : offered.nodes) {
                bool linked = false;
                for (link_number l = g_.first[node]; l < g_.first[node + 1]; ++l) {
                    if (g_.to[l] == next && g_.reverse[l] != nobody) {
                        linked = true;
                        ++links;
                        fits = fits && wanted_[l] != 0;
                    }
                }
                fits = fits && linked;
                node = next;
            }
            if (fits) {
                offer(at, {node}, {segment_kind::binding, 0, at.front(), offered.label}, links);
            }
        }
    }

    path_engine& engine_;
    const topology::graph& g_;
    node_number from_;
    const compress_options& options_;
    std::vector<std::uint8_t> wanted_;  // by link
    node_list nodes_;                   // at the ends of wanted links
    std::map<node_list, reached> known_;
    std::map<std::pair<std::size_t, node_number>, reach> reaches_;
    std::vector<node_list> next_;
    std::size_t depth_ = 0;
    std::size_t sets_ = 0;
};

}  // namespace

result<topology::segments> compress_set(path_engine& engine, node_number from, node_number to,
                                        std::span<const link_number> wanted,
                                        const compress_options& options) {
    const topology::graph& g = engine.graph();
    if (!engine.is_current()) {
        return error{"the map has grown since it was last looked at", {}};
    }
    const bool known =
        from < g.node_count() && to < g.node_count() &&
        std::all_of(
            wanted.begin(), wanted.end(),
            [&](link_number l) { return l < g.link_count() && g.reverse[l] != nobody; });
    if (!known) {
        return error{"an end or a wanted link is not on the map, or not usable", {}};
    }
    auto list = set_search(engine, from, wanted, options).run(to);
    if (!list) {
        return error{"no segments lead from " + engine.map().name(from) + " to " +
                         engine.map().name(to) + " over wanted links only",
                     {}};
    }
    return *std::move(list);
}

}  // namespace rhumb::paths

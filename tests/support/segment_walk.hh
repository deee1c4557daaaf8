// Follows segments through a network as its routers would, over all branches: distances by
// Floyd-Warshall, next hops by what each router sees, no trees. And the shortest of all lists of
// segments, by trying every segment that the network has wherever a list may have led.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "controlplane/paths/compress.hh"
#include "controlplane/topology/flex_algo.hh"

namespace rhumb::test {

class segment_walk {
public:
    using node_set = std::set<topology::node_number>;
    using link_set = std::set<topology::link_number>;

    // SIDs are what the engine takes them to be.
    segment_walk(const topology::map& m, const paths::path_engine& engine)
        : map_(m), g_(m.graph()), engine_(engine) {
        for (const std::uint8_t a : topology::algorithms(m)) {
            algorithms_.push_back(a);
            views_.push_back(topology::make_plane(m, a));
            distances_.push_back(floyd_warshall(views_.back()));
        }
    }

    // Adds where packets at `begin` end up and over which links; false: some are lost.
    bool follow(topology::node_number begin, const topology::segment& s, bool at_headend,
                link_set& used, node_set& ends) const {
        switch (s.kind) {
            case topology::segment_kind::node: return spread(begin, s, {{s.node, 0}}, used, ends);
            case topology::segment_kind::anycast: return spread(begin, s, members(s), used, ends);
            case topology::segment_kind::adjacency:
                if (g_.from[s.number] != begin || s.node != begin) {
                    return false;
                }
                used.insert(s.number);
                ends.insert(g_.to[s.number]);
                return true;
            case topology::segment_kind::parallel: return over_set(begin, s.number, used, ends);
            case topology::segment_kind::binding:
                return !at_headend && s.node == begin && through(begin, s.number, used, ends);
            case topology::segment_kind::sid: break;
        }
        return false;
    }

    // All segments that routers know.
    [[nodiscard]] std::vector<topology::segment> all_segments() const {
        std::vector<topology::segment> all;
        for (std::size_t a = 0; a < algorithms_.size(); ++a) {
            for (topology::node_number n = 0; n < g_.node_count(); ++n) {
                if (engine_.has_node_sid(a, n)) {
                    all.push_back(topology::segment::to_node(n, algorithms_[a]));
                }
            }
            for (topology::prefix_number p = 0; p < map_.prefix_count(); ++p) {
                if (is_anycast(p, algorithms_[a])) {
                    all.push_back(
                        {topology::segment_kind::anycast, algorithms_[a], topology::nobody, p});
                }
            }
        }
        for (topology::link_number l = 0; l < g_.link_count(); ++l) {
            if (g_.reverse[l] == topology::nobody) {
                continue;
            }
            if (engine_.has_adjacency_sid(l)) {
                all.push_back(topology::segment::over_link(g_, l));
            }
            const auto& sids = map_.said_of(l)->sids;
            if (std::any_of(sids.begin(), sids.end(), [](const auto& s) { return s.set; })) {
                all.push_back({topology::segment_kind::parallel, 0, g_.from[l], l});
            }
        }
        for (topology::node_number n = 0; n < g_.node_count(); ++n) {
            for (const topology::binding_sid& b : map_.said(n)->bindings) {
                all.push_back({topology::segment_kind::binding, 0, n, b.label});
            }
        }
        return all;
    }

    // For each position on a path without loops, where single segments lead that follow it.
    [[nodiscard]] std::vector<std::vector<std::size_t>> pieces(
        topology::node_number from, const std::vector<topology::link_number>& links,
        bool bindings_at_start = true) const {
        std::vector<std::vector<std::size_t>> found(links.size());
        const auto all = all_segments();
        for (std::size_t i = 0; i < links.size(); ++i) {
            for (const topology::segment& s : all) {
                link_set used;
                node_set ends;
                const topology::node_number at = i == 0 ? from : g_.to[links[i - 1]];
                // A set of parallel links is for traffic that may branch.
                if (s.kind == topology::segment_kind::parallel ||
                    (s.kind == topology::segment_kind::binding && !bindings_at_start) ||
                    !follow(at, s, i == 0, used, ends)) {
                    continue;
                }
                for (std::size_t end = i + 1; end <= links.size(); ++end) {
                    const link_set part(links.begin() + static_cast<std::ptrdiff_t>(i),
                                        links.begin() + static_cast<std::ptrdiff_t>(end));
                    if (used == part && ends == node_set{g_.to[links[end - 1]]}) {
                        found[i].push_back(end);
                    }
                }
            }
        }
        return found;
    }

    // The number of segments in the shortest list that pins the path; nullopt: none does.
    [[nodiscard]] std::optional<std::size_t> fewest(
        topology::node_number from, const std::vector<topology::link_number>& links) const {
        const auto steps = pieces(from, links);
        std::vector<std::optional<std::size_t>> best(links.size() + 1);
        best[0] = 0;
        for (std::size_t i = 0; i < links.size(); ++i) {
            for (const std::size_t end : steps[i]) {
                if (best[i] && (!best[end] || *best[end] > *best[i] + 1)) {
                    best[end] = *best[i] + 1;
                }
            }
        }
        return best.back();
    }

    // Whether the list leads packets over exactly this path.
    [[nodiscard]] bool pins(topology::node_number from,
                            const std::vector<topology::link_number>& links,
                            const topology::segments& list) const {
        topology::node_number at = from;
        std::size_t done = 0;
        for (const topology::segment& s : list) {
            link_set used;
            node_set ends;
            if (!follow(at, s, done == 0, used, ends) || ends.size() != 1 ||
                done + used.size() > links.size()) {
                return false;
            }
            for (std::size_t i = 0; i < used.size(); ++i) {
                if (!used.contains(links[done + i])) {
                    return false;
                }
            }
            done += used.size();
            at = *ends.begin();
        }
        return done == links.size();
    }

    // The fewest segments that keep all branches within wanted links and end at `to`.
    [[nodiscard]] std::optional<std::size_t> fewest_within(topology::node_number from,
                                                           topology::node_number to,
                                                           const link_set& wanted) const {
        const auto all = all_segments();
        std::map<node_set, std::size_t> known{{{from}, 0}};
        std::vector<node_set> queue{{from}};
        for (std::size_t i = 0; i < queue.size(); ++i) {
            const node_set at = queue[i];
            if (at == node_set{to}) {
                return known[at];
            }
            for (const topology::segment& s : all) {
                node_set ends;
                if (stays(at, s, from, wanted, ends) && !known.contains(ends)) {
                    known[ends] = known[at] + 1;
                    queue.push_back(ends);
                }
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] bool stays_within(topology::node_number from, topology::node_number to,
                                    const link_set& wanted, const topology::segments& list) const {
        node_set at{from};
        for (const topology::segment& s : list) {
            node_set ends;
            if (!stays(at, s, from, wanted, ends)) {
                return false;
            }
            at = ends;
        }
        return at == node_set{to};
    }

private:
    using table = std::vector<std::vector<topology::distance>>;
    using targets = std::map<topology::node_number, topology::distance>;  // with what is added

    bool stays(const node_set& at, const topology::segment& s, topology::node_number headend,
               const link_set& wanted, node_set& ends) const {
        link_set used;
        for (const topology::node_number n : at) {
            if (!follow(n, s, n == headend, used, ends)) {
                return false;
            }
        }
        return std::includes(wanted.begin(), wanted.end(), used.begin(), used.end());
    }

    table floyd_warshall(const topology::plane& view) const {
        const std::size_t n = g_.node_count();
        table d(n, std::vector<topology::distance>(n, topology::unreachable));
        for (std::size_t v = 0; v < n; ++v) {
            d[v][v] = 0;
        }
        for (topology::link_number l = 0; l < g_.link_count(); ++l) {
            if (view.costs[l] != topology::unusable) {
                auto& at = d[g_.from[l]][g_.to[l]];
                at = std::min<topology::distance>(at, view.costs[l]);
            }
        }
        for (std::size_t k = 0; k < n; ++k) {
            for (std::size_t i = 0; i < n && view.no_transit[k] == 0; ++i) {
                for (std::size_t j = 0; j < n; ++j) {
                    if (d[i][k] != topology::unreachable && d[k][j] != topology::unreachable) {
                        d[i][j] = std::min(d[i][j], d[i][k] + d[k][j]);
                    }
                }
            }
        }
        return d;
    }

    [[nodiscard]] bool is_anycast(topology::prefix_number p, std::uint8_t algorithm) const {
        bool has_sid = false;
        bool is_node = false;
        for (const topology::prefix_source& s : map_.sources(p)) {
            is_node |= s.said->node;
            for (const topology::prefix_sid& sid : s.said->sids) {
                has_sid |=
                    sid.algorithm == algorithm && topology::takes_part(map_, s.node, algorithm);
            }
        }
        return has_sid && !is_node;
    }

    [[nodiscard]] targets members(const topology::segment& s) const {
        targets all;
        for (const topology::prefix_source& source : map_.sources(s.number)) {
            if (topology::takes_part(map_, source.node, s.algorithm)) {
                all[source.node] = source.said->metric;
            }
        }
        return all;
    }

    // Each router sends to whichever of the targets is nearest to itself.
    bool spread(topology::node_number begin, const topology::segment& s, const targets& to,
                link_set& used, node_set& ends) const {
        const auto a = static_cast<std::size_t>(
            std::find(algorithms_.begin(), algorithms_.end(), s.algorithm) - algorithms_.begin());
        const table& d = distances_[a];
        node_set seen{begin};
        std::vector<topology::node_number> queue{begin};
        for (std::size_t i = 0; i < queue.size(); ++i) {
            const topology::node_number at = queue[i];
            if (to.contains(at)) {
                ends.insert(at);
                continue;
            }
            topology::distance least = topology::unreachable;
            for (const auto& [node, more] : to) {
                if (d[at][node] != topology::unreachable) {
                    least = std::min(least, d[at][node] + more);
                }
            }
            if (least == topology::unreachable) {
                return false;
            }
            for (const topology::link_number l : next_hops(a, at, to, least)) {
                used.insert(l);
                if (seen.insert(g_.to[l]).second) {
                    queue.push_back(g_.to[l]);
                }
            }
        }
        return true;
    }

    [[nodiscard]] std::vector<topology::link_number> next_hops(std::size_t a,
                                                               topology::node_number at,
                                                               const targets& to,
                                                               topology::distance least) const {
        std::vector<topology::link_number> hops;
        const topology::plane& view = views_[a];
        for (topology::link_number l = g_.first[at]; l < g_.first[at + 1]; ++l) {
            if (view.costs[l] == topology::unusable) {
                continue;
            }
            for (const auto& [node, more] : to) {
                const topology::node_number next = g_.to[l];
                if ((next == node || view.no_transit[next] == 0) &&
                    distances_[a][next][node] != topology::unreachable &&
                    view.costs[l] + distances_[a][next][node] + more == least) {
                    hops.push_back(l);
                    break;
                }
            }
        }
        return hops;
    }

    bool over_set(topology::node_number begin, topology::link_number of, link_set& used,
                  node_set& ends) const {
        if (g_.from[of] != begin) {
            return false;
        }
        for (const topology::adjacency_sid& sid : map_.said_of(of)->sids) {
            for (topology::link_number l = g_.first[begin]; sid.set && l < g_.first[begin + 1];
                 ++l) {
                for (const topology::adjacency_sid& other : map_.said_of(l)->sids) {
                    if (other.set && other.label == sid.label) {
                        used.insert(l);
                        ends.insert(g_.to[l]);
                    }
                }
            }
        }
        return !ends.empty();
    }

    bool through(topology::node_number begin, std::uint32_t label, link_set& used,
                 node_set& ends) const {
        for (const topology::binding_sid& b : map_.said(begin)->bindings) {
            if (b.label != label) {
                continue;
            }
            topology::node_number at = begin;
            for (const std::string& name : b.nodes) {
                const topology::node_number next = *map_.find(name);
                bool linked = false;
                for (topology::link_number l = g_.first[at]; l < g_.first[at + 1]; ++l) {
                    if (g_.to[l] == next && g_.reverse[l] != topology::nobody) {
                        used.insert(l);
                        linked = true;
                    }
                }
                if (!linked) {
                    return false;
                }
                at = next;
            }
            ends.insert(at);
            return true;
        }
        return false;
    }

    const topology::map& map_;
    const topology::graph& g_;
    const paths::path_engine& engine_;
    std::vector<std::uint8_t> algorithms_;
    std::vector<topology::plane> views_;
    std::vector<table> distances_;
};

}  // namespace rhumb::test

#include "controlplane/paths/policy_reach.hh"

#include <algorithm>

#include "controlplane/topology/binding_paths.hh"
#include "controlplane/topology/flex_algo.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::nobody;
using topology::node_number;

void reachability::search(const topology::plane& view, node_number from,
                          std::vector<std::uint64_t>& set) {
    const topology::graph& g = map_.graph();
    set.assign((g.node_count() + 63) / 64, 0);
    const auto mark = [&](node_number n) {
        std::uint64_t& word = set[n / 64];
        const std::uint64_t bit = std::uint64_t{1} << (n % 64);
        if ((word & bit) == 0) {
            word |= bit;
            queue_.push_back(n);
        }
    };
    queue_.clear();
    mark(from);
    for (std::size_t i = 0; i < queue_.size(); ++i) {
        const node_number node = queue_[i];
        if (view.no_transit[node] != 0 && node != from) {
            continue;
        }
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            if (view.costs[l] != topology::unusable) {
                mark(g.to[l]);
            }
        }
    }
}

bool reachability::reaches(node_number from, node_number to, std::uint8_t algorithm) {
    const std::size_t nodes = map_.graph().node_count();
    if (from >= nodes || to >= nodes) {
        return false;
    }
    auto at = planes_.find(algorithm);
    if (at == planes_.end()) {
        at = planes_.emplace(algorithm, plane_answers{make_plane(map_, algorithm), {}}).first;
        at->second.sets.resize(nodes);
    }
    auto& set = at->second.sets[from];
    if (set.empty()) {
        search(at->second.view, from, set);
    }
    return (set[to / 64] >> (to % 64) & 1) != 0;
}

bool reachability::refresh(const topology::change& changed) {
    if (changed.renumbered || !changed.nodes.empty()) {
        clear();
        return true;
    }
    const topology::graph& g = map_.graph();
    std::vector<std::uint64_t> set;
    for (auto& [algorithm, answers] : planes_) {
        topology::plane now = make_plane(map_, algorithm);
        topology::plane without = now;
        std::vector<link_number> differ;
        for (const link_number l : changed.links) {
            if ((answers.view.costs[l] == topology::unusable) !=
                (now.costs[l] == topology::unusable)) {
                differ.push_back(l);
                without.costs[l] = topology::unusable;
            }
        }
        answers.view = std::move(now);
        for (const link_number l : differ) {
            search(without, g.from[l], set);
            if ((set[g.to[l] / 64] >> (g.to[l] % 64) & 1) == 0) {
                clear();
                return true;
            }
        }
    }
    return false;
}

void sid_reader::build() {
    by_index_.clear();
    for (topology::prefix_number p = 0; p < map_.prefix_count(); ++p) {
        for (const topology::prefix_source& source : map_.sources(p)) {
            for (const topology::prefix_sid& sid : source.said->sids) {
                const auto [at, is_new] =
                    by_index_.try_emplace(sid.index, meaning{p, sid.algorithm});
                if (!is_new && (at->second.prefix != p || at->second.algorithm != sid.algorithm)) {
                    at->second.prefix = nobody;
                }
            }
        }
    }
    built_ = true;
}

std::optional<topology::segment> sid_reader::read_adjacency(node_number at,
                                                            std::uint32_t label) const {
    const topology::graph& g = map_.graph();
    for (link_number l = g.first[at]; l < g.first[at + 1]; ++l) {
        const topology::link* const said = map_.said_of(l);
        if (said == nullptr || g.reverse[l] == nobody) {
            continue;
        }
        for (const topology::adjacency_sid& sid : said->sids) {
            if (sid.label == label) {
                topology::segment made = topology::segment::over_link(g, l);
                made.kind = sid.set ? topology::segment_kind::parallel : made.kind;
                return made;
            }
        }
    }
    return std::nullopt;
}

std::optional<topology::segment> sid_reader::read(node_number at, std::uint32_t label) {
    const topology::advertisement* const said =
        at < map_.graph().node_count() ? map_.said(at) : nullptr;
    if (said == nullptr) {
        return std::nullopt;
    }
    std::uint32_t before = 0;
    for (const topology::label_block& block : said->srgb) {
        if (label >= block.first && label - block.first < block.count) {
            if (!built_) {
                build();
            }
            const auto found = by_index_.find(before + (label - block.first));
            if (found == by_index_.end() || found->second.prefix == nobody) {
                return std::nullopt;
            }
            return segment_to(map_, found->second.prefix, found->second.algorithm);
        }
        before += block.count;
    }
    if (topology::end_of_binding(map_, at, label)) {
        return topology::segment{topology::segment_kind::binding, 0, at, label};
    }
    return read_adjacency(at, label);
}

topology::segment segment_to(const topology::map& m, topology::prefix_number p,
                             std::uint8_t algorithm) {
    const auto sources = m.sources(p);
    if (sources.size() == 1 && sources[0].said->node) {
        return topology::segment::to_node(sources[0].node, algorithm);
    }
    return {topology::segment_kind::anycast, algorithm, nobody, p};
}

}  // namespace rhumb::paths

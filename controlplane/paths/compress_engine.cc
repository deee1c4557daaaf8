#include "controlplane/paths/compress_engine.hh"

#include <algorithm>
#include <optional>

#include "controlplane/topology/flex_algo.hh"

namespace rhumb::paths {

using topology::node_number;

void path_engine::update() {
    const bool renumbered = renumberings_ != map_->renumberings();
    renumberings_ = map_->renumberings();
    if (renumbered) {
        adjacency_sids_.clear();
    }
    const std::vector<std::uint8_t> present = topology::algorithms(*map_);
    std::erase_if(planes_, [&](const algorithm_plane& p) {
        return !std::binary_search(present.begin(), present.end(), p.algorithm);
    });
    for (std::size_t i = 0; i < present.size(); ++i) {
        if (i == planes_.size() || planes_[i].algorithm != present[i]) {
            planes_.insert(planes_.begin() + static_cast<std::ptrdiff_t>(i),
                           algorithm_plane{present[i], tree_cache(max_bytes_), {}, {}});
        }
        planes_[i].trees.update(graph(), topology::make_plane(*map_, present[i]), renumbered);
    }
    list_anycast();
    backed_.clear();
    bindings_.clear();
    msds_.assign(map_->node_count(), 0);
    for (node_number node = 0; node < map_->node_count(); ++node) {
        const topology::advertisement* const said = map_->said(node);
        msds_[node] = said == nullptr ? 0 : said->msd;
    }
}

void path_engine::set_node_sids(std::uint8_t algorithm, std::vector<bool> has) {
    for (algorithm_plane& p : planes_) {
        if (p.algorithm == algorithm) {
            p.node_sids = std::move(has);
            return;
        }
    }
}

void path_engine::list_anycast() {
    for (algorithm_plane& p : planes_) {
        p.anycast.clear();
    }
    for (topology::prefix_number n = 0; n < map_->prefix_count(); ++n) {
        const auto sources = map_->sources(n);
        const bool is_node =
            std::any_of(sources.begin(), sources.end(), [](const auto& s) { return s.said->node; });
        if (is_node) {
            continue;
        }
        for (algorithm_plane& p : planes_) {
            anycast_group group{n, {}};
            bool has_sid = false;
            for (const topology::prefix_source& s : sources) {
                if (!topology::takes_part(*map_, s.node, p.algorithm)) {
                    continue;
                }
                group.members.push_back({s.node, s.said->metric});
                has_sid |= std::any_of(s.said->sids.begin(), s.said->sids.end(),
                                       [&](const auto& x) { return x.algorithm == p.algorithm; });
            }
            if (has_sid) {
                p.anycast.push_back(std::move(group));
            }
        }
    }
}

void path_engine::set_bound(std::set<binding_place> bound) {
    bound_ = std::move(bound);
    bindings_.clear();
}

std::span<const path_engine::binding> path_engine::bindings(node_number node) {
    const topology::advertisement* const said =
        node < map_->node_count() ? map_->said(node) : nullptr;
    if (said == nullptr || said->bindings.empty()) {
        return {};
    }
    const auto [at, is_new] = bindings_.try_emplace(node);
    for (const topology::binding_sid& offered :
         is_new ? std::span<const topology::binding_sid>(said->bindings)
                : std::span<const topology::binding_sid>()) {
        const auto is_it = [&](const binding& b) { return b.label == offered.label; };
        if (bound_.contains({node, offered.label}) ||
            backed_.find(node, offered.label) == nullptr ||
            std::any_of(at->second.begin(), at->second.end(), is_it)) {
            continue;
        }
        binding known{offered.label, {}};
        known.nodes.reserve(offered.nodes.size());
        for (const std::string& name : offered.nodes) {
            known.nodes.push_back(*map_->find(name));
        }
        at->second.push_back(std::move(known));
    }
    return at->second;
}

std::uint64_t path_engine::computed() const {
    std::uint64_t sum = 0;
    for (const algorithm_plane& p : planes_) {
        sum += p.trees.computed();
    }
    return sum;
}

}  // namespace rhumb::paths

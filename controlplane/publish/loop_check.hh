// The check for loops (computed_loops.cc) in its parts: rules, and repairs. Threads: control.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/publish/computation.hh"
#include "controlplane/publish/without_link.hh"

namespace rhumb::publish {

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
        std::unordered_map<topology::node_number, topology::tree> others;
        std::map<std::uint32_t, without_link> without;  // by position
        topology::paths_without rest;                   // for their searches
        bool rest_started = false;
    };
    // A part of a repair: the shortest path from x to y.
    struct leg {
        topology::node_number x = topology::nobody;
        topology::node_number y = topology::nobody;
        std::size_t view = 0;
    };
    // A next hop: which link, and the repair.
    struct hop {
        std::uint32_t position = topology::nobody;
        std::uint32_t out = topology::nobody;  // topology::nobody: no backup of ours
        const config::backup* backup = nullptr;
        // g++ warns where only some members are named.
        // NOLINTNEXTLINE(readability-redundant-member-init)
        std::vector<leg> legs{};
        topology::node_number end = topology::nobody;  // of the repair
    };
    // A prefix in an algorithm: where a label leads.
    struct end {
        topology::prefix_number prefix = topology::nobody;
        std::size_t view = 0;
    };

    void find_hops() {
        const topology::link_number first = g_.first[from_.own];
        for (std::uint32_t i = 0; i < g_.first[from_.own + 1] - first; ++i) {
            const topology::link* const said = from_.map.said_of(first + i);
            for (const auto& given : from_.links) {
                if (said != nullptr && given.link == said->name) {
                    hops_[given.nexthop] = {i, topology::nobody, nullptr, {}, topology::nobody};
                }
            }
        }
        for (const config::nexthop& made : tables_.nexthops) {
            const auto of = hops_.find(made.follows);
            const auto by = hops_.find(made.backup ? made.backup->nexthop : "");
            if (of != hops_.end() && by != hops_.end()) {
                hops_[made.name] = {
                    of->second.position, by->second.position, &*made.backup, {}, topology::nobody};
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
    [[nodiscard]] topology::node_number neighbour(std::uint32_t position) const {
        return g_.to[link_at(position)];
    }
    [[nodiscard]] const topology::tree& tree_from(topology::node_number node, std::size_t v) {
        const auto [at, is_new] = views_[v].others.try_emplace(node);
        if (is_new) {
            topology::shortest_paths_from(g_, *from_.algorithms[v].view, node, at->second, search_);
        }
        return at->second;
    }
    // From the root of a tree to the nearest node that has the prefix.
    [[nodiscard]] std::pair<topology::distance, topology::node_number> nearest(
        const topology::tree& tree, topology::prefix_number p) const {
        std::pair<topology::distance, topology::node_number> best{topology::unreachable,
                                                                  topology::nobody};
        for (const topology::prefix_source& source : from_.map.sources(p)) {
            if (tree.reaches(source.node)) {
                best = std::min(best,
                                {tree.distances[source.node] + source.said->metric, source.node});
            }
        }
        return best;
    }
    [[nodiscard]] bool is_source(topology::prefix_number p, topology::node_number node) const {
        const auto sources = from_.map.sources(p);
        return std::any_of(sources.begin(), sources.end(),
                           [&](const auto& source) { return source.node == node; });
    }

    [[nodiscard]] result<void> find_repairs();
    [[nodiscard]] result<void> find_legs(std::string_view name, hop& over);
    [[nodiscard]] topology::node_number nearest_from(topology::node_number at,
                                                     topology::prefix_number p, std::size_t v);
    [[nodiscard]] bool begins_with(topology::node_number source, std::uint32_t position,
                                   std::size_t v) const {
        return (own_[v].hops.of(source)[position / 64] >> position % 64 & 1) != 0;
    }
    [[nodiscard]] result<void> check_label(const config::label_rule& rule);
    [[nodiscard]] result<void> check_prefix(const config::prefix_rule& rule);
    [[nodiscard]] result<void> check_way(const hop& over, const end& to, const std::string& what);
    [[nodiscard]] bool comes_back(std::uint32_t position, const end& to);
    [[nodiscard]] result<void> check_repair(const hop& over, const end& to,
                                            topology::node_number source, const std::string& what);
    [[nodiscard]] error comes_back(std::string_view what, std::uint32_t position,
                                   topology::node_number x, topology::node_number y) const;
    [[nodiscard]] bool may_come_back(std::uint32_t position, topology::node_number x,
                                     topology::node_number y, std::size_t v);
    [[nodiscard]] std::string walk(topology::node_number node, const end& to);

    const computed_inputs& from_;
    const computed_tables& tables_;
    const topology::graph& g_;
    std::span<const own_view> own_;
    std::vector<view> views_;
    topology::spf_workspace search_;
    std::unordered_map<std::string_view, hop> hops_;
};

}  // namespace rhumb::publish

#include "controlplane/labels/label_walk.hh"

#include <fmt/format.h>

#include <algorithm>

#include "controlplane/labels/walk_maker.hh"
#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/spf.hh"

namespace rhumb::labels {

using topology::node_number;
using topology::prefix_number;
using topology::segment_kind;

std::string_view to_text(walk_operation op) {
    switch (op) {
        case walk_operation::push: return "PUSH";
        case walk_operation::continue_: return "CONTINUE";
        case walk_operation::next: return "NEXT";
        case walk_operation::forward: return "FORWARD";
    }
    return "";
}

std::string to_text(std::span<const mpls::label> stack) {
    return stack.empty() ? "-" : fmt::format("{}", fmt::join(stack, " "));
}

namespace {

// "r4->r3"; "r4:to-r3" where that would be any of several.
std::string link_text(const topology::map& m, topology::link_number l, bool any) {
    const topology::graph& g = m.graph();
    if (l >= g.link_count()) {
        return "a link that is gone";
    }
    std::size_t count = 0;
    for (auto other = g.first[g.from[l]]; other < g.first[g.from[l] + 1]; ++other) {
        count += g.to[other] == g.to[l] && m.said_of(other) != nullptr ? 1U : 0U;
    }
    const topology::link* const said = m.said_of(l);
    return any || count < 2 || said == nullptr
               ? fmt::format("{}->{}", m.name(g.from[l]), m.name(g.to[l]))
               : fmt::format("{}:{}", m.name(g.from[l]), said->name);
}

}  // namespace

std::string to_text(const topology::map& m, const topology::segment& s) {
    const std::string algorithm =
        s.algorithm == 0 ? "" : fmt::format(" in algorithm {}", s.algorithm);
    const std::string node = s.node < m.node_count() ? m.name(s.node) : "a node that is gone";
    switch (s.kind) {
        case segment_kind::node: return node + algorithm;
        case segment_kind::anycast:
            return (s.number < m.prefix_count() ? to_text(m.address(s.number)) : "?") + algorithm;
        case segment_kind::adjacency: return link_text(m, s.number, false);
        case segment_kind::parallel: return link_text(m, s.number, true);
        case segment_kind::sid: return std::to_string(s.number);
        case segment_kind::binding: return fmt::format("binding SID {} of {}", s.number, node);
    }
    return "";
}

bool label_walk::arrives() const {
    return complete && std::none_of(visits.begin(), visits.end(),
                                    [](const visit& v) { return v.outcome == walk_outcome::lost; });
}

const topology::plane& label_walker::plane_of(std::uint8_t algorithm) {
    const auto [at, is_new] = planes_.try_emplace(algorithm);
    if (is_new) {
        at->second = topology::make_plane(map_, algorithm);
    }
    return at->second;
}

const std::vector<topology::distance>& label_walker::distances_to(prefix_number p,
                                                                  std::uint8_t algorithm) {
    const auto [at, is_new] = distances_.try_emplace(tree_key{p, algorithm});
    auto& nearest = at->second;
    if (!is_new) {
        return nearest;
    }
    nearest.assign(map_.node_count(), topology::unreachable);
    topology::tree tree;
    topology::spf_workspace memory;
    for (const topology::prefix_source& source : map_.sources(p)) {
        if (algorithm != 0 && !topology::takes_part(map_, source.node, algorithm)) {
            continue;
        }
        topology::shortest_paths_to(map_.graph(), plane_of(algorithm), source.node, tree, memory);
        for (const node_number node : tree.order) {
            nearest[node] = std::min(nearest[node], tree.distances[node] + source.said->metric);
        }
    }
    return nearest;
}

result<label_stack> label_walker::stack_for(node_number ingress, const topology::segments& list,
                                            const bound_policies* policies) {
    return list_reader(map_, labels_, ends_in(policies)).read(list, {ingress});
}

label_walk label_walker::follow(node_number ingress, const topology::segments& list,
                                std::optional<prefix_number> destination,
                                const walk_options& options) {
    return walk_maker(*this, options, destination).make(ingress, list);
}

label_walk label_walker::follow(node_number ingress, prefix_number destination,
                                std::uint8_t algorithm, const walk_options& options) {
    walk_maker maker(*this, options, destination);
    return labels_.sid(destination, algorithm) != nullptr
               ? maker.make(ingress, prefix_sid_owner{destination, algorithm})
               : maker.make(ingress, topology::segments{});
}

}  // namespace rhumb::labels

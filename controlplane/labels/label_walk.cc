#include "controlplane/labels/label_walk.hh"

#include <fmt/format.h>

#include <algorithm>

#include "controlplane/labels/walk_maker.hh"
#include "controlplane/topology/binding_paths.hh"
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

std::string to_text(const topology::map& m, const topology::segment& s) {
    const std::string algorithm =
        s.algorithm == 0 ? "" : fmt::format(" in algorithm {}", s.algorithm);
    const auto link = [&] {
        const topology::graph& g = m.graph();
        const topology::link* const of = s.number < g.link_count() ? m.said_of(s.number) : nullptr;
        return of == nullptr ? std::string("gone")
                             : fmt::format("{} {}", m.name(g.from[s.number]), of->name);
    };
    switch (s.kind) {
        case segment_kind::node: return fmt::format("node {}{}", m.name(s.node), algorithm);
        case segment_kind::anycast:
            return fmt::format("anycast {}{}", to_text(m.address(s.number)), algorithm);
        case segment_kind::adjacency: return "adjacency " + link();
        case segment_kind::parallel: return "parallel links " + link();
        case segment_kind::sid: return fmt::format("SID {}", s.number);
        case segment_kind::binding:
            return fmt::format("binding SID {} of {}", s.number, m.name(s.node));
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

std::optional<node_number> label_walker::end_of(const topology::segment& s, node_number at) {
    const topology::graph& g = map_.graph();
    switch (s.kind) {
        case segment_kind::node: return s.node;
        case segment_kind::adjacency:
        case segment_kind::parallel:
            return s.number < g.link_count() ? std::optional(g.to[s.number]) : std::nullopt;
        case segment_kind::binding: return topology::end_of_binding(map_, s.node, s.number);
        case segment_kind::anycast:
        case segment_kind::sid: break;
    }
    // The node of a prefix, that which is nearest; or the other end of an adjacency.
    std::optional<prefix_sid_owner> owner;
    if (s.kind == segment_kind::anycast) {
        owner = prefix_sid_owner{s.number, s.algorithm};
    } else {
        owner = labels_.prefix_of(s.number, at);
    }
    if (owner && owner->prefix < map_.prefix_count()) {
        // Along any shortest path.
        walk_maker steps(*this, {}, std::nullopt);
        return steps.nearest_of(at, *owner);
    }
    for (auto l = g.first[at]; l < g.first[at + 1]; ++l) {
        const topology::link* const of = map_.said_of(l);
        for (const auto& sid :
             of == nullptr ? std::span<const topology::adjacency_sid>() : of->sids) {
            if (sid.label == s.number && labels_.in_force(l, sid)) {
                return g.to[l];
            }
        }
    }
    return std::nullopt;
}

result<label_stack> label_walker::stack_for(node_number ingress, const topology::segments& list) {
    label_stack stack;
    node_number at = ingress;
    for (const topology::segment& s : list) {
        if (at == topology::nobody && s.kind != segment_kind::sid) {
            return error{fmt::format("nobody knows which node would see {}", to_text(map_, s)), {}};
        }
        // A SID that is given as such stands for itself wherever it is.
        const auto label =
            at == topology::nobody ? std::optional(s.number) : labels_.label(s, at, true);
        if (!label) {
            return error{fmt::format("{} has no label for {}", map_.name(at), to_text(map_, s)),
                         {}};
        }
        stack.push_back(*label);
        at = at == topology::nobody ? at : end_of(s, at).value_or(topology::nobody);
    }
    return stack;
}

label_walk label_walker::follow(node_number ingress, const topology::segments& list,
                                std::optional<prefix_number> destination,
                                const walk_options& options) {
    std::optional<prefix_sid_owner> first;
    topology::segments rest = list;
    if (!list.empty() && list[0].kind == segment_kind::node) {
        if (const auto prefix = labels_.node_prefix(list[0].node, list[0].algorithm)) {
            first = prefix_sid_owner{*prefix, list[0].algorithm};
        }
    } else if (!list.empty() && list[0].kind == segment_kind::anycast) {
        first = prefix_sid_owner{list[0].number, list[0].algorithm};
    }
    std::optional<node_number> at = ingress;
    if (first) {
        at = end_of(list[0], ingress);
        rest.erase(rest.begin());
    }
    auto stack =
        at ? stack_for(*at, rest)
           : result<label_stack>(error{
                 fmt::format("{} cannot reach {}", map_.name(ingress), to_text(map_, list[0])),
                 {}});
    if (!stack) {
        label_walk none;
        visit begin;
        begin.node = ingress;
        begin.outcome = walk_outcome::lost;
        begin.why.push_back(stack.why().message);
        none.visits.push_back(std::move(begin));
        return none;
    }
    return walk_maker(*this, options, destination).make(ingress, first, std::move(*stack));
}

label_walk label_walker::follow(node_number ingress, prefix_number destination,
                                std::uint8_t algorithm, const walk_options& options) {
    std::optional<prefix_sid_owner> first;
    if (labels_.sid(destination, algorithm) != nullptr) {
        first = prefix_sid_owner{destination, algorithm};
    }
    return walk_maker(*this, options, destination).make(ingress, first, {});
}

}  // namespace rhumb::labels

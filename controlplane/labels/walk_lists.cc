// Lists that a node puts on: those of a walk's ingress, and those behind binding SIDs.
#include <fmt/format.h>

#include <algorithm>

#include "controlplane/labels/walk_maker.hh"
#include "controlplane/topology/binding_paths.hh"

namespace rhumb::labels {

using topology::node_number;

list_reader::policy_ends ends_in(const bound_policies* policies) {
    return [policies](node_number node, mpls::label label) -> std::optional<node_number> {
        if (policies == nullptr) {
            return std::nullopt;
        }
        const auto bound = policies->find({node, label});
        const bool is_known = bound != policies->end() && bound->second.end != topology::nobody;
        return is_known ? std::optional(bound->second.end) : std::nullopt;
    };
}

std::optional<prefix_sid_owner> walk_maker::first_prefix(std::span<const topology::segment> list,
                                                         node_number at) const {
    if (list.empty()) {
        return std::nullopt;
    }
    const topology::segment& first = list.front();
    switch (first.kind) {
        case topology::segment_kind::node: {
            const auto prefix = by_.labels_.node_prefix(first.node, first.algorithm);
            return prefix ? std::optional(prefix_sid_owner{*prefix, first.algorithm})
                          : std::nullopt;
        }
        case topology::segment_kind::anycast:
            return prefix_sid_owner{first.number, first.algorithm};
        case topology::segment_kind::sid: return by_.labels_.prefix_of(first.number, at);
        case topology::segment_kind::adjacency:
        case topology::segment_kind::parallel:
        case topology::segment_kind::binding: break;
    }
    return std::nullopt;
}

// Links of the node that the first segment names: it sends over them without a label, and needs
// none that stands for them.
std::vector<topology::link_number> walk_maker::own_links(std::span<const topology::segment> list,
                                                         node_number at) const {
    const topology::graph& g = map_.graph();
    std::vector<topology::link_number> links;
    if (list.empty() || list.front().node != at || list.front().number >= g.link_count()) {
        return links;
    }
    const topology::segment& first = list.front();
    for (topology::link_number l = g.first[at]; l < g.first[at + 1]; ++l) {
        if ((first.kind == topology::segment_kind::adjacency && l == first.number) ||
            (first.kind == topology::segment_kind::parallel && g.to[l] == g.to[first.number])) {
            links.push_back(l);
        }
    }
    return links;
}

void walk_maker::impose(visit& at, const topology::segments& whole, const label_stack& under) {
    imposing_ = true;
    if (!count_operation(at)) {
        return;
    }
    std::span<const topology::segment> list(whole);
    std::optional<prefix_sid_owner> first = first_prefix(list, at.node);
    while (first && said_by(map_, first->prefix, at.node) != nullptr) {
        at.why.push_back(fmt::format("{} ends where it begins", to_text(map_, list.front())));
        list = list.subspan(1);
        first = first_prefix(list, at.node);
    }
    const bool may_bind = !list.empty() && (list.front().kind == topology::segment_kind::sid ||
                                            list.front().kind == topology::segment_kind::binding);
    if (may_bind && !first && options_.policies != nullptr &&
        options_.policies->contains({at.node, list.front().number})) {
        lose(at, fmt::format("a list of {} cannot begin with {}, the binding SID of its own policy",
                             map_.name(at.node), list.front().number));
        return;
    }
    const std::vector<topology::link_number> links = own_links(list, at.node);
    const list_reader reader(map_, by_.labels_, ends_in(options_.policies));
    auto stack = first || !links.empty()
                     ? reader.read(list.subspan(1), reader.ends_of(list.front(), at.node))
                     : reader.read(list, {at.node});
    if (!stack) {
        lose(at, stack.why().message);
        return;
    }
    stack->insert(stack->end(), under.begin(), under.end());
    if (first) {
        follow_prefix(at, *first, *stack, walk_operation::push);
    } else if (!links.empty()) {
        const bool is_protected = std::ranges::any_of(links, [&](topology::link_number l) {
            const topology::link* const said = map_.said_of(l);
            return said != nullptr && std::ranges::any_of(said->sids, [](const auto& sid) {
                       return sid.is_protected;
                   });
        });
        follow_adjacency(at, links, *stack, is_protected);
    } else {
        run(at, std::move(stack).value());
    }
}

bool walk_maker::enter_binding(visit& at, const label_stack& rest, mpls::label top) {
    const bound_policies none;
    const bound_policies& policies = options_.policies != nullptr ? *options_.policies : none;
    // A policy's path goes before what the map says.
    if (const auto bound = policies.find({at.node, top}); bound != policies.end()) {
        at.why.push_back(fmt::format("{} is the binding SID of its policy", top));
        for (const topology::segments& list : bound->second.lists) {
            impose(at, list, rest);
        }
        return true;
    }
    if (!by_.labels_.in_force(at.node, top)) {
        return false;
    }
    const topology::advertisement* const said = map_.said(at.node);
    const auto* const found = said == nullptr ? nullptr : [&]() -> const topology::binding_sid* {
        const auto of = std::find_if(said->bindings.begin(), said->bindings.end(),
                                     [&](const auto& b) { return b.label == top; });
        return of == said->bindings.end() ? nullptr : &*of;
    }();
    if (found == nullptr) {
        return false;
    }
    topology::binding_paths paths(map_);
    const auto& through = paths.of(at.node, top);
    if (!through.ok()) {
        lose(at,
             fmt::format("nothing stands behind binding SID {}: {}", top, through.why().message));
        return true;
    }
    at.why.push_back(
        fmt::format("binding SID {} leads through {}", top, fmt::join(found->nodes, ", ")));
    impose(at, through.value().list, rest);
    return true;
}

}  // namespace rhumb::labels

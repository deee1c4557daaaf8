#include "controlplane/labels/list_reader.hh"

#include <fmt/format.h>

#include "controlplane/labels/label_walk.hh"
#include "controlplane/topology/binding_paths.hh"

namespace rhumb::labels {

using topology::nobody;
using topology::node_number;
using topology::segment_kind;

std::vector<node_number> list_reader::sources_of(topology::prefix_number p) const {
    std::vector<node_number> nodes;
    if (p < map_.prefix_count()) {
        for (const topology::prefix_source& source : map_.sources(p)) {
            nodes.push_back(source.node);
        }
    }
    return nodes;
}

std::vector<node_number> list_reader::ends_of(const topology::segment& s, node_number at) const {
    const topology::graph& g = map_.graph();
    switch (s.kind) {
        case segment_kind::node: return {s.node};
        case segment_kind::adjacency:
        case segment_kind::parallel:
            return s.number < g.link_count() ? std::vector{g.to[s.number]}
                                             : std::vector<node_number>{};
        case segment_kind::anycast: return sources_of(s.number);
        case segment_kind::binding: return ends_of_label(s.number, s.node);
        case segment_kind::sid: return ends_of_label(s.number, at);
    }
    return {};
}

std::vector<node_number> list_reader::ends_of_label(mpls::label label, node_number at) const {
    if (at >= map_.node_count()) {
        return {};
    }
    if (const auto owner = labels_.prefix_of(label, at)) {
        return sources_of(owner->prefix);
    }
    const topology::graph& g = map_.graph();
    for (auto l = g.first[at]; l < g.first[at + 1]; ++l) {
        const topology::link* const of = map_.said_of(l);
        for (const auto& sid :
             of == nullptr ? std::span<const topology::adjacency_sid>() : of->sids) {
            if (sid.label == label && labels_.in_force(l, sid)) {
                return {g.to[l]};
            }
        }
    }
    auto end = end_of_policy_ ? end_of_policy_(at, label) : std::nullopt;
    end = end ? end : topology::end_of_binding(map_, at, label);
    return end && *end != nobody ? std::vector{*end} : std::vector<node_number>{};
}

result<mpls::label> list_reader::label_of(const topology::segment& s,
                                          std::span<const node_number> at) const {
    if (s.kind == segment_kind::sid) {
        return s.number;  // given as such, wherever it is looked at
    }
    if (at.empty()) {
        return error{fmt::format("nobody knows which node would see {}", to_text(map_, s)), {}};
    }
    std::optional<mpls::label> label;
    for (const node_number node : at) {
        const auto here = labels_.label(s, node, true);
        if (!here) {
            return error{fmt::format("{} has no label for {}", map_.name(node), to_text(map_, s)),
                         {}};
        }
        if (label && *label != *here) {
            return error{fmt::format("{} and {} have different labels for {}",
                                     map_.name(at.front()), map_.name(node), to_text(map_, s)),
                         {}};
        }
        label = here;
    }
    return *label;
}

result<label_stack> list_reader::read(std::span<const topology::segment> list,
                                      std::vector<node_number> at) const {
    label_stack stack;
    for (const topology::segment& s : list) {
        const auto label = label_of(s, at);
        if (!label) {
            return label.why();
        }
        stack.push_back(label.value());
        at = ends_of(s, at.empty() ? nobody : at.front());
    }
    return stack;
}

}  // namespace rhumb::labels

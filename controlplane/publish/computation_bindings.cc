// Binding SIDs of this node: those that the map says it offers (RFC 8402 5), and lists that would
// come back by those of policies.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "controlplane/config/text.hh"
#include "controlplane/publish/computation.hh"
#include "controlplane/topology/binding_cycles.hh"
#include "controlplane/topology/binding_paths.hh"

namespace rhumb::publish {

using topology::nobody;

std::string policy_name(const paths::installed_policy& policy) {
    return fmt::format("policy to {} color {}", config::to_string(policy.endpoint), policy.color);
}

// Binding SIDs that the map says this node offers, and others therefore use: where a policy has one
// its path counts, else what the map says itself.
void computation::add_bindings() {
    const topology::advertisement& own = *from_.map.said(from_.own);
    topology::binding_paths paths(from_.map);
    std::set<mpls::label> seen;
    for (const topology::binding_sid& said : own.bindings) {
        if (!seen.insert(said.label).second) {
            continue;  // the first one counts; labels::sid_labels reports it
        }
        const std::string name = fmt::format("binding SID {}", said.label);
        const auto policy = std::find_if(
            from_.policies.begin(), from_.policies.end(),
            [&](const paths::installed_policy& p) { return p.binding_sid == said.label; });
        const auto& made = paths.of(from_.own, said.label);
        if (policy != from_.policies.end() && (taken_[said.label] || policy->lists.empty())) {
            note_other_end(*policy, made.ok() ? made.value().end : nobody, name);
            continue;
        }
        if (!made.ok()) {
            say(note_kind::unresolved,
                fmt::format("nothing stands behind {} of the map: {}", name, made.why().message));
            continue;
        }
        std::vector<way> ways = ways_of(made.value().list, name);
        ways.resize(std::min(ways.size(), max_paths));
        if (!ways.empty() && is_own_label(said.label, "the map's binding SIDs")) {
            add_label(said.label, ways, true);
        }
    }
}

// Who reads the map takes a binding SID for what stands there.
void computation::note_other_end(const paths::installed_policy& policy, topology::node_number end,
                                 const std::string& binding) {
    const paths::weighted_segments* const list =
        policy.lists.empty() ? nullptr : &policy.lists.front();
    const auto ends = list == nullptr || list->segments.empty() || !is_on_map(list->segments.back())
                          ? std::vector<topology::node_number>{}
                          : ends_of(list->segments.back(), nobody);
    if (end != nobody && ends.size() == 1 && ends.front() != end) {
        say(note_kind::conflict,
            fmt::format("{} leads to {} on the map, and its {} leads to {}", binding,
                        from_.map.name(end), policy_name(policy), from_.map.name(ends.front())));
    }
}

// Whoever computes policies sees to it that no list leads back to itself over other nodes
// (paths/policies_loops.cc). Those that do so by binding SIDs of this node alone are known here,
// wherever they come from, and are left out.
void computation::find_lists_that_come_back() {
    std::vector<topology::binding_use> uses;
    std::vector<const paths::weighted_segments*> lists;
    for (std::uint32_t n = 0; n < from_.policies.size(); ++n) {
        for (const paths::weighted_segments& list : from_.policies[n].lists) {
            std::vector<topology::node_number> at{from_.own};
            for (const topology::segment& s : list.segments) {
                const bool is_here = std::find(at.begin(), at.end(), from_.own) != at.end();
                const bool is_label =
                    s.kind == topology::segment_kind::sid ||
                    (s.kind == topology::segment_kind::binding && s.node == from_.own);
                for (std::uint32_t to = 0; is_here && is_label && to < from_.policies.size();
                     ++to) {
                    if (from_.policies[to].binding_sid == s.number) {
                        uses.push_back({n, to});
                        lists.push_back(&list);
                    }
                }
                if (!is_on_map(s)) {
                    break;
                }
                at = ends_of(s, at.empty() ? nobody : at.front());
            }
        }
    }
    const auto loops = topology::on_cycles(static_cast<std::uint32_t>(from_.policies.size()), uses);
    for (std::size_t i = 0; i < uses.size(); ++i) {
        if (loops[i] && coming_back_.insert(lists[i]).second) {
            say(note_kind::loop,
                fmt::format("a list of the {} comes back to itself by binding SIDs",
                            policy_name(from_.policies[uses[i].from])));
        }
    }
}

}  // namespace rhumb::publish

// Where packets of a policy's lists go, by the shortest paths of the map and what other policies
// have in force; and a policy's state in words. Threads: one at a time.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "controlplane/paths/compress_branches.hh"
#include "controlplane/paths/policies.hh"
#include "controlplane/topology/flex_algo.hh"

namespace rhumb::paths {

// Whether packets with these segments follow the links of a path, and nothing else; of links that
// branch (`all`: the last one is of any branch), whether they stay on these.
class follower {
public:
    explicit follower(const policies& all, const topology::map& m)
        : all_(all), map_(m), view_(make_plane(m, 0)) {}

    bool pins(topology::node_number from, const topology::segments& list,
              std::span<const topology::link_number> links) {
        std::vector<topology::link_number> taken;
        return follow(from, list, taken) &&
               std::equal(taken.begin(), taken.end(), links.begin(), links.end());
    }
    bool stays(topology::node_number from, const topology::segments& list,
               std::span<const topology::link_number> links) {
        std::vector<topology::link_number> taken;
        branching_ = true;
        const bool arrives = follow(from, list, taken);
        branching_ = false;
        return arrives && std::all_of(taken.begin(), taken.end(), [&](auto l) {
                   return std::find(links.begin(), links.end(), l) != links.end();
               });
    }

private:
    bool follow(topology::node_number& from, const topology::segments& list,
                std::vector<topology::link_number>& taken) {
        return std::all_of(list.begin(), list.end(),
                           [&](const auto& s) { return step(from, s, taken); });
    }
    bool step(topology::node_number& from, const topology::segment& s,
              std::vector<topology::link_number>& taken) {
        switch (s.kind) {
            case topology::segment_kind::adjacency:
            case topology::segment_kind::parallel:
                taken.push_back(s.number);
                from = map_.graph().to[s.number];
                return true;
            case topology::segment_kind::node: return along_shortest(from, s.node, taken);
            case topology::segment_kind::binding: return through(from, s, taken);
            default: return false;
        }
    }
    bool along_shortest(topology::node_number& from, topology::node_number to,
                        std::vector<topology::link_number>& taken) {
        shortest_tree tree;
        shortest_tree_from(map_.graph(), view_, from, {}, tree);
        if (!tree.reaches(to) || (!branching_ && tree.only[to] == 0)) {
            return false;
        }
        from = to;
        if (branching_) {
            add_branches(map_.graph(), view_, tree, {to}, taken);
            return true;
        }
        for (const topology::link_number l : tree.links_to(map_.graph(), to)) {
            taken.push_back(l);
        }
        return true;
    }
    // What the policy of a binding SID has in force.
    bool through(topology::node_number& from, const topology::segment& s,
                 std::vector<topology::link_number>& taken) {
        for (std::uint32_t n = 0; n < all_.size(); ++n) {
            const policy_state* const state = all_.at(n);
            if (state != nullptr && state->key.headend == s.node &&
                state->bound.label == s.number && state->active) {
                ++named;
                const auto& lists = state->lists.in_force().lists;
                return s.node == from && lists.size() == 1 &&
                       follow(from, lists[0].segments, taken);
            }
        }
        return false;
    }

    const policies& all_;
    const topology::map& map_;
    topology::plane view_;
    bool branching_ = false;

public:
    std::size_t named = 0;  // binding SIDs
};

inline std::string told(const std::string& who, const policy_state& state) {
    std::string text = "\n" + who + " at " + std::to_string(state.key.headend) + ": ";
    for (std::size_t i = 0; i < state.states.size(); ++i) {
        const candidate_path& c = state.candidates[i];
        const candidate_state& s = state.states[i];
        text += (state.active == c.key ? "*" : "") + std::to_string(c.preference) +
                (!c.dynamic               ? " explicit: "
                 : c.dynamic->ecmp        ? " ecmp: "
                 : c.dynamic->group == "" ? " dynamic: "
                                          : " " + c.dynamic->group + ": ") +
                (s.tried ? std::string(to_string(s.fault)) : "not tried") + " " +
                std::to_string(static_cast<int>(s.pair)) + "; ";
    }
    text += "links";
    for (const topology::link_number l : state.links) {
        text += " " + std::to_string(l);
    }
    for (const auto& list : state.lists.in_force().lists) {
        for (const auto& s : list.segments) {
            text += " [" + std::to_string(static_cast<int>(s.kind)) + " " + std::to_string(s.node) +
                    " " + std::to_string(s.number) + "]";
        }
    }
    return text;
}

}  // namespace rhumb::paths

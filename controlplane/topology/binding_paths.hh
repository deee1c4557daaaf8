// What binding SIDs of the map stand for (RFC 8402 5; RFC 9256 6): the segments that the node which
// advertises one imposes, from the nodes that it says it leads through. From a node to a neighbour
// it leads over their link, however far that is, else along shortest paths. All nodes come to the
// same from the same map, so that who names such a SID knows whether its node can back it.
// Threads: one at a time, with the map.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "controlplane/topology/map.hh"
#include "controlplane/topology/segment.hh"
#include "controlplane/topology/spf.hh"
#include "rhumb/result.hh"

namespace rhumb::topology {

struct binding_path {
    segments list;                   // for the node that advertises it
    std::vector<link_number> links;  // between those of its nodes that are neighbours
    node_number end = nobody;
};

// Answers are found when first asked for, and kept until clear().
class binding_paths {
public:
    explicit binding_paths(const map& m) : map_(m) {}

    // Of several with one label the first one counts. An error: there is none, or nothing can stand
    // behind it: why.
    [[nodiscard]] const result<binding_path>& of(node_number node, std::uint32_t label);
    // Null where that is an error.
    [[nodiscard]] const binding_path* find(node_number node, std::uint32_t label) {
        const result<binding_path>& known = of(node, label);
        return known.ok() ? &known.value() : nullptr;
    }
    // To be called when the map has changed.
    void clear() {
        known_.clear();
        view_ = {};
    }

private:
    [[nodiscard]] result<binding_path> make(node_number node, std::uint32_t label);
    [[nodiscard]] result<void> spell(node_number node, const std::vector<node_number>& through,
                                     binding_path& into);
    [[nodiscard]] result<segment> spell_link(node_number from, node_number to, bool is_own) const;
    [[nodiscard]] std::vector<link_number> links_between(node_number from, node_number to) const;
    [[nodiscard]] bool is_only_way(node_number before, node_number node) const;
    [[nodiscard]] bool has_node_sid(node_number node) const;

    const map& map_;
    std::map<std::pair<node_number, std::uint32_t>, result<binding_path>> known_;
    plane view_;  // of algorithm 0; empty: not made yet
    tree from_;   // from where the next segment begins
    spf_workspace memory_;
};

// Where the map says that a binding SID of a node ends, whether or not something stands behind it;
// nullopt where the node does not advertise it.
[[nodiscard]] std::optional<node_number> end_of_binding(const map& m, node_number node,
                                                        std::uint32_t label);

}  // namespace rhumb::topology

// What fails with a link, and a node's shortest paths without it: a part of ti_lfa.hh. Only what
// lies behind the failure is looked at, so that all links of a node together cost about as much as
// one search. Threads: any; an object belongs to one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/topology/map.hh"
#include "controlplane/topology/spf.hh"
#include "controlplane/topology/ti_lfa.hh"

namespace rhumb::topology {

// Links that fail together, both directions of each, by number; and a node, where that is it.
struct failure {
    std::vector<link_number> links;
    node_number node = nobody;
};

// What is taken to fail with link `l` of a plane: of links only those that are usable there.
[[nodiscard]] failure failure_of(const map& m, const plane& view, link_number l, protection what);

// Shortest paths from a node, without what has failed.
class paths_without {
public:
    // `before` are the node's shortest paths; all have to stay as long as this is used.
    void start(const graph& g, const plane& view, const tree& before);
    // In place of what was taken out before.
    void take_out(const failure& what);

    // By node.
    [[nodiscard]] const std::vector<distance>& distances() const noexcept { return after_; }
    // Nodes for which at least one shortest path led through the failure, and that are still
    // reached: nearest first, of equal distance by number.
    [[nodiscard]] std::span<const node_number> touched() const noexcept { return reached_; }
    // The same with those that are not reached, in no order.
    [[nodiscard]] std::span<const node_number> all_touched() const noexcept { return touched_; }
    [[nodiscard]] bool is_touched(node_number node) const { return marks_[node] != untouched; }
    // By link: 1 for what has failed.
    [[nodiscard]] const std::vector<std::uint8_t>& out() const noexcept { return out_; }

private:
    enum mark : std::uint8_t { untouched, shortened, lost };  // lost: all shortest paths failed
    struct entry {
        distance at;
        node_number node;
    };

    void restore();
    void collect(node_number node);
    [[nodiscard]] bool is_before(link_number l) const;  // on a shortest path before the failure
    [[nodiscard]] bool has_other_way(node_number node) const;
    void search();
    void offer(node_number node, distance at);

    const graph* g_ = nullptr;
    const plane* view_ = nullptr;
    const tree* before_ = nullptr;
    std::vector<distance> after_;
    std::vector<std::uint8_t> marks_;
    std::vector<std::uint8_t> out_;
    std::vector<link_number> out_links_;
    std::vector<node_number> touched_;
    std::vector<node_number> reached_;
    std::vector<entry> heap_;
};

}  // namespace rhumb::topology

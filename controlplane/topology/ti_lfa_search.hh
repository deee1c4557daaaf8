// The fewest segments that lead along shortest paths while routers may still send packets for a
// node another way: a part of ti_lfa.hh and microloop.hh.
//
// Let x be before y on a path that is wanted, and along(x, y) the distance between them there. A
// gate is a link (or a node) that no packet is to take; through(x, y) is the shortest way that
// does. The node segment from x to y is safe if along(x, y) < through(x, y) for all gates. With
// distances from the path's beginning, along(x, y) = at(y) - at(x), this reads
//     to_gate(x) + length + at(x)  >  at(y) - from_gate(y).
// The left side, the key of x, says all about a node where segments end: with one gate, who has the
// greatest key gets farthest, whatever comes. So a node needs to know, for each number of segments,
// only the best key with which it can be reached, and with several gates the keys that no other
// surpasses in all. Keys do not shrink along a path, so that fewer segments are always as good as
// more where the last one can be ended by the node's own SID.
//
// The result has the fewest segments that there are, but for several gates where more than
// max_states ways are equally good at some node (then it may have more, and is still safe).
// Threads: any; an object belongs to one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/topology/graph.hh"
#include "controlplane/topology/segment.hh"
#include "controlplane/topology/spf.hh"
#include "controlplane/topology/ti_lfa.hh"

namespace rhumb::topology {

[[nodiscard]] constexpr distance sum(distance a, distance b) noexcept {
    return a == unreachable || b == unreachable ? unreachable : a + b;
}

// A way that packets are not to take: into `in`, out of `out`; both are the same for a node.
struct gate {
    node_number in = nobody;
    node_number out = nobody;
    cost length = 0;
    const std::vector<distance>* to_in = nullptr;     // by node
    const std::vector<distance>* from_out = nullptr;  // by node, each too large by `excess`
    distance excess = 0;
    bool in_ends = false;     // nothing passes through `in`
    bool out_begins = false;  // nor through `out`
};

struct search_input {
    const graph* g = nullptr;
    const plane* view = nullptr;
    node_number own = nobody;                        // where paths begin
    std::uint8_t algorithm = 0;                      // of node segments
    const std::vector<distance>* at = nullptr;       // by node, from own, on paths that are wanted
    const std::vector<std::uint8_t>* out = nullptr;  // by link: 1 where no path is wanted; or null
    std::span<const gate> gates;
    // Nodes in question, nearest first. Of all others every shortest path from own is safe.
    std::span<const node_number> nodes;
    const first_hops* hops = nullptr;  // of the others; may be null if there are none
};

class segment_search {
public:
    static constexpr std::uint32_t none = 0xffffffff;
    static constexpr std::size_t max_states = 16;

    // A way to a node: over `out` and segments of a list to `anchor`, and from there by the SID of
    // the node.
    struct way {
        std::uint32_t list = none;
        node_number anchor = nobody;
        std::uint32_t length = 0;  // segments
    };

    void run(const search_input& input, const ti_lfa_options& options);
    // The way to a node that needs the fewest segments; list is `none` where there is no way within
    // max_segments, or the node is not reached. Precondition: the node is not own.
    [[nodiscard]] way to(node_number node);

    [[nodiscard]] link_number out_of(std::uint32_t list) const { return lists_[list].out; }
    [[nodiscard]] segments segments_of(std::uint32_t list) const;
    [[nodiscard]] std::size_t list_count() const noexcept { return lists_.size(); }

    // Whether routers' present ways from x to y, which is behind it on a path, avoid all gates.
    [[nodiscard]] bool is_safe(node_number x, node_number y) const;

private:
    struct state : way {
        std::uint32_t ended = none;  // the list with the node itself at the end, once needed
    };
    struct slot {
        std::uint32_t begin = 0;
        std::uint32_t count = 0;
        bool known = false;
        bool in_question = false;
    };
    // Lists share their beginnings. The first ones stand for own links, without a segment.
    struct list_entry {
        std::uint32_t before = none;
        segment last;
        link_number out = nobody;
    };

    [[nodiscard]] distance key(const gate& by, node_number anchor) const;
    [[nodiscard]] bool is_as_good(const way& a, const way& b) const;
    [[nodiscard]] bool has_sid(node_number node) const;
    [[nodiscard]] bool has_adjacency(link_number l) const;
    [[nodiscard]] std::uint32_t extended(std::uint32_t list, const segment& by);
    [[nodiscard]] slot& slot_of(node_number node);
    void add_nodes_before();
    void find_last_links(node_number node);
    void visit(node_number node);
    void keep(slot& at);
    void follow(link_number l, std::size_t number, bool node_has_sid);
    void over_adjacency(link_number l, const way& to_begin);
    void add(const way& candidate, bool only_fewest);

    search_input in_;
    const ti_lfa_options* options_ = nullptr;
    std::vector<slot> slots_;  // by node
    std::vector<state> states_;
    std::vector<state> found_;  // of the node that is visited
    node_number visited_ = nobody;
    std::vector<list_entry> lists_;
    std::vector<node_number> nodes_;       // in question, and before them
    std::vector<link_number> last_links_;  // of paths to the node that is visited
};

}  // namespace rhumb::topology

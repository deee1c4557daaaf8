// TI-LFA (RFC 9855): for each link of a node and each destination behind it, the repair that brings
// packets there while the rest of the network does not know yet that something has failed. It
// follows the path that will be the shortest after convergence.
//
// Why this is fast. Let R be what fails, x before y on a post-convergence path, and after(x, y) the
// distance along it. Within the network without R that is the shortest distance, so the routers'
// present paths from x to y avoid R exactly if after(x, y) < the shortest way through R, which is
// d(x, a) + cost + d(b, y) for the links a->b of R (d(x, F) + d(F, y) for a node F). Links of R
// into this node need not be asked: who comes back here has come by another link of R, or in vain.
// What a link's far end F reaches, this node reaches through it: so link protection needs no trees
// but those of this node, node protection that to F, and P-space and Q-space are questions of
// constant time. Both fail, directions of a link and links of an SRLG, also remote ones; ties are
// unsafe, as packets may take any of equal-cost branches. ti_lfa_search.hh has the segments.
//
// Node protection cannot hold for the other end itself, nor where there is no path without it:
// protection::link remains, if fall_back. Of equally short repairs the choice is always the same.
// Threads: any; a workspace belongs to one.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "controlplane/topology/map.hh"
#include "controlplane/topology/segment.hh"
#include "controlplane/topology/spf.hh"

namespace rhumb::topology {

// What is taken to fail with a link: itself, all links of its other end, or all links that share a
// risk with it. Where such a repair does not exist (as for the other end itself) the next weaker
// one is taken, if `fall_back`: both, node, SRLG, link.
enum class protection : std::uint8_t { link, node, srlg, node_and_srlg };

// Every member has its initializer, or g++ warns where only some are named.
// NOLINTBEGIN(readability-redundant-member-init)
struct ti_lfa_options {
    protection protects = protection::link;
    bool fall_back = true;
    std::size_t max_segments = 8;  // longer repairs are not used
    // By node and by link: whether they have a SID to be named by; empty: all have.
    std::vector<std::uint8_t> has_node_sid;
    std::vector<std::uint8_t> has_adjacency_sid;
    // An SRLG of more links (each direction counts) is not protected as such: it takes a search or
    // two for each.
    std::size_t max_srlg_links = 256;
};
// NOLINTEND(readability-redundant-member-init)

// How packets for a destination go round a failure. They leave over `out`, follow `segments`, and
// go on by the destination's own SID from `end`.
struct repair {
    link_number out = nobody;
    topology::segments segments;  // to be imposed, none of which is the neighbour itself
    node_number end = nobody;     // where the destination's own SID is on top
    bool at_destination = false;  // `end` is the destination: the last link leads right to it
    protection protects = protection::link;
    friend bool operator==(const repair&, const repair&) = default;
};

// Repairs for one link of a node.
struct link_repairs {
    static constexpr std::uint32_t none = 0xffffffff;
    link_number link = nobody;
    std::vector<repair> repairs;         // different ones
    std::vector<std::uint32_t> by_node;  // destination -> number in repairs; none where the link is
                                         // not used, or there is no other way
    // For packets that an adjacency segment sends over the link, whether shortest paths use it or
    // not: to the other end, from where the rest of their segments goes on.
    std::uint32_t adjacency = none;
};

// Computes repairs; keeps its memory for the next time.
class repair_computer {
public:
    repair_computer();
    repair_computer(const repair_computer&) = delete;
    repair_computer& operator=(const repair_computer&) = delete;
    ~repair_computer();

    // For all usable links of `own` in an algorithm whose plane is `view`.
    [[nodiscard]] std::vector<link_repairs> compute(const map& m, const plane& view,
                                                    std::uint8_t algorithm, node_number own,
                                                    const ti_lfa_options& options);

private:
    class memory;
    std::unique_ptr<memory> memory_;
};

}  // namespace rhumb::topology

// Microloops: routers learn of a change one after the other, and packets may go round in circles
// between one that knows and one that does not.
//
// RFC 8333, local delay: the node next to a link that went down keeps to its repairs for a while,
// until the others have converged. Segment routing, for what happens elsewhere or comes up: for a
// while the new path is pinned by segments that mean the same before and after the change. That is
// so for a node segment from x to y if all shortest paths from x to y, in both planes, avoid every
// link that differs: they are then the same paths, for every router on them too, so that any
// mixture of routers that know and that do not carries packets along them. With the change's links
// as gates (ti_lfa_search.hh) it is a question of constant time, as for repairs. Threads: any; an
// avoider belongs to one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "controlplane/topology/graph.hh"
#include "controlplane/topology/ti_lfa.hh"

namespace rhumb::topology {

enum class change_kind : std::uint8_t {
    nothing,
    own_link_down,  // a link of this node, unusable in both directions or in one
    one_link,       // another link went down, or any came up, or costs another amount
    several,        // more than one link (two directions are one), or nodes' overload
};

// What has happened between two planes of one graph, as seen by a node.
struct plane_difference {
    change_kind kind = change_kind::nothing;
    link_number link = nobody;  // of one link the direction with the lower number
};
[[nodiscard]] plane_difference difference_of(const graph& g, const plane& before,
                                             const plane& after, node_number own);

// How packets are forwarded while the network converges.
enum class convergence_phase : std::uint8_t {
    settled,  // along the present shortest paths
    holding,  // as before the change; where there is a repair it is used, others converge at once
    pinned,   // along pinned paths
};

// When to go over from one to the other. It has no clock: times come with events, in microseconds,
// and never go back.
class convergence_timer {
public:
    struct times {
        std::uint64_t local_delay = 0;  // RFC 8333's ULOOP_DELAY_DOWN_TIMER; 0: none
        std::uint64_t pinned = 0;       // 0: paths are not pinned
    };
    explicit convergence_timer(const times& wanted) : times_(wanted) {}

    // The map has changed. A further change while the timer runs ends it (RFC 8333): nobody knows
    // then what others have seen. The other end's word of the same link is no further change.
    convergence_phase on_change(const plane_difference& what, std::uint64_t now);
    // The phase at a time; to be asked when due() has come.
    convergence_phase advance(std::uint64_t now);

    [[nodiscard]] convergence_phase phase() const noexcept { return phase_; }
    [[nodiscard]] std::optional<std::uint64_t> due() const noexcept;

private:
    times times_;
    convergence_phase phase_ = convergence_phase::settled;
    std::uint64_t due_ = 0;
    link_number link_ = nobody;  // whose change is being waited for
    change_kind kind_ = change_kind::nothing;
};

// Paths for the time of convergence.
struct pinned_paths {
    static constexpr std::uint32_t none = 0xffffffff;
    std::vector<repair> paths;           // different ones; `protects` means nothing
    std::vector<std::uint32_t> by_node;  // destination -> number in paths; none where shortest
                                         // paths cannot loop, or nothing can be done
    std::vector<node_number> exposed;    // of the latter, in order of distance
};

class microloop_avoider {
public:
    microloop_avoider();
    microloop_avoider(const microloop_avoider&) = delete;
    microloop_avoider& operator=(const microloop_avoider&) = delete;
    ~microloop_avoider();

    // For `own`, which knows of the change. Of the options: SIDs, max_segments and, as the number
    // of directed links that differ at most, max_srlg_links; with more, all that is reached is
    // exposed. Costs of a link may differ in any way. Where a node's overload differs, paths to
    // that node and through it count as different.
    [[nodiscard]] pinned_paths compute(const graph& g, const plane& before, const plane& after,
                                       std::uint8_t algorithm, node_number own,
                                       const ti_lfa_options& options);

private:
    class memory;
    std::unique_ptr<memory> memory_;
};

}  // namespace rhumb::topology

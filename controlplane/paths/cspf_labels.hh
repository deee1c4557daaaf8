// The shortest path under bounds, by labels (resource-constrained shortest path, exact). A label
// is a way to a node with what it costs, takes and counts; of two at a node the one that is better
// in nothing goes. What is still to come is known from searches against the links' direction, so
// labels that cannot keep a bound are not made, and those that lead astray are looked at last (A*).
//
// A route with waypoints is a graph of layers, one for each waypoint that is still ahead; a place
// is a node in a layer. The number of labels is limited, as the problem is NP-hard: beyond, the
// search gives up and says so. Threads: one at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/paths/constraints.hh"
#include "controlplane/paths/cspf_space.hh"

namespace rhumb::paths {

class label_search {
public:
    using place = std::uint32_t;

    static constexpr std::size_t default_max_labels = std::size_t{1} << 20;  // 40 bytes each

    enum class outcome : std::uint8_t { found, none, gave_up };

    // What a search starts from, and what it must not touch.
    struct start {
        place at = 0;
        topology::distance metric = 0;  // spent before
        topology::distance delay = 0;
        std::uint32_t hops = 0;
        std::span<const topology::link_number> not_first;  // links that it must not begin with
        std::span<const place> not_through;
        topology::distance max_metric = topology::unreachable;  // beside the bound
    };

    // The graph and the view have to outlive the searches; limits are copied.
    void prepare(const topology::graph& g, const topology::plane& view, const route& way,
                 const constraints& limits, std::size_t max_labels = default_max_labels);

    [[nodiscard]] place first() const noexcept { return first_; }
    // Where a link leads from a place: into the next layer, if its end is a waypoint.
    [[nodiscard]] place after(place at, topology::link_number l) const {
        return arrive(at / nodes_, graph_->to[l]);
    }
    [[nodiscard]] topology::node_number node_at(place at) const { return at % nodes_; }
    // The rest of the way from a place, as if there were no bounds.
    [[nodiscard]] topology::distance metric_from(place at) const { return to_go_[at].metric; }
    [[nodiscard]] std::uint64_t hops_from(place at) const { return to_go_[at].hops; }

    [[nodiscard]] outcome run(const start& from, std::vector<topology::link_number>& links);

private:
    // Of the path of the least metric, then the fewest hops.
    struct rest {
        topology::distance metric = topology::unreachable;
        std::uint64_t hops = 0;
    };
    struct label {
        topology::distance metric;
        topology::distance delay;
        std::uint32_t hops;
        place at;
        std::uint32_t parent;
        topology::link_number link;
        std::uint32_t next;  // settled earlier at the same place
    };
    struct entry {
        topology::distance metric;  // spent and to go
        std::uint64_t hops;
        std::uint32_t number;
    };

    [[nodiscard]] place arrive(std::uint32_t layer, topology::node_number node) const;
    [[nodiscard]] bool is_goal(place at) const;
    void look_ahead(const route& way, const std::vector<topology::cost>* costs,
                    std::vector<rest>& result);
    void look_ahead_in_layer(const std::vector<topology::cost>* costs, rest* result);
    [[nodiscard]] bool is_dominated(const label& l) const;
    void settle(std::uint32_t number);
    void extend(std::uint32_t number, const start& from);
    void offer(const label& made, const start& from);

    const topology::graph* graph_ = nullptr;
    const topology::plane* view_ = nullptr;
    constraints limits_;
    std::size_t max_labels_ = default_max_labels;
    bool bounds_delay_ = false;
    bool bounds_hops_ = false;
    std::uint32_t nodes_ = 0;
    std::uint32_t layers_ = 1;
    place first_ = 0;
    std::vector<std::uint8_t> member_;  // by place: the node is a waypoint of its layer, or an end
    std::vector<rest> to_go_;           // by place
    std::vector<rest> delay_to_go_;     // `metric` is delay; empty without a bound
    std::vector<rest> hops_to_go_;      // `metric` is links; empty without a bound

    std::vector<label> labels_;
    std::vector<entry> heap_;
    std::vector<std::uint32_t> settled_;  // by place: the last label, with stamp_ of the run
    std::vector<std::uint32_t> stamp_;
    std::vector<std::uint32_t> barred_;  // by place: the run in which it must not be entered
    std::uint32_t run_ = 0;
};

}  // namespace rhumb::paths

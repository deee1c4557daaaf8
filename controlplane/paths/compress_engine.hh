// What is needed to spell paths as segments, kept between one path and the next: the planes of all
// algorithms and their shortest-path trees by root, made when first asked for, and of nodes what
// they can impose and which binding SIDs they offer. A change of the map spoils only the trees that
// it touches. Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "controlplane/paths/cspf_trees.hh"
#include "controlplane/paths/policy_split.hh"
#include "controlplane/topology/binding_paths.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::paths {

class path_engine {
public:
    // Of one algorithm's plane.
    static constexpr std::size_t default_max_bytes = std::size_t{256} << 20;

    // The map has to outlive the engine, and update() has to follow each change of it.
    explicit path_engine(const topology::map& m, std::size_t max_bytes = default_max_bytes)
        : map_(&m), max_bytes_(max_bytes), backed_(m) {
        update();
    }
    void update();
    // False: the map has grown since.
    [[nodiscard]] bool is_current() const {
        return renumberings_ == map_->renumberings() && msds_.size() == map_->node_count();
    }

    // Which nodes have a node SID in an algorithm, and which links an adjacency SID; empty: all.
    // To be said again after an update that made new numbers.
    void set_node_sids(std::uint8_t algorithm, std::vector<bool> has);
    void set_adjacency_sids(std::vector<bool> has) { adjacency_sids_ = std::move(has); }

    [[nodiscard]] const topology::map& map() const noexcept { return *map_; }
    [[nodiscard]] const topology::graph& graph() const noexcept { return map_->graph(); }

    // An anycast prefix as an algorithm sees it.
    struct anycast_member {
        topology::node_number node = topology::nobody;
        topology::cost metric = 0;  // from there on
    };
    struct anycast_group {
        topology::prefix_number prefix = 0;
        std::vector<anycast_member> members;
    };

    // Algorithms by their place: 0 is always the first.
    [[nodiscard]] std::size_t plane_count() const noexcept { return planes_.size(); }
    [[nodiscard]] std::uint8_t algorithm(std::size_t plane) const {
        return planes_[plane].algorithm;
    }
    [[nodiscard]] const topology::plane& view(std::size_t plane) const {
        return planes_[plane].trees.view();
    }
    // As tree_cache::from(). Valid until the next call.
    [[nodiscard]] const shortest_tree& tree(std::size_t plane, topology::node_number root,
                                            std::span<const topology::node_number> until = {}) {
        return planes_[plane].trees.from(graph(), root, until);
    }
    [[nodiscard]] bool has_node_sid(std::size_t plane, topology::node_number node) const {
        const auto& has = planes_[plane].node_sids;
        return has.empty() || (node < has.size() && has[node]);
    }
    [[nodiscard]] bool has_all_node_sids(std::size_t plane) const {
        return planes_[plane].node_sids.empty();
    }
    [[nodiscard]] std::span<const anycast_group> anycast(std::size_t plane) const {
        return planes_[plane].anycast;
    }
    [[nodiscard]] bool has_adjacency_sid(topology::link_number l) const {
        return adjacency_sids_.empty() || (l < adjacency_sids_.size() && adjacency_sids_[l]);
    }
    [[nodiscard]] bool has_all_adjacency_sids() const { return adjacency_sids_.empty(); }

    // Binding SIDs that policies have: they lead where these do, not where the map says.
    void set_bound(std::set<binding_place> bound);
    // A binding SID and where it leads; not those that nothing stands behind, nor those of
    // policies.
    struct binding {
        std::uint32_t label = 0;
        std::vector<topology::node_number> nodes;  // from the next one on
    };
    [[nodiscard]] std::span<const binding> bindings(topology::node_number node);
    // Labels that a node can impose.
    [[nodiscard]] std::uint8_t msd(topology::node_number node) const { return msds_[node]; }

    // Trees that were computed since it was made.
    [[nodiscard]] std::uint64_t computed() const;

private:
    struct algorithm_plane {
        std::uint8_t algorithm = 0;
        tree_cache trees;
        std::vector<bool> node_sids;
        std::vector<anycast_group> anycast;
    };

    void list_anycast();

    const topology::map* map_;
    std::size_t max_bytes_;
    std::uint64_t renumberings_ = ~std::uint64_t{0};
    std::vector<algorithm_plane> planes_;
    std::vector<bool> adjacency_sids_;
    topology::binding_paths backed_;
    std::set<binding_place> bound_;
    std::map<topology::node_number, std::vector<binding>> bindings_;  // that were asked for
    std::vector<std::uint8_t> msds_;                                  // by node
};

}  // namespace rhumb::paths

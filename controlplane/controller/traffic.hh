// Traffic on the map: demands placed on links, along shortest paths with equal shares at every
// branch (ECMP), and along the segment lists of policies; now, and as it would be after a failure.
//
// Demands are cut into legs, each from a node to another on an algorithm's plane. Legs with the
// same end share a tree: one search and one pass over its nodes place them all. After a failure
// only trees that it touches are computed again, and only what changes is placed anew.
// Threads: one at a time, with the map; the map may not change while this is in use.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "controlplane/controller/demands.hh"
#include "controlplane/paths/policy_lists.hh"
#include "controlplane/paths/policy_reach.hh"
#include "controlplane/topology/binding_paths.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/spf.hh"

namespace rhumb::controller {

using segment_lists = std::vector<paths::weighted_segments>;

// A demand with what it may follow: the first choice of which a list leads somewhere. Lists that do
// not are left out, and the others take their shares. After all choices the shortest paths, or
// nothing where traffic is to be dropped instead.
struct routed_demand {
    topology::node_number from = topology::nobody;
    topology::node_number to = topology::nobody;
    bits_per_second rate = 0;
    std::vector<segment_lists> choices;
    bool drop = false;
};

struct failure {
    enum class kind : std::uint8_t { link, node, srlg };  // a link fails in both directions
    kind of = kind::link;
    std::uint32_t number = 0;
    friend auto operator<=>(const failure&, const failure&) = default;
};

// All links that two nodes agree on, all nodes that have said something, all SRLGs, in this order.
[[nodiscard]] std::vector<failure> single_failures(const topology::map& m);

struct placement {
    std::vector<bits_per_second> loads;     // by link
    std::vector<std::uint32_t> unroutable;  // demands, in order
    std::vector<std::uint32_t> lost;        // those that begin or end at a node that failed
    std::vector<std::uint32_t> moved;       // those that follow another choice than before
};

class traffic {
public:
    // What a demand may follow when none of its choices is left after a failure (links by number:
    // 1 where it has failed), as when its headend computes a new path.
    using reroute = std::function<std::optional<segment_lists>(
        std::uint32_t demand, const std::vector<std::uint8_t>& failed_links)>;

    traffic(const topology::map& m, std::vector<routed_demand> demands);

    [[nodiscard]] const placement& now() const noexcept { return now_; }
    [[nodiscard]] const std::vector<routed_demand>& demands() const noexcept { return demands_; }
    [[nodiscard]] const topology::map& network() const noexcept { return map_; }

    [[nodiscard]] placement after(const failure& f, const reroute& otherwise = {});
    // What one bit a second of the demand puts on links, as it is routed now or would be along
    // `lists`. nullopt: these lead nowhere.
    using shares = std::vector<std::pair<topology::link_number, double>>;
    [[nodiscard]] shares shares_of(std::uint32_t demand) {
        return shares_of(today_, ways_[demand]);
    }
    [[nodiscard]] std::optional<shares> shares_along(std::uint32_t demand,
                                                     const segment_lists& lists);
    // From now on the demand has these choices.
    void set_choices(std::uint32_t demand, std::vector<segment_lists> choices);

private:
    static constexpr std::uint32_t no_group = 0xffffffff;
    static constexpr std::uint32_t by_shortest = 0xffffffff;

    struct leg {
        std::uint32_t group = no_group;
        topology::node_number from = topology::nobody;
        double share = 0;
    };
    // How a demand is routed.
    struct way {
        std::vector<leg> legs;
        shares links;  // those that segments name
        std::uint32_t choice = by_shortest;
        bool routable = false;
        bool fickle = false;  // which legs there are depends on distances (anycast)
    };
    struct group {
        std::uint8_t algorithm = 0;
        topology::node_number to = topology::nobody;
        topology::tree tree;
        shares loads;
        std::vector<std::uint32_t> users;  // demands with a leg here, in order
    };
    // The network as a search sees it: with all links, or without some.
    struct world {
        std::map<std::uint8_t, topology::plane> planes;
        std::vector<std::uint8_t> failed;               // by link; empty: none
        std::vector<topology::link_number> gone;        // the same as a list
        std::map<std::uint32_t, topology::tree> trees;  // of groups that differ from now
        std::vector<std::uint8_t> looked;               // by group: whether it differs is known
    };
    // What replaces ways of now while the effect of a failure is added up.
    using detours = std::map<std::uint32_t, way>;

    // traffic.cc
    [[nodiscard]] const topology::plane& plane_of(world& in, std::uint8_t algorithm);
    [[nodiscard]] std::uint32_t group_for(std::uint8_t algorithm, topology::node_number to);
    [[nodiscard]] const topology::tree& tree_of(world& in, std::uint32_t number);
    [[nodiscard]] bool touches(const world& in, const group& g) const;
    void spread(world& in, std::uint32_t number, shares& loads);
    void inject(const way& w, std::uint32_t number, bits_per_second rate);
    void place_group(std::uint32_t number);
    void add_way(std::uint32_t demand);
    void remove_way(std::uint32_t demand);
    void list_unroutable();
    [[nodiscard]] shares shares_of(world& in, const way& w);

    // traffic_failures.cc
    [[nodiscard]] world without(const failure& f) const;
    void find_detours(const failure& f, world& in, const reroute& otherwise, detours& found,
                      placement& result);
    void replace_loads(world& in, const detours& found, placement& result);

    // traffic_ways.cc
    [[nodiscard]] way route(world& in, std::uint32_t number, const reroute* otherwise);
    [[nodiscard]] bool follow_lists(world& in, const routed_demand& d, const segment_lists& lists,
                                    way& made);
    [[nodiscard]] bool follow(world& in, const routed_demand& d,
                              std::span<const topology::segment> segments, double share, way& made);
    [[nodiscard]] bool step(world& in, const topology::segment& s, double share,
                            topology::node_number& at, way& made);
    [[nodiscard]] bool step_parallel(world& in, const topology::segment& s, double share,
                                     topology::node_number& at, way& made);
    [[nodiscard]] bool step_binding(world& in, const topology::segment& s, double share,
                                    topology::node_number& at, way& made);
    [[nodiscard]] bool step_anycast(world& in, const topology::segment& s, double share,
                                    topology::node_number& at, way& made);
    [[nodiscard]] bool go(world& in, std::uint8_t algorithm, topology::node_number to, double share,
                          topology::node_number& at, way& made);
    [[nodiscard]] bool usable(const world& in, topology::link_number l) const;

    const topology::map& map_;
    std::vector<routed_demand> demands_;
    std::vector<way> ways_;  // of demands, now
    std::vector<group> groups_;
    std::map<std::pair<std::uint8_t, topology::node_number>, std::uint32_t> group_numbers_;
    std::vector<std::vector<std::uint32_t>> link_users_;  // demands whose segments name the link
    std::vector<std::uint32_t> fickle_;
    world today_;
    placement now_;
    paths::sid_reader sids_;
    topology::binding_paths bindings_;
    topology::spf_workspace memory_;
    std::vector<double> flows_;  // by node
};

}  // namespace rhumb::controller

// Links that have become better, and the least cost of a path over one of them: a policy whose path
// costs less has nothing to hope for. Threads: one at a time, with the map.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "controlplane/paths/constraints.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/spf.hh"

namespace rhumb::paths {

class improvements {
public:
    improvements(const topology::map& m, std::span<const topology::link_number> links)
        : map_(m), links_(links) {}

    // A plane of the constraints' metric without what their affinities and excluded links leave
    // out: nothing that they allow is missing. `id` tells constraints apart.
    static constexpr std::uint32_t igp = 0xffffffff;  // id of the plane that node SIDs follow
    [[nodiscard]] std::size_t plane_for(std::uint32_t id, const constraints& within);

    // Whether a path between the nodes over one of the links could cost no more than this. Equal
    // cost counts: of equal paths another one may be taken.
    [[nodiscard]] bool reach(std::size_t plane, topology::node_number from,
                             topology::node_number to, topology::distance cost);

private:
    struct detour {  // over one link
        topology::cost over = 0;
        const topology::tree* before = nullptr;  // to where it begins
        const topology::tree* behind = nullptr;  // from where it ends
    };
    struct searched {
        topology::plane view;
        std::map<topology::node_number, topology::tree> to;
        std::map<topology::node_number, topology::tree> from;
        std::vector<detour> detours;
    };
    void search(searched& in);

    const topology::map& map_;
    std::span<const topology::link_number> links_;
    std::map<std::uint32_t, std::size_t> numbers_;
    std::vector<searched> planes_;
    topology::spf_workspace memory_;
};

}  // namespace rhumb::paths

// What policies need of path computation, from cspf.hh, compress.hh and reservations.hh: paths that
// keep to constraints, the segments that pin them, bandwidth. Trees are kept from one path to the
// next, so that policies of equal constraints at one headend share them.
// Threads: one at a time, with the map.
#pragma once

#include <set>
#include <utility>

#include "controlplane/paths/compress.hh"
#include "controlplane/paths/cspf.hh"
#include "controlplane/paths/policies.hh"
#include "controlplane/paths/reservations.hh"

namespace rhumb::paths {

class policy_services {
public:
    // Without reservations every link is free.
    explicit policy_services(const topology::map& m, reservations* reserved = nullptr);
    policy_services(const policy_services&) = delete;
    policy_services& operator=(const policy_services&) = delete;

    // To be called when the map has changed, before policies are updated. It passes on to the
    // reservations.
    void update();

    // Binding SIDs that policies have: the map does not say where they lead.
    void set_bound(std::set<binding_place> bound) { engine_.set_bound(std::move(bound)); }

    // They live as long as this does.
    [[nodiscard]] path_services services(label_services labels = {});

    [[nodiscard]] std::optional<computed_list> compute(topology::node_number headend,
                                                       topology::node_number endpoint,
                                                       const constraints& within,
                                                       owner_id owner = no_owner) {
        return compute(headend, std::span(&endpoint, 1), within, owner);
    }
    // To the nearest of several.
    [[nodiscard]] std::optional<computed_list> compute(
        topology::node_number headend, std::span<const topology::node_number> endpoints,
        const constraints& within, owner_id owner = no_owner);
    void compute_many(topology::node_number headend, const constraints& within,
                      std::span<const topology::node_number> endpoints,
                      std::span<std::optional<computed_list>> found);
    [[nodiscard]] std::optional<computed_list> compute_ecmp(topology::node_number headend,
                                                            topology::node_number endpoint,
                                                            const constraints& within);
    [[nodiscard]] bool keeps_to(topology::node_number headend, topology::node_number endpoint,
                                std::span<const topology::link_number> links,
                                const constraints& within, bool ecmp, owner_id owner) const;
    [[nodiscard]] computed_pair compute_pair(const pair_request& asked, const constraints& within);
    [[nodiscard]] std::optional<topology::segments> encode(
        topology::node_number headend, std::span<const topology::link_number> links,
        const compress_options& options = {});
    // Why compute() has found none; empty: it finds one now.
    [[nodiscard]] std::string why_none(topology::node_number headend,
                                       std::span<const topology::node_number> endpoints,
                                       const constraints& within, owner_id owner,
                                       std::span<const std::string> affinities = {});
    // Binding SIDs that would make the links' path fit into the headend's MSD.
    [[nodiscard]] std::optional<split_segments> proposal(
        topology::node_number headend, std::span<const topology::link_number> links,
        std::size_t reserved_labels = 0);

private:
    [[nodiscard]] std::vector<topology::link_number> spelling_links(
        std::span<const topology::link_number> links);
    void list_sids();

    const topology::map& map_;
    reservations* reserved_;
    path_finder finder_;
    path_engine engine_;
};

}  // namespace rhumb::paths

// Branch and bound over what each path of a pair must not use. A part of disjoint.hh.
// Threads: any.
#pragma once

#include <span>

#include "controlplane/paths/disjoint.hh"

namespace rhumb::paths {

class pair_search {
public:
    pair_search(const topology::map& m, std::span<const topology::node_number> from,
                std::span<const topology::node_number> to, const constraints& limits,
                const disjoint_options& options, const bandwidth_pool& pool)
        : map_(m), from_(from), to_(to), limits_(limits), options_(options), pool_(pool) {}

    // The best disjoint pair that keeps the bounds; `unbound` is the best by links and nodes, and
    // comes back where there is none.
    [[nodiscard]] path_pair disjoint(const path_pair& unbound, bool keeps_bounds) const;
    // Whether the first path of a pair ends where it may, if the ends are in order.
    [[nodiscard]] bool is_straight(const path& first) const {
        return !options_.ends_in_order || from_.size() != 2 || to_.size() != 2 ||
               map_.graph().to[first.links.back()] == to_.front();
    }
    // A pair within the bounds that shares little, where no disjoint one is known.
    [[nodiscard]] pair_result least_shared(const path_pair& unbound) const;

private:
    struct side {
        topology::node_number from = topology::nobody;
        topology::node_number to = topology::nobody;
        constraints limits;
        path shortest;
    };
    struct branch {
        topology::distance bound = 0;
        std::uint32_t order = 0;  // the earlier of equals comes first
        side sides[2];
    };
    struct progress {
        path_pair best;
        topology::distance sum = topology::unreachable;
        bool complete = true;  // nothing has been left out
        std::size_t branches = 0;
    };

    enum class risk_kind : std::uint8_t { srlg, node, link };
    struct risk {
        risk_kind kind = risk_kind::link;
        std::uint32_t number = 0;
    };
    // Things to branch by that are tried for each pair of paths, at most.
    static constexpr std::size_t max_candidates = 8;

    // Who ends where: one way, or with two ends on both sides two.
    [[nodiscard]] std::vector<branch> beginnings() const;
    // Computes a side anew; false where nothing is left for it.
    bool find(side& s, progress& done) const;
    void explore(branch first, topology::distance least, progress& done) const;
    void complete_first(const branch& b, progress& done) const;
    [[nodiscard]] std::vector<branch> split_by(const branch& b, const risk& shared,
                                               progress& done) const;
    void split(const branch& b, std::vector<branch>& heap, progress& done) const;
    void take(const path& a, const path& b, progress& done) const;
    [[nodiscard]] path_pair make_pair(const path& a, const path& b) const;
    // Forbids what `p` uses, as far as the kind of disjointness goes.
    void forbid_all(const path& p, constraints& limits) const;
    [[nodiscard]] shared_risks risks(const path& p) const;

    const topology::map& map_;
    std::span<const topology::node_number> from_;
    std::span<const topology::node_number> to_;
    const constraints& limits_;
    const disjoint_options& options_;
    bandwidth_pool pool_;
};

}  // namespace rhumb::paths

// Which policies re-optimisation may move, and where: paths that keep to all that the policy's own
// path has to keep to (constraints, bandwidth, disjointness, the MSD), over links that have room.
// Moves of one plan count on nothing that an earlier one sets free, and take nothing from it: each
// is possible with those before it and without them.
// Threads: one at a time, as policies; these may not change while this is in use.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "controlplane/controller/demands.hh"
#include "controlplane/controller/reoptimise.hh"
#include "controlplane/paths/policies.hh"
#include "controlplane/paths/reservations.hh"

namespace rhumb::controller {

class policy_moves {
public:
    // `held`: what the policies have reserved.
    policy_moves(const topology::map& m, paths::policies& policies, const paths::reservations& held,
                 std::span<const demand> demands)
        : map_(m), policies_(policies), reserved_(held), demands_(demands) {}
    policy_moves(const policy_moves&) = delete;
    policy_moves& operator=(const policy_moves&) = delete;

    // Demands that are all that takes their policy, to its endpoint, where the policy can move.
    [[nodiscard]] std::vector<std::uint32_t> movable();
    // For reoptimise(). They live as long as this does.
    [[nodiscard]] alternatives ways();
    // A candidate path for the demand's policy that goes before all others of it.
    // Precondition: the move came of ways().
    [[nodiscard]] paths::candidate_path candidate_for(const move& one);

private:
    [[nodiscard]] const std::optional<paths::replacement>& replacement_for(std::uint32_t demand);
    [[nodiscard]] std::vector<alternative> find(std::uint32_t demand,
                                                std::span<const bits_per_second> room);
    void decide(const move& one);
    [[nodiscard]] bool may_move(const paths::replacement& what, const paths::policy_key& key) const;

    const topology::map& map_;
    paths::policies& policies_;
    paths::reservations reserved_;  // with those of moves, beside what they move from
    std::span<const demand> demands_;
    std::unordered_map<std::uint32_t, std::optional<paths::replacement>> replacements_;
    std::set<paths::policy_key> moved_;
    std::set<paths::policy_key> held_;  // moves need them as they are
};

}  // namespace rhumb::controller

// SR policies (RFC 9256) on the map: those of this node, which go into its tables, and where it is
// the network's controller those of other headends as well. Candidate paths come from a topology
// file; what of them is active follows the map. Threads: one at a time, with the map.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "controlplane/config/policies_file.hh"
#include "controlplane/labels/label_owner.hh"
#include "controlplane/paths/policies.hh"
#include "controlplane/paths/policy_services.hh"
#include "controlplane/paths/reservations.hh"
#include "controlplane/paths/steering.hh"
#include "controlplane/routing/own_labels.hh"
#include "controlplane/routing/whole_map.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::routing {

using paths::microseconds;

// Of what a file says the policies of one headend, and those that their paths depend on.
[[nodiscard]] config::resolved_policies of_headend(config::resolved_policies all,
                                                   topology::node_number headend);

class own_policies {
public:
    // `source`: what the map is made of, where more than it tells may count; outlives this, as the
    // map does.
    own_policies(const topology::map& m, topology::node_number own, own_blocks own_labels,
                 const paths::policies_options& options = {}, const whole_map* source = nullptr);
    own_policies(const own_policies&) = delete;
    own_policies& operator=(const own_policies&) = delete;

    // These policies from now on: what is equal goes on undisturbed. To be followed by update().
    // From a new file, not only of a new map: labels that nobody advertises any more are free.
    void replace(const config::resolved_policies& all, bool is_new_file);

    // Looks at what a change of the map concerns, and at what is due. What is in force may differ
    // afterwards.
    [[nodiscard]] paths::evaluation update(const topology::change& changed, microseconds now);
    [[nodiscard]] microseconds due() const { return policies_.due(); }

    // Re-optimisation (controller/policy_traffic.hh): a candidate path for a policy, in place of
    // the one that it was given this way before. To be followed by update().
    void move(const paths::policy_key& key, paths::candidate_path path);
    // Takes it away again.
    void forget_move(const paths::policy_key& key);
    // What moves have given to policies.
    [[nodiscard]] std::map<paths::policy_key, paths::candidate_path> moves() const;
    // Takes all of them away again; how many.
    std::size_t forget_moves();
    // Whether nothing of its lists is under way.
    [[nodiscard]] bool is_settled(const paths::policy_key& key) const;

    [[nodiscard]] const own_blocks& own_labels() const { return own_labels_; }
    [[nodiscard]] const paths::policies_options& options() const { return options_; }
    // Of this node, for its tables.
    [[nodiscard]] std::vector<paths::installed_policy> installed() const {
        return steering_.installed();
    }
    [[nodiscard]] const paths::policies& all() const { return policies_; }
    [[nodiscard]] const paths::steering& steered() const { return steering_; }
    [[nodiscard]] const std::vector<config::resolved_demand>& demands() const { return demands_; }
    // For a plan of moves.
    [[nodiscard]] paths::policies& to_plan_with() { return policies_; }
    [[nodiscard]] const paths::reservations& reserved() const { return reserved_; }
    // Whether what it has is the move that it was given last.
    [[nodiscard]] bool follows_move(const paths::policy_key& key) const;
    // What affinities are called, by bit.
    void name_affinities(std::vector<std::string> names) { affinities_ = std::move(names); }
    // What came of a candidate, in words: why it is not valid, what would make it so, its pair.
    [[nodiscard]] std::string reason_of(const paths::policy_state& policy,
                                        std::size_t candidate) const;

private:
    [[nodiscard]] paths::label_services label_services();
    struct headend_labels {
        labels::label_owner owner;
        std::vector<topology::label_block> srgb;
        std::vector<topology::label_block> srlb;
        std::vector<std::uint32_t> taken;  // by what it advertises, in order
    };
    [[nodiscard]] headend_labels* labels_of(topology::node_number headend);
    // With links that are down: their labels stay theirs.
    [[nodiscard]] const topology::advertisement* whole_of(topology::node_number node) const {
        return source_ == nullptr ? map_.said(node) : source_->said(map_.name(node));
    }
    void renew_labels();
    using given_policies = std::map<paths::policy_key, config::resolved_policy>;
    void set(const config::resolved_policy& wanted);
    void forget_moves_of_groups(const given_policies& next);

    const topology::map& map_;
    const whole_map* const source_;
    const topology::node_number own_;
    const own_blocks own_labels_;
    const paths::policies_options options_;
    std::map<topology::node_number, headend_labels> labels_;
    bool all_labels_ = false;  // those that are not advertised any more are free
    paths::reservations reserved_;
    mutable paths::policy_services services_;  // it remembers what it has computed
    paths::policies policies_;
    paths::steering steering_;
    // What replace() was given.
    given_policies given_;
    std::map<paths::policy_key, paths::candidate_key> moved_;
    std::set<ip_prefix> routes_;
    std::vector<config::resolved_demand> demands_;
    std::vector<std::string> affinities_;
};

}  // namespace rhumb::routing

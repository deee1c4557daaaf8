// One node's place in the network: the map, what follows from it for this node (shortest paths,
// repairs, policies, tables), and how the tables change as the map does. With [controller] it also
// computes for all others: what they send, and which policies should move. No I/O but for reading
// a topology file, no clock of its own: times count from any time on.
//
//   file or config ─> whole_map ──> map ──> planes, trees ──> repairs ──┐
//   own links ─────────^             └──> labels ───────────────────────┼──> computed_tables
//                                    └──> policies ─────────────────────┘         │ difference
//                                                                                 v
//                                                                              changes
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/config/topology_file.hh"
#include "controlplane/controller/demands.hh"
#include "controlplane/controller/rates.hh"
#include "controlplane/controller/reoptimise.hh"
#include "controlplane/controller/report.hh"
#include "controlplane/labels/sid_labels.hh"
#include "controlplane/publish/computed.hh"
#include "controlplane/routing/own_policies.hh"
#include "controlplane/routing/policies_text.hh"
#include "controlplane/routing/whole_map.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/microloop.hh"
#include "controlplane/topology/ti_lfa.hh"

namespace rhumb::routing {

// What an algorithm sees of the map, and its repairs here.
struct algorithm_state {
    std::uint8_t algorithm = 0;
    topology::plane view;
    std::vector<topology::link_repairs> repairs;
    // Of microloop avoidance: when to stop pinning, from which plane on, and the pinned paths.
    topology::convergence_timer timer{{}};
    topology::plane before{};
    std::optional<topology::pinned_paths> pinned;
};

// What a report or a plan says where nothing is known of what is sent.
[[nodiscard]] error no_demands();

class network {
public:
    // For a configuration with [topology]; a file that it names is sought from its folder on.
    // Errors have their place in the one or the other.
    [[nodiscard]] static result<std::unique_ptr<network>> open(const config::file& file);
    // The same for a configuration that was read anew. An error leaves everything as it was, and so
    // does revert(), which may come until the next compute().
    [[nodiscard]] result<void> reload(const config::file& file);
    void revert();

    // Own links of the map that have a next hop.
    [[nodiscard]] std::span<const config::topology_section::adjacency> adjacencies() const {
        return state_->links;
    }
    // Whether a link of this node carries packets. A failure is left to repairs for the local delay
    // (RFC 8333), unless another change comes. True if tables are to be computed anew.
    bool set_link(std::string_view link, bool up, microseconds now);

    // What another node says of itself, or that a link of it is down (whole_map.hh). True if tables
    // are to be computed anew.
    [[nodiscard]] result<bool> hear(topology::advertisement said);
    bool hear_down(std::string_view node, std::string_view link, std::uint64_t version);

    // Tables for the map as it is; an error where they would loop.
    [[nodiscard]] result<publish::computed_tables> compute(microseconds now);
    // When they should be computed again, even if nothing happens.
    [[nodiscard]] microseconds due() const;
    // These are in force.
    void adopt(publish::computed_tables now) { tables_ = std::move(now); }
    [[nodiscard]] const publish::computed_tables& tables() const { return tables_; }
    // Whether the tables in force have it.
    [[nodiscard]] bool has(mpls::label label) const;
    [[nodiscard]] bool has(const ip_prefix& prefix) const;
    [[nodiscard]] bool has_nexthop(std::string_view name) const;

    [[nodiscard]] const topology::map& map() const { return map_; }
    // Own links that are down, which the map has not.
    [[nodiscard]] std::vector<topology::link> own_links_down() const {
        return source_.own_links_down();
    }
    [[nodiscard]] topology::node_number own() const { return own_; }
    [[nodiscard]] const labels::sid_labels& labels() const { return *labels_; }
    [[nodiscard]] std::span<const algorithm_state> algorithms() const { return algorithms_; }
    // How repairs are computed in an algorithm.
    [[nodiscard]] topology::ti_lfa_options repair_options(std::uint8_t algorithm) const;
    // Null before the first compute().
    [[nodiscard]] const own_policies* policies() const { return policies_.get(); }
    [[nodiscard]] std::span<const std::string> affinities() const { return state_->affinities; }
    // What the map's file says of policies, routes and demands, in its own words.
    [[nodiscard]] const policies_in_words& policies_text() const { return state_->policies_text; }
    [[nodiscard]] const config::topology_section& section() const {
        return *state_->configured.topology;
    }
    [[nodiscard]] const std::optional<config::controller_section>& controller() const {
        return state_->configured.controller;
    }
    // Ends when the map or policies change: what was made of them is of the past then.
    [[nodiscard]] std::weak_ptr<const int> moment() const { return moment_; }

    // network_controller.cc. What was counted, here or elsewhere, in terms of this map.
    void apply(std::span<const controller::counter_report> reports) { counted_.apply(reports); }
    // Own counters that have not been read since then are gone.
    void forget_counters_before(microseconds at) { counted_.forget_before(own_, at); }
    [[nodiscard]] const controller::collector& counted() const { return counted_; }
    // Of the file, or measured, as [controller] says.
    [[nodiscard]] std::vector<controller::demand> demands() const;
    // Which policies should move. `to_be_done`: those of this node alone may, and will, one after
    // the other, each once the one before has settled; tables are to be computed anew then.
    // Precondition: computed before.
    [[nodiscard]] result<controller::report::plan> reoptimise(
        const controller::reoptimise_options& options, bool to_be_done);
    // Back to the policies as they were given; how many had been moved.
    std::size_t revert_moves();
    [[nodiscard]] std::size_t moves_waiting() const { return moves_.size(); }

private:
    // What a configuration and its map say.
    struct loaded {
        config::file configured;  // without its rules: `rules` knows them
        std::optional<publish::static_rules> rules;
        std::string own_name;
        std::vector<config::topology_section::adjacency> links;
        std::vector<std::string> affinities;
        std::vector<topology::advertisement> nodes;
        config::policies_file policies;
        std::string path;
        policies_in_words policies_text;
    };
    struct policy_move {
        paths::policy_key policy;
        paths::candidate_path path;
    };

    // Moves that are done, and those that wait.
    struct all_moves {
        std::map<paths::policy_key, paths::candidate_path> done;
        std::deque<policy_move> waiting;
    };

    explicit network(std::string own_name) : source_(std::move(own_name)) {}
    [[nodiscard]] static result<std::unique_ptr<loaded>> load(const config::file& file);
    [[nodiscard]] result<void> take(std::unique_ptr<loaded> next);
    void replace_policies();
    // Whether the map or what policies have in force has changed.
    bool update_policies(microseconds now);
    bool fail_held_links();
    bool note(const topology::change& changed);
    void compute_algorithms(microseconds now);
    void list_algorithms();
    void pin_paths(algorithm_state& one, topology::plane next, microseconds now);

    topology::map map_;
    whole_map source_;
    std::unique_ptr<loaded> state_;
    std::unique_ptr<loaded> previous_;
    topology::node_number own_ = topology::nobody;
    std::optional<labels::sid_labels> labels_;
    std::vector<algorithm_state> algorithms_;
    std::uint64_t numbered_ = 0;  // for which numbering of links they are
    topology::repair_computer repairs_;
    topology::microloop_avoider avoider_;
    std::unique_ptr<own_policies> policies_;
    bool new_policies_ = false;                // to be taken with the next compute()
    bool new_file_ = false;                    // and they are of another file
    std::deque<policy_move> moves_;            // to be done, in this order ...
    std::optional<paths::policy_key> moving_;  // ... after this one
    all_moves before_reload_;
    std::optional<all_moves> restored_;        // to be taken with the next compute()
    topology::convergence_timer hold_{{}};     // of failures of own links
    std::set<std::string, std::less<>> held_;  // these
    controller::collector counted_;
    std::shared_ptr<const int> moment_;
    topology::change changed_;  // since the last one
    publish::table_computer computer_;
    publish::computed_tables tables_;
};

}  // namespace rhumb::routing

// One computation of tables (computed.hh) in its parts: next hops with backups, rules for prefixes,
// adjacencies and policies. Threads: control.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/labels/list_reader.hh"
#include "controlplane/publish/computed.hh"

namespace rhumb::publish {

// What an algorithm's shortest paths from here are. Kept from one computation to the next for its
// memory.
struct own_view {
    topology::tree tree;
    topology::first_hops hops;
    topology::spf_workspace search;
};

// Searches for each algorithm.
void search_from_here(const computed_inputs& from, std::span<own_view> views);

// As computed.hh says, with what has been searched already.
[[nodiscard]] result<void> check_loops(const computed_inputs& from, const computed_tables& tables,
                                       std::span<const own_view> views);

// "policy to ENDPOINT color COLOR".
[[nodiscard]] std::string policy_name(const paths::installed_policy& policy);

// One link of this node.
struct own_link {
    topology::link_number number = topology::nobody;
    topology::node_number to = topology::nobody;
    const topology::link* said = nullptr;  // null: it is gone
    const config::nexthop* hop = nullptr;  // null: none is named for it
    std::size_t msd = 0;
    bool noted = false;  // that there is no next hop
};

// One way for packets to a prefix to leave.
struct way {
    std::uint32_t position = 0;                       // of the link at this node
    mpls::label out = mpls::implicit_null;            // on top; implicit null: none
    std::uint32_t object = 0;                         // next hop, by number here
    topology::node_number source = topology::nobody;  // where it ends
    std::uint16_t weight = 1;
    // Below `out`, of policies and pinned ways only: these push a list, also one of `out` alone.
    std::vector<mpls::label> rest;
    bool is_list = false;
};

class computation {
public:
    // The views are those of search_from_here().
    computation(const computed_inputs& from, std::span<own_view> views);
    [[nodiscard]] computed_tables run();

private:
    // Where a repair leads to: what a packet for it must have on top at a node.
    struct destination {
        topology::node_number node = topology::nobody;
        topology::prefix_number prefix = topology::nobody;  // nobody: none of a SID's
        std::size_t view = 0;                               // number of the algorithm
        mpls::label last = mpls::implicit_null;             // what the last hop sends it with
        bool by_node_sid = false;  // several nodes have the prefix: only this one is meant
    };
    // A repair in labels.
    struct stack {
        std::uint32_t out = 0;  // position
        std::vector<mpls::label> labels;
        topology::node_number end = topology::nobody;
        bool at_destination = false;
        bool usable = false;
    };
    // A next hop: own_link `position`'s, with a backup where there is a stack.
    struct object {
        std::uint32_t position = 0;
        std::uint32_t out = 0;
        std::vector<mpls::label> push;
        bool replace = false;
        bool used = false;  // by a rule
        std::string name;
        friend bool operator==(const object& a, const object& b) {
            return a.position == b.position && a.out == b.out && a.replace == b.replace &&
                   a.push == b.push;
        }
    };
    struct repairs_of_link {
        const topology::link_repairs* given = nullptr;
        std::vector<std::uint32_t> stacks;  // by repair, number + 1; 0: not made yet
    };

    // computation.cc
    void find_links();
    void say(note_kind kind, std::string text) { made_.notes.push_back({kind, std::move(text)}); }
    [[nodiscard]] bool is_own_label(mpls::label label, std::string_view whose);
    [[nodiscard]] bool is_usable(own_link& link);
    void add_next(mpls::label label);
    // CONTINUE, or for a binding SID PUSH; a POP where nothing is to be sent on top.
    void add_label(mpls::label label, std::span<const way> ways, bool is_binding);
    void add_prefix(const ip_prefix& match, std::span<const way> ways);
    [[nodiscard]] config::path path_of(const way& w);
    [[nodiscard]] std::uint32_t paths_of(std::span<const way> ways, bool with_outs);
    [[nodiscard]] std::uint32_t pushing_paths_of(std::span<const way> ways, std::uint32_t& list);
    void finish();

    // computation_backups.cc
    [[nodiscard]] std::uint32_t object_for(std::uint32_t position, const destination& to,
                                           mpls::label have, std::size_t rest, bool imposes);
    [[nodiscard]] const stack* stack_for(std::uint32_t position, const destination& to);
    [[nodiscard]] std::uint32_t detour_for(std::uint32_t position, const destination& to);
    [[nodiscard]] stack resolved(const topology::repair& r);
    [[nodiscard]] std::optional<mpls::label> wanted(const stack& s, const destination& to) const;
    [[nodiscard]] std::uint32_t object_with(std::uint32_t position, const stack& s,
                                            mpls::label tail, bool replace);

    // computation_prefixes.cc
    void add_prefix_sids(std::size_t view);
    void add_ip_prefixes();
    // Ways to the nearest of the nodes that have the prefix, with its SID's label or plainly;
    // `imposes`: for packets that come without a label.
    void find_ways(topology::prefix_number p, std::size_t view, bool labelled, bool imposes,
                   std::vector<way>& ways);
    // The pinned way, if there is one.
    [[nodiscard]] bool find_pinned(topology::prefix_number p, std::size_t view,
                                   topology::node_number source, std::vector<way>& ways);
    [[nodiscard]] bool ends_with_sid(topology::prefix_number p) const;
    [[nodiscard]] std::optional<mpls::label> label_towards(topology::prefix_number p,
                                                           std::size_t view,
                                                           topology::node_number source,
                                                           topology::node_number neighbour,
                                                           bool mind_family) const;
    [[nodiscard]] topology::distance distance_to(const topology::prefix_source& source,
                                                 std::size_t view) const;

    // computation_policies.cc
    [[nodiscard]] std::optional<std::size_t> view_of(std::uint8_t algorithm) const;
    void add_adjacencies();
    [[nodiscard]] way over_link(std::uint32_t position, bool is_protected, std::uint8_t weight);
    void add_policies();
    [[nodiscard]] std::vector<way> ways_of(const paths::installed_policy& policy);
    // Nothing, and a note, where the list cannot be imposed. `whose`: "a list of the policy ...".
    [[nodiscard]] std::vector<way> ways_of(const topology::segments& list,
                                           const std::string& whose);
    [[nodiscard]] bool first_ways(const topology::segment& first, std::vector<way>& ways,
                                  std::vector<topology::node_number>& ends);
    [[nodiscard]] std::vector<topology::node_number> ends_of(const topology::segment& s,
                                                             topology::node_number at) const {
        return lists_.ends_of(s, at);
    }
    [[nodiscard]] bool is_on_map(const topology::segment& s) const;
    [[nodiscard]] bool ends_here(const topology::segment& s) const;
    [[nodiscard]] topology::segments leading_out(topology::segments list) const;
    void protect(std::vector<way>& ways, const topology::segment& first);
    [[nodiscard]] std::optional<topology::link_number> link_with(mpls::label label) const;

    // computation_bindings.cc
    void find_lists_that_come_back();
    void add_bindings();
    void note_other_end(const paths::installed_policy& policy, topology::node_number end,
                        const std::string& binding);

    // computation_steering.cc
    void steer(std::span<const std::vector<way>> ways);
    [[nodiscard]] std::set<topology::node_number> ends_of(
        const paths::installed_policy& policy) const;
    [[nodiscard]] std::string_view astray(const ip_prefix& steered,
                                          const paths::installed_policy& policy);

    const computed_inputs& from_;
    const topology::graph& g_;
    labels::list_reader lists_;
    std::span<own_view> views_;
    std::vector<own_link> links_;                        // by position
    std::vector<std::vector<repairs_of_link>> repairs_;  // by algorithm and position
    std::vector<stack> stacks_;
    std::map<std::pair<std::uint32_t, topology::node_number>, std::uint32_t> detours_;
    std::vector<object> objects_;  // the first ones: own links without a backup
    std::unordered_multimap<std::size_t, std::uint32_t> object_numbers_;  // by hash
    std::vector<std::uint32_t> single_paths_;  // by object: list with it alone, number + 1
    std::map<std::vector<std::uint64_t>, std::uint32_t> path_numbers_;
    std::vector<bool> taken_;  // labels
    std::set<const paths::weighted_segments*> coming_back_;
    std::unordered_set<ip_prefix, ip_prefix_hash> steered_;
    std::vector<bool> too_deep_;  // by position: noted
    computed_tables made_;
};

}  // namespace rhumb::publish

// From this node's place on the map to tables: labels, prefixes, next hops and their backups
// (RFC 8660, 8402; repairs RFC 9855; policies RFC 9256). What comes out are values in the terms of
// the configuration, so that they go into the tables, and are shown, as a file's rules are:
//
//   map, labels, repairs, policies --compute()--> computed_tables --difference()--> changes
//                                                     |  check_loops()             --> forwarding
//
// What a file says itself comes first: a computed rule for the same label or prefix is left out,
// and noted. Next hops are those of the file, one for each own link of the map; with a backup they
// become another, which is called after the way of the repair ("r2~via-r4~16004/15000": push these;
// "r2~via-r4=16004": in place of the top label) and is up and down with the one of the file.
// Threads: control.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/labels/sid_labels.hh"
#include "controlplane/paths/policy_lists.hh"
#include "controlplane/paths/policy_split.hh"
#include "controlplane/publish/forwarding.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/microloop.hh"
#include "controlplane/topology/spf.hh"
#include "controlplane/topology/ti_lfa.hh"
#include "rhumb/result.hh"

namespace rhumb::publish {

// What a configuration says itself, to be asked by label, prefix and name. Holds on to the file.
class static_rules {
public:
    explicit static_rules(const config::file& file);

    [[nodiscard]] const config::node& node() const noexcept { return file_.node; }
    [[nodiscard]] bool has(mpls::label label) const { return labels_[label]; }
    [[nodiscard]] bool has(const ip_prefix& prefix) const { return prefixes_.contains(prefix); }
    // Null: there is none.
    [[nodiscard]] const config::nexthop* nexthop(std::string_view name) const;
    // Labels that may be pushed towards a next hop, by the file.
    [[nodiscard]] std::size_t msd_of(const config::nexthop& hop) const;
    // Whether rules may be for this label.
    [[nodiscard]] bool in_a_block(mpls::label label) const;

private:
    const config::file& file_;
    std::vector<bool> labels_;
    std::unordered_set<ip_prefix, ip_prefix_hash> prefixes_;
    std::unordered_map<std::string_view, const config::nexthop*> nexthops_;
};

// One algorithm as this node sees it.
struct algorithm_inputs {
    std::uint8_t algorithm = 0;
    const topology::plane* view = nullptr;
    // Of own links, in any order; links without are not protected.
    std::span<const topology::link_repairs> repairs;
    // While the network converges: ways that mean the same before and after. Null: it does not.
    const topology::pinned_paths* pinned = nullptr;
};

struct computed_inputs {
    const topology::map& map;
    const labels::sid_labels& labels;
    topology::node_number own = topology::nobody;
    std::span<const algorithm_inputs> algorithms;
    std::span<const paths::installed_policy> policies;
    // Own links of the map and their next hops.
    std::span<const config::topology_section::adjacency> links;
    const static_rules& configured;
    // Binding SIDs of policies elsewhere that lists name, by node and label.
    std::span<const paths::offered_binding> offers;
};

enum class note_kind : std::uint8_t {
    conflict,        // somebody else has the label or prefix: the configuration, or another SID
    beyond_srgb,     // no label stands for an index
    outside_block,   // a label of none of this node's blocks
    no_nexthop,      // a link that no next hop is named for
    msd,             // a stack that is too long
    unresolved,      // a segment that no label or no way stands for
    unprotected,     // a repair that cannot be installed
    too_many_paths,  // more than a group holds
    loop,            // traffic that would come back
};

struct note {
    note_kind kind = note_kind::conflict;
    std::string text;
    friend bool operator==(const note&, const note&) = default;
};

struct computed_tables {
    std::vector<config::nexthop> nexthops;  // by name; those that a backup makes
    config::rules rules;                    // by label and by prefix
    std::vector<note> notes;
};

// Makes tables; keeps its memory for the next time.
class table_computer {
public:
    table_computer();
    table_computer(const table_computer&) = delete;
    table_computer& operator=(const table_computer&) = delete;
    ~table_computer();

    // An error: the tables would loop, and where.
    [[nodiscard]] result<computed_tables> compute(const computed_inputs& from);

private:
    class memory;
    std::unique_ptr<memory> memory_;
};

// Walks what is to be published over the map, the other nodes taken to follow their shortest paths:
// no packet may come back. Plain rules send to neighbours whose shortest path does not lead by
// here; repairs lead where no shortest path uses what has failed.
[[nodiscard]] result<void> check_loops(const computed_inputs& from, const computed_tables& tables);

// What to change where `old` is in force, for `now` to be: rules and next hops that differ.
[[nodiscard]] changes difference(const computed_tables& old, const computed_tables& now);

}  // namespace rhumb::publish

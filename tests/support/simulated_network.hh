// A network in memory: every node of a map with its own tables, computed from the map by the parts
// that a router is made of. simulated_routers.hh has whole routers. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/labels/sid_labels.hh"
#include "controlplane/publish/computed.hh"
#include "controlplane/publish/forwarding.hh"
#include "controlplane/topology/map.hh"
#include "tests/support/walked_network.hh"

namespace rhumb::test {

// Own links, each with the next hop of its name.
[[nodiscard]] std::vector<config::topology_section::adjacency> links_of(const topology::map& m,
                                                                        topology::node_number node);

// Everything that a computation wants, for one node.
struct node_inputs {
    std::vector<topology::plane> planes;
    std::vector<std::vector<topology::link_repairs>> repairs;
    std::vector<publish::algorithm_inputs> algorithms;
    std::vector<paths::installed_policy> policies;
    std::vector<config::topology_section::adjacency> links;
    std::unique_ptr<config::file> file;
    std::unique_ptr<publish::static_rules> configured;

    [[nodiscard]] publish::computed_inputs on(const topology::map& m,
                                              const labels::sid_labels& labels,
                                              topology::node_number own) const {
        return {m, labels, own, algorithms, policies, links, *configured, {}};
    }
};
// With link protection of all links, or none.
[[nodiscard]] node_inputs inputs_for(const topology::map& m, topology::node_number own,
                                     bool protect);

// A rule in words, as "continue 16005 to-b", "pop to-b*2 to-c", "push 16003/16004 to-b", with what
// paths have of their own: "continue to-b>16005 to-c>3"; "none" where there is none.
[[nodiscard]] std::string rule_text(const publish::computed_tables& made, mpls::label label);
[[nodiscard]] std::string rule_text(const publish::computed_tables& made, const ip_prefix& match);
// The backup of a next hop: "to-c 16003/16004", with "=" in front where it replaces the top label.
[[nodiscard]] std::string backup_text(const publish::computed_tables& made,
                                      const std::string& nexthop);
// What of the notes is of this kind, a line each.
[[nodiscard]] std::string notes_text(const publish::computed_tables& made, publish::note_kind kind);

class simulated_network : public walked_network {
public:
    // Computes the tables of all nodes; `edit` may add policies.
    simulated_network(const topology::map& m, bool protect,
                      const std::function<void(topology::node_number, node_inputs&)>& edit = {});

    // What went wrong with tables; empty: nothing.
    [[nodiscard]] const std::string& error() const { return error_; }
    // Brings the tables to another map with the same nodes, by differences.
    void converge(const topology::map& m, bool protect);

    [[nodiscard]] const publish::computed_tables& computed(topology::node_number number) const {
        return nodes_[number]->computed;
    }

private:
    struct node {
        node_inputs inputs;
        publish::computed_tables computed;
    };

    void compute(const topology::map& m, const labels::sid_labels& labels,
                 topology::node_number number);

    publish::table_computer computer_;
    std::vector<std::unique_ptr<node>> nodes_;
    std::string error_;
};

}  // namespace rhumb::test

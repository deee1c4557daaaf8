// A network in memory: every node of a map with its own tables, computed from the map as a router
// would, and packets walked from node to node through the real pipeline. Links can be down at both
// ends before anybody computes anew, as in the moment after a failure. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/labels/sid_labels.hh"
#include "controlplane/publish/computed.hh"
#include "controlplane/publish/forwarding.hh"
#include "controlplane/topology/map.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/table/counters.hh"
#include "rhumb/table/liveness.hh"
#include "tests/support/packet_text.hh"

namespace rhumb::test {

// The configuration of a node of a map: a port and a next hop for each of its links, of the link's
// name, and a port "host", where packets come in and leave again that are for the node's prefixes.
[[nodiscard]] config::file file_for(const topology::map& m, topology::node_number node);
[[nodiscard]] publish::port_map ports_of(const config::file& file, topology::node_number node);
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

// Where a packet went.
struct walked {
    bool delivered = false;
    std::vector<topology::node_number> nodes;
    std::vector<topology::link_number> links;
    std::string why;     // where it was not delivered
    packet_bytes bytes;  // as it left, or as it came to where it ended

    [[nodiscard]] topology::distance cost(const topology::graph& g) const {
        topology::distance sum = 0;
        for (const topology::link_number l : links) {
            sum += g.costs(topology::metric_type::igp)[l];
        }
        return sum;
    }
};

class simulated_network {
public:
    // Computes the tables of all nodes; `edit` may add policies.
    simulated_network(const topology::map& m, bool protect,
                      const std::function<void(topology::node_number, node_inputs&)>& edit = {});

    // What went wrong with tables; empty: nothing.
    [[nodiscard]] const std::string& error() const { return error_; }
    // Brings the tables to another map with the same nodes, by differences.
    void converge(const topology::map& m, bool protect);

    // Both directions of a link.
    void set_link(topology::link_number l, bool up);
    // An IPv4 packet from `at` to an address, with labels on top, top first; `flow` tells flows
    // apart.
    [[nodiscard]] walked send(topology::node_number at, const std::vector<mpls::label>& labels,
                              std::uint32_t destination, std::uint16_t flow, unsigned ttl = 255);

    [[nodiscard]] const publish::computed_tables& computed(topology::node_number number) const {
        return nodes_[number]->computed;
    }
    [[nodiscard]] const publish::forwarding& tables(topology::node_number number) const {
        return *nodes_[number]->forwarding;
    }

private:
    struct node {
        node_inputs inputs;
        publish::computed_tables computed;
        std::unique_ptr<publish::forwarding> forwarding;
        retired_list retired;
        table_set tables;
        std::unique_ptr<liveness> live = std::make_unique<liveness>();
    };

    void compute(const topology::map& m, const labels::sid_labels& labels,
                 topology::node_number number);
    [[nodiscard]] std::optional<std::size_t> step(walked& so_far, packet_bytes& frame,
                                                  topology::node_number at, std::size_t in_port);

    const topology::map* map_;
    publish::table_computer computer_;
    std::vector<std::unique_ptr<node>> nodes_;
    std::unique_ptr<worker_counters> counters_ = std::make_unique<worker_counters>();
    std::unique_ptr<burst> burst_ = std::make_unique<burst>();
    std::string error_;
};

}  // namespace rhumb::test

// Packets on their way through the real pipelines of a network's nodes, whoever made their tables.
// Links and nodes can be down before any table knows, as in the moment after a failure.
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

// Where a packet went.
struct walked {
    bool delivered = false;
    std::vector<topology::node_number> nodes;
    std::vector<topology::link_number> links;
    std::vector<std::vector<mpls::label>> stacks;  // over each of the links, top first
    std::string why;                               // where it was not delivered
    packet_bytes bytes;                            // as it left, or as it came to where it ended

    [[nodiscard]] topology::distance cost(const topology::graph& g) const {
        topology::distance sum = 0;
        for (const topology::link_number l : links) {
            sum += g.costs(topology::metric_type::igp)[l];
        }
        return sum;
    }
};

class walked_network {
public:
    // Both directions of a link, or all links of a node.
    void set_link(topology::link_number l, bool up);
    void set_node(topology::node_number n, bool up);
    // An IPv4 packet from `at` to an address, with labels on top, top first; `flow` tells flows
    // apart.
    [[nodiscard]] walked send(topology::node_number at, const std::vector<mpls::label>& labels,
                              std::uint32_t destination, std::uint16_t flow, unsigned ttl = 255);

    [[nodiscard]] const publish::forwarding& tables(topology::node_number number) const {
        return *places_[number]->forwarding;
    }

protected:
    walked_network() = default;
    ~walked_network() = default;

    // The next node, with the tables of a configuration and all of its ports up.
    [[nodiscard]] result<void> add_node(config::file file);
    // Takes changes into the tables of a node, from where packets see them.
    [[nodiscard]] result<void> apply(topology::node_number node, const publish::changes& batch);
    // Where its links lie, and who is at the other end.
    void lay_out(const topology::map& m) { map_ = &m; }

private:
    struct place {
        std::unique_ptr<publish::forwarding> forwarding;
        retired_list retired;
        table_set tables;
        std::unique_ptr<liveness> live = std::make_unique<liveness>();
    };

    [[nodiscard]] std::optional<std::size_t> step(walked& so_far, packet_bytes& frame,
                                                  topology::node_number at, std::size_t in_port);

    const topology::map* map_ = nullptr;
    std::vector<std::unique_ptr<place>> places_;
    std::unique_ptr<worker_counters> counters_ = std::make_unique<worker_counters>();
    std::unique_ptr<burst> burst_ = std::make_unique<burst>();
};

}  // namespace rhumb::test

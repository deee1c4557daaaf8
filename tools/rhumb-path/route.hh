// The way that somebody wants through the network: by which metric, and what it must not touch.
// Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/topology/segment.hh"
#include "tools/rhumb-path/network.hh"

namespace rhumb::path_tool {

struct route_options {
    unsigned algorithm = 0;
    std::string metric;  // igp, te or delay; empty: that of the algorithm
    words avoid;         // NODE, NODE:LINK, srlg:N, or the name of an affinity

    void add_to(po::options_description& options);
    // Nothing but the algorithm: the network goes that way by itself.
    [[nodiscard]] bool is_plain() const { return metric.empty() && avoid.empty(); }
};

struct route {
    std::vector<topology::link_number> links;  // one of the best ways
    topology::distance cost = 0;
    topology::segments segments;  // that lead along it
};

// nullopt: there is none.
[[nodiscard]] std::optional<route> find_route(const network& in, topology::node_number from,
                                              topology::node_number to, const route_options& how);

// "igp", or what the algorithm goes by.
[[nodiscard]] std::string metric_name(const network& in, const route_options& how);

}  // namespace rhumb::path_tool

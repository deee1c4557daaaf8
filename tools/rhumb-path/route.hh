// The way that somebody wants through the network: by which metric, under which constraints, and
// the segments that lead along it. Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/paths/compress.hh"
#include "controlplane/paths/disjoint.hh"
#include "controlplane/topology/segment.hh"
#include "tools/rhumb-path/network.hh"

namespace rhumb::path_tool {

struct route_options {
    unsigned algorithm = 0;
    std::string metric;  // igp, te or delay; empty: that of the algorithm
    words avoid;         // NODE, NODE:LINK, srlg:N, or the name of an affinity
    words include;       // affinities: links with any of them
    std::string delay;   // at most, "5ms"
    std::string hops;    // at most
    std::string bandwidth;
    words via;

    void add_to(po::options_description& options);
    // Nothing but the algorithm: the network goes that way by itself.
    [[nodiscard]] bool is_plain() const {
        return metric.empty() && avoid.empty() && include.empty() && delay.empty() &&
               hops.empty() && bandwidth.empty() && via.empty();
    }
};

struct route {
    paths::path along;
    topology::segments segments;  // that lead along it
    // Where the first node cannot impose that many: what it would impose, if others on the way had
    // binding SIDs for the rest. Without bindings: that cannot be had either.
    std::optional<paths::split_segments> split;
};

// What the options say, with the rules of their algorithm. Throws failure: usage.
[[nodiscard]] paths::constraints limits_of(const network& in, const route_options& how);

// Throw failure: refused, with the constraint that leaves no path.
[[nodiscard]] route find_route(const network& in, topology::node_number from,
                               topology::node_number to, const route_options& how);
// The `most` nearest.
[[nodiscard]] std::vector<route> find_routes(const network& in, topology::node_number from,
                                             topology::node_number to, const route_options& how,
                                             std::size_t most);
struct route_pair {
    route first;
    route second;
    bool disjoint = true;
    paths::shared_risks shared;
};
// Two that share nothing of a kind, or the least.
[[nodiscard]] route_pair find_pair(const network& in, topology::node_number from,
                                   topology::node_number to, const route_options& how,
                                   paths::disjointness kind);

// "igp", or what the algorithm goes by.
[[nodiscard]] std::string metric_name(const network& in, const route_options& how);

}  // namespace rhumb::path_tool

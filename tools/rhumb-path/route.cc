#include "tools/rhumb-path/route.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/spf.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::path_tool {

namespace {

constexpr std::array<std::string_view, topology::metric_types> metric_names{"igp", "delay", "te"};

// A link is not there, in both directions.
void take_out(const topology::graph& g, topology::link_number l, topology::plane& view) {
    view.costs[l] = topology::unusable;
    if (g.reverse[l] != topology::nobody) {
        view.costs[g.reverse[l]] = topology::unusable;
    }
}

void avoid_node(const topology::graph& g, topology::node_number node, topology::plane& view) {
    for (topology::link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
        take_out(g, l, view);
    }
}

void avoid_srlg(const network& in, std::string_view number, topology::plane& view) {
    const auto srlg = ctl::parse_number(number, 0xffffffff);
    if (!srlg) {
        throw failure(exit_status::usage, "srlg: takes a number of 32 bits");
    }
    for (const auto l : in.map.links_with_srlg(static_cast<std::uint32_t>(*srlg))) {
        take_out(in.map.graph(), l, view);
    }
}

void avoid_affinity(const network& in, const std::string& name, topology::plane& view) {
    const auto bit = std::ranges::find(in.file.affinities, name);
    if (name.empty() || bit == in.file.affinities.end()) {
        throw failure(exit_status::usage,
                      name +
                          " is neither a node, nor a link (NODE:LINK), nor a shared risk "
                          "(srlg:N), nor an affinity");
    }
    const auto set = topology::affinity_set{1} << (bit - in.file.affinities.begin());
    const topology::graph& g = in.map.graph();
    for (topology::link_number l = 0; l < g.link_count(); ++l) {
        if ((g.affinities[l] & set) != 0) {
            view.costs[l] = topology::unusable;
        }
    }
}

topology::plane plane_for(const network& in, const route_options& how) {
    topology::plane view = topology::make_plane(in.map, in.algorithm(how.algorithm));
    const topology::graph& g = in.map.graph();
    if (!how.metric.empty()) {
        const auto found = std::ranges::find(metric_names, how.metric);
        if (found == metric_names.end()) {
            throw failure(exit_status::usage, "--metric is igp, te or delay");
        }
        const auto& costs = g.metrics[static_cast<std::size_t>(found - metric_names.begin())];
        for (topology::link_number l = 0; l < g.link_count(); ++l) {
            view.costs[l] = view.costs[l] == topology::unusable ? topology::unusable : costs[l];
        }
    }
    for (const std::string& what : how.avoid) {
        if (what.starts_with("srlg:")) {
            avoid_srlg(in, std::string_view(what).substr(5), view);
        } else if (what.find(':') != std::string::npos) {
            take_out(g, in.link(what), view);
        } else if (const auto node = in.map.find(what)) {
            avoid_node(g, *node, view);
        } else {
            avoid_affinity(in, what, view);
        }
    }
    return view;
}

// Each link by its adjacency SID: that pins any way.
topology::segments pin(const topology::graph& g, const std::vector<topology::link_number>& links) {
    topology::segments list;
    for (const topology::link_number l : links) {
        list.push_back(topology::segment::over_link(g, l));
    }
    return list;
}

}  // namespace

void route_options::add_to(po::options_description& options) {
    options.add_options()("algorithm", po::value(&algorithm)->value_name("A"),
                          "0: shortest path (the default), or a flexible algorithm");
    options.add_options()("metric", po::value(&metric)->value_name("M"),
                          "igp, te or delay, instead of the algorithm's own");
    options.add_options()("avoid", po::value(&avoid)->value_name("WHAT"),
                          "keep off a node, a link (NODE:LINK), a shared risk (srlg:N) or links of "
                          "an affinity; may stand there more than once");
}

std::string metric_name(const network& in, const route_options& how) {
    if (!how.metric.empty()) {
        return how.metric;
    }
    const auto* const rule =
        how.algorithm == 0 ? nullptr : topology::definition_of(in.map, in.algorithm(how.algorithm));
    return std::string(metric_names[rule == nullptr ? 0 : static_cast<std::size_t>(rule->metric)]);
}

std::optional<route> find_route(const network& in, topology::node_number from,
                                topology::node_number to, const route_options& how) {
    const topology::graph& g = in.map.graph();
    const topology::plane view = plane_for(in, how);
    topology::tree tree;
    topology::spf_workspace memory;
    topology::shortest_paths_to(g, view, to, tree, memory);
    if (!tree.reaches(from)) {
        return std::nullopt;
    }
    route made;
    made.cost = tree.distances[from];
    for (topology::node_number at = from; at != to;) {
        topology::link_number next = topology::nobody;
        for (topology::link_number l = g.first[at]; l < g.first[at + 1]; ++l) {
            if (view.costs[l] != topology::unusable && tree.reaches(g.to[l]) &&
                view.costs[l] + tree.distances[g.to[l]] == tree.distances[at] &&
                (g.to[l] == to || view.no_transit[g.to[l]] == 0)) {
                next = l;
                break;
            }
        }
        made.links.push_back(next);
        at = g.to[next];
    }
    const auto algorithm = static_cast<std::uint8_t>(how.algorithm);
    if (how.is_plain() && in.sids->node_prefix(to, algorithm)) {
        made.segments.push_back(topology::segment::to_node(to, algorithm));
    } else {
        made.segments = pin(g, made.links);
    }
    return made;
}

}  // namespace rhumb::path_tool

// From the options of a path to constraints.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "controlplane/config/text.hh"
#include "controlplane/topology/flex_algo.hh"
#include "tools/rhumb-path/route.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::path_tool {

namespace {

constexpr std::array<std::string_view, topology::metric_types> metric_names{"igp", "delay", "te"};

std::optional<topology::affinity_set> affinity(const network& in, const std::string& name) {
    const auto bit = std::ranges::find(in.file.affinities, name);
    if (name.empty() || bit == in.file.affinities.end()) {
        return std::nullopt;
    }
    return topology::affinity_set{1} << (bit - in.file.affinities.begin());
}

void add_algorithm(const network& in, std::uint8_t algorithm, paths::constraints& limits) {
    const topology::flex_algo_definition* const rule =
        algorithm == 0 ? nullptr : topology::definition_of(in.map, algorithm);
    if (rule == nullptr) {
        return;
    }
    limits.metric = rule->metric;
    limits.exclude_any = rule->exclude_any;
    limits.include_any = rule->include_any;
    limits.include_all = rule->include_all;
    limits.exclude_srlgs = rule->exclude_srlgs;
    for (topology::node_number n = 0; n < in.map.graph().node_count(); ++n) {
        if (!topology::takes_part(in.map, n, algorithm)) {
            limits.exclude_nodes.push_back(n);
        }
    }
}

void add_avoided(const network& in, const std::string& what, paths::constraints& limits) {
    if (what.starts_with("srlg:")) {
        const auto srlg = ctl::parse_number(std::string_view(what).substr(5), 0xffffffff);
        if (!srlg) {
            throw failure(exit_status::usage, "srlg: takes a number of 32 bits");
        }
        limits.exclude_srlgs.push_back(static_cast<std::uint32_t>(*srlg));
    } else if (config::parse_host(what) || config::parse_prefix(what)) {
        for (const topology::node_number node : in.nodes(what)) {
            limits.exclude_nodes.push_back(node);
        }
    } else if (what.find(':') != std::string::npos) {
        const topology::link_number l = in.link(what);
        limits.exclude_links.push_back(l);
        if (const auto back = in.map.graph().reverse[l]; back != topology::nobody) {
            limits.exclude_links.push_back(back);
        }
    } else if (in.map.find(what)) {
        limits.exclude_nodes.push_back(in.node(what));
    } else if (const auto set = affinity(in, what)) {
        limits.exclude_any |= *set;
    } else if (const std::string hint = in.similar(what); !hint.empty()) {
        throw failure(exit_status::usage, what + " is nothing of this network; " + hint);
    } else {
        throw failure(exit_status::usage,
                      what +
                          " is neither a node, nor a prefix, nor a link (NODE:LINK), nor a "
                          "shared risk (srlg:N), nor an affinity");
    }
}

// Beside a rule of the algorithm that is of the same kind, links have to pass both.
void add_included(const network& in, const words& names, paths::constraints& limits) {
    topology::affinity_set any = 0;
    for (const std::string& name : names) {
        const auto set = affinity(in, name);
        if (!set) {
            throw failure(exit_status::usage, name + " is no affinity of this network");
        }
        any |= *set;
    }
    if (limits.include_any == 0 || any == 0) {
        limits.include_any |= any;
        return;
    }
    const topology::graph& g = in.map.graph();
    for (topology::link_number l = 0; l < g.link_count(); ++l) {
        if ((g.affinities[l] & any) == 0) {
            limits.exclude_links.push_back(l);
        }
    }
}

void add_bounds(const route_options& how, paths::constraints& limits) {
    if (!how.delay.empty()) {
        const auto delay = config::parse_delay(how.delay);
        if (!delay) {
            throw failure(exit_status::usage,
                          "--max-delay takes a time such as 5ms (microseconds without a unit)");
        }
        limits.max_delay = *delay;
    }
    if (!how.hops.empty()) {
        const auto hops = ctl::parse_number(how.hops, 0xfffffffe);
        if (!hops) {
            throw failure(exit_status::usage, "--max-hops takes a number");
        }
        limits.max_hops = static_cast<std::uint32_t>(*hops);
    }
    if (!how.bandwidth.empty()) {
        const auto bandwidth = config::parse_bandwidth(how.bandwidth);
        if (!bandwidth || *bandwidth == 0) {
            throw failure(exit_status::usage,
                          "--bandwidth takes a rate such as 10G (bits a second without a unit)");
        }
        limits.bandwidth = *bandwidth;
    }
}

}  // namespace

void route_options::add_to(po::options_description& options) {
    const auto add = [&](const char* name, auto& into, const char* takes, const char* means) {
        options.add_options()(name, po::value(&into)->value_name(takes), means);
    };
    add("algorithm", algorithm, "A", "0: shortest path (the default), or a flexible algorithm");
    add("metric", metric, "M", "igp, te or delay, instead of the algorithm's own");
    add("avoid", avoid, "WHAT",
        "keep off a node, all nodes that have a prefix, a link (NODE:LINK), a shared risk (srlg:N) "
        "or links of an affinity; may stand there more than once");
    add("include", include, "AFFINITY", "only links that have it, or another that is given");
    add("max-delay", delay, "TIME", "such as 5ms");
    add("max-hops", hops, "N", "links at most");
    add("bandwidth", bandwidth, "RATE", "such as 10G: only links that have as much");
    add("via", via, "NODE|PREFIX",
        "through this node, or one that has the prefix (anycast); more than once, in that order");
}

std::string metric_name(const network& in, const route_options& how) {
    if (!how.metric.empty()) {
        return how.metric;
    }
    const auto* const rule =
        how.algorithm == 0 ? nullptr : topology::definition_of(in.map, in.algorithm(how.algorithm));
    return std::string(metric_names[rule == nullptr ? 0 : static_cast<std::size_t>(rule->metric)]);
}

paths::constraints limits_of(const network& in, const route_options& how) {
    paths::constraints limits;
    add_algorithm(in, in.algorithm(how.algorithm), limits);
    if (!how.metric.empty()) {
        const auto found = std::ranges::find(metric_names, how.metric);
        if (found == metric_names.end()) {
            throw failure(exit_status::usage, "--metric is igp, te or delay");
        }
        limits.metric = static_cast<topology::metric_type>(found - metric_names.begin());
    }
    for (const std::string& what : how.avoid) {
        add_avoided(in, what, limits);
    }
    add_included(in, how.include, limits);
    add_bounds(how, limits);
    for (const std::string& name : how.via) {
        limits.through.push_back(in.nodes(name));
    }
    return limits;
}

}  // namespace rhumb::path_tool

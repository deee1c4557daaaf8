#include "tools/rhumb-path/route.hh"

#include <fmt/format.h>

#include <utility>

#include "controlplane/paths/cspf.hh"
#include "controlplane/paths/k_shortest.hh"
#include "controlplane/topology/flex_algo.hh"

namespace rhumb::path_tool {

namespace {

failure none(const network& in, topology::node_number from, topology::node_number to,
             const paths::constraints& limits, const paths::no_path& why) {
    return {exit_status::refused,
            paths::in_full(in.map, {from, {}, {to}}, limits, why, in.file.affinities)};
}

route spell(const network& in, topology::node_number from, paths::path along) {
    route made;
    auto segments = paths::compress(*in.engine, from, along.links);
    if (!segments) {
        throw failure(exit_status::refused,
                      "the path cannot be spelt in SIDs: " + segments.why().message);
    }
    made.segments = std::move(segments).value();
    if (made.segments.size() > in.engine->msd(from)) {
        auto split = paths::compress_to_msd(*in.engine, from, along.links);
        made.split = split ? std::move(split).value() : paths::split_segments{};
    }
    made.along = std::move(along);
    return made;
}

}  // namespace

route find_route(const network& in, topology::node_number from, topology::node_number to,
                 const route_options& how) {
    expect_part(in, from, how.algorithm);
    expect_part(in, to, how.algorithm);
    const paths::constraints limits = limits_of(in, how);
    paths::path_result found = paths::shortest_path(in.map, from, to, limits);
    if (!found) {
        throw none(in, from, to, limits, found.why());
    }
    const auto algorithm = static_cast<std::uint8_t>(how.algorithm);
    if (how.is_plain() && from != to && in.sids->node_prefix(to, algorithm)) {
        return {*std::move(found), {topology::segment::to_node(to, algorithm)}, std::nullopt};
    }
    return spell(in, from, *std::move(found));
}

std::vector<route> find_routes(const network& in, topology::node_number from,
                               topology::node_number to, const route_options& how,
                               std::size_t most) {
    expect_part(in, from, how.algorithm);
    expect_part(in, to, how.algorithm);
    const paths::constraints limits = limits_of(in, how);
    paths::k_paths found = paths::k_shortest_paths(in.map, from, to, most, limits);
    if (found.paths.empty()) {
        throw none(in, from, to, limits, found.why);
    }
    std::vector<route> made;
    made.reserve(found.paths.size());
    for (paths::path& one : found.paths) {
        made.push_back(spell(in, from, std::move(one)));
    }
    return made;
}

route_pair find_pair(const network& in, topology::node_number from, topology::node_number to,
                     const route_options& how, paths::disjointness kind) {
    expect_part(in, from, how.algorithm);
    expect_part(in, to, how.algorithm);
    paths::disjoint_options options;
    options.kind = kind;
    const paths::constraints limits = limits_of(in, how);
    const paths::pair_result found = paths::disjoint_pair(in.map, from, to, limits, options);
    if (!found) {
        throw none(in, from, to, limits, found.why());
    }
    return {spell(in, from, found->first), spell(in, from, found->second), found->disjoint,
            found->shared};
}

}  // namespace rhumb::path_tool

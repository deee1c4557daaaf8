// Any bytes as a topology file: a network that makes sense, or an error with its place. What is
// read can be written, and reads as the same again; labels and walks over it do not fail.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "controlplane/config/topology_file.hh"
#include "controlplane/labels/label_walk.hh"

namespace {

using namespace rhumb;

void must(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void walk(const config::topology_file& network) {
    topology::map map;
    must(map.apply(network.nodes).ok());
    const labels::sid_labels sids(map);
    labels::label_walker walker(map, sids);
    labels::walk_options options;
    options.max_visits = 64;
    constexpr std::size_t few = 4;
    for (topology::node_number from = 0; from < std::min(few, map.node_count()); ++from) {
        for (topology::prefix_number to = 0; to < std::min(few, map.prefix_count()); ++to) {
            (void)walker.follow(from, to, 0, options);
            (void)walker.follow(from, to, 128, options);
        }
        topology::segments list;
        for (topology::link_number l = 0; l < std::min(few, map.graph().link_count()); ++l) {
            list.push_back(topology::segment::over_link(map.graph(), l));
        }
        for (const topology::binding_sid& b : map.said(from)->bindings) {
            list.push_back({topology::segment_kind::binding, 0, from, b.label});
        }
        (void)walker.follow(from, list, std::nullopt, options);
        for (const topology::segment& s : list) {
            (void)walker.follow(from, {s}, std::nullopt, options);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::vector<error> all;
    auto made = config::parse_topology(text, "fuzz.toml", &all);
    if (!made) {
        must(!all.empty() && !made.why().message.empty() && made.why().where.line != 0);
        return 0;
    }
    const std::string once = config::topology_text(*made);
    auto again = config::parse_topology(once, "again.toml");
    must(again.ok() && again->nodes.size() == made->nodes.size());
    must(config::topology_text(*again) == once);
    for (std::size_t n = 0; n < made->nodes.size(); ++n) {
        must(again->nodes[n] == made->nodes[n]);
    }
    walk(*made);
    return 0;
}

#include "controlplane/routing/rows.hh"

#include <fmt/format.h>

#include <algorithm>

#include "controlplane/config/topology_file.hh"
#include "controlplane/labels/fec.hh"
#include "controlplane/routing/repair_rows.hh"
#include "controlplane/topology/spf.hh"

namespace rhumb::routing {

using nlohmann::json;
using topology::link_number;
using topology::metric_type;
using topology::node_number;

namespace {

// Shortest paths of one algorithm from a node.
struct own_paths {
    topology::tree tree;
    topology::first_hops hops;
};

own_paths paths_of(const network& known, const topology::plane& view) {
    own_paths found;
    topology::spf_workspace memory;
    const topology::graph& g = known.map().graph();
    topology::shortest_paths_from(g, view, known.own(), found.tree, memory);
    found.hops.compute(g, view, found.tree);
    return found;
}

json names_of_first_hops(const network& known, const own_paths& from, node_number to) {
    json names = json::array();
    const link_number base = known.map().graph().first[known.own()];
    const auto words = from.hops.of(to);
    for (std::size_t w = 0; w < words.size(); ++w) {
        for (std::uint64_t bits = words[w]; bits != 0; bits &= bits - 1) {
            const auto position = 64 * w + static_cast<std::size_t>(std::countr_zero(bits));
            names.push_back(known.map().said_of(base + static_cast<link_number>(position))->name);
        }
    }
    return names;
}

std::size_t usable_links(const topology::graph& g, node_number node) {
    const auto& costs = g.costs(metric_type::igp);
    const auto begin = costs.begin() + g.first[node];
    const auto end = costs.begin() + g.first[node + 1];
    return static_cast<std::size_t>((end - begin) - std::count(begin, end, topology::unusable));
}

// Adds the node's SID in an algorithm, and the label that means it here.
void add_sid(json& row, const network& known, node_number node, std::uint8_t algorithm) {
    const auto p = known.labels().node_prefix(node, algorithm);
    if (!p) {
        return;
    }
    row["sid"] = known.labels().sid(*p, algorithm)->index;
    if (const auto label = known.labels().prefix_label(*p, algorithm, known.own())) {
        row["label"] = *label;
    }
}

json affinity_names(const network& known, topology::affinity_set set) {
    json names = json::array();
    for (std::size_t bit = 0; bit < 64; ++bit) {
        if ((set >> bit & 1) != 0) {
            const bool named = bit < known.affinities().size() && !known.affinities()[bit].empty();
            names.push_back(named ? known.affinities()[bit] : std::to_string(bit));
        }
    }
    return names;
}

json link_row(const network& known, node_number from, const topology::link& said, bool up) {
    json row{{"node", known.map().name(from)},
             {"link", said.name},
             {"remote", said.remote},
             {"up", up},
             {"metric", said.metric},
             {"affinities", affinity_names(known, said.affinities)},
             {"srlgs", said.srlgs}};
    const auto add = [&](const char* key, std::uint64_t value) {
        if (value != 0) {
            row[key] = value;
        }
    };
    add("te_metric", said.te_metric);
    add("delay_us", said.delay);
    add("bandwidth", said.bandwidth);
    add("reserved", said.reserved);
    json sids = json::array();
    for (const topology::adjacency_sid& sid : said.sids) {
        sids.push_back({{"label", sid.label}, {"protected", sid.is_protected}, {"set", sid.set}});
    }
    row["sids"] = std::move(sids);
    for (const auto& own : known.adjacencies()) {
        if (from == known.own() && own.link == said.name) {
            row["nexthop"] = own.nexthop;
        }
    }
    return row;
}

}  // namespace

json topology_rows(const network& known) {
    const topology::map& m = known.map();
    const topology::graph& g = m.graph();
    const own_paths from = paths_of(known, known.algorithms().front().view);
    json rows = json::array();
    for (node_number node = 0; node < m.node_count(); ++node) {
        const topology::advertisement* const said = m.said(node);
        if (said == nullptr) {
            continue;
        }
        json row{{"node", m.name(node)}, {"own", node == known.own()}, {"version", said->version}};
        json prefixes = json::array();
        for (const topology::prefix& p : said->prefixes) {
            prefixes.push_back(labels::to_text(p.address));
        }
        row["prefixes"] = std::move(prefixes);
        add_sid(row, known, node, 0);
        row["links"] = said->links.size();
        row["links_up"] = usable_links(g, node);
        row["overload"] = said->overload;
        row["msd"] = said->msd;
        if (from.tree.reaches(node)) {
            row["cost"] = from.tree.distances[node];
            row["via"] = names_of_first_hops(known, from, node);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

json link_rows(const network& known) {
    const topology::map& m = known.map();
    const topology::graph& g = m.graph();
    json rows = json::array();
    for (link_number l = 0; l < g.link_count(); ++l) {
        if (const topology::link* const said = m.said_of(l)) {
            const bool up = g.costs(metric_type::igp)[l] != topology::unusable;
            rows.push_back(link_row(known, g.from[l], *said, up));
        }
    }
    for (const topology::link& down : known.own_links_down()) {
        rows.push_back(link_row(known, known.own(), down, false));
    }
    return rows;
}

result<json> spf_rows(const network& known, std::uint8_t algorithm) {
    const auto at = std::ranges::find(known.algorithms(), algorithm, &algorithm_state::algorithm);
    if (at == known.algorithms().end()) {
        return error{fmt::format("nobody defines algorithm {}", unsigned{algorithm}), {}};
    }
    const own_paths from = paths_of(known, at->view);
    json rows = json::array();
    for (const node_number node : from.tree.order) {
        json row{{"node", known.map().name(node)},
                 {"algorithm", algorithm},
                 {"cost", from.tree.distances[node]},
                 {"via", names_of_first_hops(known, from, node)}};
        add_sid(row, known, node, algorithm);
        rows.push_back(std::move(row));
    }
    return rows;
}

json protection_rows(const network& known) {
    json rows = json::array();
    for (const algorithm_state& one : known.algorithms()) {
        const repair_scene in{known.map(), known.labels(), one.algorithm, one.view};
        for (json& row : repair_rows(in, one.repairs)) {
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

result<json> protection_rows(const network& known, std::string_view destination) {
    const auto to = known.map().find(destination);
    if (!to) {
        return error{fmt::format("the map has no node \"{}\"", destination), {}};
    }
    json rows = json::array();
    for (const algorithm_state& one : known.algorithms()) {
        const repair_scene in{known.map(), known.labels(), one.algorithm, one.view};
        for (json& row :
             explanation_rows(in, known.own(), *to, known.repair_options(one.algorithm))) {
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

std::string topology_file_text(const network& known) {
    const topology::map& m = known.map();
    config::topology_file present;
    present.affinities.assign(known.affinities().begin(), known.affinities().end());
    for (node_number node = 0; node < m.node_count(); ++node) {
        if (const topology::advertisement* const said = m.said(node)) {
            present.nodes.push_back(*said);
        }
    }
    const policies_in_words& more = known.policies_text();
    return more.inline_arrays + config::topology_text(present) + more.arrays_of_tables;
}

json conflict_rows(const network& known) {
    json rows = json::array();
    for (const labels::conflict& c : known.labels().conflicts()) {
        json row{{"label", c.label}, {"winner", c.winner}, {"loser", c.loser}};
        if (c.node != topology::nobody) {
            row["node"] = known.map().name(c.node);
        }
        row["what"] = c.winner.empty()
                          ? fmt::format("index {} of {} is beyond the SRGB", c.label, c.loser)
                          : fmt::format("{} has it, {} has lost", c.winner, c.loser);
        rows.push_back(std::move(row));
    }
    for (const publish::note& n : known.tables().notes) {
        rows.push_back({{"what", n.text}});
    }
    return rows;
}

}  // namespace rhumb::routing

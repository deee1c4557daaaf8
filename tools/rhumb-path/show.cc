// rhumb-path show and spf: what a topology file says, and shortest paths, as tables.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "controlplane/config/text.hh"
#include "controlplane/topology/binding_paths.hh"
#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/spf.hh"
#include "tools/rhumb-path/network.hh"
#include "tools/rhumbctl/table.hh"

namespace rhumb::path_tool {

namespace {

using ctl::text_table;
using nlohmann::json;

std::string blocks_text(const std::vector<topology::label_block>& blocks) {
    std::string text;
    for (const topology::label_block& block : blocks) {
        text += (text.empty() ? "" : ", ") +
                config::to_string(config::label_range{block.first, block.first + block.count - 1});
    }
    return text.empty() ? "-" : text;
}

std::string joined(const json& list) {
    std::string text;
    for (const json& one : list) {
        text +=
            (text.empty() ? "" : ", ") + (one.is_string() ? one.get<std::string>() : one.dump());
    }
    return text.empty() ? "-" : text;
}

json nodes_json(const network& in) {
    json rows = json::array();
    for (const topology::advertisement& node : in.file.nodes) {
        json sids = json::array();
        for (const std::uint8_t algorithm : topology::algorithms(in.map)) {
            const auto number = in.node(node.origin);
            if (const auto prefix = in.sids->node_prefix(number, algorithm)) {
                sids.push_back({{"algorithm", algorithm},
                                {"prefix", config::to_string(in.map.address(*prefix))},
                                {"index", in.sids->sid(*prefix, algorithm)->index}});
            }
        }
        rows.push_back({{"name", node.origin},
                        {"srgb", blocks_text(node.srgb)},
                        {"srlb", blocks_text(node.srlb)},
                        {"msd", node.msd},
                        {"overload", node.overload},
                        {"algorithms", node.algorithms},
                        {"node_sids", sids},
                        {"links", node.links.size()},
                        {"prefixes", node.prefixes.size()}});
    }
    return rows;
}

void print_nodes(const json& rows) {
    std::vector<text_table::row> cells;
    for (const json& row : rows) {
        std::string sids;
        for (const json& sid : row["node_sids"]) {
            sids += (sids.empty() ? "" : ", ") + sid["index"].dump() +
                    (sid["algorithm"] == 0 ? "" : " (" + sid["algorithm"].dump() + ")");
        }
        cells.push_back({row["name"], row["srgb"], row["srlb"], row["msd"].dump(),
                         sids.empty() ? "-" : sids, row["links"].dump(), row["prefixes"].dump(),
                         row["overload"].get<bool>() ? "overload" : "-"});
    }
    std::cout << text_table({{"NODE"},
                             {"SRGB"},
                             {"SRLB"},
                             {"MSD", true},
                             {"NODE SIDS (ALGORITHM)"},
                             {"LINKS", true},
                             {"PREFIXES", true},
                             {"FLAGS"}})
                     .render(cells);
}

json links_json(const network& in) {
    json rows = json::array();
    for (const topology::advertisement& node : in.file.nodes) {
        for (const topology::link& l : node.links) {
            json sids = json::array();
            for (const topology::adjacency_sid& sid : l.sids) {
                sids.push_back({{"label", sid.label},
                                {"protected", sid.is_protected},
                                {"set", sid.set},
                                {"weight", sid.weight}});
            }
            const auto number = in.map.find_link(in.node(node.origin), l.name);
            rows.push_back({{"node", node.origin},
                            {"name", l.name},
                            {"remote", l.remote},
                            {"remote_link", l.remote_link},
                            {"usable", number && labels::is_usable(in.map, *number)},
                            {"metric", l.metric},
                            {"te_metric", l.te_metric},
                            {"delay", l.delay},
                            {"bandwidth", l.bandwidth},
                            {"reserved", l.reserved},
                            {"affinities", in.affinities(l.affinities)},
                            {"srlg", l.srlgs},
                            {"sids", sids}});
        }
    }
    return rows;
}

void print_links(const json& rows) {
    const auto or_none = [](const json& number) {
        return number == 0 ? std::string("-") : number.dump();
    };
    std::vector<text_table::row> cells;
    for (const json& row : rows) {
        std::string sids;
        for (const json& sid : row["sids"]) {
            sids += (sids.empty() ? "" : ", ") + sid["label"].dump() +
                    (sid["protected"].get<bool>() ? " protected" : "") +
                    (sid["set"].get<bool>() ? " set" : "");
        }
        const std::string affinities = row["affinities"];
        cells.push_back(
            {row["node"], row["name"],
             row["remote"].get<std::string>() + (row["usable"].get<bool>() ? "" : " (unusable)"),
             row["metric"].dump(), or_none(row["te_metric"]), or_none(row["delay"]),
             row["bandwidth"] == 0 ? "-" : config::bandwidth_text(row["bandwidth"]),
             affinities.empty() ? "-" : affinities, joined(row["srlg"]),
             sids.empty() ? "-" : sids});
    }
    std::cout << text_table({{"NODE"},
                             {"LINK"},
                             {"TO"},
                             {"METRIC", true},
                             {"TE", true},
                             {"DELAY US", true},
                             {"BANDWIDTH", true},
                             {"AFFINITIES"},
                             {"SRLG"},
                             {"ADJACENCY SIDS"}})
                     .render(cells);
}

json prefixes_json(const network& in) {
    json rows = json::array();
    for (topology::prefix_number p = 0; p < in.map.prefix_count(); ++p) {
        json nodes = json::array();
        for (const topology::prefix_source& source : in.map.sources(p)) {
            nodes.push_back(in.name(source.node));
        }
        json sids = json::array();
        for (const std::uint8_t algorithm : topology::algorithms(in.map)) {
            if (const topology::prefix_sid* const sid = in.sids->sid(p, algorithm)) {
                sids.push_back({{"algorithm", algorithm},
                                {"index", sid->index},
                                {"no_php", sid->no_php},
                                {"explicit_null", sid->explicit_null}});
            }
        }
        rows.push_back(
            {{"prefix", config::to_string(in.map.address(p))}, {"nodes", nodes}, {"sids", sids}});
    }
    return rows;
}

void print_prefixes(const json& rows) {
    std::vector<text_table::row> cells;
    for (const json& row : rows) {
        std::string sids;
        for (const json& sid : row["sids"]) {
            sids += (sids.empty() ? "" : ", ") + sid["index"].dump() +
                    (sid["algorithm"] == 0 ? "" : " (" + sid["algorithm"].dump() + ")") +
                    (sid["explicit_null"].get<bool>() ? " explicit null"
                     : sid["no_php"].get<bool>()      ? " no PHP"
                                                      : "");
        }
        cells.push_back({row["prefix"], joined(row["nodes"]), sids.empty() ? "-" : sids});
    }
    std::cout << text_table({{"PREFIX"}, {"NODES"}, {"SID INDEXES (ALGORITHM)"}}).render(cells);
}

json conflicts_json(const network& in) {
    json rows = json::array();
    for (const labels::conflict& c : in.sids->conflicts()) {
        const bool everywhere = c.node == topology::nobody;
        const bool is_index = everywhere || c.winner.empty();
        rows.push_back({{"node", everywhere ? json() : json(in.name(c.node))},
                        {is_index ? "index" : "label", c.label},
                        {"winner", c.winner.empty() ? json() : json(c.winner)},
                        {"loser", c.loser}});
    }
    topology::binding_paths paths(in.map);
    for (topology::node_number n = 0; n < in.map.node_count(); ++n) {
        const topology::advertisement* const said = in.map.said(n);
        for (const topology::binding_sid& binding :
             said == nullptr ? std::span<const topology::binding_sid>() : said->bindings) {
            if (const auto& path = paths.of(n, binding.label); !path.ok()) {
                rows.push_back({{"node", in.name(n)},
                                {"label", binding.label},
                                {"winner", json()},
                                {"loser", "a binding SID: " + path.why().message}});
            }
        }
    }
    return rows;
}

void print_conflicts(const json& rows) {
    std::vector<text_table::row> cells;
    for (const json& row : rows) {
        cells.push_back(
            {row["node"].is_null() ? "everywhere" : row["node"],
             row.contains("label") ? row["label"].dump() : "index " + row["index"].dump(),
             !row["winner"].is_null() ? row["winner"].get<std::string>()
             : row.contains("label")  ? "nobody"
                                      : "nobody: it is beyond the SRGB",
             row["loser"]});
    }
    if (cells.empty()) {
        std::cout << "no conflicts between SIDs\n";
        return;
    }
    std::cout << text_table({{"NODE"}, {"LABEL"}, {"WHO HAS IT"}, {"WHO DOES NOT"}}).render(cells);
}

struct part {
    std::string_view name;
    json (*make)(const network& in);
    void (*print)(const json& rows);
};
constexpr std::array<part, 4> parts{{{"nodes", nodes_json, print_nodes},
                                     {"links", links_json, print_links},
                                     {"prefixes", prefixes_json, print_prefixes},
                                     {"conflicts", conflicts_json, print_conflicts}}};

}  // namespace

exit_status show(const words& line, const network_source& open) {
    command_line given(
        "usage: rhumb-path show [OPTION...] FILE [nodes|links|prefixes|conflicts]\n"
        "\n"
        "What a topology file says: nodes and their label blocks, links and their SIDs, prefixes,\n"
        "and conflicts between SIDs (RFC 8660 2.5). Without a word: all of them.\n");
    bool as_json = false;
    given.options.add_options()("json", po::bool_switch(&as_json), "as JSON");
    if (!given.parse(line, 1, 2)) {
        return exit_status::done;
    }
    const std::string word = given.given().size() > 1 ? given.given()[1] : "";
    if (!word.empty() && std::ranges::find(parts, word, &part::name) == parts.end()) {
        throw failure(exit_status::usage,
                      "unknown " + word + ": there are nodes, links, prefixes and conflicts");
    }
    const auto in = open(given.given()[0]);
    json all = json::object();
    bool first = true;
    for (const part& one : parts) {
        if (!word.empty() && one.name != word) {
            continue;
        }
        const json rows = one.make(*in);
        if (as_json) {
            all[std::string(one.name)] = rows;
        } else {
            std::cout << (first ? "" : "\n");
            one.print(rows);
        }
        first = false;
    }
    if (as_json) {
        std::cout << (word.empty() ? all : all[word]).dump(1, ' ', true) << '\n';
    }
    return exit_status::done;
}

namespace {

json spf_json(const network& in, topology::node_number root, std::uint8_t algorithm) {
    const topology::graph& g = in.map.graph();
    const topology::plane view = topology::make_plane(in.map, algorithm);
    topology::tree tree;
    topology::spf_workspace memory;
    topology::shortest_paths_from(g, view, root, tree, memory);
    topology::first_hops hops;
    hops.compute(g, view, tree);
    json rows = json::array();
    for (topology::node_number node = 0; node < g.node_count(); ++node) {
        if (node == root) {
            continue;
        }
        json next = json::array();
        const auto bits = hops.of(node);
        for (topology::link_number k = 0; k < g.first[root + 1] - g.first[root]; ++k) {
            if ((bits[k / 64] >> (k % 64) & 1) != 0) {
                const auto l = g.first[root] + k;
                next.push_back({{"link", in.map.said_of(l)->name}, {"node", in.name(g.to[l])}});
            }
        }
        const auto prefix = in.sids->node_prefix(node, algorithm);
        const auto label = prefix ? in.sids->prefix_label(*prefix, algorithm, root) : std::nullopt;
        rows.push_back({{"destination", in.name(node)},
                        {"cost", tree.reaches(node) ? json(tree.distances[node]) : json()},
                        {"label", label ? json(*label) : json()},
                        {"next_hops", next}});
    }
    return rows;
}

}  // namespace

exit_status spf(const words& line, const network_source& open) {
    command_line given(
        "usage: rhumb-path spf [OPTION...] FILE NODE\n"
        "\n"
        "Shortest paths from a node to all others: cost, next hops (all that are equally short),\n"
        "and the label by which the node itself knows the destination.\n");
    unsigned number = 0;
    bool as_json = false;
    given.options.add_options()("algorithm", po::value(&number)->value_name("A"),
                                "0: shortest path (the default), or a flexible algorithm");
    given.options.add_options()("json", po::bool_switch(&as_json), "as JSON");
    if (!given.parse(line, 2, 2)) {
        return exit_status::done;
    }
    const auto in = open(given.given()[0]);
    const topology::node_number root = in->node(given.given()[1]);
    expect_part(*in, root, number);
    const json rows = spf_json(*in, root, in->algorithm(number));
    if (as_json) {
        std::cout << rows.dump(1, ' ', true) << '\n';
        return exit_status::done;
    }
    std::vector<text_table::row> cells;
    for (const json& row : rows) {
        std::string next;
        for (const json& hop : row["next_hops"]) {
            next += (next.empty() ? "" : ", ") + hop["node"].get<std::string>() + " over " +
                    hop["link"].get<std::string>();
        }
        cells.push_back(
            {row["destination"], row["cost"].is_null() ? "unreachable" : row["cost"].dump(),
             row["label"].is_null() ? "-" : row["label"].dump(), next.empty() ? "-" : next});
    }
    std::cout << text_table({{"DESTINATION"}, {"COST", true}, {"LABEL", true}, {"NEXT HOPS"}})
                     .render(cells);
    return exit_status::done;
}

}  // namespace rhumb::path_tool

// rhumb-path protection: TI-LFA repairs of a node's links (RFC 9855).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/ti_lfa.hh"
#include "tools/rhumb-path/network.hh"
#include "tools/rhumbctl/table.hh"

namespace rhumb::path_tool {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kinds{"link", "node", "srlg", "node+srlg"};

// What segments may be made of: links and nodes that have SIDs for it, as the daemon does.
topology::ti_lfa_options options_for(const network& in, std::uint8_t algorithm) {
    topology::ti_lfa_options options;
    const topology::graph& g = in.map.graph();
    options.has_node_sid.resize(g.node_count());
    for (topology::node_number n = 0; n < g.node_count(); ++n) {
        options.has_node_sid[n] = in.sids->node_prefix(n, algorithm) ? 1 : 0;
    }
    options.has_adjacency_sid.resize(g.link_count());
    for (topology::link_number l = 0; l < g.link_count(); ++l) {
        const topology::link* const said = in.map.said_of(l);
        options.has_adjacency_sid[l] = said != nullptr && !said->sids.empty() ? 1 : 0;
    }
    return options;
}

json destinations(const network& in, const topology::link_repairs& of, std::uint32_t number) {
    json names = json::array();
    for (topology::node_number n = 0; n < of.by_node.size(); ++n) {
        if (of.by_node[n] == number) {
            names.push_back(in.name(n));
        }
    }
    return names;
}

// The labels as the nodes want them that see them on top.
json labels_json(const network& in, const topology::repair& repair) {
    json stack = json::array();
    const auto labels = in.walker->stack_for(in.map.graph().to[repair.out], repair.segments);
    if (labels) {
        stack = labels.value();
    }
    return stack;
}

json repairs_json(const network& in, std::uint8_t algorithm,
                  const std::vector<topology::link_repairs>& all) {
    json rows = json::array();
    for (const topology::link_repairs& of : all) {
        for (std::uint32_t r = 0; r < of.repairs.size(); ++r) {
            const topology::repair& repair = of.repairs[r];
            json segments = json::array();
            for (const topology::segment& s : repair.segments) {
                segments.push_back(labels::to_text(in.map, s));
            }
            json nodes = destinations(in, of, r);
            if (nodes.empty()) {
                continue;
            }
            rows.push_back({{"link", in.map.said_of(of.link)->name},
                            {"remote", in.name(in.map.graph().to[of.link])},
                            {"algorithm", algorithm},
                            {"destinations", std::move(nodes)},
                            {"protects", kinds[static_cast<std::size_t>(repair.protects)]},
                            {"out", in.map.said_of(repair.out)->name},
                            {"segments", segments},
                            {"labels", labels_json(in, repair)},
                            {"end", in.name(repair.end)}});
        }
    }
    return rows;
}

std::string joined(const json& list) {
    std::string text;
    for (const json& one : list) {
        text +=
            (text.empty() ? "" : ", ") + (one.is_string() ? one.get<std::string>() : one.dump());
    }
    return text.empty() ? "-" : text;
}

void print_repairs(const json& rows) {
    std::vector<ctl::text_table::row> cells;
    for (const json& row : rows) {
        cells.push_back({row["link"], joined(row["destinations"]), row["protects"], row["out"],
                         joined(row["segments"]), joined(row["labels"]), row["end"]});
    }
    std::cout << ctl::text_table({{"LINK"},
                                  {"DESTINATIONS"},
                                  {"PROTECTS"},
                                  {"OUT"},
                                  {"SEGMENTS"},
                                  {"LABELS"},
                                  {"END"}})
                     .render(cells);
}

}  // namespace

exit_status protection(const words& line, const network_source& open) {
    command_line given(
        "usage: rhumb-path protection [OPTION...] FILE NODE\n"
        "\n"
        "For each link of a node: over which link, and with which segments, packets for the\n"
        "destinations behind it go on when it fails (TI-LFA, RFC 9855).\n");
    std::string kind = "link";
    unsigned number = 0;
    bool strict = false;
    bool as_json = false;
    given.options.add_options()("protect", po::value(&kind)->value_name("WHAT"),
                                "what fails with the link: link (the default: it alone), node, "
                                "srlg, node+srlg");
    given.options.add_options()("strict", po::bool_switch(&strict),
                                "no repairs of the link alone where there is none of WHAT");
    given.options.add_options()("algorithm", po::value(&number)->value_name("A"),
                                "0: shortest path (the default), or a flexible algorithm");
    given.options.add_options()("json", po::bool_switch(&as_json), "as JSON");
    if (!given.parse(line, 2, 2)) {
        return exit_status::done;
    }
    const auto* const wanted = std::ranges::find(kinds, kind);
    if (wanted == kinds.end()) {
        throw failure(exit_status::usage, "--protect is link, node, srlg or node+srlg");
    }
    const auto in = open(given.given()[0]);
    const std::uint8_t algorithm = in->algorithm(number);
    topology::ti_lfa_options options = options_for(*in, algorithm);
    options.protects = static_cast<topology::protection>(wanted - kinds.begin());
    options.fall_back = !strict;
    topology::repair_computer computer;
    const auto repairs = computer.compute(in->map, topology::make_plane(in->map, algorithm),
                                          algorithm, in->node(given.given()[1]), options);
    const json rows = repairs_json(*in, algorithm, repairs);
    if (as_json) {
        std::cout << rows.dump(1, ' ', true) << '\n';
    } else {
        print_repairs(rows);
    }
    return exit_status::done;
}

}  // namespace rhumb::path_tool

// rhumb-path protection: TI-LFA repairs of a node's links (RFC 9855).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "controlplane/routing/repair_options.hh"
#include "controlplane/routing/repair_rows.hh"
#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/ti_lfa.hh"
#include "tools/rhumb-path/network.hh"
#include "tools/rhumbctl/table.hh"
#include "tools/rhumbctl/text.hh"
#include "tools/rhumbctl/view.hh"

namespace rhumb::path_tool {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kinds{"link", "node", "srlg", "node+srlg"};

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
        cells.push_back({row["link"], joined(row["destinations"]),
                         row[row["protects"].is_null() ? "why" : "protects"],
                         ctl::value_text(row["out"]), joined(row["segments"]),
                         joined(row["labels"]), ctl::value_text(row["end"])});
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

void print_words(const json& rows) {
    for (const json& row : rows) {
        std::cout << (&row == &rows.front() ? "" : "\n");
        for (const json& line : row["words"]) {
            std::cout << ctl::printable(line.get_ref<const std::string&>()) << '\n';
        }
    }
}

}  // namespace

exit_status protection(const words& line, const network_source& open) {
    command_line given(
        "usage: rhumb-path protection [OPTION...] FILE NODE\n"
        "\n"
        "For each link of a node: over which link, and with which segments, packets for the\n"
        "destinations behind it go on when it fails (TI-LFA, RFC 9855).\n");
    std::string kind = "link";
    std::string explained;
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
    given.options.add_options()("explain", po::value(&explained)->value_name("NODE"),
                                "why packets for this node are repaired as they are: what fails, "
                                "P-space, Q-space, the path and its segments");
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
    topology::ti_lfa_options options = routing::repair_options(in->map, *in->sids, algorithm);
    options.protects = static_cast<topology::protection>(wanted - kinds.begin());
    options.fall_back = !strict;
    const topology::node_number own = in->node(given.given()[1]);
    expect_part(*in, own, algorithm);
    const topology::plane view = topology::make_plane(in->map, algorithm);
    const routing::repair_scene scene{in->map, *in->sids, algorithm, view};
    json rows;
    if (explained.empty()) {
        topology::repair_computer computer;
        const auto repairs = computer.compute(in->map, view, algorithm, own, options);
        rows = routing::repair_rows(scene, repairs);
        for (json& row : routing::unrepaired_rows(scene, own, repairs, options)) {
            rows.push_back(std::move(row));
        }
    } else if (in->node(explained) == own) {
        throw failure(exit_status::usage, "packets for " + explained + " do not leave it");
    } else {
        rows = routing::explanation_rows(scene, own, in->node(explained), options);
    }
    if (as_json) {
        std::cout << rows.dump(1, ' ', true) << '\n';
    } else if (!explained.empty()) {
        print_words(rows);
        std::cout << (rows.empty() ? "no path leads from " + in->name(own) + " to " + explained +
                                         ": there is nothing to repair\n"
                                   : "");
    } else if (rows.empty()) {
        std::cout << in->name(own) << " reaches nobody: there is nothing to repair\n";
    } else {
        print_repairs(rows);
    }
    return exit_status::done;
}

}  // namespace rhumb::path_tool

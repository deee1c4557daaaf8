// rhumb-path walk: what every node does with a packet's labels, and why.
#include "tools/rhumb-path/walking.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "controlplane/config/text.hh"
#include "tools/rhumbctl/table.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::path_tool {

using ctl::text_table;
using nlohmann::json;

void walk_settings::add_to(po::options_description& options) {
    options.add_options()("one", po::bool_switch(&one),
                          "follow the first of equal-cost branches only");
    options.add_options()("fail", po::value(&fail)->value_name("NODE:LINK"),
                          "this link fails, and nobody knows yet; more than once");
}

labels::walk_options walk_settings::make(const network& in) const {
    labels::walk_options made;
    made.all_branches = !one;
    for (const std::string& text : fail) {
        const auto l = in.link(text);
        made.down.push_back(l);
        if (const auto back = in.map.graph().reverse[l]; back != topology::nobody) {
            made.down.push_back(back);
        }
    }
    return made;
}

json walk_json(const network& in, const labels::label_walk& walk) {
    json visits = json::array();
    for (const labels::visit& v : walk.visits) {
        json branches = json::array();
        for (const labels::walk_branch& b : v.branches) {
            branches.push_back({{"operation", labels::to_text(b.op)},
                                {"link", in.map.said_of(b.link)->name},
                                {"to", in.name(in.map.graph().to[b.link])},
                                {"labels", b.after},
                                {"visit", b.to}});
        }
        visits.push_back({{"node", in.name(v.node)},
                          {"labels", v.before},
                          {"outcome", v.outcome == labels::walk_outcome::arrived ? "arrived"
                                      : v.outcome == labels::walk_outcome::lost  ? "lost"
                                                                                 : "forwarded"},
                          {"why", v.why},
                          {"branches", branches}});
    }
    return {{"arrives", walk.arrives()}, {"complete", walk.complete}, {"visits", visits}};
}

void print_walk(const network& in, const labels::label_walk& walk) {
    std::vector<text_table::row> cells;
    for (const labels::visit& v : walk.visits) {
        const std::string why = fmt::format("{}", fmt::join(v.why, "; "));
        const bool ends = v.branches.empty();
        for (std::size_t n = 0; n < std::max<std::size_t>(v.branches.size(), 1); ++n) {
            const labels::walk_branch* const b = ends ? nullptr : &v.branches[n];
            cells.push_back(
                {n == 0 ? in.name(v.node) : "", n == 0 ? labels::to_text(v.before) : "",
                 b == nullptr ? v.outcome == labels::walk_outcome::lost ? "LOST" : "ARRIVED"
                              : std::string(labels::to_text(b->op)),
                 b == nullptr ? "" : labels::to_text(b->after),
                 b == nullptr ? "" : in.map.said_of(b->link)->name,
                 b == nullptr ? "" : in.name(in.map.graph().to[b->link]), n == 0 ? why : ""});
        }
    }
    std::cout << text_table(
                     {{"NODE"}, {"LABELS IN"}, {"DOES"}, {"LABELS OUT"}, {"LINK"}, {"TO"}, {"WHY"}})
                     .render(cells);
    if (!walk.complete) {
        std::cout << "there is more, which is not followed\n";
    } else if (!walk.arrives()) {
        std::cout << "the packet does not arrive everywhere\n";
    }
}

namespace {

// "r3": its node SID; "r1:to-r2": an adjacency; "16003": a label as such; an address with length:
// its prefix SID.
topology::segment segment_of(const network& in, const std::string& text, std::uint8_t algorithm) {
    if (const auto node = in.map.find(text)) {
        return topology::segment::to_node(*node, algorithm);
    }
    if (const auto prefix = config::parse_prefix(text)) {
        const auto number = in.map.find(*prefix);
        if (!number) {
            throw failure(exit_status::usage, text + " is no prefix of this network");
        }
        return {topology::segment_kind::anycast, algorithm, topology::nobody, *number};
    }
    if (const auto label = ctl::parse_number(text, mpls::label_count - 1)) {
        return {topology::segment_kind::sid, 0, topology::nobody,
                static_cast<std::uint32_t>(*label)};
    }
    if (text.find(':') == std::string::npos) {
        throw failure(
            exit_status::usage,
            text + " is no segment: give a node, a link (NODE:LINK), a prefix or a label");
    }
    return topology::segment::over_link(in.map.graph(), in.link(text));
}

}  // namespace

exit_status walk(const words& line, const network_source& open) {
    command_line given(
        "usage: rhumb-path walk [OPTION...] FILE NODE SEGMENT...\n"
        "\n"
        "Sends a packet from a node with a list of segments, and tells what every node does with\n"
        "it. A segment is a node (its SID), a link as NODE:LINK (its adjacency SID), a prefix as\n"
        "192.0.2.1/32 (its SID; anycast as well), or a label as such.\n");
    walk_settings walking;
    unsigned algorithm = 0;
    bool as_json = false;
    given.options.add_options()("algorithm", po::value(&algorithm)->value_name("A"),
                                "of node and prefix SIDs (0)");
    walking.add_to(given.options);
    given.options.add_options()("json", po::bool_switch(&as_json), "as JSON");
    constexpr std::size_t most = 66;
    if (!given.parse(line, 3, most)) {
        return exit_status::done;
    }
    const auto in = open(given.given()[0]);
    const auto from = in->node(given.given()[1]);
    topology::segments list;
    for (std::size_t n = 2; n < given.given().size(); ++n) {
        list.push_back(segment_of(*in, given.given()[n], in->algorithm(algorithm)));
    }
    const auto found = in->walker->follow(from, list, std::nullopt, walking.make(*in));
    if (as_json) {
        std::cout << walk_json(*in, found).dump(1, ' ', true) << '\n';
    } else {
        print_walk(*in, found);
    }
    return found.arrives() ? exit_status::done : exit_status::refused;
}

}  // namespace rhumb::path_tool

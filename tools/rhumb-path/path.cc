// rhumb-path path: ways through the network, their segments, and the labels at every hop.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tools/rhumb-path/policy.hh"
#include "tools/rhumb-path/route.hh"
#include "tools/rhumb-path/walking.hh"
#include "tools/rhumbctl/table.hh"
#include "tools/rhumbctl/view.hh"

namespace rhumb::path_tool {

namespace {

using nlohmann::json;

// What is asked for, and how it is to be shown.
struct path_question {
    const network& in;
    topology::node_number from;
    topology::node_number to;
    route_options how;
    walk_settings walking;
    bool as_json = false;

    // What the network does by itself goes by the prefix; all else is for a policy to do.
    [[nodiscard]] labels::label_walk walk(const route& way) const {
        const auto prefix = in.sids->node_prefix(to, 0);
        if (prefix && how.algorithm == 0 &&
            way.segments == topology::segments{topology::segment::to_node(to)}) {
            return in.walker->follow(from, *prefix, 0, walking.make(in));
        }
        return in.walker->follow(from, way.segments, in.sids->node_prefix(to, 0), walking.make(in));
    }
    [[nodiscard]] exit_status status(const labels::label_walk& walk) const {
        return walk.arrives() ? exit_status::done : exit_status::refused;
    }
};

std::string chain(const network& in, topology::node_number from, const route& way) {
    std::string text = in.name(from);
    for (const topology::link_number l : way.along.links) {
        text += fmt::format(" -{}> {}", in.map.said_of(l)->name, in.name(in.map.graph().to[l]));
    }
    return text;
}

// Segments of a list that may name bindings of the proposal.
json split_words(const network& in, const topology::segments& list) {
    json words = json::array();
    for (const topology::segment& s : list) {
        words.push_back(s.kind == topology::segment_kind::binding &&
                                s.number >= paths::first_proposed
                            ? fmt::format("binding SID {} of {}",
                                          s.number - paths::first_proposed + 1, in.name(s.node))
                            : labels::to_text(in.map, s));
    }
    return words;
}

json split_json(const network& in, const paths::split_segments& split) {
    json bindings = json::array();
    for (const paths::proposed_binding& b : split.bindings) {
        bindings.push_back({{"node", in.name(b.node)}, {"segments", split_words(in, b.segments)}});
    }
    return {{"segments", split_words(in, split.segments)}, {"bindings", bindings}};
}

std::string joined(const json& words) {
    std::string text;
    for (const json& word : words) {
        text += (text.empty() ? "" : ", ") + word.get<std::string>();
    }
    return text;
}

void print_split(const path_question& asked, const route& way) {
    std::cout << fmt::format("          more than {} can impose (MSD {})",
                             asked.in.name(asked.from), asked.in.engine->msd(asked.from));
    if (way.split->bindings.empty()) {
        std::cout << ", and binding SIDs on the way would not help\n";
        return;
    }
    const json told = split_json(asked.in, *way.split);
    std::cout << "; with binding SIDs: " << joined(told["segments"]) << '\n';
    std::size_t number = 0;
    for (const json& b : told["bindings"]) {
        std::cout << fmt::format("          binding SID {} of {}: {}\n", ++number,
                                 b["node"].get<std::string>(), joined(b["segments"]));
    }
}

void print_path(const path_question& asked, const route& way) {
    const network& in = asked.in;
    const std::string algorithm =
        asked.how.algorithm == 0 ? "" : fmt::format(", algorithm {}", asked.how.algorithm);
    std::cout << fmt::format("{} to {}, cost {} ({}{})\n", in.name(asked.from), in.name(asked.to),
                             way.along.metric, metric_name(in, asked.how), algorithm);
    std::cout << "path      " << chain(in, asked.from, way) << '\n'
              << "segments  " << to_text(in, way.segments) << '\n';
    if (way.split) {
        print_split(asked, way);
    }
    std::cout << '\n';
}

// Of a path; null where one of its links does not say its own.
json delay_of(const network& in, const route& way) {
    const bool known = std::ranges::all_of(
        way.along.links, [&](topology::link_number l) { return in.map.said_of(l)->delay != 0; });
    return known ? json(way.along.delay) : json();
}

json path_json(const path_question& asked, const route& way, const labels::label_walk& walk) {
    const network& in = asked.in;
    json links = json::array();
    for (const topology::link_number l : way.along.links) {
        links.push_back({{"from", in.name(in.map.graph().from[l])},
                         {"link", in.map.said_of(l)->name},
                         {"to", in.name(in.map.graph().to[l])}});
    }
    json segments = json::array();
    for (const topology::segment& s : way.segments) {
        segments.push_back(labels::to_text(in.map, s));
    }
    json made{{"cost", way.along.metric},
              {"delay_us", delay_of(in, way)},
              {"metric", metric_name(in, asked.how)},
              {"algorithm", asked.how.algorithm},
              {"links", links},
              {"segments", segments},
              {"walk", walk_json(in, walk)}};
    if (way.split) {
        made["split"] = split_json(in, *way.split);
    }
    return made;
}

exit_status tell_one(const path_question& asked) {
    const route way = find_route(asked.in, asked.from, asked.to, asked.how);
    const auto walk = asked.walk(way);
    if (asked.as_json) {
        std::cout << path_json(asked, way, walk).dump(1, ' ', true) << '\n';
    } else {
        print_path(asked, way);
        print_walk(asked.in, walk);
    }
    return asked.status(walk);
}

exit_status tell_many(const path_question& asked, std::size_t most) {
    const auto ways = find_routes(asked.in, asked.from, asked.to, asked.how, most);
    exit_status status = exit_status::done;
    json told = json::array();
    std::vector<ctl::text_table::row> cells;
    cells.reserve(ways.size());
    for (const route& way : ways) {
        const auto walk = asked.walk(way);
        status = std::max(status, asked.status(walk));
        if (asked.as_json) {
            told.push_back(path_json(asked, way, walk));
        }
        cells.push_back({std::to_string(cells.size() + 1), std::to_string(way.along.metric),
                         ctl::value_text(delay_of(asked.in, way)),
                         std::to_string(way.along.links.size()), chain(asked.in, asked.from, way),
                         to_text(asked.in, way.segments) + (way.split ? " (beyond the MSD)" : "")});
    }
    if (asked.as_json) {
        std::cout << json{{"paths", told}}.dump(1, ' ', true) << '\n';
    } else {
        std::cout << ctl::text_table({{"", true},
                                      {"COST", true},
                                      {"DELAY US", true},
                                      {"HOPS", true},
                                      {"PATH"},
                                      {"SEGMENTS"}})
                         .render(cells);
    }
    return status;
}

json shared_json(const network& in, const paths::shared_risks& shared) {
    json nodes = json::array();
    for (const topology::node_number n : shared.nodes) {
        nodes.push_back(in.name(n));
    }
    json links = json::array();
    for (const topology::link_number l : shared.links) {
        links.push_back(in.link_name(l));
    }
    return {{"nodes", nodes}, {"links", links}, {"srlgs", shared.srlgs}};
}

exit_status tell_pair(const path_question& asked, const std::string& kind) {
    constexpr std::array<std::string_view, 4> kinds{"link", "node", "srlg", "node+srlg"};
    const auto* const wanted = std::ranges::find(kinds, kind);
    if (wanted == kinds.end()) {
        throw failure(exit_status::usage, "--disjoint is link, node, srlg or node+srlg");
    }
    const route_pair pair = find_pair(asked.in, asked.from, asked.to, asked.how,
                                      static_cast<paths::disjointness>(wanted - kinds.begin()));
    const json shared = shared_json(asked.in, pair.shared);
    const auto first = asked.walk(pair.first);
    const auto second = asked.walk(pair.second);
    if (asked.as_json) {
        std::cout << json{{"paths",
                           {path_json(asked, pair.first, first),
                            path_json(asked, pair.second, second)}},
                          {"disjoint", pair.disjoint},
                          {"shared", shared}}
                         .dump(1, ' ', true)
                  << '\n';
    } else {
        print_path(asked, pair.first);
        print_walk(asked.in, first);
        std::cout << '\n';
        print_path(asked, pair.second);
        print_walk(asked.in, second);
    }
    if (!pair.disjoint && !asked.as_json) {
        std::string text = joined(shared["nodes"]);
        for (const auto& [words, list] : {std::pair{"", shared["links"]}}) {
            text += (text.empty() || list.empty() ? "" : ", ") + (words + joined(list));
        }
        for (const std::uint32_t srlg : pair.shared.srlgs) {
            text += fmt::format("{}srlg:{}", text.empty() ? "" : ", ", srlg);
        }
        std::cout << "\nno two paths are apart; these share " << text << '\n';
    }
    return pair.disjoint ? std::max(asked.status(first), asked.status(second))
                         : exit_status::refused;
}

// At most one of them may be given.
struct path_kinds {
    std::size_t most = 1;
    std::string disjoint;
    std::optional<std::uint32_t> color;

    void add_to(po::options_description& options) {
        options.add_options()("nearest,k", po::value(&most)->value_name("N"),
                              "the N nearest paths");
        options.add_options()("disjoint", po::value(&disjoint)->value_name("WHAT"),
                              "two paths that share no link, node, srlg, or node+srlg");
        options.add_options()(
            "color",
            po::value<std::uint32_t>()->value_name("C")->notifier(
                [this](std::uint32_t given) { color = given; }),
            "the SR policy of FROM to TO with this color, of the file's [[policies]]");
    }
    void check(const route_options& how) const {
        constexpr std::size_t limit = 1000;
        if (most == 0 || most > limit) {
            throw failure(exit_status::usage, fmt::format("-k takes 1 to {}", limit));
        }
        if ((most > 1) + !disjoint.empty() + color.has_value() > 1) {
            throw failure(exit_status::usage, "-k, --disjoint and --color exclude each other");
        }
        if (color && (!how.is_plain() || how.algorithm != 0)) {
            throw failure(exit_status::usage,
                          "a policy (--color) has its own constraints; it takes no others");
        }
    }
};

}  // namespace

exit_status path(const words& line, const network_source& open) {
    command_line given(
        "usage: rhumb-path path [OPTION...] FILE FROM TO\n"
        "\n"
        "The best way from one node to another, the segments that lead along it, and what every\n"
        "node on it does with the labels, and why. A way that the network does not take by itself\n"
        "is pinned by as few segments as do. Or what SR policy of a color is active, and why.\n");
    route_options how;
    walk_settings walking;
    path_kinds kinds;
    bool as_json = false;
    how.add_to(given.options);
    kinds.add_to(given.options);
    walking.add_to(given.options);
    given.options.add_options()("json", po::bool_switch(&as_json), "as JSON");
    if (!given.parse(line, 3, 3)) {
        return exit_status::done;
    }
    kinds.check(how);
    const auto in = open(given.given()[0]);
    const path_question asked{
        *in, in->node(given.given()[1]), in->node(given.given()[2]), how, walking, as_json};
    if (kinds.color) {
        return tell_policy(*in, asked.from, asked.to, *kinds.color, walking, as_json);
    }
    if (!kinds.disjoint.empty()) {
        return tell_pair(asked, kinds.disjoint);
    }
    return kinds.most > 1 ? tell_many(asked, kinds.most) : tell_one(asked);
}

}  // namespace rhumb::path_tool

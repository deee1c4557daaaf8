// rhumb-path svg: the map as a drawing.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/spf.hh"
#include "tools/rhumb-path/policy.hh"
#include "tools/rhumb-path/route.hh"
#include "tools/rhumb-path/svg.hh"

namespace rhumb::path_tool {

namespace {

class map_drawing {
public:
    explicit map_drawing(const network& in) : in_(in), number_of_(in.map.graph().link_count()) {
        const topology::graph& g = in.map.graph();
        for (topology::node_number n = 0; n < g.node_count(); ++n) {
            const auto prefix = in.sids->node_prefix(n, 0);
            const auto* const said = in.map.said(n);
            made.nodes.push_back(
                {in.name(n), prefix ? fmt::format("SID {}", in.sids->sid(*prefix, 0)->index) : "",
                 said == nullptr || said->overload});
        }
        for (topology::link_number l = 0; l < g.link_count(); ++l) {
            const topology::link_number back = g.reverse[l];
            if (back != topology::nobody && back < l) {
                number_of_[l] = number_of_[back];
                continue;
            }
            number_of_[l] = made.links.size();
            made.links.push_back({g.from[l], g.to[l], cost(l),
                                  back == topology::nobody ? cost(l) : cost(back),
                                  back == topology::nobody});
        }
    }

    void add_path(drawing::path_kind kind, std::string name,
                  const std::vector<topology::link_number>& links) {
        drawing::drawn_path path{kind, std::move(name), {}};
        for (const topology::link_number l : links) {
            const std::size_t number = number_of_[l];
            path.hops.push_back({number, made.links[number].a == in_.map.graph().from[l]});
        }
        made.paths.push_back(std::move(path));
    }

    void mark_down(topology::link_number l) { made.links[number_of_[l]].is_down = true; }

    drawing::drawing made;

private:
    [[nodiscard]] std::string cost(topology::link_number l) const {
        const topology::link* const said = in_.map.said_of(l);
        return said == nullptr ? "" : std::to_string(said->metric);
    }

    const network& in_;
    std::vector<std::size_t> number_of_;  // of links in the drawing
};

// All links of shortest paths from a node.
std::vector<topology::link_number> tree_links(const network& in, topology::node_number root,
                                              const topology::plane& view) {
    const topology::graph& g = in.map.graph();
    topology::tree tree;
    topology::spf_workspace memory;
    topology::shortest_paths_from(g, view, root, tree, memory);
    std::vector<topology::link_number> links;
    for (topology::link_number l = 0; l < g.link_count(); ++l) {
        if (view.costs[l] != topology::unusable && tree.reaches(g.from[l]) &&
            (g.from[l] == root || view.no_transit[g.from[l]] == 0) &&
            tree.distances[g.from[l]] + view.costs[l] == tree.distances[g.to[l]]) {
            links.push_back(l);
        }
    }
    return links;
}

struct svg_settings {
    words ends;  // pairs
    std::string from;
    words fail;
    bool backup = false;
    std::optional<std::uint32_t> color;
    route_options how;
};

// The links that a policy's lists take, equal-cost branches included.
void add_policy(const network& in, map_drawing& on, const std::string& from, const std::string& to,
                std::uint32_t color) {
    const auto all = evaluate_policies(in, in.node(from));
    const paths::policy_state& policy =
        find_policy(in, all->all(), in.node(from), in.node(to), color);
    const labels::bound_policies bound = bound_policies_of(all->all());
    labels::walk_options options;
    options.policies = &bound;
    std::vector<topology::link_number> links;
    for (const paths::weighted_segments& list : policy.lists.in_force().lists) {
        const auto walk = in.walker->follow(in.node(from), list.segments,
                                            in.sids->node_prefix(in.node(to), 0), options);
        for (const labels::visit& v : walk.visits) {
            for (const labels::walk_branch& b : v.branches) {
                links.push_back(b.link);
            }
        }
    }
    std::ranges::sort(links);
    links.erase(std::unique(links.begin(), links.end()), links.end());
    on.add_path(drawing::path_kind::policy,
                fmt::format("{} to {}, policy of color {}", from, to, color), links);
}

void add_route(const network& in, map_drawing& on, const std::string& from, const std::string& to,
               const route_options& how, drawing::path_kind kind, const std::string& words) {
    const route way = find_route(in, in.node(from), in.node(to), how);
    on.add_path(
        kind,
        fmt::format("{} to {}{}{}, {} {}", from, to,
                    how.algorithm == 0 ? "" : fmt::format(", algorithm {}", how.algorithm), words,
                    metric_name(in, how) == "delay" ? "delay" : "cost", way.along.metric),
        way.along.links);
}

// In either direction.
bool takes_any(const network& in, const route& way, const words& names) {
    return std::ranges::any_of(names, [&](const std::string& name) {
        const topology::link_number l = in.link(name);
        return std::ranges::any_of(way.along.links, [&](topology::link_number taken) {
            return taken == l || taken == in.map.graph().reverse[l];
        });
    });
}

void add_routes(const network& in, map_drawing& on, const svg_settings& how) {
    for (std::size_t n = 0; n + 1 < how.ends.size(); n += 2) {
        const std::string& from = how.ends[n];
        const std::string& to = how.ends[n + 1];
        route_options plain;
        plain.algorithm = how.how.algorithm;
        add_route(in, on, from, to, plain,
                  plain.algorithm == 0 ? drawing::path_kind::shortest : drawing::path_kind::policy,
                  "");
        if (!how.how.is_plain()) {
            const std::string words =
                !how.how.avoid.empty()
                    ? fmt::format(", avoiding {}", fmt::join(how.how.avoid, ", "))
                : how.how.metric.empty() ? ", under constraints"
                                         : ", by " + how.how.metric;
            add_route(in, on, from, to, how.how, drawing::path_kind::policy, words);
        }
        if (how.color) {
            add_policy(in, on, from, to, *how.color);
        }
        words gone = how.fail;
        if (how.backup && gone.empty() && from != to) {
            const route way = find_route(in, in.node(from), in.node(to), plain);
            gone.push_back(in.link_name(way.along.links.front()));
        }
        if (!gone.empty()) {
            route_options after = plain;
            after.avoid = gone;
            const std::string words = fmt::format(" after {} fails", fmt::join(gone, ", "));
            if (!takes_any(in, find_route(in, in.node(from), in.node(to), plain), gone)) {
                on.add_path(drawing::path_kind::backup,
                            fmt::format("{} to {}{}: the same", from, to, words), {});
                continue;
            }
            add_route(in, on, from, to, after, drawing::path_kind::backup, words);
        }
    }
}

void write(const std::string& file, const std::string& text) {
    if (file == "-") {
        std::cout << text;
        return;
    }
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    if (!out) {
        throw failure(exit_status::file, "cannot write " + file);
    }
}

// FILE and OUT, which --path takes for nodes where they stand behind it.
words files_of(const command_line& given, svg_settings& how) {
    words files = given.given();
    const std::size_t missing = 2 - files.size();
    if (how.ends.size() >= 2 + missing) {
        files.insert(files.end(), how.ends.end() - static_cast<std::ptrdiff_t>(missing),
                     how.ends.end());
        how.ends.resize(how.ends.size() - missing);
    }
    given.check(files.size(), 2, 2);
    return files;
}

void check(const svg_settings& how) {
    if (how.ends.size() % 2 != 0) {
        throw failure(exit_status::usage, "--path takes two nodes, FROM and TO");
    }
    const bool of_path = how.color || how.backup || !how.how.is_plain() ||
                         (how.how.algorithm != 0 && how.from.empty());
    if (how.ends.empty() && of_path) {
        throw failure(exit_status::usage,
                      "--color, --backup, --algorithm and constraints are about a path: give "
                      "--path FROM TO as well");
    }
}

}  // namespace

exit_status svg(const words& line, const network_source& open) {
    command_line given(
        "usage: rhumb-path svg [OPTION...] FILE OUT.svg\n"
        "\n"
        "Draws the map, with costs at links; OUT is - for standard output. Paths stand out in\n"
        "colour: shortest in blue, those of constraints, algorithms and policies in green, and "
        "those\n"
        "that follow when a link fails (--fail, --backup) in orange.\n");
    svg_settings how;
    std::string title;
    given.options.add_options()("path", po::value(&how.ends)->multitoken()->value_name("FROM TO"),
                                "draw the path between two nodes; more pairs may follow");
    given.options.add_options()("from", po::value(&how.from)->value_name("NODE"),
                                "draw all shortest paths from this node");
    given.options.add_options()("fail", po::value(&how.fail)->value_name("NODE:LINK"),
                                "this link fails: the path that follows");
    given.options.add_options()("backup", po::bool_switch(&how.backup),
                                "the path that follows when the first link of the path fails");
    given.options.add_options()("color",
                                po::value<std::uint32_t>()->value_name("C")->notifier(
                                    [&how](std::uint32_t color) { how.color = color; }),
                                "the SR policy of this color");
    how.how.add_to(given.options);
    given.options.add_options()("title", po::value(&title)->value_name("TEXT"), "above the map");
    if (!given.parse(line, 0, 2)) {
        return exit_status::done;
    }
    const words files = files_of(given, how);
    check(how);
    const auto in = open(files[0]);
    map_drawing on(*in);
    on.made.title = title;
    for (const std::string& text : how.fail) {
        on.mark_down(in->link(text));
    }
    if (!how.from.empty()) {
        const auto view = topology::make_plane(in->map, in->algorithm(how.how.algorithm));
        on.add_path(drawing::path_kind::shortest, "shortest paths from " + how.from,
                    tree_links(*in, in->node(how.from), view));
    }
    add_routes(*in, on, how);
    const auto text = drawing::to_svg(on.made);
    if (!text) {
        throw failure(exit_status::refused, text.why().message);
    }
    write(files[1], text.value());
    return exit_status::done;
}

}  // namespace rhumb::path_tool

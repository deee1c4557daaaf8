// rhumb-path report and reoptimise: what [[demands]] of the file do to links (docs/controller.md).
#include "controlplane/controller/traffic.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controlplane/controller/policy_traffic.hh"
#include "controlplane/controller/reoptimise.hh"
#include "controlplane/controller/report.hh"
#include "controlplane/controller/what_if.hh"
#include "tools/rhumb-path/policy.hh"
#include "tools/rhumbctl/table.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::path_tool {

namespace {

using ctl::text_table;
using nlohmann::json;
namespace told = controller::report;

// Demands of the file with the policies that they take.
struct demand_matrix {
    std::unique_ptr<routing::own_policies> policies;
    std::vector<controller::demand> demands;
    std::unique_ptr<controller::traffic> traffic;
};

demand_matrix place_demands(const network& in, const std::string& node) {
    demand_matrix made;
    made.policies =
        evaluate_policies(in, node.empty() ? std::nullopt : std::optional(in.node(node)));
    for (const config::resolved_demand& d : made.policies->demands()) {
        made.demands.push_back(
            {d.from, d.to, static_cast<controller::bits_per_second>(d.rate), d.policy});
    }
    if (made.demands.empty()) {
        throw failure(exit_status::refused, in.source + " has no [[demands]]");
    }
    made.traffic = std::make_unique<controller::traffic>(
        in.map, controller::routed_by(made.policies->all(), in.map, made.demands));
    return made;
}

std::string rate_text(controller::bits_per_second rate) {
    return fmt::format("{:.1f}", rate / 1e6);
}
std::string percent(double utilisation) { return fmt::format("{:.1f}", 100 * utilisation); }
std::string name_of(const told::link& l) { return l.node + ':' + l.name; }

json link_json(const told::link& l) {
    return {{"node", l.node},
            {"link", l.name},
            {"remote", l.remote},
            {"load", l.load},
            {"capacity", l.capacity == 0 ? json() : json(l.capacity)},
            {"utilisation", l.capacity == 0 ? json() : json(l.utilisation)}};
}
template <class Items, class ToJson>
json array_of(const Items& items, ToJson&& to_json) {
    json made = json::array();
    for (const auto& item : items) {
        made.push_back(to_json(item));
    }
    return made;
}
json demand_json(const told::demand& d) {
    return {{"from", d.from},
            {"to", d.to},
            {"policy", d.policy.empty() ? json() : json(d.policy)},
            {"rate", d.rate}};
}
json failed_json(const told::failed& f) {
    return {{"kind", f.kind},
            {"what", f.what},
            {"worst", f.worst ? link_json(*f.worst) : json()},
            {"overloaded", array_of(f.overloaded, link_json)},
            {"unroutable", array_of(f.unroutable, demand_json)},
            {"unroutable_rate", f.unroutable_rate},
            {"lost_rate", f.lost_rate},
            {"moved", f.moved}};
}

void print_links(const std::vector<told::link>& links) {
    std::vector<text_table::row> cells;
    cells.reserve(links.size());
    for (const told::link& l : links) {
        cells.push_back({name_of(l), l.remote, rate_text(l.load),
                         l.capacity == 0 ? "-" : rate_text(l.capacity),
                         l.capacity == 0 ? "-" : percent(l.utilisation)});
    }
    std::cout << text_table({{"LINK"},
                             {"TO"},
                             {"LOAD MBIT/S", true},
                             {"CAPACITY MBIT/S", true},
                             {"FULL %", true}})
                     .render(cells);
}

void print_unroutable(const std::vector<told::demand>& demands) {
    for (const told::demand& d : demands) {
        std::cout << fmt::format("no way for {} Mbit/s from {} to {}{}\n", rate_text(d.rate),
                                 d.from, d.to, d.policy.empty() ? "" : " by " + d.policy);
    }
}

// The worst first: by what has no way, then by the fullest link.
void print_failures(std::vector<told::failed> failures) {
    const auto fullest = [](const told::failed& f) { return f.worst ? f.worst->utilisation : 0; };
    std::ranges::sort(failures, [&](const told::failed& a, const told::failed& b) {
        return std::tuple(b.unroutable_rate, fullest(b), a.kind, a.what) <
               std::tuple(a.unroutable_rate, fullest(a), b.kind, b.what);
    });
    std::vector<text_table::row> cells;
    cells.reserve(failures.size());
    for (const told::failed& f : failures) {
        cells.push_back({f.kind, f.what, f.worst ? name_of(*f.worst) : "-",
                         f.worst ? percent(f.worst->utilisation) : "-",
                         std::to_string(f.overloaded.size()), std::to_string(f.unroutable.size()),
                         rate_text(f.unroutable_rate), rate_text(f.lost_rate),
                         std::to_string(f.moved)});
    }
    std::cout << text_table({{"FAILS"},
                             {"WHAT"},
                             {"WORST LINK"},
                             {"FULL %", true},
                             {"TOO FULL", true},
                             {"NO WAY", true},
                             {"MBIT/S", true},
                             {"LOST MBIT/S", true},
                             {"MOVED", true}})
                     .render(cells);
}

std::vector<controller::failure> failures_of(const network& in, const std::string& kind) {
    constexpr std::array<std::string_view, 5> kinds{"link", "node", "srlg", "all", "none"};
    const auto* const wanted = std::ranges::find(kinds, kind);
    if (wanted == kinds.end()) {
        throw failure(exit_status::usage, "--fail is all, link, node, srlg or none");
    }
    std::vector<controller::failure> all;
    for (const controller::failure& f : controller::single_failures(in.map)) {
        if (kind == "all" || static_cast<std::ptrdiff_t>(f.of) == wanted - kinds.begin()) {
            all.push_back(f);
        }
    }
    return all;
}

double share_of(const std::string& name, const std::string& text) {
    const auto percent = ctl::parse_number(text, 10'000);
    if (!percent) {
        throw failure(exit_status::usage, name + " takes a percentage, 0 to 10000");
    }
    return static_cast<double>(*percent) / 100;
}

void add_node(po::options_description& options, std::string& node) {
    options.add_options()("node", po::value(&node)->value_name("NODE"),
                          "the headend of policies that name none");
}

void print_plan(const told::plan& plan) {
    std::cout << fmt::format("fullest link before: {} %, after: {} %{}; {}\n", percent(plan.before),
                             percent(plan.after),
                             plan.worst ? " (" + name_of(*plan.worst) + ")" : "", plan.why);
    std::vector<text_table::row> cells;
    cells.reserve(plan.moves.size());
    for (const told::moved& m : plan.moves) {
        cells.push_back({std::to_string(cells.size() + 1), m.of.from, m.of.to, m.of.policy,
                         rate_text(m.of.rate), fmt::format("{}", fmt::join(m.lists, "; ")),
                         percent(m.during), percent(m.after)});
    }
    if (!cells.empty()) {
        std::cout << '\n'
                  << text_table({{"", true},
                                 {"FROM"},
                                 {"TO"},
                                 {"POLICY"},
                                 {"MBIT/S", true},
                                 {"NEW LISTS"},
                                 {"FULL % DURING", true},
                                 {"AFTER", true}})
                         .render(cells);
    }
}

}  // namespace

exit_status report(const words& line, const network_source& open) {
    command_line given(
        "usage: rhumb-path report [OPTION...] FILE\n"
        "\n"
        "How full links are with the file's [[demands]], and how full they would be after each\n"
        "failure; the worst first. Policies of the file are followed.\n");
    std::string kind = "all";
    std::string limit = "100";
    std::string node;
    bool as_json = false;
    given.options.add_options()("fail", po::value(&kind)->value_name("WHAT"),
                                "all (the default), link, node, srlg or none");
    given.options.add_options()("limit", po::value(&limit)->value_name("PERCENT"),
                                "links are too full beyond (100)");
    add_node(given.options, node);
    given.options.add_options()("json", po::bool_switch(&as_json), "as JSON");
    if (!given.parse(line, 1, 1)) {
        return exit_status::done;
    }
    const double most = share_of("--limit", limit);
    const auto in = open(given.given()[0]);
    const auto failures = failures_of(*in, kind);
    const demand_matrix matrix = place_demands(*in, node);
    const auto found = controller::what_if(*matrix.traffic, failures, most);
    const told::network all = told::describe(*matrix.traffic, matrix.demands, found);
    if (as_json) {
        std::cout << json{{"links", array_of(all.links, link_json)},
                          {"unroutable", array_of(all.unroutable, demand_json)},
                          {"failures", array_of(all.failures, failed_json)}}
                         .dump(1, ' ', true)
                  << '\n';
        return exit_status::done;
    }
    print_links(all.links);
    print_unroutable(all.unroutable);
    if (!all.failures.empty()) {
        std::cout << '\n';
        print_failures(all.failures);
    }
    return exit_status::done;
}

exit_status reoptimise(const words& line, const network_source& open) {
    command_line given(
        "usage: rhumb-path reoptimise [OPTION...] FILE\n"
        "\n"
        "Which policies of the file should take other paths, in which order, so that the fullest\n"
        "link is less full with its [[demands]].\n");
    controller::reoptimise_options options;
    std::string target = "0";
    std::string node;
    bool as_json = false;
    given.options.add_options()("target", po::value(&target)->value_name("PERCENT"),
                                "enough once no link is fuller (0: as far as moves help)");
    given.options.add_options()("moves", po::value(&options.most_moves)->value_name("N"),
                                "at most (100)");
    add_node(given.options, node);
    given.options.add_options()("json", po::bool_switch(&as_json), "as JSON");
    if (!given.parse(line, 1, 1)) {
        return exit_status::done;
    }
    options.target = share_of("--target", target);
    const auto in = open(given.given()[0]);
    const demand_matrix matrix = place_demands(*in, node);
    const auto others = controller::paths_with_room(
        *matrix.traffic,
        [&matrix](topology::node_number headend, std::span<const topology::link_number> links) {
            return matrix.policies->spell(headend, links);
        });
    const auto found = controller::reoptimise(
        *matrix.traffic, controller::movable(matrix.policies->all(), matrix.demands), others,
        options);
    const told::plan plan = told::describe(*matrix.traffic, matrix.demands, found);
    if (as_json) {
        const auto move_json = [](const told::moved& m) {
            return json{{"demand", demand_json(m.of)},
                        {"lists", m.lists},
                        {"during", m.during},
                        {"after", m.after}};
        };
        std::cout << json{{"before", plan.before},
                          {"after", plan.after},
                          {"worst", plan.worst ? link_json(*plan.worst) : json()},
                          {"moves", array_of(plan.moves, move_json)},
                          {"why", plan.why}}
                         .dump(1, ' ', true)
                  << '\n';
    } else {
        print_plan(plan);
    }
    return exit_status::done;
}

}  // namespace rhumb::path_tool

// rhumb-path report and reoptimise: what [[demands]] of the file do to links (docs/controller.md).
#include "controlplane/controller/traffic.hh"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/controller/policy_moves.hh"
#include "controlplane/controller/policy_traffic.hh"
#include "controlplane/controller/reoptimise.hh"
#include "controlplane/controller/report.hh"
#include "controlplane/controller/report_json.hh"
#include "controlplane/controller/what_if.hh"
#include "tools/rhumb-path/policy.hh"
#include "tools/rhumbctl/load_view.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::path_tool {

namespace {

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
    controller::name_policies(made.demands, made.policies->all());
    if (made.demands.empty()) {
        throw failure(exit_status::refused, in.source + " has no [[demands]]");
    }
    made.traffic = std::make_unique<controller::traffic>(
        in.map, controller::routed_by(made.policies->all(), in.map, made.demands));
    return made;
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
    const auto failures = told::failures_of(in->map, kind);
    if (!failures) {
        throw failure(exit_status::usage, "--fail is all, link, node, srlg or none");
    }
    const demand_matrix matrix = place_demands(*in, node);
    const auto found = controller::what_if(*matrix.traffic, *failures, most);
    const json all = told::to_json(told::describe(*matrix.traffic, matrix.demands, found));
    std::cout << (as_json ? all.dump(1, ' ', true) + '\n' : ctl::report_text(all));
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
    controller::policy_moves moves(in->map, matrix.policies->to_plan_with(),
                                   matrix.policies->reserved(), matrix.demands);
    const auto found =
        controller::reoptimise(*matrix.traffic, moves.movable(), moves.ways(), options);
    const json plan = told::to_json(told::describe(*matrix.traffic, matrix.demands, found));
    std::cout << (as_json ? plan.dump(1, ' ', true) + '\n' : ctl::plan_text(plan));
    return exit_status::done;
}

}  // namespace rhumb::path_tool

#include "controlplane/routing/load_report.hh"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "controlplane/controller/policy_traffic.hh"
#include "controlplane/controller/report_json.hh"
#include "controlplane/controller/what_if.hh"

namespace rhumb::routing {

using nlohmann::json;
namespace told = controller::report;

json utilisation_rows(const network& known) {
    const topology::map& m = known.map();
    const topology::graph& g = m.graph();
    const auto rates = known.counted().link_rates(m);
    json rows = json::array();
    for (topology::link_number l = 0; l < g.link_count(); ++l) {
        const topology::link* const said = m.said_of(l);
        if (said == nullptr || (!rates[l] && g.from[l] != known.own())) {
            continue;
        }
        json row{{"node", m.name(g.from[l])}, {"link", said->name},  {"remote", m.name(g.to[l])},
                 {"rate", nullptr},           {"capacity", nullptr}, {"utilisation", nullptr}};
        if (rates[l]) {
            row["rate"] = *rates[l];
        }
        if (said->bandwidth != 0) {
            row["capacity"] = said->bandwidth;
        }
        if (rates[l] && said->bandwidth != 0) {
            row["utilisation"] = *rates[l] / static_cast<double>(said->bandwidth);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

result<std::unique_ptr<load_report>> load_report::make(const network& known, std::string_view fail,
                                                       double limit) {
    auto failures = told::failures_of(known.map(), fail);
    if (!failures) {
        return error{"params.fail is one of all, link, node, srlg or none", {}};
    }
    std::vector<controller::demand> demands = known.demands();
    if (demands.empty()) {
        return no_demands();
    }
    return std::unique_ptr<load_report>(
        new load_report(known, std::move(demands), *std::move(failures), limit));
}

load_report::load_report(const network& known, std::vector<controller::demand> demands,
                         std::vector<controller::failure> failures, double limit)
    : moment_(known.moment()),
      demands_(std::move(demands)),
      failures_(std::move(failures)),
      limit_(limit),
      traffic_(known.map(), controller::routed_by(known.policies()->all(), known.map(), demands_)) {
    const told::network now =
        told::describe(traffic_, demands_, controller::what_if(traffic_, {}, limit_),
                       known.counted().link_rates(known.map()));
    for (const told::link& l : now.links) {
        first_.push_back({{"link", told::to_json(l)}});
    }
    for (const told::demand& d : now.unroutable) {
        first_.push_back({{"unroutable", told::to_json(d)}});
    }
}

json load_report::rows(std::size_t from, std::size_t most, std::chrono::milliseconds patience) {
    constexpr std::size_t most_items = 20'000;  // in the rows' lists: some megabytes
    const auto end = std::chrono::steady_clock::now() + patience;
    json made = json::array();
    std::size_t items = 0;
    for (std::size_t n = from; n < size() && made.size() < most; ++n) {
        if (n < first_.size()) {
            made.push_back(first_[n]);
            continue;
        }
        const controller::failure& one = failures_[n - first_.size()];
        const auto found = controller::what_if(traffic_, {&one, 1}, limit_);
        const told::failed failed = told::describe(traffic_, demands_, found.failures.front());
        items += failed.overloaded.size() + failed.unroutable.size();
        made.push_back({{"failure", told::to_json(failed)}});
        if (items > most_items || std::chrono::steady_clock::now() > end) {
            break;
        }
    }
    return made;
}

}  // namespace rhumb::routing

// How full links are, as rows for people and machines: as counters say, and as demands make them,
// now and after failures (docs/controller.md). Threads: one at a time, with the network.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "controlplane/controller/report.hh"
#include "controlplane/routing/network.hh"
#include "rhumb/result.hh"

namespace rhumb::routing {

// Links of the map that somebody measures, and all own ones; each direction a row.
[[nodiscard]] nlohmann::json utilisation_rows(const network& known);

// Demands against capacity. Computed piece by piece, as failures may be many; the network may not
// change in between.
class load_report {
public:
    // `fail`: which failures, as failures_of(); `limit`: of utilisation, too full is what exceeds
    // it. An error where there are no demands. Precondition: known.policies() is not null.
    [[nodiscard]] static result<std::unique_ptr<load_report>> make(const network& known,
                                                                   std::string_view fail,
                                                                   double limit);

    // Whether the network is still the one that this is about.
    [[nodiscard]] bool holds() const { return !moment_.expired(); }
    // {"link": {...}}, {"unroutable": {...}} and {"failure": {...}}, in this order.
    [[nodiscard]] std::size_t size() const { return first_.size() + failures_.size(); }
    // From a row on: at least one, no more than `most`, fewer where they get long or take long.
    // Precondition: holds().
    [[nodiscard]] nlohmann::json rows(std::size_t from, std::size_t most,
                                      std::chrono::milliseconds patience);

private:
    load_report(const network& known, std::vector<controller::demand> demands,
                std::vector<controller::failure> failures, double limit);

    const std::weak_ptr<const int> moment_;
    const std::vector<controller::demand> demands_;
    const std::vector<controller::failure> failures_;
    const double limit_;
    controller::traffic traffic_;
    std::vector<nlohmann::json> first_;  // links, and what has no way
};

}  // namespace rhumb::routing

// What the controller says of links' loads, failures and moves (docs/controller.md), as tables:
// rhumb-path's of a file and rhumbctl's of a router. Any JSON at all becomes some text: what a
// router sends is not taken on trust. Threads: any.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace rhumb::ctl {

// {"links": [...], "unroutable": [...], "failures": [...]}
[[nodiscard]] std::string report_text(const nlohmann::json& report);
// {"before", "after", "worst", "moves": [...], "why"}
[[nodiscard]] std::string plan_text(const nlohmann::json& plan);

}  // namespace rhumb::ctl

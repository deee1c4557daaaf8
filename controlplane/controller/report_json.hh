// What the controller has found as JSON: what rhumb-path prints and the control socket answers
// (docs/rhumb-path.md, docs/control-socket.md). Rates are bits a second, utilisations shares of
// one; what is not known is null. Threads: any (pure).
#pragma once

#include <nlohmann/json.hpp>

#include "controlplane/controller/report.hh"

namespace rhumb::controller::report {

[[nodiscard]] nlohmann::json to_json(const link& l);
[[nodiscard]] nlohmann::json to_json(const demand& d);
[[nodiscard]] nlohmann::json to_json(const failed& f);
[[nodiscard]] nlohmann::json to_json(const network& all);
[[nodiscard]] nlohmann::json to_json(const plan& p);

}  // namespace rhumb::controller::report

// What `show` answers: rows of docs/control-socket.md. Threads: control.
#pragma once

#include <nlohmann/json.hpp>

#include "controlplane/api/router.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

// {"rows": [...], "next": cursor}
[[nodiscard]] result<nlohmann::json> show(const router& running, const nlohmann::json& params);

}  // namespace rhumb::api

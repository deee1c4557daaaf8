// What was read of a packet, as JSON. Threads: any.
#pragma once

#include <nlohmann/json.hpp>

#include "controlplane/scion/explain.hh"

namespace rhumb::scion_tool {

//   {"bytes": 138, "layers": [FIELD...], "faults": [{"offset", "message"}...]}
//   FIELD: {"offset", "bytes", "name", "value", "text", "meaning", "verdict", "current", "fields"}
// `value` is a number where it is one, with `text` as the listing shows it. What is empty, and
// verdicts that are none, are left out.
[[nodiscard]] nlohmann::json to_json(const scion::explain::listing& of);

}  // namespace rhumb::scion_tool

// Traces in words: what the pipeline did with a packet, one sentence a step. Threads: control.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controlplane/publish/forwarding.hh"
#include "dataplane/io/tap.hh"

namespace rhumb::api {

// Names come from the tables as they are now; a number that has no name any more stands as it is.
[[nodiscard]] std::string explain(const trace_event& event, const publish::forwarding& tables);

// The event of docs/control-socket.md. `port_names`: by port number.
[[nodiscard]] nlohmann::json trace_json(const io::trace_record& record,
                                        const publish::forwarding& tables,
                                        const std::vector<std::string>& port_names);
[[nodiscard]] nlohmann::json capture_json(const io::capture_record& record,
                                          const std::vector<std::string>& port_names);

}  // namespace rhumb::api

// What `show` answers: rows of docs/control-socket.md. Threads: control.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "controlplane/api/router.hh"
#include "controlplane/routing/load_report.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

// Answers that come in pages and are made only once: one of each kind, of whoever asks for them.
struct long_answers {
    std::string topology_file;
    std::unique_ptr<routing::load_report> report;
};

// {"rows": [...], "next": cursor}
[[nodiscard]] result<nlohmann::json> show(const router& running, const nlohmann::json& params,
                                          long_answers& held);

}  // namespace rhumb::api
